"""What the database holds of requests, whoever writes and by whatever way (DUAL-2, DUAL-3)."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from approvals.models import Decision, Editor, FlowStage, Request, Revision
from approvals.states import Act
from tests.approvals.stories import maker, row
from tests.factories.world import World, decide, draft, submit

IMMUTABLE = (
    "approvals_revision", "approvals_stage", "approvals_decision", "approvals_policysnapshot",
    "approvals_editor",
)  # fmt: skip
COLUMNS = {
    "approvals_revision": "sha256 = 'x'",
    "approvals_stage": "needed = 1",
    "approvals_decision": "act = 'release'",
    "approvals_policysnapshot": "content = '{}'",
    "approvals_editor": "since = now()",
}


def sql(statement: str, *values: object) -> None:
    """Send a statement as the application does."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def reviewed(world: World) -> Decision:
    """Return the first decision on a request that two people have to decide."""
    reference = submit(world, maker(world), 50_000)
    decide(world, world.holder("review1a"), reference, Act.REVIEW)
    return Decision.objects.get()


def update(reference: str, changes: str) -> None:
    """Change a request's row past every rule of Python."""
    sql(" ".join(["UPDATE approvals_request SET", changes, "WHERE reference = %s"]), reference)


COPY = """
INSERT INTO approvals_decision
    (revision_id, stage_id, user_id, act, "group", reason, signature_id, decided_at)
SELECT %s, %s, %s, %s, '', %s, nextval('approvals_reference') + 1000000, now()
"""


def insert(decision: Decision, **changes: object) -> None:
    """Write another decision beside one, past every rule of Python."""
    facts = {
        "revision": decision.revision_id, "stage": decision.stage_id, "user": decision.user_id,
        "act": "review", "reason": "",
    } | changes  # fmt: skip
    sql(COPY, *facts.values())


def pk(world: World, login: str) -> int:
    return world.first.people[login].pk


@pytest.mark.req("DUAL-2")
def test_a_makers_decision_is_refused(world: World) -> None:
    with pytest.raises(IntegrityError, match="never decides"):
        insert(reviewed(world), user=pk(world, "maker01"))


@pytest.mark.req("DUAL-2")
def test_an_editors_decision_is_refused(world: World) -> None:
    decision = reviewed(world)
    request = decision.revision.request
    Editor.objects.create(request=request, user_id=pk(world, "maker02"), since=world.now)
    with pytest.raises(IntegrityError, match="never decides"):
        insert(decision, user=pk(world, "maker02"))


@pytest.mark.req("DUAL-2")
def test_an_edit_by_who_decided_is_refused(world: World) -> None:
    decision = reviewed(world)
    with pytest.raises(IntegrityError, match="never edits"), transaction.atomic():
        Editor.objects.create(
            request=decision.revision.request, user=decision.user, since=world.now
        )


@pytest.mark.req("DUAL-2")
def test_a_second_decision_of_one_person_is_refused(world: World) -> None:
    with pytest.raises(IntegrityError, match="approvals_decision_once"):
        insert(reviewed(world))


@pytest.mark.req("DUAL-3")
def test_a_decision_at_a_stage_of_another_revision_is_refused(world: World) -> None:
    decision = reviewed(world)
    other = Revision.objects.get(request__reference=submit(world, maker(world)))
    with pytest.raises(IntegrityError, match="its own revision"):
        insert(decision, revision=other.pk, user=pk(world, "release1"))


@pytest.mark.req("DUAL-4")
@pytest.mark.parametrize("act", ["return", "reject"])
def test_a_return_or_reject_without_a_reason_is_refused(world: World, act: str) -> None:
    with pytest.raises(IntegrityError, match="approvals_decision_reason"):
        insert(reviewed(world), user=pk(world, "review1b"), act=act)


@pytest.mark.req("DUAL-3", "SIGN-2")
def test_one_signature_serves_one_decision(world: World) -> None:
    decision = reviewed(world)
    decision.pk = None
    decision.user_id = pk(world, "review1b")
    with pytest.raises(IntegrityError, match="signature_id"), transaction.atomic():
        decision.save(force_insert=True)


