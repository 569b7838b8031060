"""Revoke a certificate of one of the bank's own people."""

from __future__ import annotations

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from certificates import operations
from certificates.formats.profiles import RevocationReason
from certificates.management import officers
from certificates.states import CertificateState
from kernel import clock
from kernel.errors import DomainError

CAUSES = (
    RevocationReason.KEY_COMPROMISE.name,
    RevocationReason.AFFILIATION_CHANGED.name,
    RevocationReason.SUPERSEDED.name,
    RevocationReason.CESSATION_OF_OPERATION.name,
    RevocationReason.PRIVILEGE_WITHDRAWN.name,
)


class Command(BaseCommand):
    """Revoke a bank person's certificate for ever (CERT-5)."""

    help = (
        "Revoke the certificate of one of the bank's own people for ever; exit code 1 and nothing"
        " changed where it is a customer's, or has ended."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        officers.add_arguments(parser)
        parser.add_argument(
            "--cause", required=True, choices=CAUSES, help="what the revocation list tells"
        )

    def handle(self, *args: object, **options: object) -> None:
        serial, reason = officers.read(options)
        try:
            operations.revoke(
                serial_number=serial, reason=RevocationReason[str(options["cause"])], actor=None,
                now=clock.now(), why=reason,
            )  # fmt: skip
        except DomainError as error:
            raise CommandError(str(error)) from error
        state = str(CertificateState.REVOKED)
        self.stdout.write(officers.answer(serial, state, as_json=bool(options["json"])))
