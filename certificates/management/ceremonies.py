"""What the commands around the root share: its key, its passphrase, files never overwritten."""

from __future__ import annotations

import os
from getpass import getpass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from django.core.management.base import CommandError

from certificates import operations
from certificates.formats.signers import FileSigner, Signer

TOKEN = "pkcs11"  # noqa: S105 - a word, not a secret
SHORTEST = 12


def make_root_key(where: str) -> tuple[str, Signer]:
    """Make the root's key in an encrypted file, or in the token for `pkcs11`.

    Returns how it is named from now on, and its signer. Raises CommandError.
    """
    if where == TOKEN:
        return operations.make_signer("root", ec.SECP384R1())
    passphrase = _passphrase(twice=True)
    signer = FileSigner.generate(ec.SECP384R1())
    write_new(Path(where), signer.to_pem(password=passphrase), mode=0o600)
    return where, signer


def open_root_key(where: str) -> Signer:
    """Return the signer of a root's key: a file, or `pkcs11:` and its label."""
    if where.startswith(f"{TOKEN}:"):
        return operations.signer_of(where)
    try:
        return FileSigner.from_pem(read(Path(where)), password=_passphrase(twice=False))
    except ValueError as error:
        raise CommandError("The root's key cannot be opened with this passphrase.") from error


def read(path: Path) -> bytes:
    """Return a file's content. Raises CommandError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path} cannot be read.") from error


def write_new(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write a file that is not there yet. Raises CommandError."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except OSError as error:
        raise CommandError(f"{path} cannot be written, or is there already.") from error
    with os.fdopen(handle, "wb") as file:
        file.write(content)


def _passphrase(*, twice: bool) -> bytes:
    given = os.environ.get("ROOT_KEY_PASSPHRASE") or getpass("Passphrase of the root's key: ")
    if twice and not os.environ.get("ROOT_KEY_PASSPHRASE") and getpass("Once more: ") != given:
        raise CommandError("The two differ.")
    if len(given) < SHORTEST:
        raise CommandError(f"A passphrase of the root's key has at least {SHORTEST} characters.")
    return given.encode()
