"""Everything a hostile or hurried hand types into a transfer, and what is said about it.

Each row: the field, what was typed, a word of the answer beside the field in both languages.
Nothing is ever written, and what was typed stays in the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from html import escape
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.http import HttpResponse
from django.test import Client

from approvals.models import Request
from audit.models import Entry
from identity.models import FormPost
from kernel import clock
from kernel.clock import business_date
from kernel.money import Money
from ledger import operations as ledger
from ledger.models import Account, Hold
from tests.factories.http import Browser, form_with, order_fields, reference_in
from tests.factories.world import FROM, OTHER_FROM, PAYEE, World
from transfers.models import PaymentOrder, Reservation

CATALOGUE = Path(__file__).parents[2] / "locale" / "zh_Hant" / "LC_MESSAGES" / "django.po"
DIGITS = "Enter the amount in digits, for example 1,234,567."
TWELVE = "Enter the 12 digits of the account."
NONE = "There is no open account of this number at our bank."
TODAY = "Choose today's date: transfers are executed on the day they are released."
HIDDEN = "The text holds a character that is invisible or changes the direction of writing."
MIXED = "A word mixes letters of different alphabets that look alike."
CHOOSE = "Choose one of the accounts you may transfer from."
REQUIRED = "This field is required."
VALID_DATE = "Enter a valid date."
OTHER_CURRENCY = "The payee's account is kept in USD; choose an account of that currency."
BANKS_OWN, CLOSED, FROZEN = "900000000001", "200000000301", "200000000302"

AMOUNTS = {
    "-1": DIGITS,
    "+1": DIGITS,
    "1e9": DIGITS,
    "1E3": DIGITS,
    "０": DIGITS,
    "\uff11\uff12": DIGITS,
    "٣٤٥": DIGITS,
    "12,34": DIGITS,
    "1,2345": DIGITS,
    ",123": DIGITS,
    "1,234,": DIGITS,
    "1.234.567": DIGITS,
    "1 234": DIGITS,
    "1'234": DIGITS,
    "1_000": DIGITS,
    "0x10": DIGITS,
    "NaN": DIGITS,
    "Infinity": DIGITS,
    "TWD 100": DIGITS,
    "$100": DIGITS,
    "100元": DIGITS,
    "一百": DIGITS,
    ".5": DIGITS,
    "5.": DIGITS,
    "--5": DIGITS,
    "<script>alert(1)</script>": DIGITS,
    "' OR 1=1 --": DIGITS,
    "100000000000000000000": "The amount is too large.",
    "1000000000000000": "The amount is too large.",
    "0": "Enter an amount above zero.",
    "0.00": "Enter an amount above zero.",
    "000": "Enter an amount above zero.",
    "10.50": "This currency is paid in whole amounts, without decimals.",
    "0.001": "This currency is paid in whole amounts, without decimals.",
    "": REQUIRED,
    "   ": REQUIRED,
    "1" * 31: "Ensure this value has at most 30 characters (it has 31).",
}
PAYEES = {
    "12345678901": TWELVE,
    "1234567890123": TWELVE,
    "20000000001A": TWELVE,
    "\uff12００００００００００\uff11": TWELVE,
    "200000000012; DROP TABLE": "Ensure this value has at most 20 characters (it has 24).",
    "999999999999": NONE,
    CLOSED: NONE,
    FROZEN: NONE,
    BANKS_OWN: NONE,
    "200000000020": OTHER_CURRENCY,
    FROM: "The payee's account is the account the money comes from.",
    OTHER_FROM: OTHER_CURRENCY,
    "": REQUIRED,
}
SOURCES = {PAYEE: CHOOSE, "999999999999": CHOOSE, "": REQUIRED, "abc": CHOOSE}
TEXTS = {
    "王\u202e小明": HIDDEN,
    "王\u200b小明": HIDDEN,
    "王\u2066小明": HIDDEN,
    "王\ufeff小明": HIDDEN,
    "王\u00ad小明": HIDDEN,
    "王\u3164小明": HIDDEN,
    "王\U000e0041小明": HIDDEN,
    "王\u2028小明": HIDDEN,
    "王\n小明": HIDDEN,
    "王\t小明": HIDDEN,
    "王\x1b[31m小明": HIDDEN,
    "\u0410cme": MIXED,
}


@pytest.fixture
def closed_accounts(world: World) -> None:
    """Keep a closed, a frozen and the bank's own account."""
    now = world.now
    for number in (CLOSED, FROZEN):
        ledger.open_account(
            number=number, company_id=world.second.company.pk, currency="TWD", name="舊帳戶",
            opening_balance=0, actor="system", now=now,
        )  # fmt: skip
    Account.objects.filter(number=CLOSED).update(state="CLOSED")
    Account.objects.filter(number=FROZEN).update(state="FROZEN")


def written() -> tuple[int, ...]:
    """Count everything a transfer would write."""
    tables = (PaymentOrder, Request, Hold, Reservation, FormPost, Entry)
    return tuple(model.objects.count() for model in tables)


