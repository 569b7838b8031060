"""Who is above a certificate, and what follows when that one's key is out of reach."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from certificates import operations
from certificates.errors import KeyUnavailable, SignatureReason, SignatureRefused
from certificates.models import CertificateAuthority
from tests.factories.certificates import NOW, accept, make_signer, shown_and_unlocked


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("SIGN-2")
def test_certificate_put_under_another_authority_signs_nothing(superuser_cursor: psycopg.Cursor):
    """Above all triggers: the row says another issuer, the certificate itself does not."""
    signer = make_signer()
    operations.rotate_issuing_authority(now=NOW)
    second = CertificateAuthority.objects.get(reference="issuing-2")
    shown = shown_and_unlocked(signer)
    superuser_cursor.execute("SET session_replication_role = replica")
    superuser_cursor.execute(
        "UPDATE certificates_certificate SET issuer_id = %s WHERE id = %s",
        [second.pk, signer.certificate.pk],
    )
    with pytest.raises(SignatureRefused) as caught:
        accept(signer, shown)
    assert caught.value.reason is SignatureReason.WRONG_CERTIFICATE


@pytest.mark.django_db
@pytest.mark.req("SIGN-2")
def test_certificate_of_a_retired_authority_still_signs():
    signer = make_signer()
    operations.rotate_issuing_authority(now=NOW)
    assert accept(signer, shown_and_unlocked(signer)).crl_number > 0


@pytest.mark.django_db
@pytest.mark.req("CERT-8")
def test_a_retired_key_out_of_reach_stops_nobody_else(settings):
    """Its own list grows old; the authority in force goes on, and can even be replaced."""
    make_signer()
    operations.rotate_issuing_authority(now=NOW)
    first = CertificateAuthority.objects.get(reference="issuing-1")
    (Path(settings.PKI_KEY_DIRECTORY) / f"{first.key_reference}.pem").unlink()
    operations.keep_list_current(now=NOW + timedelta(days=1, minutes=1))
    assert operations.publish_crl(now=NOW + timedelta(days=2)) == 3
    assert first.revocation_lists.order_by("-number")[0].this_update < NOW
    assert operations.rotate_issuing_authority(now=NOW) == "issuing-3"
    assert operations.unusable_keys(now=NOW) == [first.key_reference]


@pytest.mark.django_db
@pytest.mark.req("CERT-8")
def test_without_its_key_the_authority_in_force_says_so(settings):
    signer = make_signer()
    authority = CertificateAuthority.objects.get(reference="issuing-1")
    (Path(settings.PKI_KEY_DIRECTORY) / f"{authority.key_reference}.pem").unlink()
    serial = signer.certificate.serial_number
    for act in (
        lambda: operations.publish_crl(now=NOW),
        lambda: operations.suspend(serial_number=serial, actor=None, now=NOW),
    ):
        with pytest.raises(KeyUnavailable):
            act()
    assert signer.certificate.state == "ACTIVE"
