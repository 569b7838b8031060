"""Examine an installation: does what it stands on hold, and is it configured as a bank's is?"""

from __future__ import annotations

import json
import stat
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

from celery import current_app
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ObjectDoesNotExist
from django.core.management.base import BaseCommand, CommandError
from django.db import Error as DatabaseError
from kombu.exceptions import OperationalError as QueueError
from redis.exceptions import RedisError

from alerts import queries as alerts
from branch_ops import policies
from branch_ops.policies import Finding, Level, fail, ok, warn
from branch_ops.queries import database
from certificates import operations
from certificates.policies import CERTIFICATE_LIFETIME
from certificates.queries import oldest_awaited_stamp
from certificates.queries.authorities import authority_deadlines
from certificates.queries.external import external_authorities
from identity.queries import sign_in_policy
from kernel import clock

OLDEST_SERVER = 160_000
SHORTEST_SECRET = 50
PROBE = "doctor.probe"
CONNECT_SECONDS = 2


class Command(BaseCommand):
    """Print one line for each thing that was looked at; exit 1 when one must not be (OPS-1)."""

    help = (
        "Examine this installation: database role and rights, triggers, migrations, queue, outbox,"
        " certificates, settings, clock. One line each: OK, WARN or FAIL. Exit 1 on a FAIL."
    )
    # It tells what is wrong itself, also where the framework's own checks would stop it.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: object, **options: object) -> None:
        findings = list(examine())
        failures = sum(finding.level == Level.FAIL for finding in findings)
        if options["json"]:
            listed = [asdict(finding) for finding in findings]
            self.stdout.write(json.dumps({"sound": not failures, "findings": listed}))
        else:
            for finding in findings:
                self.stdout.write(f"{finding.level:<4}  {finding.name}: {finding.sentence}")
        if failures:
            raise CommandError(f"{failures} thing(s) must be mended.", returncode=1)


def examine() -> Iterator[Finding]:
    """Look at everything, in the order things stand on each other."""
    yield from _settings()
    yield from _keys()
    yield from _reachable("valkey.cache", _cache)
    yield from _reachable("valkey.queue", _queue)
    try:
        for look in (
            _role,
            _guards,
            _migrations,
            _seed,
            _outbox,
            _authority,
            _outside,
            _time_stamps,
            _clock,
        ):
            yield from look()
    except DatabaseError as error:
        name = type(error).__name__
        yield fail("database", f"The database cannot be asked ({name}): see DATABASE_URL.")


def _settings() -> Iterator[Finding]:
    yield (
        fail("settings.debug", "DEBUG is on: pages of errors would show the inside of the bank.")
        if settings.DEBUG
        else ok("settings.debug", "DEBUG is off.")
    )
    open_to_all = not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS
    yield (
        fail("settings.hosts", "ALLOWED_HOSTS must name the site's own host names.")
        if open_to_all
        else ok("settings.hosts", f"The site answers to {', '.join(settings.ALLOWED_HOSTS)}.")
    )
    yield (
        fail("settings.secret", f"SECRET_KEY needs at least {SHORTEST_SECRET} characters.")
        if len(settings.SECRET_KEY) < SHORTEST_SECRET
        else ok("settings.secret", "SECRET_KEY is long enough.")
    )
    yield _cookies()
    yield (
        ok("settings.csp", "A Content-Security-Policy is sent.")
        if getattr(settings, "CONTENT_SECURITY_POLICY", None)
        else fail("settings.csp", "No Content-Security-Policy is sent.")
    )
    if settings.ENVIRONMENT_LABEL:
        yield warn("settings.label", f"Pages are marked {settings.ENVIRONMENT_LABEL!r}.")
    if "owner" in settings.DATABASES:
        yield warn(
            "settings.owner",
            "OWNER_DATABASE_URL is set: only the process that migrates needs it, no site does.",
        )


def _cookies() -> Finding:
    secure = settings.SESSION_COOKIE_SECURE and settings.CSRF_COOKIE_SECURE
    if settings.PLAIN_HTTP:
        return warn("settings.tls", "PLAIN_HTTP is on: for a demonstration on one machine only.")
    if not secure or not settings.SECURE_SSL_REDIRECT or not settings.SECURE_HSTS_SECONDS:
        return fail("settings.tls", "Cookies, redirect and HSTS must all insist on TLS.")
    return ok("settings.tls", "Cookies travel over TLS alone; plain addresses are redirected.")


