"""Certificate signing requests (PKCS#10, RFC 2986), of which only the key is taken (CERT-2)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection
from functools import cache
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AttributeOID

from certificates.errors import RequestReason, RequestRefused
from certificates.formats import der as der_format

SIZE_MAXIMUM: Final = 8 * 1024
RSA_BITS_MINIMUM: Final = 2048
RSA_BITS_MAXIMUM: Final = 4096
_RSA_EXPONENT: Final = 65537
_HASHES: Final = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
_EC_KEY: Final = bytes.fromhex("06072a8648ce3d0201")
# The private key of the worked examples in RFC 6979 A.2.5.
_PUBLISHED_SCALAR: Final = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
_FINGERPRINT_PRIMES: Final = (
    *(3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89),
    *(97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167),
)


def read_request(der: bytes, *, expected_nonce: str, known_bad: Collection[bytes] = ()) -> bytes:
    """Return the SubjectPublicKeyInfo DER of a request; nothing else in it counts.

    `expected_nonce` is the text that challengePassword must carry; `known_bad` holds SHA-256
    digests of SubjectPublicKeyInfo DERs refused besides the published ones. RequestRefused names
    the reason. Whether the key was used before is for the caller to know.
    """
    if len(der) > SIZE_MAXIMUM:
        raise RequestRefused(RequestReason.TOO_LARGE)
    request, key = _load(der)
    _check_strength(key)
    _check_possession(request)
    _check_nonce(request, expected_nonce)
    return check_key(key, known_bad=known_bad)


def check_key(key: object, *, known_bad: Collection[bytes] = ()) -> bytes:
    """Return the SubjectPublicKeyInfo DER of a key the bank accepts, or raise RequestRefused."""
    if not isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
        raise RequestRefused(RequestReason.UNSUPPORTED_KEY)
    _check_strength(key)
    public_key = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    digest = hashlib.sha256(public_key).digest()
    if digest in known_bad or digest in _published_keys() or _is_infineon(key):
        raise RequestRefused(RequestReason.KNOWN_BAD_KEY)
    return public_key


def _load(
    der: bytes,
) -> tuple[x509.CertificateSigningRequest, ec.EllipticCurvePublicKey | rsa.RSAPublicKey]:
    try:
        request = x509.load_der_x509_csr(der)
    except ValueError as error:
        raise RequestRefused(RequestReason.MALFORMED) from error
    try:
        key = request.public_key()
    except UnsupportedAlgorithm as error:
        elliptic = _EC_KEY in _key_info(der)
        reason = RequestReason.WEAK_CURVE if elliptic else RequestReason.UNSUPPORTED_KEY
        raise RequestRefused(reason) from error
    except ValueError as error:
        elliptic = _EC_KEY in _key_info(der)
        reason = RequestReason.POINT_OFF_CURVE if elliptic else RequestReason.MALFORMED
        raise RequestRefused(reason) from error
    if not isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
        raise RequestRefused(RequestReason.UNSUPPORTED_KEY)
    return request, key


def _key_info(der: bytes) -> bytes:
    # CertificationRequestInfo: version, subject, subjectPKInfo, attributes.
    return der_format.children(der_format.children(der)[0])[2]


def _check_strength(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> None:
    if isinstance(key, ec.EllipticCurvePublicKey):
        if not isinstance(key.curve, ec.SECP256R1):
            raise RequestRefused(RequestReason.WEAK_CURVE)
        return
    exponent = key.public_numbers().e
    if not RSA_BITS_MINIMUM <= key.key_size <= RSA_BITS_MAXIMUM or exponent != _RSA_EXPONENT:
        raise RequestRefused(RequestReason.WEAK_KEY_SIZE)


def _check_possession(request: x509.CertificateSigningRequest) -> None:
    try:
        strong = isinstance(request.signature_hash_algorithm, _HASHES)
    except UnsupportedAlgorithm as error:
        raise RequestRefused(RequestReason.WEAK_HASH) from error
    if not strong:
        raise RequestRefused(RequestReason.WEAK_HASH)
    if not request.is_signature_valid:
        raise RequestRefused(RequestReason.BAD_SIGNATURE)


def _check_nonce(request: x509.CertificateSigningRequest, expected_nonce: str) -> None:
    try:
        attribute = request.attributes.get_attribute_for_oid(AttributeOID.CHALLENGE_PASSWORD)
    except (x509.AttributeNotFound, ValueError) as error:
        raise RequestRefused(RequestReason.WRONG_NONCE) from error
    if not expected_nonce or not hmac.compare_digest(attribute.value, expected_nonce.encode()):
        raise RequestRefused(RequestReason.WRONG_NONCE)


@cache
def _published_keys() -> frozenset[bytes]:
    """Return SHA-256 of keys whose private half anyone can know: tiny scalars, RFC examples."""
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    scalars = [*range(1, 65), *(order - scalar for scalar in range(1, 65)), _PUBLISHED_SCALAR]
    keys = (ec.derive_private_key(scalar, ec.SECP256R1()).public_key() for scalar in scalars)
    return frozenset(
        hashlib.sha256(
            key.public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        ).digest()
        for key in keys
    )


def _is_infineon(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> bool:
    """Tell whether a modulus has the fingerprint of the flawed card library (CVE-2017-15361).

    Its primes are powers of 65537 modulo every small prime; for another key to look so by chance
    is less likely than 1 in 2**27.
    """
    if not isinstance(key, rsa.RSAPublicKey):
        return False
    modulus = key.public_numbers().n
    return all(modulus % prime in _powers(prime) for prime in _FINGERPRINT_PRIMES)


@cache
def _powers(prime: int) -> frozenset[int]:
    return frozenset(pow(_RSA_EXPONENT, exponent, prime) for exponent in range(prime - 1))