def kept(reference: str) -> str:
    """Return the amount a transfer was kept with, as pages show it."""
    order = PaymentOrder.objects.get(reference=reference)
    return str(Money(order.amount, order.currency))


@contextmanager
def writes_nothing() -> Iterator[None]:
    before = written()
    yield
    assert written() == before


def refused(browser: Browser, field: str, typed: str) -> HttpResponse:
    """Send a transfer with one field as typed; insist on a page with an error at that field."""
    with writes_nothing():
        answer = browser.client.post("/transfers/new/", order_fields(**{field: typed}))
    assert answer.status_code == 422, typed
    form = answer.context["form"]
    assert set(form.errors) == {field}, (typed, form.errors)
    page = answer.content.decode()
    assert f'id="id_{field}_error"' in page or form.fields[field].widget.is_hidden
    shown = form_with(answer, "amount").fields
    expected = order_fields() | {field: typed}
    for name in ("payee_account", "payee_name", "amount", "value_date", "memo"):
        assert shown[name].strip() == str(expected[name]).strip(), name
    return answer


@pytest.mark.req("TRF-6", "TRF-1")
def test_each_wrong_amount_is_answered_beside_the_field(world: World) -> None:
    browser = Browser.of(world, "maker01", english=True)
    for typed, message in AMOUNTS.items():
        answer = refused(browser, "amount", typed)
        assert answer.context["form"].errors["amount"] == [message], typed


@pytest.mark.req("TRF-6", "TRF-1")
def test_each_wrong_payee_account_is_answered_beside_the_field(
    world: World, closed_accounts: None
) -> None:
    browser = Browser.of(world, "maker01", english=True)
    for typed, message in PAYEES.items():
        answer = refused(browser, "payee_account", typed)
        assert answer.context["form"].errors["payee_account"] == [message], typed


@pytest.mark.req("TRF-6", "TRF-1")
def test_only_own_accounts_can_be_paid_from(world: World) -> None:
    browser = Browser.of(world, "maker01", english=True)
    for typed, message in SOURCES.items():
        answer = refused(browser, "from_account", typed)
        assert answer.context["form"].errors["from_account"] == [message], typed


@pytest.mark.req("TRF-6")
def test_a_frozen_account_cannot_be_paid_from(world: World) -> None:
    browser = Browser.of(world, "maker01", english=True)
    Account.objects.filter(number=FROM).update(state="FROZEN")
    answer = refused(browser, "from_account", FROM)
    assert answer.context["form"].errors["from_account"] == ["This account is frozen or closed."]


@pytest.mark.req("TRF-6", "TRF-5")
def test_only_todays_date_is_taken(world: World) -> None:
    browser = Browser.of(world, "maker01", english=True)
    today = business_date(clock.now())
    dates = {
        (today - timedelta(days=1)).isoformat(): TODAY,
        (today + timedelta(days=1)).isoformat(): TODAY,
        "0001-01-01": TODAY,
        "9999-12-31": TODAY,
        "2026-02-30": VALID_DATE,
        "2026-13-01": VALID_DATE,
        "10000-01-01": VALID_DATE,
        "0000-00-00": VALID_DATE,
        "115/11/22": VALID_DATE,
        "tomorrow": VALID_DATE,
        "-1": VALID_DATE,
        "": REQUIRED,
    }
    for typed, message in dates.items():
        answer = refused(browser, "value_date", typed)
        assert answer.context["form"].errors["value_date"] == [message], typed


@pytest.mark.req("SIGN-1", "TRF-4")
@pytest.mark.parametrize("field", ["payee_name", "memo"])
def test_what_could_not_be_signed_is_refused_as_soon_as_it_is_typed(
    world: World, field: str
) -> None:
    browser = Browser.of(world, "maker01", english=True)
    for typed, message in TEXTS.items():
        with writes_nothing():
            answer = browser.client.post("/transfers/new/", order_fields(**{field: typed}))
        assert answer.status_code == 422, repr(typed)
        assert answer.context["form"].errors == {field: [message]}, repr(typed)


@pytest.mark.req("TRF-6")
def test_texts_that_are_too_long_are_refused_even_when_they_grow_by_composing(
    world: World,
) -> None:
    browser = Browser.of(world, "maker01", english=True)
    for field, longest in (("payee_name", 60), ("memo", 40)):
        for typed, length in (
            ("長" * (longest + 1), longest + 1),
            ("\u0958" * longest, 2 * longest),
        ):
            answer = refused(browser, field, typed)
            assert answer.context["form"].errors[field] == [
                f"Ensure this value has at most {longest} characters (it has {length})."
            ]
        fits = browser.new_order(**{field: "長" * longest})
        assert fits.status_code == 302


def test_nul_bytes_are_refused_in_every_field(world: World) -> None:
    browser = Browser.of(world, "maker01", english=True)
    for field in order_fields():
        with writes_nothing():
            answer = browser.client.post("/transfers/new/", order_fields(**{field: "1\x002"}))
        assert answer.status_code == 422, field
        assert set(answer.context["form"].errors) == {field}


