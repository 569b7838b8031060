"""People with certificates for tests, made by the same doors as in the bank."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TypeVar

from django.db import transaction

from certificates import operations
from certificates.formats.profiles import KeyStorage
from certificates.formats.statements import PolicyReference, RequestReference, Step
from certificates.models import Certificate, CertificateAuthority
from certificates.operations import PrintedLetter, SignRequestFacts
from certificates.policies import StatementFields
from identity.models import Company, Unit, User
from identity.operations import add_person, open_unit, register_company
from identity.policies import Factor
from kernel.canonical import sha256_hex
from tests.factories.cards import TestCard

NOW = datetime(2026, 11, 22, 2, 30, 0, 123456, tzinfo=UTC)
PIN = "314159"
WRONG_PIN = "271828"
AUDIENCE = "https://bank.example"
FUNCTION = "transfers.order"
_numbers = count(1)
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Holder:
    """A person with a session and, once enrolled, a card with a certificate."""

    user: User
    session: str
    card: TestCard
    certificate_sha256: bytes = b""

    @property
    def certificate(self) -> Certificate:
        """Return the row as it is now."""
        return Certificate.objects.get(sha256=self.certificate_sha256.hex())

    def sign(self, shown: SignRequestFacts, at: datetime) -> bytes:
        """Return the card's signature over what was shown."""
        return self.card.sign_statement(
            shown.statement, self.certificate_sha256, at.replace(microsecond=0)
        )


def make_authority(now: datetime = NOW) -> None:
    """Prepare the authority unless this test has one."""
    if not CertificateAuthority.objects.exists():
        operations.prepare_authority(now=now - timedelta(days=1))


def make_company(code: str = "12345675", now: datetime = NOW) -> Company:
    """Return the company of this code with a branch; makes them when needed."""
    found = Company.objects.filter(code=code).first()
    if found is not None:
        return found
    with transaction.atomic():
        branch = Unit.objects.filter(code="B001").first() or open_unit(
            code="B001", name="城中分行", kind=Unit.Kind.BRANCH, parent=None, now=now
        )
        return register_company(
            code=code, name="測試實業股份有限公司", branch=branch, actor="system", now=now
        )


def make_person(home: Company | Unit | None = None, now: datetime = NOW) -> User:
    """Return a new person of a company (or unit) with every permission on certificates."""
    number = next(_numbers)
    with transaction.atomic():
        user = add_person(
            home=home or make_company(now=now),
            login_name=f"person{number}",
            display_name="王小明",
            language="zh-hant",
            password="correct horse",
            contacts={},
            actor="system",
            now=now,
            first_used_at=now,
        )
    user.granted = frozenset(
        f"certificates.{what}"
        for what in (
            "certificate.enrol", "certificate.sign", "certificate.suspend", "certificate.revoke",
            "certificate.report_lost", "letter.print",
        )
    )  # fmt: skip
    user.factor = Factor.CARD
    return user


def make_holder(home: Company | None = None, now: datetime = NOW) -> Holder:
    """Return a person with a session and a fresh key, and nothing enrolled."""
    make_authority(now)
    user = make_person(home, now)
    return Holder(user, sha256_hex(f"session of {user.public_id}".encode()), TestCard())


def print_letter(holder: Holder, now: datetime = NOW) -> PrintedLetter:
    """Return a letter for the holder."""
    return operations.issue_letter(holder_id=holder.user.pk, actor=None, now=now)


def use_letter(
    holder: Holder,
    *,
    number: str,
    secret: str,
    now: datetime = NOW,
    nonce: str | None = None,
    request: bytes | None = None,
    authentication_request: bytes | None = None,
    pin: str | None = None,
    made_on: KeyStorage = KeyStorage.BROWSER,
) -> operations.EnrolResult:
    """Enrol as the page does: fetch a nonce, make a request, send both with the letter.

    With `made_on` HARDWARE as the card program does, which keeps the PIN to itself.
    """
    if pin is None:
        pin = PIN if made_on is KeyStorage.BROWSER else ""
    if nonce is None:
        nonce = operations.begin_enrolment(
            actor=holder.user, session_key_sha256=holder.session, now=now
        )
    return operations.enrol(
        actor=holder.user,
        session_key_sha256=holder.session,
        audience=AUDIENCE,
        letter_number=number,
        secret=secret,
        request_der=holder.card.make_request(nonce) if request is None else request,
        authentication_request_der=(
            holder.card.companion.make_request(nonce)
            if authentication_request is None
            else authentication_request
        ),
        pin=pin,
        made_on=made_on,
        now=now,
    )


