"""The authority's whole life: an offline root, one issuing authority after another (CERT-8)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pkcs11
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from django.core.management import call_command

from audit.queries import history
from certificates import gateways, operations, queries
from certificates.errors import AuthorityMissing, AuthorityReason, AuthorityRefused
from certificates.formats.authority import build_issuing_authority, build_root
from certificates.formats.ceremony import (
    build_request,
    build_root_list,
    check_authority,
    read_certificate,
    read_request_key,
    read_root_list,
    to_pem,
)
from certificates.formats.ocsp import CertificateStatus, read_answer
from certificates.formats.profiles import Issuer, Service
from certificates.formats.signers import FileSigner
from certificates.models import (
    CertificateAuthority,
    RevocationList,
    ServiceKey,
    Signature,
)
from certificates.operations.services import newest_service_key
from kernel import clock, ids
from tests.certificates.test_operations_ocsp import serial_of
from tests.factories.authorities import TestAuthority, run_openssl
from tests.factories.certificates import (
    NOW,
    Holder,
    accept,
    lift,
    make_authority,
    make_signer,
    shown_and_unlocked,
)
from tests.factories.tokens import PIN, empty_token

pytestmark = [pytest.mark.django_db, pytest.mark.req("CERT-8")]
WEEK = timedelta(days=7)


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


@pytest.fixture(params=["file", "pkcs11"])
def kept(
    request: pytest.FixtureRequest, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """Keep the authority's keys in files, or inside a SoftHSM token."""
    monkeypatch.setenv("ROOT_KEY_PASSPHRASE", "the passphrase of the safe")
    settings.PKI_KEYS = request.param
    settings.PKI_KEY_DIRECTORY = str(tmp_path / "keys")
    if request.param == "file":
        yield request.param
        return
    settings.PKCS11_TOKEN_LABEL = label = f"authority-{ids.token(6)}"
    settings.PKCS11_PIN = PIN
    with empty_token(tmp_path, label) as module:
        settings.PKCS11_MODULE = module
        pkcs11.lib(module).reinitialize()
        yield request.param


@dataclass
class Safe:
    """The offline root's folder, and what is carried to it and back."""

    folder: Path
    kept: str
    key: str = ""

    def path(self, name: str) -> str:
        return str(self.folder / name)

    def make_root(self) -> None:
        where = "pkcs11" if self.kept == "pkcs11" else self.path("root-key.pem")
        told = run(
            "make_root", "--key", where, "--certificate", self.path("root.pem"),
            "--list", self.path("root.crl"),
        )  # fmt: skip
        self.key = told.splitlines()[0].rpartition(" ")[2]

    def certify(self, number: int) -> str:
        request, certificate = self.path(f"{number}.csr"), self.path(f"{number}.pem")
        told = run("rotate_issuing_authority", "--request", request)
        name = told.partition("--name '")[2].partition("'")[0]
        read_out = told.partition("SHA-256 of its public key: ")[2].split("\n")[0]
        run(
            "sign_with_root", "--key", self.key, "--root", self.path("root.pem"),
            "--request", request, "--certificate", certificate, "--name", name,
            "--fingerprint", read_out,
        )  # fmt: skip
        return certificate

    def verifies(self, signature: Signature) -> str:
        """Return what plain openssl says of a signature with nothing but the root: '' when well."""
        at = str(int(signature.signed_at.timestamp()))
        (self.folder / "decision.p7s").write_bytes(bytes(signature.cms))
        (self.folder / "decision.json").write_bytes(bytes(signature.sign_request.statement))
        told = run_openssl(
            self.folder, "cms -verify -cades -crl_check -binary -inform DER -in decision.p7s",
            "-content decision.json -CAfile root.pem -purpose any -out /dev/null -attime", at,
        )  # fmt: skip
        return "" if told.returncode == 0 else told.stderr

    def says_list(self, authority: CertificateAuthority, leaf: bytes) -> str:
        """Return what openssl says of a certificate by its authority's newest list."""
        (self.folder / "issuing.pem").write_bytes(to_pem(bytes(authority.certificate_der)))
        (self.folder / "leaf.pem").write_bytes(to_pem(leaf))
        (self.folder / "list.crl").write_bytes(queries.latest_crl(authority.reference))
        told = run_openssl(
            self.folder, "verify -crl_check -CAfile root.pem -untrusted issuing.pem",
            "-CRLfile list.crl leaf.pem",
        )  # fmt: skip
        return "good" if told.returncode == 0 else told.stderr + told.stdout


