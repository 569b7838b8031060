"""Apply for a certificate at the counter, withdraw, and set what it may be used for (CERT-1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q

from audit import operations as audit
from certificates.errors import ApplicationWaiting, CardUnknown, CertificateStateChanged
from certificates.formats.profiles import KeyStorage, RevocationReason
from certificates.models import Certificate
from certificates.operations.cards import assign_card_step
from certificates.operations.history import name_of, note, target_of
from certificates.operations.letters import prepare_letter
from certificates.operations.lifecycle import revoke_step
from certificates.operations.pairs import (
    end_letters,
    lock_certificate,
    lock_holder,
    lock_rows,
    lock_waiting,
    move_pair,
)
from certificates.operations.starting import start_application
from certificates.permissions import check_theirs
from certificates.policies import check_scope
from certificates.states import CERTIFICATE_VERBS, FINAL, CertificateState
from identity.models import User
from identity.operations import home_chain
from kernel.machines import sources


def apply_step(
    *,
    holder_id: int,
    storage: str,
    card_serial: str,
    functions: Sequence[str] | None,
    amount_cap: Decimal | None,
    scope_from: date | None,
    scope_until: date | None,
    actor: User | None,
    now: datetime,
) -> Certificate:
    """Open an application with its usage scope, its card and a letter to be printed (CERT-1).

    `storage` is BROWSER, or HARDWARE with the number of a card in the actor's stock, which is
    assigned. `functions` None means every one. A certificate in force stays untouched until the
    new one is confirmed; one issued and never confirmed is revoked. Raises HolderUnknown,
    CertificateUnknown for another branch's people, ApplicationWaiting, ScopeRefused,
    CardUnknown, CardStateChanged.
    """
    audit.require_transaction()
    check_scope(
        functions=functions, amount_cap=amount_cap, scope_from=scope_from, scope_until=scope_until
    )
    kept = KeyStorage[storage]
    if (kept is KeyStorage.HARDWARE) != bool(card_serial):
        raise CardUnknown
    holder = lock_holder(holder_id)
    check_theirs(actor, holder)
    waiting = lock_waiting(holder)
    if waiting is not None and waiting.state != CertificateState.ISSUED:
        raise ApplicationWaiting
    if waiting is not None:
        revoke_step(
            certificate=waiting, actor=actor, reason=RevocationReason.SUPERSEDED, now=now,
            why="never confirmed",
        )  # fmt: skip
    card = None
    if card_serial:
        card = assign_card_step(
            serial_number=card_serial, holder_id=holder.pk, actor=actor, now=now
        )
    certificate = start_application(
        holder=holder, storage=kept, card=card, functions=functions, amount_cap=amount_cap,
        scope_from=scope_from, scope_until=scope_until, actor=actor, now=now,
    )  # fmt: skip
    prepare_letter(certificate, now)
    return certificate


def withdraw_step(*, certificate_id: int, actor: User | None, now: datetime, reason: str) -> None:
    """End an application for ever; its letter dies with it. Raises CertificateStateChanged.

    A card that was assigned stays with its holder until it is brought back.
    """
    certificate = lock_certificate(certificate_id=certificate_id)
    check_theirs(actor, certificate.holder)
    if certificate.state not in sources(CERTIFICATE_VERBS, "withdraw"):
        raise CertificateStateChanged(certificate.state)
    end_letters(certificate, now)
    source = move_pair(certificate, "withdraw", now)
    note(
        certificate, verb="withdraw", event="certificates.certificate.withdrawn", source=source,
        actor=actor, now=now, reason=reason,
    )  # fmt: skip


def set_scope_step(
    *,
    certificate_id: int,
    functions: Sequence[str] | None,
    amount_cap: Decimal | None,
    scope_from: date | None,
    scope_until: date | None,
    actor: User | None,
    now: datetime,
) -> None:
    """Set what a certificate that has not ended may be used for (CERT-6); felt at once.

    A renewal of it that waits gets the same: it was issued with the scope there was then. Raises
    ScopeRefused, CertificateStateChanged, CertificateUnknown.
    """
    check_scope(
        functions=functions, amount_cap=amount_cap, scope_from=scope_from, scope_until=scope_until
    )
    certificate = lock_certificate(certificate_id=certificate_id)
    check_theirs(actor, certificate.holder)
    if certificate.state in FINAL:
        raise CertificateStateChanged(certificate.state)
    renewals = Q(renews=certificate, state=CertificateState.ISSUED)
    for row in (certificate, *lock_rows(certificate.holder, renewals)):
        before = scope_facts(row)
        row.functions = list(functions) if functions is not None else None
        row.amount_cap = amount_cap
        row.scope_from, row.scope_until = scope_from, scope_until
        row.save()
        audit.record(
            chain=home_chain(row.holder), event="certificates.certificate.scope_set",
            actor=name_of(actor), target=target_of(row), now=now,
            before=before, after=scope_facts(row),
        )  # fmt: skip


def scope_facts(certificate: Certificate) -> dict[str, Any]:
    """Return a certificate's usage scope as the log keeps it."""
    cap, first, last = certificate.amount_cap, certificate.scope_from, certificate.scope_until
    return {
        "functions": certificate.functions,
        "amount_cap": str(cap) if cap is not None else None,
        "scope_from": first.isoformat() if first is not None else None,
        "scope_until": last.isoformat() if last is not None else None,
    }
