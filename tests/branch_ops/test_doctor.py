"""The doctor finds what it can be shown, and says so in sentences and in JSON (OPS-1)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO

import psycopg
import pytest
from django.core.cache import caches
from django.core.management import CommandError, call_command
from django.db import connection
from psycopg import sql

from alerts.models import Message
from alerts.states import MessageState
from branch_ops.policies import (
    Level,
    judge_authority_end,
    judge_clock,
    judge_list,
    judge_queue,
    judge_role,
    judge_root_list,
    judge_service_key,
    judge_time_stamps,
)
from branch_ops.queries import database
from certificates import operations as certificates
from certificates.formats.profiles import Service
from kernel import clock
from kernel.guards import APPLICATION_ROLE
from tests.servers import owner_connection, point_queue_at

pytestmark = pytest.mark.req("OPS-1")


def findings() -> dict[str, list[tuple[str, str]]]:
    """Return what the doctor says, as (level, sentence) by name."""
    out = StringIO()
    refused: CommandError | None = None
    try:
        call_command("doctor", json=True, stdout=out)
    except CommandError as refusal:
        refused = refusal
    report = json.loads(out.getvalue())
    assert report["sound"] == (refused is None)
    assert refused is None or refused.returncode == 1
    found: dict[str, list[tuple[str, str]]] = {}
    for item in report["findings"]:
        found.setdefault(item["name"], []).append((item["level"], item["sentence"]))
    return found


def failures() -> set[str]:
    """Return the names of what must be mended."""
    return {name for name, said in findings().items() if said[0][0] == Level.FAIL}


@pytest.fixture
def sound(settings, db, tmp_path):
    """Return the settings of an installation with nothing to mend."""
    tmp_path.chmod(0o700)
    settings.SECRET_KEY = "x" * 60
    settings.PKI_KEY_DIRECTORY = str(tmp_path)
    settings.PLAIN_HTTP = False
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS = True, 31_536_000
    settings.SIGNING_ALLOWED_STORAGES = ["HARDWARE"]
    settings.ENVIRONMENT_LABEL = ""
    certificates.prepare_authority(now=clock.now())
    return settings


def test_a_sound_installation_has_nothing_to_mend(sound, redis_url) -> None:
    out = StringIO()
    call_command("doctor", stdout=out)
    lines = out.getvalue().splitlines()
    assert len(lines) > 12
    assert not [line for line in lines if line.startswith("FAIL")]
    assert any(
        line.startswith("OK    database.role: The site runs as corpbank_app") for line in lines
    )


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("DEBUG", True, "settings.debug"),
        ("ALLOWED_HOSTS", ["*"], "settings.hosts"),
        ("ALLOWED_HOSTS", [], "settings.hosts"),
        ("SECRET_KEY", "short", "settings.secret"),
        ("SESSION_COOKIE_SECURE", False, "settings.tls"),
        ("SECURE_SSL_REDIRECT", False, "settings.tls"),
        ("CONTENT_SECURITY_POLICY", None, "settings.csp"),
        ("PKI_KEYS", "paper", "keys.kept"),
    ],
)
def test_a_careless_setting_is_found(
    sound, redis_url, name: str, value: object, found: str
) -> None:
    setattr(sound, name, value)
    assert failures() == {found}


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("PLAIN_HTTP", True, "settings.tls"),
        ("SIGNING_ALLOWED_STORAGES", ["BROWSER"], "keys.storages"),
        ("ENVIRONMENT_LABEL", "Demo", "settings.label"),
    ],
)
def test_a_demonstrations_settings_are_pointed_out(
    sound, redis_url, name: str, value: object, found: str
) -> None:
    setattr(sound, name, value)
    said = findings()
    assert said[found][0][0] == Level.WARN


def test_keys_that_are_not_there_are_found(sound, redis_url) -> None:
    sound.PKI_KEY_DIRECTORY = "/nowhere/at/all"
    assert failures() == {"keys.directory", "authority.keys"}


def test_a_key_of_another_is_found(sound, redis_url, tmp_path) -> None:
    issuing, ocsp = (next(tmp_path.glob(f"{name}-*.pem")) for name in ("issuing", "ocsp"))
    issuing.write_bytes(ocsp.read_bytes())
    said = findings()["authority.keys"]
    assert said[0][0] == Level.FAIL
    assert issuing.stem in said[0][1]


def test_lists_and_keys_of_each_authority_are_looked_at(sound, redis_url) -> None:
    certificates.rotate_issuing_authority(now=clock.now())
    said = findings()
    assert said["crl.root"][0][0] == said["authority.end"][0][0] == Level.OK
    assert [sentence.count("issuing-2") for _, sentence in said["crl"]] == [1]
    assert len(said["authority.services"]) == len(Service)


def test_keys_that_others_can_read_are_found(sound, redis_url, tmp_path) -> None:
    tmp_path.chmod(0o755)
    assert failures() == {"keys.directory"}


def test_a_valkey_that_does_not_answer_is_found(sound, servers, redis_url) -> None:
    point_queue_at("redis://127.0.0.1:9/0")
    try:
        assert failures() == {"valkey.cache", "valkey.queue"}
    finally:
        point_queue_at(redis_url)
        caches["default"].close()


@pytest.mark.django_db
def test_a_bank_without_authority_is_found(redis_url) -> None:
    assert findings()["authority"][0][0] == Level.FAIL


# --- the database ---------------------------------------------------------------------------------
@contextmanager
def changed(cursor: psycopg.Cursor, change: str, back: str) -> Iterator[None]:
    """Change the database for a moment; the worker's database is shared by the run's tests."""
    cursor.execute(change)
    try:
        yield
    finally:
        cursor.execute(back)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("table", "right"),
    [
        ("audit_entry", "UPDATE"),
        ("audit_entry", "DELETE"),
        ("ledger_leg", "UPDATE"),
        ("ledger_posting", "DELETE"),
        ("approvals_decision", "UPDATE"),
        ("approvals_revision", "DELETE"),
        ("certificates_signature", "UPDATE"),
        ("identity_user", "TRUNCATE"),
    ],
)
def test_a_right_that_was_given_back_is_found(
    owner_cursor: psycopg.Cursor, table: str, right: str
) -> None:
    grant = f"GRANT {right} ON {table} TO {APPLICATION_ROLE}"
    revoke = f"REVOKE {right} ON {table} FROM {APPLICATION_ROLE}"
    assert database.forbidden_rights() == []
    with changed(owner_cursor, grant, revoke):
        assert database.forbidden_rights() == [(table, right)]
        said = findings()["database.rights"]
        assert said == [("FAIL", f"The site's role may {right} {table}: revoke it.")]
    assert database.forbidden_rights() == []


@pytest.mark.django_db(transaction=True)
def test_a_right_on_one_column_is_found(owner_cursor: psycopg.Cursor) -> None:
    grant = f"GRANT UPDATE (reason) ON audit_entry TO {APPLICATION_ROLE}"
    revoke = f"REVOKE UPDATE (reason) ON audit_entry FROM {APPLICATION_ROLE}"
    with changed(owner_cursor, grant, revoke):
        assert database.forbidden_rights() == [("audit_entry", "UPDATE")]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("table", "trigger"),
    [
        ("audit_entry", "audit_entry_keep_rows"),
        ("audit_entry", "audit_entry_keep_all"),
        ("ledger_posting", "ledger_posting_balanced"),
        ("transfers_limitcounter", "transfers_counter_capped"),
        ("approvals_decision", "approvals_decision_dual"),
    ],
)
def test_a_trigger_that_was_switched_off_is_found(
    owner_cursor: psycopg.Cursor, table: str, trigger: str
) -> None:
    off = f"ALTER TABLE {table} DISABLE TRIGGER {trigger}"
    on = f"ALTER TABLE {table} ENABLE TRIGGER {trigger}"
    with changed(owner_cursor, off, on):
        assert database.missing_triggers() == [(table, trigger)]
        assert findings()["database.triggers"][0][0] == Level.FAIL
    assert database.missing_triggers() == []


@pytest.mark.django_db(transaction=True)
def test_a_migration_that_was_not_applied_is_found(owner_cursor: psycopg.Cursor) -> None:
    applied = owner_cursor.execute(
        "DELETE FROM django_migrations WHERE app = 'transfers' AND name = '0003_keep'"
        " RETURNING app, name, applied"
    ).fetchone()
    assert applied is not None
    try:
        assert database.unapplied_migrations() == ["transfers.0003_keep"]
        assert findings()["database.migrations"][0][0] == Level.FAIL
    finally:
        owner_cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, %s)", applied
        )


@pytest.mark.django_db
def test_the_promise_covers_every_immutable_table_there_is() -> None:
    """What stands in the database beyond the migrations' SQL would go unexamined."""
    with connection.cursor() as cursor:
        cursor.execute(database.TRIGGERS)
        present = set(cursor.fetchall())
    assert present == database.promise().triggers
    immutable = {table for table, name in present if name.endswith("_keep_rows")}
    denied = database.promise().denied
    assert {
        "audit_entry",
        "ledger_leg",
        "approvals_decision",
        "certificates_signature",
    } <= immutable
    for table in immutable:
        assert {(table, "UPDATE"), (table, "DELETE"), (table, "TRUNCATE")} <= denied


