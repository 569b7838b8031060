"""Prove that the books hold."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict

from django.core.management.base import BaseCommand, CommandError

from ledger.queries import totals, verify


class Command(BaseCommand):
    """Recompute every balance and hold from its rows; exit 1 when the books do not hold (OPS-1)."""

    help = "Prove the ledger: double entry, balances, holds. Exit 1 when the books do not hold."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: object, **options: object) -> None:
        findings = list(verify())
        counted = totals()
        if options["json"]:
            report = {**counted, "findings": [asdict(finding) for finding in findings]}
            self.stdout.write(json.dumps(report))
        else:
            for finding in findings:
                self.stdout.write(f"{finding.what}: {finding.where} {finding.detail}".rstrip())
            self.stdout.write(
                f"{counted['accounts']} accounts, {counted['postings']} postings, "
                f"{counted['open_holds']} open holds, {len(findings)} findings"
            )
        if findings:
            raise CommandError(f"the books do not hold in {len(findings)} place(s)", returncode=1)
