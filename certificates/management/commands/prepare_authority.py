"""Make the bank's certificate authority."""

from __future__ import annotations

from django.core.management.base import BaseCommand

from certificates.operations import prepare_authority
from kernel import clock


class Command(BaseCommand):
    """Make root, issuing authority and first revocation list once; say so when they exist."""

    help = "Make the root, the issuing authority and the first revocation list, once."

    def handle(self, *args: object, **options: object) -> None:
        if prepare_authority(now=clock.now()):
            self.stdout.write(
                "The certificate authority is ready. Take the root's key file off this machine"
                " and keep it in a safe: it is only needed to certify another issuing authority."
            )
        else:
            self.stdout.write("The certificate authority was there already.")
