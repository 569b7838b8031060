"""Publish the revocation list again."""

from __future__ import annotations

from django.core.management.base import BaseCommand

from certificates.operations import publish_crl
from kernel import clock


class Command(BaseCommand):
    """Publish a full revocation list with today's date; due every 24 hours (CERT-8)."""

    help = "Publish a new full revocation list; due every 24 hours."

    def handle(self, *args: object, **options: object) -> None:
        self.stdout.write(f"Revocation list {publish_crl(now=clock.now())} is published.")
