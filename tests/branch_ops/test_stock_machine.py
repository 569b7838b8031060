"""Whatever is done in whatever order, balances are the items that are there (EQP-1)."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from hypothesis import given, settings, strategies as st

from branch_ops.queries.equipment import balance, stock_of
from branch_ops.states import EquipmentKind
from identity.models import Unit
from kernel.errors import DomainError
from tests.branch_ops import test_equipment as acts
from tests.factories.stock import clerk, deliver, officer
from tests.factories.world import World

READER = EquipmentKind.READER
ITEMS = range(4)
VERBS = ("issue", "return", "send_back", "write_off", "request", "issue_elsewhere")
STEPS = st.lists(st.tuples(st.sampled_from(VERBS), st.sampled_from(ITEMS)), max_size=25)
EXAMPLES = itertools.count(10)
# From where each verb leads where; what is not named is refused.
WAYS = {
    "issue": {"branch": "customer"},
    "issue_elsewhere": {},
    "return": {"customer": "branch"},
    "send_back": {"branch": "office"},
    "write_off": {"branch": "gone", "customer": "gone", "office": "gone"},
    "request": {"office": "branch"},
}


@pytest.mark.req("EQP-1")
@settings(max_examples=25)
@given(steps=STEPS)
def test_balances_equal_what_is_there(world: World, steps: list[tuple[str, int]]) -> None:
    sender, teller = officer(world), clerk(world)
    offices = {"office": Unit.objects.get(code="000"), "branch": world.branch}
    other = Unit.objects.get(code="002")
    # Each example has items of its own, with numbers above all earlier ones.
    serials = [f"RD-{next(EXAMPLES):06d}" for _ in ITEMS]
    earlier = {name: balance(unit.pk, READER) for name, unit in offices.items()}
    deliver(world, sender, serials[0], serials[-1], READER)
    place = dict.fromkeys(serials, "office")
    verbs: dict[str, Callable[[str], object]] = {
        "issue": lambda serial: acts.issue(world, serial),
        "issue_elsewhere": lambda serial: acts.issue(world, serial, other),
        "return": lambda serial: acts.give_back(world, serial, teller),
        "send_back": lambda serial: acts.send_back(world, serial, teller),
        "write_off": lambda serial: acts.write_off(world, serial),
        "request": lambda serial: request(world, serial),
    }
    for verb, index in steps:
        serial = serials[index]
        way = WAYS[verb].get(place[serial])
        try:
            verbs[verb](serial)
        except DomainError:
            assert way is None
        else:
            assert way is not None
            place[serial] = way
        for name, unit in offices.items():
            there = {found for found, where in place.items() if where == name}
            assert balance(unit.pk, READER) - earlier[name] == len(there)
            stock = stock_of(unit.pk, READER).filter(serial_number__in=serials)
            assert {item.serial_number for item in stock} == there


def request(world: World, serial: str) -> None:
    """Ask for one item and have head office send the next from this one on; insist it is this."""
    here = stock_of(Unit.objects.get(code="000").pk, READER).filter(serial_number=serial)
    if not here.exists():
        raise DomainError("test.not_there", "head office has another, and sends that")
    assert acts.fulfil(world, acts.ask(world, 1), first=serial) == [serial]
