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

    help = "Print the password letter a person of the bank enrols a signing certificate with."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("holder", help="public id of a person of the bank, such as U0123456789")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: object, **options: object) -> None:
        holder = holder_by_public_id(str(options["holder"]))
        if holder is None:
            raise CommandError("There is no such person.")
        if holder.company_id is not None:
            # Two people there stand behind each letter; here one would be enough (CERT-1).
            raise CommandError("This is a company's person: their letters come from the counter.")
        letter = issue_letter(holder_id=holder.pk, actor=None, now=clock.now())
        if options["json"]:
            self.stdout.write(json.dumps({"number": letter.number, "secret": letter.secret}))
            return
        self.stdout.write(f"For:            {holder.display_name} ({holder.public_id})")
        self.stdout.write(f"Letter number:  {letter.number}")
        self.stdout.write(f"Secret:         {letter.secret}")
        self.stdout.write(f"Valid until:    {clock.isoformat(letter.expires_at)}")
