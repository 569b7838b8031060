"""End requests that can no longer be executed."""

from __future__ import annotations

import json
from argparse import ArgumentParser

from django.core.management.base import BaseCommand

from approvals import operations
from approvals.queries.due import due_requests
from kernel import clock


class Command(BaseCommand):
    """End every open request whose deadline has passed; what was reserved is freed (FLOW-7)."""

    help = (
        "End open requests whose deadline has passed. Safe to run at any time, any number of times."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: object, **options: object) -> None:
        now, ended = clock.now(), 0
        while due := due_requests(now):
            ended += sum(operations.expire(request_id=pk, now=now) for pk in due)
        self.stdout.write(json.dumps({"expired": ended}) if options["json"] else f"{ended} expired")
