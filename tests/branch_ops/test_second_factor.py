"""The gate of the staff site: a password alone opens nothing (AUTH-1, AUTH-5)."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from audit.models import Entry
from certificates.operations import issue_letter
from identity.errors import DoorShut
from identity.models import ContactPoint, Passkey, User
from identity.permissions import PUBLIC, Gate
from identity.policies import Factor, Step
from kernel import clock
from tests.factories.http import Browser, words_of
from tests.factories.newcomers import begin_anew
from tests.factories.passkeys import PRESENT, Authenticator, code_sent_to
from tests.factories.world import World

pytestmark = [
    pytest.mark.django_db, pytest.mark.usefixtures("staff_site"), pytest.mark.req("AUTH-1"),
]  # fmt: skip
WHO = "branch001"
JSON = {"Accept": "application/json"}


@pytest.fixture
def half_in(world: World) -> Browser:
    """Return the browser of a bank person who has given their password alone."""
    return Browser.officer(world, WHO, english=True, factor=Factor.PASSWORD)


def register(browser: Browser, authenticator: Authenticator, name: str = "blue key") -> None:
    """Register a passkey by the page's own requests."""
    code = ""
    if browser.session.factor == Factor.PASSWORD:
        browser.post("staff:send_passkey_code", next="/home/")
        code = code_sent_to(browser.holder.user)
    begun = browser.ask("staff:begin_passkey_registration", code=code).json()
    assert begun["ok"], begun
    answer = json.dumps(authenticator.register(begun["options"]))
    kept = browser.tell("staff:finish_passkey_registration", {"answer": answer, "name": name})
    assert kept.json() == {"ok": True}


def ask(browser: Browser) -> dict:
    """Return what the gate asks a passkey."""
    return browser.ask("staff:begin_passkey_sign_in").json()["options"]


# --- the matrix ----------------------------------------------------------------------------------
SAMPLES = {"int": "1", "slug": "x", "str": "x", "path": "x"}


def addresses(
    patterns: list[URLPattern | URLResolver], before: str = ""
) -> Iterator[tuple[str, URLPattern]]:
    """Yield a real address for every pattern of the staff site."""
    for entry in patterns:
        path = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from addresses(entry.url_patterns, path)
            continue
        for name, converter in entry.pattern.converters.items():
            kind = type(converter).__name__.removesuffix("Converter").lower()
            sample = SAMPLES.get(kind, "x")
            path = path.replace(f"<{kind}:{name}>", sample).replace(f"<{name}>", sample)
        yield f"/{path}", entry


def closed() -> list[str]:
    """Return every address that has to stay closed before the second factor."""
    always = {reverse(name) for name in ("staff:sign_out", "staff:stay")}
    return [
        path
        for path, entry in addresses(get_resolver("corpbank.urls.staff").url_patterns)
        if getattr(entry.callback, "permission", "") != PUBLIC
        and Gate.SECOND_FACTOR not in getattr(entry.callback, "gates", ())
        and path not in always
        and "(?" not in path
    ]


@pytest.mark.req("AUTH-5")
def test_no_address_opens_on_a_password_alone(half_in: Browser) -> None:
    found = closed()
    assert len(found) > 60
    assert {"/", "/home/", "/inbox/", "/passkeys/", "/passkeys/1/end/"} <= set(found)
    for path in found:
        for answer in (half_in.client.get(path), half_in.client.post(path)):
            assert answer.status_code == 302, path
            assert answer["Location"].partition("?")[0] == "/second-factor/", path
        for answer in (
            half_in.client.get(path, headers=JSON), half_in.client.post(path, headers=JSON),
        ):  # fmt: skip
            assert answer.status_code == 403, path
            assert answer.json()["code"] == "identity.gate.second_factor", path


def test_what_stays_open_is_leaving_the_language_and_the_factor_itself() -> None:
    open_ = {
        entry.callback.__name__
        for _path, entry in addresses(get_resolver("corpbank.urls.staff").url_patterns)
        if Gate.SECOND_FACTOR in getattr(entry.callback, "gates", ())
    }
    assert open_ == {
        "second_factor", "begin_passkey_sign_in", "sign_in_with_passkey", "register_passkey",
        "send_passkey_code", "begin_passkey_registration", "finish_passkey_registration",
        "prepare_authentication", "unlock_authentication", "authenticate",
        "card", "enrol", "confirm", "unlock",
        # A password is enough to say that the card is gone (AUTH-5): it only takes power away.
        "report_lost",
    }  # fmt: skip


