"""Messages are stored with their cause, once."""

import threading
from collections import Counter

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from alerts.errors import UnknownEvent
from alerts.models import Message
from alerts.operations import enqueue
from alerts.render import Event
from audit.errors import OutsideTransaction
from tests.factories.alerts import FACTS, NOON, recipient, tell

BOTH = [
    recipient("U1", channel="email", language="zh-hant"),
    recipient("U1", channel="sms", language="zh-hant"),
    recipient("U2", channel="email", language="en"),
]


class CauseFailed(Exception):
    """Stand for whatever stops an act after it has told people."""


@pytest.mark.req("ALR-2")
@pytest.mark.django_db(transaction=True)
def test_enqueue_stores_finished_words_in_each_readers_language() -> None:
    assert tell(BOTH) == 3
    stored = {(row.recipient_key, row.channel): row for row in Message.objects.all()}
    assert "已放行" in stored["U1", "email"].subject
    assert "已放行" in stored["U1", "sms"].body
    assert "was released" in stored["U2", "email"].subject
    assert {row.state for row in stored.values()} == {"PENDING"}
    assert {row.company_key for row in stored.values()} == {"24549210"}
    assert {row.next_attempt_at for row in stored.values()} == {NOON}


@pytest.mark.req("ALR-2")
@pytest.mark.django_db(transaction=True)
def test_a_cause_that_is_rolled_back_leaves_no_message() -> None:
    def act() -> None:
        with transaction.atomic():
            tell(BOTH)
            raise CauseFailed

    with pytest.raises(CauseFailed):
        act()
    assert not Message.objects.exists()


@pytest.mark.req("ALR-2")
@pytest.mark.django_db(transaction=True)
def test_enqueue_insists_on_being_part_of_its_cause() -> None:
    with pytest.raises(OutsideTransaction):
        enqueue(event=Event.REQUEST_RELEASED, cause="c", recipients=BOTH, facts=FACTS, now=NOON)
    assert not Message.objects.exists()


@pytest.mark.req("ALR-2")
@pytest.mark.django_db(transaction=True)
def test_the_same_cause_tells_each_reader_once_on_each_channel() -> None:
    assert tell(BOTH) == 3
    assert tell([*BOTH, recipient("U3")]) == 1
    assert tell(BOTH, cause="request:T20261122-48213907:2:released") == 3
    assert Counter(Message.objects.values_list("recipient_key", flat=True)) == {
        "U1": 4, "U2": 2, "U3": 1,
    }  # fmt: skip


@pytest.mark.req("ALR-2")
@pytest.mark.django_db(transaction=True)
def test_simultaneous_tellers_of_one_thing_tell_it_once() -> None:
    start, made = threading.Barrier(4), []

    def teller(order: int) -> None:
        start.wait()
        made.append(tell(BOTH[order % 3 :] + BOTH[: order % 3]))
        connection.close()

    threads = [threading.Thread(target=teller, args=(order,)) for order in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [0, 0, 0, 3]
    assert Message.objects.count() == 3


@pytest.mark.django_db
def test_enqueue_is_one_statement_whatever_the_number_of_readers() -> None:
    for readers in (1, 40):
        people = [recipient(f"U{readers}-{n}") for n in range(readers)]
        with (
            CaptureQueriesContext(
                connection,
            ) as queries,
            transaction.atomic(),
        ):
            enqueue(
                event=Event.REQUEST_RELEASED, cause="c", recipients=people, facts=FACTS, now=NOON
            )
        inserts = [query for query in queries if "INSERT" in query["sql"]]
        assert len(inserts) == 1
        assert len(queries) == 3  # and a savepoint around it


@pytest.mark.django_db
def test_nobody_to_tell_is_no_message() -> None:
    assert tell([]) == 0


@pytest.mark.django_db
def test_an_event_without_words_is_refused() -> None:
    with pytest.raises(UnknownEvent):
        tell(BOTH, event="approvals.request.forgotten")


@pytest.mark.req("ALR-2")
@pytest.mark.django_db
def test_message_key_names_event_cause_reader_and_channel_and_nothing_readable() -> None:
    tell(BOTH)
    keys = set(Message.objects.values_list("message_key", flat=True))
    Message.objects.all().delete()
    tell(BOTH)
    assert set(Message.objects.values_list("message_key", flat=True)) == keys
    assert len(keys) == 3
    assert all(key.endswith("@bank.example") and "U1" not in key for key in keys)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong",
    [
        {"channel": "fax"},
        {"state": "LOST"},
        {"state": "DELIVERED"},
        {"delivered_at": NOON},
        {"subject": "a\nBcc: b"},
    ],
)
def test_the_database_refuses_rows_that_cannot_be(wrong: dict[str, object]) -> None:
    tell(BOTH)
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.filter(recipient_key="U2").update(**wrong)
