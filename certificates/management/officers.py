"""What the commands share that take certificates of the bank's own people out of force."""

from __future__ import annotations

import json
from argparse import ArgumentParser

from django.core.management.base import CommandError

from certificates.queries import holder_by_serial
from kernel.canonical import plain_text
from kernel.errors import RuleBroken

REASON_MOST = 200


def add_arguments(parser: ArgumentParser) -> None:
    """Ask for certificate and reason, and how to answer."""
    parser.add_argument("serial", help="serial number of the certificate")
    parser.add_argument("--reason", required=True, help="why, as the log keeps it")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def read(options: dict[str, object]) -> tuple[str, str]:
    """Return serial number and reason; refuse what is not a certificate of the bank's own people.

    Those of customers go to the counter of their branch, where two people see to them (CERT-3).
    """
    serial, reason = str(options["serial"]).strip(), str(options["reason"]).strip()
    if not reason or len(reason) > REASON_MOST:
        raise CommandError(f"Give a reason of at most {REASON_MOST} characters.")
    try:
        plain_text(reason, field="reason")
    except RuleBroken as error:
        raise CommandError(str(error)) from error
    holder = holder_by_serial(serial)
    if holder is None:
        raise CommandError("There is no such certificate.")
    if not holder.is_staff:
        raise CommandError("This is a customer's certificate: the counter of its branch does it.")
    return serial, reason


def answer(serial: str, state: str, *, as_json: bool) -> str:
    """Return what to print when it is done."""
    if as_json:
        return json.dumps({"serial_number": serial, "state": state})
    return f"{serial} is {state} now; the revocation list says so."
