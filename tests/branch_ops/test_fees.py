"""A fee is charged at its tariff and settled once: paid, waived, or paid and given back (FEE-1)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from audit.models import Entry
from audit.operations import OutsideTransaction
from branch_ops import operations
from branch_ops.errors import (
    AccountNotTheirs,
    FeeAccountMissing,
    FeeStateChanged,
    FeeUnknown,
    ReceiptMissing,
    TariffMissing,
)
from branch_ops.models import FeeItem, FeeTariff
from branch_ops.queries.fees import application_tariff, settled
from branch_ops.states import FeeState, PaidFrom, Tariff
from identity.errors import PermissionMissing
from kernel import ids
from kernel.clock import business_date
from kernel.errors import DomainError
from kernel.money import Money
from ledger import queries as ledger
from ledger.errors import InsufficientFunds
from ledger.models import Account, Posting
from ledger.policies import OwnPurpose
from tests.factories.stock import acting, charge, clerk, designate, officer
from tests.factories.threads import at_once
from tests.factories.world import FROM, OTHER_FROM, World


def collect(world: World, item_id: int, from_: str = PaidFrom.ACCOUNT, **options: object) -> str:
    arguments = {
        "actor": clerk(world), "form_key": ids.token(), "receipt_number": "", **options,
    }  # fmt: skip
    return operations.collect(item_id=item_id, from_=from_, now=world.now, **arguments)


def fee(item_id: int) -> FeeItem:
    return FeeItem.objects.select_related("tariff").get(pk=item_id)


def balance_of(number: str) -> Decimal:
    account = ledger.account_by_number(number)
    assert account is not None
    return account.balance


def own(purpose: OwnPurpose) -> Decimal:
    account = ledger.own_account(purpose, "TWD")
    return account.balance if account else Decimal(0)


def decide(step: object, world: World, item_id: int) -> None:
    with transaction.atomic():
        step(  # type: ignore[operator]
            item_id=item_id, reference="W26000001", reason="goodwill",
            actor=officer(world, "branch.business.checker", world.branch), now=world.now,
        )  # fmt: skip


# --- what is charged -----------------------------------------------------------------------------
@pytest.mark.req("FEE-1", "CERT-5")
@pytest.mark.parametrize(
    ("tariff", "amount"), [(Tariff.ISSUE, 1_000), (Tariff.REISSUE, 1_500), (Tariff.REPRINT, 200)]
)
def test_a_fee_is_due_at_the_banks_tariff(world: World, tariff: Tariff, amount: int) -> None:
    item = fee(charge(world, tariff=tariff))
    assert (item.state, item.amount, item.currency) == (FeeState.DUE, amount, "TWD")
    assert not settled("certificate:1")
    assert settled("certificate:2")
    entry = Entry.objects.get(event="fees.item.charged")
    assert (entry.chain, entry.target) == (f"company:{world.company.code}", f"fee:{item.pk}")


@pytest.mark.req("FEE-1")
def test_a_new_tariff_counts_from_its_day_and_changes_no_earlier_charge(world: World) -> None:
    before = charge(world)
    tomorrow = business_date(world.now) + timedelta(days=1)
    for day, amount in ((tomorrow, 9_000), (business_date(world.now), 1_800)):
        with transaction.atomic():
            operations.set_tariff_step(
                code=Tariff.REISSUE, money=Money(Decimal(amount), "TWD"), valid_from=day,
                actor=None, now=world.now,
            )  # fmt: skip
    assert fee(before).amount == 1_500
    assert fee(charge(world)).amount == 1_800


def test_what_has_no_tariff_cannot_be_charged(world: World) -> None:
    with pytest.raises(TariffMissing):
        charge(world, tariff="unheard.of")


@pytest.mark.req("CERT-5")
def test_who_has_had_a_certificate_pays_for_a_re_application(world: World) -> None:
    had, never = world.holder("release1"), world.holder("maker01", card=False)
    assert application_tariff(had.user.pk) == Tariff.REISSUE
    assert application_tariff(never.user.pk) == Tariff.ISSUE


@pytest.mark.django_db(transaction=True)
def test_a_charge_is_only_ever_part_of_a_larger_act(open_world: World) -> None:
    with pytest.raises(OutsideTransaction):
        operations.charge_step(
            company_id=open_world.company.pk, target="certificate:1", tariff=Tariff.ISSUE,
            now=open_world.now,
        )  # fmt: skip


# --- taking it -----------------------------------------------------------------------------------
@pytest.mark.req("FEE-1")
def test_the_fee_account_pays_the_banks_fee_income(world: World) -> None:
    designate(world, FROM)
    item_id, before = charge(world), balance_of(FROM)
    reference = collect(world, item_id)
    item = fee(item_id)
    assert (item.state, item.paid_from, item.posting_reference) == ("PAID", "ACCOUNT", reference)
    assert balance_of(FROM) == before - 1_500
    assert own(OwnPurpose.FEES) == 1_500
    assert settled("certificate:1")
    posting = Posting.objects.get(reference=reference)
    assert sum(leg.amount for leg in posting.legs.all()) == 0
    entry = Entry.objects.get(event="fees.item.collected")
    assert entry.actor == world.staff["branch001"].public_id
    assert entry.after["amount"] == "TWD 1,500"


@pytest.mark.req("FEE-1")
def test_the_counter_takes_cash_against_a_receipt(world: World) -> None:
    item_id, cash = charge(world), own(OwnPurpose.CASH)
    collect(world, item_id, PaidFrom.COUNTER, receipt_number="R-0001")
    item = fee(item_id)
    assert (item.state, item.paid_from, item.receipt_number) == ("PAID", "COUNTER", "R-0001")
    assert own(OwnPurpose.CASH) == cash - 1_500
    assert own(OwnPurpose.FEES) == 1_500


@pytest.mark.req("FEE-1")
def test_the_counter_takes_nothing_without_a_receipt(world: World) -> None:
    item_id = charge(world)
    with pytest.raises(ReceiptMissing):
        collect(world, item_id, PaidFrom.COUNTER)
    assert fee(item_id).state == FeeState.DUE


@pytest.mark.req("FEE-1")
def test_too_little_money_is_said_and_nothing_happens(world: World) -> None:
    designate(world, FROM)
    with transaction.atomic():
        operations.set_tariff_step(
            code="dear", money=Money(Decimal(99_000_000), "TWD"),
            valid_from=business_date(world.now), actor=None, now=world.now,
        )  # fmt: skip
    item_id, before = charge(world, tariff="dear"), balance_of(FROM)
    with pytest.raises(InsufficientFunds) as refused:
        collect(world, item_id)
    assert "8,400,120" in str(refused.value)
    assert fee(item_id).state == FeeState.DUE
    assert balance_of(FROM) == before
    assert own(OwnPurpose.FEES) == 0


def test_a_company_without_a_fee_account_pays_at_the_counter(world: World) -> None:
    with pytest.raises(FeeAccountMissing):
        collect(world, charge(world))


def test_a_fee_account_in_another_currency_is_refused(world: World) -> None:
    designate(world, OTHER_FROM)
    with pytest.raises(DomainError) as refused:
        collect(world, charge(world))
    assert refused.value.code == "ledger.currency_mismatch"


def test_a_company_pays_from_its_own_account_alone(world: World) -> None:
    theirs = next(iter(world.second.accounts.values()))
    with pytest.raises(AccountNotTheirs), transaction.atomic():
        operations.designate_fee_account_step(
            company_id=world.company.pk, account_id=theirs, actor=None, now=world.now
        )


@pytest.mark.req("FEE-1", "TRF-8")
def test_a_double_click_takes_the_fee_once(world: World) -> None:
    designate(world, FROM)
    item_id, key = charge(world), ids.token()
    first = collect(world, item_id, form_key=key)
    assert collect(world, item_id, form_key=key) == first
    assert own(OwnPurpose.FEES) == 1_500
    with pytest.raises(FeeStateChanged):
        collect(world, item_id)


@pytest.mark.req("FEE-1")
@pytest.mark.django_db(transaction=True)
def test_eight_clerks_at_once_take_the_fee_once(open_world: World) -> None:
    world = open_world
    designate(world, FROM)
    item_id, before, people = charge(world), balance_of(FROM), [clerk(world) for _ in range(8)]
    ways = [(PaidFrom.ACCOUNT, ""), (PaidFrom.COUNTER, "R-1")] * 4
    results = at_once(
        [
            lambda person=person, way=way: collect(
                world, item_id, way[0], receipt_number=way[1], actor=person
            )
            for person, way in zip(people, ways, strict=True)
        ]
    )
    assert sum(isinstance(result, str) for result in results) == 1
    assert sum(isinstance(result, FeeStateChanged) for result in results) == 7
    assert own(OwnPurpose.FEES) == 1_500
    assert Posting.objects.filter(kind="fee").count() == 1
    paid = fee(item_id).paid_from == PaidFrom.ACCOUNT
    assert balance_of(FROM) == before - (1_500 if paid else 0)
    assert list(ledger.verify()) == []


# --- who may -------------------------------------------------------------------------------------
@pytest.mark.req("DEL-4")
def test_another_branchs_fee_is_unknown(world: World) -> None:
    with pytest.raises(FeeUnknown):
        collect(world, charge(world), actor=clerk(world, "branch002"))


@pytest.mark.req("DEL-7")
def test_a_checker_does_not_take_money(world: World) -> None:
    checker = officer(world, "branch.business.checker", world.branch)
    with pytest.raises(PermissionMissing):
        collect(world, charge(world), actor=acting(checker, world))


# --- letting go and giving back ------------------------------------------------------------------
@pytest.mark.req("FEE-1", "DUAL-6")
def test_a_waived_fee_is_settled_and_never_taken(world: World) -> None:
    item_id = charge(world)
    decide(operations.waive_step, world, item_id)
    assert (fee(item_id).state, fee(item_id).waiver_reference) == ("WAIVED", "W26000001")
    assert settled("certificate:1")
    with pytest.raises(FeeStateChanged):
        collect(world, item_id, PaidFrom.COUNTER, receipt_number="R-1")
    with pytest.raises(FeeStateChanged):
        decide(operations.refund_step, world, item_id)


@pytest.mark.req("FEE-1", "DUAL-6")
def test_a_refund_goes_back_the_way_the_money_came(world: World) -> None:
    designate(world, FROM)
    item_id, before = charge(world), balance_of(FROM)
    with pytest.raises(FeeStateChanged):
        decide(operations.refund_step, world, item_id)
    reference = collect(world, item_id)
    decide(operations.refund_step, world, item_id)
    assert fee(item_id).state == FeeState.REFUNDED
    assert balance_of(FROM) == before
    assert own(OwnPurpose.FEES) == 0
    assert Posting.objects.get(reference=f"{reference}-REFUND").reverses.reference == reference
    with pytest.raises(FeeStateChanged):
        decide(operations.refund_step, world, item_id)


# --- the database --------------------------------------------------------------------------------
@pytest.mark.req("FEE-1")
@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE branch_ops_feeitem SET state = 'REFUNDED' WHERE id = %s",
        "UPDATE branch_ops_feeitem SET state = 'PAID' WHERE id = %s",
        "UPDATE branch_ops_feeitem SET amount = 1 WHERE id = %s",
        "UPDATE branch_ops_feeitem SET state = 'WAIVED', settled_at = now() WHERE id = %s",
        "DELETE FROM branch_ops_feeitem WHERE id = %s",
        "UPDATE branch_ops_feetariff SET amount = 1 WHERE %s > 0",
        "DELETE FROM branch_ops_feetariff WHERE %s > 0",
    ],
)
def test_the_database_refuses_what_no_operation_does(world: World, damage: str) -> None:
    item_id = charge(world)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(damage, [item_id])
    assert fee(item_id).state == FeeState.DUE


@pytest.mark.req("FEE-1")
def test_a_paid_fee_keeps_how_it_was_paid(world: World) -> None:
    item_id = charge(world)
    collect(world, item_id, PaidFrom.COUNTER, receipt_number="R-1")
    for damage in (
        "UPDATE branch_ops_feeitem SET state = 'DUE', settled_at = NULL",
        "UPDATE branch_ops_feeitem SET receipt_number = 'R-2'",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(damage)
    assert fee(item_id).receipt_number == "R-1"


def test_the_seeded_tariffs_are_there(world: World) -> None:
    assert set(FeeTariff.objects.values_list("code", flat=True)) == {str(t) for t in Tariff}
    assert Account.objects.filter(kind="CUSTOMER").exists()