def authority_of(holder: Holder) -> CertificateAuthority:
    issuer = holder.certificate.issuer
    assert issuer is not None
    return issuer


def signed_by(holder: Holder, now: datetime) -> Signature:
    shown = shown_and_unlocked(holder, now=now)
    return Signature.objects.get(pk=accept(holder, shown, now=now).id)


def told_of(holder: Holder, now: datetime) -> CertificateStatus:
    (one,) = read_answer(operations.good_answer(holder.certificate.pk, now))
    return one.status


@pytest.mark.req("SIGN-4")
def test_whole_life_of_the_authority(kept: str, tmp_path: Path):
    """Root made offline, first authority, a signature, rotation, old and new both go on."""
    safe = Safe(tmp_path, kept)
    safe.make_root()
    first = safe.certify(1)
    taken = ("--root", safe.path("root.pem"), "--root-list", safe.path("root.crl"))
    told = run("rotate_issuing_authority", "--certificate", first, *taken)
    assert "issuing-1 issues from now on." in told
    root = CertificateAuthority.objects.get(kind="ROOT")
    assert root.key_reference is None
    now = clock.now()
    old = make_signer(now=now)
    before = signed_by(old, now)
    assert safe.verifies(before) == ""

    run("rotate_issuing_authority", "--certificate", safe.certify(2))
    states = CertificateAuthority.objects.filter(kind="ISSUING").order_by("pk")
    assert [(one.reference, one.state) for one in states] == [
        ("issuing-1", "RETIRED"), ("issuing-2", "CURRENT"),
    ]  # fmt: skip
    now = clock.now()
    new = make_signer(now=now)
    assert authority_of(old).reference == "issuing-1"
    assert authority_of(new).reference == "issuing-2"
    assert safe.verifies(before) == ""
    for holder in (old, new):
        assert safe.verifies(signed_by(holder, now)) == ""
        assert told_of(holder, now) == CertificateStatus.GOOD

    # The retired authority's list goes on telling, and so does the new one's; each its own.
    for holder, other in ((old, new), (new, old)):
        der = bytes(holder.certificate.der)
        assert safe.says_list(authority_of(holder), der) == "good"
        operations.suspend(serial_number=holder.certificate.serial_number, actor=None, now=now)
        assert "certificate revoked" in safe.says_list(authority_of(holder), der)
        crl = x509.load_der_x509_crl(queries.latest_crl(authority_of(other).reference))
        assert crl.get_revoked_certificate_by_serial_number(serial_of(holder)) is None
        lift(holder, now)
        assert safe.says_list(authority_of(holder), der) == "good"

    # The first authority's certificate is withdrawn by the root's next list.
    run(
        "sign_with_root", "--key", safe.key, "--root", safe.path("root.pem"),
        "--list", safe.path("next.crl"), "--previous", safe.path("root.crl"), "--revoke", first,
    )  # fmt: skip
    assert "list 2 is published" in run("rotate_issuing_authority", "--root-list",
                                        safe.path("next.crl"))  # fmt: skip
    (tmp_path / "root.crl.now").write_bytes(queries.latest_crl("root-1"))
    for number, revoked in ((1, True), (2, False)):
        told = run_openssl(
            tmp_path, f"verify -crl_check -CAfile root.pem -CRLfile root.crl.now {number}.pem"
        )
        assert ("certificate revoked" in told.stderr) is revoked
    if kept == "pkcs11":
        assert not (tmp_path / "keys").exists(), "no key of the authority lies in a file"


def test_private_keys_are_where_they_belong(kept: str, tmp_path: Path):
    make_authority()
    references = [
        *CertificateAuthority.objects.values_list("key_reference", flat=True),
        *ServiceKey.objects.values_list("key_reference", flat=True),
    ]
    assert len(set(references)) == 2 + len(Service)
    assert {one.startswith("pkcs11:") for one in references} == {kept == "pkcs11"}
    if kept == "file":
        for reference in references:
            content = (tmp_path / "keys" / f"{reference}.pem").read_bytes()
            assert content.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")


