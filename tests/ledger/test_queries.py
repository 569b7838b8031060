"""Who sees which accounts, what moved, and with how few queries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import Entry
from identity import operations as identity
from identity.models import Grant, Role
from ledger import operations, queries
from ledger.errors import UnknownAccount
from ledger.gateways import LegLine
from ledger.models import AccountRight
from ledger.policies import AccountFunction, OwnPurpose
from tests.factories import ledger as make

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def allow(user_id: int, account_id: int, function: str = "inquire", **facts: Any) -> None:
    make.act(
        operations.grant_right, account_id=account_id, user_id=user_id, function=function,
        actor="UADMIN", **facts,
    )  # fmt: skip


def count_queries(read: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as made:
        read()
    return len(made)


def numbers(user_id: int, function: str = "inquire") -> list[str]:
    return [row.number for row in queries.visible_accounts(user_id, function, now=make.NOW)]


# --- rights ------------------------------------------------------------------------------------
@pytest.mark.req("ENT-3")
def test_a_person_sees_the_accounts_they_hold_the_function_on_and_no_others() -> None:
    owner = make.company()
    user = make.person(owner)
    for number in ("000000000003", "000000000001", "000000000002"):
        make.account(owner, 5, number=number)
    ids = {row.number: row.id for row in queries.company_accounts(owner.pk)}
    allow(user.pk, ids["000000000003"])
    allow(user.pk, ids["000000000001"])
    allow(user.pk, ids["000000000001"], "edit_transfer")
    assert numbers(user.pk) == ["000000000001", "000000000003"]
    assert numbers(user.pk, "edit_transfer") == ["000000000001"]
    assert numbers(user.pk, "release_transfer") == []
    part = queries.account_ids(user.pk, "edit_transfer", now=make.NOW)
    assert list(part.values_list("number", flat=True)) == ["000000000001"]
    assert queries.account_for(user.pk, "000000000003", now=make.NOW).available == 5
    with pytest.raises(UnknownAccount):
        queries.account_for(user.pk, "000000000002", now=make.NOW)
    with pytest.raises(UnknownAccount):
        queries.account_for(user.pk, "000000000003", "edit_transfer", now=make.NOW)


@pytest.mark.req("ENT-3")
def test_another_companys_account_is_neither_given_nor_seen() -> None:
    ours, theirs = make.company("12345675"), make.company("22099131", "Other")
    user, account_id = make.person(ours), make.account(theirs)
    with pytest.raises(UnknownAccount):
        allow(user.pk, account_id)
    own = make.account(ours)
    allow(user.pk, own)
    AccountRight.objects.filter(user=user).update(content_object_id=account_id)
    assert numbers(user.pk) == []
    assert queries.rights_on(account_id, now=make.NOW) == []


@pytest.mark.req("ENT-3", "DEL-4")
def test_a_right_counts_only_in_its_period_and_while_its_grant_is_in_force() -> None:
    owner = make.company()
    user, account_id = make.person(owner), make.account(owner)
    grant = make.act(
        identity.grant_role, user=user, role_code="ent.finance.maker", parent=None,
        granted_by=None,
    )  # fmt: skip
    allow(user.pk, account_id, grant_id=grant.pk, valid_until=make.NOW + 10 * DAY)

    def seen(now: Any) -> bool:
        return bool(queries.visible_accounts(user.pk, now=now))

    assert seen(make.NOW)
    assert not seen(make.NOW - DAY)
    assert not seen(make.NOW + 10 * DAY)
    Grant.objects.filter(pk=grant.pk).update(valid_until=make.NOW + 5 * DAY)
    assert not seen(make.NOW + 5 * DAY)
    Grant.objects.filter(pk=grant.pk).update(state="SUSPENDED", valid_until=None)
    assert not seen(make.NOW)
    assert queries.rights_on(account_id, now=make.NOW) == []
    assert Role.objects.filter(code="ent.finance.maker").exists()


def test_without_a_moment_the_databases_clock_decides() -> None:
    owner = make.company()
    user, account_id = make.person(owner), make.account(owner)
    make.act(
        operations.grant_right, account_id=account_id, user_id=user.pk, function="inquire",
        actor="UADMIN", now=make.NOW - 20_000 * DAY,
    )  # fmt: skip
    assert [row.id for row in queries.visible_accounts(user.pk)] == [account_id]
    assert len(queries.rights_on(account_id)) == 1


@pytest.mark.req("ENT-3", "AUD-1")
def test_rights_are_replaced_and_withdrawn_on_the_record() -> None:
    owner = make.company()
    user, account_id = make.person(owner), make.account(owner, number="000123456789")
    allow(user.pk, account_id, "edit_transfer", cap=Decimal(500), counterparty="22099131")
    allow(user.pk, account_id, "edit_transfer", cap=Decimal(900))
    expected = queries.RightFacts(user.pk, "edit_transfer", Decimal(900), "")
    assert queries.rights_on(account_id, now=make.NOW) == [expected]
    assert queries.rights_of(user.pk, account_id, now=make.NOW) == [expected]
    taken = {
        "account_id": account_id, "user_id": user.pk, "function": "edit_transfer",
        "actor": "UADMIN",
    }  # fmt: skip
    make.act(operations.withdraw_right, **taken)
    make.act(operations.withdraw_right, **taken)
    assert queries.rights_on(account_id, now=make.NOW) == []
    entries = Entry.objects.filter(target="account:000123456789").order_by("position")[1:]
    assert [entry.event for entry in entries] == [
        "ledger.account.right_granted",
        "ledger.account.right_granted",
        "ledger.account.right_withdrawn",
    ]
    assert (entries[1].before["cap"], entries[1].after["cap"]) == ("500.0000", "900")


def test_there_are_no_other_functions() -> None:
    owner = make.company()
    with pytest.raises(ValueError, match="teleport"):
        allow(make.person(owner).pk, make.account(owner), "teleport")


def test_the_functions_are_the_stored_permissions() -> None:
    owner = make.company()
    user, account_id = make.person(owner), make.account(owner)
    for function in AccountFunction:
        allow(user.pk, account_id, function)
    found = queries.rights_on(account_id, now=make.NOW)
    assert {right.function for right in found} == set(AccountFunction)


# --- one account -------------------------------------------------------------------------------
def test_an_account_is_found_by_number_and_by_id() -> None:
    owner = make.company(name="Formosa Trading")
    account_id = make.account(owner, 70, number="000123456789")
    make.act(operations.place_hold, account_id=account_id, money=make.twd(20), key="R1")
    found = queries.account_by_number("000123456789")
    assert found == queries.AccountFacts(
        id=account_id, number="000123456789", name="Operating", company_id=owner.pk,
        company_name="Formosa Trading", currency="TWD", kind="CUSTOMER", state="OPEN",
        balance=Decimal(70), held=Decimal(20), available=Decimal(50),
    )  # fmt: skip
    assert queries.accounts_by_id([account_id]) == {account_id: found}
    assert queries.account_by_number("000123456780") is None
    assert queries.own_account(OwnPurpose.FEES, "TWD") is None


# --- movements ---------------------------------------------------------------------------------
@pytest.mark.req("TRF-7")
def test_movements_come_newest_first_and_page_by_key() -> None:
    owner = make.company("12345675", "Formosa Trading")
    other = make.company("22099131", "Harbour Freight")
    source = make.account(owner, 1_000, number="000000000001")
    target = make.account(other, number="000000000002")
    for index in range(1, 5):
        make.transfer(f"T{index}", source, target, index)
    page = queries.movements(source, limit=3)
    assert [(row.reference, row.amount, row.balance_after) for row in page] == [
        ("T4", -4, 990),
        ("T3", -3, 994),
        ("T2", -2, 997),
    ]
    rest = queries.movements(source, before_id=page[-1].id, limit=3)
    assert [row.reference for row in rest] == ["T1", "OPENING-000000000001"]
    first = page[0]
    assert (first.counterparty_number, first.counterparty_name) == (
        "000000000002",
        "Harbour Freight",
    )
    assert (first.narrative, first.value_date, first.at) == ("Invoice 42", make.TODAY, make.NOW)
    seen_there = queries.movements(target)[0]
    assert (seen_there.amount, seen_there.counterparty_name) == (4, "Formosa Trading")


@pytest.mark.req("TRF-7")
def test_a_batch_names_the_payer_to_payees_and_nobody_to_the_payer() -> None:
    owner = make.company()
    source = make.account(owner, 100, number="000000000001")
    payees = [make.account(owner), make.account(owner)]
    legs = [LegLine(source, Decimal(-30), "TWD")]
    legs += [LegLine(payee, Decimal(15), "TWD") for payee in payees]
    make.act(
        operations.post, reference="B1", kind="BATCH", value_date=make.TODAY, narrative="",
        legs=legs, hold_key=None,
    )  # fmt: skip
    assert queries.movements(source)[0].counterparty_number == ""
    assert queries.movements(payees[1])[0].counterparty_number == "000000000001"


@pytest.mark.req("TRF-7")
def test_movements_of_a_period_are_those_posted_on_its_days_in_taipei() -> None:
    owner = make.company()
    source, target = make.account(owner, 100), make.account(owner)
    # 15:59 UTC is a minute before midnight in Taipei.
    late = make.NOW.replace(hour=15, minute=59)
    make.transfer("T1", source, target, 1, now=late)
    make.transfer("T2", source, target, 2, now=late + timedelta(minutes=2))

    def references(first: date, last: date) -> list[str]:
        rows = queries.movements(target, first_date=first, last_date=last)
        return [row.reference for row in rows]

    tomorrow = make.TODAY + DAY
    assert references(make.TODAY, make.TODAY) == ["T1"]
    assert references(tomorrow, tomorrow) == ["T2"]
    assert references(make.TODAY, tomorrow) == ["T2", "T1"]
    assert references(make.TODAY - DAY, make.TODAY - DAY) == []


@pytest.mark.req("TRF-7")
def test_the_balance_history_gives_each_days_closing_balance() -> None:
    owner = make.company()
    source, target = make.account(owner, 100), make.account(owner)
    make.transfer("T1", source, target, 30, now=make.NOW + DAY)
    make.transfer("T2", source, target, 20, now=make.NOW + 3 * DAY)
    history = queries.balance_history(source, 5, now=make.NOW + 3 * DAY)
    assert [(row.date, row.balance) for row in history] == [
        (make.TODAY - DAY, 0),
        (make.TODAY, 100),
        (make.TODAY + DAY, 70),
        (make.TODAY + 2 * DAY, 70),
        (make.TODAY + 3 * DAY, 50),
    ]
    with pytest.raises(UnknownAccount):
        queries.balance_history(0, 5, now=make.NOW)


# --- how many queries --------------------------------------------------------------------------
def test_lists_cost_the_same_with_one_row_and_with_three() -> None:
    owner = make.company()
    user = make.person(owner)
    source = make.account(owner, 100)

    def add(index: int) -> None:
        target = make.account(owner)
        allow(user.pk, target)
        allow(user.pk, source, list(AccountFunction)[index])
        make.transfer(f"T{index}", source, target, 1)

    def counts() -> list[int]:
        return [
            count_queries(lambda: queries.visible_accounts(user.pk, now=make.NOW)),
            count_queries(lambda: queries.company_accounts(owner.pk)),
            count_queries(lambda: queries.movements(source, limit=20)),
            count_queries(lambda: queries.rights_on(source, now=make.NOW)),
            count_queries(lambda: queries.balance_history(source, 30, now=make.NOW)),
        ]

    add(0)
    with_one = counts()
    add(1)
    add(2)
    assert counts() == with_one == [1, 1, 2, 1, 2]