def enrolled(holder: Holder, now: datetime = NOW) -> tuple[Holder, SignRequestFacts]:
    """Return the holder with an issued certificate, and the challenge that confirms it."""
    letter = print_letter(holder, now)
    result = use_letter(holder, number=letter.number, secret=letter.secret, now=now)
    assert result.challenge is not None
    sha256 = bytes.fromhex(result.challenge.certificate_sha256)
    return Holder(holder.user, holder.session, holder.card, sha256), result.challenge


def confirm(holder: Holder, challenge: SignRequestFacts, now: datetime = NOW) -> None:
    """Put the holder's certificate into force."""
    operations.confirm(
        actor=holder.user,
        session_key_sha256=holder.session,
        certificate_sha256=holder.certificate_sha256.hex(),
        signature_der=holder.sign(challenge, now),
        signing_time=now.replace(microsecond=0),
        now=now,
    )


def make_signer(home: Company | None = None, now: datetime = NOW) -> Holder:
    """Return a person whose certificate is in force."""
    holder, challenge = enrolled(make_holder(home, now), now)
    confirm(holder, challenge, now)
    return holder


def renew(holder: Holder, now: datetime) -> Holder:
    """Return the same person with another certificate in force on another key."""
    fresh = Holder(holder.user, holder.session, TestCard())
    holder, challenge = enrolled(fresh, now)
    confirm(holder, challenge, now)
    return holder


def do(
    step: Callable[..., Answer],
    *,
    now: datetime = NOW,
    actor: User | None = None,
    **arguments: object,
) -> Answer:
    """Take a step in a transaction of its own."""
    with transaction.atomic():
        return step(**arguments, actor=actor, now=now)


def apply(holder: Holder, actor: User | None = None, **changes: object) -> Certificate:
    arguments: dict[str, object] = {
        "storage": "BROWSER", "card_serial": "", "functions": None, "amount_cap": None,
        "scope_from": None, "scope_until": None,
    }  # fmt: skip
    return do(
        operations.apply_step, actor=actor, holder_id=holder.user.pk, **{**arguments, **changes}
    )


def printed(certificate: Certificate, **options: object) -> operations.PrintedLetter:
    return do(operations.print_letter_step, certificate_id=certificate.pk, **options)


def released(holder: Holder, now: datetime = NOW) -> PrintedLetter:
    """Release the lifting of a suspension at the counter, and print its letter."""
    pk = holder.certificate.pk
    with transaction.atomic():
        operations.release_unsuspension_step(certificate_id=pk, actor=None, now=now)
        return operations.print_letter_step(certificate_id=pk, actor=None, now=now)


def activate(
    holder: Holder, number: str, secret: str, now: datetime = NOW, *, signature: bytes | None = None
) -> operations.ActivateResult:
    """Have a suspension lifted as the page does: challenge, PIN, signature, letter."""
    shown = operations.prepare_activation(
        actor=holder.user, session_key_sha256=holder.session, audience=AUDIENCE, now=now
    )
    assert shown is not None
    assert not shown.needs_pin or unlock(holder, shown, now=now).ok
    return operations.activate(
        actor=holder.user,
        session_key_sha256=holder.session,
        audience=AUDIENCE,
        letter_number=number,
        secret=secret,
        sign_request_id=shown.id,
        signature_der=holder.sign(shown, now) if signature is None else signature,
        signing_time=now.replace(microsecond=0),
        now=now,
    )