def test_keys_move_from_files_into_a_token_by_rotation(settings: Any, tmp_path: Path):
    """The old authority's key stays in its file and goes on publishing; the new is in the token."""
    settings.PKI_KEY_DIRECTORY = str(tmp_path / "keys")
    old = make_signer()
    settings.PKI_KEYS, settings.PKCS11_PIN = "pkcs11", PIN
    settings.PKCS11_TOKEN_LABEL = label = f"authority-{ids.token(6)}"
    with empty_token(tmp_path, label) as module:
        settings.PKCS11_MODULE = module
        pkcs11.lib(module).reinitialize()
        operations.rotate_issuing_authority(now=NOW)
        new = make_signer()
        for holder in (old, new):
            operations.suspend(serial_number=holder.certificate.serial_number, actor=None, now=NOW)
            crl = x509.load_der_x509_crl(queries.latest_crl(authority_of(holder).reference))
            assert crl.get_revoked_certificate_by_serial_number(serial_of(holder)) is not None
        kept = {one.reference: one.key_reference for one in CertificateAuthority.objects.all()}
        assert not kept["issuing-1"].startswith("pkcs11:")
        assert kept["issuing-2"].startswith("pkcs11:")
        gateways.token()._session.close()
        assert operations.publish_crl(now=NOW) > 0


def test_retired_authority_tells_until_its_last_certificate_has_ended():
    old = make_signer()
    first = authority_of(old)
    operations.rotate_issuing_authority(now=NOW)

    def lists() -> int:
        return RevocationList.objects.filter(issuer=first).count()

    before = lists()
    operations.publish_crl(now=NOW + WEEK)
    operations.keep_list_current(now=NOW + 2 * WEEK)
    assert lists() == before + 2
    assert len(operations.rotate_service_keys(now=NOW + 2 * WEEK, every=True)) == 2 * len(Service)
    ended = old.certificate.not_after + timedelta(seconds=1)
    operations.publish_crl(now=ended)
    assert lists() == before + 2
    assert len(operations.rotate_service_keys(now=ended)) == len(Service)


def test_newest_list_of_the_signers_own_authority_is_in_the_signature():
    old = make_signer()
    operations.rotate_issuing_authority(now=NOW)
    new = make_signer()
    for holder in (old, new):
        signature = signed_by(holder, NOW)
        lists = RevocationList.objects.filter(issuer=authority_of(holder))
        assert signature.crl_number == lists.order_by("-number")[0].number


@pytest.fixture
def prepared() -> Issuer:
    """Return the bank's root with its key, of an authority made here."""
    make_authority()
    return operations.issuer_of(operations.current_authority("ROOT"))


def refused(reason: AuthorityReason, certificate: bytes, **more: bytes) -> bool:
    with pytest.raises(AuthorityRefused) as caught:
        operations.accept_issuing_authority(certificate=certificate, now=NOW, **more)
    return caught.value.reason is reason


def test_only_an_authority_of_the_banks_own_root_is_accepted(
    prepared: Issuer, authority: TestAuthority
):
    _, request = operations.request_issuing_authority(now=NOW)
    key = read_request_key(request)
    made = {"public_key": key, "name": "Next", "now": NOW - WEEK}
    foreign = build_issuing_authority(root=authority.root, **made)
    assert refused(AuthorityReason.ANOTHER_ROOT, foreign)
    assert refused(AuthorityReason.ANOTHER_ROOT, foreign, root=authority.root.certificate)
    assert refused(AuthorityReason.UNREADABLE, b"no certificate")
    old = build_issuing_authority(root=prepared, lifetime=timedelta(days=1), **made)
    assert refused(AuthorityReason.OUT_OF_TIME, old)
    assert refused(AuthorityReason.NO_AUTHORITY, prepared.certificate)
    leaf = operations.issuer_of(operations.current_authority())
    assert refused(AuthorityReason.ANOTHER_ROOT, bytes(make_signer().certificate.der))
    assert CertificateAuthority.objects.get(kind="ISSUING").certificate_der == leaf.certificate
    good = build_issuing_authority(root=prepared, **made)
    assert operations.accept_issuing_authority(certificate=good, now=NOW) == "issuing-2"


