"""Put the next issuing authority into force."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from certificates import operations
from certificates.formats.ceremony import key_fingerprint, read_request_key
from certificates.management.ceremonies import read, write_new
from kernel import clock
from kernel.errors import DomainError


class Command(BaseCommand):
    """Write a request for the offline root, take its answer, or do both with its key at hand."""

    help = (
        "Put a new issuing authority into force; the one before retires and its list and answers go"
        " on. --request writes what the offline root signs; --certificate takes its answer (the"
        " first time with --root and --root-list); without any the root's key must be at hand."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--request", type=Path, help="make a key and write its request here")
        parser.add_argument("--certificate", type=Path, help="what the root has signed")
        parser.add_argument("--root", type=Path, help="the root's certificate, the first time")
        parser.add_argument("--root-list", type=Path, help="the root's newest list")

    def handle(self, *args: object, **options: object) -> None:
        given = {name: value for name, value in options.items() if isinstance(value, Path)}
        try:
            if "request" in given:
                self._request(given["request"])
            elif "certificate" in given:
                self._accept(given)
            elif "root_list" in given:
                number = operations.accept_root_list(
                    root_list=read(given["root_list"]), now=clock.now()
                )
                self.stdout.write(f"The root's list {number} is published.")
            else:
                self._say(operations.rotate_issuing_authority(now=clock.now()))
        except DomainError as error:
            raise CommandError(str(error)) from error

    def _request(self, path: Path) -> None:
        if path.exists():
            raise CommandError(f"{path} is there already.")
        name, request = operations.request_issuing_authority(now=clock.now())
        write_new(path, request)
        fingerprint = key_fingerprint(read_request_key(request))
        self.stdout.write(f"SHA-256 of its public key: {fingerprint}")
        self.stdout.write(
            f"Take {path} to the root and run there:"
            f" sign_with_root --request {path.name} --certificate issuing.pem --name '{name}'"
            " --fingerprint <what is shown above, brought on paper or read out: not in a file"
            " beside the request>"
        )

    def _accept(self, given: dict[str, Path]) -> None:
        contents = {
            name: read(given[name])
            for name in ("certificate", "root", "root_list")
            if name in given
        }
        self._say(operations.accept_issuing_authority(now=clock.now(), **contents))

    def _say(self, reference: str) -> None:
        self.stdout.write(f"{reference} issues from now on.")
