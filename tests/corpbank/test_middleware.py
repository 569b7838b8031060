"""What every answer of the enterprise site carries, and how refusals look."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from audit.models import Entry
from tests.factories.http import ADDRESS, Browser, form_with, order_fields, sign_in, words_of
from tests.factories.world import FIRST, FROM, PASSWORD, PIN, World, submit

DOOR = "/sign-in/"
POLICY = {
    "default-src": "'none'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "'none'",
    "report-uri": "/csp-reports",
}


def policy_of(answer: HttpResponse) -> dict[str, str]:
    parts = [part.strip() for part in answer["Content-Security-Policy"].split(";")]
    return dict(part.partition(" ")[::2] for part in parts)


def nonces(answer: HttpResponse) -> set[str]:
    return set(re.findall(r'nonce="([^"]+)"', answer.content.decode()))


# --- headers -------------------------------------------------------------------------------------
def test_the_content_security_policy_is_exactly_the_strict_one(world: World) -> None:
    browser = Browser.of(world, "maker01")
    pages = {
        "a page": browser.get("enterprise:home"),
        "a form": browser.get("transfers:new"),
        "the door": Client().get(DOOR),
        "a refusal": browser.get("approvals:request", "T0"),
        "a form with errors": browser.new_order(amount="x"),
        "nothing there": browser.client.get("/nowhere/"),
        "a visitor's way to the door": Client().get("/accounts/"),
    }
    for what, answer in pages.items():
        policy = policy_of(answer)
        script = policy.pop("script-src", "")
        assert policy == POLICY, what
        assert re.fullmatch(r"'nonce-[\w+/=-]{16,}'", script) or not nonces(answer), what
        for nonce in nonces(answer):
            assert script == f"'nonce-{nonce}'", what


def test_a_nonce_serves_one_page(world: World) -> None:
    browser = Browser.of(world, "maker01")
    first, second = (nonces(browser.get("enterprise:home")) for _ in range(2))
    assert len(first) == 1
    assert not first & second


def test_no_page_carries_inline_script_or_style(world: World) -> None:
    reference = submit(world, world.holder("maker01", card=False), 20_000)
    browser = Browser.of(world, "review1a")
    pages = [
        browser.get("enterprise:home"),
        browser.get("approvals:inbox"),
        browser.get("approvals:request", reference),
        browser.get("transfers:accounts"),
        browser.get("enterprise:certificates"),
        Client().get(DOOR),
    ]
    for page in pages:
        text = page.content.decode()
        assert not re.search(r"\son\w+=", text)
        assert not re.search(r"\sstyle=", text)
        assert "<style" not in text
        assert "javascript:" not in text
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))


def test_every_answer_is_private_numbered_and_framed_by_nobody(world: World) -> None:
    browser = Browser.of(world, "maker01")
    numbers = set()
    for answer in (browser.get("enterprise:home"), Client().get(DOOR), Client().get("/nowhere/")):
        assert answer["X-Frame-Options"] == "DENY"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Referrer-Policy"] == "same-origin"
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer["Cache-Control"] == "no-store"
        assert "Server" not in answer
        numbers.add(answer["X-Request-Number"])
    assert len(numbers) == 3


def test_what_everyone_may_fetch_may_be_kept_for_a_minute(world: World) -> None:
    answer = Client().get("/pki/crl/issuing.crl")
    assert answer["Cache-Control"] == "public, max-age=60"
    assert not answer.cookies


# --- reports of the browser ----------------------------------------------------------------------
def report(body: object, kind: str = "application/csp-report") -> HttpResponse:
    sent = body if isinstance(body, bytes | str) else json.dumps(body)
    return Client(enforce_csrf_checks=True).post("/csp-reports", sent, content_type=kind)


def test_a_violation_is_written_into_the_log(caplog: pytest.LogCaptureFixture) -> None:
    told = {"violated-directive": "script-src", "document-uri": "https://bank.example/inbox/"}
    with caplog.at_level(logging.WARNING):
        assert report({"csp-report": told}).status_code == 204
    assert "script-src" in caplog.text
    assert "/inbox/" in caplog.text


def test_a_report_that_makes_no_sense_is_refused_calmly() -> None:
    bad: list[object] = [
        b"",
        b"{",
        b"\xff\xfe",
        "null",
        "[]",
        '"text"',
        "1e999",
        {"csp-report": []},
        {"csp-report": "x"},
        b"[" * 8000,
        b'{"csp-report":' * 1500,
        json.dumps({"csp-report": {"x": "y" * 100_000}}),
    ]
    for body in bad:
        assert report(body).status_code == 400, body
    assert report({}).status_code == 204
    assert Client().get("/csp-reports").status_code == 405


def test_a_report_cannot_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    told = {"violated-directive": "s" * 3000, "document-uri": "u" * 3000}
    with caplog.at_level(logging.WARNING):
        report({"csp-report": told})
    assert len(caplog.text) < 1000


# --- refusals ------------------------------------------------------------------------------------
def refusals(world: World, browser: Browser) -> dict[int, HttpResponse]:
    """Let a releaser be refused in each way that is not a form's own."""
    reference = submit(world, world.holder("maker01", card=False))
    signed = browser.signed(reference, "release")
    assert browser.post("approvals:release", reference, **signed).status_code == 302
    used = json.dumps({"sign_request": signed["sign_request"], "pin": PIN})
    unlock = reverse("certificates:unlock")
    return {
        404: browser.get("approvals:request", "T0"),
        403: browser.post("approvals:review", reference),
        409: browser.client.post(unlock, used, content_type="application/json"),
    }


