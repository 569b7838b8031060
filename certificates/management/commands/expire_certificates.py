"""End letters and certificates whose time is over, and remind of those whose end is near."""

from __future__ import annotations

from django.core.management.base import BaseCommand

from certificates.operations import expire_due
from kernel import clock


class Command(BaseCommand):
    """Do at once what the clock does every hour (CERT-2, CERT-3, ALR-1)."""

    help = "End letters and certificates whose time is over; remind of certificates near their end."

    def handle(self, *args: object, **options: object) -> None:
        self.stdout.write(f"Letters and certificates looked after: {expire_due(now=clock.now())}.")
