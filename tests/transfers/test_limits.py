"""Reserved and used together never exceed the day's limit, whoever writes (LIM-1, LIM-2, LIM-3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from itertools import count

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import settings, strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from audit.errors import OutsideTransaction
from kernel import ids
from kernel.clock import business_date
from kernel.errors import DomainError
from kernel.money import Money
from tests.factories.threads import at_once
from tests.factories.world import World
from transfers.errors import LimitExceeded
from transfers.models import Limit, LimitCounter, Reservation
from transfers.operations import consume, free, reserve, set_limit
from transfers.queries.limits import caps_in_force, limit_lines, use_of

pytestmark = pytest.mark.req("LIM-2")


def twd(amount: int | str) -> Money:
    return Money(Decimal(amount), "TWD")


def today(world: World) -> date:
    return business_date(world.now)


def act(step: Callable[..., None], **facts: object) -> None:
    """Run a step as a whole act of its own."""
    with transaction.atomic():
        step(**facts)


def book(world: World, amount: int, *, day: date | None = None, currency: str = "TWD") -> str:
    """Reserve an amount and return its key."""
    key = ids.token(8)
    money = Money(Decimal(amount), currency)
    act(reserve, company_id=world.company.pk, money=money, day=day or today(world), key=key)
    return key


def counted(world: World, day: date | None = None) -> tuple[int, int]:
    """Return what is reserved and used of the first company's day."""
    use = use_of(world.company.pk, "TWD", day or today(world))
    return int(use.reserved), int(use.used)


def limit(world: World, per_transaction: int, per_day: int, *, source: str = "OWN") -> None:
    """Set another limit beside the branch's, from today on."""
    act(
        set_limit, company=world.company, source=source, currency="TWD",
        per_transaction=Decimal(per_transaction), per_day=Decimal(per_day),
        effective_from=today(world), actor="system", now=world.now,
    )  # fmt: skip


# --- reserve, consume, free ----------------------------------------------------------------------


def test_reserved_then_used_or_freed(world: World) -> None:
    one, two = book(world, 1_000), book(world, 500)
    assert counted(world) == (1_500, 0)
    act(consume, key=one, now=world.now)
    assert counted(world) == (500, 1_000)
    act(free, key=two, now=world.now)
    assert counted(world) == (0, 1_000)


@pytest.mark.parametrize("step", [consume, free])
@pytest.mark.parametrize("again", [consume, free])
def test_a_reservation_ends_once(
    world: World, step: Callable[..., None], again: Callable[..., None]
) -> None:
    key = book(world, 1_000)
    act(step, key=key, now=world.now)
    before = counted(world)
    with pytest.raises((DomainError, Reservation.DoesNotExist)):
        act(again, key=key, now=world.now)
    assert counted(world) == before


def test_reserving_consuming_and_freeing_are_steps(open_world: World) -> None:
    world = open_world
    key = book(world, 1_000)
    day = today(world)
    with pytest.raises(OutsideTransaction):
        reserve(company_id=world.company.pk, money=twd(1), day=day, key="k")
    with pytest.raises(OutsideTransaction):
        consume(key=key, now=world.now)
    with pytest.raises(OutsideTransaction):
        free(key=key, now=world.now)
    assert counted(world) == (1_000, 0)


@pytest.mark.req("LIM-3")
@pytest.mark.parametrize(
    ("reserved", "amount", "code", "left"),
    [
        (0, 3_000_001, "limits.per_transaction", "TWD 5,000,000"),
        (2_500_000, 2_500_001, "limits.per_day", "TWD 2,500,000"),
        (3_000_000, 2_000_001, "limits.per_day", "TWD 2,000,000"),
    ],
)
def test_a_refusal_names_the_limit_and_what_is_left(
    world: World, reserved: int, amount: int, code: str, left: str
) -> None:
    if reserved:
        book(world, reserved)
    with pytest.raises(LimitExceeded) as refused:
        book(world, amount)
    assert refused.value.code == code
    assert refused.value.field == "amount"
    assert refused.value.facts["left"] == left
    cap = "TWD 3,000,000" if code == "limits.per_transaction" else "TWD 5,000,000"
    assert refused.value.facts["cap"] == cap
    assert cap in str(refused.value)
    assert counted(world) == (reserved, 0)


@pytest.mark.req("LIM-1")
def test_exactly_the_limit_passes(world: World) -> None:
    book(world, 3_000_000)
    book(world, 2_000_000)
    assert counted(world) == (5_000_000, 0)
    with pytest.raises(LimitExceeded):
        book(world, 1)


