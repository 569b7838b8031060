"""What it takes for a signature to be accepted, and what never is (SIGN-1, SIGN-2, SIGN-6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from audit.errors import OutsideTransaction
from certificates import operations
from certificates.errors import (
    CardLocked,
    SignatureReason,
    SignatureRefused,
    SigningReason,
    SigningRefused,
    SigningStale,
    SignRequestUnknown,
    StatementRefused,
)
from certificates.formats import cades
from certificates.formats.statements import RequestReference, Step, read_statement
from certificates.models import Certificate, Signature, SignRequest
from certificates.states import CardState
from kernel.canonical import sha256_hex
from kernel.money import Money
from tests.factories.cards import TestCard
from tests.factories.certificates import (
    AUDIENCE,
    NOW,
    PIN,
    WRONG_PIN,
    Holder,
    accept,
    decision,
    make_company,
    make_signer,
    renew,
    show,
    shown_and_unlocked,
    unlock,
)

pytestmark = pytest.mark.django_db


def refused(reason: SigningReason):
    return pytest.raises(SigningRefused, check=lambda error: error.reason is reason)


def stale(how: str):
    return pytest.raises(
        SigningStale, check=lambda error: error.code == f"certificates.signing.{how}"
    )


@pytest.mark.req("SIGN-1")
def test_statement_says_what_was_shown_to_whom_and_where(signer: Holder):
    shown = show(signer)
    told = read_statement(shown.statement)
    assert told["aud"] == AUDIENCE
    assert told["facts"]["payee"] == "大同商行"
    assert told["signer"] == {
        "user": signer.user.public_id,
        "certificate_sha256": signer.certificate_sha256.hex(),
    }
    assert told["text_sha256"] == sha256_hex("付款 TWD 1,234,567 予 大同商行".encode())
    assert (told["iat"], told["exp"]) == ("2026-11-22T02:30:00Z", "2026-11-22T02:35:00Z")


@pytest.mark.req("SIGN-1")
def test_statement_refuses_a_payee_name_that_reads_otherwise_than_it_is(signer: Holder):
    with pytest.raises(StatementRefused):
        show(signer, decision(facts={"payee": "大同\u202e商行"}))


@pytest.mark.req("SIGN-2")
def test_accept_stores_a_whole_signature_file_with_the_state_at_signing(signer: Holder):
    facts = accept(signer, shown_and_unlocked(signer))
    stored = Signature.objects.get(pk=facts.id)
    parsed = cades.parse(bytes(stored.cms))
    assert len(parsed.certificates) == 2
    assert len(parsed.crls) == 1
    assert stored.certificate_state == "ACTIVE"
    assert stored.crl_number == facts.crl_number
    assert stored.sign_request.used_at == NOW


@pytest.mark.req("SIGN-2")
def test_accept_takes_three_statements(signer: Holder):
    shown = shown_and_unlocked(signer)
    with transaction.atomic(), CaptureQueriesContext(connection) as captured:
        operations.accept_signature(
            actor_id=signer.user.pk, session_key_sha256=signer.session, sign_request_id=shown.id,
            expected=decision(), function="transfers.order", amount=None,
            signature_der=signer.sign(shown, NOW), signing_time=NOW.replace(microsecond=0),
            now=NOW,
        )  # fmt: skip
    assert len(captured) == 3


def verify(signer: Holder, shown: operations.SignRequestFacts) -> operations.VerifiedSignature:
    return operations.verify_signature(
        actor_id=signer.user.pk, session_key_sha256=signer.session, sign_request_id=shown.id,
        expected=decision(), signature_der=signer.sign(shown, NOW),
        signing_time=NOW.replace(microsecond=0), now=NOW,
    )  # fmt: skip


@pytest.mark.req("SIGN-2")
def test_accept_of_a_signature_verified_before_takes_two_statements(signer: Holder):
    shown = shown_and_unlocked(signer)
    verified = verify(signer, shown)
    with transaction.atomic(), CaptureQueriesContext(connection) as captured:
        operations.accept_signature(
            actor_id=signer.user.pk, session_key_sha256=signer.session, sign_request_id=shown.id,
            expected=decision(), function="transfers.order", amount=None,
            signature_der=b"", signing_time=NOW, now=NOW, verified=verified,
        )  # fmt: skip
    assert len(captured) == 2
    assert Signature.objects.get(sign_request=shown.id).cms_sha256 == sha256_hex(verified.cms)


@pytest.mark.req("SIGN-2")
def test_accept_refuses_a_signature_verified_before_a_suspension(signer: Holder):
    shown = shown_and_unlocked(signer)
    verified = verify(signer, shown)
    operations.suspend(serial_number=signer.certificate.serial_number, actor=None, now=NOW)
    with refused(SigningReason.CERTIFICATE_NOT_ACTIVE):
        accept(signer, shown, verified=verified)


def test_accept_refuses_what_was_verified_for_another_sign_request(signer: Holder):
    first, second = shown_and_unlocked(signer), shown_and_unlocked(signer)
    with stale("changed"):
        accept(signer, second, verified=verify(signer, first))


@pytest.mark.django_db(transaction=True)
def test_accept_insists_on_being_part_of_a_decision():
    with pytest.raises(OutsideTransaction):
        operations.accept_signature(
            actor_id=1, session_key_sha256="", sign_request_id="", expected=decision(),
            function="", amount=None, signature_der=b"", signing_time=NOW, now=NOW,
        )  # fmt: skip


@pytest.mark.req("SIGN-2")
def test_accept_refuses_a_replay(signer: Holder):
    shown = shown_and_unlocked(signer)
    accept(signer, shown)
    with stale("used"):
        accept(signer, shown)
    assert Signature.objects.filter(sign_request=shown.id).count() == 1


@pytest.mark.req("SIGN-2")
def test_accept_refuses_another_persons_sign_request(signer: Holder):
    other = make_signer()
    shown = shown_and_unlocked(signer)
    with pytest.raises(SignRequestUnknown):
        accept(other, shown)
    with pytest.raises(SignRequestUnknown):
        accept(other, shown, actor_id=signer.user.pk)


@pytest.mark.req("SIGN-2")
def test_accept_refuses_a_sign_request_of_another_session(signer: Holder):
    shown = shown_and_unlocked(signer)
    with pytest.raises(SignRequestUnknown):
        accept(signer, shown, session_key_sha256="0" * 64)


def test_accept_refuses_an_unknown_sign_request(signer: Holder):
    shown = shown_and_unlocked(signer)
    with pytest.raises(SignRequestUnknown):
        accept(signer, replace(shown, id="nothing"))


@pytest.mark.req("SIGN-2")
def test_accept_refuses_an_expired_statement(signer: Holder):
    shown = shown_and_unlocked(signer)
    with refused(SigningReason.REQUEST_EXPIRED):
        accept(signer, shown, at=NOW, now=NOW + timedelta(minutes=5, seconds=1))


CHANGES = {
    "audience": {"audience": "https://evil.example"},
    "amount": {"facts": {**decision().facts, "amount": "12345670"}},
    "payee": {"facts": {**decision().facts, "payee": "小同商行"}},
    "words": {"text": "付款 TWD 12 予 大同商行"},
    "revision": {"request": RequestReference("T20261122-00000001", 2, sha256_hex(b"revision 2"))},
    "content": {"request": RequestReference("T20261122-00000001", 1, sha256_hex(b"edited"))},
    "request": {"request": RequestReference("T20261122-00000002", 1, sha256_hex(b"revision 1"))},
    "action": {"action": "approvals.request.reject"},
    "step": {"step": Step(2, 3, "ent.finance.reviewer")},
    "decisions before": {"prev": sha256_hex(b"other decisions")},
}


@pytest.mark.req("SIGN-2")
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_accept_refuses_when_what_was_shown_is_no_longer_so(signer: Holder, change: dict):
    shown = shown_and_unlocked(signer)
    with stale("changed"):
        accept(signer, shown, expected=decision(**change))
    assert SignRequest.objects.get(pk=shown.id).used_at is None


def test_accept_without_the_words_compares_everything_else(signer: Holder):
    accept(signer, shown_and_unlocked(signer), expected=decision(text=None))
    with stale("changed"):
        accept(signer, shown_and_unlocked(signer), expected=decision(text=None, prev=None))


@pytest.mark.req("SIGN-2")
def test_accept_refuses_a_signature_over_another_amount(signer: Holder):
    shown = shown_and_unlocked(signer)
    edited = replace(shown, statement=shown.statement.replace(b"1234567", b"1234568"))
    with pytest.raises(SignatureRefused):
        accept(signer, shown, signature=signer.sign(edited, NOW))


@pytest.mark.req("SIGN-2")
def test_accept_refuses_a_signature_by_another_key(signer: Holder):
    shown = shown_and_unlocked(signer)
    forger = replace(signer, card=TestCard())
    with pytest.raises(SignatureRefused) as refusal:
        accept(signer, shown, signature=forger.sign(shown, NOW))
    assert refusal.value.reason == SignatureReason.BAD_SIGNATURE


@pytest.mark.req("SIGN-2")
def test_accept_refuses_a_signature_that_names_another_certificate(signer: Holder):
    other = make_signer()
    shown = shown_and_unlocked(signer)
    swapped = replace(signer, certificate_sha256=other.certificate_sha256)
    with pytest.raises(SignatureRefused):
        accept(signer, shown, signature=swapped.sign(shown, NOW))


@pytest.mark.req("SIGN-2")
@pytest.mark.parametrize("seconds", [-1, 6, 301])
def test_accept_refuses_a_time_outside_the_window_or_ahead_of_the_clock(
    signer: Holder, seconds: int
):
    shown = shown_and_unlocked(signer)
    with pytest.raises(SignatureRefused) as refusal:
        accept(signer, shown, at=NOW + timedelta(seconds=seconds))
    assert refusal.value.reason == SignatureReason.WRONG_TIME


@pytest.mark.req("SIGN-2", "CERT-3")
def test_accept_refuses_when_suspended_between_showing_and_signing(signer: Holder):
    shown = shown_and_unlocked(signer)
    operations.suspend(serial_number=signer.certificate.serial_number, actor=None, now=NOW)
    with refused(SigningReason.CERTIFICATE_NOT_ACTIVE):
        accept(signer, shown)


@pytest.mark.req("SIGN-2", "CERT-2")
def test_accept_refuses_a_statement_shown_for_a_replaced_certificate(signer: Holder):
    shown = shown_and_unlocked(signer)
    renew(signer, NOW)
    with refused(SigningReason.CERTIFICATE_NOT_ACTIVE):
        accept(signer, shown)


@pytest.mark.req("SIGN-6")
def test_accept_refuses_without_the_pin(signer: Holder):
    with refused(SigningReason.NOT_UNLOCKED):
        accept(signer, show(signer))


@pytest.mark.req("SIGN-6")
def test_accept_refuses_after_the_card_was_locked(signer: Holder):
    opened, shown = shown_and_unlocked(signer), show(signer)
    for _ in range(3):
        unlock(signer, shown, WRONG_PIN)
    with refused(SigningReason.CARD_NOT_USABLE):
        accept(signer, opened)


@pytest.mark.req("SIGN-6")
def test_accept_refuses_a_browser_key_where_the_bank_asks_for_hardware(signer: Holder, settings):
    shown = shown_and_unlocked(signer)
    settings.SIGNING_ALLOWED_STORAGES = ["HARDWARE"]
    with refused(SigningReason.STORAGE_NOT_ALLOWED):
        accept(signer, shown)
    with refused(SigningReason.STORAGE_NOT_ALLOWED):
        show(signer)


@pytest.mark.req("CERT-6")
def test_accept_refuses_a_function_outside_the_scope(signer: Holder):
    Certificate.objects.filter(pk=signer.certificate.pk).update(functions=["transfers.order"])
    with refused(SigningReason.FUNCTION_NOT_ALLOWED):
        accept(signer, shown_and_unlocked(signer), function="enterprise.permission")
    accept(signer, shown_and_unlocked(signer), function="transfers.order")


@pytest.mark.req("CERT-6")
def test_accept_refuses_an_amount_above_the_cap(signer: Holder):
    Certificate.objects.filter(pk=signer.certificate.pk).update(amount_cap=Decimal(1_000_000))
    at_the_cap = Money(Decimal(1_000_000), "TWD")
    accept(signer, shown_and_unlocked(signer), amount=at_the_cap)
    for amount in (Money(Decimal(1_000_001), "TWD"), Money(Decimal(1), "USD")):
        with refused(SigningReason.AMOUNT_ABOVE_CAP):
            accept(signer, shown_and_unlocked(signer), amount=amount)


def test_prepare_refuses_people_without_a_certificate_in_force(holder: Holder, signer: Holder):
    with refused(SigningReason.NO_CERTIFICATE):
        show(holder)
    operations.suspend(serial_number=signer.certificate.serial_number, actor=None, now=NOW)
    with refused(SigningReason.CERTIFICATE_NOT_ACTIVE):
        show(signer)


def test_prepare_refuses_an_expired_certificate(signer: Holder):
    with refused(SigningReason.CERTIFICATE_EXPIRED):
        show(signer, now=NOW + timedelta(days=731))


@pytest.mark.req("SIGN-6")
def test_unlock_counts_wrong_pins_and_locks_at_the_third(signer: Holder):
    shown = show(signer)
    results = [unlock(signer, shown, WRONG_PIN) for _ in range(3)]
    assert [(one.ok, one.tries_left, one.locked) for one in results] == [
        (False, 2, False), (False, 1, False), (False, 0, True),
    ]  # fmt: skip
    assert signer.certificate.card.state == CardState.LOCKED
    with pytest.raises(CardLocked):
        unlock(signer, shown, PIN)


@pytest.mark.req("SIGN-6")
def test_unlock_with_the_right_pin_starts_the_count_again(signer: Holder):
    shown = show(signer)
    unlock(signer, shown, WRONG_PIN)
    unlock(signer, shown, WRONG_PIN)
    assert unlock(signer, shown).ok
    assert unlock(signer, shown, WRONG_PIN).tries_left == 2


@pytest.mark.req("SIGN-6")
def test_unlock_opens_only_the_sign_request_it_names(signer: Holder):
    first, second = show(signer), show(signer)
    unlock(signer, first)
    assert SignRequest.objects.get(pk=second.id).unlocked_at is None


def test_unlock_looks_at_no_pin_for_what_is_not_the_persons_to_sign(signer: Holder):
    shown, other = show(signer), make_signer(make_company("04595257"))
    for stranger in (other, replace(signer, session="0" * 64)):
        with pytest.raises(SignRequestUnknown):
            unlock(stranger, shown, WRONG_PIN)
    with refused(SigningReason.REQUEST_EXPIRED):
        unlock(signer, shown, WRONG_PIN, now=NOW + timedelta(minutes=6))
    assert signer.certificate.card.pin_tries == 0
