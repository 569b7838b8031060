"""Outside certificates live by the same table; the list is not ours (CERT-11)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509

from certificates import operations
from certificates.errors import CertificateStateChanged
from certificates.errors.external import ExternalRefused
from certificates.models import Certificate, RevocationList
from certificates.states import CertificateState
from identity.models import User
from tests.certificates.outside_stories import LATER, SERIAL, bound
from tests.factories.certificates import (
    NOW,
    Holder,
    accept,
    enrolled,
    lift,
    make_holder,
    released,
    show,
)
from tests.factories.outside import OutsideAuthority, bind, take_list

pytestmark = [pytest.mark.django_db, pytest.mark.req("CERT-11")]


def suspend(holder: Holder) -> None:
    operations.suspend(serial_number=holder.certificate.serial_number, actor=None, now=NOW)


def test_its_suspension_is_lifted_by_letter_and_card(outside_signer: Holder):
    before = RevocationList.objects.count()
    suspend(outside_signer)
    lift(outside_signer)
    assert outside_signer.certificate.state == CertificateState.ACTIVE
    assert RevocationList.objects.count() == before
    accept(outside_signer, show(outside_signer))


def test_on_hold_it_ends_with_its_time(outside_signer: Holder):
    suspend(outside_signer)
    row = outside_signer.certificate
    after = row.not_after + timedelta(seconds=1)
    assert operations.expire_certificate(certificate_id=row.pk, now=after)
    assert Certificate.objects.get(pk=row.pk).state == CertificateState.EXPIRED


@pytest.mark.req("CERT-10", "AUTH-5")
@pytest.mark.parametrize("state", ["ACTIVE", "SUSPENDED", "UNSUSPENDING"])
def test_reported_lost_it_is_revoked_here_and_never_lifted(outside_signer: Holder, state: str):
    if state != "ACTIVE":
        suspend(outside_signer)
    if state == "UNSUSPENDING":
        released(outside_signer)
    before = RevocationList.objects.count()
    ended = operations.report_lost(actor=outside_signer.user, reason="taxi", now=NOW)
    row = outside_signer.certificate
    assert ended == row.state == CertificateState.REVOKED
    assert row.listed_reason == "KEY_COMPROMISE"
    assert RevocationList.objects.count() == before
    assert User.objects.get(pk=outside_signer.user.pk).must_change_password
    with pytest.raises(CertificateStateChanged):
        released(outside_signer)
    with pytest.raises(ExternalRefused):
        bind(make_holder().user, bytes(row.der))


def test_reported_lost_it_takes_what_waits_with_it(outside_signer: Holder):
    spare, _ = enrolled(make_holder_of(outside_signer))
    operations.report_lost(actor=outside_signer.user, reason="taxi", now=NOW)
    assert spare.certificate.state == CertificateState.REVOKED


def make_holder_of(signer: Holder) -> Holder:
    """Return the same person with a fresh key and nothing enrolled on it."""
    return Holder(signer.user, signer.session, make_holder().card)


@pytest.mark.req("CERT-5")
@pytest.mark.parametrize("both", [False, True])
def test_revoked_by_its_authority_it_takes_another_that_waits_with_it(
    accepted: OutsideAuthority, outside_signer: Holder, both: bool
):
    """The list that says so is taken, though the second is judged by it after it has ended."""
    spare = bound(accepted, outside_signer, serial=SERIAL + 1)
    named = [(SERIAL, x509.ReasonFlags.key_compromise)]
    if both:
        named.append((SERIAL + 1, x509.ReasonFlags.key_compromise))
    assert take_list(accepted.issuer, *named, now=LATER)
    for holder in (outside_signer, spare):
        assert holder.certificate.state == CertificateState.REVOKED
