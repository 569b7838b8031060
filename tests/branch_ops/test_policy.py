# ruff: noqa: RUF001 - full-width letters are what one of these stories is about
"""The figures of signing in: read by IT security, changed by two of its people (AUTH-2, DUAL-6)."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse

from approvals import operations as approvals
from approvals.errors import NotForYou, RequestNotFound
from approvals.models import Request
from approvals.states import Act, RequestState
from audit.models import Entry
from branch_ops.subjects.policy import SUBJECT_KEY, policy_content
from identity.errors import (
    FigureReason,
    FigureRefused,
    PermissionMissing,
    PolicyChanged,
    PolicyUnchanged,
    StepUpNeeded,
)
from identity.models import CommonPassword, SignInPolicy
from identity.policies import Factor, PolicyFigures, read_figures
from identity.queries import policy_figures
from kernel import ids
from tests.factories.counting import counted_statements
from tests.factories.http import Browser, form_to, reference_in, words_of
from tests.factories.world import World, decide
from tests.factories.worlds import world

__all__ = ["world"]
pytestmark = [
    pytest.mark.django_db, pytest.mark.usefixtures("staff_site"),
    pytest.mark.req("AUTH-2", "DUAL-6"),
]  # fmt: skip
KIND = "identity.policy"


def changed(**changes: Any) -> PolicyFigures:
    """Return the figures in force with some of them changed."""
    text = policy_figures().as_text()
    return read_figures(text | {name: str(value) for name, value in changes.items()})


def propose(
    world: World, login: str = "security01", *, was: PolicyFigures | None = None, **changes: Any
) -> str:
    """Draft a change of figures and return its reference."""
    content = policy_content(was or policy_figures(), changed(**changes), reason="資安會議決議")
    return approvals.propose(
        actor=world.officer(login).act_as(world.now), kind=KIND, subject_key=SUBJECT_KEY,
        content=content, form_key=ids.token(), now=world.now,
    )  # fmt: skip


def submit(world: World, reference: str, login: str = "security01") -> str:
    return approvals.submit(
        actor=world.officer(login).act_as(world.now), reference=reference, form_key=ids.token(),
        now=world.now,
    )  # fmt: skip


def typed(browser: Browser, **changes: str) -> dict[str, str]:
    """Return the form's fields as the page fills them, with some typed over."""
    page = browser.get("policy:propose")
    fields = form_to(page, "").fields
    # Of radio buttons a browser sends the one that is ticked.
    kept = page.context["form"].initial
    names = ("second_sign_in", "keypad_offered", "number_offered")
    chosen = {name: str(kept[name]) for name in names}
    return fields | chosen | {"reason": "資安會議決議"} | changes


def send(browser: Browser, **changes: str) -> HttpResponse:
    return browser.client.post(reverse("policy:propose"), typed(browser, **changes))


# --- the walk ------------------------------------------------------------------------------------
@pytest.mark.req("PWD-1", "SES-1", "DUAL-4", "DUAL-7")
def test_the_pair_of_it_security_changes_the_figures_and_they_are_in_force_at_once(
    world: World,
) -> None:
    maker = Browser.officer(world, "security01", english=True)
    answer = send(
        maker, idle_minutes="8", shortest="10", notice_days="1, 21、7".replace("、", "，"),
        common_words="Formosa\nＦＯＲＭＯＳＡ\ncorpbank", keypad_offered="yes",
    )  # fmt: skip
    reference = reference_in(answer)
    page = maker.get("approvals:request", reference)
    words = words_of(page)
    assert "Minutes without activity that end a session 8 was: 10" in words
    assert "Words no password may hold corpbank, formosa was: none" in words
    assert words.index("Keypad on the screen") < words.index("Tries for a one-time code")
    form = form_to(page, reverse("approvals:submit", args=[reference]))
    assert maker.client.post(form.action, form.fields).status_code == 302
    assert policy_figures().idle_minutes == 10

    checker = Browser.officer(world, "security02", card=True, english=True)
    assert reference in words_of(checker.get("approvals:inbox"))
    assert reference_in(checker.decide(reference, "release")) == reference
    assert "The new figures are in force." in words_of(checker.get("approvals:confirm", reference))

    found = policy_figures()
    assert (found.idle_minutes, found.shortest, found.notice_days) == (8, 10, (21, 7, 1))
    assert found.keypad_offered
    assert set(CommonPassword.objects.values_list("word", flat=True)) == {"corpbank", "formosa"}
    entry = Entry.objects.get(event="identity.policy.set")
    assert (entry.chain, entry.target, entry.reason) == ("bank", SUBJECT_KEY, reference)
    assert entry.actor == world.staff["security02"].public_id
    assert entry.before["idle_minutes"] == "10"
    assert entry.after["idle_minutes"] == "8"
    assert "pause_after" not in entry.after

    words = words_of(maker.get("policy:figures"))
    assert "released by 唐雅琪" in words
    assert "Minutes without activity that end a session 8 was: 10" in words


