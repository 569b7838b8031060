"""What the bank hands out proves itself by plain openssl and the root alone (SIGN-4)."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from certificates import operations, queries
from certificates.formats.profiles import RevocationReason
from certificates.formats.statements import RequestReference
from kernel.canonical import sha256_hex
from tests.factories.authorities import run_openssl
from tests.factories.certificates import (
    NOW,
    Holder,
    accept,
    decision,
    make_signer,
    shown_and_unlocked,
)

pytestmark = [pytest.mark.django_db, pytest.mark.req("SIGN-4")]
REQUEST = "T20261122-00000001"


def verify(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the script of the folder as whoever received it would."""
    shell = shutil.which("sh")
    assert shell is not None
    return subprocess.run(
        [shell, "VERIFY.sh"], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.fixture
def folder(signer: Holder, tmp_path: Path) -> Path:
    """Return the evidence of a request signed by two people."""
    accept(signer, shown_and_unlocked(signer))
    second = make_signer()
    accept(second, shown_and_unlocked(second))
    target = tmp_path / "evidence"
    call_command("evidence", REQUEST, str(target), stdout=io.StringIO())
    return target


@pytest.mark.req("SIGN-1")
def test_every_signature_holds(folder: Path):
    result = verify(folder)
    assert result.returncode == 0, result.stderr
    assert "Every signature holds." in result.stdout
    assert result.stdout.count("subject=") == 2
    assert not list(folder.glob("*.who.pem"))


@pytest.mark.req("SIGN-1")
@pytest.mark.parametrize(
    ("old", "new"), [(b"1234567", b"1234568"), ("大同商行".encode(), "小同商行".encode())]
)
def test_changed_amount_or_payee_is_found(folder: Path, old: bytes, new: bytes):
    statement = folder / "decision-001.json"
    changed = statement.read_bytes().replace(old, new)
    assert changed != statement.read_bytes()
    statement.write_bytes(changed)
    result = verify(folder)
    assert result.returncode == 1
    assert "decision-001: NOT VALID" in result.stderr
    assert "decision-002: NOT VALID" not in result.stderr


def test_signature_of_another_person_under_this_name_is_found(folder: Path):
    for suffix in ("json", "p7s"):
        shutil.copy(folder / f"decision-002.{suffix}", folder / f"decision-001.{suffix}")
    result = verify(folder)
    assert result.returncode == 1
    assert "signed by another certificate" in result.stderr


def test_other_root_trusts_nothing(folder: Path):
    shutil.copy(folder / "issuing.pem", folder / "root.pem")
    assert verify(folder).returncode == 1


def test_signature_holds_after_its_certificate_was_revoked(signer: Holder, tmp_path: Path):
    accept(signer, shown_and_unlocked(signer))
    operations.revoke(
        serial_number=signer.certificate.serial_number, reason=RevocationReason.SUPERSEDED,
        actor=None, now=NOW + timedelta(seconds=30),
    )  # fmt: skip
    call_command("evidence", REQUEST, str(tmp_path / "later"), stdout=io.StringIO())
    assert verify(tmp_path / "later").returncode == 0


def test_list_published_between_signing_and_accepting_does_not_spoil_the_proof(
    signer: Holder, tmp_path: Path
):
    """The signature carries the list of its own time, not one from its future."""
    shown, other = shown_and_unlocked(signer), make_signer()
    later = NOW + timedelta(seconds=20)
    operations.suspend(serial_number=other.certificate.serial_number, actor=None, now=later)
    accept(signer, shown, at=NOW + timedelta(seconds=10), now=NOW + timedelta(seconds=30))
    call_command("evidence", REQUEST, str(tmp_path / "folder"), stdout=io.StringIO())
    assert verify(tmp_path / "folder").returncode == 0


@pytest.mark.req("CERT-8")
def test_signature_with_the_list_after_a_suspension_does_not_hold(signer: Holder, tmp_path: Path):
    """openssl refuses the certificate by the bank's newest list from the second it is on hold."""
    operations.suspend(serial_number=signer.certificate.serial_number, actor=None, now=NOW)
    certificate = bytes(signer.certificate.der)
    (tmp_path / "who.der").write_bytes(certificate)
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


def test_zip_holds_the_same_files_and_nothing_of_other_requests(signer: Holder, tmp_path: Path):
    accept(signer, shown_and_unlocked(signer))
    elsewhere = decision(
        request=RequestReference("T20261122-00000002", 1, sha256_hex(b"revision 1"))
    )
    accept(signer, shown_and_unlocked(signer, elsewhere), expected=elsewhere)
    call_command("evidence", REQUEST, str(tmp_path / "all.zip"), stdout=io.StringIO())
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        archive.extractall(tmp_path / "unpacked")
        assert {name: archive.read(name) for name in archive.namelist()} == queries.evidence(
            REQUEST
        )
        assert archive.getinfo("VERIFY.sh").external_attr >> 16 & 0o111
    assert sorted(queries.evidence(REQUEST)) == [
        "VERIFY.sh", "decision-001.json", "decision-001.p7s", "decision-001.pem",
        "decision-001.txt", "issuing.crl", "issuing.pem", "root.pem",
    ]  # fmt: skip
    assert verify(tmp_path / "unpacked").returncode == 0


def test_evidence_of_nothing_and_over_something_is_refused(folder: Path):
    with pytest.raises(CommandError, match="no signatures"):
        call_command("evidence", "T0", str(folder / "new"))
    with pytest.raises(CommandError, match="exists"):
        call_command("evidence", REQUEST, str(folder))