@pytest.mark.req("TRF-8")
def test_a_form_without_its_key_is_refused_and_says_so(world: World) -> None:
    browser = Browser.of(world, "maker01", english=True)
    for key in ("", "k" * 65):
        with writes_nothing():
            answer = browser.client.post("/transfers/new/", order_fields(idempotency_key=key))
        assert answer.status_code == 422
        assert set(answer.context["form"].errors) == {"idempotency_key"}
        assert 'class="error-summary"' in answer.content.decode()


ACCEPTED = {
    "1,234,567": "TWD 1,234,567",
    "1234567": "TWD 1,234,567",
    " 5000 ": "TWD 5,000",
    "5,000.00": "TWD 5,000",
    "0005": "TWD 5",
}


@pytest.mark.req("TRF-1")
def test_an_amount_is_read_as_it_is_meant(world: World) -> None:
    browser = Browser.of(world, "maker01")
    for typed, shown in ACCEPTED.items():
        reference = reference_in(browser.new_order(amount=typed))
        assert kept(reference) == shown, typed


def test_a_payee_account_may_be_typed_in_groups(world: World) -> None:
    browser = Browser.of(world, "maker01")
    for typed in ("2000 0000 0012", "2000-0000-0012", " 200000000012 "):
        reference = reference_in(browser.new_order(payee_account=typed))
        assert PaymentOrder.objects.get(reference=reference).payee_account == PAYEE


@pytest.mark.req("TRF-1")
def test_cents_are_taken_where_the_currency_has_them(world: World) -> None:
    browser = Browser.of(world, "maker01", english=True)
    order = {"from_account": OTHER_FROM, "payee_account": "200000000020"}
    taken = reference_in(browser.new_order(**order, amount="1,234.56"))
    assert kept(taken) == "USD 1,234.56"
    answer = browser.new_order(**order, amount="1.005")
    assert answer.context["form"].errors == {
        "amount": ["This currency is paid with at most 2 decimals."]
    }


def test_every_message_of_the_form_is_told_in_chinese_too(
    world: World, closed_accounts: None
) -> None:
    with CATALOGUE.open("rb") as file:
        english = {str(message.id) for message in read_po(file) if message.id}
    browser = Browser.of(world, "maker01")
    typed = [
        *({"amount": text} for text in AMOUNTS),
        *({"payee_account": text} for text in PAYEES),
        *({"from_account": text} for text in SOURCES),
        *({"memo": text} for text in TEXTS),
        {"value_date": "9999-12-31"},
        {"value_date": "2026-02-30"},
        {"memo": "長" * 41},
        {"memo": "1\x002"},
    ]
    for fields in typed:
        answer = browser.client.post("/transfers/new/", order_fields(**fields))
        for messages in answer.context["form"].errors.values():
            for message in messages:
                assert message not in english
                assert re.search("[\u4e00-\u9fff]", message), message


def test_an_english_reader_meets_no_chinese_in_the_messages(world: World) -> None:
    answer = Browser.of(world, "maker01", english=True).new_order(amount="-1", payee_account="x")
    for messages in answer.context["form"].errors.values():
        assert all(message.isascii() for message in messages)


def test_script_typed_anywhere_is_shown_as_text(world: World) -> None:
    browser = Browser.of(world, "maker01")
    script = '"><script>alert(1)</script>'
    for field in ("payee_account", "payee_name", "amount", "value_date", "memo"):
        page = browser.new_order(**{field: script, "from_account": ""}).content.decode()
        assert "<script>alert" not in page
        assert escape(script).replace("&#x27;", "&#39;") in page


def test_a_form_of_another_content_type_is_refused_without_a_word_written(world: World) -> None:
    browser = Browser.of(world, "maker01")
    with writes_nothing():
        for kind in ("application/json", "text/plain", "text/xml", "multipart/form-data"):
            answer = browser.client.post("/transfers/new/", b'{"amount": "1"}', content_type=kind)
            assert answer.status_code in {400, 422}, kind
            assert "<html" in answer.content.decode()


def test_a_form_of_a_megabyte_is_refused_beside_its_field_and_a_larger_one_at_the_door(
    world: World,
) -> None:
    browser = Browser.of(world, "maker01")
    with writes_nothing():
        large = browser.client.post("/transfers/new/", order_fields(memo="x" * 1_000_000))
        assert large.status_code == 422
        assert "memo" in large.context["form"].errors
        body = "memo=" + "x" * 3_000_000
        kind = "application/x-www-form-urlencoded"
        huge = browser.client.post("/transfers/new/", body, content_type=kind)
        assert huge.status_code == 400
        assert 'class="error-page"' in huge.content.decode()
        many = "&".join(f"f{number}=1" for number in range(2001))
        assert browser.client.post("/transfers/new/", many, content_type=kind).status_code == 400


def test_a_visitor_posting_the_form_is_led_to_the_door(world: World) -> None:
    with writes_nothing():
        answer = Client().post("/transfers/new/", order_fields())
    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/")