@pytest.mark.req("LIM-1")
def test_currencies_days_and_companies_count_for_themselves(world: World) -> None:
    book(world, 3_000_000)
    book(world, 50_000, currency="USD")
    book(world, 3_000_000, day=today(world) + timedelta(1))
    act(
        reserve, company_id=world.second.company.pk, money=twd(3_000_000), day=today(world),
        key="other",
    )  # fmt: skip
    assert counted(world) == (3_000_000, 0)
    assert LimitCounter.objects.count() == 4


@pytest.mark.req("LIM-1")
def test_a_currency_without_a_limit_is_not_transferred(world: World) -> None:
    with pytest.raises(LimitExceeded) as refused:
        book(world, 1, currency="EUR")
    assert refused.value.code == "limits.none"


# --- limits in force -----------------------------------------------------------------------------


@pytest.mark.req("LIM-1", "LIM-4")
def test_the_lower_of_the_branchs_and_the_companys_own_binds(world: World) -> None:
    limit(world, 1_000, 9_000_000)
    caps = caps_in_force(world.company.pk, "TWD", today(world))
    assert caps is not None
    assert (caps.per_transaction, caps.per_day) == (1_000, 5_000_000)
    with pytest.raises(LimitExceeded) as refused:
        book(world, 1_001)
    assert refused.value.facts["cap"] == "TWD 1,000"


@pytest.mark.req("LIM-1")
@pytest.mark.parametrize(
    ("start", "end", "binds"),
    [
        (0, None, True), (0, 0, True), (-5, 0, True), (-5, 5, True),
        (1, None, False), (-5, -1, False),
    ],
)  # fmt: skip
def test_a_limit_binds_from_its_first_to_its_last_day(
    world: World, start: int, end: int | None, binds: bool
) -> None:
    Limit.objects.create(
        company=world.company, source="OWN", currency="TWD", per_transaction=10, per_day=10,
        effective_from=today(world) + timedelta(start),
        effective_until=None if end is None else today(world) + timedelta(end),
    )  # fmt: skip
    if binds:
        with pytest.raises(LimitExceeded):
            book(world, 11)
    else:
        assert book(world, 11)


@pytest.mark.req("LIM-2", "TRF-6")
def test_a_limit_lowered_after_reserving_binds_at_the_release(world: World) -> None:
    key = book(world, 2_000)
    limit(world, 1_999, 5_000)
    with pytest.raises(LimitExceeded):
        act(consume, key=key, now=world.now)
    assert counted(world) == (2_000, 0)
    act(free, key=key, now=world.now)
    assert counted(world) == (0, 0)


def test_a_limit_must_make_sense(world: World) -> None:
    for per_transaction, per_day in ((0, 10), (-1, 10), (11, 10)):
        with pytest.raises(DatabaseError, match="transfers_limit_sane"):
            limit(world, per_transaction, per_day)


@pytest.mark.req("LIM-3")
def test_the_page_shows_each_limit_with_what_is_left(world: World) -> None:
    book(world, 2_000_000)
    one, day = limit_lines(world.company.pk, twd(500_000), today(world))
    assert (one.name, day.name) == ("per_transaction", "per_day")
    assert (str(one.limit), one.percent) == ("TWD 3,000,000", 16)
    assert (str(day.used), str(day.left), day.percent) == ("TWD 2,500,000", "TWD 2,500,000", 50)
    assert limit_lines(world.company.pk, Money(Decimal(1), "EUR"), today(world)) == []


# --- for any story -------------------------------------------------------------------------------

DAYS = count(30)