def lift(holder: Holder, now: datetime = NOW) -> None:
    """Bring a suspended certificate back into force: counter, letter and card."""
    letter = released(holder, now)
    result = activate(holder, letter.number, letter.secret, now)
    assert result.outcome == operations.ActivateOutcome.ACTIVE


def renewed(
    holder: Holder,
    now: datetime,
    *,
    card: TestCard | None = None,
    made_on: KeyStorage = KeyStorage.BROWSER,
) -> tuple[Holder, SignRequestFacts]:
    """Renew by the present card as the page does; return the holder with what was issued."""
    operations.rotate_service_keys(now=now)  # the clock has gone on by years
    fresh = card or TestCard()
    who = {"actor": holder.user, "session_key_sha256": holder.session, "now": now}
    nonce = operations.begin_renewal(made_on=made_on, **who)
    requests = {
        "made_on": made_on,
        "request_der": fresh.make_request(nonce),
        "authentication_request_der": fresh.companion.make_request(nonce),
    }
    shown = operations.prepare_renewal(audience=AUDIENCE, **requests, **who)
    assert not shown.needs_pin or unlock(holder, shown, now=now).ok
    result = operations.renew(
        audience=AUDIENCE,
        sign_request_id=shown.id,
        signature_der=holder.sign(shown, now),
        signing_time=now.replace(microsecond=0),
        **requests,
        **who,
    )
    assert result.challenge is not None
    sha256 = bytes.fromhex(result.challenge.certificate_sha256)
    return Holder(holder.user, holder.session, fresh, sha256), result.challenge


def decision(**changes: object) -> StatementFields:
    """Return what a releaser is asked to sign; `changes` replace members."""
    members: dict[str, object] = {
        "action": "approvals.request.release",
        "audience": AUDIENCE,
        "text": "付款 TWD 1,234,567 予 大同商行",
        "facts": {
            "amount": "1234567", "currency": "TWD", "payee": "大同商行", "from": "001234567890",
        },
        "request": RequestReference("T20261122-00000001", 1, sha256_hex(b"revision 1")),
        "step": Step(3, 3, "ent.finance.releaser"),
        "policy": PolicyReference("F-1", sha256_hex(b"policy")),
        "prev": sha256_hex(b"decisions of the stage before"),
    }  # fmt: skip
    return StatementFields(**{**members, **changes})  # type: ignore[arg-type]


def show(
    holder: Holder, fields: StatementFields | None = None, now: datetime = NOW
) -> SignRequestFacts:
    """Show a statement to the holder."""
    return operations.prepare_signature(
        actor=holder.user,
        session_key_sha256=holder.session,
        fields=fields or decision(),
        now=now,
    )


def unlock(
    holder: Holder, shown: SignRequestFacts, pin: str = PIN, now: datetime = NOW
) -> operations.UnlockResult:
    """Enter a PIN for what is shown."""
    return operations.unlock(
        actor=holder.user,
        session_key_sha256=holder.session,
        sign_request_id=shown.id,
        pin=pin,
        now=now,
    )


def shown_and_unlocked(
    holder: Holder, fields: StatementFields | None = None, now: datetime = NOW
) -> SignRequestFacts:
    """Show a statement and enter the right PIN."""
    shown = show(holder, fields, now)
    assert unlock(holder, shown, now=now).ok
    return shown


def accept(
    holder: Holder,
    shown: SignRequestFacts,
    *,
    signature: bytes | None = None,
    at: datetime | None = None,
    now: datetime = NOW,
    **changes: object,
) -> operations.SignatureFacts:
    """Accept a signature in a transaction of its own; `changes` replace arguments."""
    at = (at or now).replace(microsecond=0)
    arguments: dict[str, object] = {
        "actor_id": holder.user.pk,
        "session_key_sha256": holder.session,
        "sign_request_id": shown.id,
        "expected": decision(),
        "function": FUNCTION,
        "amount": None,
        "signature_der": holder.sign(shown, at) if signature is None else signature,
        "signing_time": at,
        "now": now,
    }
    with transaction.atomic():
        return operations.accept_signature(**{**arguments, **changes})  # type: ignore[arg-type]