def test_before_the_second_factor_the_frame_shows_no_work(half_in: Browser) -> None:
    page = half_in.client.get("/home/", follow=True)
    assert page.redirect_chain[-1][0].startswith("/passkeys/new/")
    assert page.context["shell"]["nav"] == page.context["shell"]["own"] == []
    assert reverse("staff:sign_out") in page.content.decode()


# --- coming in -----------------------------------------------------------------------------------
@pytest.mark.req("AUTH-5")
def test_a_bank_person_registers_a_first_passkey_and_comes_in_with_it(half_in: Browser) -> None:
    assert half_in.client.get("/fees/")["Location"] == "/second-factor/?next=%2Ffees%2F"
    led = half_in.client.get("/second-factor/?next=/fees/")
    assert led["Location"] == "/passkeys/new/?next=%2Ffees%2F"
    page = half_in.client.get(led["Location"])
    assert "Get a code" in words_of(page)
    assert page.context["page"]["after"] == "/second-factor/?next=%2Ffees%2F"
    key = Authenticator()
    register(half_in, key)
    assert half_in.client.get("/fees/")["Location"] == "/second-factor/?next=%2Ffees%2F"
    before = half_in.session_key
    token = half_in.client.get("/second-factor/").cookies["corpbank_staff_csrf"].value
    shown = half_in.ask(
        "staff:sign_in_with_passkey", answer=json.dumps(key.show(ask(half_in))), next="/fees/"
    )
    assert shown.json() == {"ok": True, "next": "/fees/"}
    assert half_in.session_key != before
    assert shown.cookies["corpbank_staff_csrf"].value != token
    assert half_in.session.factor == Factor.PASSKEY
    assert half_in.client.get("/fees/").status_code == 200
    old = Client()
    old.cookies["corpbank_staff_session"] = before
    assert old.get("/fees/")["Location"].startswith("/sign-in/")
    assert half_in.client.get("/second-factor/?next=/fees/")["Location"] == "/fees/"


@pytest.mark.parametrize("target", ["https://elsewhere.example/", "//elsewhere.example", "x"])
def test_the_gate_never_leads_outside(half_in: Browser, target: str) -> None:
    key = Authenticator()
    register(half_in, key)
    page = half_in.client.get("/second-factor/", {"next": target})
    assert page.context["page"]["next"] == "/home/"
    answer = json.dumps(key.show(ask(half_in)))
    shown = half_in.ask("staff:sign_in_with_passkey", answer=answer, next=target)
    assert shown.json()["next"] == "/home/"


@pytest.mark.req("AUTH-5")
def test_a_card_comes_in_as_well(world: World) -> None:
    browser = Browser.officer(world, "pki00002", card=True, english=True, factor=Factor.PASSWORD)
    page = browser.client.get("/second-factor/?next=/inbox/")
    assert "Confirm with your card" in words_of(page)
    assert "Confirm with your passkey" not in words_of(page)
    assert browser.show_card().json()["ok"]
    assert browser.session.factor == Factor.CARD
    assert browser.client.get("/inbox/").status_code == 200
    register(browser, Authenticator())
    browser.shown(Factor.PASSWORD)
    page = words_of(browser.client.get("/second-factor/"))
    assert "Confirm with your card" in page
    assert "Confirm with your passkey" in page


def test_a_letter_for_a_first_card_is_a_way_in_as_well(half_in: Browser, world: World) -> None:
    assert "Do you have the letter" not in words_of(half_in.get("staff:register_passkey"))
    issue_letter(holder_id=half_in.holder.user.pk, actor=None, now=world.now)
    assert "Do you have the letter" in words_of(half_in.get("staff:register_passkey"))
    assert "Secret of the letter" in words_of(half_in.get("staff:card"))


def test_whoever_holds_a_card_registers_nothing_on_a_password(world: World) -> None:
    browser = Browser.officer(world, "pki00002", card=True, factor=Factor.PASSWORD)
    gate = "/second-factor/?next=%2Fpasskeys%2Fnew%2F"
    assert browser.get("staff:register_passkey")["Location"] == gate
    refused = browser.ask("staff:begin_passkey_registration", code="")
    assert (refused.status_code, refused.json()["code"]) == (403, "identity.step_up_needed")
    assert browser.post("staff:send_passkey_code").status_code == 302
    assert not Entry.objects.filter(event="identity.code.sent").exists()


