"""Whom somebody may let in again: the unit's own people, a page at a time (AUTH-9)."""

from __future__ import annotations

import pytest

from approvals.errors import PersonUnknown
from approvals.queries.helping import help_page, help_row
from identity.queries import Relation, helped_people
from tests.factories.counting import counted_statements
from tests.factories.world import World


@pytest.mark.req("AUTH-9")
@pytest.mark.parametrize(
    ("login", "company", "names"),
    [
        ("security1", "first", {"maker01", "maker02", "review1a", "review1b", "review2a",
                                "review3a", "release1", "release2"}),
        ("branch011", "", {"security1", "security2"}),
        ("branchsec2", "", {"branch001", "branch003", "branch011", "branch012"}),
        ("security02", "", {"auditor001", "pki00001", "pki00002", "branchsec1", "branchsec2"}),
        ("maker01", "first", set()),
    ],
)  # fmt: skip
def test_the_list_holds_whom_the_reader_helps(
    world: World, login: str, company: str, names: set[str]
) -> None:
    holder = world.holder(login, card=False) if company else world.officer(login)
    actor = holder.act_as(world.now)
    page = help_page(actor, now=world.now)
    assert {row.person.login_name for row in page.rows} == names
    homes = {row.person.in_charge for row in page.rows}
    assert homes == ({actor.home} if names else set())


def test_the_list_is_narrowed_and_costs_the_same_for_one_and_for_many(world: World) -> None:
    person = world.first.people["review1a"]
    person.pause()
    person.save()
    actor = world.holder("security1", card=False).act_as(world.now)
    with counted_statements() as one:
        found = help_page(actor, state="PAUSED", now=world.now)
    assert [row.person.login_name for row in found.rows] == ["review1a"]
    assert found.rows[0].can_unlock
    with counted_statements() as many:
        assert len(help_page(actor, text="r", now=world.now).rows) == 8
    assert len(one) == len(many) == 3


def test_the_list_goes_on_behind_the_last_row(world: World) -> None:
    home = world.first.people["maker01"].home
    everyone = [row.name for row in helped_people(Relation.PEOPLE, home, limit=99)]
    read: list[str] = []
    cursor = ""
    while len(read) < len(everyone):
        rows = helped_people(Relation.PEOPLE, home, cursor=cursor, limit=3)
        read += [row.name for row in rows]
        cursor = rows[-1].cursor
    assert read == everyone
    assert not helped_people(Relation.PEOPLE, home, cursor=cursor, limit=3)


@pytest.mark.parametrize("name", ["another company's", "the checker", "the bank's"])
def test_whom_the_reader_does_not_help_is_unknown_to_them(world: World, name: str) -> None:
    people = {
        "another company's": world.second.people["maker01"],
        "the checker": world.first.people["security2"],
        "the bank's": world.staff["branch001"],
    }
    actor = world.holder("security1", card=False).act_as(world.now)
    with pytest.raises(PersonUnknown):
        help_row(actor, people[name].public_id, now=world.now)
