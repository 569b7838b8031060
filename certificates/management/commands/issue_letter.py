"""Print a password letter."""

from __future__ import annotations

import json
from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from certificates.operations import issue_letter
from certificates.queries import holder_by_public_id
from kernel import clock


class Command(BaseCommand):
    """Print the letter a person enrols a card with; its secret is shown here and nowhere else."""

    help = "Print the password letter a person enrols a signing certificate with."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("holder", help="public id of the person, such as U0123456789")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: object, **options: object) -> None:
        holder = holder_by_public_id(str(options["holder"]))
        if holder is None:
            raise CommandError("There is no such person.")
        letter = issue_letter(holder_id=holder.pk, actor=None, now=clock.now())
        if options["json"]:
            self.stdout.write(json.dumps({"number": letter.number, "secret": letter.secret}))
            return
        self.stdout.write(f"For:            {holder.display_name} ({holder.public_id})")
        self.stdout.write(f"Letter number:  {letter.number}")
        self.stdout.write(f"Secret:         {letter.secret}")
        self.stdout.write(f"Valid until:    {clock.isoformat(letter.expires_at)}")
