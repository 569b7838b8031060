"""What readers and operators see."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.admin import MessageAdmin
from alerts.models import Message
from alerts.queries import Counts, counts, dead_letters, due_count, messages_for
from tests.factories.alerts import NOON, recipient, tell, tell_many

pytestmark = pytest.mark.django_db


@pytest.mark.req("ALR-3")
def test_a_reader_sees_their_own_messages_newest_first_page_by_page() -> None:
    for number in range(5):
        tell([recipient("U1"), recipient("U2")], cause=f"request:{number}")
    first = messages_for("U1", limit=3)
    rest = messages_for("U1", before_id=first[-1].id, limit=3)
    assert [notice.id for notice in first + rest] == sorted(
        Message.objects.filter(recipient_key="U1").values_list("id", flat=True), reverse=True
    )
    assert (len(first), len(rest)) == (3, 2)
    assert first[0].body.startswith("Hello,")


@pytest.mark.req("ALR-3", "ALR-4")
def test_a_reader_sees_how_far_each_message_came() -> None:
    tell([recipient("U1"), recipient("U1", channel="sms")])
    Message.objects.filter(channel="sms").update(state="DELIVERED", delivered_at=NOON)
    states = {notice.channel: (notice.state, notice.delivered_at) for notice in messages_for("U1")}
    assert states == {"email": ("PENDING", None), "sms": ("DELIVERED", NOON)}
    assert [notice.channel for notice in messages_for("U1", channel="email")] == ["email"]


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_takes_one_query(rows: int) -> None:
    for number in range(rows):
        tell([recipient("U1")], cause=f"request:{number}")
    with CaptureQueriesContext(connection) as queries:
        assert len(messages_for("U1")) == rows
    assert len(queries) == 1


def test_counts_tell_what_waits_and_what_was_given_up() -> None:
    tell_many(4)
    Message.objects.filter(recipient_key="U000").update(state="DEAD")
    Message.objects.filter(recipient_key="U001").update(state="DELIVERED", delivered_at=NOON)
    assert counts() == Counts(pending=2, dead=1)
    assert due_count(NOON) == 2
    assert due_count(NOON, limit=1) == 1


@pytest.mark.req("ALR-2")
def test_dead_letters_are_listed_without_text_and_address() -> None:
    tell_many(2)
    Message.objects.filter(recipient_key="U001").update(
        state="DEAD", attempts=12, last_error="smtp 550"
    )
    output = StringIO()
    call_command("replay_alerts", "--list", stdout=output)
    (letter,) = dead_letters()
    assert output.getvalue() == (
        f"{letter.id} 2026-11-23T04:00:00Z approvals.request.released email U001 "
        "(12 attempts, smtp 550)\n"
    )
    assert Message.objects.get(id=letter.id).state == "DEAD"


@pytest.mark.req("ALR-2")
def test_replay_alerts_takes_the_named_ones_or_all() -> None:
    tell_many(3)
    Message.objects.update(state="DEAD")
    first = Message.objects.order_by("id")[0]
    output = StringIO()
    call_command("replay_alerts", str(first.id), stdout=output)
    assert output.getvalue() == "1 dead letter(s) will be delivered again\n"
    call_command("replay_alerts", "--actor", "U9", "--reason", "mended", stdout=output)
    assert output.getvalue().endswith("2 dead letter(s) will be delivered again\n")
    assert not Message.objects.exclude(state="PENDING").exists()


@pytest.mark.req("ALR-4")
def test_the_staff_window_shows_delivery_and_never_the_words() -> None:
    shown = {*MessageAdmin.list_display, *MessageAdmin.search_fields}
    assert not shown & {"subject", "body", "address"}
    assert {"subject", "body", "address"} <= set(MessageAdmin.exclude)
