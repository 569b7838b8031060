"""A company's own rules at the door: its security pair changes them, with the card (DUAL-6)."""

from __future__ import annotations

from datetime import time
from decimal import Decimal

import pytest
from django.http import HttpResponse
from django.urls import reverse

from approvals import operations as approvals
from approvals.errors import NotForYou, RequestNotFound
from approvals.models import Request
from approvals.states import Act, RequestState
from audit.models import Entry
from enterprise.subjects.policy import company_policy_content, policy_key
from identity.errors import (
    FigureReason,
    FigureRefused,
    PermissionMissing,
    PolicyChanged,
    PolicyUnchanged,
    StepUpNeeded,
)
from identity.models import CompanyPolicy
from identity.policies import CompanyRules, Factor
from identity.queries import company_rules
from kernel import ids
from tests.factories.http import Browser, form_to, reference_in, words_of
from tests.factories.world import World, decide

pytestmark = [pytest.mark.django_db, pytest.mark.req("DUAL-6", "AUTH-5")]
STRICT = CompanyRules(True, Decimal(1_000_000), time(8, 30), time(18, 0))


def propose(
    world: World, rules: CompanyRules = STRICT, *, login: str = "security1",
    factor: Factor = Factor.CARD,
) -> str:  # fmt: skip
    """Draft a change of the company's rules and return its reference."""
    actor = world.holder(login, card=False).act_as(world.now)
    actor.factor = factor
    was = company_rules(world.company.pk)
    return approvals.propose(
        actor=actor, kind="company.policy", subject_key=policy_key(world.company.code),
        content=company_policy_content(world.company, was, rules, reason="董事會決議"),
        form_key=ids.token(), now=world.now,
    )  # fmt: skip


def submit(world: World, reference: str) -> str:
    return approvals.submit(
        actor=world.holder("security1", card=False).act_as(world.now), reference=reference,
        form_key=ids.token(), now=world.now,
    )  # fmt: skip


def send(browser: Browser, **typed: str) -> HttpResponse:
    fields = form_to(browser.get("enterprise:propose_company_policy"), "").fields
    sent = fields | {"submit_with_card": "no", "reason": "董事會決議"} | typed
    return browser.client.post(reverse("enterprise:propose_company_policy"), sent)


@pytest.mark.req("DUAL-1", "DUAL-4", "AUTH-7")
def test_the_pair_changes_the_rules_and_they_are_in_force_at_once(world: World) -> None:
    maker = Browser.of(world, "security1", english=True)
    reference = reference_in(
        send(
            maker, submit_with_card="yes", code_from="1,000,000", usual_from="08:30",
            usual_until="18:00",
        )
    )  # fmt: skip
    page = maker.get("approvals:request", reference)
    words = words_of(page)
    assert "Submitting for review with the card was: the password is enough" in words
    assert "from TWD 1,000,000 on, and for every other currency was: never" in words
    assert "08:30 to 18:00 (Taipei time) was: any hour" in words
    form = form_to(page, reverse("approvals:submit", args=[reference]))
    assert maker.client.post(form.action, form.fields).status_code == 302
    assert company_rules(world.company.pk) == CompanyRules()
    assert reference in words_of(maker.get("enterprise:company_policy"))

    world.holder("security2")
    checker = Browser.of(world, "security2", english=True)
    assert reference in words_of(checker.get("approvals:inbox"))
    assert reference_in(checker.decide(reference, "release")) == reference
    assert "The new rules are in force." in words_of(checker.get("approvals:confirm", reference))
    assert company_rules(world.company.pk) == STRICT
    assert not CompanyPolicy.objects.filter(company=world.second.company).exists()
    entry = Entry.objects.get(event="identity.company_policy.set")
    assert entry.chain == entry.target == f"company:{world.company.code}"
    assert entry.reason == reference
    assert (entry.before["code_from"], entry.after["code_from"]) == ("", "1000000")
    assert "with the card" in words_of(checker.get("enterprise:company_policy"))


