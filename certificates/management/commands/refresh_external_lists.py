"""Fetch the revocation lists of outside authorities."""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError

from certificates.operations import refresh_external_lists
from kernel import clock


class Command(BaseCommand):
    """Fetch the lists of the accepted outside authorities now; the beat does so every hour."""

    help = "Fetch the revocation lists of outside authorities. Exit 1 where one could not be had."

    def handle(self, *args: object, **options: object) -> None:
        failures = refresh_external_lists(now=clock.now())
        if failures:
            raise CommandError(f"{failures} list(s) could not be had: see the log.")
        self.stdout.write("Every list is current.")
