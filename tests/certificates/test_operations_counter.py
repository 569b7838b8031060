"""The counter's steps: application, letter, scope, lifting, cards (CERT-1, CERT-4, CERT-6)."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from types import FrameType

import pytest

from certificates import operations
from certificates.errors import (
    ApplicationWaiting,
    CertificateStateChanged,
    CertificateUnknown,
    LetterNotPrintable,
    ScopeRefused,
    SigningReason,
    SigningRefused,
)
from certificates.formats.letters import hash_secret
from certificates.models import Certificate, Letter
from certificates.operations import ActivateOutcome, EnrolOutcome
from certificates.states import CertificateState, LetterState
from identity.errors import PermissionMissing
from identity.models import Session, User
from identity.operations import sign_in
from tests.factories.certificates import (
    NOW,
    Holder,
    accept,
    activate,
    apply,
    do,
    lift,
    make_company,
    make_holder,
    make_person,
    make_signer,
    printed,
    released,
    shown_and_unlocked,
    use_letter,
)
from tests.factories.counting import counted_statements, shape

pytestmark = pytest.mark.django_db


def suspend(holder: Holder, actor: User | None = None) -> CertificateState:
    return operations.suspend(serial_number=holder.certificate.serial_number, actor=actor, now=NOW)


@pytest.mark.req("CERT-1", "CERT-2")
def test_application_is_printed_then_enrolled(holder: Holder):
    certificate = apply(holder, functions=["transfers.order"], amount_cap=Decimal(5000))
    assert certificate.state == CertificateState.APPLIED
    assert Letter.objects.get().state == LetterState.PREPARED
    assert Letter.objects.get().secret_hmac is None
    letter = printed(certificate)
    result = use_letter(holder, number=letter.number, secret=letter.secret)
    assert result.outcome == EnrolOutcome.ISSUED
    issued = Certificate.objects.get(pk=certificate.pk)
    assert (issued.functions, issued.amount_cap) == (["transfers.order"], Decimal(5000))


@pytest.mark.req("CERT-1")
def test_letter_is_printed_once(holder: Holder):
    certificate = apply(holder)
    printed(certificate)
    with pytest.raises(LetterNotPrintable):
        printed(certificate)


@pytest.mark.req("CERT-7")
def test_reprint_makes_a_new_secret_and_the_old_letter_dies(holder: Holder):
    certificate = apply(holder)
    old = printed(certificate)
    do(operations.reprint_step, certificate_id=certificate.pk)
    assert Certificate.objects.get().state == CertificateState.APPLIED
    new = printed(certificate)
    assert new.secret != old.secret
    dead = use_letter(holder, number=old.number, secret=old.secret)
    assert dead.outcome == EnrolOutcome.LETTER_REFUSED
    assert use_letter(holder, number=new.number, secret=new.secret).outcome == EnrolOutcome.ISSUED


@pytest.mark.req("CERT-7")
def test_reprint_is_only_for_what_waits_for_a_letter(signer: Holder):
    with pytest.raises(CertificateStateChanged):
        do(operations.reprint_step, certificate_id=signer.certificate.pk)


@pytest.mark.req("CERT-3")
@pytest.mark.parametrize("was_printed", [False, True])
def test_withdrawn_application_is_over_and_its_letter_dead(holder: Holder, was_printed: bool):
    certificate = apply(holder)
    letter = printed(certificate) if was_printed else None
    do(operations.withdraw_step, certificate_id=certificate.pk, reason="customer's wish")
    assert Certificate.objects.get().state == CertificateState.CANCELLED
    assert Letter.objects.get().state == LetterState.SUPERSEDED
    if letter is not None:
        dead = use_letter(holder, number=letter.number, secret=letter.secret)
        assert dead.outcome == EnrolOutcome.LETTER_REFUSED
    with pytest.raises(CertificateStateChanged):
        do(operations.withdraw_step, certificate_id=certificate.pk, reason="again")
    apply(holder)


@pytest.mark.req("CERT-1")
def test_one_application_waits_at_a_time(holder: Holder):
    apply(holder)
    with pytest.raises(ApplicationWaiting):
        apply(holder)


@pytest.mark.req("CERT-1")
def test_another_branch_finds_nobody(holder: Holder):
    stranger = make_person(make_company("04595257"))
    certificate = apply(holder)
    for act in (
        lambda: apply(make_holder(), stranger),
        lambda: printed(certificate, actor=stranger),
        lambda: do(operations.reprint_step, certificate_id=certificate.pk, actor=stranger),
        lambda: do(
            operations.withdraw_step, certificate_id=certificate.pk, actor=stranger, reason=""
        ),
    ):
        with pytest.raises(CertificateUnknown):
            act()


@pytest.mark.req("CERT-1")
def test_printing_needs_the_right_to(holder: Holder):
    teller = make_person(make_company().branch)
    teller.granted = frozenset()
    with pytest.raises(PermissionMissing):
        printed(apply(holder), actor=teller)


@pytest.mark.req("CERT-6")
def test_scope_is_felt_at_the_next_signature(signer: Holder):
    scope: dict[str, object] = {
        "functions": None, "amount_cap": None, "scope_from": None, "scope_until": None,
    }  # fmt: skip

    def set_scope(**changes: object) -> None:
        do(
            operations.set_scope_step, certificate_id=signer.certificate.pk,
            **{**scope, **changes},
        )  # fmt: skip

    set_scope(functions=["payees.payee"])
    shown = shown_and_unlocked(signer)
    with pytest.raises(SigningRefused) as refusal:
        accept(signer, shown)
    assert refusal.value.reason == SigningReason.FUNCTION_NOT_ALLOWED
    for dates in (
        {"scope_from": date(2026, 11, 23)}, {"scope_until": date(2026, 11, 21)},
    ):  # fmt: skip
        set_scope(**dates)
        with pytest.raises(SigningRefused) as refusal:
            shown_and_unlocked(signer)
        assert refusal.value.reason == SigningReason.OUTSIDE_SCOPE_DATES
    set_scope(scope_from=date(2026, 11, 22), scope_until=date(2026, 11, 22))
    accept(signer, shown_and_unlocked(signer))


@pytest.mark.req("CERT-6")
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"functions": [""]}, "functions"),
        ({"amount_cap": Decimal(0)}, "amount_cap"),
        (
            {"scope_from": date(2026, 2, 2), "scope_until": date(2026, 2, 1)}, "scope_until",
        ),
    ],
)  # fmt: skip
def test_scope_that_makes_no_sense_is_refused(holder: Holder, changes: dict, field: str):
    with pytest.raises(ScopeRefused) as refusal:
        apply(holder, **changes)
    assert refusal.value.field == field
    assert not Certificate.objects.exists()


@pytest.mark.req("CERT-4", "CERT-8")
def test_suspension_is_lifted_by_letter_and_card(signer: Holder, listed):
    suspend(signer)
    letter = released(signer)
    assert signer.certificate.state == CertificateState.UNSUSPENDING
    assert listed(signer.certificate.serial_number) == "Certificate Hold"
    assert activate(signer, letter.number, letter.secret).outcome == ActivateOutcome.ACTIVE
    certificate = signer.certificate
    assert (certificate.state, certificate.companion.state) == ("ACTIVE", "ACTIVE")
    assert listed(certificate.serial_number) == ""
    accept(signer, shown_and_unlocked(signer))


@pytest.mark.req("CERT-4")
def test_lifting_letter_is_locked_by_the_fifth_wrong_secret_and_counts_no_suspension(
    signer: Holder, listed
):
    suspend(signer)
    letter = released(signer)
    for _ in range(5):
        result = activate(signer, letter.number, "0000-0000-0000-0000-0")
        assert result.outcome == ActivateOutcome.LETTER_REFUSED
    certificate = signer.certificate
    assert (certificate.state, certificate.suspensions) == (CertificateState.SUSPENDED, 1)
    assert listed(certificate.serial_number) == "Certificate Hold"
    lift(signer)
    assert signer.certificate.state == CertificateState.ACTIVE


@pytest.mark.req("CERT-4")
def test_letter_to_enrol_lifts_no_suspension_and_the_other_way_round(signer: Holder):
    suspend(signer)
    lifting = released(signer)
    enrolling = printed(apply(signer))
    result = activate(signer, enrolling.number, enrolling.secret)
    assert result.outcome == ActivateOutcome.LETTER_REFUSED
    refused = use_letter(make_fresh(signer), number=lifting.number, secret=lifting.secret)
    assert refused.outcome == EnrolOutcome.LETTER_REFUSED
    assert activate(signer, lifting.number, lifting.secret).outcome == ActivateOutcome.ACTIVE


def work(act: Callable[[], object]) -> tuple[list[str], int]:
    """Return the shapes of the statements an act sends, and how many secrets it hashes."""
    hashed = 0

    def watch(frame: FrameType, event: str, _argument: object) -> None:
        nonlocal hashed
        hashed += event == "call" and frame.f_code is hash_secret.__code__

    with counted_statements() as statements:
        sys.setprofile(watch)
        try:
            act()
        finally:
            sys.setprofile(None)
    return [shape(statement) for statement in statements], hashed


@pytest.mark.req("CERT-2", "CERT-4")
def test_all_failures_of_a_lifting_letter_do_the_same_work_and_answer_the_same(signer: Holder):
    suspend(signer)
    old = released(signer)
    do(operations.reprint_step, certificate_id=signer.certificate.pk)
    letter = printed(signer.certificate)
    other = make_signer()
    suspend(other)
    foreign = released(other)
    enrolling = printed(apply(signer))
    cases = {
        "wrong secret": (letter.number, "0000-0000-0000-0000-0"),
        "no secret at all": (letter.number, ""),
        "unknown number": ("0000-0000", letter.secret),
        "superseded": (old.number, old.secret),
        "somebody else's": (foreign.number, foreign.secret),
        "to enrol with": (enrolling.number, enrolling.secret),
    }
    found = {}
    for name, (number, secret) in cases.items():
        answers: list[operations.ActivateResult] = []
        found[name] = work(
            lambda number=number, secret=secret, answers=answers: answers.append(
                activate(signer, number, secret)
            )
        )
        assert answers == [operations.ActivateResult(ActivateOutcome.LETTER_REFUSED)], name
    assert {name: told for name, told in found.items() if told != found["wrong secret"]} == {}
    assert found["wrong secret"][1] == 1


def make_fresh(signer: Holder) -> Holder:
    fresh = make_holder()
    return Holder(signer.user, signer.session, fresh.card)


@pytest.mark.req("CERT-4", "CERT-5")
def test_revoked_certificate_is_never_released(signer: Holder):
    operations.revoke(
        serial_number=signer.certificate.serial_number,
        reason=operations.lifecycle.RevocationReason.KEY_COMPROMISE, actor=None, now=NOW,
    )  # fmt: skip
    with pytest.raises(CertificateStateChanged):
        released(signer)


@pytest.mark.req("CERT-5")
def test_revoking_while_a_suspension_is_lifted_kills_its_letter(signer: Holder):
    suspend(signer)
    letter = released(signer)
    operations.revoke(
        serial_number=signer.certificate.serial_number,
        reason=operations.lifecycle.RevocationReason.KEY_COMPROMISE, actor=None, now=NOW,
    )  # fmt: skip
    assert Letter.objects.get(purpose="UNSUSPEND").state == LetterState.SUPERSEDED
    with pytest.raises(AssertionError):
        activate(signer, letter.number, letter.secret)


@pytest.mark.req("SES-2")
def test_suspension_ends_the_holders_sessions(signer: Holder):
    sign_in(
        site="enterprise", company_code="12345675", login_name=signer.user.login_name,
        password="correct horse", address="127.0.0.1", agent="test", now=NOW,
    )  # fmt: skip
    suspend(signer)
    ended = Session.objects.get(user=signer.user)
    assert (ended.ended_at, ended.ended_why) == (NOW, "suspended")


@pytest.mark.req("CERT-3")
def test_pair_is_in_one_state_all_its_life(signer: Holder, listed):
    def pair() -> tuple[str, str]:
        row = Certificate.objects.select_related("companion").get(pk=signer.certificate.pk)
        return row.state, row.companion.state

    assert pair() == ("ACTIVE", "ACTIVE")
    suspend(signer)
    assert pair() == ("SUSPENDED", "SUSPENDED")
    companion = signer.certificate.companion
    assert listed(companion.serial_number) == "Certificate Hold"
    lift(signer)
    assert pair() == ("ACTIVE", "ACTIVE")
    # The serial number of either leads to both.
    operations.revoke(
        serial_number=companion.serial_number,
        reason=operations.lifecycle.RevocationReason.KEY_COMPROMISE, actor=None, now=NOW,
    )  # fmt: skip
    assert pair() == ("REVOKED", "REVOKED")
    assert listed(companion.serial_number) == "Key Compromise"


@pytest.mark.req("CERT-2")
def test_letter_expires_thirty_days_after_it_was_printed(holder: Holder):
    certificate = apply(holder)
    letter = printed(certificate, now=NOW + timedelta(days=90))
    assert letter.expires_at == NOW + timedelta(days=120)


def test_signers_are_strangers_to_each_other(signer: Holder):
    assert make_signer().certificate.companion != signer.certificate.companion