def _keys() -> Iterator[Finding]:
    if settings.PKI_KEYS not in ("file", "pkcs11"):
        yield fail("keys.kept", "PKI_KEYS must be file or pkcs11.")
    elif settings.PKI_KEYS == "pkcs11":
        yield ok("keys.kept", "New keys of the authority are made inside the token.")
    else:
        yield warn("keys.kept", "New keys of the authority are made in files: set PKI_KEYS=pkcs11.")
    directory = Path(settings.PKI_KEY_DIRECTORY)
    if not directory.is_dir():
        yield fail("keys.directory", "PKI_KEY_DIRECTORY is no directory.")
    elif directory.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield fail("keys.directory", "PKI_KEY_DIRECTORY is open to others: set its mode to 0700.")
    else:
        yield ok("keys.directory", "The authority's keys are readable by this process alone.")
    soft = sorted(set(settings.SIGNING_ALLOWED_STORAGES) - {"HARDWARE"})
    yield (
        warn("keys.storages", f"Signing keys may be kept in {', '.join(soft)}: not in a real bank.")
        if soft
        else ok("keys.storages", "Only certificates that say their key is on a card may sign.")
    )


def _reachable(name: str, look: Callable[[], str]) -> Iterator[Finding]:
    try:
        yield ok(name, look())
    except (RedisError, QueueError, OSError) as error:
        yield fail(name, f"REDIS_URL does not answer ({type(error).__name__}).")


def _cache() -> str:
    cache.set(PROBE, "1", timeout=CONNECT_SECONDS)
    cache.get(PROBE)
    return "The cache keeps and gives back."


def _queue() -> str:
    options = {
        "socket_connect_timeout": CONNECT_SECONDS,
        "socket_timeout": CONNECT_SECONDS,
        "max_retries": 0,
    }
    with current_app.connection_for_read(transport_options=options) as connection:
        connection.ensure_connection(max_retries=1, timeout=CONNECT_SECONDS)
    return "The worker's queue answers."


def _role() -> Iterator[Finding]:
    yield policies.judge_role(**asdict(database.role()))
    version = database.server_version()
    yield (
        fail("database.version", f"PostgreSQL 16 or newer is needed, not {version // 10_000}.")
        if version < OLDEST_SERVER
        else ok("database.version", f"PostgreSQL {version // 10_000}.")
    )
    waits = database.lock_timeout()
    yield (
        fail("database.locks", "The role waits for locks for ever: set lock_timeout on it.")
        if waits == "0"
        else ok("database.locks", f"A statement waits {waits} for a lock.")
    )


def _guards() -> Iterator[Finding]:
    rights = database.forbidden_rights()
    for table, right in rights:
        yield fail("database.rights", f"The site's role may {right} {table}: revoke it.")
    if not rights:
        yield ok("database.rights", "The site's role cannot change or empty immutable tables.")
    triggers = database.missing_triggers()
    for table, trigger in triggers:
        yield fail("database.triggers", f"Trigger {trigger} on {table} is missing or switched off.")
    if not triggers:
        yield ok("database.triggers", "Every trigger the migrations made is there and on.")


def _migrations() -> Iterator[Finding]:
    waiting = database.unapplied_migrations()
    yield (
        fail("database.migrations", f"Not applied: {', '.join(waiting)}.")
        if waiting
        else ok("database.migrations", "Every migration is applied.")
    )


def _seed() -> Iterator[Finding]:
    try:
        policy = sign_in_policy()
    except ObjectDoesNotExist:
        yield fail("sign_in", "The figures for signing in are missing: run migrate as the owner.")
        return
    yield ok("sign_in", f"Sign-in is paused after {policy.pause_after} wrong passwords.")


def _outbox() -> Iterator[Finding]:
    age = alerts.oldest_pending_age(clock.now())
    yield from policies.judge_queue(age, alerts.counts().dead)


def _authority() -> Iterator[Finding]:
    now = clock.now()
    found = authority_deadlines(now)
    if len(found) < len(("root", "issuing")):
        yield fail("authority", "The bank has no certificate authority: run prepare_authority.")
        return
    yield ok("authority", f"There: {', '.join(one.reference for one in found)}.")
    for one in found:
        left = None if one.list_until is None else one.list_until - now
        if one.is_root:
            yield policies.judge_root_list(left)
            continue
        yield policies.judge_list(left or timedelta(0), one.reference)
        for service, until in one.services_until.items():
            remaining = None if until is None else until - now
            yield policies.judge_service_key(remaining, service, one.reference)
    newest = found[-1]
    yield policies.judge_authority_end(
        newest.certificate_until - now, newest.reference, CERTIFICATE_LIFETIME
    )
    unusable = operations.unusable_keys(now=now)
    yield (
        fail("authority.keys", f"Not to be opened or not the right one: {', '.join(unusable)}.")
        if unusable
        else ok("authority.keys", "The keys of authorities and services open, and are theirs.")
    )


def _outside() -> Iterator[Finding]:
    now = clock.now()
    for authority in external_authorities():
        for issuer in authority.issuers:
            left = issuer.next_update - now if issuer.next_update is not None else None
            yield policies.judge_outside_list(authority.code, issuer.subject, left)


def _time_stamps() -> Iterator[Finding]:
    yield policies.judge_time_stamps(oldest_awaited_stamp(clock.now()))


def _clock() -> Iterator[Finding]:
    yield policies.judge_clock(clock.now() - database.database_time())
