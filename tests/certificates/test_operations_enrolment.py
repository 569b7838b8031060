"""From a letter to a certificate that can sign, and every way it must not work (CERT-2)."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from django.db import connection
from django.test.utils import CaptureQueriesContext

from certificates import operations
from certificates.errors import (
    CertificateStateChanged,
    EnrolmentUnknown,
    KeyAlreadyUsed,
    RequestReason,
    RequestRefused,
    SignatureRefused,
    SigningReason,
    SigningRefused,
    WeakPin,
)
from certificates.models import Certificate, CertificateEvent, Letter
from certificates.operations import EnrolOutcome
from certificates.states import CardState, CertificateState, LetterState
from tests.factories.cards import TestCard
from tests.factories.certificates import (
    NOW,
    Holder,
    accept,
    confirm,
    enrolled,
    make_holder,
    print_letter,
    renew,
    shown_and_unlocked,
    use_letter,
)

pytestmark = pytest.mark.django_db
WRONG = "0000-0000-0000-0000-0"


def refused(result: operations.EnrolResult) -> bool:
    return result.outcome == EnrolOutcome.LETTER_REFUSED and result.challenge is None


@pytest.mark.req("CERT-2", "CERT-3")
def test_enrol_issues_a_certificate_that_cannot_sign_before_it_is_confirmed(holder: Holder):
    holder, challenge = enrolled(holder)
    certificate = holder.certificate
    assert certificate.state == CertificateState.ISSUED
    assert certificate.card.state == CardState.ASSIGNED
    assert Letter.objects.get().state == LetterState.CONSUMED
    with pytest.raises(SigningRefused):
        shown_and_unlocked(holder)
    confirm(holder, challenge)
    assert holder.certificate.state == CertificateState.ACTIVE
    assert (
        accept(holder, shown_and_unlocked(holder)).certificate_serial == certificate.serial_number
    )


@pytest.mark.req("CERT-2")
def test_enrol_takes_only_the_key_from_the_request(holder: Holder):
    holder, _ = enrolled(holder)
    certificate = x509.load_der_x509_certificate(bytes(holder.certificate.der))
    assert holder.user.public_id in certificate.subject.rfc4514_string()
    assert "card" not in certificate.subject.rfc4514_string()
    assert certificate.public_key() == holder.card.private_key.public_key()
    assert f"{certificate.serial_number:x}" == holder.certificate.serial_number


@pytest.mark.req("CERT-2")
def test_enrol_accepts_a_letter_as_people_type_it(holder: Holder):
    letter = print_letter(holder)
    typed = letter.secret.lower().replace("-", " ")
    number = letter.number.lower().replace("0", "o").replace("1", "l").replace("-", "")
    assert use_letter(holder, number=number, secret=typed).outcome == EnrolOutcome.ISSUED


@pytest.mark.req("CERT-2")
def test_letter_is_locked_by_the_fifth_wrong_secret_and_the_right_one_comes_too_late(
    holder: Holder,
):
    letter = print_letter(holder)
    for _ in range(5):
        assert refused(use_letter(holder, number=letter.number, secret=WRONG))
    stored = Letter.objects.get()
    assert (stored.state, stored.tries) == (LetterState.LOCKED, 5)
    assert stored.certificate.state == CertificateState.APPLIED
    assert refused(use_letter(holder, number=letter.number, secret=letter.secret))


@pytest.mark.req("CERT-2")
def test_letter_works_after_four_wrong_secrets(holder: Holder):
    letter = print_letter(holder)
    for _ in range(4):
        use_letter(holder, number=letter.number, secret=WRONG)
    result = use_letter(holder, number=letter.number, secret=letter.secret)
    assert result.outcome == EnrolOutcome.ISSUED


@pytest.mark.req("CERT-2")
def test_letter_expires_after_thirty_days(holder: Holder):
    letter = print_letter(holder)
    late = NOW + timedelta(days=30)
    assert refused(use_letter(holder, number=letter.number, secret=letter.secret, now=late))


@pytest.mark.req("CERT-2")
def test_letter_superseded_by_another_is_dead(holder: Holder):
    old, new = print_letter(holder), print_letter(holder)
    assert refused(use_letter(holder, number=old.number, secret=old.secret))
    result = use_letter(holder, number=new.number, secret=new.secret)
    assert result.outcome == EnrolOutcome.ISSUED
    assert Certificate.objects.filter(purpose="SIGNING").count() == 1


@pytest.mark.req("CERT-2")
def test_letter_of_another_person_does_not_work_and_is_not_counted(holder: Holder):
    other = make_holder()
    letter = print_letter(other)
    for secret in (WRONG, letter.secret):
        assert refused(use_letter(holder, number=letter.number, secret=secret))
    assert Letter.objects.get().tries == 0


@pytest.mark.req("CERT-2")
def test_letter_is_used_once(holder: Holder):
    letter = print_letter(holder)
    use_letter(holder, number=letter.number, secret=letter.secret)
    again = replace(holder, card=TestCard())
    assert refused(use_letter(again, number=letter.number, secret=letter.secret))
    assert Certificate.objects.filter(purpose="SIGNING").count() == 1


@pytest.mark.req("CERT-2")
def test_all_letter_failures_do_the_same_work(holder: Holder):
    """Same statements in the same order, whatever it is that fails."""
    other = print_letter(make_holder())
    superseded, expired = print_letter(holder), print_letter(holder)

    def work(number: str, secret: str, now=NOW) -> list[str]:
        nonce = operations.begin_enrolment(
            actor=holder.user, session_key_sha256=holder.session, now=now
        )
        with CaptureQueriesContext(connection) as captured:
            assert refused(use_letter(holder, number=number, secret=secret, now=now, nonce=nonce))
        told = [query["sql"] for query in captured]
        return [re.sub(r"'[^']*'|\d+", "?", sql) for sql in told if "SAVEPOINT" not in sql]

    late = NOW + timedelta(days=31)
    wrong = work(expired.number, WRONG)
    assert work(expired.number, "not a secret at all") == wrong
    assert work("0000-0000", WRONG) == wrong
    assert work("", "") == wrong
    assert work(other.number, other.secret) == wrong
    assert work(superseded.number, superseded.secret) == wrong
    assert work(expired.number, expired.secret, late) == wrong
    for _ in range(3):
        use_letter(holder, number=expired.number, secret=WRONG)
    assert Letter.objects.get(state=LetterState.LOCKED).tries == 5
    assert work(expired.number, expired.secret) == wrong


@pytest.mark.req("CERT-2")
def test_secret_is_stored_only_as_a_keyed_hash(holder: Holder):
    letter = print_letter(holder)
    stored = Letter.objects.get()
    assert len(stored.secret_hmac) == 32
    assert letter.secret not in repr(letter)
    assert letter.secret.replace("-", "").encode() not in bytes(stored.secret_hmac)


@pytest.mark.req("CERT-2")
def test_request_with_the_nonce_of_an_older_page_or_another_session_is_refused(holder: Holder):
    letter = print_letter(holder)
    old = operations.begin_enrolment(actor=holder.user, session_key_sha256=holder.session, now=NOW)
    request = holder.card.make_request(old)
    with pytest.raises(RequestRefused) as refusal:
        use_letter(holder, number=letter.number, secret=letter.secret, request=request)
    assert refusal.value.reason == RequestReason.WRONG_NONCE
    nonce = operations.begin_enrolment(actor=holder.user, session_key_sha256="0" * 64, now=NOW)
    with pytest.raises(EnrolmentUnknown):
        use_letter(holder, number=letter.number, secret=letter.secret, nonce=nonce)


def test_request_after_half_an_hour_is_refused(holder: Holder):
    letter = print_letter(holder)
    nonce = operations.begin_enrolment(
        actor=holder.user, session_key_sha256=holder.session, now=NOW
    )
    late = NOW + timedelta(minutes=30)
    with pytest.raises(EnrolmentUnknown):
        use_letter(holder, number=letter.number, secret=letter.secret, nonce=nonce, now=late)


@pytest.mark.req("CERT-2")
@pytest.mark.parametrize(
    ("card", "reason"),
    [
        (TestCard(rsa.generate_private_key(65537, 1024)), RequestReason.WEAK_KEY_SIZE),  # noqa: S505 - weak on purpose
        (None, RequestReason.TOO_LARGE),
    ],
)
def test_request_that_is_refused_costs_no_try(holder: Holder, card, reason):
    letter = print_letter(holder)
    nonce = operations.begin_enrolment(
        actor=holder.user, session_key_sha256=holder.session, now=NOW
    )
    request = card.make_request(nonce) if card else bytes(1024 * 1024)
    with pytest.raises(RequestRefused) as refusal:
        use_letter(holder, number=letter.number, secret=WRONG, nonce=nonce, request=request)
    assert refusal.value.reason == reason
    assert Letter.objects.get().tries == 0


@pytest.mark.req("CERT-2")
def test_one_key_is_never_certified_twice_not_even_after_revocation(holder: Holder):
    holder, _ = enrolled(holder)
    other = replace(make_holder(), card=holder.card)
    letter = print_letter(other)
    operations.revoke(
        serial_number=holder.certificate.serial_number,
        reason=operations.lifecycle.RevocationReason.KEY_COMPROMISE, actor=None, now=NOW,
    )  # fmt: skip
    with pytest.raises(KeyAlreadyUsed):
        use_letter(other, number=letter.number, secret=letter.secret)


@pytest.mark.parametrize(
    "pin",
    [
        "",
        "12345",
        "1" * 13,
        "abcdef",
        "\uff11\uff12\uff13\uff14\uff15\uff16",
        "111111",
        "123456",
        "987654",
    ],
)
def test_pin_that_is_no_pin_or_the_first_to_be_guessed_is_refused(holder: Holder, pin: str):
    letter = print_letter(holder)
    with pytest.raises(WeakPin):
        use_letter(holder, number=letter.number, secret=letter.secret, pin=pin)


def test_pin_is_stored_as_argon2(holder: Holder):
    holder, _ = enrolled(holder)
    assert holder.certificate.card.pin_hash.startswith("argon2")


@pytest.mark.req("CERT-2")
def test_confirm_needs_the_new_key(holder: Holder):
    holder, challenge = enrolled(holder)
    with pytest.raises(SignatureRefused):
        confirm(replace(holder, card=TestCard()), challenge)
    assert holder.certificate.state == CertificateState.ISSUED


@pytest.mark.req("CERT-2")
def test_confirm_needs_the_same_session_or_a_fresh_challenge(holder: Holder):
    holder, challenge = enrolled(holder)
    elsewhere = replace(holder, session="0" * 64)
    with pytest.raises(SigningRefused) as refusal:
        confirm(elsewhere, challenge)
    assert refusal.value.reason == SigningReason.REQUEST_EXPIRED
    later = NOW + timedelta(hours=3)
    fresh = operations.prepare_confirmation(
        actor=holder.user, session_key_sha256=elsewhere.session, audience="https://bank.example",
        now=later,
    )  # fmt: skip
    confirm(elsewhere, fresh, later)
    assert holder.certificate.state == CertificateState.ACTIVE
    assert (
        operations.prepare_confirmation(
            actor=holder.user, session_key_sha256=holder.session, audience="x", now=later
        )
        is None
    )


def test_confirm_twice_is_told_apart(holder: Holder):
    holder, challenge = enrolled(holder)
    confirm(holder, challenge)
    with pytest.raises(CertificateStateChanged):
        confirm(holder, challenge)


def test_confirm_of_another_persons_certificate_is_refused(holder: Holder):
    holder, challenge = enrolled(holder)
    other = replace(holder, user=make_holder().user)
    with pytest.raises(SigningRefused):
        confirm(other, challenge)


@pytest.mark.req("CERT-2", "CERT-3")
def test_confirm_of_a_new_certificate_revokes_the_old_one(signer: Holder, listed):
    fresh = renew(signer, NOW + timedelta(hours=1))
    assert fresh.certificate.state == CertificateState.ACTIVE
    assert signer.certificate.state == CertificateState.REVOKED
    assert signer.certificate.card.state == CardState.TERMINATED
    assert listed(signer.certificate.serial_number) == "Superseded"
    assert listed(fresh.certificate.serial_number) == ""


@pytest.mark.req("CERT-3")
def test_old_certificate_stays_in_force_until_the_new_one_is_confirmed(signer: Holder):
    enrolled(replace(signer, card=TestCard()), NOW)
    accept(signer, shown_and_unlocked(signer))
    assert signer.certificate.state == CertificateState.ACTIVE


@pytest.mark.req("CERT-3")
def test_letter_for_somebody_who_never_confirmed_revokes_what_was_issued(holder: Holder, listed):
    holder, challenge = enrolled(holder)
    print_letter(holder)
    assert holder.certificate.state == CertificateState.REVOKED
    assert listed(holder.certificate.serial_number) == "Superseded"
    with pytest.raises(SigningRefused):
        confirm(holder, challenge)


@pytest.mark.req("CERT-3")
def test_every_change_is_an_event(signer: Holder):
    events = CertificateEvent.objects.filter(certificate=signer.certificate).order_by("pk")
    assert list(events.values_list("verb", "source", "target")) == [
        ("apply", "", "APPLIED"),
        ("print_letter", "APPLIED", "LETTER_PRINTED"),
        ("enrol", "LETTER_PRINTED", "ISSUED"),
        ("confirm", "ISSUED", "ACTIVE"),
    ]
