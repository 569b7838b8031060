"""The log is written with the act, one row after another, and cannot be rewritten."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from audit.errors import OutsideTransaction
from audit.models import Chain, Entry
from audit.operations import Origin, origin, record, record_refused
from audit.queries import chain_states, history
from tests.factories.threads import at_once

NOW = datetime(2026, 11, 22, 2, 0, 0, 123_456, tzinfo=UTC)
FACTS = {"event": "identity.user.added", "actor": "system", "target": "user:U1", "now": NOW}
CHANGES = {
    "update entry": "UPDATE audit_entry SET actor = 'nobody'",
    "delete entry": "DELETE FROM audit_entry",
    "truncate entry": "TRUNCATE audit_entry",
    "delete chain": "DELETE FROM audit_chain",
    "truncate chain": "TRUNCATE audit_chain",
    "head backwards": "UPDATE audit_chain SET height = height - 1",
    "head ahead": "UPDATE audit_chain SET height = height + 2",
    "head renamed": "UPDATE audit_chain SET name = 'other', height = height + 1",
    "head swapped": "UPDATE audit_chain SET head = '\\x00'",
}


def write(chain: str = "bank", **changes: object) -> None:
    with transaction.atomic():
        record(chain=chain, **{**FACTS, **changes})  # type: ignore[arg-type]


@pytest.mark.req("AUD-1")
@pytest.mark.django_db
def test_an_entry_carries_who_where_when_before_after_and_why() -> None:
    token = origin.set(Origin("203.0.113.5", "req-7"))
    try:
        write(before={"state": "DRAFT"}, after={"state": "PENDING"}, reason="paid twice")
    finally:
        origin.reset(token)
    entry = Entry.objects.get()
    assert (entry.actor, entry.address, entry.request_number) == ("system", "203.0.113.5", "req-7")
    assert (entry.at, entry.event, entry.target) == (NOW, "identity.user.added", "user:U1")
    assert (entry.before, entry.after) == ({"state": "DRAFT"}, {"state": "PENDING"})
    assert (entry.outcome, entry.reason) == ("done", "paid twice")


@pytest.mark.django_db
def test_each_chain_counts_for_itself_from_one() -> None:
    for chain in ("bank", "unit:001", "bank", "company:12345675", "bank"):
        write(chain)
    heights = {state.name: state.height for state in chain_states()}
    assert heights == {"bank": 3, "unit:001": 1, "company:12345675": 1}
    positions = Entry.objects.filter(chain="bank").order_by("id").values_list("position", flat=True)
    assert list(positions) == [1, 2, 3]


@pytest.mark.django_db
def test_history_tells_what_was_done_to_a_target_oldest_first_without_refusals() -> None:
    write(event="first")
    write(event="elsewhere", target="user:U2")
    record_refused(
        chain="bank", event="tried", actor="U9", target="user:U1", now=NOW, reason="not allowed"
    )
    write(event="second")
    assert [happening.event for happening in history("user:U1")] == ["first", "second"]


@pytest.mark.django_db(transaction=True)
def test_record_insists_on_being_part_of_an_act() -> None:
    with pytest.raises(OutsideTransaction):
        record(chain="bank", **FACTS)  # type: ignore[arg-type]
    assert not Entry.objects.exists()


@pytest.mark.req("AUD-1")
@pytest.mark.django_db(transaction=True)
def test_an_entry_disappears_with_the_act_it_tells_of() -> None:
    def fail() -> None:
        with transaction.atomic():
            record(chain="bank", **FACTS)  # type: ignore[arg-type]
            raise RuntimeError("the act failed")

    with pytest.raises(RuntimeError, match="the act failed"):
        fail()
    assert not Entry.objects.exists()
    assert not Chain.objects.exists()


@pytest.mark.req("AUD-1")
@pytest.mark.django_db(transaction=True)
def test_a_refusal_is_kept_in_a_transaction_of_its_own() -> None:
    refused = {
        "chain": "bank", "event": "approvals.request.release", "actor": "U1",
        "target": "request:T1", "now": NOW, "reason": "approvals.request.not_for_you",
    }  # fmt: skip
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        record_refused(**refused)  # type: ignore[arg-type]
    assert not Entry.objects.exists()
    record_refused(**refused)  # type: ignore[arg-type]
    assert Entry.objects.get().outcome == "refused"


@pytest.mark.req("AUD-1")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("change", sorted(CHANGES))
def test_the_application_cannot_rewrite_the_log(change: str) -> None:
    write()
    with pytest.raises(DatabaseError), connection.cursor() as cursor:
        cursor.execute(CHANGES[change])
    assert [state.broken for state in chain_states()] == [None]
    assert Entry.objects.count() == 1


@pytest.mark.req("AUD-1")
@pytest.mark.parametrize("change", sorted(CHANGES))
def test_neither_can_the_owner_of_the_tables(owner_cursor: psycopg.Cursor, change: str) -> None:
    write()
    with pytest.raises(psycopg.errors.RestrictViolation):
        owner_cursor.execute(CHANGES[change])
    assert [state.broken for state in chain_states()] == [None]


@pytest.mark.django_db
def test_the_database_refuses_a_second_entry_at_one_position() -> None:
    write()
    entry = Entry.objects.get()
    entry.pk = None
    with pytest.raises(DatabaseError, match="audit_entry_position"), transaction.atomic():
        entry.save(force_insert=True)


@pytest.mark.req("AUD-1")
@pytest.mark.django_db(transaction=True)
def test_threads_that_append_at_the_same_moment_keep_one_whole_chain() -> None:
    def acts(number: int) -> None:
        for turn in range(5):
            write("company:12345675", target=f"user:U{number}-{turn}")

    assert at_once([lambda n=n: acts(n) for n in range(4)]) == [None] * 4  # type: ignore[misc]
    (state,) = chain_states()
    assert (state.height, state.broken) == (20, None)
