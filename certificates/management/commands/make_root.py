"""Make the bank's root on a machine that is on no network."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand

from certificates import gateways
from certificates.formats.authority import build_root
from certificates.formats.ceremony import build_root_list, to_pem
from certificates.formats.profiles import Issuer
from certificates.management.ceremonies import make_root_key, write_new
from certificates.policies import whole_second
from kernel import clock


class Command(BaseCommand):
    """Write a root's key (encrypted, or in a token), certificate and first list; no database."""

    help = (
        "Make the root offline, without a database: its key, its certificate and its first list."
        " The passphrase is asked for, or taken from ROOT_KEY_PASSPHRASE."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--key", default="root-key.pem", help="its file, or pkcs11 for a token")
        parser.add_argument("--certificate", type=Path, default=Path("root.pem"))
        parser.add_argument("--list", type=Path, default=Path("root.crl"))
        parser.add_argument("--name", default="", help="else the bank's name and 'Root CA'")

    def handle(self, *args: object, **options: object) -> None:
        now = whole_second(clock.now())
        name = str(options["name"]) or f"{gateways.bank_name()} Root CA"
        kept, signer = make_root_key(str(options["key"]))
        der = build_root(signer=signer, name=name, now=now)
        write_new(Path(str(options["certificate"])), to_pem(der))
        root = Issuer(signer, der, "", "")
        write_new(Path(str(options["list"])), build_root_list(root=root, now=now))
        self.stdout.write(f"The root {name} is made; its key: {kept}")
        self.stdout.write(
            "Keep the key and its passphrase in two safes. Bring certificate and list to the bank:"
            " rotate_issuing_authority takes them."
        )
