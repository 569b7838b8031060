"""Prove that the audit log is whole."""

from __future__ import annotations

import json
from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from audit.queries import chain_states


class Command(BaseCommand):
    """Read every chain from its first entry to its head; exit 1 when one does not hold (AUD-1)."""

    help = "Prove the audit log: every chain, from its first entry to its head. Exit 1 on a break."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: object, **options: object) -> None:
        states = list(chain_states())
        broken = [state.broken for state in states if state.broken]
        if options["json"]:
            found = [{"chain": b.chain, "position": b.position, "what": b.what} for b in broken]
            report = {"chains": len(states), "entries": sum(s.height for s in states)}
            self.stdout.write(json.dumps({**report, "breaks": found}))
        else:
            for state in states:
                note = (
                    f"BROKEN at {state.broken.position}: {state.broken.what}"
                    if state.broken
                    else "whole"
                )
                self.stdout.write(f"{state.name}: {state.height} entries, {note}")
        if broken:
            raise CommandError(f"{len(broken)} audit chain(s) do not hold", returncode=1)
