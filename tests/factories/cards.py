"""A signer's card for tests: does with its key what the browser card and the card agent do."""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import cached_property

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import AttributeOID, NameOID

from certificates.formats.signed_attributes import build_signed_attributes


class TestCard:
    """Hold one key and use it: P-256 unless another private key is given."""

    __test__ = False

    def __init__(
        self, private_key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | None = None
    ) -> None:
        self.private_key = private_key or ec.generate_private_key(ec.SECP256R1())

    @cached_property
    def companion(self) -> TestCard:
        """Return the card's other key: the one for signing in."""
        return TestCard()

    @property
    def public_key_der(self) -> bytes:
        """Return the SubjectPublicKeyInfo DER."""
        return self.private_key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def make_request(self, nonce: str) -> bytes:
        """Return a PKCS#10 DER with `nonce` as challengePassword."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "card")])
        builder = x509.CertificateSigningRequestBuilder().subject_name(name)
        builder = builder.add_attribute(AttributeOID.CHALLENGE_PASSWORD, nonce.encode())
        request = builder.sign(self.private_key, hashes.SHA256())
        return request.public_bytes(serialization.Encoding.DER)

    def sign_statement(
        self, statement: bytes, certificate_sha256: bytes, signing_time: datetime
    ) -> bytes:
        """Return the signature over the 165 signed-attribute bytes of `statement`."""
        return self.sign_bytes(
            build_signed_attributes(
                message_digest=hashlib.sha256(statement).digest(),
                certificate_sha256=certificate_sha256,
                signing_time=signing_time,
            )
        )

    def sign_bytes(self, data: bytes) -> bytes:
        """Return the SHA-256 signature of any bytes: DER ECDSA, or PKCS#1 v1.5 for RSA."""
        if isinstance(self.private_key, rsa.RSAPrivateKey):
            return self.private_key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return self.private_key.sign(data, ec.ECDSA(hashes.SHA256()))
