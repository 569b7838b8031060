"""Signatures over HTTP that do not fit: stale, used, edited, of something or somebody else."""

from __future__ import annotations

import pytest
from django.test import Client

from approvals.models import Decision
from certificates.models import SignRequest
from identity.policies import Factor
from kernel import clock, ids
from tests.approvals.browsing import Story, begin, edited
from tests.factories.http import (
    ADDRESS,
    Browser,
    form_with,
    sign_in,
    words_of,
)
from tests.factories.world import FIRST, World, decide, submit


@pytest.fixture
def story(world: World) -> Story:
    return begin(world)


@pytest.mark.req("SIGN-2", "DUAL-3")
def test_a_signature_of_the_revision_before_is_refused(story: Story) -> None:
    signed = story.reviewer.signed(story.reference, "review")
    world = story.world
    decide(world, world.holder("review1b"), story.reference, "return", "金額有誤")
    maker = Browser.of(world, "maker01")
    form = form_with(maker.get("transfers:edit", story.reference), "amount")
    maker.post("transfers:edit", story.reference, **(form.fields | {"amount": "90,000"}))
    maker.submit(story.reference)

    answer = story.send(story.reviewer, "review", signed)
    assert answer.status_code == 409
    assert "90,000" in words_of(answer)
    assert Decision.objects.filter(act="review").count() == 0
    assert story.state == "PENDING"
    assert story.reviewer.decide(story.reference, "review").status_code == 302


@pytest.mark.req("SIGN-1", "DUAL-3")
def test_a_statement_is_not_prepared_for_a_revision_that_was_not_shown(story: Story) -> None:
    for revision in (0, 2, 99, "", "x", "-1", "²", "9" * 50):
        answer = story.reviewer.prepare(story.reference, "review", revision=revision)
        assert answer.status_code == 409, revision
        assert answer.json()["ok"] is False
    assert not SignRequest.objects.filter(request_key=story.reference).exists()


@pytest.mark.req("SIGN-2")
def test_a_signature_works_once(story: Story) -> None:
    signed = story.reviewer.signed(story.reference, "review")
    assert story.send(story.reviewer, "review", signed).status_code == 302
    again = signed | {"idempotency_key": ids.token()}
    assert story.send(story.reviewer, "review", again).status_code == 403
    assert story.decisions == 1


@pytest.mark.req("SIGN-2")
def test_a_used_signature_does_not_serve_the_next_revision(story: Story) -> None:
    signed = story.reviewer.signed(story.reference, "return", "金額有誤")
    assert story.send(story.reviewer, "return", signed).status_code == 302
    maker = Browser.of(story.world, "maker01")
    maker.submit(story.reference)
    again = signed | {"idempotency_key": ids.token()}
    assert story.send(story.reviewer, "return", again).status_code == 409
    assert story.state == "PENDING"


@pytest.mark.req("SIGN-2")
def test_an_edited_signature_is_refused(story: Story) -> None:
    signed = story.reviewer.signed(story.reference, "review")
    bad = {
        "a changed byte": {"signature": edited(signed["signature"])},
        "cut short": {"signature": signed["signature"][:40]},
        "not base64": {"signature": "%%%"},
        "no signature": {"signature": ""},
        "too long a signature": {"signature": "A" * 2049},
        "another second": {"signing_time": "2020-01-01T00:00:00Z"},
        "a time to come": {"signing_time": "2099-01-01T00:00:00Z"},
        "not a time": {"signing_time": "yesterday"},
        "a time that cannot be": {"signing_time": "2026-02-30T00:00:00Z"},
        "no key": {"idempotency_key": ""},
        "too long a key": {"idempotency_key": "k" * 65},
        "a NUL in the key": {"idempotency_key": "k\x00"},
    }
    for what, change in bad.items():
        answer = story.send(story.reviewer, "review", signed | change)
        assert answer.status_code == 422, what
        assert "notice-bad" in answer.content.decode(), what
        assert story.untouched(), what
    assert story.send(story.reviewer, "review", signed).status_code == 302


@pytest.mark.req("SIGN-2")
def test_a_signature_for_something_else_is_refused(story: Story) -> None:
    world, reviewer = story.world, story.reviewer
    other = submit(world, world.holder("maker01", card=False), 20_000)
    of_another_request = reviewer.signed(other, "review")
    assert story.send(reviewer, "review", of_another_request).status_code == 409
    of_another_verb = reviewer.signed(story.reference, "review")
    for act in ("return", "reject"):
        sent = of_another_verb | {"reason": "金額有誤"}
        assert story.send(reviewer, act, sent).status_code == 409
    of_another_reason = reviewer.signed(story.reference, "reject", "金額有誤")
    sent = of_another_reason | {"reason": "金額正確"}
    assert story.send(reviewer, "reject", sent).status_code == 409
    as_agreement = reviewer.signed(story.reference, "reject", "金額有誤")
    assert story.send(reviewer, "review", as_agreement).status_code == 409
    assert story.untouched()


@pytest.mark.req("SIGN-2")
def test_another_persons_or_sessions_statement_is_refused(story: Story) -> None:
    world = story.world
    theirs = Browser.of(world, "review1b").signed(story.reference, "review")
    assert story.send(story.reviewer, "review", theirs).status_code == 404
    unknown = theirs | {"sign_request": "T" * 32}
    assert story.send(story.reviewer, "review", unknown).status_code == 404

    mine = story.reviewer.signed(story.reference, "review")
    later = Client(REMOTE_ADDR=ADDRESS)
    page = sign_in(later, FIRST.code, "review1a")
    form = form_with(page, "ticket")
    assert later.post(form.action, form.fields).status_code == 302
    elsewhere = Browser(story.reviewer.holder, later).shown(Factor.CARD)
    assert story.send(elsewhere, "review", mine).status_code == 404
    assert story.send(story.reviewer, "review", mine).status_code == 302  # to the door
    assert story.untouched()


@pytest.mark.req("SIGN-6")
def test_a_card_signs_nothing_before_its_pin(story: Story) -> None:
    prepared = story.reviewer.prepare(story.reference, "review").json()
    now = clock.now().replace(microsecond=0)
    fields = story.reviewer.sign(prepared, now.strftime("%Y-%m-%dT%H:%M:%SZ"))
    assert story.send(story.reviewer, "review", fields).status_code == 422
    assert story.untouched()
    story.reviewer.unlock(prepared["sign_request"])
    assert story.send(story.reviewer, "review", fields).status_code == 302


@pytest.mark.req("SIGN-6")
def test_the_third_wrong_pin_locks_the_card(story: Story) -> None:
    prepared = story.reviewer.prepare(story.reference, "review").json()
    for left in (2, 1):
        answer = story.reviewer.unlock(prepared["sign_request"], "000000")
        assert (answer.status_code, answer.json()["tries_left"]) == (422, left)
    locked = story.reviewer.unlock(prepared["sign_request"], "000000")
    assert locked.json()["ok"] is False
    assert locked.json()["tries_left"] == 0
    right = story.reviewer.unlock(prepared["sign_request"])
    assert right.json()["ok"] is False
    page = story.reviewer.get("approvals:request", story.reference)
    assert page.status_code == 200
    assert story.untouched()
