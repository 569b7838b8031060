"""Refuse what Django would offer: there is no superuser and no other door (DEL-1)."""

from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    """Refuse to make a superuser."""

    help = "Refuse: there are no superusers. People are registered by the bank's staff."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the options of Django's own command, to give them the same answer."""
        parser.add_argument("--noinput", "--no-input", action="store_true")
        parser.add_argument("--database")
        parser.add_argument("--public_id", "--username")

    def handle(self, *args: object, **options: object) -> None:
        """Say that there are no superusers."""
        raise CommandError("There are no superusers: people are registered by the bank's staff.")
