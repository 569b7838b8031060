"""Replace the keys of the authority's services before they end."""

from __future__ import annotations

import json
from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from certificates import operations
from kernel import clock
from kernel.errors import DomainError


class Command(BaseCommand):
    """Make new keys for the OCSP responder and the time stamping that end within 30 days."""

    help = (
        "Replace the keys of the OCSP responder and of time stamping whose certificates end within"
        " 30 days, and make missing ones; --all replaces every one."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--all", action="store_true", help="also those that last longer")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: object, **options: object) -> None:
        try:
            made = operations.rotate_service_keys(now=clock.now(), every=bool(options["all"]))
        except DomainError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps({"made": made}))
            return
        for reference in made:
            self.stdout.write(f"New key: {reference}")
        self.stdout.write(f"{len(made)} key(s) replaced.")