@pytest.mark.parametrize("english", [True, False])
def test_refusals_are_pages_in_the_readers_language_with_the_request_number(
    world: World, english: bool
) -> None:
    browser = Browser.of(world, "release1", english=english)
    answers = refusals(world, browser) | {405: browser.get("approvals:release", "T0")}
    for status, answer in answers.items():
        assert answer.status_code == status
        text = words_of(answer)
        assert answer["X-Request-Number"] in text
        assert 'class="error-page"' in answer.content.decode()
        assert bool(re.search("[\u4e00-\u9fff]{4}", text.replace(FIRST.name, ""))) != english


def test_an_unknown_address_is_our_page_for_visitors_too() -> None:
    answer = Client().get("/nowhere/")
    assert answer.status_code == 404
    assert answer["X-Request-Number"] in words_of(answer)
    assert "nowhere" not in words_of(answer)


def test_programs_are_answered_in_json(world: World) -> None:
    browser = Browser.of(world, "release1", english=True, HTTP_ACCEPT="application/json")
    for status, answer in refusals(world, browser).items():
        assert answer.status_code == status
        told = answer.json()
        assert told["ok"] is False
        assert set(told) == {"ok", "code", "message"}
        assert told["message"]
        assert "%(" not in told["message"]


@pytest.mark.req("AUD-1")
def test_a_refusal_is_written_into_the_log_of_the_company(world: World) -> None:
    reference = submit(world, world.holder("maker01", card=False))
    browser = Browser.of(world, "maker01")
    person = browser.holder.user.public_id
    tries = {
        "approvals.request.release": browser.post("approvals:release", reference),
        "approvals.request.view": browser.get("approvals:request", "T0"),
        "transfers.account.inquire": browser.get("transfers:account", "999999999999"),
    }
    for event, answer in tries.items():
        entry = Entry.objects.get(request_number=answer["X-Request-Number"])
        assert (entry.event, entry.outcome, entry.actor) == (event, "refused", person)
        assert entry.address == ADDRESS
        assert entry.chain == f"company:{FIRST.code}"
        assert entry.reason


def test_an_address_of_any_length_is_refused_and_written_down(world: World) -> None:
    browser = Browser.of(world, "maker01")
    for name in ("approvals:request", "transfers:account", "approvals:submit", "transfers:edit"):
        send = browser.post if name == "approvals:submit" else browser.get
        answer = send(name, "9" * 1000)
        assert answer.status_code in {404, 422}, name
        assert Entry.objects.filter(request_number=answer["X-Request-Number"]).count() <= 1


