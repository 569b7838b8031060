"""Time stamps by RFC 3161: what we write openssl verifies, what openssl writes we verify."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from certificates.errors import TimeStampReason, TimeStampRefused
from certificates.formats.authority import build_service_certificate
from certificates.formats.profiles import Service
from certificates.formats.signers import FileSigner
from certificates.formats.timestamps import (
    TimeStampQuestion,
    build_answer,
    build_question,
    check_answer,
    read_question,
)
from tests.factories.authorities import NOW, TestAuthority, make_authority, run_openssl, to_pem
from tests.factories.stamping import Stamper, make_stamper, openssl_stamps

pytestmark = pytest.mark.req("SIGN-4")
DATA = "簽章".encode()
DIGEST = hashlib.sha256(DATA).digest()
NONCE = 0xF00D_CAFE_1234_5678
LATER = NOW + timedelta(seconds=7, microseconds=654_321)


@pytest.fixture(scope="module")
def authority() -> TestAuthority:
    return make_authority()


@pytest.fixture(scope="module")
def stamper(authority: TestAuthority) -> Stamper:
    return make_stamper(authority)


@pytest.fixture
def folder(tmp_path: Path, authority: TestAuthority) -> Path:
    (tmp_path / "data").write_bytes(DATA)
    (tmp_path / "root.pem").write_bytes(to_pem(authority.root.certificate))
    return tmp_path


def answered(stamper: Stamper, question: bytes, now: datetime = LATER) -> bytes:
    return stamper.answer(question, now)


# --- the question --------------------------------------------------------------------------------


@pytest.mark.parametrize("nonce", [0, 1, 127, 128, 255, NONCE, 2**159 - 1])
def test_question_is_read_back_and_read_by_openssl(tmp_path: Path, nonce: int) -> None:
    question = build_question(digest=DIGEST, nonce=nonce)
    assert read_question(question) == TimeStampQuestion(DIGEST, nonce)
    (tmp_path / "question.tsq").write_bytes(question)
    result = run_openssl(tmp_path, "ts -query -in question.tsq -text")
    assert "Hash Algorithm: sha256" in result.stdout
    assert "Certificate required: yes" in result.stdout
    said = result.stdout.split("Nonce: ")[1].split()[0]
    assert int(said, 16) == nonce


def test_question_of_openssl_is_read(folder: Path) -> None:
    run_openssl(folder, "ts -query -data data -sha256 -cert -out question.tsq")
    question = read_question((folder / "question.tsq").read_bytes())
    assert question.digest == DIGEST
    assert question.nonce


@pytest.mark.parametrize(
    "arguments",
    ["-sha512", "-sha256 -tspolicy 1.2.3.4"],
)
def test_question_for_another_hash_or_policy_is_refused(folder: Path, arguments: str) -> None:
    run_openssl(folder, f"ts -query -data data {arguments} -out question.tsq")
    with pytest.raises(TimeStampRefused):
        read_question((folder / "question.tsq").read_bytes())


@pytest.mark.parametrize("data", [b"", b"\x30", b"\x30\x03\x02\x01\x01", b"\x05\x00", b"\xff" * 90])
def test_nonsense_for_a_question_is_refused(data: bytes) -> None:
    with pytest.raises(TimeStampRefused):
        read_question(data)


# --- the answer ----------------------------------------------------------------------------------


def test_answer_is_verified_by_openssl_and_by_us(
    folder: Path, authority: TestAuthority, stamper: Stamper
) -> None:
    question = build_question(digest=DIGEST, nonce=NONCE)
    answer = answered(stamper, question)
    (folder / "answer.tsr").write_bytes(answer)
    (folder / "question.tsq").write_bytes(question)
    for source in ("-data data", "-queryfile question.tsq"):
        result = run_openssl(
            folder, f"ts -verify {source} -in answer.tsr -CAfile root.pem",
            f"-attime {int(LATER.timestamp())}",
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
    told = run_openssl(folder, "ts -reply -in answer.tsr -text").stdout
    assert "Status: Granted." in told
    assert "Time stamp: Nov 20 02:30:07 2026 GMT" in told
    stamped = check_answer(answer, digest=DIGEST, nonce=NONCE, roots=[authority.root.certificate])
    assert stamped.stamped_at == LATER.replace(microsecond=0)
    assert stamped.root == authority.root.certificate
    assert f"{stamped.serial:X}" in told.replace("0x", "")


def test_answer_without_a_nonce_is_one_to_a_question_without(
    authority: TestAuthority, stamper: Stamper
) -> None:
    answer = build_answer(
        question=TimeStampQuestion(DIGEST, None), signer=stamper.signer,
        certificate=stamper.certificate, issuers=[authority.issuer.certificate], serial=1,
        now=LATER,
    )  # fmt: skip
    assert check_answer(answer, digest=DIGEST, nonce=None, roots=[authority.root.certificate])


@pytest.mark.parametrize("key", ["P-256", "P-384", "RSA-3072"])
@pytest.mark.parametrize("hash_name", ["sha256", "sha384", "sha512"])
def test_answer_of_openssl_is_verified(tmp_path: Path, key: str, hash_name: str) -> None:
    root = openssl_stamps(tmp_path, key=key, hash_name=hash_name)
    (tmp_path / "question.tsq").write_bytes(build_question(digest=DIGEST, nonce=NONCE))
    made = run_openssl(tmp_path, "ts -reply -config ts.cnf -queryfile question.tsq -out answer.tsr")
    assert made.returncode == 0, made.stderr
    answer = (tmp_path / "answer.tsr").read_bytes()
    stamped = check_answer(answer, digest=DIGEST, nonce=NONCE, roots=[root])
    assert abs(stamped.stamped_at - datetime.now(UTC)) < timedelta(minutes=1)


# --- what is refused -----------------------------------------------------------------------------


def refused(reason: TimeStampReason, answer: bytes, **changes: object) -> None:
    arguments: dict[str, object] = {"digest": DIGEST, "nonce": NONCE, "roots": []}
    with pytest.raises(TimeStampRefused) as error:
        check_answer(answer, **{**arguments, **changes})  # type: ignore[arg-type]
    assert error.value.reason is reason


@pytest.fixture
def answer(stamper: Stamper) -> bytes:
    return answered(stamper, build_question(digest=DIGEST, nonce=NONCE))


def test_answer_for_other_bytes_is_refused(answer: bytes) -> None:
    refused(TimeStampReason.WRONG_DIGEST, answer, digest=hashlib.sha256(b"other").digest())


def test_answer_to_another_question_is_refused(answer: bytes) -> None:
    refused(TimeStampReason.WRONG_NONCE, answer, nonce=NONCE + 1)


def test_answer_under_another_root_is_refused(answer: bytes) -> None:
    other = make_authority()
    refused(TimeStampReason.WRONG_CERTIFICATE, answer, roots=[other.root.certificate])
    refused(TimeStampReason.WRONG_CERTIFICATE, answer, roots=[])


def test_answer_with_a_changed_time_is_refused(authority: TestAuthority, answer: bytes) -> None:
    changed = answer.replace(b"20261120023007Z", b"20251120023007Z")
    assert changed != answer
    roots = [authority.root.certificate]
    refused(TimeStampReason.BAD_SIGNATURE, changed, roots=roots)
    signed_time = answer.replace(b"261120023007Z", b"251120023007Z", 2)
    refused(TimeStampReason.BAD_SIGNATURE, signed_time, roots=roots)


@pytest.mark.parametrize("service", [Service.OCSP_RESPONDER, None])
def test_answer_by_a_key_for_something_else_is_refused(
    authority: TestAuthority, service: Service | None
) -> None:
    other = make_stamper(authority, service=service)
    made = other.answer(build_question(digest=DIGEST, nonce=NONCE), LATER)
    with pytest.raises(TimeStampRefused):
        check_answer(made, digest=DIGEST, nonce=NONCE, roots=[authority.root.certificate])


def test_answer_after_the_end_of_its_certificate_is_refused(
    authority: TestAuthority, stamper: Stamper
) -> None:
    late = answered(stamper, build_question(digest=DIGEST, nonce=NONCE), NOW + timedelta(days=800))
    refused(TimeStampReason.WRONG_CERTIFICATE, late, roots=[authority.root.certificate])


def test_answer_with_another_certificate_than_signed_is_refused(
    authority: TestAuthority, stamper: Stamper
) -> None:
    """A certificate of another name for the same key does not take the place of the one named."""
    twin = build_service_certificate(
        issuer=authority.issuer, public_key=stamper.signer.public_key(),
        service=Service.TIME_STAMPING, name="Another name", now=NOW,
    )  # fmt: skip
    other = Stamper(stamper.signer, twin, stamper.issuers)
    made = answered(other, build_question(digest=DIGEST, nonce=NONCE)).replace(
        hashlib.sha256(twin).digest(), hashlib.sha256(stamper.certificate).digest()
    )
    with pytest.raises(TimeStampRefused):
        check_answer(made, digest=DIGEST, nonce=NONCE, roots=[authority.root.certificate])


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\x30\x00", bytes.fromhex("30053003020102"), bytes.fromhex("30053003020100"),
        b"\x30\x82", b"<html>502 Bad Gateway</html>", b"\x30" * 70_000,
    ],
)  # fmt: skip
def test_nonsense_for_an_answer_is_refused(data: bytes) -> None:
    with pytest.raises(TimeStampRefused):
        check_answer(data, digest=DIGEST, nonce=NONCE, roots=[])


def test_every_cut_and_every_flipped_byte_is_refused(
    authority: TestAuthority, answer: bytes
) -> None:
    """Nothing of an answer can change and still pass, bar what is not signed and not used."""
    roots = [authority.root.certificate]
    passed = []
    for place in range(len(answer)):
        flipped = answer[:place] + bytes([answer[place] ^ 0x01]) + answer[place + 1 :]
        try:
            stamped = check_answer(flipped, digest=DIGEST, nonce=NONCE, roots=roots)
        except TimeStampRefused:
            continue
        assert stamped.stamped_at == LATER.replace(microsecond=0)
        passed.append(place)
    assert len(passed) < 300
    for size in range(0, len(answer), 37):
        with pytest.raises(TimeStampRefused):
            check_answer(answer[:size], digest=DIGEST, nonce=NONCE, roots=roots)


def test_a_stamping_key_that_needs_another_hash_is_refused(authority: TestAuthority) -> None:
    signer = FileSigner.generate(ec.SECP384R1())
    with pytest.raises(ValueError, match="P-256"):
        build_answer(
            question=TimeStampQuestion(DIGEST, None), signer=signer,
            certificate=authority.root.certificate, issuers=[], serial=1, now=NOW,
        )  # fmt: skip


def test_the_stampers_certificate_is_for_time_stamps_alone(stamper: Stamper) -> None:
    usage = x509.load_der_x509_certificate(stamper.certificate).extensions
    stamped = usage.get_extension_for_class(x509.ExtendedKeyUsage)
    assert stamped.critical
