"""What is typed into a form is kept, given back to its owner alone, and gone once it is sent."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.urls import reverse

from identity import queries
from identity.errors import DraftRefused
from identity.middleware import TOUCH_EVERY
from identity.models import FormDraft, Session, User
from identity.operations import drop_draft, keep_draft
from identity.operations.drafts import DRAFT_LIFETIME, LONGEST_DRAFT, MOST_DRAFTS
from identity.policies import Factor
from identity.tasks import purge_drafts
from kernel import clock
from tests.approvals.browsing import begin
from tests.factories.http import Browser, order_fields, reference_in
from tests.factories.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.req("SES-1")]
FORM = "/transfers/new/"
JSON = {"Accept": "application/json"}
TYPED = {"payee_name": ["新竹半導體"], "amount": ["1,234"]}


@pytest.fixture
def maker(world: World) -> Browser:
    return Browser.of(world, "maker01", factor=Factor.PASSWORD)


def keep(browser: Browser, body: object, **options: str) -> HttpResponse:
    """Send what the page's script sends."""
    sent = body if isinstance(body, str) else json.dumps(body)
    kind = options.get("content_type", "application/json")
    return browser.client.post(
        reverse("enterprise:draft"), sent, content_type=kind, headers={"Accept": kind}
    )


def kept(browser: Browser, *paths: str) -> dict[str, object]:
    """Return what is given back to the page's script."""
    query = {"path": list(paths or [FORM])}
    answer = browser.client.get(reverse("enterprise:draft"), query)
    assert answer.status_code == 200
    return answer.json()["drafts"]


# --- keeping and giving back ---------------------------------------------------------------------


def test_what_was_typed_comes_back_and_the_last_time_counts(maker: Browser) -> None:
    assert keep(maker, {"path": FORM, "fields": {"amount": ["1"]}}).json() == {"ok": True}
    keep(maker, {"path": FORM, "fields": TYPED})
    assert kept(maker) == {FORM: TYPED}
    assert kept(maker, FORM, "/elsewhere/") == {FORM: TYPED}


def test_nothing_typed_keeps_nothing(maker: Browser) -> None:
    keep(maker, {"path": FORM, "fields": TYPED})
    keep(maker, {"path": FORM, "fields": {}})
    assert kept(maker) == {}


def test_nobody_reads_or_overwrites_anothers(world: World, maker: Browser) -> None:
    keep(maker, {"path": FORM, "fields": TYPED})
    colleague = Browser.of(world, "maker02")
    assert kept(colleague) == {}
    keep(colleague, {"path": FORM, "fields": {}})
    keep(colleague, {"path": FORM, "fields": {"amount": ["9"]}})
    assert kept(maker) == {FORM: TYPED}


def test_it_survives_the_end_of_the_session(world: World, maker: Browser) -> None:
    keep(maker, {"path": FORM, "fields": TYPED})
    Session.objects.update(seen_at=clock.now() - timedelta(minutes=11))
    assert maker.client.get(FORM)["Location"] == "/sign-in/?next=%2Ftransfers%2Fnew%2F"
    assert kept(Browser.of(world, "maker01")) == {FORM: TYPED}


def test_secrets_and_what_belongs_to_one_page_are_never_kept(maker: Browser) -> None:
    secrets = [
        "csrfmiddlewaretoken", "idempotency_key", "old", "new", "again", "password", "new_pin",
        "pin", "secret", "code", "authorisation_code", "signature", "sign_request",
        "signing_time", "ticket", "sms-code", "email-code", "x-pin", "a-b-secret", "x-password",
        "letter_number", "letter-letter_number", "new_pin_again", "keypad_codes", "SMS-CODE",
    ]  # fmt: skip
    keep(maker, {"path": FORM, "fields": TYPED | {name: ["hunter2"] for name in secrets}})
    assert kept(maker) == {FORM: TYPED}