# --- what goes wrong, in words -------------------------------------------------------------------
def test_refusals_are_said_in_words_and_written_down(half_in: Browser) -> None:
    wrong = half_in.ask("staff:begin_passkey_registration", code="000000")
    assert (wrong.status_code, wrong.json()["field"]) == (422, "code")
    key = Authenticator()
    register(half_in, key)
    answer = json.dumps(key.but(flags=PRESENT).show(ask(half_in)))
    refused = half_in.ask("staff:sign_in_with_passkey", answer=answer)
    assert refused.json()["message"] == "This passkey was not accepted. Please try again."
    assert half_in.ask("staff:sign_in_with_passkey", answer=answer).json()["message"] == (
        "That took too long. Please start once more."
    )
    assert half_in.ask("staff:sign_in_with_passkey", answer="[]").status_code == 422
    written = Entry.objects.filter(event="identity.session.stepped_up.refused")
    assert written.count() == 2


def test_whoever_has_no_phone_is_told_so(half_in: Browser) -> None:
    ContactPoint.objects.filter(user=half_in.holder.user).delete()
    half_in.post("staff:send_passkey_code")
    assert "registered" in words_of(half_in.get("staff:register_passkey"))


def test_at_an_address_without_a_name_the_page_says_so(half_in: Browser) -> None:
    with override_settings(WEBAUTHN_RP_ID=""):
        page = half_in.get("staff:register_passkey")
    assert "Passkeys do not work at this address" in words_of(page)


@pytest.mark.req("AUTH-10")
def test_without_the_servers_memory_nobody_comes_in_and_who_is_in_stays(half_in: Browser) -> None:
    with override_settings(REDIS_URL="redis://127.0.0.1:9/0"):
        refused = half_in.ask("staff:begin_passkey_sign_in")
        assert (refused.status_code, refused.json()["code"]) == (503, DoorShut().code)
        half_in.shown(Factor.PASSKEY)
        assert half_in.get("staff:passkeys").status_code == 200


@pytest.mark.parametrize(
    "name",
    ["begin_passkey_sign_in", "sign_in_with_passkey", "begin_passkey_registration",
     "finish_passkey_registration", "send_passkey_code"],
)  # fmt: skip
def test_no_other_page_can_send_these(half_in: Browser, name: str) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = half_in.client.cookies
    answer = strict.post(reverse(f"staff:{name}"), "{}", content_type="application/json")
    assert answer.status_code == 403
    assert half_in.client.get(reverse(f"staff:{name}")).status_code == 405


# --- one's own -----------------------------------------------------------------------------------
def test_one_s_own_passkeys_are_listed_added_and_ended(half_in: Browser, world: World) -> None:
    key = Authenticator()
    register(half_in, key)
    half_in.shown(Factor.PASSKEY)
    assert "your only second factor" in words_of(half_in.get("staff:passkeys"))
    (first,) = Passkey.objects.all()
    half_in.post("staff:end_passkey", first.pk)
    assert "This is your only second factor" in words_of(half_in.get("staff:passkeys"))
    register(half_in, Authenticator(), name="spare key")
    page = words_of(half_in.get("staff:passkeys"))
    assert "blue key" in page
    assert "spare key" in page
    assert half_in.post("staff:end_passkey", first.pk)["Location"] == "/passkeys/"
    assert "blue key" not in words_of(half_in.get("staff:passkeys"))
    other = Browser.officer(world, "branch002")
    (second,) = Passkey.objects.filter(ended_at__isnull=True)
    assert other.post("staff:end_passkey", second.pk).status_code == 404


# --- first use -----------------------------------------------------------------------------------
@pytest.mark.req("AUTH-4", "SES-3")
def test_a_newcomer_registers_when_it_is_their_turn_and_then_shows_it(half_in: Browser) -> None:
    user = half_in.holder.user
    begin_anew(user)
    assert half_in.get("staff:register_passkey")["Location"] == "/first-use/"
    refused = half_in.ask("staff:begin_passkey_registration", code="000000")
    assert refused.json()["code"] == "identity.first_use.not_this_step"
    now = clock.now()
    User.objects.filter(pk=user.pk).update(
        login_name_chosen_at=now, password_set_at=now, must_change_password=False, start_page="home"
    )
    ContactPoint.objects.filter(user=user).update(verified_at=now, wanted_address="")
    half_in.post("staff:first_use", step=Step.SETTINGS, language="en", start_page="home")
    assert half_in.get("staff:register_passkey").status_code == 200
    register(half_in, Authenticator())
    assert half_in.get("staff:first_use")["Location"].startswith("/second-factor/")
    half_in.shown(Factor.PASSKEY)
    assert half_in.get("staff:first_use").status_code == 200
