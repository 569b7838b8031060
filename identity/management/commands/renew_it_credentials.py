"""Let one of the IT security pair in again, where nobody else can."""

from __future__ import annotations

import json
from typing import cast

from django.core.management.base import BaseCommand, CommandError, CommandParser

from identity import operations
from kernel import clock
from kernel.errors import DomainError


class Command(BaseCommand):
    """Void the credentials of one of IT security and send a code to their phone (AUTH-9)."""

    help = (
        "Give one of the IT security pair new credentials, vouched for by two other people of the"
        " bank; exit code 1 and nothing changed where that is refused."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Ask for the person, the two who vouch for them, and why."""
        parser.add_argument("--person", required=True, help="user number of the person")
        parser.add_argument(
            "--operator", action="append", required=True, dest="operators",
            help="user number of somebody of the bank who vouches for the person; given twice",
        )  # fmt: skip
        parser.add_argument("--reason", required=True, help="why, as the log keeps it")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: object, **options: object) -> None:
        """Do it, and say by what the log names it."""
        person = str(options["person"]).strip()
        operators = [one.strip() for one in cast("list[str]", options["operators"])]
        if len(operators) != 2 or not all(operators):
            raise CommandError("Give --operator twice.", returncode=2)
        try:
            reference = operations.renew_it_credentials(
                number=person, operators=operators, reason=str(options["reason"]), actor=None,
                now=clock.now(),
            )  # fmt: skip
        except DomainError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps({"person": person, "reference": reference}))
            return
        self.stdout.write(f"{person} was sent a code for a new password. Reference: {reference}")
