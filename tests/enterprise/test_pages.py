"""A person's own pages: home, certificates, sign-ins, language, staying signed in."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from certificates import operations as certificates
from certificates.queries import signing_certificate
from identity.models import Session, User
from kernel import clock
from tests.factories.counting import counted_statements
from tests.factories.http import Browser, form_with, text_of, words_of
from tests.factories.world import SECOND, World, submit


def statements(browser: Browser, name: str) -> int:
    browser.get(name)
    with counted_statements() as found:
        assert browser.get(name).status_code == 200
    return len(found)


# --- home ----------------------------------------------------------------------------------------
def test_home_shows_what_waits_and_the_balances(world: World) -> None:
    reference = submit(world, world.holder("maker01", card=False), 20_000)
    waiting = words_of(Browser.of(world, "review1a").get("enterprise:home"))
    assert reference in waiting
    assert "8,400,120" in waiting
    maker = words_of(Browser.of(world, "maker01").get("enterprise:home"))
    assert reference in maker
    assert SECOND.name in maker


def test_whoever_holds_no_right_on_money_sees_none(world: World) -> None:
    page = Browser.of(world, "security1").get("enterprise:home")
    assert page.status_code == 200
    assert "8,400,120" not in words_of(page)


@pytest.mark.req("CERT-2", "AUTH-4")
def test_a_person_with_a_letter_is_led_to_taking_the_card_into_use_first(world: World) -> None:
    user = world.second.people["release1"]
    certificates.issue_letter(holder_id=user.pk, actor=None, now=world.now)
    browser = Browser.of(world, "release1", world.second)
    assert browser.get("enterprise:home")["Location"] == "/certificates/card/"
    assert browser.get("enterprise:enrol_card").context["page"]["state"] == "ready"
    assert browser.get("enterprise:certificates").status_code == 200


def test_the_card_page_says_when_there_is_no_letter_or_already_a_card(world: World) -> None:
    holder = Browser.of(world, "release1").get("enterprise:enrol_card")
    assert holder.context["page"]["state"] == "has_card"
    without = Browser.of(world, "release1", world.second).get("enterprise:enrol_card")
    assert without.context["page"]["state"] == "no_letter"


# --- sign-ins and certificates -------------------------------------------------------------------
@pytest.mark.req("AUTH-8")
def test_the_own_sign_ins_are_listed_and_only_those(world: World) -> None:
    Browser.of(world, "maker02", HTTP_USER_AGENT="Somebody else's browser")
    first = Browser.of(world, "maker01", HTTP_USER_AGENT="<b>Netscape</b>")
    first.post("enterprise:sign_out")
    browser = Browser.of(world, "maker01")
    page = browser.get("enterprise:sessions")
    words = words_of(page)
    assert "<b>Netscape</b>" in words
    assert "<b>Netscape" not in page.content.decode()
    assert "Somebody else" not in words
    assert browser.session_key not in page.content.decode()
    assert browser.session.key_sha256 not in page.content.decode()


def test_own_lists_cost_the_same_with_one_row_and_with_three(world: World) -> None:
    browser = Browser.of(world, "maker01")
    one = statements(browser, "enterprise:sessions")
    own = browser.session
    for number in (1, 2):
        Session.objects.create(
            key_sha256=f"{number:064}", site=own.site, user=own.user, address=own.address,
            agent="x", idle_minutes=10, started_at=own.started_at, seen_at=own.seen_at,
            expires_at=own.expires_at, ended_at=own.seen_at, ended_why="idle",
        )  # fmt: skip
    assert one == statements(browser, "enterprise:sessions") <= 5

    signer = Browser.of(world, "release1")
    one = statements(signer, "enterprise:certificates")
    now = clock.now()
    for _ in range(2):
        certificates.issue_letter(holder_id=signer.holder.user.pk, actor=None, now=now)
    assert one == statements(signer, "enterprise:certificates") <= 7


# --- staying and leaving -------------------------------------------------------------------------
@pytest.mark.req("SES-1")
def test_staying_moves_the_end_and_idling_past_it_does_not(world: World) -> None:
    browser = Browser.of(world, "maker01")
    long_ago = clock.now() - timedelta(minutes=9)
    Session.objects.update(seen_at=long_ago)
    assert browser.post("enterprise:stay").status_code == 204
    assert browser.session.seen_at > long_ago
    Session.objects.update(seen_at=clock.now() - timedelta(minutes=10, seconds=1))
    assert browser.post("enterprise:stay").status_code == 302
    assert browser.get("enterprise:home").status_code == 302


@pytest.mark.req("SES-1")
def test_a_session_ends_after_eight_hours_however_busy(world: World) -> None:
    browser = Browser.of(world, "maker01")
    assert browser.session.expires_at - browser.session.started_at == timedelta(hours=8)
    Session.objects.update(
        started_at=clock.now() - timedelta(hours=9), expires_at=clock.now() - timedelta(seconds=1)
    )
    assert browser.get("enterprise:home").status_code == 302


# --- language ------------------------------------------------------------------------------------
def test_the_chosen_language_is_kept_for_the_person_and_the_browser(world: World) -> None:
    browser = Browser.of(world, "maker01")
    form = form_with(browser.get("transfers:accounts"), "next")
    answer = browser.client.post(form.action, form.fields | {"language": "en"})
    assert answer["Location"] == "/accounts/"
    assert User.objects.get(pk=browser.holder.user.pk).language == "en"
    assert 'lang="en"' in browser.get("transfers:accounts").content.decode()
    again = Client()
    again.cookies[settings.SESSION_COOKIE_NAME] = browser.session_key
    assert browser.client.cookies[settings.LANGUAGE_COOKIE_NAME]["httponly"]


def test_a_language_that_is_not_offered_changes_nothing(world: World) -> None:
    browser = Browser.of(world, "maker01")
    for language in ("de", "", "zh-hans", "../en", "EN"):
        assert browser.post("set_language", language=language, next="/").status_code == 302
    assert User.objects.get(pk=browser.holder.user.pk).language == "zh-hant"


# Words that are the same in every language, and what customers and the bank wrote themselves.
SAME = {"TWD", "USD", "PIN", "English", "service", "bank", "example", "CSV", "XLSX", "JavaScript"}


SPOKEN = re.compile(
    r'(?:aria-label|title|placeholder|data-text[\w-]*|data-message[\w-]*)="([^"]*)"'
)
# Not part of an address, a place to fill in, the end of a serial number or a reference.
WORD = re.compile(r"(?<![\w.@{…-])[A-Za-z]{3,}(?![\w-]*\d)")


def said_on(page: HttpResponse) -> str:
    """Return what a page says, shown or read aloud, without random codes."""
    markup = re.sub(r'<span class="code">[^<]*</span>', "", page.content.decode())
    return " ".join([text_of(markup), *SPOKEN.findall(markup)])


@pytest.mark.parametrize("login", ["maker01", "review1a", "release1", "security2"])
def test_a_chinese_reader_meets_no_english(world: World, login: str) -> None:
    maker = world.holder("maker01", card=False)
    references = [submit(world, maker, amount) for amount in (5_000, 20_000)]
    browser = Browser.of(world, login)
    held = signing_certificate(world.first.people["release1"].pk)
    serial = held.serial_number if held else ""
    pages = [
        browser.get(name)
        for name in (
            "enterprise:home",
            "enterprise:certificates",
            "enterprise:enrol_card",
            "enterprise:sessions",
            "approvals:inbox",
            "transfers:orders",
            "transfers:accounts",
            "transfers:new",
        )
    ]
    pages += [
        browser.get("enterprise:company_certificates"),
        browser.get("enterprise:company_certificate", serial),
    ]
    pages += [browser.get("approvals:request", reference) for reference in references]
    pages += [browser.get("approvals:confirm", reference) for reference in references]
    pages += [
        browser.get("approvals:inbox", tab="all"),
        browser.get("transfers:account", "100000000011"),
        browser.post("approvals:withdraw", references[0]),
        browser.post("approvals:review", references[1]),
        browser.get("approvals:submit", references[1]),
        browser.client.get("/nowhere/"),
        Client().get("/sign-in/"),
    ]
    for page in pages:
        found = set(WORD.findall(said_on(page))) - SAME
        assert found == set(), (page.request["PATH_INFO"], found)
