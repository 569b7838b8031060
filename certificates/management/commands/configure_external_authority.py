"""Accept an outside authority, or accept it no longer."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from certificates.errors.external import ExternalRefused
from certificates.formats.external import read_upload
from certificates.formats.profiles import KeyStorage
from certificates.operations import (
    NewIssuer,
    configure_external_authority,
    refresh_external_lists,
    withdraw_external_authority,
)
from kernel import clock
from kernel.errors import DomainError


class Command(BaseCommand):
    """Accept an accredited outside authority, whose certificates can then be bound (CERT-11)."""

    help = (
        "Accept an outside authority: its root and issuers (PEM or DER files), where each one's"
        " revocation list is fetched, and under which policies. Again with the same code to"
        " change them; --withdraw to accept it no longer."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        files, policy = ("FILE", "LIST_URL"), ("OID", "STORAGE")
        parser.add_argument("code", help="short name before its serial numbers, such as FXML")
        parser.add_argument("--name", default="", help="its name for people")
        parser.add_argument("--root", nargs=2, metavar=files, help="self-signed root")
        parser.add_argument("--issuer", nargs=2, metavar=files, action="append", default=[])
        parser.add_argument(
            "--policy", nargs=2, metavar=policy, action="append", default=[],
            help="an accepted policy and where its keys are kept: HARDWARE or SOFTWARE",
        )  # fmt: skip
        parser.add_argument("--withdraw", action="store_true", help="accept it no longer")

    def handle(self, *args: object, **options: Any) -> None:  # noqa: ANN401 - arguments have many types
        now = clock.now()
        try:
            if options["withdraw"]:
                withdraw_external_authority(code=options["code"], now=now)
                self.stdout.write("Withdrawn. None of its certificates signs here any more.")
                return
            self._configure(options)
        except ExternalRefused as refused:
            raise CommandError(f"{refused} ({refused.code})") from refused
        except DomainError as error:
            raise CommandError(str(error)) from error
        failures = refresh_external_lists(now=now)
        if failures:
            self.stderr.write(f"Lists that could not be had yet: {failures}. See the log.")
        self.stdout.write("Accepted.")

    def _configure(self, options: dict[str, Any]) -> None:
        if not options["root"] or not options["policy"] or not options["name"]:
            raise CommandError("Give --name, --root and at least one --policy.")
        policies = {}
        for oid, storage in options["policy"]:
            if storage not in (KeyStorage.HARDWARE, KeyStorage.SOFTWARE):
                raise CommandError("A policy's keys are kept in HARDWARE or SOFTWARE.")
            policies[oid] = KeyStorage[storage]
        configure_external_authority(
            code=options["code"],
            name=options["name"],
            root=_read(*options["root"]),
            issuers=[_read(*one) for one in options["issuer"]],
            policies=policies,
            now=clock.now(),
        )


def _read(file: str, url: str) -> NewIssuer:
    try:
        return NewIssuer(read_upload(Path(file).read_bytes()), url)
    except OSError as error:
        raise CommandError(f"{file} cannot be read.") from error
