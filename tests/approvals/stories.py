"""What stories of requests look at: the row, the money, the limits, and how to change people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from approvals import operations as approvals
from approvals.errors import NotForYou
from approvals.models import FlowRule, Request
from approvals.policies.resolver import Reason
from approvals.policies.rules import StageSpec
from approvals.states import Act
from certificates.operations import SignRequestFacts
from identity.models import Company, Grant, Unit, User
from identity.operations import grant_role
from kernel import ids
from kernel.money import Money
from ledger import queries as ledger
from ledger.operations import grant_right
from ledger.policies import AccountFunction
from tests.factories.world import AUDIENCE, FROM, PAYEE, Holder, World, sign
from transfers.models import LimitCounter


@dataclass(frozen=True)
class Books:
    """Hold what a story may move: both accounts, what is held, the day's limit."""

    balance: Decimal
    held: Decimal
    payee: Decimal
    reserved: Decimal
    used: Decimal


def row(reference: str) -> Request:
    """Return a request as it is stored now."""
    return Request.objects.get(reference=reference)


def books(world: World) -> Books:
    """Return how accounts and limit stand now."""
    source, target = ledger.account_by_number(FROM), ledger.account_by_number(PAYEE)
    assert source is not None
    assert target is not None
    counter = LimitCounter.objects.filter(company=world.company, currency="TWD").first()
    return Books(
        source.balance,
        source.held,
        target.balance,
        counter.reserved if counter else Decimal(0),
        counter.used if counter else Decimal(0),
    )


def twd(amount: int | str) -> Money:
    """Return New Taiwan dollars."""
    return Money(Decimal(amount), "TWD")


def change(thing: User | Company | Unit | Grant, verb: str) -> None:
    """Apply a verb to what is stored of a person, home or grant."""
    fresh = type(thing).objects.get(pk=thing.pk)
    getattr(fresh, verb)()
    fresh.save()


def grant(
    world: World, login: str, role: str, *, level: int = 0, group: str = "", card: bool = True
) -> Holder:
    """Give a person a role and the right on the account that goes with it, and a card."""
    functions = {
        "ent.finance.maker": AccountFunction.EDIT_TRANSFER,
        "ent.finance.reviewer": AccountFunction.REVIEW_TRANSFER,
        "ent.finance.releaser": AccountFunction.RELEASE_TRANSFER,
    }
    user = world.first.people[login]
    account = world.first.accounts[FROM]
    with transaction.atomic():
        given = grant_role(
            user=user, role_code=role, level=level, group=group, parent=None, granted_by=None,
            now=world.now,
        )  # fmt: skip
        held = {right.function for right in ledger.rights_of(user.pk, account, now=world.now)}
        if functions[role] not in held:
            grant_right(
                account_id=account, user_id=user.pk, function=functions[role], cap=None,
                grant_id=given.pk, actor="system", now=world.now,
            )  # fmt: skip
    return world.holder(login, card=card)


def maker(world: World) -> Holder:
    """Return the first maker, who needs no card."""
    return world.holder("maker01", card=False)


def second_maker(world: World) -> Holder:
    """Return the second maker, who needs no card."""
    return world.holder("maker02", card=False)


def rule(world: World, *stages: StageSpec, minimum: int = 0, maximum: int | None = None) -> None:
    """Add one flow and its row to the company's table."""
    with transaction.atomic():
        flow = approvals.define_flow(
            company=world.company, code=ids.readable(8), name="New", stages=stages,
            actor="system", now=world.now,
        )  # fmt: skip
        approvals.define_rule(
            flow=flow, kind="transfers.transfer", minimum=Decimal(minimum),
            maximum=None if maximum is None else Decimal(maximum), actor="system", now=world.now,
        )  # fmt: skip


def only_rule(world: World, *stages: StageSpec) -> None:
    """Let this flow be the company's only one."""
    FlowRule.objects.filter(company=world.company).delete()
    rule(world, *stages)


def deed(
    world: World,
    holder: Holder,
    reference: str,
    act: Act,
    reason: str = "",
    *,
    signed: approvals.Signed | None = None,
    key: str = "",
    later: timedelta = timedelta(0),
) -> Callable[[], str]:
    """Return a decision that is signed and ready to be sent, by a person as they stand now."""
    ready = signed or sign(world, holder, reference, act, reason)
    actor = holder.act_as(world.now)
    verb: Callable[..., str] = {
        Act.REVIEW: approvals.review,
        Act.RELEASE: approvals.release,
        Act.RETURN: approvals.return_,
        Act.REJECT: approvals.reject,
    }[act]
    options = {"reason": reason} if act in (Act.RETURN, Act.REJECT) else {}
    form_key = key or ids.token()
    return lambda: verb(
        actor=actor, reference=reference, signed=ready, form_key=form_key,
        now=world.now + later, **options,
    )  # fmt: skip


def may_not(
    reason: Reason | None, world: World, login: str, reference: str, act: Act, why: str = ""
) -> None:
    """Insist that a person is refused, both when asking what to sign and by name."""
    with pytest.raises(NotForYou) as refused:
        sign(world, world.holder(login), reference, act, why)
    if reason is not None:
        assert reason in refused.value.reasons


def prepare(
    world: World,
    holder: Holder,
    reference: str,
    act: Act,
    reason: str = "",
    *,
    revision: int = 0,
    later: timedelta = timedelta(0),
) -> SignRequestFacts:
    """Have a decision's statement made, for the revision that stands unless told otherwise."""
    return approvals.prepare_decision(
        actor=holder.act_as(world.now), reference=reference, act=act,
        revision=revision or row(reference).revision_number, reason=reason,
        session_key_sha256=holder.session, audience=AUDIENCE, now=world.now + later,
    )  # fmt: skip