def test_the_owners_connection_is_not_an_ordinary_one(servers, django_db_setup) -> None:
    with owner_connection() as owner:
        facts = owner.execute(sql.SQL(database.ROLE)).fetchone()
    assert facts is not None
    assert judge_role(**dict(zip(database.RoleFacts.__slots__, facts, strict=True))).level == "FAIL"


@pytest.mark.django_db
def test_a_message_nobody_delivers_is_found(redis_url) -> None:
    now = clock.now()
    Message.objects.create(
        channel="email", recipient_key="U1", address="a@b.example", language="en", event="e",
        cause="c", subject="s", body="b", next_attempt_at=now - timedelta(hours=1), created_at=now,
        message_key="m1", attempts=0,
    )  # fmt: skip
    Message.objects.create(
        channel="sms", recipient_key="U1", address="+886900000000", language="en", event="e",
        cause="c", subject="s", body="b", next_attempt_at=now, created_at=now, message_key="m2",
        state=MessageState.DEAD,
    )  # fmt: skip
    said = findings()
    assert said["outbox.age"][0][0] == Level.FAIL
    assert said["outbox.dead"][0][0] == Level.WARN


# --- the rules ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("age", "level"), [(0, "OK"), (59, "OK"), (60, "WARN"), (899, "WARN"), (900, "FAIL")]
)
def test_the_queue_is_judged_by_its_oldest_message(age: int, level: str) -> None:
    assert [found.level for found in judge_queue(timedelta(seconds=age), dead=0)] == [level]


