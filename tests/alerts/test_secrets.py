"""Messages that carry a secret: their words live until they are on their way, and no longer."""

import pytest
from django.db import transaction

from alerts import queries
from alerts.errors import DeliveryFailed
from alerts.models import Message
from alerts.operations import deliver_batch, enqueue, replay_dead
from alerts.render import Event
from tests.alerts.conftest import Recorded
from tests.alerts.test_delivery import FailingGateway, failing
from tests.factories.alerts import FACTS, NOON, recipient, tell

__all__ = ["failing"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("AUTH-7")]


def tell_secret(code: str = "482915") -> Message:
    """Enqueue a code for one reader and return its message."""
    with transaction.atomic():
        enqueue(
            event=Event.CODE_CONTACT, cause=f"code:{code}", recipients=[recipient()],
            facts={**FACTS, "code": code}, now=NOON, is_secret=True,
        )  # fmt: skip
    return Message.objects.latest("pk")


def test_a_secret_is_delivered_and_forgotten(recorded: type[Recorded]) -> None:
    assert "482915" in tell_secret().body
    assert deliver_batch(now=NOON).delivered == 1
    assert "482915" in recorded.emails[0].body
    assert Message.objects.get().body == ""


def test_other_messages_keep_their_words(recorded: type[Recorded]) -> None:
    tell([recipient()])
    deliver_batch(now=NOON)
    assert Message.objects.get().body == recorded.emails[0].body


def test_nobody_reads_a_secret_in_the_notice_centre() -> None:
    tell_secret()
    tell([recipient()])
    assert [notice.event for notice in queries.messages_for("U1")] == [Event.REQUEST_RELEASED]


def test_a_secret_that_is_tried_again_is_kept_and_one_given_up_is_forgotten(
    failing: type[FailingGateway],
) -> None:
    kept = tell_secret()
    deliver_batch(now=NOON)
    kept.refresh_from_db()
    assert (kept.state, "482915" in kept.body) == ("PENDING", True)
    failing.failure = DeliveryFailed("smtp 550", permanent=True)
    Message.objects.update(next_attempt_at=NOON)
    deliver_batch(now=NOON)
    kept.refresh_from_db()
    assert (kept.state, kept.body) == ("DEAD", "")


def test_a_secret_given_up_is_not_taken_up_again() -> None:
    tell_secret()
    Message.objects.update(state="DEAD", body="")
    assert replay_dead(actor="U9", now=NOON) == 0