@pytest.mark.parametrize(
    "body",
    [
        "", "{", "[]", "7", {"path": FORM}, {"fields": TYPED}, {"path": 7, "fields": {}},
        {"path": FORM, "fields": []}, {"path": FORM, "fields": {"amount": "1"}},
        {"path": FORM, "fields": {"amount": [1]}}, {"path": "https://x", "fields": TYPED},
        {"path": "/" + "x" * 200, "fields": TYPED},
        {"path": FORM, "fields": {"memo": ["x" * LONGEST_DRAFT]}},
        {"path": FORM, "fields": {"memo": ["\x00"]}},
        {"path": FORM, "fields": {"memo": ["\ud800"]}}, {"path": "/\x00", "fields": TYPED},
        "[" * 100_000,
    ],
)  # fmt: skip
def test_what_is_no_form_is_refused(maker: Browser, body: object) -> None:
    answer = keep(maker, body)
    assert (answer.status_code, answer.json()["code"]) == (422, "identity.draft.refused")
    assert not FormDraft.objects.exists()


def test_only_our_own_pages_script_can_send_one(maker: Browser) -> None:
    message = {"path": FORM, "fields": TYPED}
    assert keep(maker, message, content_type="text/plain").status_code == 422
    maker.client.handler.enforce_csrf_checks = True
    assert keep(maker, message).status_code == 403
    maker.client.logout()
    assert not FormDraft.objects.exists()


def test_a_visitor_keeps_and_reads_nothing(client: object) -> None:
    for answer in (
        client.get("/draft/", headers={"Accept": "application/json"}),  # type: ignore[attr-defined]
        client.post("/draft/", headers={"Accept": "application/json"}),  # type: ignore[attr-defined]
    ):
        assert (answer.status_code, answer.json()["code"]) == (401, "identity.signed_out")


def test_at_most_twenty_forms_are_kept_for_a_person(world: World) -> None:
    person, now = world.first.people["maker01"], clock.now()
    for number in range(MOST_DRAFTS + 2):
        later = now + timedelta(seconds=number)
        keep_draft(actor=person, path=f"/{number}/", fields=TYPED, now=later)
    paths = set(FormDraft.objects.values_list("path", flat=True))
    assert paths == {f"/{number}/" for number in range(2, MOST_DRAFTS + 2)}


def test_after_seven_days_nobody_comes_back_to_it(world: World) -> None:
    person: User = world.first.people["maker01"]
    for path, age in (("/old/", DRAFT_LIFETIME), ("/new/", DRAFT_LIFETIME - timedelta(hours=1))):
        keep_draft(actor=person, path=path, fields=TYPED, now=clock.now() - age)
    assert purge_drafts() == 1
    assert set(queries.drafts(person, ["/old/", "/new/"])) == {"/new/"}


def test_dropping_what_is_not_there_is_fine(world: World) -> None:
    drop_draft(actor=world.first.people["maker01"], path=FORM)
    with pytest.raises(DraftRefused):
        keep_draft(actor=world.first.people["maker01"], path="", fields=TYPED, now=clock.now())


@pytest.mark.parametrize("path", ["/\x00", "/\ud800", "elsewhere", "/" + "x" * 200])
def test_no_draft_is_sought_under_what_is_no_address(world: World, path: str) -> None:
    maker01 = world.first.people["maker01"]
    for attempt in (
        lambda: queries.drafts(maker01, [FORM, path]),
        lambda: drop_draft(actor=maker01, path=path),
        lambda: keep_draft(actor=maker01, path=path, fields={}, now=clock.now()),
    ):
        with pytest.raises(DraftRefused):
            attempt()


