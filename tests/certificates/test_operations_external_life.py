"""Outside certificates live by the same table; the list is not ours (CERT-11)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from certificates import operations
from certificates.models import Certificate, RevocationList
from certificates.states import CertificateState
from tests.factories.certificates import NOW, Holder, accept, lift, show

pytestmark = [pytest.mark.django_db, pytest.mark.req("CERT-11")]


def suspend(holder: Holder) -> None:
    operations.suspend(serial_number=holder.certificate.serial_number, actor=None, now=NOW)


def test_its_suspension_is_lifted_by_letter_and_card(outside_signer: Holder) -> None:
    signer = outside_signer
    before = RevocationList.objects.count()
    suspend(signer)
    lift(signer)
    assert signer.certificate.state == CertificateState.ACTIVE
    assert RevocationList.objects.count() == before
    accept(signer, show(signer))


def test_on_hold_it_ends_with_its_time(outside_signer: Holder) -> None:
    suspend(outside_signer)
    row = outside_signer.certificate
    after = row.not_after + timedelta(seconds=1)
    assert operations.expire_certificate(certificate_id=row.pk, now=after)
    assert Certificate.objects.get(pk=row.pk).state == CertificateState.EXPIRED
