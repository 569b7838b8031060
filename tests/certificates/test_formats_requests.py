"""From a request the authority takes nothing but a sound key, and says why it does not."""

from __future__ import annotations

import math
import random
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import AttributeOID, NameOID

from certificates.errors import RequestReason, RequestRefused
from certificates.formats.requests import read_request
from tests.factories.authorities import fingerprint, run_openssl
from tests.factories.cards import TestCard

pytestmark = pytest.mark.req("CERT-2")
NONCE = "q3n7-nonce_of.this-enrolment"


def builder(nonce=NONCE):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Someone Else")])
    found = x509.CertificateSigningRequestBuilder().subject_name(name)
    if nonce is None:
        return found
    return found.add_attribute(AttributeOID.CHALLENGE_PASSWORD, nonce.encode())


def signed(key, request=None, algorithm=None):
    algorithm = algorithm or hashes.SHA256()
    made = (request or builder()).sign(key, algorithm)
    return made.public_bytes(serialization.Encoding.DER)


def spki(key):
    return key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


@cache
def rsa_key(bits):
    return rsa.generate_private_key(65537, bits)


def refusal(der, **options):
    with pytest.raises(RequestRefused) as caught:
        read_request(der, expected_nonce=NONCE, **options)
    return caught.value.reason


def test_the_key_of_a_sound_request_is_taken():
    card = TestCard()
    assert read_request(card.make_request(NONCE), expected_nonce=NONCE) == card.public_key_der


def test_an_rsa_card_of_2048_bits_is_accepted():
    card = TestCard(rsa_key(2048))
    assert read_request(card.make_request(NONCE), expected_nonce=NONCE) == card.public_key_der


def test_a_request_made_by_openssl_is_accepted(tmp_path):
    config = (
        "[req]\nprompt=no\nstring_mask=utf8only\ndistinguished_name=n\nattributes=a\n"
        f"[n]\nCN=card\n[a]\nchallengePassword={NONCE}\n"
    )
    (tmp_path / "request.cnf").write_text(config)
    made = run_openssl(
        tmp_path,
        "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem",
        "-config request.cnf -outform DER -out request.der",
    )
    assert made.returncode == 0, made.stderr
    key = serialization.load_pem_private_key((tmp_path / "key.pem").read_bytes(), None)
    der = (tmp_path / "request.der").read_bytes()
    assert read_request(der, expected_nonce=NONCE) == spki(key)


def test_names_and_authority_asked_for_are_ignored(authority):
    card = TestCard()
    wish = builder().add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    key = read_request(signed(card.private_key, wish), expected_nonce=NONCE)
    assert key == card.public_key_der
    certificate = x509.load_der_x509_certificate(authority.certify(card))
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert constraints.ca is False
    assert "Someone Else" not in certificate.subject.rfc4514_string()


def test_a_request_changed_after_signing_proves_no_possession():
    first, second = TestCard(), TestCard()
    der = first.make_request(NONCE).replace(first.public_key_der, second.public_key_der)
    assert refusal(der) is RequestReason.BAD_SIGNATURE


@pytest.mark.parametrize("curve", [ec.SECP256K1, ec.SECP384R1, ec.BrainpoolP256R1])
def test_other_curves_are_refused(curve):
    assert refusal(signed(ec.generate_private_key(curve()))) is RequestReason.WEAK_CURVE


def test_a_curve_of_192_bits_is_refused(tmp_path):
    made = run_openssl(
        tmp_path,
        "req -new -newkey ec -pkeyopt ec_paramgen_curve:prime192v1 -nodes -keyout k",
        "-subj /CN=card -outform DER -out request.der",
    )
    assert made.returncode == 0, made.stderr
    assert refusal((tmp_path / "request.der").read_bytes()) is RequestReason.WEAK_CURVE


def test_a_small_rsa_key_is_refused():
    assert refusal(signed(rsa_key(1024))) is RequestReason.WEAK_KEY_SIZE


def test_an_rsa_key_with_a_small_exponent_is_refused():
    key = rsa.generate_private_key(3, 2048)
    assert refusal(signed(key)) is RequestReason.WEAK_KEY_SIZE


def test_a_key_of_another_kind_is_refused():
    der = builder().sign(ed25519.Ed25519PrivateKey.generate(), None)
    reason = refusal(der.public_bytes(serialization.Encoding.DER))
    assert reason is RequestReason.UNSUPPORTED_KEY