@pytest.mark.req("DUAL-3")
def test_the_application_changes_nothing_final(world: World) -> None:
    reviewed(world)
    for table in IMMUTABLE:
        for how in ("UPDATE", "DELETE", "TRUNCATE"):
            with pytest.raises(DatabaseError):
                sql(change_of(table, how))


def change_of(table: str, how: str) -> str:
    """Return a statement that would change, empty or cut a table."""
    words = {
        "UPDATE": ["UPDATE", table, "SET", COLUMNS[table]],
        "DELETE": ["DELETE FROM", table],
        "TRUNCATE": ["TRUNCATE", table, "CASCADE"],
    }
    return " ".join(words[how])


@pytest.mark.req("DUAL-3")
def test_neither_does_the_owner_of_the_tables(
    open_world: World, owner_cursor: psycopg.Cursor
) -> None:
    reviewed(open_world)
    for table in IMMUTABLE:
        for how in ("UPDATE", "DELETE", "TRUNCATE"):
            with pytest.raises(psycopg.errors.RestrictViolation):
                owner_cursor.execute(change_of(table, how))
    assert Decision.objects.count() == 1


def released(world: World) -> str:
    reference = submit(world, maker(world))
    decide(world, world.holder("release1"), reference, Act.RELEASE)
    return reference


def rejected(world: World) -> str:
    reference = submit(world, maker(world))
    decide(world, world.holder("release1"), reference, Act.REJECT, "no")
    return reference


@pytest.mark.req("DUAL-3")
@pytest.mark.parametrize("end", [released, rejected])
def test_a_request_that_has_ended_stays_as_it_is(world: World, end: Callable[[World], str]) -> None:
    reference = end(world)
    for change in ("state = 'PENDING'", "amount = 1", "title = 'x'", "maker_id = maker_id"):
        with pytest.raises(DatabaseError, match="stays as it is"):
            update(reference, change)
    with pytest.raises(DatabaseError, match="permission denied"):
        sql("DELETE FROM approvals_request WHERE reference = %s", reference)


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ("amount = 0", "approvals_request_amount"),
        ("amount = -1", "approvals_request_amount"),
        ("state = 'PENDING'", "approvals_request_pending_stage"),
        ("state = 'PENDING', revision_number = 1", "approvals_request_pending_stage"),
        (
            "state = 'PENDING', revision_number = 1, stage_number = 1, stage_act = 'edit'",
            "approvals_request_pending_stage",
        ),
    ],
)
def test_a_request_that_cannot_be_is_refused(world: World, changes: str, constraint: str) -> None:
    reference = draft(world, maker(world))
    with pytest.raises(IntegrityError, match=constraint):
        update(reference, changes)


@pytest.mark.req("DUAL-5")
def test_a_second_open_request_about_one_subject_is_refused(world: World) -> None:
    request = row(draft(world, maker(world)))
    request.pk, request.reference = None, "T1"
    with pytest.raises(IntegrityError, match="approvals_request_one_open"), transaction.atomic():
        request.save(force_insert=True)


@pytest.mark.req("DUAL-5")
def test_after_the_end_a_subject_is_free_again(world: World) -> None:
    request = row(rejected(world))
    again = Request(
        reference="T1", company=request.company, kind=request.kind,
        subject_id=request.subject_id, title="again", amount=1, currency="TWD",
        account_id=request.account_id, maker=request.maker, deadline=world.now,
        created_at=world.now, changed_at=world.now,
    )  # fmt: skip
    again.save(force_insert=True)
    assert row("T1").state == "DRAFT"


@pytest.mark.parametrize(
    "changes", [{"needed": 0}, {"number": 0}, {"needed": 1, "groups": ["A", "B"]}]
)
def test_a_stage_that_nobody_could_fill_is_refused(
    world: World, changes: dict[str, object]
) -> None:
    stage = FlowStage.objects.filter(flow__company=world.company).first()
    assert stage is not None
    with pytest.raises(IntegrityError, match="approvals_stage_sane"), transaction.atomic():
        FlowStage.objects.filter(pk=stage.pk).update(**changes)


def test_a_band_without_amounts_is_refused(world: World) -> None:
    with pytest.raises(IntegrityError, match="approvals_rule_band"):
        sql("UPDATE approvals_flowrule SET minimum = 5, maximum = 5")
