"""The main story at the level of operations: made, reviewed three times, released, posted, told."""

from __future__ import annotations

from decimal import Decimal

import pytest

from alerts.models import Message
from approvals.models import Decision, Request
from approvals.states import Act
from audit.queries import chain_states
from kernel import clock
from ledger import queries as ledger
from tests.factories.world import FROM, PAYEE, decide, make_world, submit

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.req("FLOW-1", "TRF-3", "SIGN-1", "SIGN-2", "DUAL-1", "ALR-2", "AUD-1")
def test_a_transfer_goes_through_three_reviews_and_release() -> None:
    world = make_world(clock.now())
    maker = world.holder("maker01", card=False)
    reference = submit(world, maker, 1_234_567)

    for login, act in [
        ("review1a", Act.REVIEW),
        ("review2a", Act.REVIEW),
        ("review3a", Act.REVIEW),
        ("release1", Act.RELEASE),
    ]:
        assert Request.objects.get(reference=reference).state == "PENDING"
        decide(world, world.holder(login), reference, act)

    assert Request.objects.get(reference=reference).state == "RELEASED"
    assert Decision.objects.filter(revision__request__reference=reference).count() == 4
    source, target = ledger.account_by_number(FROM), ledger.account_by_number(PAYEE)
    assert source is not None
    assert target is not None
    assert source.balance == Decimal(8_400_120 - 1_234_567)
    assert source.held == 0
    assert target.balance == Decimal(1_000 + 1_234_567)
    assert Message.objects.filter(event="approvals.request.released").count() == 4
    assert all(state.broken is None for state in chain_states())
    assert list(ledger.verify()) == []
