"""A signature is accepted only by a certificate of the authority that its list speaks for."""

from __future__ import annotations

import psycopg
import pytest

from certificates import operations
from certificates.errors import SignatureReason, SignatureRefused
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
