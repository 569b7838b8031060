"""How each attack on letters, keys, suspensions and signatures is prepared.

Every function sets its scene and returns the attempt, to be made when the table says so.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from certificates import operations
from certificates.formats.profiles import RevocationReason
from certificates.operations import EnrolOutcome
from kernel.canonical import canonical_bytes
from kernel.errors import DomainError
from tests.factories.cards import TestCard
from tests.factories.certificates import (
    NOW,
    Holder,
    accept,
    activate,
    decision,
    lift,
    make_company,
    make_holder,
    make_person,
    make_signer,
    print_letter,
    released,
    show,
    shown_and_unlocked,
    unlock,
    use_letter,
)

Attempt = Callable[[], object]
WRONG = "0000-0000-0000-0000-0"
REFUSED, CHANGED = "letter refused", "certificates.certificate.state_changed"
STALE, USED = "certificates.signing.changed", "certificates.signing.used"
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


def suspend(holder: Holder, now=NOW) -> object:
    return operations.suspend(serial_number=holder.certificate.serial_number, actor=None, now=now)


def revoke(holder: Holder) -> None:
    operations.revoke(
        serial_number=holder.certificate.serial_number, actor=None, now=NOW,
        reason=RevocationReason.KEY_COMPROMISE,
    )  # fmt: skip


# --- letters -------------------------------------------------------------------------------------


def letter_right_after_five_wrong() -> Attempt:
    holder = make_holder()
    letter = print_letter(holder)
    for _ in range(5):
        use_letter(holder, number=letter.number, secret=WRONG)
    return lambda: use_letter(holder, number=letter.number, secret=letter.secret)


def letter_expired() -> Attempt:
    holder = make_holder()
    letter = print_letter(holder)
    late = NOW + timedelta(days=30, seconds=1)
    return lambda: use_letter(holder, number=letter.number, secret=letter.secret, now=late)


def letter_superseded() -> Attempt:
    holder = make_holder()
    old, _ = print_letter(holder), print_letter(holder)
    return lambda: use_letter(holder, number=old.number, secret=old.secret)


def letter_used() -> Attempt:
    holder = make_holder()
    letter = print_letter(holder)
    use_letter(holder, number=letter.number, secret=letter.secret)
    again = replace(holder, card=TestCard())
    return lambda: use_letter(again, number=letter.number, secret=letter.secret)


def letter_of_lifting_used_to_enrol() -> Attempt:
    signer = make_signer()
    suspend(signer)
    letter = released(signer)
    again = replace(signer, card=TestCard())
    return lambda: use_letter(again, number=letter.number, secret=letter.secret)


def letter_of_enrolment_used_to_lift() -> Attempt:
    signer = make_signer()
    suspend(signer)
    released(signer)
    letter = print_letter(make_holder())
    return lambda: activate(signer, letter.number, letter.secret)


def letter_of_another_person() -> Attempt:
    letter = print_letter(make_holder())
    thief = make_holder()
    return lambda: use_letter(thief, number=letter.number, secret=letter.secret)


def letter_of_another_company() -> Attempt:
    letter = print_letter(make_holder())
    thief = make_holder(make_company("04595257"))
    return lambda: use_letter(thief, number=letter.number, secret=letter.secret)


# --- certificate requests ------------------------------------------------------------------------


def request(build: Callable[[str], bytes]) -> Callable[[], Attempt]:
    """Send a certificate request built for the nonce of the page, with the right letter."""

    def prepare() -> Attempt:
        holder = make_holder()
        letter = print_letter(holder)
        nonce = operations.begin_enrolment(
            actor=holder.user, session_key_sha256=holder.session, now=NOW
        )
        return lambda: use_letter(
            holder, number=letter.number, secret=letter.secret, nonce=nonce, request=build(nonce)
        )

    return prepare


def changed_after_signing(nonce: str) -> bytes:
    first, second = TestCard(), TestCard()
    return first.make_request(nonce).replace(first.public_key_der, second.public_key_der)


def point_off_the_curve(nonce: str) -> bytes:
    card = TestCard()
    point = card.public_key_der[-64:]
    return card.make_request(nonce).replace(point, point[:-1] + bytes((point[-1] ^ 1,)))


def key_of_another() -> Attempt:
    other, thief = make_signer(), make_holder()
    revoke(other)
    letter = print_letter(thief)
    with_it = replace(thief, card=other.card)
    return lambda: use_letter(with_it, number=letter.number, secret=letter.secret)


def nonce_of_an_older_page() -> Attempt:
    holder = make_holder()
    letter = print_letter(holder)
    old = operations.begin_enrolment(actor=holder.user, session_key_sha256=holder.session, now=NOW)
    made = holder.card.make_request(old)
    return lambda: use_letter(holder, number=letter.number, secret=letter.secret, request=made)


# --- suspending and lifting ----------------------------------------------------------------------


def double_click() -> Attempt:
    signer = make_signer()
    suspend(signer)
    return lambda: suspend(signer)


def lifting_of_a_revoked() -> Attempt:
    signer = make_signer()
    revoke(signer)
    return lambda: released(signer)


def letter_of_a_lifting_after_revocation() -> Attempt:
    signer = make_signer()
    suspend(signer)
    letter = released(signer)
    shown = operations.prepare_activation(
        actor=signer.user, session_key_sha256=signer.session,
        audience="https://bank.example", now=NOW,
    )  # fmt: skip
    assert shown is not None
    unlock(signer, shown)
    revoke(signer)
    return lambda: operations.activate(
        actor=signer.user, session_key_sha256=signer.session, audience="https://bank.example",
        letter_number=letter.number, secret=letter.secret, sign_request_id=shown.id,
        signature_der=signer.sign(shown, NOW), signing_time=NOW.replace(microsecond=0), now=NOW,
    )  # fmt: skip


def lifting_after_the_third_suspension() -> Attempt:
    signer = make_signer()
    for _ in range(2):
        suspend(signer)
        lift(signer)
    suspend(signer)
    assert signer.certificate.state == "REVOKED"
    return lambda: released(signer)


def certificate_of_another_company() -> Attempt:
    signer = make_signer()
    stranger = make_person(make_company("04595257"))
    serial = signer.certificate.serial_number
    return lambda: operations.suspend(serial_number=serial, actor=stranger, now=NOW)


# --- signatures ----------------------------------------------------------------------------------


def asked_otherwise(**changes: object) -> Callable[[], Attempt]:
    """Let the bank ask for something else than what the signer was shown."""

    def prepare() -> Attempt:
        signer = make_signer()
        shown = shown_and_unlocked(signer)
        return lambda: accept(signer, shown, expected=decision(**changes))

    return prepare


def signed_otherwise(change: Callable[[dict], object]) -> Callable[[], Attempt]:
    """Let the card sign another statement than the one the bank keeps."""

    def prepare() -> Attempt:
        signer = make_signer()
        shown = shown_and_unlocked(signer)
        members = json.loads(shown.statement)
        change(members)
        other = canonical_bytes(members)
        assert other != shown.statement
        signature = signer.sign(replace(shown, statement=other), NOW)
        return lambda: accept(signer, shown, signature=signature)

    return prepare


def fact(name: str, value: str) -> Callable[[dict], object]:
    return lambda members: members["facts"].__setitem__(name, value)


def member(name: str, value: object) -> Callable[[dict], object]:
    return lambda members: members.__setitem__(name, value)


def nonce_replayed() -> Attempt:
    signer = make_signer()
    shown = shown_and_unlocked(signer)
    signature = signer.sign(shown, NOW)
    accept(signer, shown, signature=signature)
    return lambda: accept(signer, shown, signature=signature)


def signature_moved_to_another_request() -> Attempt:
    signer = make_signer()
    first, second = shown_and_unlocked(signer), shown_and_unlocked(signer)
    return lambda: accept(signer, second, signature=signer.sign(first, NOW))


def statement_expired() -> Attempt:
    signer = make_signer()
    shown = shown_and_unlocked(signer)
    return lambda: accept(signer, shown, now=NOW + timedelta(minutes=5, seconds=1))


def signed_at(shift: timedelta) -> Callable[[], Attempt]:
    def prepare() -> Attempt:
        signer = make_signer()
        shown = shown_and_unlocked(signer)
        return lambda: accept(signer, shown, at=NOW + shift)

    return prepare


def signed_by_the_authentication_key() -> Attempt:
    signer = make_signer()
    shown = shown_and_unlocked(signer)
    companion = signer.certificate.companion
    assert companion is not None
    other = replace(
        signer, card=TestCard(), certificate_sha256=bytes.fromhex(companion.sha256 or "")
    )
    return lambda: accept(signer, shown, signature=other.sign(shown, NOW))


def signed_by_a_self_made_key() -> Attempt:
    signer = make_signer()
    shown = shown_and_unlocked(signer)
    forger = replace(signer, card=TestCard())
    return lambda: accept(signer, shown, signature=forger.sign(shown, NOW))


def suspended_between() -> Attempt:
    signer = make_signer()
    shown = shown_and_unlocked(signer)
    suspend(signer)
    return lambda: accept(signer, shown)


def suspended_and_lifted_between() -> Attempt:
    """The statement was shown under a standing that has ended since."""
    signer = make_signer()
    shown = shown_and_unlocked(signer)
    suspend(signer, NOW + SECOND)
    lift(signer, NOW + 2 * SECOND)
    return lambda: accept(signer, shown, at=NOW, now=NOW + 3 * SECOND)


def pin_not_given() -> Attempt:
    signer = make_signer()
    shown = show(signer)
    return lambda: accept(signer, shown)


def anothers_sign_request() -> Attempt:
    signer, thief = make_signer(), make_signer()
    shown = shown_and_unlocked(signer)
    return lambda: accept(thief, shown)


def payee_called(name: str) -> Callable[[], Attempt]:
    def prepare() -> Attempt:
        signer = make_signer()
        return lambda: show(signer, decision(facts={"payee": name}))

    return prepare


def answer_to(attempt: Attempt) -> str:
    """Return how the bank answers an attempt: an error's code, or what was returned."""
    try:
        result = attempt()
    except DomainError as error:
        return error.code
    outcome = getattr(result, "outcome", result)
    return REFUSED if str(outcome) == str(EnrolOutcome.LETTER_REFUSED) else f"done: {outcome}"
