"""Certify an issuing authority, or renew the root's list, on a machine that is on no network."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from django.core.management.base import BaseCommand, CommandError

from certificates import gateways
from certificates.formats.authority import build_issuing_authority
from certificates.formats.ceremony import (
    build_root_list,
    key_fingerprint,
    read_certificate,
    read_request_key,
    same_fingerprint,
    to_pem,
)
from certificates.formats.profiles import Issuer
from certificates.management.ceremonies import open_root_key, read, write_new
from certificates.policies import whole_second
from kernel import clock
from kernel.errors import DomainError


class Command(BaseCommand):
    """Sign with the root's key what it is taken out of the safe for; no database."""

    help = (
        "With the root's key, offline and without a database: certify the request of an issuing"
        " authority (--request, --certificate), or write the root's next list (--list)."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--key", default="root-key.pem", help="its file, or pkcs11:<label>")
        parser.add_argument("--root", type=Path, default=Path("root.pem"), help="its certificate")
        parser.add_argument("--request", type=Path, help="what rotate_issuing_authority wrote")
        parser.add_argument("--certificate", type=Path, help="where the certificate is to go")
        parser.add_argument(
            "--name", default="", help="the authority's, as the request's maker says"
        )
        parser.add_argument(
            "--fingerprint",
            default="",
            help="SHA-256 of the key to be certified, as rotate_issuing_authority showed it",
        )
        parser.add_argument("--list", type=Path, help="where the root's next list is to go")
        parser.add_argument("--previous", type=Path, help="the list before it")
        parser.add_argument(
            "--revoke", type=Path, action="append", default=[], help="an authority's certificate"
        )

    def handle(self, *args: object, **options: object) -> None:
        given = {name: value for name, value in options.items() if isinstance(value, Path)}
        name, fingerprint = str(options["name"]), str(options["fingerprint"])
        _check(given, name, fingerprint)
        # Before the root's key is opened: nobody types its passphrase for a stranger's request.
        key = _expected_key(given["request"], fingerprint) if "request" in given else None
        root_der = read_certificate(read(given["root"])).public_bytes(Encoding.DER)
        list_address = f"{gateways.public_url()}/crl/root-1.crl"
        root = Issuer(open_root_key(str(options["key"])), root_der, list_address, "")
        try:
            if key is not None:
                self._certify(root, key, given["certificate"], name)
            if "list" in given:
                revoked = options["revoke"]
                self._renew_list(root, given, revoked if isinstance(revoked, list) else [])
        except DomainError as error:
            raise CommandError(str(error)) from error

    def _certify(
        self, root: Issuer, key: ec.EllipticCurvePublicKey, certificate: Path, name: str
    ) -> None:
        der = build_issuing_authority(
            root=root, public_key=key, name=name, now=whole_second(clock.now())
        )
        write_new(certificate, to_pem(der))
        self.stdout.write(f"{name} is certified: {certificate}")
        self.stdout.write(f"SHA-256 of its public key: {key_fingerprint(key)}")

    def _renew_list(self, root: Issuer, given: dict[str, Path], revoke: list[Path]) -> None:
        serials = [read_certificate(read(path)).serial_number for path in revoke]
        previous = read(given["previous"]) if "previous" in given else None
        der = build_root_list(
            root=root, now=whole_second(clock.now()), previous=previous, revoked=serials
        )
        write_new(given["list"], der)
        self.stdout.write(f"The root's next list is written: {given['list']}")


def _check(given: dict[str, Path], name: str, fingerprint: str) -> None:
    if len({"request", "certificate"} & given.keys()) == 1:
        raise CommandError("--request and --certificate belong together.")
    if "request" in given and not name:
        raise CommandError("Say the authority's --name, as the request's maker was told.")
    if "request" in given and not fingerprint:
        raise CommandError("Say the --fingerprint of the key, as the request's maker was told.")
    if "request" not in given and "list" not in given:
        raise CommandError("Say what to sign: --request with --certificate, or --list.")


def _expected_key(request: Path, fingerprint: str) -> ec.EllipticCurvePublicKey:
    """Return the request's key if it is the one meant. Does not say which one it found instead."""
    try:
        key = read_request_key(read(request))
    except DomainError as error:
        raise CommandError(str(error)) from error
    if not same_fingerprint(fingerprint, key_fingerprint(key)):
        raise CommandError(f"{request} holds another key than the one meant: do not sign it.")
    return key
