"""The commands around the root and the service keys, and what they refuse."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError

from certificates.formats.ceremony import build_request, key_fingerprint, read_certificate
from certificates.formats.profiles import Service
from certificates.formats.signers import FileSigner
from tests.certificates.test_operations_succession import run
from tests.factories.authorities import run_openssl
from tests.factories.certificates import make_authority

pytestmark = [pytest.mark.django_db, pytest.mark.req("CERT-8")]


def test_service_keys_command_says_what_it_made():
    make_authority()
    assert "0 key(s) replaced." in run("rotate_service_keys")
    assert run("rotate_service_keys", "--all").count("New key:") == len(Service)
    assert '"made": ["ocsp-' in run("rotate_service_keys", "--all", "--json")


def test_commands_say_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ROOT_KEY_PASSPHRASE", "short")
    key, nothing = str(tmp_path / "k.pem"), str(tmp_path / "nothing.pem")
    with pytest.raises(CommandError, match="12 characters"):
        run("make_root", "--key", key)
    with pytest.raises(CommandError, match="尚未就緒"):
        run("rotate_issuing_authority")
    with pytest.raises(CommandError, match="cannot be read"):
        run("rotate_issuing_authority", "--certificate", nothing)
    with pytest.raises(CommandError, match="Say what to sign"):
        run("sign_with_root")
    with pytest.raises(CommandError, match="belong together"):
        run("sign_with_root", "--request", nothing)
    with pytest.raises(CommandError, match="--name"):
        run("sign_with_root", "--request", nothing, "--certificate", nothing)
    with pytest.raises(CommandError, match="--fingerprint"):
        run("sign_with_root", "--request", nothing, "--certificate", nothing, "--name", "x")


def test_root_is_made_without_a_database_and_never_over_another(tmp_path: Path):
    """As on the offline machine: no variable of the bank's is set, nothing answers anywhere."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
        "DJANGO_SETTINGS_MODULE": "corpbank.settings.offline",
        "ROOT_KEY_PASSPHRASE": "the passphrase of the safe",
        "BANK_NAME": "Bank of Tests",
    }

    def offline(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "django", *words], env=environment, cwd=tmp_path,
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    made = offline("make_root")
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "root-key.pem").stat().st_mode & 0o777 == 0o600
    root = read_certificate((tmp_path / "root.pem").read_bytes())
    assert "Bank of Tests Root CA" in root.subject.rfc4514_string()
    key = (tmp_path / "root-key.pem").read_bytes()
    again = offline("make_root")
    assert again.returncode == 1
    assert "is there already" in again.stderr
    assert (tmp_path / "root-key.pem").read_bytes() == key
    signer = FileSigner.generate()
    (tmp_path / "1.csr").write_bytes(build_request(signer=signer, name="x"))
    words = ("--request", "1.csr", "--certificate", "1.pem", "--name", "Bank of Tests Issuing CA")
    fingerprint = key_fingerprint(signer.public_key())
    other = key_fingerprint(FileSigner.generate().public_key())
    exchanged = offline("sign_with_root", *words, "--fingerprint", other)
    assert exchanged.returncode == 1
    assert "another key" in exchanged.stderr
    assert fingerprint not in exchanged.stderr, "nobody copies it from the request itself"
    assert not (tmp_path / "1.pem").exists()
    signed = offline("sign_with_root", *words, "--fingerprint", fingerprint)
    assert signed.returncode == 0, signed.stderr
    assert fingerprint in signed.stdout
    told = run_openssl(tmp_path, "verify -x509_strict -CAfile root.pem 1.pem")
    assert told.stdout.strip() == "1.pem: OK"
    environment["ROOT_KEY_PASSPHRASE"] = "another passphrase"
    assert "cannot be opened" in offline("sign_with_root", "--list", "next.crl").stderr
