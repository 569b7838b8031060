"""What waits beside a certificate does not outlive its suspension or end (CERT-4, CERT-5)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import transaction

from audit.queries import history
from certificates import operations
from certificates.errors import CertificateStateChanged, SigningRefused
from certificates.formats.profiles import RevocationReason
from certificates.models import Card, Certificate, CertificateEvent, Letter, RevocationList
from certificates.operations import EnrolOutcome
from certificates.states import CardState, CertificateState, LetterState
from tests.factories.cards import TestCard
from tests.factories.certificates import (
    NOW,
    Holder,
    accept,
    apply,
    confirm,
    do,
    enrolled,
    lift,
    make_company,
    printed,
    renew,
    shown_and_unlocked,
    use_letter,
)

pytestmark = pytest.mark.django_db


def suspend(holder: Holder) -> None:
    operations.suspend(serial_number=holder.certificate.serial_number, actor=None, now=NOW)


def suspend_for_ever(holder: Holder) -> None:
    for _ in range(2):
        suspend(holder)
        lift(holder)
    suspend(holder)


def revoke(holder: Holder) -> None:
    operations.revoke(
        serial_number=holder.certificate.serial_number, reason=RevocationReason.KEY_COMPROMISE,
        actor=None, now=NOW,
    )  # fmt: skip


def lose(holder: Holder) -> None:
    operations.report_lost(actor=holder.user, reason="taxi", now=NOW)


stopped = pytest.mark.parametrize("stop", [suspend, revoke, lose])


def with_another_card(holder: Holder) -> Holder:
    return Holder(holder.user, holder.session, TestCard())


@pytest.mark.req("CERT-4", "CERT-5", "CERT-10")
@stopped
def test_letter_kept_in_reserve_dies(signer: Holder, stop: Callable[[Holder], None]):
    certificate = apply(signer)
    letter = printed(certificate)
    stop(signer)
    result = use_letter(with_another_card(signer), number=letter.number, secret=letter.secret)
    assert result.outcome == EnrolOutcome.LETTER_REFUSED
    row = Certificate.objects.get(pk=certificate.pk)
    assert row.state == CertificateState.APPLIED
    assert row.letters.get().state == LetterState.SUPERSEDED
    told = CertificateEvent.objects.filter(certificate=row).values_list("verb", "target")
    assert list(told)[-1] == ("lose_letter", "APPLIED")
    assert history(f"certificate:{row.pk}")[-1].event == "certificates.letter.superseded"


@pytest.mark.req("CERT-4", "CERT-5", "CERT-10")
@stopped
def test_certificate_kept_unconfirmed_is_revoked(
    signer: Holder, listed, stop: Callable[[Holder], None]
):
    spare, challenge = enrolled(with_another_card(signer))
    stop(signer)
    row = spare.certificate
    assert (row.state, row.companion.state) == ("REVOKED", "REVOKED")
    assert row.card.state == CardState.TERMINATED
    for serial in (row.serial_number, row.companion.serial_number):
        assert listed(serial) == "Superseded"
    with pytest.raises(SigningRefused):
        confirm(spare, challenge)
    told = history(f"certificate:{row.serial_number}")[-1]
    assert (told.event, told.after["reason"]) == ("certificates.certificate.revoked", "SUPERSEDED")


@pytest.mark.req("CERT-4")
def test_third_suspension_leaves_nothing_in_reserve(signer: Holder):
    spare, challenge = enrolled(with_another_card(signer))
    suspend(signer)
    lift(signer)
    assert spare.certificate.state == CertificateState.REVOKED
    letter = printed(apply(signer))
    suspend(signer)
    lift(signer)
    suspend(signer)
    assert signer.certificate.state == CertificateState.REVOKED
    result = use_letter(with_another_card(signer), number=letter.number, secret=letter.secret)
    assert result.outcome == EnrolOutcome.LETTER_REFUSED
    with pytest.raises(SigningRefused):
        confirm(spare, challenge)


@pytest.mark.req("CERT-8")
@stopped
def test_all_of_it_is_on_one_list(signer: Holder, stop: Callable[[Holder], None]):
    enrolled(with_another_card(signer))
    before = RevocationList.objects.count()
    stop(signer)
    assert RevocationList.objects.count() == before + 1
    assert RevocationList.objects.order_by("-pk")[0].entries == 4


@pytest.mark.req("CERT-1", "CERT-3")
@pytest.mark.parametrize("stop", [suspend, revoke, lose, suspend_for_ever])
def test_application_made_afterwards_comes_into_force(
    signer: Holder, stop: Callable[[Holder], None]
):
    stop(signer)
    fresh = renew(with_another_card(signer), NOW)
    assert fresh.certificate.state == CertificateState.ACTIVE
    assert signer.certificate.state == CertificateState.REVOKED
    accept(fresh, shown_and_unlocked(fresh))


@pytest.mark.req("CERT-7")
@stopped
def test_branch_prints_another_letter_afterwards(signer: Holder, stop: Callable[[Holder], None]):
    certificate = apply(signer)
    printed(certificate)
    stop(signer)
    do(operations.reprint_step, certificate_id=certificate.pk)
    letter = printed(certificate)
    fresh = with_another_card(signer)
    result = use_letter(fresh, number=letter.number, secret=letter.secret)
    assert result.challenge is not None
    sha256 = bytes.fromhex(result.challenge.certificate_sha256)
    fresh = Holder(fresh.user, fresh.session, fresh.card, sha256)
    confirm(fresh, result.challenge)
    assert fresh.certificate.state == CertificateState.ACTIVE


@pytest.mark.req("CERT-1", "EQP-1")
def test_application_not_printed_yet_keeps_its_letter_and_its_card(signer: Holder):
    branch = make_company().branch_id
    with transaction.atomic():
        operations.receive_card_step(serial_number="TC-1", unit_id=branch, now=NOW)
    certificate = apply(signer, storage="HARDWARE", card_serial="TC-1")
    suspend(signer)
    assert Certificate.objects.get(pk=certificate.pk).state == CertificateState.APPLIED
    assert Letter.objects.get(certificate=certificate).state == LetterState.PREPARED
    assert Card.objects.get(serial_number="TC-1").state == CardState.ASSIGNED
    printed(certificate)
    with pytest.raises(CertificateStateChanged):
        suspend(signer)
    assert Certificate.objects.get(pk=certificate.pk).state == CertificateState.LETTER_PRINTED