def test_authority_whose_key_is_not_here_is_not_put_into_force(prepared: Issuer):
    elsewhere = build_issuing_authority(
        root=prepared, public_key=FileSigner.generate().public_key(), name="X", now=NOW
    )
    with pytest.raises(Exception, match="無法使用憑證機構的金鑰") as caught:
        operations.accept_issuing_authority(certificate=elsewhere, now=NOW)
    assert caught.value.status == 503
    assert CertificateAuthority.objects.get(kind="ISSUING").state == "CURRENT"


def test_root_comes_first_and_is_a_root(authority: TestAuthority):
    with pytest.raises(AuthorityMissing):
        operations.accept_issuing_authority(certificate=authority.issuer.certificate, now=NOW)
    for no_root in (authority.issuer.certificate,):
        issuing = authority.issuer.certificate
        assert refused(AuthorityReason.NO_AUTHORITY, issuing, root=no_root)
    late = NOW + timedelta(days=30 * 365)
    with pytest.raises(AuthorityRefused) as caught:
        operations.accept_issuing_authority(
            certificate=authority.issuer.certificate, root=authority.root.certificate, now=late
        )
    assert caught.value.reason is AuthorityReason.OUT_OF_TIME
    assert not CertificateAuthority.objects.exists()


def test_roots_list_only_goes_forward(prepared: Issuer, authority: TestAuthority):
    now = NOW.replace(microsecond=0)
    second = build_root_list(root=prepared, now=now, previous=queries.latest_crl("root-1"))
    assert operations.accept_root_list(root_list=second, now=NOW) == 2
    foreign = build_root_list(root=authority.root, now=now, previous=None)
    for stale, reason in (
        (second, AuthorityReason.STALE_LIST),
        (foreign, AuthorityReason.ANOTHER_ROOT),
        (b"no list", AuthorityReason.UNREADABLE),
    ):
        with pytest.raises(AuthorityRefused) as caught:
            operations.accept_root_list(root_list=stale, now=NOW)
        assert caught.value.reason is reason


def test_roots_list_keeps_whom_it_named(authority: TestAuthority):
    now = NOW.replace(microsecond=0)
    first = build_root_list(root=authority.root, now=now, revoked=[7])
    second = build_root_list(root=authority.root, now=now + WEEK, previous=first, revoked=[7, 8])
    told = read_root_list(second, root=authority.root.certificate)
    assert (told.number, told.entries) == (2, 2)
    assert told.next_update - told.this_update == timedelta(days=365)
    crl = x509.load_der_x509_crl(second)
    assert crl.get_revoked_certificate_by_serial_number(7).revocation_date_utc == now


def test_request_proves_possession_and_gives_nothing_but_its_key():
    signer = FileSigner.generate()
    pem = build_request(signer=signer, name="Someone Else's CA")
    assert read_request_key(pem) == signer.public_key()
    assert read_request_key(x509.load_pem_x509_csr(pem).public_bytes(Encoding.DER))
    der = bytearray(x509.load_pem_x509_csr(pem).public_bytes(Encoding.DER))
    der[-1] ^= 1
    for broken in (bytes(der), b"", b"-----BEGIN nothing"):
        with pytest.raises(AuthorityRefused):
            read_request_key(broken)


def test_check_wants_a_limited_authority(authority: TestAuthority):
    other = FileSigner.generate(ec.SECP384R1())
    root = build_root(signer=other, name="R", now=NOW)
    with pytest.raises(AuthorityRefused) as caught:
        check_authority(read_certificate(root), root=root, now=NOW)
    assert caught.value.reason is AuthorityReason.NO_AUTHORITY


def test_service_keys_are_replaced_before_they_end():
    holder = make_signer()
    authority = authority_of(holder)

    def newest(service: Service) -> ServiceKey:
        found = newest_service_key(authority.pk, service)
        assert found is not None
        return found

    first = {service: newest(service).pk for service in Service}
    assert operations.rotate_service_keys(now=NOW) == []
    soon = newest(Service.OCSP_RESPONDER).not_after - timedelta(days=29)
    assert len(operations.rotate_service_keys(now=soon)) == len(Service)
    for service in Service:
        assert newest(service).pk != first[service]
        assert newest(service).not_after > soon + timedelta(days=300)
    assert told_of(holder, soon) == CertificateStatus.GOOD
    told = history("authority:services")
    assert [one.event for one in told] == ["certificates.service_keys.rotated"]
