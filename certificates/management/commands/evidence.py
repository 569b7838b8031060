"""Write the evidence of a request's signatures."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from certificates.queries import evidence, evidence_zip, signatures_of
from kernel import clock


class Command(BaseCommand):
    """Write statements, signatures, certificates and VERIFY.sh into a folder or a zip (SIGN-4)."""

    help = "Write the signatures of a request, with a script that verifies them by plain openssl."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("request", help="number of the request, such as T20261122-48213907")
        parser.add_argument("target", type=Path, help="a new folder, or a file ending in .zip")

    def handle(self, *args: object, **options: object) -> None:
        request, target = str(options["request"]), Path(str(options["target"]))
        count = len(signatures_of(request))
        if not count:
            raise CommandError("This request has no signatures.")
        if target.exists():
            raise CommandError(f"{target} exists already.")
        if target.suffix == ".zip":
            target.write_bytes(evidence_zip(request, now=clock.now()))
        else:
            target.mkdir(parents=True)
            for name, content in evidence(request).items():
                (target / name).write_bytes(content)
            (target / "VERIFY.sh").chmod(0o755)
        self.stdout.write(f"{count} signature(s) written to {target}.")