def test_asking_for_what_is_no_address_is_refused(maker: Browser) -> None:
    answer = maker.client.get(reverse("enterprise:draft"), {"path": "/\x00"}, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (422, "identity.draft.refused")


def test_a_sent_form_with_a_mark_that_is_no_address_goes_its_way(maker: Browser) -> None:
    keep(maker, {"path": FORM, "fields": TYPED})
    assert reference_in(maker.client.post(FORM, {**order_fields(), "draft": "/\x00"}))
    assert kept(maker) == {FORM: TYPED}


# --- idling --------------------------------------------------------------------------------------


def test_keeping_a_draft_is_no_activity(maker: Browser) -> None:
    long_ago = clock.now() - timedelta(minutes=9)
    Session.objects.filter(pk=maker.session.pk).update(seen_at=long_ago)
    keep(maker, {"path": FORM, "fields": TYPED})
    kept(maker)
    assert maker.session.seen_at == long_ago
    maker.get("enterprise:home")
    assert clock.now() - maker.session.seen_at < TOUCH_EVERY


def test_signing_out_by_time_leads_back_to_the_page_after_signing_in(maker: Browser) -> None:
    answer = maker.post("enterprise:sign_out", reason="idle", here=FORM)
    assert answer["Location"] == "/sign-in/?ended=idle&next=%2Ftransfers%2Fnew%2F"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", ""])
def test_signing_out_by_time_leads_nowhere_else(maker: Browser, target: str) -> None:
    answer = maker.post("enterprise:sign_out", reason="idle", here=target)
    assert answer["Location"] == "/sign-in/?ended=idle"


def test_signing_out_by_hand_forgets_the_page(maker: Browser) -> None:
    assert maker.post("enterprise:sign_out", here=FORM)["Location"] == "/sign-in/"


def test_a_form_sent_after_the_session_ended_leads_back_to_its_page(maker: Browser) -> None:
    Session.objects.update(seen_at=clock.now() - timedelta(minutes=11))
    answer = maker.client.post(FORM, {}, headers={"Referer": f"http://testserver{FORM}"})
    assert answer["Location"] == "/sign-in/?next=%2Ftransfers%2Fnew%2F"


# --- sending -------------------------------------------------------------------------------------


def send(maker: Browser, **changes: object) -> HttpResponse:
    """Send the transfer form as its page's script leaves it."""
    marks = {"draft": FORM, "draft_fields": "payee_name amount"}
    return maker.client.post(FORM, {**order_fields(**changes), **marks})


def test_a_form_that_was_sent_ends_its_draft(maker: Browser) -> None:
    keep(maker, {"path": FORM, "fields": TYPED})
    keep(maker, {"path": "/other/", "fields": TYPED})
    assert reference_in(send(maker))
    assert kept(maker, FORM, "/other/") == {"/other/": TYPED}


def test_a_form_that_was_refused_keeps_it(maker: Browser) -> None:
    keep(maker, {"path": FORM, "fields": TYPED})
    assert send(maker, amount="0").status_code == 422
    assert kept(maker) == {FORM: TYPED}


@pytest.mark.req("AUTH-5")
def test_a_form_that_meets_the_step_up_is_kept_as_it_was_sent(world: World) -> None:
    story = begin(world)
    story.reviewer.shown(Factor.PASSWORD)
    form = reverse("approvals:reject", args=[story.reference])
    sent = {
        "reason": "金額不符", "signature": "MAMCAQE=", "revision": "1", "draft": form,
        "draft_fields": "reason signature amount",
    }  # fmt: skip
    answer = story.reviewer.client.post(form, sent)
    assert answer["Location"].startswith(reverse("enterprise:step_up"))
    assert kept(story.reviewer, form) == {form: {"reason": ["金額不符"]}}


def test_a_form_sent_after_the_session_ended_keeps_what_was_kept_before(maker: Browser) -> None:
    keep(maker, {"path": FORM, "fields": TYPED})
    person = maker.holder.user
    Session.objects.update(seen_at=clock.now() - timedelta(minutes=11))
    assert send(maker).status_code == 302
    assert queries.drafts(person, [FORM]) == {FORM: TYPED}


def test_too_much_typed_does_not_bar_the_way_to_the_card(world: World) -> None:
    story = begin(world)
    story.reviewer.shown(Factor.PASSWORD)
    form = reverse("approvals:reject", args=[story.reference])
    sent = {"reason": "x" * LONGEST_DRAFT, "draft": form, "draft_fields": "reason"}
    answer = story.reviewer.client.post(form, sent)
    assert answer["Location"].startswith(reverse("enterprise:step_up"))
