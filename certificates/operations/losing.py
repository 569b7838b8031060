"""Report one's own card as lost: on hold at once, signed out, a new password (CERT-10)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from certificates.errors import SigningReason, SigningRefused
from certificates.formats.profiles import RevocationReason
from certificates.operations.cards import report_lost_step
from certificates.operations.history import note
from certificates.operations.lifecycle import revoke_step, suspend_step
from certificates.operations.pairs import end_letters, lock_holder, lock_rows, move_pair
from certificates.permissions import Permission
from certificates.states import CARD_VERBS, LIVE, CertificateState
from identity import operations as identity
from identity.models import User
from identity.permissions import check
from kernel.machines import sources


@transaction.atomic(durable=True)
def report_lost(*, actor: User, reason: str, now: datetime) -> CertificateState:
    """Report one's own card as lost; a sign-in by password is enough (CERT-10, AUTH-5).

    The certificate is suspended at once, which counts, and the card is lost for good; all
    sessions end, this one too, and the next sign-in begins with a new password. The card of an
    outside certificate is not ours to end: there the certificate is revoked here, for ever.
    Returns the state of the certificate. Raises PermissionMissing, SigningRefused where there is
    no certificate.
    """
    check(actor, Permission.REPORT_LOST)
    holder = lock_holder(actor.pk)
    certificate = next(iter(lock_rows(holder, Q(state__in=LIVE))), None)
    if certificate is None:
        raise SigningRefused(SigningReason.NO_CERTIFICATE)
    if certificate.external_issuer_id is not None:
        revoke_step(
            certificate=certificate, reason=RevocationReason.KEY_COMPROMISE, actor=actor, now=now,
            why=reason,
        )  # fmt: skip
    elif certificate.state == CertificateState.ACTIVE:
        suspend_step(certificate=certificate, actor=actor, now=now, reason=reason)
    elif certificate.state == CertificateState.UNSUSPENDING:
        # It stays on hold: without the card nothing can be lifted.
        end_letters(certificate, now)
        source = move_pair(certificate, "lose_unsuspension_letter", now)
        note(
            certificate, verb="lose_unsuspension_letter",
            event="certificates.letter.superseded", source=source, actor=actor, now=now,
            reason=reason,
        )  # fmt: skip
    card = certificate.card
    if card is not None:
        card.refresh_from_db(fields=["state"])
        if card.state in sources(CARD_VERBS, "report_lost"):
            report_lost_step(card_id=card.pk, actor=actor, now=now, reason=reason)
    identity.end_sessions(user=holder, why="card lost", now=now)
    identity.expect_new_password(user=holder, now=now)
    return CertificateState(certificate.state)
