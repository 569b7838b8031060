"""Nobody signs a revision they were not shown."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import RequestFactory

from approvals import operations as approvals
from approvals.errors import StaleRevision
from approvals.states import Act
from approvals.views.acts import _shown_revision
from certificates.models import SignRequest
from kernel import clock, ids
from kernel.clock import business_date
from kernel.money import Money
from tests.factories.world import (
    AUDIENCE,
    FROM,
    PAYEE,
    SECOND,
    Holder,
    World,
    decide,
    make_world,
    submit,
)
from transfers.operations import OrderFields, edit_order

FIRST_AMOUNT, SECOND_AMOUNT = 60_000, 290_000


def _prepare(world: World, holder: Holder, reference: str, revision: int) -> bytes:
    shown = approvals.prepare_decision(
        actor=holder.act_as(world.now), reference=reference, act=Act.REVIEW, revision=revision,
        reason="", session_key_sha256=holder.session, audience=AUDIENCE, now=world.now,
    )  # fmt: skip
    return shown.statement


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("SIGN-1", "DUAL-3")
def test_prepare_of_an_older_revision_is_refused_and_keeps_nothing() -> None:
    world = make_world(clock.now())
    maker, reviewer = world.holder("maker01", card=False), world.holder("review1a")
    reference = submit(world, maker, FIRST_AMOUNT)
    decide(world, reviewer, reference, Act.RETURN, reason="金額有誤")
    edit_order(
        actor=maker.act_as(world.now),
        reference=reference,
        fields=OrderFields(
            from_account=FROM, payee_account=PAYEE, payee_name=SECOND.name,
            money=Money(Decimal(SECOND_AMOUNT), "TWD"), value_date=business_date(world.now),
            memo="11 月材料款",
        ),
        form_key=ids.token(),
        now=world.now,
    )  # fmt: skip
    approvals.submit(
        actor=maker.act_as(world.now), reference=reference, form_key=ids.token(), now=world.now
    )
    kept = SignRequest.objects.count()
    with pytest.raises(StaleRevision):
        _prepare(world, reviewer, reference, 1)
    assert SignRequest.objects.count() == kept
    assert f"{SECOND_AMOUNT}".encode() in _prepare(world, reviewer, reference, 2)


@pytest.mark.parametrize(
    ("sent", "revision"), [("2", 2), ("", 0), (None, 0), ("-1", 0), ("two", 0), ("\uff12", 0)]
)
def test_a_page_without_a_readable_revision_shows_none(sent: str | None, revision: int) -> None:
    data = {} if sent is None else {"revision": sent}
    assert _shown_revision(RequestFactory().post("/", data)) == revision
