"""Answers about certificates' states, as openssl and cryptography read them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from hypothesis import given, strategies as st

from certificates.formats import der as encoding
from certificates.formats.authority import build_service_certificate
from certificates.formats.ocsp import (
    CERTIFICATES_MAXIMUM,
    NONCE_MAXIMUM,
    CertificateStatus,
    Refusal,
    Responder,
    Telling,
    build_answer,
    build_answers,
    build_refusal,
    certificate_identifier,
    is_about,
    read_answer,
    read_question,
)
from certificates.formats.profiles import RevocationReason, Service
from certificates.formats.signers import FileSigner
from tests.factories.authorities import NOW, TestAuthority, make_authority, run_openssl, to_pem
from tests.factories.cards import TestCard

pytestmark = pytest.mark.req("CERT-8")
AT = str(int((NOW + timedelta(minutes=1)).timestamp()))
LATER = NOW + timedelta(minutes=10)
STATUSES = {
    CertificateStatus.GOOD: "leaf.pem: good",
    CertificateStatus.REVOKED: "leaf.pem: revoked",
    CertificateStatus.UNKNOWN: "leaf.pem: unknown",
}


HASHES = {
    "sha1": hashes.SHA1(),  # noqa: S303 - what clients name certificates by
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
SERIAL = 0xF0E1D2C3


def asking(authority: TestAuthority, hash_name: str = "sha1") -> ocsp.OCSPRequestBuilder:
    leaf, issuer = (
        x509.load_der_x509_certificate(der)
        for der in (authority.certify(TestCard(), serial=SERIAL), authority.issuer.certificate)
    )
    return ocsp.OCSPRequestBuilder().add_certificate(leaf, issuer, HASHES[hash_name])


def make_responder(authority: TestAuthority, signer: FileSigner | None = None) -> Responder:
    signer = signer or FileSigner.generate()
    certificate = build_service_certificate(
        issuer=authority.issuer, public_key=signer.public_key(), service=Service.OCSP_RESPONDER,
        name="Test OCSP", now=NOW,
    )  # fmt: skip
    return Responder(certificate, signer)


def told(authority: TestAuthority, leaf: bytes, status: CertificateStatus, **more) -> bytes:
    serial = x509.load_der_x509_certificate(leaf).serial_number
    if status is CertificateStatus.REVOKED:
        more = {"revoked_at": NOW, "reason": RevocationReason.CERTIFICATE_HOLD} | more
    values = {"responder": make_responder(authority)} | more
    return build_answer(
        issuer=authority.issuer.certificate, serial=serial, status=status,
        this_update=NOW, next_update=LATER, **values,
    )  # fmt: skip


def openssl_reads(directory: Path, authority: TestAuthority, leaf: bytes, answer: bytes):
    (directory / "root.pem").write_bytes(to_pem(authority.root.certificate))
    (directory / "issuing.pem").write_bytes(to_pem(authority.issuer.certificate))
    (directory / "leaf.pem").write_bytes(to_pem(leaf))
    (directory / "answer.der").write_bytes(answer)
    return run_openssl(
        directory,
        "ocsp -respin answer.der -issuer issuing.pem -cert leaf.pem -CAfile root.pem",
        "-verify_other issuing.pem -no_nonce -validity_period 315360000 -attime", AT,
    )  # fmt: skip


@pytest.mark.parametrize("status", list(CertificateStatus))
def test_openssl_reads_each_status(tmp_path, authority, status):
    leaf = authority.certify(TestCard())
    read = openssl_reads(tmp_path, authority, leaf, told(authority, leaf, status))
    assert read.returncode == 0, read.stderr
    assert "Response verify OK" in read.stderr
    assert STATUSES[status] in read.stdout


@pytest.mark.parametrize(
    ("reason", "name"),
    [
        (RevocationReason.UNSPECIFIED, None),
        (RevocationReason.KEY_COMPROMISE, "keyCompromise"),
        (RevocationReason.AFFILIATION_CHANGED, "affiliationChanged"),
        (RevocationReason.SUPERSEDED, "superseded"),
        (RevocationReason.CESSATION_OF_OPERATION, "cessationOfOperation"),
        (RevocationReason.CERTIFICATE_HOLD, "certificateHold"),
        (RevocationReason.PRIVILEGE_WITHDRAWN, "(UNKNOWN)"),  # RFC 5280's 9; openssl lacks its name
    ],
)
def test_openssl_reads_each_reason_and_its_time(tmp_path, authority, reason, name):
    leaf = authority.certify(TestCard())
    answer = told(authority, leaf, CertificateStatus.REVOKED, reason=reason)
    read = openssl_reads(tmp_path, authority, leaf, answer)
    assert "Revocation Time: Nov 20 02:30:00 2026 GMT" in read.stdout
    assert (f"Reason: {name}" in read.stdout) if name else ("Reason:" not in read.stdout)


def test_an_answer_by_a_key_the_authority_did_not_delegate_to_is_refused(tmp_path, authority):
    leaf = authority.certify(TestCard())
    forged = told(
        authority, leaf, CertificateStatus.GOOD, responder=make_responder(make_authority())
    )
    assert openssl_reads(tmp_path, authority, leaf, forged).returncode != 0
    borrowed = Responder(make_responder(authority).certificate, FileSigner.generate())
    forged = told(authority, leaf, CertificateStatus.GOOD, responder=borrowed)
    assert openssl_reads(tmp_path, authority, leaf, forged).returncode != 0


def test_a_holder_cannot_answer_for_the_authority(tmp_path, authority):
    card = TestCard()
    leaf = authority.certify(card)
    holder = Responder(leaf, FileSigner(card.private_key))
    forged = told(authority, leaf, CertificateStatus.GOOD, responder=holder)
    assert openssl_reads(tmp_path, authority, leaf, forged).returncode != 0


def test_an_answer_about_another_certificate_says_nothing(tmp_path, authority):
    leaf, other = authority.certify(TestCard()), authority.certify(TestCard())
    read = openssl_reads(tmp_path, authority, leaf, told(authority, other, CertificateStatus.GOOD))
    assert ": good" not in read.stdout


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1()])
def test_both_curves_answer(tmp_path, authority, curve):
    leaf = authority.certify(TestCard())
    responder = make_responder(authority, FileSigner.generate(curve))
    answer = told(authority, leaf, CertificateStatus.GOOD, responder=responder)
    assert openssl_reads(tmp_path, authority, leaf, answer).returncode == 0


def test_every_second_reader_agrees(authority):
    leaf = x509.load_der_x509_certificate(authority.certify(TestCard()))
    der = told(
        authority, leaf.public_bytes(Encoding.DER), CertificateStatus.REVOKED, nonce=b"x" * 32
    )
    (mine,) = read_answer(der)
    theirs = ocsp.load_der_ocsp_response(der)
    assert mine.serial == theirs.serial_number == leaf.serial_number
    assert (mine.status, mine.revoked_at) == (CertificateStatus.REVOKED, NOW)
    assert (mine.this_update, mine.next_update) == (NOW, LATER)
    assert mine.nonce == b"x" * 32
    assert theirs.revocation_reason == x509.ReasonFlags.certificate_hold


@pytest.mark.parametrize("hash_name", ["sha1", "sha256", "sha384", "sha512"])
@pytest.mark.parametrize("nonce", [None, b"n", b"n" * NONCE_MAXIMUM])
def test_question_is_read_whatever_hash_names_the_certificate(authority, hash_name, nonce):
    builder = asking(authority, hash_name)
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    question = read_question(builder.build().public_bytes(Encoding.DER))
    assert (question.serials, question.nonce) == ((SERIAL,), nonce)
    (asked,) = question.asked
    assert is_about(asked, authority.issuer.certificate)
    assert not is_about(asked, authority.root.certificate)
    same = certificate_identifier(authority.issuer.certificate, SERIAL, hash_name=hash_name)
    assert read_question_of(same).asked[0].serial == SERIAL
    assert is_about(read_question_of(same).asked[0], authority.issuer.certificate)


def read_question_of(*identifiers: bytes):
    requests = [encoding.sequence(identifier) for identifier in identifiers]
    return read_question(encoding.sequence(encoding.sequence(encoding.sequence(*requests))))


def test_openssls_question_about_two_certificates_gets_one_answer(tmp_path, authority):
    leaves = [authority.certify(TestCard()) for _ in range(2)]
    for number, leaf in enumerate(leaves):
        (tmp_path / f"{number}.pem").write_bytes(to_pem(leaf))
    (tmp_path / "issuing.pem").write_bytes(to_pem(authority.issuer.certificate))
    (tmp_path / "root.pem").write_bytes(to_pem(authority.root.certificate))
    asking = "ocsp -issuer issuing.pem -cert 0.pem -cert 1.pem"
    assert run_openssl(tmp_path, asking, "-reqout question.der").returncode == 0
    question = read_question((tmp_path / "question.der").read_bytes())
    assert question.nonce is not None
    statuses = (CertificateStatus.GOOD, CertificateStatus.UNKNOWN)
    pairs = zip(question.asked, statuses, strict=True)
    answer = build_answers(
        told=[Telling(asked.identifier, status) for asked, status in pairs],
        this_update=NOW, next_update=LATER, responder=make_responder(authority),
        nonce=question.nonce,
    )  # fmt: skip
    (tmp_path / "answer.der").write_bytes(answer)
    read = run_openssl(
        tmp_path, "ocsp -respin answer.der -issuer issuing.pem -cert 0.pem -cert 1.pem",
        "-no_nonce -CAfile root.pem -verify_other issuing.pem",
        "-validity_period 315360000 -attime", AT,
    )  # fmt: skip
    assert read.returncode == 0, read.stderr
    assert "0.pem: good" in read.stdout
    assert "1.pem: unknown" in read.stdout
    assert {one.nonce for one in read_answer(answer)} == {question.nonce}


@given(st.binary(max_size=200))
def test_bytes_that_are_no_question_are_refused(data):
    with pytest.raises(ValueError, match=r".*"):
        read_question(data)


def test_too_much_is_refused(authority):
    identifier = certificate_identifier(authority.issuer.certificate, 7)
    assert len(read_question_of(*[identifier] * CERTIFICATES_MAXIMUM).asked) == CERTIFICATES_MAXIMUM
    with pytest.raises(ValueError, match="too many"):
        read_question_of(*[identifier] * (CERTIFICATES_MAXIMUM + 1))
    with pytest.raises(ValueError, match="too long"):
        read_question(b"0" * 5000)


@pytest.mark.parametrize("nonce", [b"", b"n" * (NONCE_MAXIMUM + 1)])
def test_a_nonce_has_its_size(authority, nonce):
    builder = asking(authority)
    asked = builder.add_extension(x509.OCSPNonce(nonce), critical=False).build()
    with pytest.raises(ValueError, match="nonce"):
        read_question(asked.public_bytes(Encoding.DER))


def test_what_a_question_insists_on_is_not_passed_over(authority):
    builder = asking(authority)
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    for critical in (False, True):
        der = builder.add_extension(unknown, critical=critical).build().public_bytes(Encoding.DER)
        if not critical:
            assert read_question(der).nonce is None
            continue
        with pytest.raises(ValueError, match="insists"):
            read_question(der)


@pytest.mark.parametrize(
    ("refusal", "status"),
    [
        (Refusal.MALFORMED, ocsp.OCSPResponseStatus.MALFORMED_REQUEST),
        (Refusal.INTERNAL, ocsp.OCSPResponseStatus.INTERNAL_ERROR),
        (Refusal.TRY_LATER, ocsp.OCSPResponseStatus.TRY_LATER),
        (Refusal.UNAUTHORIZED, ocsp.OCSPResponseStatus.UNAUTHORIZED),
    ],
)
def test_a_refusal_says_why_and_nothing_else(refusal, status):
    der = build_refusal(refusal)
    assert ocsp.load_der_ocsp_response(der).response_status is status
    assert read_answer(der) == []


def test_a_revocation_has_its_time(authority):
    with pytest.raises(ValueError, match="some time"):
        told(authority, authority.certify(TestCard()), CertificateStatus.REVOKED, revoked_at=None)
