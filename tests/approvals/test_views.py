"""Acts on requests over HTTP: who, how often, with what reason, at which address."""

from __future__ import annotations

import pytest
from django.urls import reverse

from approvals.models import Decision, Request
from audit.models import Entry
from kernel import ids
from ledger.models import Posting
from tests.approvals.browsing import Story, begin, edited
from tests.factories.http import (
    ADDRESS,
    Browser,
    form_to,
    form_with,
    reference_in,
    words_of,
)
from tests.factories.world import World, draft


@pytest.fixture
def story(world: World) -> Story:
    return begin(world)


@pytest.mark.req("DUAL-2", "FLOW-1")
def test_only_the_stages_own_people_decide(story: Story) -> None:
    for login, act in (("review2a", "review"), ("release1", "release"), ("release1", "reject")):
        person = Browser.of(story.world, login)
        refused = person.prepare(story.reference, act, "因為")
        assert (refused.status_code, refused.json()["ok"]) == (403, False), login
        made_up = {
            "sign_request": "T" * 32,
            "signature": "MAMCAQE=",
            "signing_time": "2026-11-22T13:55:33Z",
            "idempotency_key": ids.token(),
            "reason": "因為",
        }
        assert story.send(person, act, made_up).status_code == 403, login
        person.post("enterprise:sign_out")
    assert story.untouched()


@pytest.mark.req("DUAL-2")
def test_whoever_made_it_does_not_review_it_even_with_the_role(story: Story) -> None:
    world = story.world
    reviewer = world.first.people["review1a"]
    Request.objects.get(reference=story.reference).editors.create(user=reviewer, since=world.now)
    answer = story.reviewer.prepare(story.reference, "review")
    assert (answer.status_code, answer.json()["ok"]) == (403, False)
    page = story.reviewer.get("approvals:request", story.reference)
    assert not [form for form in page.context["page"].path if form is None]
    assert "data-sign" not in page.content.decode()


@pytest.mark.req("DUAL-2")
def test_nobody_decides_twice(story: Story) -> None:
    assert story.reviewer.decide(story.reference, "review").status_code == 302
    for act in ("review", "return", "reject"):
        answer = story.reviewer.prepare(story.reference, act, "因為")
        assert answer.status_code == 403, act
    assert story.decisions == 1


@pytest.mark.req("DUAL-4")
def test_a_return_or_reject_needs_a_reason(story: Story) -> None:
    for act in ("return", "reject"):
        for reason in ("", "   ", "\n\t"):
            prepared = story.reviewer.prepare(story.reference, act, reason)
            assert prepared.status_code == 422
            assert prepared.json()["message"]
        signed = story.reviewer.signed(story.reference, act, "因為")
        for reason in ("", "  "):
            answer = story.send(story.reviewer, act, signed | {"reason": reason})
            assert answer.status_code == 422
            panel = form_to(answer, reverse(f"approvals:{act}", args=[story.reference]))
            assert panel.fields["reason"].strip() == ""
            assert "field-error" in answer.content.decode()
    assert story.untouched()


@pytest.mark.req("DUAL-4", "SIGN-1")
def test_a_reason_that_could_read_otherwise_is_not_signed(story: Story) -> None:
    for reason in ("好\u202e壞", "好\u200b壞", "\u0410cme", "x\x00"):
        answer = story.reviewer.prepare(story.reference, "reject", reason)
        assert answer.status_code == 422, repr(reason)
    assert story.untouched()
    long = "字" * 250
    assert (
        story.send(
            story.reviewer, "reject", story.reviewer.signed(story.reference, "reject", long)
        ).status_code
        == 422
    )


def test_a_reason_of_several_lines_is_kept_as_one(story: Story) -> None:
    reason = "第一行\r\n第二行"
    assert story.reviewer.decide(story.reference, "return", reason).status_code == 302
    assert Decision.objects.get().reason == "第一行 第二行"


