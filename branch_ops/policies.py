"""When is an installation sound, and which serial numbers make a range? Pure functions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from branch_ops.errors import SerialRangeWrong

QUEUE_LATE = timedelta(minutes=1)
QUEUE_STUCK = timedelta(minutes=15)
STAMP_LATE = timedelta(minutes=15)
STAMP_STUCK = timedelta(hours=24)
CLOCK_OFF = timedelta(seconds=1)
CLOCK_WRONG = timedelta(seconds=30)
OUTSIDE_LIST_SOON = timedelta(hours=2)
LIST_SOON = timedelta(hours=2)
ROOT_LIST_SOON = timedelta(days=30)
SERVICE_SOON = timedelta(days=30)
AUTHORITY_SOON = timedelta(days=180)
MOST_OF_A_DELIVERY = 500
_SERIAL = re.compile(r"(?P<letters>[0-9A-Z-]*?)(?P<digits>[0-9]{1,12})")


class Level(StrEnum):
    OK = "OK"
    WARN = "WARN"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """Say in one sentence how one thing stands; `name` is stable, for machines."""

    level: Level
    name: str
    sentence: str


def ok(name: str, sentence: str) -> Finding:
    """Return that a thing is as it should be."""
    return Finding(Level.OK, name, sentence)


def fail(name: str, sentence: str) -> Finding:
    """Return that the installation must not run like this."""
    return Finding(Level.FAIL, name, sentence)


def warn(name: str, sentence: str) -> Finding:
    """Return that somebody should look."""
    return Finding(Level.WARN, name, sentence)


def judge_queue(age: timedelta, dead: int) -> list[Finding]:
    """Judge the outbox by its oldest due message and by what was given up (ALR-2)."""
    waited = f"The oldest due message has waited {int(age.total_seconds())} seconds"
    if age >= QUEUE_STUCK:
        found = [fail("outbox.age", f"{waited}: no worker delivers.")]
    elif age >= QUEUE_LATE:
        found = [warn("outbox.age", f"{waited}: the worker is late or busy.")]
    else:
        found = [ok("outbox.age", f"{waited}.")]
    if dead:
        found.append(
            warn("outbox.dead", f"{dead} message(s) were given up: look, then run replay_alerts.")
        )
    return found


def judge_time_stamps(age: timedelta | None) -> Finding:
    """Judge by the oldest signature that still waits for its time stamp (SIGN-4)."""
    if age is None or age < STAMP_LATE:
        return ok("time_stamps", "No signature waits long for its time stamp.")
    said = f"A signature has waited {int(age.total_seconds() / 60)} minutes for its time stamp"
    if age >= STAMP_STUCK:
        return fail("time_stamps", f"{said}: look at the worker and at TSA_URL.")
    return warn("time_stamps", f"{said}: it is asked for again and again.")


def judge_clock(difference: timedelta) -> Finding:
    """Judge this machine's clock against the database's: signatures and deadlines depend on it."""
    seconds = abs(difference).total_seconds()
    said = f"This clock and the database's differ by {seconds:.1f} seconds."
    if abs(difference) >= CLOCK_WRONG:
        return fail("clock", f"{said} Set the clock by a time server.")
    return warn("clock", said) if abs(difference) >= CLOCK_OFF else ok("clock", said)


def judge_list(remaining: timedelta, authority: str = "issuing-1") -> Finding:
    """Judge an authority's newest revocation list by how long it is still valid (CERT-8)."""
    hours = remaining.total_seconds() / 3600
    whose = f"The newest revocation list of {authority}"
    if remaining <= timedelta(0):
        return fail("crl", f"{whose} is out of date: run publish_crl.")
    said = f"{whose} is valid for {hours:.1f} more hours."
    if remaining < LIST_SOON:
        return warn("crl", f"{said} Run publish_crl.")
    return ok("crl", said)


def judge_root_list(remaining: timedelta | None) -> Finding:
    """Judge the root's own list: it is signed offline, so there must be time to do it."""
    remedy = "sign the next with sign_with_root and bring it by rotate_issuing_authority."
    if remaining is None or remaining <= timedelta(0):
        return fail("crl.root", f"The root's list is missing or out of date: {remedy}")
    said = f"The root's list is valid for {remaining.days} more days."
    if remaining < ROOT_LIST_SOON:
        return warn("crl.root", f"{said} In time, {remedy}")
    return ok("crl.root", said)


def judge_authority_end(remaining: timedelta, authority: str, longest: timedelta) -> Finding:
    """Judge how long an issuing authority lasts: it certifies nobody for longer than itself."""
    said = f"The certificate of {authority} lasts {remaining.days} more days"
    if remaining <= longest:
        return fail(
            "authority.end",
            f"{said}, less than a holder's: run rotate_issuing_authority.",
        )
    if remaining < longest + AUTHORITY_SOON:
        return warn("authority.end", f"{said}: plan rotate_issuing_authority.")
    return ok("authority.end", f"{said}.")


def judge_service_key(remaining: timedelta | None, service: str, authority: str) -> Finding:
    """Judge a service's key by how long its certificate lasts."""
    whose = f"The {service} key of {authority}"
    if remaining is None or remaining <= timedelta(0):
        return fail("authority.services", f"{whose} is missing or over: run rotate_service_keys.")
    said = f"{whose} lasts {remaining.days} more days."
    if remaining < SERVICE_SOON:
        return warn("authority.services", f"{said} Run rotate_service_keys.")
    return ok("authority.services", said)


def judge_outside_list(code: str, issuer: str, left: timedelta | None) -> Finding:
    """Judge an outside authority's revocation list: without a fresh one nobody signs (CERT-11)."""
    name = f"outside.{code}"
    if left is None or left <= timedelta(0):
        return fail(name, f"No current list of {issuer}: run refresh_external_lists.")
    said = f"The list of {issuer} is valid for {left.total_seconds() / 3600:.1f} more hours."
    return warn(name, said) if left < OUTSIDE_LIST_SOON else ok(name, said)


def judge_role(
    *, name: str, superuser: bool, bypasses_row_security: bool, creates: bool, owns_tables: bool
) -> Finding:
    """Judge the database role the site runs as: it must be an ordinary one."""
    too_much = [
        word
        for word, has in (
            ("is a superuser", superuser),
            ("bypasses row security", bypasses_row_security),
            ("may create roles or databases", creates),
            ("owns tables", owns_tables),
        )
        if has
    ]
    if too_much:
        return fail("database.role", f"The role {name} {' and '.join(too_much)}.")
    return ok("database.role", f"The site runs as {name}, an ordinary role that owns nothing.")


def read_serial_number(text: str) -> str:
    """Return a serial number as it is stored: capitals, without the spaces a scanner may add."""
    return "".join(text.split()).upper()


def serial_range(first: str, last: str) -> list[str]:
    """Return the serial numbers of a delivery from first to last, both included.

    They share everything but the digits at their end, of which there are equally many.
    Raises SerialRangeWrong.
    """
    start, end = _SERIAL.fullmatch(first), _SERIAL.fullmatch(last)
    if start is None or end is None or len(first) != len(last) or not 4 <= len(first) <= 40:
        raise SerialRangeWrong(MOST_OF_A_DELIVERY)
    letters, width = start["letters"], len(start["digits"])
    count = int(end["digits"]) - int(start["digits"]) + 1
    if end["letters"] != letters or not 1 <= count <= MOST_OF_A_DELIVERY:
        raise SerialRangeWrong(MOST_OF_A_DELIVERY)
    begin = int(start["digits"])
    return [f"{letters}{number:0{width}d}" for number in range(begin, begin + count)]
