"""Lock a holder and a certificate with its companion, and move both along the machine together."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet

from audit import operations as audit
from certificates.errors import CertificateUnknown, HolderUnknown
from certificates.formats.profiles import Purpose
from certificates.models import Certificate, Letter
from certificates.operations.history import move
from certificates.states import OPEN_LETTER, WAITING
from identity.models import User


def lock_holder(holder_id: int) -> User:
    """Lock a holder's row: one act at a time on their certificates and letters."""
    # OF SELF: the company's row is only read; NO KEY: others may go on referring to the person.
    people = User.objects.select_related("company__branch", "unit").filter(pk=holder_id)
    holder = people.select_for_update(of=("self",), no_key=True).first()
    if holder is None:
        raise HolderUnknown
    return holder


def lock_certificate(*, certificate_id: int) -> Certificate:
    """Lock a certificate with its holder and its companion, and return it; a step.

    The id of a companion leads to the certificate it accompanies. Raises CertificateUnknown.
    """
    audit.require_transaction()
    named = Certificate.objects.filter(Q(pk=certificate_id) | Q(companion=certificate_id))
    found = named.order_by("-purpose").values_list("pk", "holder_id").first()
    if found is None:
        raise CertificateUnknown
    holder = lock_holder(found[1])
    return lock_rows(holder, Q(pk=found[0]))[0]


def lock_rows(holder: User, which: Q) -> list[Certificate]:
    """Lock signing certificates of a locked holder with their companions, in order of the rows."""
    rows = {
        row.pk: row
        for row in Certificate.objects.select_for_update(of=("self",))
        .select_related("card")
        .filter(
            Q(pk__in=_signing(holder, which).values("pk"))
            | Q(pk__in=_signing(holder, which).values("companion_id"))
        )
        .order_by("pk")
    }
    signing = [row for row in rows.values() if row.purpose == Purpose.SIGNING.name]
    for row in rows.values():
        row.holder = holder
    for row in signing:
        if row.companion_id is not None:
            row.companion = rows[row.companion_id]
    return signing


def _signing(holder: User, which: Q) -> QuerySet[Certificate]:
    return Certificate.objects.filter(which, holder=holder, purpose=Purpose.SIGNING.name)


def lock_waiting(holder: User) -> Certificate | None:
    """Lock what waits for the holder: an application, or a certificate not confirmed yet."""
    return next(iter(lock_rows(holder, Q(state__in=WAITING))), None)


def companion_of(certificate: Certificate) -> Certificate | None:
    """Return the companion of a locked certificate, locked too."""
    if certificate.companion_id is None:
        return None
    if not Certificate.companion.is_cached(certificate):
        certificate.companion = Certificate.objects.select_for_update().get(
            pk=certificate.companion_id
        )
    return certificate.companion


def pair_of(certificate: Certificate) -> list[Certificate]:
    """Return a locked certificate with its companion, where it has one."""
    companion = companion_of(certificate)
    return [certificate] if companion is None else [companion, certificate]


def move_pair(certificate: Certificate, verb: str, now: datetime, **changes: object) -> str:
    """Apply a verb and changes to a certificate and its companion; return where it started."""
    for row in pair_of(certificate):
        for name, value in changes.items():
            setattr(row, name, value)
        source = move(row, verb, now)
    return source


def end_letters(certificate: Certificate, now: datetime) -> list[Letter]:
    """Let the open letter of a locked certificate die, and return what died."""
    ended = []
    for letter in certificate.letters.select_for_update().filter(state__in=OPEN_LETTER):
        if letter.expires_at is not None and letter.expires_at <= now:
            letter.expire()
        else:
            letter.supersede()
        letter.ended_at = now
        letter.save()
        ended.append(letter)
    return ended