# --- once ----------------------------------------------------------------------------------------
@pytest.mark.req("TRF-8")
def test_a_double_click_acts_once_and_leads_to_the_same_page(story: Story) -> None:
    signed = story.reviewer.signed(story.reference, "review")
    first, second = (story.send(story.reviewer, "review", signed) for _ in range(2))
    assert first.status_code == second.status_code == 302
    assert first["Location"] == second["Location"]
    assert story.decisions == 1

    releaser = Browser.of(story.world, "release1")
    signed = releaser.signed(story.reference, "release")
    first, second = (story.send(releaser, "release", signed) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert (story.state, story.decisions) == ("RELEASED", 2)
    assert Posting.objects.filter(reference=story.reference).count() == 1


@pytest.mark.req("TRF-8")
def test_submitting_and_withdrawing_twice_with_one_form_acts_once(world: World) -> None:
    maker = Browser.of(world, "maker01")
    reference = reference_in(maker.new_order())
    for act, state in (("submit", "PENDING"), ("withdraw", "WITHDRAWN")):
        key = ids.token()
        answers = [maker.post(f"approvals:{act}", reference, idempotency_key=key) for _ in range(2)]
        assert {(answer.status_code, answer["Location"]) for answer in answers} == {
            (302, reverse("approvals:confirm", args=[reference]))
        }
        assert Request.objects.get(reference=reference).state == state
        event = {"submit": "submitted", "withdraw": "withdrawn"}[act]
        assert Entry.objects.filter(event=f"approvals.request.{event}").count() == 1


@pytest.mark.req("TRF-8", "DUAL-2")
def test_of_two_open_tabs_one_acts(story: Story) -> None:
    tabs = [story.reviewer.signed(story.reference, "review") for _ in range(2)]
    assert story.send(story.reviewer, "review", tabs[0]).status_code == 302
    assert story.send(story.reviewer, "review", tabs[1]).status_code == 403
    assert story.decisions == 1


# --- makers' acts --------------------------------------------------------------------------------
@pytest.mark.req("DUAL-1")
def test_only_its_maker_withdraws_or_deletes(story: Story) -> None:
    other = Browser.of(story.world, "maker02")
    key = {"idempotency_key": ids.token()}
    assert other.post("approvals:withdraw", story.reference, **key).status_code == 403
    kept = draft(story.world, story.world.holder("maker01", card=False))
    assert other.post("approvals:delete", kept, **key).status_code == 403
    assert story.untouched()
    assert Request.objects.get(reference=kept).state == "DRAFT"


@pytest.mark.req("DUAL-1")
def test_a_draft_is_deleted_once(world: World) -> None:
    maker = Browser.of(world, "maker01")
    reference = reference_in(maker.new_order())
    page = maker.get("approvals:request", reference)
    form = form_to(page, reverse("approvals:delete", args=[reference]))
    assert maker.client.post(form.action, form.fields).status_code == 302
    again = maker.client.post(form.action, form.fields)
    assert (again.status_code, again["Location"]) == (302, "/inbox/?tab=mine")
    assert Request.objects.get(reference=reference).state == "DELETED"
    assert maker.get("transfers:orders").context["page"]["rows"] == []
    assert Entry.objects.filter(event="approvals.request.deleted").count() == 1
    assert maker.post("approvals:submit", reference, idempotency_key=ids.token()).status_code == 409


def test_submitting_what_is_on_its_way_is_a_conflict_and_changes_nothing(story: Story) -> None:
    maker = Browser.of(story.world, "maker01")
    answer = maker.post("approvals:submit", story.reference, idempotency_key=ids.token())
    assert answer.status_code == 409
    assert "notice-bad" in answer.content.decode()
    assert Request.objects.get(reference=story.reference).revision_number == 1


def test_an_act_without_the_forms_key_says_so(story: Story) -> None:
    maker = Browser.of(story.world, "maker01", english=True)
    for act in ("withdraw", "submit"):
        answer = maker.post(f"approvals:{act}", story.reference)
        assert answer.status_code == 422
        assert "did not send everything" in words_of(answer)
    assert story.untouched()


# --- addresses -----------------------------------------------------------------------------------
ACTS = ("submit", "review", "release", "return", "reject", "withdraw", "delete")


def test_acts_are_forms_never_links(story: Story) -> None:
    people = {
        "submit": "maker01",
        "withdraw": "maker01",
        "delete": "maker01",
        "release": "release1",
    }
    browsers = {name: Browser.of(story.world, name) for name in ("maker01", "release1")}
    for act in ACTS:
        browser = browsers.get(people.get(act, ""), story.reviewer)
        answer = browser.get(f"approvals:{act}", story.reference)
        assert (answer.status_code, answer["Allow"]) == (405, "POST"), act
        assert answer["X-Request-Number"] in words_of(answer)
    answer = story.reviewer.get("approvals:prepare", story.reference, "review")
    assert answer.status_code == 405
    assert story.untouched()


def test_a_refused_act_leads_back_to_a_page_that_can_be_opened(story: Story) -> None:
    answer = story.send(story.reviewer, "review", {})
    assert answer.status_code == 422
    back = form_with(answer, "next").fields["next"]
    assert back == reverse("approvals:request", args=[story.reference])
    assert story.reviewer.client.get(back).status_code == 200


def test_an_unknown_act_or_signature_is_not_there(story: Story) -> None:
    for act in ("submit", "withdraw", "expire", "approve", "REVIEW"):
        assert story.reviewer.prepare(story.reference, act).status_code == 404, act
    for number in (0, 99999, 10**30):
        answer = story.reviewer.get("approvals:signature", story.reference, number)
        assert answer.status_code == 404
        assert 'class="error-page"' in answer.content.decode()


@pytest.mark.req("AUD-1")
def test_what_stopped_an_act_is_written_down_with_its_request_number(story: Story) -> None:
    signed = story.reviewer.signed(story.reference, "review")
    answers = [
        story.send(story.reviewer, "review", signed | {"signature": edited(signed["signature"])}),
        story.reviewer.prepare(story.reference, "release"),
        story.reviewer.prepare(story.reference, "reject"),
    ]
    events = ["review", "release", "reject"]
    for answer, event in zip(answers, events, strict=True):
        entry = Entry.objects.get(request_number=answer["X-Request-Number"])
        assert entry.event == f"approvals.request.{event}"
        assert (entry.outcome, entry.address) == ("refused", ADDRESS)
        assert entry.target == f"request:{story.reference}"
