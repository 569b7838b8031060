"""The authority's keys: made where the installation keeps them, and opened by reference."""

from __future__ import annotations

from functools import cache
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from certificates import gateways
from certificates.formats.signers import DigestSigner, FileSigner, Signer, name_of_key

IN_TOKEN: Final = "pkcs11:"  # noqa: S105 - a word, not a secret
"""How the reference of a key inside a token begins; any other names a file."""


def signer_of(reference: str) -> Signer:
    """Return the signer whose key is kept under a reference, in a file or in the token.

    A token is not opened before its key is used. Raises KeyUnavailable.
    """
    if reference.startswith(IN_TOKEN):
        return DigestSigner(gateways.token().key(reference.removeprefix(IN_TOKEN)))
    return _file_signer(gateways.key_store().load(reference), gateways.key_passphrase())


def make_signer(purpose: str, curve: ec.EllipticCurve) -> tuple[str, Signer]:
    """Make a key where new keys are made; return its reference and its signer.

    The reference is the purpose with the first digits of the public key's SHA-256, so that a
    certificate finds its key without anybody having written down which it is. Raises
    KeyUnavailable.
    """
    if gateways.keys_are_made_in_token():
        key = gateways.token().generate(curve, lambda public: name_of_key(purpose, public))
        return reference_of(purpose, key.public_key()), DigestSigner(key)
    signer = FileSigner.generate(curve)
    reference = reference_of(purpose, signer.public_key())
    gateways.key_store().save(reference, signer.to_pem(password=gateways.key_passphrase()))
    return reference, signer


def reference_of(purpose: str, public_key: ec.EllipticCurvePublicKey) -> str:
    """Return under which reference `make_signer` keeps the key of this public key."""
    name = name_of_key(purpose, public_key)
    return f"{IN_TOKEN}{name}" if gateways.keys_are_made_in_token() else name


@cache
def _file_signer(pem: bytes, passphrase: bytes) -> Signer:
    # Opening the encrypted key costs far more than signing with it.
    return FileSigner.from_pem(pem, password=passphrase)