@pytest.mark.req("SIGN-4")
@pytest.mark.parametrize(
    ("minutes", "level"), [(None, "OK"), (14, "OK"), (15, "WARN"), (1439, "WARN"), (1440, "FAIL")]
)
def test_a_signature_that_waits_for_its_time_stamp_is_found(
    minutes: int | None, level: str
) -> None:
    age = None if minutes is None else timedelta(minutes=minutes)
    assert judge_time_stamps(age).level == level


@pytest.mark.parametrize(
    ("seconds", "level"), [(0, "OK"), (-0.9, "OK"), (1, "WARN"), (-29, "WARN"), (30, "FAIL")]
)
def test_a_clock_that_differs_is_found(seconds: float, level: str) -> None:
    assert judge_clock(timedelta(seconds=seconds)).level == level


@pytest.mark.parametrize(("hours", "level"), [(24, "OK"), (2, "OK"), (1, "WARN"), (0, "FAIL")])
def test_a_revocation_list_that_runs_out_is_found(hours: int, level: str) -> None:
    assert judge_list(timedelta(hours=hours)).level == level


@pytest.mark.parametrize(
    ("days", "level"), [(400, "OK"), (30, "OK"), (29, "WARN"), (0, "FAIL"), (None, "FAIL")]
)
def test_a_root_list_or_service_key_that_runs_out_is_found(days: int | None, level: str) -> None:
    left = None if days is None else timedelta(days=days)
    assert judge_root_list(left).level == level
    assert judge_service_key(left, "TIME_STAMPING", "issuing-1").level == level


@pytest.mark.parametrize(("days", "level"), [(911, "OK"), (909, "WARN"), (730, "FAIL")])
def test_an_authority_that_could_not_outlast_a_holder_is_found(days: int, level: str) -> None:
    longest = timedelta(days=730)
    assert judge_authority_end(timedelta(days=days), "issuing-1", longest).level == level


@pytest.mark.parametrize("power", ["superuser", "bypasses_row_security", "creates", "owns_tables"])
def test_a_role_with_any_extra_power_is_found(power: str) -> None:
    facts = dict.fromkeys(
        ["superuser", "bypasses_row_security", "creates", "owns_tables"], False
    ) | {power: True}
    assert judge_role(name="corpbank_app", **facts).level == Level.FAIL
