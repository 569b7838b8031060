"""Which transfers can be drafted at all, and what stops one beside which field (TRF-1, TRF-6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from approvals.kinds import all_kinds, kind_of
from approvals.models import Request
from identity.errors import PermissionMissing
from identity.models import Grant
from kernel import ids
from kernel.clock import business_date, end_of_business_date
from kernel.errors import RuleBroken
from kernel.money import Money
from ledger.models import AccountRight
from ledger.operations import close_account, freeze_account, open_account
from tests.factories.world import FROM, OTHER_FROM, PAYEE, SECOND, World, draft
from transfers.errors import (
    AccountBlocked,
    NoRightOnAccount,
    OrderNotFound,
    PayeeCurrency,
    PayeeUnknown,
    SameAccount,
    WrongDate,
)
from transfers.models import PaymentOrder
from transfers.operations import OrderFields, create_order
from transfers.policies import KIND
from transfers.queries.orders import accounts_to_pay_from, order_for_edit, payee_warnings

USD_PAYEE = "200000000020"


def create(world: World, login: str = "maker01", **changes: Any) -> str:
    """Draft a transfer as somebody; return its reference."""
    typed = OrderFields(
        from_account=FROM, payee_account=PAYEE, payee_name=SECOND.name,
        money=Money(Decimal(5_000), "TWD"), value_date=business_date(world.now), memo="貨款",
    )  # fmt: skip
    actor = world.holder(login, card=False).act_as(world.now)
    return create_order(
        actor=actor, fields=replace(typed, **changes), form_key=ids.token(), now=world.now
    )


def days(world: World, number: int) -> dict[str, object]:
    return {"value_date": business_date(world.now) + timedelta(number)}


def freeze(number: str) -> Callable[[World], dict[str, object]]:
    def arrange(world: World) -> dict[str, object]:
        accounts = world.first.accounts | world.second.accounts
        freeze_account(account_id=accounts[number], actor="system", reason="x", now=world.now)
        return {}

    return arrange


def closed_payee(world: World) -> dict[str, object]:
    number = "200000000099"
    account = open_account(
        number=number, company_id=world.second.company.pk, currency="TWD", name="Empty",
        opening_balance=Decimal(0), actor="system", now=world.now,
    )  # fmt: skip
    close_account(account_id=account, actor="system", reason="x", now=world.now)
    return {"payee_account": number}


def right_ended(world: World) -> dict[str, object]:
    AccountRight.objects.filter(user=world.first.people["maker01"]).update(
        valid_from=world.now - timedelta(days=2), valid_until=world.now - timedelta(days=1)
    )
    return {}


ROUTES: dict[str, tuple[Callable[[World], dict[str, Any]], type[RuleBroken], str]] = {
    "from another company's account": (
        lambda w: {"from_account": PAYEE, "payee_account": FROM}, NoRightOnAccount, "from_account"
    ),
    "from an unknown account": (
        lambda w: {"from_account": "999999999999"}, NoRightOnAccount, "from_account"
    ),
    "from no account": (lambda w: {"from_account": ""}, NoRightOnAccount, "from_account"),
    "with a right that ended": (right_ended, NoRightOnAccount, "from_account"),
    "from a frozen account": (freeze(FROM), AccountBlocked, "from_account"),
    "to an unknown account": (
        lambda w: {"payee_account": "999999999999"}, PayeeUnknown, "payee_account"
    ),
    "to no account": (lambda w: {"payee_account": ""}, PayeeUnknown, "payee_account"),
    "to a frozen account": (freeze(PAYEE), PayeeUnknown, "payee_account"),
    "to a closed account": (closed_payee, PayeeUnknown, "payee_account"),
    "to itself": (lambda w: {"payee_account": FROM}, SameAccount, "payee_account"),
    "to another currency": (
        lambda w: {"payee_account": USD_PAYEE}, PayeeCurrency, "payee_account"
    ),
    "in another currency": (
        lambda w: {"money": Money(Decimal(5), "USD")}, PayeeCurrency, "payee_account"
    ),
    "yesterday": (lambda w: days(w, -1), WrongDate, "value_date"),
    "tomorrow": (lambda w: days(w, 1), WrongDate, "value_date"),
    "last year": (lambda w: days(w, -365), WrongDate, "value_date"),
}  # fmt: skip


@pytest.mark.req("TRF-1", "TRF-6")
@pytest.mark.parametrize("route", sorted(ROUTES))
def test_money_that_cannot_go_there_is_refused_beside_its_field(world: World, route: str) -> None:
    arrange, error, field = ROUTES[route]
    changes = arrange(world)
    with pytest.raises(error) as refused:
        create(world, **changes)
    assert refused.value.field == field
    assert not PaymentOrder.objects.exists()
    assert not Request.objects.exists()


def own_account(world: World) -> dict[str, object]:
    number = "100000000045"
    open_account(
        number=number, company_id=world.company.pk, currency="TWD", name="Second",
        opening_balance=Decimal(0), actor="system", now=world.now,
    )  # fmt: skip
    return {"payee_account": number}


OPEN_ROUTES: dict[str, Callable[[World], dict[str, Any]]] = {
    "to another company": lambda w: {},
    "to an account of its own": own_account,
    "in foreign currency": lambda w: {
        "from_account": OTHER_FROM, "payee_account": USD_PAYEE,
        "money": Money(Decimal("12.34"), "USD"),
    },
    "without a memo": lambda w: {"memo": ""},
    "to another name": lambda w: {"payee_name": "Somebody else entirely"},
}  # fmt: skip


@pytest.mark.req("TRF-1")
@pytest.mark.parametrize("route", sorted(OPEN_ROUTES))
def test_money_that_can_go_there_is_drafted(world: World, route: str) -> None:
    reference = create(world, **OPEN_ROUTES[route](world))
    assert PaymentOrder.objects.get().reference == reference


HIDDEN = ["\u202e", "\u200b", "\ufeff", "\x00", "\n", "\u2028", "\ue000", "\u3164"]


@pytest.mark.req("SIGN-1")
@pytest.mark.parametrize("sign", HIDDEN, ids=[f"U+{ord(sign):04X}" for sign in HIDDEN])
@pytest.mark.parametrize("field", ["payee_name", "memo"])
def test_text_that_reads_otherwise_than_it_is_is_refused(
    world: World, field: str, sign: str
) -> None:
    with pytest.raises(RuleBroken) as refused:
        create(world, **{field: f"王{sign}小明"})
    assert refused.value.field == field
    assert not PaymentOrder.objects.exists()


@pytest.mark.req("SIGN-1")
@pytest.mark.parametrize("field", ["payee_name", "memo"])
def test_text_of_letters_that_look_alike_is_refused_before_anybody_has_to_sign_it(
    world: World, field: str
) -> None:
    """A Cyrillic letter in a Latin word: nobody could sign it, neither for nor against."""
    with pytest.raises(RuleBroken) as refused:
        create(world, **{field: "\u0410CME Trading"})
    assert refused.value.field == field
    assert not PaymentOrder.objects.exists()


def test_text_is_kept_in_one_spelling_and_never_as_markup(world: World) -> None:
    create(world, payee_name="Cafe\u0301", memo="<script>alert(1)</script>")
    order = PaymentOrder.objects.get()
    assert order.payee_name == "Caf\u00e9"
    assert order.memo == "<script>alert(1)</script>"


@pytest.mark.parametrize("amount", ["1.5", "0.01"])
def test_cents_of_new_taiwan_dollars_do_not_reach_an_order(world: World, amount: str) -> None:
    """The form refuses them; what comes past it is not rounded."""
    with pytest.raises(ValueError, match="more decimals"):
        create(world, money=Money(Decimal(amount), "TWD"))
    assert not PaymentOrder.objects.exists()


@pytest.mark.parametrize("amount", [0, -1])
def test_the_database_refuses_an_order_of_nothing(world: World, amount: int) -> None:
    reference = draft(world, world.holder("maker01", card=False))
    with pytest.raises(DatabaseError, match="transfers_order_amount"), transaction.atomic():
        PaymentOrder.objects.filter(reference=reference).update(amount=amount)


@pytest.mark.req("DUAL-1")
def test_only_a_maker_drafts(world: World) -> None:
    for login in ("review1a", "release1", "security1"):
        with pytest.raises(PermissionMissing):
            create(world, login)
    Grant.objects.filter(user=world.first.people["maker01"]).update(
        valid_until=world.now, valid_from=world.now - timedelta(days=1)
    )
    with pytest.raises(PermissionMissing):
        create(world, "maker01")


def test_a_maker_is_offered_the_accounts_they_may_use(world: World) -> None:
    def offered(login: str) -> list[str]:
        user = world.first.people[login]
        return [account.number for account in accounts_to_pay_from(user.pk, now=world.now)]

    assert offered("maker01") == [FROM, OTHER_FROM]
    assert offered("review1a") == []


def test_an_order_is_found_by_its_own_company_only(world: World) -> None:
    reference = create(world)
    assert order_for_edit(world.company.pk, reference).memo == "貨款"
    with pytest.raises(OrderNotFound):
        order_for_edit(world.second.company.pk, reference)


# --- the kind that the engine sees ---------------------------------------------------------------


def test_the_engine_knows_the_transfer_and_what_each_act_needs() -> None:
    kind = kind_of(KIND)
    assert kind in all_kinds()
    assert dict(kind.functions) == {
        "submit": "edit_transfer", "review": "review_transfer", "release": "release_transfer",
    }  # fmt: skip


@pytest.mark.req("FLOW-7")
def test_a_transfer_can_be_executed_until_its_day_ends(world: World) -> None:
    create(world)
    facts = kind_of(KIND).facts(PaymentOrder.objects.get().pk)
    assert facts.deadline == end_of_business_date(business_date(world.now))
    assert facts.money == Money(Decimal("5000.0000"), "TWD")
    assert facts.content["amount"] == "5000"


@pytest.mark.req("SIGN-1")
def test_everything_of_the_order_is_signed_but_row_numbers(world: World) -> None:
    create(world)
    kind = kind_of(KIND)
    content = kind.content(PaymentOrder.objects.get().pk)
    statement = kind.statement(content)
    assert {**statement, "from_account_id": content["from_account_id"]} == content
    assert set(statement) == {
        "from_account", "payee_account", "payee_name", "amount", "currency", "value_date", "memo",
    }  # fmt: skip


@pytest.mark.req("ALR-3")
def test_messages_carry_no_whole_account_number(world: World) -> None:
    create(world)
    kind = kind_of(KIND)
    facts = kind.alert_facts(kind.content(PaymentOrder.objects.get().pk))
    assert facts["payee_account_masked"] == "********0012"
    assert PAYEE not in str(facts)


@pytest.mark.req("TRF-4")
def test_a_signer_is_warned_of_a_first_payment_and_of_another_name(world: World) -> None:
    reference = create(world, payee_name="Somebody else")
    kind = kind_of(KIND)
    content = kind.content(PaymentOrder.objects.get().pk)
    found = payee_warnings(world.company.pk, content, reference=reference)
    assert found == {"first_payment", "name_differs"}
    earlier = create(world)
    PaymentOrder.objects.filter(reference=earlier).update(executed_at=world.now)
    named = content | {"payee_name": SECOND.name}
    assert payee_warnings(world.company.pk, named, reference=reference) == set()
