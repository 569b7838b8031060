"""List dead letters, or take them up again."""

from __future__ import annotations

from argparse import ArgumentParser

from django.core.management.base import BaseCommand

from alerts.operations import MOST_REPLAYED, replay_dead
from alerts.queries import dead_letters
from kernel import clock


class Command(BaseCommand):
    """Replay messages that were given up, the named ones or all of them (ALR-2)."""

    help = "Replay dead letters: all of them, or those whose ids are given. --list only lists them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("ids", nargs="*", type=int, help="ids of messages; none means all")
        parser.add_argument("--list", action="store_true", help="only list dead letters")
        parser.add_argument("--actor", default="system", help="who asked for it, for the audit log")
        parser.add_argument("--reason", default="", help="why, for the audit log")

    def handle(self, *args: object, **options: object) -> None:
        if options["list"]:
            for letter in dead_letters(limit=MOST_REPLAYED):
                self.stdout.write(
                    f"{letter.id} {letter.created_at:%Y-%m-%dT%H:%M:%SZ} {letter.event} "
                    f"{letter.channel} {letter.recipient_key} "
                    f"({letter.attempts} attempts, {letter.last_error})"
                )
            return
        count = replay_dead(
            actor=str(options["actor"]),
            now=clock.now(),
            message_ids=options["ids"] or None,  # type: ignore[arg-type]
            reason=str(options["reason"]),
        )
        self.stdout.write(f"{count} dead letter(s) will be delivered again")
