"""What is said, in whose language, and what may never be said."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.utils.translation import gettext_lazy, override
from hypothesis import given, strategies as st

from alerts.errors import UnknownEvent
from alerts.render import GSM_7, SMS_WIDE_CHARACTERS, Channel, Event, harmless, render
from tests.factories.alerts import FACTS

LANGUAGES = [code for code, _ in settings.LANGUAGES]
LINK = re.compile(r"https?:|\w\.[a-z]{2,}", re.IGNORECASE)


@pytest.mark.req("ALR-1")
def test_every_event_has_a_template_and_every_template_an_event() -> None:
    found = {path.stem for path in Path(settings.BASE_DIR, "templates/alerts").glob("*.txt")}
    assert found == {event.value for event in Event}


@pytest.mark.req("ALR-2")
@pytest.mark.parametrize("event", list(Event))
@pytest.mark.parametrize("channel", list(Channel))
def test_every_event_is_worded_on_every_channel_in_both_languages(event: str, channel: str) -> None:
    words = {code: render(event, FACTS, channel=channel, language=code) for code in LANGUAGES}
    assert words["en"] != words["zh-hant"]
    assert words["en"].subject.isascii()
    for wording in (words["zh-hant"].subject, words["zh-hant"].body):
        assert wording.startswith(("【企業網銀】", "您好："))


@pytest.mark.req("ALR-2")
def test_language_is_the_readers_not_the_one_of_the_page() -> None:
    with override("zh-hant"):
        wording = render(Event.REQUEST_RELEASED, FACTS, channel="email", language="en")
    assert wording.body.startswith("Hello,\n\nA request was released and executed.\n")
    assert "Reference: T20261122-48213907\n" in wording.body


@pytest.mark.req("ALR-2")
def test_lazy_facts_are_read_in_the_readers_language() -> None:
    facts = {**FACTS, "kind_name": gettext_lazy("Monday")}
    assert (
        "星期一"
        in render(
            Event.USER_PAUSED,
            {"actor_name": gettext_lazy("Monday")},
            channel="email",
            language="zh-hant",
        ).body
    )
    assert "Monday" in render(Event.REQUEST_RELEASED, facts, channel="sms", language="en").body
    assert "星期一" in render(Event.REQUEST_RELEASED, facts, channel="sms", language="zh-hant").body


def test_deadline_is_written_in_taipei_time() -> None:
    body = render(Event.REQUEST_SUBMITTED, FACTS, channel="email", language="en").body
    assert "To be decided by: 2026-11-25 23:59 (Taipei time)\n" in body


def test_facts_that_are_not_given_leave_no_empty_line() -> None:
    body = render(Event.REQUEST_SUBMITTED, {"reference": "A1"}, channel="email", language="en").body
    assert "Amount" not in body
    assert "Payee" not in body
    assert "None" not in body
    assert "\n\n\n" not in body


def test_words_are_text_not_html() -> None:
    facts = {**FACTS, "payee_name": "Smith & Sons <Ltd>"}
    body = render(Event.REQUEST_RELEASED, facts, channel="email", language="en").body
    assert "Payee: Smith & Sons <Ltd>\n" in body


def test_event_without_template_is_refused() -> None:
    with pytest.raises(UnknownEvent):
        render("approvals.request.forgotten", FACTS, channel="email", language="en")


@pytest.mark.req("ALR-3")
@pytest.mark.parametrize("event", list(Event))
@pytest.mark.parametrize("channel", list(Channel))
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_message_holds_a_link_or_a_whole_account_number(
    event: str, channel: str, language: str
) -> None:
    facts = {
        **FACTS,
        "payee_account_masked": "012345678901",
        "payee_name": "www.win-a-car.example",
        "reason": "pay 0123 4567 8901 instead, see https://bank.evil.example/sign-in?x=1",
    }
    wording = render(event, facts, channel=channel, language=language)
    for text in (wording.subject, wording.body):
        assert not LINK.search(text)
        assert "5678" not in text


@pytest.mark.req("ALR-3")
@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("012345678901", "****8901"),
        ("0123-4567-8901", "****8901"),
        ("account 012 345 678 901.", "account ****8901."),
        ("********8901", "****8901"),
        ("invoice 20261122", "invoice 20261122"),
        ("see HTTPS://evil.example", "see evil. example"),
        ("No.3, Sec. 2", "No.3, Sec. 2"),
        ("me@evil.example", "me@evil. example"),
    ],
)
def test_free_text_loses_long_numbers_and_links(typed: str, shown: str) -> None:
    assert harmless(typed) == shown


@pytest.mark.req("ALR-2")
@given(hostile=st.text(max_size=400))
def test_no_fact_breaks_out_of_its_line(hostile: str) -> None:
    facts = dict.fromkeys(FACTS, hostile)
    wording = render(Event.REQUEST_RETURNED, facts, channel="email", language="en")
    plain = render(
        Event.REQUEST_RETURNED, dict.fromkeys(FACTS, "x"), channel="email", language="en"
    )
    assert len(wording.subject) <= 120
    assert wording.subject.splitlines() in ([wording.subject], [])
    assert len(wording.body.split("\n")) <= len(plain.body.split("\n"))
    assert "\r" not in wording.body


@pytest.mark.req("ALR-2")
def test_subject_takes_no_header_with_it() -> None:
    facts = {**FACTS, "kind_name": "Transfer\r\nBcc: everyone@evil.example\u202e"}
    subject = render(Event.REQUEST_RELEASED, facts, channel="email", language="en").subject
    assert subject.startswith("e-Banking: Transfer Bcc: everyone@evil")
    assert "\u202e" not in subject


@pytest.mark.parametrize("event", list(Event))
def test_short_messages_fit_one_part_with_usual_facts(event: str) -> None:
    chinese = {**FACTS, "kind_name": "臺幣轉帳"}
    assert len(render(event, chinese, channel="sms", language="zh-hant").body) <= 70
    english = render(event, FACTS, channel="sms", language="en").body
    assert len(english) <= 160
    assert GSM_7.issuperset(english)


def test_short_messages_never_grow_beyond_two_parts() -> None:
    facts = {**FACTS, "kind_name": "轉" * 500}
    body = render(Event.REQUEST_RELEASED, facts, channel="sms", language="zh-hant").body
    assert len(body) == SMS_WIDE_CHARACTERS
    assert body.endswith("...")
