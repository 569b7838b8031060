"""Signatures: right ones verify with plain openssl offline, and nothing else does."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from hypothesis import given, settings, strategies as st

from certificates.errors import SignatureReason, SignatureRefused
from certificates.formats.cades import (
    build_signature,
    check_signature,
    parse,
    verify,
)
from certificates.formats.profiles import Purpose, RevocationReason, RevokedEntry
from tests.factories.authorities import (
    NOW,
    TestAuthority,
    fingerprint,
    make_authority,
    run_openssl,
    to_pem,
)
from tests.factories.cards import TestCard

pytestmark = pytest.mark.req("SIGN-2", "SIGN-4")
STATEMENT = '{"facts":{"amount":"1000.00","payee":"王小明"},"prev":null,"step":{"no":"1"}}'.encode()
WINDOW = {"not_before": NOW - timedelta(minutes=1), "not_after": NOW + timedelta(minutes=5)}
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass(frozen=True)
class Signed:
    """A signature and all it was made of."""

    authority: TestAuthority
    card: TestCard
    certificate: bytes
    signature: bytes
    time: datetime = NOW
    statement: bytes = STATEMENT

    def cms(self, *, crl=None):
        lists = [self.authority.crl() if crl is None else crl]
        return build_signature(
            statement=self.statement,
            certificate=self.certificate,
            signing_time=self.time,
            signature=self.signature,
            issuers=[self.authority.issuer.certificate],
            crls=lists,
        )


def make(authority, *, card=None, purpose=Purpose.SIGNING, time=NOW):
    card = card or TestCard()
    certificate = authority.certify(card, purpose=purpose)
    signature = card.sign_statement(STATEMENT, fingerprint(certificate), time)
    return Signed(authority, card, certificate, signature, time)


@pytest.fixture(scope="module")
def signed(authority):
    return make(authority)


def openssl_verify(directory, signed, cms, *, statement=STATEMENT, at=NOW + timedelta(minutes=1)):
    """Run the very command of the evidence bundle."""
    (directory / "decision.p7s").write_bytes(cms)
    (directory / "decision.json").write_bytes(statement)
    (directory / "root.pem").write_bytes(to_pem(signed.authority.root.certificate))
    return run_openssl(
        directory,
        "cms -verify -cades -crl_check -binary -inform DER -in decision.p7s",
        "-content decision.json -CAfile root.pem -purpose any -attime",
        str(int(at.timestamp())),
        "-signer who.pem -out /dev/null",
    )


def refusal(cms, signed, **changes):
    expected = {"statement": STATEMENT, "certificate": signed.certificate, **WINDOW}
    with pytest.raises(SignatureRefused) as caught:
        verify(cms, **(expected | changes))
    return caught.value.reason


def test_openssl_verifies_offline_with_nothing_but_the_root(tmp_path, signed):
    done = openssl_verify(tmp_path, signed, signed.cms())
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "who.pem").read_bytes() == to_pem(signed.certificate)


def test_our_own_reader_agrees(signed):
    parsed = verify(signed.cms(), statement=STATEMENT, certificate=signed.certificate, **WINDOW)
    assert parsed.signing_time == NOW
    assert parsed.certificate == signed.certificate
    assert set(parsed.certificates) == {
        signed.certificate,
        signed.authority.issuer.certificate,
    }
    assert len(parsed.crls) == 1
    assert parsed.message_digest == hashlib.sha256(STATEMENT).digest()


def test_an_rsa_card_signs_too(tmp_path, authority):
    rsa_signed = make(authority, card=TestCard(rsa.generate_private_key(65537, 2048)))
    cms = rsa_signed.cms()
    verify(cms, statement=STATEMENT, certificate=rsa_signed.certificate, **WINDOW)
    done = openssl_verify(tmp_path, rsa_signed, cms)
    assert done.returncode == 0, done.stderr


def test_openssl_prints_the_time_and_a_detached_content(tmp_path, signed):
    (tmp_path / "d.p7s").write_bytes(signed.cms())
    text = run_openssl(tmp_path, "cms -cmsout -print -noout -inform DER -in d.p7s").stdout
    assert "Nov 20 02:30:00 2026 GMT" in text
    assert "eContent: <ABSENT>" in text
    assert "id-smime-aa-signingCertificateV2" in text


def test_the_list_may_travel_beside_the_signature(tmp_path, signed):
    cms = build_signature(
        statement=STATEMENT,
        certificate=signed.certificate,
        signing_time=NOW,
        signature=signed.signature,
        issuers=[signed.authority.issuer.certificate],
    )
    verify(cms, statement=STATEMENT, certificate=signed.certificate, **WINDOW)
    done = openssl_verify(tmp_path, signed, cms)
    assert "unable to get certificate CRL" in done.stderr
    (tmp_path / "crl.der").write_bytes(signed.authority.crl())
    crl = run_openssl(tmp_path, "crl -inform DER -in crl.der").stdout.encode()
    (tmp_path / "trusted.pem").write_bytes((tmp_path / "root.pem").read_bytes() + crl)
    done = run_openssl(
        tmp_path,
        "cms -verify -cades -crl_check -binary -inform DER -in decision.p7s",
        "-content decision.json -CAfile trusted.pem -purpose any -attime",
        f"{int(NOW.timestamp())} -out /dev/null",
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "tampered",
    [
        STATEMENT.replace(b"1000.00", b"9000.00"),
        STATEMENT.replace("王小明".encode(), "王小朋".encode()),
        STATEMENT.replace(b'"no":"1"', b'"no":"2"'),
        STATEMENT.replace(b"null", b'"00"'),
        STATEMENT + b" ",
        b"",
    ],
    ids=["amount", "payee", "step", "previous stage", "space", "empty"],
)
def test_another_statement_does_not_verify(tmp_path, signed, tampered):
    cms = signed.cms()
    assert refusal(cms, signed, statement=tampered) is SignatureReason.WRONG_STATEMENT
    assert openssl_verify(tmp_path, signed, cms, statement=tampered).returncode != 0
    with pytest.raises(SignatureRefused) as caught:
        check_signature(
            statement=tampered,
            certificate=signed.certificate,
            signing_time=NOW,
            signature=signed.signature,
            **WINDOW,
        )
    assert caught.value.reason is SignatureReason.BAD_SIGNATURE


def exchange_certificate(cms, old, new):
    """Put another certificate of the same length, and its serial number, into a signature file."""
    serials = [
        x509.load_der_x509_certificate(one).serial_number.to_bytes(20, "big") for one in (old, new)
    ]
    return cms.replace(old, new).replace(*serials)


def test_another_certificate_for_the_same_key_does_not_verify(tmp_path, signed):
    same_length = (signed.authority.certify(signed.card) for _ in range(500))
    other = next(one for one in same_length if len(one) == len(signed.certificate))
    # The attributes still name the first certificate.
    cms = exchange_certificate(signed.cms(), signed.certificate, other)
    assert refusal(cms, signed) is SignatureReason.WRONG_CERTIFICATE
    assert openssl_verify(tmp_path, signed, cms).returncode != 0
    swapped = replace(signed, certificate=other)
    # Naming the second one breaks the signature.
    cms = swapped.cms()
    assert refusal(cms, signed) is SignatureReason.WRONG_CERTIFICATE
    assert refusal(cms, swapped) is SignatureReason.BAD_SIGNATURE
    assert openssl_verify(tmp_path, signed, cms).returncode != 0


def test_another_key_does_not_verify(tmp_path, signed):
    other = TestCard().sign_statement(STATEMENT, fingerprint(signed.certificate), NOW)
    cms = replace(signed, signature=other).cms()
    assert refusal(cms, signed) is SignatureReason.BAD_SIGNATURE
    assert openssl_verify(tmp_path, signed, cms).returncode != 0


def test_another_time_than_the_signed_one_does_not_verify(tmp_path, signed):
    moved = replace(signed, time=NOW + timedelta(seconds=1)).cms()
    assert refusal(moved, signed) is SignatureReason.BAD_SIGNATURE
    assert openssl_verify(tmp_path, signed, moved).returncode != 0


@pytest.mark.parametrize("minutes", [-2, 6, 60 * 24 * 366])
def test_a_time_outside_the_window_is_refused(authority, minutes):
    late = make(authority, time=NOW + timedelta(minutes=minutes))
    assert refusal(late.cms(), late) is SignatureReason.WRONG_TIME


def test_a_time_outside_the_certificate_s_validity_is_refused(authority):
    late = make(authority, time=NOW + timedelta(days=366))
    wide = {"not_before": NOW - timedelta(days=999), "not_after": NOW + timedelta(days=999)}
    assert refusal(late.cms(), late, **wide) is SignatureReason.WRONG_TIME
    early = make(authority, time=NOW - timedelta(minutes=6))
    assert refusal(early.cms(), early, **wide) is SignatureReason.WRONG_TIME


@pytest.mark.req("CERT-6")
def test_the_authentication_certificate_signs_no_statement(authority):
    wrong = make(authority, purpose=Purpose.AUTHENTICATION)
    assert refusal(wrong.cms(), wrong) is SignatureReason.WRONG_KEY_USAGE


@pytest.mark.req("AUTH-5")
def test_for_signing_in_the_key_usages_are_the_other_way_round(authority):
    shown = {"statement": STATEMENT, "signing_time": NOW, "purpose": Purpose.AUTHENTICATION}
    right, wrong = make(authority, purpose=Purpose.AUTHENTICATION), make(authority)
    check_signature(**shown, **WINDOW, certificate=right.certificate, signature=right.signature)
    with pytest.raises(SignatureRefused) as refused:
        check_signature(**shown, **WINDOW, certificate=wrong.certificate, signature=wrong.signature)
    assert refused.value.code == SignatureReason.WRONG_KEY_USAGE


def test_openssl_refuses_when_the_certificate_was_revoked(tmp_path, authority):
    card = TestCard()
    certificate = authority.certify(card, serial=77)
    signature = card.sign_statement(STATEMENT, fingerprint(certificate), NOW)
    entry = RevokedEntry(77, NOW, RevocationReason.KEY_COMPROMISE)
    signed = Signed(authority, card, certificate, signature)
    done = openssl_verify(tmp_path, signed, signed.cms(crl=authority.crl(entry)))
    assert done.returncode != 0
    assert "certificate revoked" in done.stderr


def test_openssl_refuses_a_list_of_another_authority(tmp_path, signed):
    cms = signed.cms(crl=make_authority().crl())
    assert openssl_verify(tmp_path, signed, cms).returncode != 0


def test_the_mirrored_signature_verifies_and_so_is_no_identity(tmp_path, signed):
    r, s = decode_dss_signature(signed.signature)
    mirrored = replace(signed, signature=encode_dss_signature(r, P256_ORDER - s))
    assert mirrored.signature != signed.signature
    verify(mirrored.cms(), statement=STATEMENT, certificate=signed.certificate, **WINDOW)
    assert openssl_verify(tmp_path, signed, mirrored.cms()).returncode == 0


@pytest.mark.parametrize(
    "signature", [b"", b"\x30\x00", bytes(64), b"\x30\x06\x02\x01\x00\x02\x01\x00"]
)
def test_what_is_no_signature_is_refused(signed, signature):
    cms = replace(signed, signature=signature).cms()
    assert refusal(cms, signed) is SignatureReason.BAD_SIGNATURE


@pytest.mark.parametrize(
    "cms", [b"", b"\x30", b"\x30\x00", bytes(100), b"0" * 200, b"\x30\x80" * 9]
)
def test_what_is_no_signature_file_is_refused(signed, cms):
    assert refusal(cms, signed) is SignatureReason.MALFORMED


def test_a_signature_file_has_a_limit(signed):
    assert refusal(bytes(5_000_000), signed) is SignatureReason.MALFORMED


def test_nothing_may_follow_the_signature_file(signed):
    assert refusal(signed.cms() + b"\x00", signed) is SignatureReason.MALFORMED


def test_a_signature_of_a_strange_curve_s_certificate_is_refused(authority):
    with pytest.raises(ValueError, match=r".+"):
        TestCard(ec.generate_private_key(ec.SECP384R1())).sign_statement(STATEMENT, b"", NOW)
    strange = TestCard(ec.generate_private_key(ec.SECP384R1()))
    signed = make(authority, card=strange)
    other = make(authority)
    assert refusal(signed.cms(), other) is SignatureReason.WRONG_CERTIFICATE


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_no_changed_byte_goes_unnoticed(signed, data):
    cms = bytearray(signed.cms(crl=_CRL.setdefault("crl", signed.authority.crl())))
    place = data.draw(st.integers(0, len(cms) - 1))
    cms[place] ^= data.draw(st.integers(1, 255))
    try:
        parsed = verify(bytes(cms), statement=STATEMENT, certificate=signed.certificate, **WINDOW)
    except SignatureRefused:
        return
    # Only what the signature does not cover may differ: the chain and the list beside it.
    assert parsed.certificate == signed.certificate
    assert parsed.signature == signed.signature
    assert parsed.signing_time == NOW


_CRL: dict[str, bytes] = {}


def test_parsing_alone_promises_nothing(signed):
    parsed = parse(replace(signed, signature=b"\x00").cms())
    assert parsed.signature == b"\x00"
