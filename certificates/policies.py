"""Do the rules of certificates and signing allow it, given these facts?"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

from certificates.errors import ScopeRefused, SigningReason, WeakPin
from certificates.formats.external_lists import OutsideStatus
from certificates.formats.statements import (
    Fact,
    PolicyReference,
    RequestReference,
    Statement,
    StatementSigner,
    StatementType,
    Step,
    build_statement,
    read_statement,
)
from certificates.states import CardState, CertificateState
from kernel.canonical import sha256_hex
from kernel.clock import business_date
from kernel.ids import CROCKFORD
from kernel.money import Money

ACTIVATE: Final = "certificates.certificate.activate"
"""What a card signs to have a suspension lifted; the one thing it signs while on hold."""
RENEW: Final = "certificates.certificate.renew"
"""What a card signs to have its own certificate renewed (CERT-12)."""
STEP_UP: Final = "identity.session.step_up"
"""What a card signs, by the key that is for it, to show that its holder is there (AUTH-5)."""
LETTER_TRIES: Final = 5
LETTER_LIFETIME: Final = timedelta(days=30)
PIN_TRIES: Final = 3
SUSPENSIONS_MOST: Final = 2
SIGN_REQUEST_LIFETIME: Final = timedelta(minutes=5)
ENROLMENT_LIFETIME: Final = timedelta(minutes=30)
CERTIFICATE_LIFETIME: Final = timedelta(days=730)
RENEWABLE_BEFORE: Final = timedelta(days=60)
"""How long before its end a certificate may be renewed by its own card (CERT-12)."""
REMINDED_DAYS: Final = (60, 30, 7)
"""How many days before its end a holder is reminded, longest first (ALR-1)."""
CRL_REPUBLISHED_AFTER: Final = timedelta(hours=24)
STAMP_RETRY_FIRST: Final = timedelta(seconds=10)
STAMP_RETRY_LONGEST: Final = timedelta(minutes=10)
ANSWER_LIFETIME: Final = timedelta(minutes=10)
"""How long an answer about a certificate's state may be kept (CERT-8)."""
SERVICE_KEY_RENEWED_BEFORE: Final = timedelta(days=30)
"""How long before its certificate ends the key of a service is replaced."""
FUTURE_TOLERANCE: Final = timedelta(seconds=5)
"""How far a signing time may lie ahead of the bank's clock."""

_PIN_SHORTEST, _PIN_LONGEST = 6, 12
_LETTER_NUMBER_LONGEST = 40
_LOOK_ALIKE: Final = str.maketrans("OIL", "011")


@dataclass(frozen=True, kw_only=True)
class StatementFields:
    """Carry what the asker of a signature decides about the statement.

    `audience` is the site's origin; `text` holds the words on the screen (None where an already
    stored statement is compared without them); the other members are those of the statement.
    """

    action: str
    audience: str
    text: str | None
    facts: Mapping[str, Fact] | None = None
    request: RequestReference | None = None
    step: Step | None = None
    policy: PolicyReference | None = None
    prev: str | None = None
    typ: StatementType = StatementType.DECISION

    def without_text(self) -> StatementFields:
        """Return the same without the words, to compare with what is stored."""
        return replace(self, text=None)


@dataclass(frozen=True)
class Standing:
    """Carry what decides whether a certificate may sign now; `functions` None means every one."""

    state: str
    storage: str
    card_state: str | None
    not_before: datetime | None
    not_after: datetime | None
    functions: Sequence[str] | None
    amount_cap: Decimal | None
    amount_cap_currency: str
    # Empty for a certificate of the bank's own (CERT-11).
    outside_status: str = ""
    outside_good_until: datetime | None = None
    scope_from: date | None = None
    scope_until: date | None = None


def whole_second(moment: datetime) -> datetime:
    """Return the moment in UTC without its fraction of a second, as statements carry it."""
    return moment.astimezone(UTC).replace(microsecond=0)


def check_pin(pin: str, pin_again: str) -> None:
    """Raise WeakPin unless both are the same 6 to 12 digits and not the first to be guessed."""
    if pin != pin_again:
        raise WeakPin("certificates.pin.differs", field="pin_again")
    if not (pin.isascii() and pin.isdigit() and _PIN_SHORTEST <= len(pin) <= _PIN_LONGEST):
        raise WeakPin("certificates.pin.malformed")
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    if steps in ({0}, {1}, {9}):
        raise WeakPin("certificates.pin.simple")


def read_letter_number(text: str) -> str:
    """Return a typed letter number without what people add; empty when it cannot be one."""
    if len(text) > _LETTER_NUMBER_LONGEST:
        return ""
    folded = unicodedata.normalize("NFKC", text).upper()
    folded = folded.translate(_LOOK_ALIKE)
    number = "".join(sign for sign in folded if unicodedata.category(sign) not in ("Pd", "Zs"))
    return number if all(sign in CROCKFORD for sign in number) else ""


def suspension_verb(suspensions: int) -> str:
    """Return which verb a suspension is after so many: the third is for ever (CERT-4)."""
    return "suspend" if suspensions < SUSPENSIONS_MOST else "suspend_finally"


