"""Show a statement to its signer, and take the PIN of the card (SIGN-1, SIGN-6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.hashers import check_password
from django.db import transaction

from audit import operations as audit
from certificates import gateways
from certificates.errors import (
    CardLocked,
    SigningReason,
    SigningRefused,
    SigningStale,
    SignRequestUnknown,
)
from certificates.formats.profiles import KeyStorage, Purpose
from certificates.formats.statements import short_code, statement_sha256
from certificates.models import Card, Certificate, SignRequest
from certificates.operations.authority import keep_list_current_step
from certificates.policies import (
    ACTIVATE,
    PIN_TRIES,
    SIGN_REQUEST_LIFETIME,
    Standing,
    StatementFields,
    compose_statement,
    lifting_refusal,
    standing_refusal,
    whole_second,
)
from certificates.states import LIVE, CardState
from identity.models import User
from identity.operations import home_chain
from kernel import ids
from kernel.canonical import sha256_hex


@dataclass(frozen=True, slots=True)
class SignRequestFacts:
    """Carry what the page needs to have a statement signed; `certificate_sha256` in hex."""

    id: str
    statement: bytes
    text: str
    short_code: str
    certificate_sha256: str
    expires_at: datetime
    needs_pin: bool


@dataclass(frozen=True, slots=True)
class UnlockResult:
    """Tell how a PIN was taken; committed either way, because wrong ones are counted."""

    ok: bool
    tries_left: int
    locked: bool


@transaction.atomic(durable=True)
def prepare_signature(
    *,
    actor: User,
    session_key_sha256: str,
    fields: StatementFields,
    now: datetime,
    request_key: str = "",
) -> SignRequestFacts:
    """Store the statement a person is about to be shown and return it (SIGN-1).

    `request_key` is what its signature is found by, where it decides no request. Raises
    SigningRefused where the person cannot sign now, StatementRefused for unsafe text.
    """
    certificate = (
        Certificate.objects.select_related("card")
        .filter(holder=actor, purpose=Purpose.SIGNING.name, state__in=LIVE)
        .first()
    )
    if certificate is None:
        raise SigningRefused(SigningReason.NO_CERTIFICATE)
    standing = standing_of(certificate, certificate.card.state if certificate.card else None)
    refuse(standing_refusal(standing, allowed_storages=gateways.allowed_storages(), now=now))
    certificate.holder = actor
    key = fields.request.id if fields.request is not None else request_key or fields.action
    return show_step(
        certificate=certificate, session_key_sha256=session_key_sha256, fields=fields,
        request_key=key, now=now,
    )  # fmt: skip


def show_step(
    *,
    certificate: Certificate,
    session_key_sha256: str,
    fields: StatementFields,
    request_key: str,
    now: datetime,
) -> SignRequestFacts:
    """Store a statement for a certificate's holder, as part of a larger act."""
    keep_list_current_step(issuer_id=certificate.issuer_id, now=now)
    text = fields.text or ""
    nonce = ids.token(24)
    issued_at = whole_second(now)
    expires_at = issued_at + SIGN_REQUEST_LIFETIME
    text_sha256 = sha256_hex(text.encode())
    statement = compose_statement(
        fields,
        signer=certificate.holder.public_id,
        certificate_sha256=certificate.sha256 or "",
        nonce=nonce,
        issued_at=issued_at,
        expires_at=expires_at,
        text_sha256=text_sha256,
    )
    request = SignRequest.objects.create(
        id=ids.token(24),
        user=certificate.holder,
        session_key_sha256=session_key_sha256,
        certificate=certificate,
        action=fields.action,
        request_key=request_key,
        revision=fields.request.revision if fields.request is not None else 0,
        statement=statement,
        text=text,
        text_sha256=text_sha256,
        nonce=nonce,
        created_at=issued_at,
        expires_at=expires_at,
    )
    return SignRequestFacts(
        id=request.pk,
        statement=statement,
        text=text,
        short_code=short_code(statement_sha256(statement)),
        certificate_sha256=certificate.sha256 or "",
        expires_at=expires_at,
        needs_pin=needs_pin(certificate),
    )


