"""How many statements one decision costs: the round trips are where the time goes."""

from __future__ import annotations

import sys

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from approvals import operations as approvals
from approvals.models import Request
from approvals.states import Act
from kernel import clock, ids
from tests.factories.cards import TestCard
from tests.factories.outside import accept_authority, bind, confirm_bound, make_outside_authority
from tests.factories.world import Holder, World, decide, make_world, sign, submit

pytestmark = pytest.mark.django_db(transaction=True)

MOST_FOR_A_RELEASE = 25
MOST_FOR_A_REVIEW = 25
FRAME = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE SAVEPOINT")


def statements_of(world: World, holder: Holder, reference: str, act: Act) -> list[str]:
    """Take a signed decision and return its statements, transaction frame left out."""
    signed = sign(world, holder, reference, act)
    actor = holder.act_as(world.now)
    verb = {Act.REVIEW: approvals.review, Act.RELEASE: approvals.release}[act]
    with CaptureQueriesContext(connection) as captured:
        verb(
            actor=actor, reference=reference, signed=signed, form_key=ids.token(), now=world.now
        )  # fmt: skip
    return [q["sql"].strip() for q in captured if not q["sql"].strip().startswith(FRAME)]


def test_a_release_that_posts_takes_at_most_twenty_five_statements() -> None:
    world = make_world(clock.now())
    maker, releaser = world.holder("maker01", card=False), world.holder("release1")
    decide(world, releaser, submit(world, maker, 5_000), Act.RELEASE)
    reference = submit(world, maker, 5_000)
    made = statements_of(world, releaser, reference, Act.RELEASE)
    assert Request.objects.get(reference=reference).state == "RELEASED"
    assert len(made) <= MOST_FOR_A_RELEASE, "\n".join(made)


@pytest.mark.req("CERT-11")
def test_a_release_by_an_outside_certificate_takes_not_one_statement_more() -> None:
    world = make_world(clock.now())
    outside, card = make_outside_authority(now=world.now), TestCard()
    accept_authority(outside, now=world.now)
    holder = world.holder("release1", card=False)
    bind(holder.user, outside.certify(card), now=world.now)
    releaser = confirm_bound(holder, card, world.now)
    maker = world.holder("maker01", card=False)
    decide(world, releaser, submit(world, maker, 5_000), Act.RELEASE)
    reference = submit(world, maker, 5_000)
    made = statements_of(world, releaser, reference, Act.RELEASE)
    assert Request.objects.get(reference=reference).state == "RELEASED"
    assert len(made) <= MOST_FOR_A_RELEASE, "\n".join(made)


def test_a_review_that_opens_the_next_stage_costs_no_more_than_a_release() -> None:
    world = make_world(clock.now())
    maker, reviewer = world.holder("maker01", card=False), world.holder("review1a")
    decide(world, reviewer, submit(world, maker, 50_000), Act.REVIEW)
    made = statements_of(world, reviewer, submit(world, maker, 50_000), Act.REVIEW)
    sys.stdout.write(f"a review that opens the next stage takes {len(made)} statements\n")
    assert len(made) <= MOST_FOR_A_REVIEW, "\n".join(made)


def test_nothing_is_locked_before_the_signature_is_verified() -> None:
    """Read, judge, lock, write: no lock before the last read of what is judged, the head last."""
    world = make_world(clock.now())
    maker, releaser = world.holder("maker01", card=False), world.holder("release1")
    made = statements_of(world, releaser, submit(world, maker, 5_000), Act.RELEASE)

    def first(*words: str) -> int:
        return next(n for n, sql in enumerate(made) if all(word in sql for word in words))

    order = [
        first('FROM "certificates_signrequest"'),
        first('FROM "approvals_request"', "FOR UPDATE"),
        first("identity_grant", "FOR SHARE"),
        first("certificates_certificate c", "FOR SHARE OF c FOR UPDATE OF r"),
        first("transfers_limitcounter", "FOR UPDATE"),
        first("ledger_account", "FOR NO KEY UPDATE"),
        first("INSERT INTO alerts_message"),
        first('FROM "audit_chain"', "FOR UPDATE"),
    ]
    assert order == sorted(order)
    assert not any("FOR UPDATE" in sql or "FOR SHARE" in sql for sql in made[: order[1]])
    assert order[-1] == len(made) - 2
