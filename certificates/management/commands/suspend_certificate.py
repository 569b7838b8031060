"""Suspend a certificate of one of the bank's own people."""

from __future__ import annotations

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from certificates import operations
from certificates.management import officers
from kernel import clock
from kernel.errors import DomainError


class Command(BaseCommand):
    """Put a bank person's certificate on hold at once; the third time is for ever (CERT-4)."""

    help = (
        "Suspend the certificate of one of the bank's own people at once; exit code 1 and nothing"
        " changed where it is a customer's, or not in force."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        officers.add_arguments(parser)

    def handle(self, *args: object, **options: object) -> None:
        serial, reason = officers.read(options)
        try:
            state = operations.suspend(
                serial_number=serial, actor=None, now=clock.now(), reason=reason
            )
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(officers.answer(serial, str(state), as_json=bool(options["json"])))
