"""Before a signature is believed, openssl asks the bank's own list about its certificate."""

from __future__ import annotations

from pathlib import Path

import pytest

from certificates import operations, queries
from certificates.models import Signature
from tests.factories.authorities import run_openssl
from tests.factories.certificates import NOW, Holder, accept, shown_and_unlocked

pytestmark = [pytest.mark.django_db, pytest.mark.req("CERT-8")]


def test_signature_with_the_list_after_a_suspension_does_not_hold(signer: Holder, tmp_path: Path):
    """openssl refuses the certificate by the bank's newest list from the second it is on hold."""
    operations.suspend(serial_number=signer.certificate.serial_number, actor=None, now=NOW)
    (tmp_path / "who.der").write_bytes(bytes(signer.certificate.der))
    run_openssl(tmp_path, "x509", "-inform", "DER", "-in", "who.der", "-out", "who.pem")
    (tmp_path / "root.pem").write_bytes(queries.root_pem())
    (tmp_path / "issuing.pem").write_bytes(queries.issuing_pem())
    (tmp_path / "now.crl").write_bytes(queries.latest_crl())
    run_openssl(tmp_path, "crl", "-inform", "DER", "-in", "now.crl", "-out", "now.pem")
    result = run_openssl(
        tmp_path, "verify", "-crl_check", "-CAfile", "root.pem", "-untrusted", "issuing.pem",
        "-CRLfile", "now.pem", "-attime", str(int(NOW.timestamp()) + 1), "who.pem",
    )  # fmt: skip
    assert result.returncode != 0
    assert "certificate revoked" in result.stderr


@pytest.mark.req("SIGN-4")
def test_signature_keeps_the_answer_good_that_openssl_verifies(signer: Holder, tmp_path: Path):
    """After a suspension the responder says something else; the stored answer stays as it was."""
    accept(signer, shown_and_unlocked(signer))
    operations.suspend(serial_number=signer.certificate.serial_number, actor=None, now=NOW)
    stored = Signature.objects.latest("pk")
    (tmp_path / "answer.der").write_bytes(bytes(stored.ocsp_der or b""))
    (tmp_path / "who.der").write_bytes(bytes(signer.certificate.der))
    run_openssl(tmp_path, "x509", "-inform", "DER", "-in", "who.der", "-out", "who.pem")
    (tmp_path / "root.pem").write_bytes(queries.root_pem())
    (tmp_path / "ca.pem").write_bytes(queries.issuing_pem())
    result = run_openssl(
        tmp_path, "ocsp -respin answer.der -issuer ca.pem -cert who.pem -CAfile root.pem",
        "-verify_other ca.pem -no_nonce -validity_period 315360000",
        f"-attime {int(NOW.timestamp())}",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert "who.pem: good" in result.stdout


@pytest.mark.req("CERT-2")
def test_the_proof_of_possession_comes_before_anybody_answers_good(signer: Holder):
    """The challenge is signed while the certificate is not yet in force: no answer goes with it."""
    assert Signature.objects.get(certificate=signer.certificate).ocsp_der is None
