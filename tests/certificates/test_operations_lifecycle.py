"""Suspending and revoking: at once, counted once, told to the world at once (CERT-3 to CERT-8)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from audit.queries import history
from certificates import operations
from certificates.errors import CertificateStateChanged, CertificateUnknown
from certificates.formats.profiles import RevocationReason
from certificates.models import Certificate, RevocationList
from certificates.states import CardState, CertificateState
from identity.errors import PermissionMissing
from identity.models import Unit
from identity.operations import open_unit
from tests.factories.certificates import (
    NOW,
    Holder,
    lift,
    make_company,
    make_person,
    print_letter,
    renew,
)

pytestmark = pytest.mark.django_db


def suspend(signer: Holder, actor=None, now=NOW) -> CertificateState:
    return operations.suspend(
        serial_number=signer.certificate.serial_number, actor=actor, now=now, reason="card lost"
    )


@pytest.mark.req("CERT-3", "CERT-8")
def test_suspend_is_on_the_list_in_the_same_act(signer: Holder, listed):
    serial = signer.certificate.serial_number
    assert listed(serial) == ""
    assert suspend(signer) == CertificateState.SUSPENDED
    assert listed(serial) == "Certificate Hold"
    assert signer.certificate.suspensions == 1


@pytest.mark.req("CERT-3")
def test_suspend_by_double_click_counts_once(signer: Holder):
    suspend(signer)
    lists = RevocationList.objects.count()
    with pytest.raises(CertificateStateChanged):
        suspend(signer)
    assert signer.certificate.suspensions == 1
    assert RevocationList.objects.count() == lists


@pytest.mark.req("CERT-4", "CERT-5")
def test_third_suspension_revokes_for_ever(signer: Holder, listed):
    for _ in range(2):
        suspend(signer)
        lift(signer)
    assert suspend(signer) == CertificateState.REVOKED
    certificate = signer.certificate
    assert (certificate.suspensions, certificate.card.state) == (2, CardState.TERMINATED)
    assert listed(certificate.serial_number) == "Privilege Withdrawn"
    with pytest.raises(CertificateStateChanged):
        suspend(signer)


@pytest.mark.req("CERT-4", "CERT-8")
def test_lifted_suspension_is_simply_gone_from_the_list(signer: Holder, listed):
    suspend(signer)
    lift(signer)
    assert listed(signer.certificate.serial_number) == ""


@pytest.mark.req("CERT-5", "CERT-8")
@pytest.mark.parametrize("suspended", [False, True])
def test_revoke_tells_its_reason_at_once_and_is_final(signer: Holder, listed, suspended: bool):
    if suspended:
        suspend(signer)
    serial = signer.certificate.serial_number
    revoke = {"serial_number": serial, "actor": None, "now": NOW}
    operations.revoke(reason=RevocationReason.KEY_COMPROMISE, **revoke)
    assert signer.certificate.state == CertificateState.REVOKED
    assert listed(serial) == "Key Compromise"
    with pytest.raises(CertificateStateChanged):
        operations.revoke(reason=RevocationReason.SUPERSEDED, **revoke)
    assert listed(serial) == "Key Compromise"


def test_revoke_with_a_hold_as_its_reason_is_a_mistake(signer: Holder):
    with pytest.raises(ValueError, match="hold"):
        operations.revoke(
            serial_number=signer.certificate.serial_number,
            reason=RevocationReason.CERTIFICATE_HOLD, actor=None, now=NOW,
        )  # fmt: skip


@pytest.mark.req("CERT-3")
def test_suspend_by_the_enterprises_own_supervisor_or_its_branch(signer: Holder):
    company = make_company()
    supervisor, teller = make_person(company), make_person(company.branch)
    assert suspend(signer, supervisor) == CertificateState.SUSPENDED
    lift(signer)
    assert suspend(signer, teller) == CertificateState.SUSPENDED


@pytest.mark.req("CERT-3")
def test_suspend_by_another_company_or_another_branch_finds_nothing(signer: Holder):
    with transaction.atomic():
        branch = open_unit(
            code="B002", name="城東分行", kind=Unit.Kind.BRANCH, parent=None, now=NOW
        )
    for stranger in (make_person(make_company("04595257")), make_person(branch)):
        with pytest.raises(CertificateUnknown):
            suspend(signer, stranger)
        with pytest.raises(CertificateUnknown):
            operations.issue_letter(holder_id=signer.user.pk, actor=stranger, now=NOW)
    assert signer.certificate.state == CertificateState.ACTIVE


@pytest.mark.req("CERT-3")
def test_suspend_without_the_role_is_refused(signer: Holder):
    colleague = make_person()
    colleague.granted = frozenset()
    with pytest.raises(PermissionMissing):
        suspend(signer, colleague)


def test_suspend_of_an_unknown_serial_finds_nothing(signer: Holder):
    with pytest.raises(CertificateUnknown):
        operations.suspend(serial_number="ff", actor=None, now=NOW)


@pytest.mark.req("CERT-3")
def test_application_can_wait_beside_a_suspended_certificate(signer: Holder):
    suspend(signer)
    print_letter(signer)
    states = Certificate.objects.filter(holder=signer.user, purpose="SIGNING").values_list(
        "state", flat=True
    )
    assert sorted(states) == ["LETTER_PRINTED", "SUSPENDED"]
    renew(signer, NOW)
    assert signer.certificate.state == CertificateState.REVOKED


@pytest.mark.req("AUD-1")
def test_every_change_is_in_the_holders_audit_chain(signer: Holder):
    suspend(signer)
    serial = signer.certificate.serial_number
    told = history(f"certificate:{serial}")
    assert [one.event for one in told] == [
        "certificates.certificate.enrolled",
        "certificates.certificate.confirmed",
        "certificates.certificate.suspended",
    ]
    assert {one.chain for one in told} == {"company:12345675"}
    assert told[-1].after["state"] == "SUSPENDED"
    assert told[-1].reason == "card lost"


@pytest.mark.req("CERT-8")
def test_list_is_numbered_without_gaps_and_valid_for_two_days(signer: Holder):
    suspend(signer)
    operations.publish_crl(now=NOW + timedelta(hours=1))
    lists = RevocationList.objects.filter(issuer__kind="ISSUING").order_by("number")
    assert [one.number for one in lists] == list(range(1, len(lists) + 1))
    newest = lists.last()
    assert newest.next_update - newest.this_update == timedelta(hours=48)


@pytest.mark.req("CERT-8")
def test_authority_is_made_once(signer: Holder):
    assert operations.prepare_authority(now=NOW) is False