def test_odd_addresses_of_lists_are_answered_with_a_page(world: World) -> None:
    browser, looker = Browser.of(world, "maker01"), Browser.of(world, "security1")
    odd = [
        "²", "-1", "9" * 40, "2026-11-22~1", "0001-01-01T00:00:00+14:00~1", "x~y",
        "9999-12-31T23:59:59-14:00~1", "2026-11-22T00:00:00+00:00~" + "9" * 30, "\x00", "'", "%",
    ]  # fmt: skip
    for text in odd:
        answers = [
            browser.get("approvals:inbox", tab="waiting", after=text),
            browser.get("approvals:inbox", tab="all", after=text),
            browser.get("approvals:inbox", tab=text, text=text, state=text),
            browser.get("transfers:orders", after=text),
            browser.get("transfers:orders", text=text),
            browser.get("transfers:account", FROM, before=text),
            looker.get("enterprise:company_certificates", after=text, text=text, state=text),
            looker.get("enterprise:company_certificates", after=text),
        ]
        assert {answer.status_code for answer in answers} == {200}, text


# --- forms from elsewhere ------------------------------------------------------------------------
def _views(patterns: list[URLPattern | URLResolver]) -> Iterator[tuple[str, str]]:
    for entry in patterns:
        if isinstance(entry, URLResolver):
            for name, route in _views(entry.url_patterns):
                yield (f"{entry.namespace}:{name}" if entry.namespace else name), route
        else:
            yield str(entry.name), str(entry.pattern)


def test_every_address_insists_on_a_form_of_our_own(world: World) -> None:
    """All but the browser's own reports and questions about certificates, which change nothing."""
    inside = Browser.of(world, "maker01")
    foreign = Client(enforce_csrf_checks=True)
    foreign.cookies = inside.client.cookies
    values = {
        "reference": "T0", "number": 1, "act": "review", "serial": "4f2a", "authority": "a1",
        "question": "MEI", "sha256": "0" * 64, "number_id": "T0", "person": "U0",
    }  # fmt: skip
    open_to_all = []
    for name, route in _views(get_resolver("corpbank.urls.enterprise").url_patterns):
        parts = re.findall(r"<(?:\w+:)?(\w+)>", route)
        kwargs = {part: values[part] for part in parts}
        answer = foreign.post(reverse(name, kwargs=kwargs), order_fields())
        if answer.status_code != 403:
            open_to_all.append(name)
        else:
            assert answer["X-Request-Number"] in words_of(answer), name
    assert sorted(open_to_all) == ["certificates:ocsp", "csp_report"]


def test_the_token_of_another_visitor_does_not_open_a_form(world: World) -> None:
    ours, theirs = Client(enforce_csrf_checks=True), Client(enforce_csrf_checks=True)
    fields = form_with(ours.get(DOOR), "password").fields
    theirs.get(DOOR)
    typed = {"company_code": FIRST.code, "login_name": "maker01", "password": PASSWORD}
    assert theirs.post(DOOR, fields | typed).status_code == 403
    assert ours.post(DOOR, fields | typed).status_code == 302
    assert theirs.post(DOOR, typed).status_code == 403


def test_a_form_from_another_site_is_refused_even_with_the_token(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    fields = form_with(client.get(DOOR), "password").fields
    typed = fields | {"company_code": FIRST.code, "login_name": "maker01", "password": PASSWORD}
    assert client.post(DOOR, typed, HTTP_ORIGIN="https://evil.example").status_code == 403
    assert client.post(DOOR, typed, HTTP_ORIGIN="null").status_code == 403


# --- nothing secret ------------------------------------------------------------------------------
@pytest.mark.req("PWD-3")
def test_no_cookie_of_a_visitor_reaches_the_log(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        sign_in(Client(), FIRST.code, "maker01", "wrong-but-secret-7")
        browser = Browser.of(world, "maker01")
        browser.get("approvals:request", "T0")
        browser.client.get("/nowhere/?password=x")
    for secret in ("wrong-but-secret-7", PASSWORD, browser.session_key, "maker01"):
        assert secret not in caplog.text


def test_the_site_says_whether_it_lives_and_whether_it_is_ready(world: World) -> None:
    assert Client().get("/livez").json() == {"live": True}
    assert Client().get("/readyz").json() == {"ready": True}
    assert settings.DEBUG is False