def test_the_page_shows_what_is_under_way_and_offers_no_second_proposal(world: World) -> None:
    maker = Browser.officer(world, "security01")
    assert reverse("policy:propose") in maker.get("policy:figures").content.decode()
    reference = propose(world, idle_minutes=9)
    page = maker.get("policy:figures")
    assert reference in words_of(page)
    assert reverse("policy:propose") not in page.content.decode()
    answer = send(maker, idle_minutes="7")
    assert answer.status_code == 422
    assert reference in words_of(answer)
    assert Request.objects.count() == 1


@pytest.mark.req("DUAL-3", "DUAL-4")
def test_a_returned_proposal_is_edited_from_what_is_in_force(world: World) -> None:
    reference = submit(world, propose(world, idle_minutes=9))
    decide(world, world.officer("security02", card=True), reference, Act.RETURN, "太短")
    maker = Browser.officer(world, "security01")
    page = maker.get("policy:edit", reference)
    assert form_to(page, "").fields["idle_minutes"] == "9"
    fields = typed(maker, idle_minutes="12") | form_to(page, "").fields | {"idle_minutes": "12"}
    answer = maker.client.post(reverse("policy:edit", args=[reference]), fields)
    assert reference_in(answer) == reference
    submit(world, reference)
    decide(world, world.officer("security02"), reference, Act.RELEASE)
    assert policy_figures().idle_minutes == 12


def test_another_kind_of_request_is_none_of_this_page(world: World) -> None:
    maker = Browser.officer(world, "security01")
    assert maker.get("policy:edit", "F20261122-00000000").status_code == 404


def test_history_and_page_cost_the_same_whatever_happened(world: World) -> None:
    browser, found = Browser.officer(world, "security01"), []
    checker = world.officer("security02", card=True)
    for idle in (9, 8):
        reference = submit(world, propose(world, idle_minutes=idle))
        decide(world, checker, reference, Act.RELEASE)
        browser.get("policy:figures")
        with counted_statements() as made:
            browser.get("policy:figures")
        found.append(len(made))
    assert len(set(found)) == 1


# --- what is refused -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"pause_after": "0"}, "pause_after", "1 到 10"),
        ({"pause_after": "11"}, "pause_after", "1 到 10"),
        ({"pause_after": "three"}, "pause_after", "1 到 10"),
        ({"pause_after": "5", "alarm_after": "5"}, "alarm_after", "須大於暫停使用者的次數"),
        ({"idle_minutes": "5", "warning_seconds": "151"}, "warning_seconds", "150 秒"),
        ({"shortest": "5"}, "shortest", "6 到 32"),
        ({"shortest": "14", "shortest_staff": "13"}, "shortest_staff", "不可短於"),
        ({"days_valid": "181"}, "days_valid", "90 到 180"),
        ({"notice_days": ""}, "notice_days", "必"),
        ({"notice_days": "7, 7"}, "notice_days", "不同的天數"),
        ({"notice_days": "61"}, "notice_days", "1 到 60"),
        ({"notice_days": "soon"}, "notice_days", "整數"),
        ({"notice_days": "6 5 4 3 2 1"}, "notice_days", "1 至 5 個"),
        ({"second_sign_in": "both"}, "second_sign_in", ""),
        ({"common_words": "abc"}, "common_words", "4 到 64"),
        ({"reason": ""}, "reason", ""),
    ],
)
def test_what_is_out_of_bounds_is_said_beside_its_field_and_nothing_typed_is_lost(
    world: World, changes: dict[str, str], field: str, said: str
) -> None:
    browser = Browser.officer(world, "security01")
    answer = send(browser, remembered="5", **changes)
    assert answer.status_code == 422
    errors = answer.context["form"].errors
    assert list(errors) == [field]
    assert said in str(errors[field])
    assert form_to(answer, "").fields["remembered"] == "5"
    assert not Request.objects.exists()


