"""Certify an issuing authority, or renew the root's list, on a machine that is on no network."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding
from django.core.management.base import BaseCommand, CommandError

from certificates import gateways
from certificates.formats.authority import build_issuing_authority
from certificates.formats.ceremony import (
    build_root_list,
    read_certificate,
    read_request_key,
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
        parser.add_argument("--list", type=Path, help="where the root's next list is to go")
        parser.add_argument("--previous", type=Path, help="the list before it")
        parser.add_argument(
            "--revoke", type=Path, action="append", default=[], help="an authority's certificate"
        )

    def handle(self, *args: object, **options: object) -> None:
        given = {name: value for name, value in options.items() if isinstance(value, Path)}
        if len({"request", "certificate"} & given.keys()) == 1:
            raise CommandError("--request and --certificate belong together.")
        if "request" in given and not options["name"]:
            raise CommandError("Say the authority's --name, as the request's maker was told.")
        if "request" not in given and "list" not in given:
            raise CommandError("Say what to sign: --request with --certificate, or --list.")
        root_der = read_certificate(read(given["root"])).public_bytes(Encoding.DER)
        list_address = f"{gateways.public_url()}/crl/root-1.crl"
        root = Issuer(open_root_key(str(options["key"])), root_der, list_address, "")
        try:
            if "request" in given:
                self._certify(root, given, str(options["name"]))
            if "list" in given:
                revoked = options["revoke"]
                self._renew_list(root, given, revoked if isinstance(revoked, list) else [])
        except DomainError as error:
            raise CommandError(str(error)) from error

    def _certify(self, root: Issuer, given: dict[str, Path], name: str) -> None:
        der = build_issuing_authority(
            root=root, public_key=read_request_key(read(given["request"])), name=name,
            now=whole_second(clock.now()),
        )  # fmt: skip
        write_new(given["certificate"], to_pem(der))
        self.stdout.write(f"{name} is certified: {given['certificate']}")

    def _renew_list(self, root: Issuer, given: dict[str, Path], revoke: list[Path]) -> None:
        serials = [read_certificate(read(path)).serial_number for path in revoke]
        previous = read(given["previous"]) if "previous" in given else None
        der = build_root_list(
            root=root, now=whole_second(clock.now()), previous=previous, revoked=serials
        )
        write_new(given["list"], der)
        self.stdout.write(f"The root's next list is written: {given['list']}")
