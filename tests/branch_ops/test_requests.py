"""Requests on the staff site: the same inbox and decision page as the customers have."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.http import HttpResponse
from django.urls import reverse

from approvals import operations as approvals
from approvals.models import Request
from approvals.states import RequestState
from certificates.operations import issue_letter
from identity.models import Role, Session
from kernel import ids
from tests.approvals.changes import KIND, noting
from tests.factories.http import Browser, form_to, forms_of, reference_in, words_of
from tests.factories.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("staff_site")]


@pytest.fixture
def drafted(world: World) -> Iterator[str]:
    """Return the reference of a note that a branch's maker has drafted."""
    with noting(world):
        yield approvals.propose(
            actor=world.officer("branch001").act_as(world.now), kind=KIND, subject_key="note:1",
            content={"was_text": "Leave it.", "text": "Dust it."}, form_key=ids.token(),
            now=world.now,
        )  # fmt: skip


@pytest.mark.req("DUAL-1", "DUAL-4", "DUAL-7")
def test_a_maker_submits_and_a_checker_signs_in_the_browser(world: World, drafted: str) -> None:
    maker = Browser.officer(world, "branch001", english=True)
    page = maker.get("approvals:request", drafted)
    assert "Dust it." in words_of(page)
    assert "was: Leave it." in words_of(page)
    form = form_to(page, reverse("approvals:submit", args=[drafted]))
    assert reference_in(maker.client.post(form.action, form.fields)) == drafted
    checker = Browser.officer(world, "branch011", card=True, english=True)
    inbox = words_of(checker.get("approvals:inbox"))
    assert drafted in inbox
    assert "Dust it." in inbox
    answer = checker.decide(drafted, "release")
    assert reference_in(answer) == drafted
    done = words_of(checker.client.get(answer["Location"]))
    assert "The change is in force." in done
    assert Request.objects.get(reference=drafted).state == RequestState.RELEASED


def test_a_checker_of_another_branch_finds_no_such_page(world: World, drafted: str) -> None:
    stranger = Browser.officer(world, "branch022", card=True)
    assert stranger.get("approvals:request", drafted).status_code == 404
    assert stranger.get("approvals:evidence", drafted).status_code == 404
    assert stranger.prepare(drafted, "release").status_code == 404


def test_the_auditor_reads_every_branch_s_requests_and_decides_none(
    world: World, drafted: str
) -> None:
    auditor = Browser.officer(world, "auditor001", english=True)
    page = auditor.get("approvals:request", drafted)
    assert page.status_code == 200
    assert "data-sign" not in page.content.decode()
    assert auditor.post("approvals:release", drafted).status_code == 403


@pytest.mark.parametrize(
    ("login", "leads_to"),
    [("branch011", "/inbox/"), ("branch001", "/inbox/"), ("auditor001", "/inbox/")],
)
def test_home_is_what_waits(world: World, login: str, leads_to: str) -> None:
    officer = Browser.officer(world, login)
    assert officer.get("staff:home")["Location"] == leads_to


@pytest.mark.req("CERT-2")
def test_an_officer_with_a_letter_is_led_to_the_card_first(world: World) -> None:
    holder = world.officer("branch011")
    issue_letter(holder_id=holder.user.pk, actor=None, now=world.now)
    officer = Browser.officer(world, "branch011", english=True)
    assert officer.get("staff:home")["Location"] == "/card/"
    assert "From the letter" in words_of(officer.get("staff:card"))


@pytest.mark.req("SES-1")
def test_staying_pushes_the_idle_deadline(world: World) -> None:
    officer = Browser.officer(world, "branch001")
    before = Session.objects.get(pk=officer.session.pk).seen_at
    assert officer.post("staff:stay").status_code == 204
    assert Session.objects.get(pk=officer.session.pk).seen_at > before


@pytest.mark.parametrize("language", ["en", "zh-hant"])
def test_every_page_of_a_request_is_in_one_language(
    world: World, drafted: str, language: str
) -> None:
    officer = Browser.officer(world, "branch001", english=language == "en")
    text = words_of(officer.get("approvals:request", drafted))
    assert ("After submitting" in text) == (language == "en")
    assert ("送審後" in text) == (language == "zh-hant")


@pytest.mark.req("DUAL-1", "DEL-4")
def test_the_head_office_is_offered_nothing_of_a_branch_s_draft(world: World, drafted: str) -> None:
    role = Role.objects.get(code="bank.pki.maker")
    role.permissions = [*role.permissions, f"{KIND}.propose"]
    role.save()
    officer = Browser.officer(world, "pki00001", english=True)
    page = officer.get("approvals:request", drafted)
    assert "Dust it." in words_of(page)
    assert offered(page, drafted) == set()
    sent = {"idempotency_key": ids.token()}
    assert officer.post("approvals:submit", drafted, **sent).status_code == 404
    assert Request.objects.get(reference=drafted).state == RequestState.DRAFT


@pytest.mark.req("DUAL-1")
def test_a_maker_without_the_right_to_the_kind_is_offered_nothing(
    world: World, drafted: str
) -> None:
    maker = Browser.officer(world, "branch001")
    assert offered(maker.get("approvals:request", drafted), drafted) == {"submit", "delete", "edit"}
    role = Role.objects.get(code="branch.business.maker")
    role.permissions = [one for one in role.permissions if one != f"{KIND}.propose"]
    role.save()
    assert offered(maker.get("approvals:request", drafted), drafted) == set()
    sent = {"idempotency_key": ids.token()}
    assert maker.post("approvals:submit", drafted, **sent).status_code == 403


def offered(page: HttpResponse, reference: str) -> set[str]:
    """Return which verbs a request's page leads to."""
    leads = {form.action for form in forms_of(page)}
    verbs = ("submit", "withdraw", "delete")
    found = {verb for verb in verbs if reverse(f"approvals:{verb}", args=[reference]) in leads}
    return found | ({"edit"} if 'href="/edit/"' in page.content.decode() else set())