def test_a_proposal_that_changes_nothing_is_refused(world: World) -> None:
    with pytest.raises(PolicyUnchanged):
        propose(world)
    answer = send(Browser.officer(world, "security01", english=True))
    assert answer.status_code == 422
    assert "Nothing differs from what is in force now." in words_of(answer)


def test_a_proposal_that_skips_the_form_is_held_to_the_bounds(world: World) -> None:
    with pytest.raises(FigureRefused) as refused:
        propose(world, code_tries=50)
    assert (refused.value.reason, refused.value.field) == (FigureReason.BOUNDS, "code_tries")


@pytest.mark.req("DUAL-5")
def test_figures_changed_meanwhile_stop_the_release_and_nothing_is_in_force(world: World) -> None:
    reference = submit(world, propose(world, idle_minutes=9))
    SignInPolicy.objects.update(pause_after=4)
    checker = world.officer("security02", card=True)
    with pytest.raises(PolicyChanged):
        decide(world, checker, reference, Act.RELEASE)
    assert policy_figures().idle_minutes == 10
    assert Request.objects.get(reference=reference).state == RequestState.PENDING
    browser = Browser.officer(world, "security02", english=True)
    answer = browser.decide(reference, "release")
    assert answer.status_code == 409
    assert "These rules were changed in the meantime." in words_of(answer)


def test_a_rejected_proposal_leaves_everything_as_it_was(world: World) -> None:
    before = policy_figures()
    reference = submit(world, propose(world, idle_minutes=9, shortest=10))
    decide(world, world.officer("security02", card=True), reference, Act.REJECT, "不必")
    assert policy_figures() == before
    assert not Entry.objects.filter(event="identity.policy.set").exists()


# --- who may and who may not ---------------------------------------------------------------------
@pytest.mark.req("DUAL-1", "AUTH-5")
@pytest.mark.parametrize(
    ("login", "sees", "proposes"),
    [
        ("security01", 200, 200),
        ("security02", 200, 403),
        ("auditor001", 200, 403),
        ("pki00001", 403, 403),
        ("branch001", 403, 403),
        ("branch011", 403, 403),
        ("branchsec1", 403, 403),
        ("branchsec2", 403, 403),
    ],
)
def test_who_may_see_and_propose(world: World, login: str, sees: int, proposes: int) -> None:
    browser = Browser.officer(world, login)
    assert browser.get("policy:figures").status_code == sees
    assert browser.get("policy:propose").status_code == proposes
    entries = browser.get("admin:index").context["shell"]["nav"]
    assert ("policy" in {entry["section"] for entry in entries}) is (sees == 200)
    if proposes == 403:
        with pytest.raises(PermissionMissing):
            propose(world, login, idle_minutes=9)


@pytest.mark.req("AUTH-5")
def test_a_password_alone_proposes_nothing(world: World) -> None:
    actor = world.officer("security01").act_as(world.now)
    actor.factor = Factor.PASSWORD
    content = policy_content(policy_figures(), changed(idle_minutes=9), reason="x")
    with pytest.raises(StepUpNeeded):
        approvals.propose(
            actor=actor, kind=KIND, subject_key=SUBJECT_KEY, content=content,
            form_key=ids.token(), now=world.now,
        )  # fmt: skip


@pytest.mark.req("DUAL-1", "DUAL-2")
@pytest.mark.parametrize("login", ["security01", "branchsec2", "pki00002"])
def test_nobody_but_the_checker_of_it_security_releases(world: World, login: str) -> None:
    reference = submit(world, propose(world, idle_minutes=9))
    with pytest.raises((NotForYou, PermissionMissing, RequestNotFound)):
        decide(world, world.officer(login, card=True), reference, Act.RELEASE)
    assert policy_figures().idle_minutes == 10