def standing_refusal(
    standing: Standing, *, allowed_storages: Collection[str], now: datetime
) -> SigningReason | None:
    """Return why a certificate cannot sign now, or None (SIGN-2, SIGN-6)."""
    if standing.state != CertificateState.ACTIVE:
        return SigningReason.CERTIFICATE_NOT_ACTIVE
    if standing.not_before is None or standing.not_after is None:
        return SigningReason.CERTIFICATE_NOT_ACTIVE
    if not standing.not_before <= now <= standing.not_after:
        return SigningReason.CERTIFICATE_EXPIRED
    if standing.card_state not in (None, CardState.ACTIVE):
        return SigningReason.CARD_NOT_USABLE
    if standing.storage not in allowed_storages:
        return SigningReason.STORAGE_NOT_ALLOWED
    if not is_within(business_date(now), standing.scope_from, standing.scope_until):
        return SigningReason.OUTSIDE_SCOPE_DATES
    return _outside_refusal(standing, now)


def _outside_refusal(standing: Standing, now: datetime) -> SigningReason | None:
    """Return why its own authority's word does not let it sign, or None (CERT-11)."""
    if not standing.outside_status:
        return None
    if standing.outside_status != OutsideStatus.GOOD:
        return SigningReason.OUTSIDE_NOT_GOOD
    if standing.outside_good_until is None or standing.outside_good_until <= now:
        return SigningReason.OUTSIDE_STALE
    return None


def lifting_refusal(
    standing: Standing, *, allowed_storages: Collection[str], now: datetime
) -> SigningReason | None:
    """Return why a certificate whose suspension is being lifted cannot sign for that, or None.

    As if it were in force; on which days it may be used plays no part.
    """
    if standing.state != CertificateState.UNSUSPENDING:
        return SigningReason.CERTIFICATE_NOT_ACTIVE
    as_lifted = replace(standing, state=CertificateState.ACTIVE, scope_from=None, scope_until=None)
    return standing_refusal(as_lifted, allowed_storages=allowed_storages, now=now)


def is_within(day: date, first: date | None, last: date | None) -> bool:
    """Tell whether a day lies from the first to the last day; None leaves that side open."""
    return (first is None or first <= day) and (last is None or day <= last)


def check_scope(
    *,
    functions: Sequence[str] | None,
    amount_cap: Decimal | None,
    scope_from: date | None,
    scope_until: date | None,
) -> None:
    """Raise ScopeRefused unless a usage scope makes sense (CERT-6)."""
    if functions is not None and not all(functions):
        raise ScopeRefused("functions")
    if amount_cap is not None and amount_cap <= 0:
        raise ScopeRefused("amount_cap")
    if scope_from is not None and scope_until is not None and scope_until < scope_from:
        raise ScopeRefused("scope_until")


def is_renewable(not_after: datetime | None, now: datetime) -> bool:
    """Tell whether a certificate is in the last sixty days of its life (CERT-12)."""
    return not_after is not None and not_after - RENEWABLE_BEFORE <= now <= not_after


def reminder_due(not_after: datetime | None, now: datetime) -> int | None:
    """Return which reminder is due, in days before the end: the nearest of 60, 30 and 7."""
    if not_after is None or not_after <= now:
        return None
    due = [days for days in REMINDED_DAYS if not_after - now <= timedelta(days=days)]
    return min(due, default=None)


def scope_refusal(
    standing: Standing, *, function: str, amount: Money | None
) -> SigningReason | None:
    """Return why a certificate may not sign for this function and amount, or None (CERT-6).

    An amount in another currency than the cap's is refused: the caller brings it in the cap's.
    """
    if standing.functions is not None and function not in standing.functions:
        return SigningReason.FUNCTION_NOT_ALLOWED
    if standing.amount_cap is None or amount is None:
        return None
    comparable = amount.currency == standing.amount_cap_currency
    if not comparable or amount.amount > standing.amount_cap:
        return SigningReason.AMOUNT_ABOVE_CAP
    return None


def retry_after(tries: int) -> timedelta:
    """Return how long to wait after so many earlier failures before a time stamp is asked for."""
    return min(STAMP_RETRY_FIRST * (1 << min(tries, 10)), STAMP_RETRY_LONGEST)


def compose_statement(
    fields: StatementFields,
    *,
    signer: str,
    certificate_sha256: str,
    nonce: str,
    issued_at: datetime,
    expires_at: datetime,
    text_sha256: str,
) -> bytes:
    """Return the canonical bytes of the statement that one signer is to sign (SIGN-1).

    `signer` is the public id; digests in hex. Raises StatementRefused.
    """
    return build_statement(
        Statement(
            typ=fields.typ,
            action=fields.action,
            aud=fields.audience,
            iat=issued_at,
            exp=expires_at,
            nonce=nonce,
            signer=StatementSigner(user=signer, certificate_sha256=certificate_sha256),
            text_sha256=text_sha256,
            facts=fields.facts,
            request=fields.request,
            step=fields.step,
            policy=fields.policy,
            prev=fields.prev,
        )
    )


def is_still_asked(statement: bytes, fields: StatementFields) -> bool:
    """Tell whether a stored statement says what its asker would ask for now.

    Builds the statement again from `fields` and the members only the bank chose (nonce, times,
    signer) and compares bytes, so that no member can differ unseen (SIGN-2).
    """
    members: dict[str, Any] = read_statement(statement)
    shown = members["text_sha256"]
    if fields.text is not None:
        shown = sha256_hex(fields.text.encode())
    again = compose_statement(
        fields,
        signer=members["signer"]["user"],
        certificate_sha256=members["signer"]["certificate_sha256"],
        nonce=members["nonce"],
        issued_at=_moment(members["iat"]),
        expires_at=_moment(members["exp"]),
        text_sha256=shown,
    )
    return again == statement


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
