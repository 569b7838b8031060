"""Where the authority's private keys and the bank's own secrets are kept."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from certificates.errors import KeyUnavailable
from certificates.gateways import tokens


class KeyStore(Protocol):
    """Keep encrypted private keys by reference; a key in a token needs no such store."""

    def load(self, reference: str) -> bytes:
        """Return the encrypted PKCS#8 PEM kept under a reference."""

    def save(self, reference: str, pem: bytes) -> None:
        """Keep an encrypted PKCS#8 PEM under a reference that was not used before."""


class FileKeyStore:
    """Keep each key in a file of its own that only this system user can read."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def load(self, reference: str) -> bytes:
        """Return the content of the key's file. Raises KeyUnavailable when it is not there."""
        try:
            return self._path(reference).read_bytes()
        except FileNotFoundError as error:
            raise KeyUnavailable(reference) from error

    def save(self, reference: str, pem: bytes) -> None:
        """Write the key's file; never over another one."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self._path(reference), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(pem)

    def _path(self, reference: str) -> Path:
        return self._directory / f"{reference}.pem"


def key_store() -> KeyStore:
    """Return the store of the authority's keys: files under settings.PKI_KEY_DIRECTORY."""
    return FileKeyStore(Path(_setting("PKI_KEY_DIRECTORY")))


def key_passphrase() -> bytes:
    """Return the passphrase of the key files (settings.PKI_KEY_PASSPHRASE)."""
    return str(_setting("PKI_KEY_PASSPHRASE")).encode()


def keys_are_made_in_token() -> bool:
    """Tell where new keys of the authority are made (settings.PKI_KEYS: "file" or "pkcs11")."""
    return str(_setting("PKI_KEYS")) == "pkcs11"


def token() -> tokens.Token:
    """Return the token of the authority's keys (settings.PKCS11_*); it is opened when used."""
    return _token(
        str(_setting("PKCS11_MODULE")),
        str(_setting("PKCS11_TOKEN_LABEL")),
        str(_setting("PKCS11_PIN")),
    )


@cache
def _token(module: str, label: str, pin: str) -> tokens.Token:
    return tokens.Token(module=module, label=label, pin=pin)


def letter_key() -> bytes:
    """Return the key under which the secrets of letters are hashed (settings.LETTER_HASH_KEY)."""
    return str(_setting("LETTER_HASH_KEY")).encode()


def public_url() -> str:
    """Return the address of the public pki pages (settings.PKI_PUBLIC_URL), no slash at the end."""
    return str(_setting("PKI_PUBLIC_URL")).rstrip("/")


def bank_name() -> str:
    """Return the name the authority's certificates carry (settings.BANK_NAME)."""
    return str(_setting("BANK_NAME"))


def bank_unified_number() -> str:
    """Return the bank's own tax number, for certificates of its people."""
    return str(_setting("BANK_UNIFIED_NUMBER"))


def allowed_storages() -> frozenset[str]:
    """Return where a key may be kept to sign with (settings.SIGNING_ALLOWED_STORAGES, SIGN-6)."""
    return frozenset(_setting("SIGNING_ALLOWED_STORAGES"))


def _setting(name: str) -> Any:  # noqa: ANN401 - settings have many types
    value = getattr(settings, name, None)
    if not value:
        raise ImproperlyConfigured(f"Set {name}.")
    return value
