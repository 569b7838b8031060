"""Load the demo's bank, or print how to sign in to it."""

from __future__ import annotations

from argparse import ArgumentParser

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from corpbank.demo.load import PASSWORD, SignIn, load, sign_ins
from kernel import clock


class Command(BaseCommand):
    """Found the demo's bank once; every later run only sees that something waits today."""

    help = "Load the demo's bank (idempotent), or with --print show its sign-ins and card letters."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--print", action="store_true", help="print the sign-ins")

    def handle(self, *args: object, **options: object) -> None:
        if not settings.ENVIRONMENT_LABEL:
            raise CommandError("This is not a demo: ENVIRONMENT_LABEL is not set.", returncode=2)
        now = clock.now()
        if options["print"]:
            self._print(sign_ins(now))
        else:
            load(now)

    def _print(self, found: list[SignIn]) -> None:
        self.stdout.write(f"  密碼 Password for everyone: {PASSWORD}")
        home = ""
        for one in found:
            if one.company_name != home:
                home = one.company_name
                site = f"企業網站 統編 {one.company}" if one.company else "行員網站 staff site"
                self.stdout.write(f"\n  {home}  ({site})")
            letter = f"  密碼函 letter {one.letter}  {one.secret}" if one.letter else ""
            self.stdout.write(f"    {one.login:<20} {one.person}（{one.role}）{letter}")
        self.stdout.write("")
