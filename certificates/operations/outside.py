"""What the world says of bound outside certificates, kept on their rows (CERT-11).

The signing path reads it there, under the lock it takes anyway: no statement more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from django.db.models import F, OuterRef, QuerySet

from audit import operations as audit
from certificates.errors import SigningReason, SigningRefused
from certificates.formats.external_lists import OutsideStatus, status_in, statuses_in
from certificates.formats.external_paths import load
from certificates.formats.profiles import RevocationReason
from certificates.models import (
    Certificate,
    ExternalAuthority,
    ExternalIssuer,
    ExternalList,
)
from certificates.operations.history import note
from certificates.operations.lifecycle import revoke_step
from certificates.queries.external import newest_lists
from certificates.states import ENDABLE

OUTSIDE_COLUMNS: Final = ("outside_number", "outside_der", "outside_chain")
# What a signature's own column can hold; the list itself is in the signature.
_LARGEST_NUMBER: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class _Word:
    """What the lists of an issuer and of those above it say; `until` None is 'nothing'."""

    until: datetime | None
    revoked: bool
    listed: dict[int, OutsideStatus]


def outside_lists_at(moment: datetime, issuer: int | OuterRef) -> QuerySet[ExternalList]:
    """Return an outside issuer's lists in force at a moment, newest first, with its chain."""
    return (
        ExternalList.objects.filter(issuer=issuer, this_update__lte=moment, next_update__gt=moment)
        .order_by("-this_update")
        .annotate(
            outside_number=F("number"), outside_der=F("der"), outside_chain=F("issuer__chain")
        )
    )


def outside_evidence(
    certificate: Certificate, row: Sequence[Any] | None, now: datetime
) -> tuple[int, bytes, list[bytes]]:
    """Return number and bytes of the list a signature is to carry, and the issuers' chain.

    `row` holds OUTSIDE_COLUMNS of the list at the signing time. Raises SigningRefused unless that
    list leaves the certificate out and the newest ones find it good.
    """
    until = certificate.outside_good_until
    if not row or row[0] is None or until is None or until <= now:
        raise SigningRefused(SigningReason.OUTSIDE_STALE)
    number, der, chain = row
    listed = status_in(bytes(der), serial_of(certificate))
    if listed is not OutsideStatus.GOOD or certificate.outside_status != OutsideStatus.GOOD:
        raise SigningRefused(SigningReason.OUTSIDE_NOT_GOOD)
    return int(min(number, _LARGEST_NUMBER)), bytes(der), [bytes(one) for one in chain]


def serial_of(certificate: Certificate) -> int:
    """Return the serial number its own authority gave a bound certificate."""
    return int((certificate.serial_number or "").rpartition("-")[2], 16)


def judge_step(*, authority: ExternalAuthority, now: datetime) -> None:
    """Bring the rows of an authority's bound certificates up to its newest lists.

    Revoked there is revoked here, for ever, with what waits for its holder; on hold there is not
    good here until it is again. The caller holds the authority's row.
    """
    audit.require_transaction()
    issuers = list(authority.issuers.order_by("pk"))
    lists = newest_lists(one.pk for one in issuers)
    words = {one.pk: _word(one, issuers, lists) for one in issuers}
    rows = (
        Certificate.objects.select_for_update(of=("self",))
        .select_related("holder__company", "holder__unit")
        .filter(external_issuer__authority=authority, state__in=ENDABLE)
        .order_by("pk")
    )
    stopped: set[int] = set()
    for row in rows:
        if row.holder_id in stopped and _has_ended(row):
            continue
        word = words[row.external_issuer_id or 0]
        if authority.withdrawn_at is not None:
            _keep(row, OutsideStatus(row.outside_status), None, now)
            continue
        status = word.listed.get(serial_of(row), OutsideStatus.GOOD)
        if word.revoked or status is OutsideStatus.REVOKED:
            _end(row, now)
            stopped.add(row.holder_id)
        else:
            _keep(row, status, word.until, now)


def _has_ended(row: Certificate) -> bool:
    """Tell whether a row read earlier has ended since, with another of its holder's."""
    return not Certificate.objects.filter(pk=row.pk, state__in=ENDABLE).exists()


def _word(
    issuer: ExternalIssuer,
    issuers: Iterable[ExternalIssuer],
    lists: dict[int, tuple[bytes, datetime]],
) -> _Word:
    """Return what is said of an issuer's certificates by its list and by those above it."""
    by_sha256 = {one.sha256: one for one in issuers}
    chain = [by_sha256[hashlib.sha256(bytes(der)).hexdigest()] for der in issuer.chain]
    root = next(one for one in issuers if not one.chain)
    path = [*chain, root]
    if any(one.pk not in lists for one in path):
        return _Word(None, revoked=False, listed={})
    revoked = any(
        load(bytes(below.certificate_der)).serial_number in statuses_in(lists[above.pk][0])
        for below, above in pairwise(path)
    )
    until = min(lists[one.pk][1] for one in path)
    return _Word(until, revoked, statuses_in(lists[path[0].pk][0]))


def _keep(row: Certificate, status: OutsideStatus, until: datetime | None, now: datetime) -> None:
    changed = row.outside_status != status.name
    if not changed and row.outside_good_until == until:
        return
    row.outside_status, row.outside_good_until = status.name, until
    row.save(update_fields=["outside_status", "outside_good_until"])
    if changed:
        held = status is OutsideStatus.ON_HOLD
        verb = "hold_outside" if held else "release_outside"
        note(
            row, verb=verb, event=f"certificates.external.{'held' if held else 'released'}",
            source=str(row.state), actor=None, now=now,
        )  # fmt: skip


def _end(row: Certificate, now: datetime) -> None:
    row.outside_status = OutsideStatus.REVOKED.name
    revoke_step(
        certificate=row, actor=None, reason=RevocationReason.PRIVILEGE_WITHDRAWN, now=now,
        why="revoked by its authority",
    )  # fmt: skip
