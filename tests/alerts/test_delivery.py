"""Delivery: claimed by one, outside any transaction, tried again, given up, replayed."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from django.conf import LazySettings
from django.db import OperationalError, connection, transaction
from psycopg.pq import TransactionStatus

from alerts.errors import DeliveryFailed
from alerts.gateways import Parcel, RecordingEmailGateway
from alerts.models import Message
from alerts.operations import DeliveryResult, deliver_batch, messages as operations, replay_dead
from alerts.policies import MOST_ATTEMPTS
from alerts.queries import oldest_pending_age
from audit.models import Entry
from tests.alerts.conftest import Recorded
from tests.factories.alerts import NOON, recipient, tell, tell_many

pytestmark = pytest.mark.django_db(transaction=True)
SECOND = timedelta(seconds=1)


class WatchfulGateway(RecordingEmailGateway):
    """Accept a letter only while no transaction is open."""

    statuses: list[TransactionStatus] = []

    def send(self, parcel: Parcel) -> None:
        self.statuses.append(connection.connection.info.transaction_status)
        super().send(parcel)


class SlowGateway(RecordingEmailGateway):
    """Take a moment for each letter, so that workers meet."""

    def send(self, parcel: Parcel) -> None:
        time.sleep(0.02)
        super().send(parcel)


class FailingGateway(RecordingEmailGateway):
    """Refuse as told."""

    failure: Exception = DeliveryFailed("smtp 451")

    def send(self, parcel: Parcel) -> None:
        super().send(parcel)
        raise self.failure


@pytest.fixture
def failing(settings: LazySettings) -> Iterator[type[FailingGateway]]:
    """Let every delivery fail."""
    settings.ALERTS_EMAIL_GATEWAY = f"{__name__}.FailingGateway"
    yield FailingGateway
    FailingGateway.failure = DeliveryFailed("smtp 451")
    FailingGateway.accepted.clear()


@pytest.mark.req("ALR-2")
def test_deliver_sends_what_was_stored_and_notes_it(recorded: type[Recorded]) -> None:
    tell([recipient("U1"), recipient("U2", channel="sms", language="zh-hant")])
    assert deliver_batch(now=NOON) == DeliveryResult(delivered=2, failed=0, dead=0, left=0)
    letter = Message.objects.get(channel="email")
    assert recorded.emails == [
        Parcel(letter.message_key, "u1@company.example", letter.subject, letter.body, "en")
    ]
    assert [parcel.address for parcel in recorded.messages] == ["+886912345678"]
    assert letter.state == "DELIVERED"
    assert letter.attempts == 1
    assert NOON <= letter.delivered_at < NOON + 5 * SECOND
    assert letter.claimed_until is None


@pytest.mark.req("ALR-2")
def test_what_was_delivered_is_not_delivered_again(recorded: type[Recorded]) -> None:
    tell_many(3)
    deliver_batch(now=NOON)
    assert deliver_batch(now=NOON + timedelta(days=1)).delivered == 0
    assert len(recorded.emails) == 3


@pytest.mark.req("ALR-2")
def test_what_is_not_committed_is_not_delivered(recorded: type[Recorded]) -> None:
    results = []

    def other_worker() -> None:
        results.append(deliver_batch(now=NOON))
        connection.close()

    with transaction.atomic():
        tell_many(2)
        worker = threading.Thread(target=other_worker)
        worker.start()
        worker.join()
    assert results[0].delivered == 0
    assert deliver_batch(now=NOON).delivered == 2


def test_no_transaction_is_open_while_the_network_is_used(settings: LazySettings) -> None:
    settings.ALERTS_EMAIL_GATEWAY = f"{__name__}.WatchfulGateway"
    tell_many(2)
    deliver_batch(now=NOON)
    assert WatchfulGateway.statuses == [TransactionStatus.IDLE] * 2


def test_deliver_refuses_to_be_part_of_a_transaction(recorded: type[Recorded]) -> None:
    tell_many(1)
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        deliver_batch(now=NOON)
    assert not recorded.emails


def test_a_batch_has_its_limit_and_says_what_is_left(recorded: type[Recorded]) -> None:
    tell_many(5)
    assert deliver_batch(now=NOON, limit=2).left == 3
    assert deliver_batch(now=NOON, limit=2).left == 1
    assert deliver_batch(now=NOON, limit=2).left == 0
    assert len(recorded.emails) == 5


@pytest.mark.req("ALR-2")
def test_workers_side_by_side_never_deliver_the_same_message(settings: LazySettings) -> None:
    settings.ALERTS_EMAIL_GATEWAY = f"{__name__}.SlowGateway"
    tell_many(40)
    start, sums = threading.Barrier(4), []

    def worker() -> None:
        start.wait()
        for _ in range(6):
            sums.append(deliver_batch(now=NOON, limit=5).delivered)
        connection.close()

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counts = Counter(parcel.key for parcel in SlowGateway.accepted)
    assert len(counts) == 40
    assert set(counts.values()) == {1}
    assert sum(sums) == 40
    assert len([found for found in sums if found]) > 4


@pytest.mark.req("ALR-2")
def test_rows_locked_by_another_worker_are_skipped_at_once(
    recorded: type[Recorded], superuser_cursor: psycopg.Cursor
) -> None:
    tell_many(3)
    superuser_cursor.execute("BEGIN")
    superuser_cursor.execute("SELECT id FROM alerts_message ORDER BY id LIMIT 2 FOR UPDATE")
    assert deliver_batch(now=NOON).delivered == 1
    superuser_cursor.execute("ROLLBACK")
    assert deliver_batch(now=NOON).delivered == 2


@pytest.mark.req("ALR-2")
def test_a_claim_protects_until_its_lease_has_lapsed(
    recorded: type[Recorded], settings: LazySettings
) -> None:
    settings.ALERTS_LEASE_SECONDS = 30
    tell_many(2)
    operations._claim(now=NOON, claimed_until=NOON + 30 * SECOND, limit=1)
    assert deliver_batch(now=NOON + 29 * SECOND) == DeliveryResult(1, 0, 0, 0)
    assert deliver_batch(now=NOON + 30 * SECOND) == DeliveryResult(1, 0, 0, 0)


def test_what_the_lease_leaves_no_time_for_is_given_back(settings: LazySettings) -> None:
    settings.ALERTS_EMAIL_GATEWAY = f"{__name__}.SlowGateway"
    settings.ALERTS_LEASE_SECONDS = 0.15
    tell_many(10)
    result = deliver_batch(now=NOON)
    assert 1 <= result.delivered < 10
    assert result.left == 10 - result.delivered
    assert not Message.objects.filter(claimed_until__isnull=False).exists()


@pytest.mark.req("ALR-2")
def test_a_failure_is_tried_again_later_and_later(failing: type[FailingGateway]) -> None:
    tell_many(1)
    assert deliver_batch(now=NOON) == DeliveryResult(delivered=0, failed=1, dead=0, left=0)
    first = Message.objects.get()
    assert (first.state, first.attempts, first.last_error) == ("PENDING", 1, "smtp 451")
    assert 5 * SECOND <= first.next_attempt_at - NOON < 7 * SECOND
    assert deliver_batch(now=NOON + 4 * SECOND).failed == 0
    later = NOON + 8 * SECOND
    assert deliver_batch(now=later).failed == 1
    second = Message.objects.get()
    assert 10 * SECOND <= second.next_attempt_at - later < 12 * SECOND
    assert len({parcel.key for parcel in failing.accepted}) == 1


@pytest.mark.req("ALR-2")
def test_after_twelve_failures_a_message_is_a_dead_letter(failing: type[FailingGateway]) -> None:
    tell_many(1)
    results = [deliver_batch(now=NOON + n * timedelta(hours=2)) for n in range(MOST_ATTEMPTS)]
    assert [result.failed for result in results] == [1] * (MOST_ATTEMPTS - 1) + [0]
    assert results[-1].dead == 1
    assert Message.objects.get().state == "DEAD"
    assert deliver_batch(now=NOON + timedelta(days=9)) == DeliveryResult(0, 0, 0, 0)


@pytest.mark.req("ALR-2")
def test_a_refusal_for_good_is_a_dead_letter_at_once(failing: type[FailingGateway]) -> None:
    failing.failure = DeliveryFailed("smtp 550", permanent=True)
    tell_many(1)
    assert deliver_batch(now=NOON).dead == 1


def test_a_server_that_does_not_answer_is_asked_once_a_batch(
    failing: type[FailingGateway], recorded: type[Recorded], settings: LazySettings
) -> None:
    settings.ALERTS_EMAIL_GATEWAY = f"{__name__}.FailingGateway"
    failing.failure = DeliveryFailed("smtp unreachable", unreachable=True)
    tell_many(3)
    tell_many(2, channel="sms")
    assert deliver_batch(now=NOON) == DeliveryResult(delivered=2, failed=3, dead=0, left=0)
    assert len(failing.accepted) == 1


def test_a_fault_of_the_program_holds_up_only_its_own_message(
    failing: type[FailingGateway], recorded: type[Recorded], settings: LazySettings
) -> None:
    settings.ALERTS_EMAIL_GATEWAY = f"{__name__}.FailingGateway"
    failing.failure = ZeroDivisionError()
    tell_many(1)
    tell_many(2, channel="sms")
    with pytest.raises(ZeroDivisionError):
        deliver_batch(now=NOON)
    assert deliver_batch(now=NOON) == DeliveryResult(delivered=2, failed=0, dead=0, left=0)
    assert Message.objects.get(state="PENDING").claimed_until > NOON


def test_a_lost_claim_does_not_undo_what_another_worker_noted(
    failing: type[FailingGateway], monkeypatch: pytest.MonkeyPatch
) -> None:
    tell_many(1)
    monkeypatch.setattr(
        failing, "send", lambda gateway, parcel: (_other_worker_delivers(), _fail())
    )
    assert deliver_batch(now=NOON) == DeliveryResult(0, 0, 0, 0)
    assert Message.objects.get().state == "DELIVERED"


def _other_worker_delivers() -> None:
    Message.objects.update(state="DELIVERED", delivered_at=NOON, claimed_until=None)


def _fail() -> None:
    raise DeliveryFailed("smtp 451")


@pytest.mark.req("ALR-2")
def test_a_database_connection_killed_in_mid_delivery_does_not_forget_what_went_out(
    settings: LazySettings, superuser_cursor: psycopg.Cursor, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ALERTS_EMAIL_GATEWAY = f"{__name__}.SlowGateway"
    SlowGateway.accepted.clear()
    tell_many(3)
    accept = SlowGateway.send

    def accept_and_lose_connection(gateway: SlowGateway, parcel: Parcel) -> None:
        accept(gateway, parcel)
        backend = connection.connection.info.backend_pid
        superuser_cursor.execute("SELECT pg_terminate_backend(%s)", [backend])

    monkeypatch.setattr(SlowGateway, "send", accept_and_lose_connection)
    assert deliver_batch(now=NOON).delivered == 3
    assert set(Counter(parcel.key for parcel in SlowGateway.accepted).values()) == {1}
    assert not Message.objects.exclude(state="DELIVERED").exists()


def test_a_database_that_stays_away_is_not_hidden() -> None:
    def away() -> int:
        raise OperationalError

    with pytest.raises(OperationalError):
        operations._commit(away)


def test_words_and_addresses_are_never_logged(
    failing: type[FailingGateway], caplog: pytest.LogCaptureFixture
) -> None:
    failing.failure = DeliveryFailed("smtp 550", permanent=True)
    tell_many(1)
    with caplog.at_level(logging.DEBUG):
        deliver_batch(now=NOON)
    assert "was given up: smtp 550" in caplog.text
    for secret in ("T20261122-48213907", "Evergreen", "@company.example", "1,234,567"):
        assert secret not in caplog.text


@pytest.mark.req("ALR-2", "AUD-1")
def test_replay_takes_dead_letters_up_again_and_says_so_in_the_audit_log(
    recorded: type[Recorded],
) -> None:
    tell_many(3)
    keys = set(Message.objects.values_list("message_key", flat=True))
    Message.objects.update(state="DEAD", attempts=12, last_error="smtp 451")
    assert replay_dead(actor="U9", now=NOON, reason="mail server mended") == 3
    entry = Entry.objects.get()
    assert (entry.chain, entry.event, entry.actor) == ("bank", "alerts.message.replayed", "U9")
    assert entry.after["count"] == 3
    assert entry.reason == "mail server mended"
    assert deliver_batch(now=NOON).delivered == 3
    assert {parcel.key for parcel in recorded.emails} == keys


@pytest.mark.req("ALR-2")
def test_replay_takes_only_the_named_dead_letters() -> None:
    tell_many(3)
    first, second, third = Message.objects.order_by("id")
    Message.objects.filter(id__in=[first.id, second.id]).update(state="DEAD")
    assert replay_dead(actor="U9", now=NOON, message_ids=[second.id, third.id]) == 1
    assert list(Message.objects.filter(state="DEAD")) == [first]


def test_replay_of_nothing_leaves_no_trace() -> None:
    tell_many(1)
    assert replay_dead(actor="U9", now=NOON) == 0
    assert not Entry.objects.exists()


@pytest.mark.req("ALR-2")
def test_queue_age_is_how_long_the_oldest_due_message_waits(
    failing: type[FailingGateway],
) -> None:
    assert oldest_pending_age(NOON) == timedelta(0)
    tell_many(1)
    assert oldest_pending_age(NOON + 40 * SECOND) == 40 * SECOND
    operations._claim(now=NOON, claimed_until=NOON + 90 * SECOND, limit=1)
    assert oldest_pending_age(NOON + 40 * SECOND) == timedelta(0)
    assert oldest_pending_age(NOON + 95 * SECOND) == 5 * SECOND
    Message.objects.update(claimed_until=None)
    deliver_batch(now=NOON)
    assert oldest_pending_age(NOON + 3 * SECOND) == timedelta(0)