@transaction.atomic(durable=True)
def unlock(
    *,
    actor: User,
    session_key_sha256: str,
    sign_request_id: str,
    pin: str,
    now: datetime,
    action: str = "",
) -> UnlockResult:
    """Check the PIN of a virtual card and open one sign request with it (SIGN-6).

    Where an `action` is named, only a sign request for that one is opened.

    The third wrong PIN in a row locks the card for good. Raises SignRequestUnknown, SigningStale,
    SigningRefused and CardLocked without looking at the PIN. A card of the bank keeps its own PIN
    and counts its own tries: to us there is nothing like it to unlock.
    """
    request = (
        SignRequest.objects.select_related("certificate__card")
        .filter(pk=sign_request_id, user=actor, session_key_sha256=session_key_sha256)
        .first()
    )
    shown = request.certificate.card if request is not None else None
    if request is None or shown is None or not needs_pin(request.certificate):
        raise SignRequestUnknown
    if action and request.action != action:
        raise SignRequestUnknown
    check_open(request, now)
    _check_card(shown)
    standing = standing_of(request.certificate, shown.state)
    judge = lifting_refusal if request.action == ACTIVATE else standing_refusal
    refuse(judge(standing, allowed_storages=gateways.allowed_storages(), now=now))
    right = check_password(pin, shown.pin_hash)  # before the lock: it takes its time on purpose
    card = Card.objects.select_for_update().get(pk=shown.pk)
    _check_card(card)
    if right:
        if card.pin_tries:
            card.pin_tries = 0
            card.save()
        SignRequest.objects.filter(pk=request.pk, unlocked_at=None).update(unlocked_at=now)
        return UnlockResult(ok=True, tries_left=PIN_TRIES, locked=False)
    return _count_wrong_pin(card, actor, now)


def needs_pin(certificate: Certificate) -> bool:
    """Tell whether the PIN is checked here: a virtual card's, and no other's (SIGN-6)."""
    return certificate.storage == KeyStorage.BROWSER.name


def _check_card(card: Card) -> None:
    if card.state == CardState.LOCKED:
        raise CardLocked
    if card.state != CardState.ACTIVE:
        raise SigningRefused(SigningReason.CARD_NOT_USABLE)


def _count_wrong_pin(card: Card, actor: User, now: datetime) -> UnlockResult:
    card.pin_tries += 1
    locked = card.pin_tries >= PIN_TRIES
    if locked:
        card.lock()
    card.save()
    audit.record(
        chain=home_chain(actor),
        event="certificates.card.locked" if locked else "certificates.card.refused",
        actor=actor.public_id,
        target=f"card:{card.pk}",
        now=now,
        after={"tries": card.pin_tries, "state": str(card.state)},
    )
    return UnlockResult(ok=False, tries_left=PIN_TRIES - card.pin_tries, locked=locked)


def check_open(request: SignRequest, now: datetime) -> None:
    """Insist that a sign request is neither used nor too old."""
    if request.used_at is not None:
        raise SigningStale("certificates.signing.used")
    if now > request.expires_at:
        raise SigningRefused(SigningReason.REQUEST_EXPIRED)


def standing_of(certificate: Certificate, card_state: str | None) -> Standing:
    """Return what decides whether a certificate may sign now."""
    return Standing(
        state=certificate.state,
        storage=certificate.storage,
        card_state=card_state,
        not_before=certificate.not_before,
        not_after=certificate.not_after,
        functions=certificate.functions,
        amount_cap=certificate.amount_cap,
        amount_cap_currency=certificate.amount_cap_currency,
        outside_status=certificate.outside_status,
        outside_good_until=certificate.outside_good_until,
        scope_from=certificate.scope_from,
        scope_until=certificate.scope_until,
    )


def refuse(reason: SigningReason | None) -> None:
    """Raise SigningRefused when there is a reason."""
    if reason is not None:
        raise SigningRefused(reason)
