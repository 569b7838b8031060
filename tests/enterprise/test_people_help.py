"""People who cannot sign in: the security pair's pages, and the door after them (AUTH-9)."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from approvals.models import Request
from approvals.states import RequestState
from audit.models import Entry
from identity.models import SignInPolicy, User
from identity.states import UserState
from tests.factories.counting import counted_statements
from tests.factories.helping import code_sent_to, renew
from tests.factories.http import (
    ENGLISH,
    Browser,
    form_to,
    form_with,
    forms_of,
    reference_in,
    sign_in,
    words_of,
)
from tests.factories.world import FIRST, World

pytestmark = pytest.mark.django_db
NEW = "Battery9staple"
TYPED = {"identified_by": "called back", "reason": "表單 113-0042"}


def paused(world: World, login: str = "maker01") -> User:
    user = world.first.people[login]
    user.pause()
    user.wrong_passwords = 3
    user.save()
    return user


def propose(browser: Browser, name: str, person: User, **changes: str) -> HttpResponse:
    form = form_with(browser.get(name, person.public_id), "identified_by")
    return browser.post(name, person.public_id, **(form.fields | TYPED | changes))


@pytest.mark.req("AUTH-2", "DUAL-1")
def test_the_maker_asks_and_the_checker_lifts_the_pause_with_the_card(world: World) -> None:
    person = paused(world)
    maker = Browser.of(world, "security1", english=True)
    page = maker.get("enterprise:people_help", state="PAUSED")
    assert "Wrong passwords in a row: 3" in words_of(page)
    assert reverse("enterprise:help_unlock", args=[person.public_id]) in page.content.decode()
    reference = reference_in(propose(maker, "enterprise:help_unlock", person))
    check = maker.get("approvals:request", reference)
    assert "was: Paused" in words_of(check)
    assert "Called back at the registered number" in words_of(check)
    form = form_to(check, reverse("approvals:submit", args=[reference]))
    assert reference_in(maker.client.post(form.action, form.fields)) == reference
    assert reference in words_of(maker.get("enterprise:people_help"))
    world.holder("security2")
    checker = Browser.of(world, "security2", english=True)
    assert reference in words_of(checker.get("approvals:inbox"))
    assert "under way" in words_of(checker.get("enterprise:people_help"))
    answer = checker.decide(reference, "release")
    assert "The pause is lifted." in words_of(checker.client.get(answer["Location"]))
    person.refresh_from_db()
    assert (person.state, person.wrong_passwords) == (UserState.ACTIVE, 0)


@pytest.mark.req("AUTH-9", "DUAL-1")
def test_new_credentials_lead_from_the_maker_s_form_to_the_person_s_own_password(
    world: World,
) -> None:
    person = world.first.people["maker01"]
    maker = Browser.of(world, "security1")
    reference = reference_in(propose(maker, "enterprise:help_credentials", person))
    form = form_to(
        maker.get("approvals:request", reference), reverse("approvals:submit", args=[reference])
    )
    maker.client.post(form.action, form.fields)
    world.holder("security2")
    checker = Browser.of(world, "security2")
    answer = checker.decide(reference, "release")
    code = code_sent_to(person)
    for browser in (maker, checker):
        for page in (
            browser.get("approvals:request", reference), browser.get("enterprise:people_help"),
            browser.client.get(answer["Location"]),
        ):  # fmt: skip
            assert code not in page.content.decode()
    visitor = Client()
    door = visitor.get(reverse("enterprise:activate"))
    answer = visitor.post(
        reverse("enterprise:activate"), form_with(door, "code").fields | begin(code)
    )
    assert answer["Location"] == reverse("enterprise:sign_in") + "?ended=password"
    assert sign_in(visitor, FIRST.code, "maker01", NEW)["Location"] == "/"


def test_what_was_typed_stays_where_the_form_is_refused(world: World) -> None:
    maker = Browser.of(world, "security1", english=True)
    person = paused(world)
    answer = propose(maker, "enterprise:help_unlock", person, identified_by="")
    assert answer.status_code == 422
    assert "Choose how the person was identified." in words_of(answer)
    assert form_with(answer, "identified_by").fields["reason"].strip() == TYPED["reason"]
    person.unlock()
    person.save()
    answer = propose_typed(maker, person)
    assert answer.status_code == 422
    assert "This person is not paused." in words_of(answer)
    assert form_with(answer, "identified_by").fields["reason"].strip() == TYPED["reason"]
    assert Entry.objects.get(event="people.unlock.propose").outcome == "refused"


def propose_typed(browser: Browser, person: User) -> HttpResponse:
    """Send the form of a page that was opened before things changed."""
    return browser.post("enterprise:help_unlock", person.public_id, idempotency_key="k1", **TYPED)


def test_a_draft_is_edited_on_the_same_page(world: World) -> None:
    maker = Browser.of(world, "security1")
    reference = reference_in(propose(maker, "enterprise:help_unlock", paused(world)))
    page = maker.get("enterprise:help_edit", reference)
    form = form_with(page, "identified_by")
    assert form.fields["reason"].strip() == TYPED["reason"]
    fields = form.fields | {"identified_by": "in person", "reason": "另附身分證影本"}
    assert reference_in(maker.post("enterprise:help_edit", reference, **fields)) == reference
    told = words_of(maker.get("approvals:request", reference))
    assert "另附身分證影本" in told
    assert User.objects.get(state=UserState.PAUSED).login_name in told
    assert Request.objects.get(reference=reference).state == RequestState.DRAFT


@pytest.mark.req("DUAL-5")
def test_a_second_request_about_the_same_person_is_refused_on_the_page(world: World) -> None:
    maker = Browser.of(world, "security1", english=True)
    person = paused(world)
    reference = reference_in(propose(maker, "enterprise:help_unlock", person))
    page = maker.get("enterprise:help_credentials", person.public_id)
    assert f"Request {reference} about this person has to be decided first." in words_of(page)
    assert not [form for form in forms_of(page) if "identified_by" in form.fields]
    answer = maker.post(
        "enterprise:help_credentials", person.public_id, idempotency_key="k2", **TYPED
    )
    assert answer.status_code == 422
    assert reference in words_of(answer)


def test_the_checker_looks_and_asks_for_nothing(world: World) -> None:
    person = paused(world)
    checker = Browser.of(world, "security2")
    page = checker.get("enterprise:people_help")
    assert "help_unlock" not in page.content.decode()
    assert reverse("enterprise:help_unlock", args=[person.public_id]) not in page.content.decode()
    assert checker.get("enterprise:help_unlock", person.public_id).status_code == 403


@pytest.mark.parametrize("login", ["security2", "security1"])
def test_the_pair_itself_is_not_on_the_page(world: World, login: str) -> None:
    maker = Browser.of(world, "security1")
    person = world.first.people[login]
    assert person.display_name not in "".join(
        row["shown"].person.name
        for row in maker.get("enterprise:people_help").context["page"]["rows"]
    )
    assert maker.get("enterprise:help_credentials", person.public_id).status_code == 404


def test_the_page_costs_the_same_for_one_and_for_many(world: World) -> None:
    maker = Browser.of(world, "security1")
    maker.get("enterprise:people_help")
    costs = []
    for text in ("maker01", "r"):
        with counted_statements() as statements:
            maker.get("enterprise:people_help", text=text)
        costs.append(len(statements))
    assert costs[0] == costs[1]


# --- the door ------------------------------------------------------------------------------------


def begin(code: str, **changes: str) -> dict[str, str]:
    return {
        "company_code": FIRST.code, "login_name": "maker01", "code": code, "new": NEW,
        "again": NEW, **changes,
    }  # fmt: skip


def knock(client: Client, fields: dict[str, str]) -> HttpResponse:
    return client.post(reverse("enterprise:activate"), fields)


@pytest.mark.req("AUTH-1", "AUTH-9")
def test_whatever_is_wrong_reads_the_same_and_shows_nothing_secret(world: World) -> None:
    code = renew(world, world.first.people["maker01"])
    client = Client(**ENGLISH)
    said = set()
    for fields in (
        begin("WRONG"),
        begin(code, company_code="99999999"),
        begin(code, login_name="nobody"),
        begin(code, login_name="maker02"),
    ):
        answer = knock(client, fields)
        assert answer.status_code == 422
        assert NEW not in answer.content.decode()
        assert code not in answer.content.decode()
        form = form_with(answer, "code")
        assert form.fields["login_name"] == fields["login_name"]
        said.add(words_of(answer))
    assert len(said) == 1
    assert "The names or the code are not right" in said.pop()


@pytest.mark.req("PWD-1")
def test_a_password_against_the_rules_is_told_beside_its_field(world: World) -> None:
    client = Client(**ENGLISH)
    answer = knock(client, begin("WRONG", new="short1", again="short1"))
    assert "Your password needs at least 8 characters." in words_of(answer)
    answer = knock(client, begin("WRONG", again="Another9staple"))
    assert "The two new passwords are not the same." in words_of(answer)


@pytest.mark.req("AUTH-10")
def test_too_many_tries_are_refused_politely(world: World) -> None:
    SignInPolicy.objects.update(account_limit=5)
    client = Client(**ENGLISH)
    answers = [knock(client, begin("WRONG")) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [422] * 5 + [429]
    assert "There were too many tries" in words_of(answers[-1])


def test_the_door_says_whom_to_ask_and_is_found_from_signing_in(world: World) -> None:
    client = Client(**ENGLISH)
    door = client.get(reverse("enterprise:sign_in")).content.decode()
    assert f'href="{reverse("enterprise:activate")}"' in door
    page = words_of(client.get(reverse("enterprise:activate")))
    assert "ask your company's security supervisor" in page
    assert "ask the branch your company is registered at" in page


def test_somebody_who_is_in_has_nothing_to_begin(world: World) -> None:
    browser = Browser.of(world, "maker01")
    assert browser.get("enterprise:activate")["Location"] == "/"
