"""Write the evidence of a request."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from approvals.errors import RequestNotFound, SignatureNotFound
from approvals.operations import evidence
from certificates.formats.evidence import pack
from kernel import clock


class Command(BaseCommand):
    """Write the evidence of a request into a new folder or a zip (SIGN-4)."""

    help = "Write all that proves a request's decisions, with a script that verifies it by openssl."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("request", help="number of the request, such as T20261122-48213907")
        parser.add_argument("target", type=Path, help="a new folder, or a file ending in .zip")

    def handle(self, *args: object, **options: object) -> None:
        request, target = str(options["request"]), Path(str(options["target"]))
        if target.exists():
            raise CommandError(f"{target} exists already.")
        now = clock.now()
        try:
            files = evidence(reference=request, now=now)
        except RequestNotFound:
            raise CommandError("There is no such request.") from None
        except SignatureNotFound:
            raise CommandError("This request has no signatures.") from None
        if target.suffix == ".zip":
            target.write_bytes(pack(files, made_at=now))
        else:
            target.mkdir(parents=True)
            for name, content in files.items():
                (target / name).write_bytes(content)
            (target / "VERIFY.sh").chmod(0o755)
        count = sum(name.endswith(".p7s") for name in files) - 1  # one is the seal
        self.stdout.write(f"{count} signature(s) written to {target}.")