@pytest.mark.req("DUAL-3")
def test_a_returned_proposal_is_edited_and_takes_the_rules_back_again(world: World) -> None:
    CompanyPolicy.objects.create(company=world.company, submit_with_card=True, code_from=0)
    reference = submit(world, propose(world))
    decide(world, world.holder("security2"), reference, Act.RETURN, "太嚴")
    maker = Browser.of(world, "security1")
    fields = form_to(maker.get("enterprise:edit_company_policy", reference), "").fields
    assert (fields["code_from"], fields["usual_from"]) == ("1,000,000", "08:30")
    sent = fields | {"submit_with_card": "no", "code_from": "", "usual_from": "", "usual_until": ""}
    address = reverse("enterprise:edit_company_policy", args=[reference])
    assert reference_in(maker.client.post(address, sent)) == reference
    submit(world, reference)
    decide(world, world.holder("security2"), reference, Act.RELEASE)
    assert company_rules(world.company.pk) == CompanyRules()


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"code_from": "-1"}, "code_from"),
        ({"code_from": "1.5"}, "code_from"),
        ({"code_from": "1e6"}, "code_from"),
        ({"usual_from": "08:30"}, "usual_until"),
        ({"usual_until": "08:30"}, "usual_from"),
        ({"usual_from": "18:00", "usual_until": "18:00"}, "usual_until"),
        ({"usual_from": "25:00", "usual_until": "26:00"}, "usual_from"),
        ({"submit_with_card": "perhaps"}, "submit_with_card"),
        ({"reason": " "}, "reason"),
        ({"reason": "a\u202eb", "code_from": "5"}, "reason"),
    ],
)
def test_what_makes_no_sense_is_said_beside_its_field(
    world: World, typed: dict[str, str], field: str
) -> None:
    answer = send(Browser.of(world, "security1"), **typed)
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert not Request.objects.exists()


def test_a_proposal_without_a_change_and_a_second_one_are_refused(world: World) -> None:
    with pytest.raises(PolicyUnchanged):
        propose(world, CompanyRules())
    reference = propose(world)
    answer = send(Browser.of(world, "security1"), code_from="0")
    assert answer.status_code == 422
    assert reference in words_of(answer)


def test_a_proposal_that_skips_the_form_is_held_to_the_rules(world: World) -> None:
    with pytest.raises(FigureRefused) as refused:
        propose(world, CompanyRules(usual_from=time(18, 0), usual_until=time(8, 0)))
    assert refused.value.reason == FigureReason.HOURS


@pytest.mark.req("DUAL-5")
def test_rules_changed_meanwhile_stop_the_release(world: World) -> None:
    reference = submit(world, propose(world))
    CompanyPolicy.objects.create(company=world.company, code_from=5)
    with pytest.raises(PolicyChanged):
        decide(world, world.holder("security2"), reference, Act.RELEASE)
    assert company_rules(world.company.pk) == CompanyRules(code_from=Decimal(5))
    assert Request.objects.get(reference=reference).state == RequestState.PENDING


# --- who may and who may not ---------------------------------------------------------------------
@pytest.mark.req("DUAL-1")
@pytest.mark.parametrize(
    ("login", "sees", "proposes"),
    [
        ("security1", 200, 200),
        ("security2", 200, 403),
        ("maker01", 403, 403),
        ("review1a", 403, 403),
        ("release1", 403, 403),
    ],
)
def test_who_may_see_and_propose(world: World, login: str, sees: int, proposes: int) -> None:
    browser = Browser.of(world, login)
    assert browser.get("enterprise:company_policy").status_code == sees
    assert browser.get("enterprise:propose_company_policy").status_code == proposes
    home = browser.get("enterprise:home").content.decode()
    assert (reverse("enterprise:company_policy") in home) is (sees == 200)
    if proposes == 403:
        with pytest.raises(PermissionMissing):
            propose(world, login=login)


def test_with_a_password_alone_the_rules_are_read_and_the_card_is_asked_for(world: World) -> None:
    browser = Browser.of(world, "security1", factor=Factor.PASSWORD)
    assert browser.get("enterprise:company_policy").status_code == 200
    answer = browser.get("enterprise:propose_company_policy")
    back = "next=%2Fcompany%2Fsign-in-rules%2Fchange%2F"
    assert answer["Location"] == f"{reverse('enterprise:step_up')}?{back}"
    with pytest.raises(StepUpNeeded):
        propose(world, factor=Factor.PASSWORD)


@pytest.mark.req("DUAL-1", "DUAL-2")
@pytest.mark.parametrize("login", ["security1", "release1"])
def test_nobody_else_of_the_company_releases(world: World, login: str) -> None:
    reference = submit(world, propose(world))
    with pytest.raises((NotForYou, PermissionMissing, RequestNotFound)):
        decide(world, world.holder(login), reference, Act.RELEASE)
    assert company_rules(world.company.pk) == CompanyRules()


def test_another_companys_pair_finds_nothing(world: World) -> None:
    reference = submit(world, propose(world))
    for login in ("security1", "security2"):
        stranger = Browser.of(world, login, world.second)
        assert stranger.get("approvals:request", reference).status_code == 404
        assert reference not in words_of(stranger.get("approvals:inbox", tab="all"))
        status = stranger.get("enterprise:edit_company_policy", reference).status_code
        assert status == (404 if login == "security1" else 403)


def test_another_kind_of_request_is_none_of_this_page(world: World) -> None:
    browser = Browser.of(world, "security1")
    assert browser.get("enterprise:edit_company_policy", "T20261122-00000000").status_code == 404
