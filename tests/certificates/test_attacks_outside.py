"""Attacks that a setting, a race or openssl decides: the rest of the specification's list."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certificates import operations, queries
from certificates.errors import (
    SignatureReason,
    SignatureRefused,
    SigningReason,
)
from certificates.formats.authority import build_service_certificate
from certificates.formats.cades import build_signature, verify
from certificates.formats.merkle import merkle_root
from certificates.formats.ocsp import CertificateStatus, Responder, build_answer
from certificates.formats.profiles import Purpose, RevocationReason, Service
from certificates.formats.signers import FileSigner
from certificates.models import Certificate
from certificates.operations import EnrolOutcome
from tests.certificates.attacks import (
    DAY,
    answer_to,
    revoke,
    suspend,
)
from tests.certificates.test_formats_requests import builder, signed
from tests.certificates.test_races import together
from tests.factories.authorities import make_authority, run_openssl
from tests.factories.cards import TestCard
from tests.factories.certificates import (
    NOW,
    Holder,
    accept,
    activate,
    lift,
    make_holder,
    make_signer,
    print_letter,
    released,
    show,
    shown_and_unlocked,
    use_letter,
)


@pytest.mark.django_db
@pytest.mark.req("SIGN-6")
def test_a_virtual_card_does_not_sign_where_hardware_is_asked_for(settings):
    signer = make_signer()
    shown = shown_and_unlocked(signer)
    settings.SIGNING_ALLOWED_STORAGES = ["HARDWARE"]
    assert answer_to(lambda: accept(signer, shown)) == SigningReason.STORAGE_NOT_ALLOWED
    assert answer_to(lambda: show(signer)) == SigningReason.STORAGE_NOT_ALLOWED


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("CERT-2")
def test_two_enrolments_on_one_letter_lead_to_one_certificate():
    holder = make_holder()
    letter = print_letter(holder)
    nonce = operations.begin_enrolment(
        actor=holder.user, session_key_sha256=holder.session, now=NOW
    )
    results = together(
        *(
            lambda card=card: use_letter(
                replace(holder, card=card), number=letter.number, secret=letter.secret, nonce=nonce
            )
            for card in (TestCard(), TestCard())
        )
    )
    assert sum(getattr(one, "outcome", "") == EnrolOutcome.ISSUED for one in results) == 1
    assert Certificate.objects.filter(purpose="SIGNING", state="ISSUED").count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("CERT-4", "CERT-5")
def test_a_third_suspension_that_races_a_lifting_revokes_or_comes_too_early():
    signer = make_signer()
    for _ in range(2):
        suspend(signer)
        lift(signer) if signer.certificate.suspensions < 2 else None
    letter = released(signer)
    first, second = together(
        lambda: activate(signer, letter.number, letter.secret), lambda: suspend(signer)
    )
    certificate = signer.certificate
    assert certificate.suspensions == 2
    assert getattr(first, "outcome", None) == "ACTIVE"
    assert certificate.state == ("REVOKED" if second == "REVOKED" else "ACTIVE")


@pytest.mark.django_db
@pytest.mark.req("CERT-2")
def test_an_authority_asked_for_in_a_request_is_not_given(tmp_path: Path):
    holder = make_holder()
    letter = print_letter(holder)
    nonce = operations.begin_enrolment(
        actor=holder.user, session_key_sha256=holder.session, now=NOW
    )
    wish = builder(nonce).add_extension(x509.BasicConstraints(True, None), critical=True)
    asked = signed(holder.card.private_key, wish)
    result = use_letter(
        holder, number=letter.number, secret=letter.secret, nonce=nonce, request=asked
    )
    (tmp_path / "made.der").write_bytes(result.certificate)
    told = run_openssl(tmp_path, "x509 -inform DER -in made.der -noout -text").stdout
    assert "CA:FALSE" in told
    assert "CA:TRUE" not in told
    assert "Someone Else" not in told


@pytest.mark.django_db
@pytest.mark.req("CERT-4", "CERT-8")
def test_list_and_responder_say_good_from_the_moment_a_suspension_is_lifted(
    tmp_path: Path, listed: Callable[[str], str]
):
    signer = make_signer()
    suspend(signer)
    assert openssl_asks(tmp_path, signer) == "revoked"
    assert listed(signer.certificate.serial_number or "") == "Certificate Hold"
    lift(signer)
    assert openssl_asks(tmp_path, signer) == "good"
    assert listed(signer.certificate.serial_number or "") == ""


@pytest.mark.django_db
@pytest.mark.req("CERT-8")
def test_removed_from_list_is_no_reason_there_is():
    """Readers take an entry of that reason in a full list for 'not revoked' (RFC 5280 5.3.1)."""
    signer = make_signer()
    suspend(signer)
    lift(signer)
    revoke(signer)
    assert "REMOVE_FROM_CRL" not in RevocationReason.__members__
    found = x509.load_der_x509_crl(queries.latest_crl())
    reasons = [
        one.extensions.get_extension_for_class(x509.CRLReason).value.reason
        for one in found
        if one.serial_number == int(signer.certificate.serial_number or "", 16)
    ]
    assert reasons == [x509.ReasonFlags.key_compromise]


@pytest.mark.django_db
@pytest.mark.req("CERT-8")
def test_an_answer_by_a_self_made_key_is_refused_by_openssl(tmp_path: Path):
    signer = make_signer()
    revoke(signer)
    false, key = make_authority(NOW), FileSigner.generate()
    issuing = x509.load_pem_x509_certificate(queries.issuing_pem())
    certificate = build_service_certificate(
        issuer=false.issuer, public_key=key.public_key(), service=Service.OCSP_RESPONDER,
        name="OCSP", now=NOW,
    )  # fmt: skip
    moment = NOW.replace(microsecond=0)
    forged = build_answer(
        issuer=issuing.public_bytes(Encoding.DER),
        serial=int(signer.certificate.serial_number or "", 16), status=CertificateStatus.GOOD,
        this_update=moment, next_update=moment + DAY, responder=Responder(certificate, key),
    )  # fmt: skip
    assert openssl_asks(tmp_path, signer, forged) == "forged"


@pytest.mark.req("SIGN-1")
def test_a_certificate_swapped_in_a_signature_is_found_by_us_and_by_openssl(
    authority, tmp_path: Path
):
    """Another certificate for the same key verifies, were it not for its hash in what is signed."""
    card, statement, moment = TestCard(), b'{"amount":"1"}', NOW.replace(microsecond=0)
    own, twin = (authority.certify(card, now=NOW - DAY) for _ in range(2))
    signature = card.sign_statement(statement, hashlib.sha256(own).digest(), moment)
    parts = {"statement": statement, "signing_time": moment, "signature": signature}
    parts["issuers"] = [authority.issuer.certificate]
    parts["crls"] = [authority.crl(now=NOW - DAY)]
    window = {"not_before": moment, "not_after": moment}
    sound = build_signature(certificate=own, **parts)
    assert verify(sound, statement=statement, certificate=own, **window)
    swapped = build_signature(certificate=twin, **parts)
    with pytest.raises(SignatureRefused):
        verify(swapped, statement=statement, certificate=twin, **window)
    root = x509.load_der_x509_certificate(authority.root.certificate)
    (tmp_path / "root.pem").write_bytes(root.public_bytes(Encoding.PEM))
    (tmp_path / "statement").write_bytes(statement)
    for name, cms, status in (("own", sound, 0), ("twin", swapped, 4)):
        (tmp_path / name).write_bytes(cms)
        told = run_openssl(
            tmp_path, f"cms -verify -cades -crl_check -binary -inform DER -in {name}",
            "-content statement -CAfile root.pem -purpose any -out out",
            f"-attime {int(moment.timestamp())}",
        )  # fmt: skip
        assert told.returncode == status, told.stderr


@pytest.mark.req("SIGN-1")
def test_a_signature_by_an_authentication_certificate_is_none(authority):
    card, statement, moment = TestCard(), b"{}", NOW.replace(microsecond=0)
    certificate = authority.certify(card, purpose=Purpose.AUTHENTICATION, now=NOW - DAY)
    cms = build_signature(
        statement=statement, certificate=certificate, signing_time=moment,
        signature=card.sign_statement(statement, hashlib.sha256(certificate).digest(), moment),
    )  # fmt: skip
    with pytest.raises(SignatureRefused) as refused:
        verify(
            cms, statement=statement, certificate=certificate, not_before=moment,
            not_after=moment,
        )  # fmt: skip
    assert refused.value.reason is SignatureReason.WRONG_KEY_USAGE


@pytest.mark.req("SIGN-3")
@pytest.mark.parametrize(
    "change",
    [
        lambda lines: [*lines[:2], b'{"amount":"9"}', *lines[3:]],
        lambda lines: [*lines, b'{"amount":"5"}'],
        lambda lines: [*lines, lines[-1]],
        lambda lines: lines[:-1],
        lambda lines: [lines[1], lines[0], *lines[2:]],
    ],
    ids=["changed", "added", "doubled", "removed", "reordered"],
)
@pytest.mark.parametrize("count", [3, 4, 5])
def test_a_batch_with_other_lines_has_another_root(
    change: Callable[[list[bytes]], list[bytes]], count: int
):
    lines = [b'{"amount":"%d"}' % number for number in range(count)]
    assert merkle_root(change(lines)) != merkle_root(lines)


def openssl_asks(folder: Path, holder: Holder, answer: bytes | None = None) -> str:
    """Return what openssl reads of a certificate in the responder's answer; 'forged' if it does."""
    (folder / "who.der").write_bytes(bytes(holder.certificate.der or b""))
    run_openssl(folder, "x509 -inform DER -in who.der -out who.pem")
    (folder / "ca.pem").write_bytes(queries.issuing_pem())
    (folder / "root.pem").write_bytes(queries.root_pem())
    run_openssl(folder, "ocsp -issuer ca.pem -cert who.pem -no_nonce -reqout question.der")
    question = (folder / "question.der").read_bytes()
    told = answer or operations.answer(question=question, now=NOW)
    (folder / "answer.der").write_bytes(told)
    result = run_openssl(
        folder, "ocsp -respin answer.der -issuer ca.pem -cert who.pem -CAfile root.pem",
        "-verify_other ca.pem -no_nonce -validity_period 315360000",
        f"-attime {int(NOW.timestamp())}",
    )  # fmt: skip
    if result.returncode != 0:
        return "forged"
    return result.stdout.split("who.pem: ")[1].split()[0]
