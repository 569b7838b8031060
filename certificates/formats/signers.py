"""The port to a signing key of the authority, for a key in a file and one in a token."""

from __future__ import annotations

import hashlib
from typing import NoReturn, Protocol

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


class Signer(Protocol):
    """Sign with one elliptic-curve key, wherever the key is kept."""

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """Return the public half of the key."""

    def sign(self, data: bytes) -> bytes:
        """Return the DER ECDSA signature over `data`, hashed with `hash_of(public_key())`."""


class FileSigner:
    """Sign with a private key held in memory, read from a PEM file."""

    def __init__(self, private_key: ec.EllipticCurvePrivateKey) -> None:
        self._private_key = private_key

    @classmethod
    def generate(cls, curve: ec.EllipticCurve | None = None) -> FileSigner:
        """Return a signer with a fresh key; on P-256 unless another curve is given."""
        return cls(ec.generate_private_key(curve or ec.SECP256R1()))

    @classmethod
    def from_pem(cls, pem: bytes, *, password: bytes | None = None) -> FileSigner:
        """Return the signer for a PKCS#8 PEM; ValueError when it holds no such key."""
        key = serialization.load_pem_private_key(pem, password)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError("the authority's key must be an elliptic-curve key")
        return cls(key)

    def to_pem(self, *, password: bytes | None = None) -> bytes:
        """Return the key as PKCS#8 PEM, encrypted when a password is given."""
        protection: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if password is not None:
            protection = serialization.BestAvailableEncryption(password)
        return self._private_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection
        )

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """Return the public half of the key."""
        return self._private_key.public_key()

    def sign(self, data: bytes) -> bytes:
        """Return the DER ECDSA signature over `data`."""
        return self._private_key.sign(data, ec.ECDSA(hash_of(self.public_key())))


class DigestKey(Protocol):
    """A key that takes digests, as those inside tokens do."""

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """Return the public half of the key."""

    def sign_digest(self, digest: bytes) -> bytes:
        """Return the DER ECDSA signature over a digest."""


class DigestSigner:
    """Sign with a key that is given digests: hashed here, so that nothing can be cut off there."""

    def __init__(self, key: DigestKey) -> None:
        self._key = key

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """Return the public half of the key."""
        return self._key.public_key()

    def sign(self, data: bytes) -> bytes:
        """Return the DER ECDSA signature over `data`."""
        return self._key.sign_digest(hashlib.new(hash_of(self.public_key()).name, data).digest())


def hash_of(public_key: ec.EllipticCurvePublicKey) -> hashes.SHA256 | hashes.SHA384:
    """Return the hash as strong as the key: SHA-384 on P-384, SHA-256 on P-256 (FIPS 186-5)."""
    return hashes.SHA384() if public_key.curve.key_size > 256 else hashes.SHA256()


def serialize_public_key(public_key: ec.EllipticCurvePublicKey) -> bytes:
    """Return the SubjectPublicKeyInfo DER."""
    return public_key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def name_of_key(purpose: str, public_key: ec.EllipticCurvePublicKey) -> str:
    """Return a name for a key: its purpose and the first 16 digits of its SHA-256."""
    digest = hashlib.sha256(serialize_public_key(public_key)).hexdigest()
    return f"{purpose}-{digest[:16]}"


class BuilderKey(ec.EllipticCurvePrivateKey):
    """Let the certificate builders sign through a Signer.

    They want a private-key object but only ever call `sign` and `public_key`; nothing else can be
    had from a key inside a token.
    """

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """Return the signer's public key."""
        return self._signer.public_key()

    def sign(
        self,
        data: bytes | bytearray | memoryview,
        signature_algorithm: ec.EllipticCurveSignatureAlgorithm,
    ) -> bytes:
        """Return the signer's signature; the algorithm is the one `hash_of` gave the builder."""
        return self._signer.sign(bytes(data))

    @property
    def curve(self) -> ec.EllipticCurve:
        """Return the key's curve."""
        return self._signer.public_key().curve

    @property
    def key_size(self) -> int:
        """Return the size in bits."""
        return self.curve.key_size

    def exchange(self, algorithm: ec.ECDH, peer_public_key: ec.EllipticCurvePublicKey) -> NoReturn:
        """Refuse: this key only signs. Raises TypeError."""
        raise TypeError("this key only signs")

    def private_numbers(self) -> NoReturn:
        """Refuse: the private half stays with the signer. Raises TypeError."""
        raise TypeError("the private half stays with the signer")

    def private_bytes(
        self,
        encoding: serialization.Encoding,
        format: serialization.PrivateFormat,
        encryption_algorithm: serialization.KeySerializationEncryption,
    ) -> NoReturn:
        """Refuse: the private half stays with the signer. Raises TypeError."""
        raise TypeError("the private half stays with the signer")

    def __copy__(self) -> BuilderKey:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> BuilderKey:
        return self