def test_a_point_off_the_curve_is_refused():
    card = TestCard()
    point = card.public_key_der[-64:]
    der = card.make_request(NONCE).replace(point, point[:-1] + bytes((point[-1] ^ 1,)))
    assert refusal(der) is RequestReason.POINT_OFF_CURVE


def test_a_weak_hash_is_refused(tmp_path):
    made = run_openssl(
        tmp_path,
        "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k -sha1",
        "-subj /CN=card -outform DER -out request.der",
    )
    assert made.returncode == 0, made.stderr
    assert refusal((tmp_path / "request.der").read_bytes()) is RequestReason.WEAK_HASH


@pytest.mark.parametrize("nonce", [None, "", "another", NONCE + "x", NONCE[:-1], NONCE.upper()])
def test_another_or_no_nonce_is_refused(nonce):
    assert refusal(signed(TestCard().private_key, builder(nonce))) is RequestReason.WRONG_NONCE


def test_no_request_matches_when_no_nonce_is_expected():
    der = TestCard().make_request("")
    with pytest.raises(RequestRefused) as caught:
        read_request(der, expected_nonce="")
    assert caught.value.reason is RequestReason.WRONG_NONCE


def test_a_megabyte_is_not_even_read():
    assert refusal(bytes(1_000_000)) is RequestReason.TOO_LARGE
    padded = builder().add_extension(
        x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), bytes(8192)), critical=False
    )
    assert refusal(signed(TestCard().private_key, padded)) is RequestReason.TOO_LARGE


@pytest.mark.parametrize("der", [b"", b"\x30", b"\x30\x03\x02\x01\x00", b"<html>", bytes(500)])
def test_what_is_no_request_is_refused(der):
    assert refusal(der) is RequestReason.MALFORMED


def test_bytes_after_the_request_are_refused():
    assert refusal(TestCard().make_request(NONCE) + b"\x00") is RequestReason.MALFORMED


@pytest.mark.parametrize("scalar", [1, 2, 64])
def test_a_key_everyone_knows_is_refused(scalar):
    key = ec.derive_private_key(scalar, ec.SECP256R1())
    assert refusal(signed(key)) is RequestReason.KNOWN_BAD_KEY


def test_the_key_of_a_published_example_is_refused():
    scalar = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
    key = ec.derive_private_key(scalar, ec.SECP256R1())
    point = key.public_key().public_numbers()
    # RFC 6979 A.2.5 gives the public half too.
    assert point.x == 0x60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6
    assert refusal(signed(key)) is RequestReason.KNOWN_BAD_KEY


def test_a_key_on_the_caller_s_list_is_refused():
    card = TestCard()
    known = {fingerprint(card.public_key_der)}
    reason = refusal(card.make_request(NONCE), known_bad=known)
    assert reason is RequestReason.KNOWN_BAD_KEY


def is_prime(number):
    return all(pow(base, number - 1, number) == 1 for base in (2, 3, 5, 7, 11))


def flawed_prime(chance, product):
    while True:
        # Two such primes of 1024 bits, their first two bits set, make a modulus of 2048 bits.
        multiple = chance.randrange((3 << 1022) // product, (1 << 1024) // product)
        number = multiple * product + pow(65537, chance.getrandbits(64), product)
        if number >> 1022 == 3 and is_prime(number):
            return number


def test_a_key_of_the_flawed_card_library_is_refused():
    primes = [n for n in range(2, 168) if all(n % d for d in range(2, math.isqrt(n) + 1))]
    product = math.prod(primes)
    chance = random.Random(7)
    p, q = flawed_prime(chance, product), flawed_prime(chance, product)
    d = pow(65537, -1, math.lcm(p - 1, q - 1))
    numbers = rsa.RSAPrivateNumbers(
        p=p,
        q=q,
        d=d,
        dmp1=rsa.rsa_crt_dmp1(d, p),
        dmq1=rsa.rsa_crt_dmq1(d, q),
        iqmp=rsa.rsa_crt_iqmp(p, q),
        public_numbers=rsa.RSAPublicNumbers(65537, p * q),
    )
    assert refusal(signed(numbers.private_key())) is RequestReason.KNOWN_BAD_KEY