class Day(RuleBasedStateMachine):
    """Play one company's day: people submit, release, return, and the limit moves."""

    keys = Bundle("keys")
    world: World

    @initialize(per_day=st.integers(10, 200), share=st.integers(1, 10))
    def begin(self, per_day: int, share: int) -> None:
        """Start a day of its own, with its own cap below the branch's."""
        self.day = today(self.world) + timedelta(next(DAYS))
        self.per_transaction, self.per_day = max(1, per_day // share), per_day
        self.held: dict[str, int] = {}
        self.used = 0
        Limit.objects.create(
            company=self.world.company, source="OWN", currency="TWD",
            per_transaction=self.per_transaction, per_day=self.per_day,
            effective_from=self.day, effective_until=self.day,
        )  # fmt: skip

    @property
    def taken(self) -> int:
        """Return what is reserved and used by the story so far."""
        return sum(self.held.values()) + self.used

    @rule(target=keys, amount=st.integers(1, 120))
    def submits(self, amount: int) -> str:
        """Reserve; refused exactly when one of the caps says so."""
        fits = amount <= self.per_transaction and self.taken + amount <= self.per_day
        try:
            key = book(self.world, amount, day=self.day)
        except LimitExceeded:
            assert not fits
            return ""
        assert fits
        self.held[key] = amount
        return key

    @rule(key=keys)
    def releases(self, key: str) -> None:
        """Use what was reserved; refused when the limit was lowered below it."""
        amount = self.held.get(key)
        if amount is None:
            return
        fits = amount <= self.per_transaction and self.taken <= self.per_day
        try:
            act(consume, key=key, now=self.world.now)
        except LimitExceeded:
            assert not fits
            return
        assert fits
        self.used += self.held.pop(key)

    @rule(key=consumes(keys))
    def returns(self, key: str) -> None:
        """Free what was reserved; always possible."""
        if key in self.held:
            act(free, key=key, now=self.world.now)
            del self.held[key]

    @rule(per_day=st.integers(1, 200), share=st.integers(1, 10))
    def changes_the_limit(self, per_day: int, share: int) -> None:
        """Raise or lower both caps."""
        self.per_transaction, self.per_day = max(1, per_day // share), per_day
        Limit.objects.filter(effective_from=self.day).update(
            per_transaction=self.per_transaction, per_day=self.per_day
        )

    @invariant()
    def the_counter_says_what_happened(self) -> None:
        """Compare the stored counts with the story's own."""
        if hasattr(self, "day"):
            assert counted(self.world, self.day) == (sum(self.held.values()), self.used)


def test_whatever_happens_in_a_day_the_caps_hold(world: World) -> None:
    machine = type("ThisWorldsDay", (Day,), {"world": world})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=25, stateful_step_count=20, deadline=None)
    )


# --- the database says it again ------------------------------------------------------------------

PAST_THE_RULES = {
    "over the cap": "UPDATE transfers_limitcounter SET reserved = 5000001",
    "used over the cap": "UPDATE transfers_limitcounter SET used = 4999001",
    "negative": "UPDATE transfers_limitcounter SET reserved = -1",
    "a fresh row over the cap": (
        "INSERT INTO transfers_limitcounter (company_id, currency, day, reserved, used) "
        "SELECT company_id, currency, day + 1, 5000001, 0 FROM transfers_limitcounter"
    ),
    "a currency without a limit": (
        "INSERT INTO transfers_limitcounter (company_id, currency, day, reserved, used) "
        "SELECT company_id, 'EUR', day, 1, 0 FROM transfers_limitcounter"
    ),
    "a second counter of the day": (
        "INSERT INTO transfers_limitcounter (company_id, currency, day, reserved, used) "
        "SELECT company_id, currency, day, 0, 0 FROM transfers_limitcounter"
    ),
    "another amount": "UPDATE transfers_reservation SET amount = 1",
    "a reservation of nothing": "UPDATE transfers_reservation SET amount = 0",
    "a counter taken away": "DELETE FROM transfers_limitcounter",
    "a reservation taken away": "DELETE FROM transfers_reservation",
}


@pytest.mark.parametrize("how", sorted(PAST_THE_RULES))
def test_direct_sql_does_not_get_past_the_limit(world: World, how: str) -> None:
    book(world, 1_000)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(PAST_THE_RULES[how])
    assert counted(world) == (1_000, 0)


def test_direct_sql_does_not_bring_an_ended_reservation_back(world: World) -> None:
    key = book(world, 1_000)
    act(free, key=key, now=world.now)
    with pytest.raises(DatabaseError, match="ends once"), transaction.atomic():
        Reservation.objects.filter(key=key).update(state="RESERVED")


def test_reservations_at_the_same_moment_stop_at_the_cap(open_world: World) -> None:
    world = open_world
    limit(world, 100, 1_000)
    answers = at_once([lambda: book(world, 100)] * 16)
    refused = [answer for answer in answers if isinstance(answer, LimitExceeded)]
    assert len(refused) == 6
    assert counted(world) == (1_000, 0)
    keys = [answer for answer in answers if isinstance(answer, str)]
    steps = [consume if n % 2 else free for n in range(len(keys))]
    at_once(
        [
            lambda s=step, k=key: act(s, key=k, now=world.now)  # type: ignore[misc]
            for step, key in zip(steps, keys, strict=True)
        ]
    )
    assert counted(world) == (0, 500)
