"""A card's own life: stock, holder, use, loss (EQP-1, CERT-10)."""

from __future__ import annotations

import pytest
from django.db import transaction

from certificates import operations
from certificates.errors import (
    CardInUse,
    CardKnown,
    CardLost,
    CardStateChanged,
    CardUnknown,
    SigningRefused,
)
from certificates.formats.profiles import KeyStorage
from certificates.models import Card
from certificates.states import CardState, CertificateState
from identity.errors import PermissionMissing
from identity.models import Session, Unit, User
from identity.operations import open_unit, sign_in
from kernel.errors import DomainError
from tests.factories.certificates import (
    NOW,
    Holder,
    apply,
    confirm,
    do,
    make_company,
    make_holder,
    make_person,
    printed,
    released,
    use_letter,
)

pytestmark = pytest.mark.django_db
SERIAL = "TC-0000001"


def receive(serial_number: str = SERIAL) -> Card:
    with transaction.atomic():
        return operations.receive_card_step(
            serial_number=serial_number, unit_id=make_company().branch_id, now=NOW
        )


@pytest.mark.req("EQP-1")
def test_card_of_plastic_goes_from_stock_to_its_holder_and_into_use(settings):
    settings.SIGNING_ALLOWED_STORAGES = ["HARDWARE"]
    holder, card = make_holder(), receive()
    certificate = apply(holder, storage="HARDWARE", card_serial=SERIAL)
    card.refresh_from_db()
    assert (card.state, card.holder) == (CardState.ASSIGNED, holder.user)
    letter = printed(certificate)
    result = use_letter(
        holder, number=letter.number, secret=letter.secret, made_on=KeyStorage.HARDWARE
    )
    assert result.challenge is not None
    enrolled = Holder(
        holder.user, holder.session, holder.card,
        bytes.fromhex(result.challenge.certificate_sha256),
    )  # fmt: skip
    assert enrolled.certificate.storage == "HARDWARE"
    confirm(enrolled, result.challenge)
    card.refresh_from_db()
    assert card.state == CardState.ACTIVE
    with pytest.raises(CardInUse):
        do(operations.return_card_step, serial_number=SERIAL)
    operations.revoke(
        serial_number=enrolled.certificate.serial_number,
        reason=operations.lifecycle.RevocationReason.CESSATION_OF_OPERATION, actor=None, now=NOW,
    )  # fmt: skip
    assert do(operations.return_card_step, serial_number=SERIAL).state == CardState.TERMINATED


@pytest.mark.req("EQP-1")
def test_card_never_used_goes_back_to_stock(holder: Holder):
    receive()
    certificate = apply(holder, storage="HARDWARE", card_serial=SERIAL)
    with pytest.raises(CardInUse):
        do(operations.return_card_step, serial_number=SERIAL)
    do(operations.withdraw_step, certificate_id=certificate.pk, reason="wish")
    card = do(operations.return_card_step, serial_number=SERIAL)
    assert (card.state, card.holder) == (CardState.IN_STOCK, None)
    other = apply(make_holder(), storage="HARDWARE", card_serial=SERIAL)
    assert other.card == card


@pytest.mark.req("EQP-1")
@pytest.mark.parametrize(
    ("serial_number", "error"),
    [("", CardUnknown), ("TC-unknown", CardUnknown), (SERIAL, CardStateChanged)],
)
def test_card_that_cannot_be_given_away_is_refused(serial_number: str, error: type[DomainError]):
    receive()
    apply(make_holder(), storage="HARDWARE", card_serial=SERIAL)
    with pytest.raises(error):
        apply(make_holder(), storage="HARDWARE", card_serial=serial_number)


@pytest.mark.req("EQP-1")
def test_card_of_another_branchs_stock_is_unknown(holder: Holder):
    receive()
    with transaction.atomic():
        card = Card.objects.get()
        other = make_person(make_company().branch)
        moved = operations.move_card_step(
            serial_number=SERIAL, unit_id=_other_branch(), actor=other, now=NOW
        )
    assert moved.pk == card.pk
    with pytest.raises(CardUnknown):
        apply(holder, other, storage="HARDWARE", card_serial=SERIAL)


def _other_branch() -> int:
    return open_unit(code="B777", name="城西分行", kind=Unit.Kind.BRANCH, parent=None, now=NOW).pk


@pytest.mark.req("EQP-1")
def test_card_is_received_once_and_written_off_for_ever():
    receive()
    with pytest.raises(CardKnown):
        receive()
    card = do(operations.write_off_card_step, serial_number=SERIAL, reason="bent")
    assert card.state == CardState.DAMAGED
    with pytest.raises(CardStateChanged):
        do(operations.write_off_card_step, serial_number=SERIAL, reason="bent again")


@pytest.mark.req("CERT-10", "AUTH-5", "SES-2")
def test_lost_card_is_suspended_at_once_and_its_holder_signed_out(signer: Holder, listed):
    sign_in(
        site="enterprise", company_code="12345675", login_name=signer.user.login_name,
        password="correct horse", address="127.0.0.1", agent="test", now=NOW,
    )  # fmt: skip
    state = operations.report_lost(actor=signer.user, reason="left in a taxi", now=NOW)
    assert state == CertificateState.SUSPENDED
    assert listed(signer.certificate.serial_number) == "Certificate Hold"
    assert signer.certificate.card.state == CardState.PERM_LOST
    assert not Session.objects.filter(user=signer.user, ended_at=None).exists()
    assert User.objects.get(pk=signer.user.pk).must_change_password
    with pytest.raises(CardLost):
        released(signer)


@pytest.mark.req("CERT-10")
def test_losing_a_card_needs_the_role_and_a_certificate(holder: Holder):
    with pytest.raises(SigningRefused):
        operations.report_lost(actor=holder.user, reason="", now=NOW)
    holder.user.granted = frozenset()
    with pytest.raises(PermissionMissing):
        operations.report_lost(actor=holder.user, reason="", now=NOW)
