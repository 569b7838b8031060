"""Transfers and accounts over HTTP: checked, kept, refused, shown, counted."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.urls import reverse

from alerts.models import Message
from approvals.models import Request, Revision
from kernel import ids
from kernel.clock import business_date
from kernel.money import Money
from ledger import operations as ledger, queries as books
from tests.factories.counting import counted_statements
from tests.factories.http import (
    Browser,
    form_to,
    form_with,
    order_fields,
    reference_in,
    words_of,
)
from tests.factories.world import FROM, PAYEE, World, decide, draft, submit
from transfers.models import Limit, PaymentOrder
from transfers.operations import set_limit


def state(reference: str) -> str:
    return str(Request.objects.get(reference=reference).state)


# --- once, and nothing lost ----------------------------------------------------------------------
@pytest.mark.req("TRF-8")
def test_the_form_sent_twice_makes_one_transfer(world: World) -> None:
    maker = Browser.of(world, "maker01")
    fields = order_fields()
    first, second = (maker.client.post("/transfers/new/", fields) for _ in range(2))
    assert first.status_code == second.status_code == 302
    assert first["Location"] == second["Location"]
    assert PaymentOrder.objects.count() == 1
    assert maker.client.post("/transfers/new/", fields | {"amount": "9"}).status_code == 302
    assert str(PaymentOrder.objects.get().amount) == "5000.0000"


@pytest.mark.req("TRF-8")
def test_two_open_forms_make_two_transfers(world: World) -> None:
    maker = Browser.of(world, "maker01")
    assert reference_in(maker.new_order()) != reference_in(maker.new_order())


@pytest.mark.req("DUAL-1", "SES-3")
def test_what_is_on_its_way_is_not_edited(world: World) -> None:
    maker = Browser.of(world, "maker01")
    reference = reference_in(maker.new_order())
    form = form_with(maker.get("transfers:edit", reference), "amount")
    maker.submit(reference)
    back = reverse("approvals:request", args=[reference])
    assert maker.get("transfers:edit", reference)["Location"] == back
    assert maker.get("transfers:check", reference)["Location"] == back
    changed = form.fields | {"amount": "9,999,999"}
    assert maker.post("transfers:edit", reference, **changed)["Location"] == back
    assert str(PaymentOrder.objects.get(reference=reference).amount) == "5000.0000"
    assert Revision.objects.filter(request__reference=reference).count() == 1


@pytest.mark.req("TRF-6", "LIM-3")
def test_the_limit_that_binds_is_named_with_what_is_left(world: World) -> None:
    maker = Browser.of(world, "maker01", english=True)
    above = reference_in(maker.new_order(amount="3,000,001"))
    answer = maker.submit(above)
    assert answer.status_code == 422
    assert "The limit of the company for one transfer is TWD 3,000,000." in words_of(answer)
    submit(world, world.holder("maker01", card=False), 2_999_999)
    second = reference_in(maker.new_order(amount="2,500,000"))
    answer = maker.submit(second)
    assert answer.status_code == 422
    words = words_of(answer)
    assert "The daily limit of the company is TWD 5,000,000; TWD 2,000,001 of it is left" in words
    assert state(above) == state(second) == "DRAFT"
    assert maker.get("transfers:check", second).status_code == 200


@pytest.mark.req("TRF-6", "LIM-2")
def test_without_the_funds_nothing_is_submitted(world: World) -> None:
    now = world.now
    with transaction.atomic():
        ledger.place_hold(
            account_id=world.first.accounts[FROM], money=Money(Decimal(8_400_000), "TWD"),
            key="other", now=now,
        )  # fmt: skip
    maker = Browser.of(world, "maker01", english=True)
    reference = reference_in(maker.new_order(amount="121"))
    answer = maker.submit(reference)
    assert answer.status_code == 422
    assert "120" in answer.context["page"].alert["text"]
    assert state(reference) == "DRAFT"
    assert not Revision.objects.filter(request__reference=reference).exists()
    assert maker.submit(reference_in(maker.new_order(amount="120"))).status_code == 302


def frozen(number: str) -> Callable[[World], None]:
    def freeze(world: World) -> None:
        found = books.account_by_number(number)
        assert found is not None
        ledger.freeze_account(account_id=found.id, actor="system", reason="扣押", now=world.now)

    return freeze


def lowered(world: World) -> None:
    with transaction.atomic():
        set_limit(
            company=world.company, source=Limit.Source.OWN, currency="TWD",
            per_transaction=Decimal(4_000), per_day=Decimal(10_000),
            effective_from=business_date(world.now), actor="system", now=world.now,
        )  # fmt: skip


HINDRANCES = {
    "the account it comes from is frozen": frozen(FROM),
    "the account it goes to is frozen": frozen(PAYEE),
    "the limit was lowered": lowered,
}


@pytest.mark.req("TRF-6", "LIM-3")
@pytest.mark.parametrize("what", HINDRANCES)
def test_what_stops_a_release_is_said_and_the_request_stays_where_it_was(
    world: World, what: str
) -> None:
    reference = submit(world, world.holder("maker01", card=False), 5_000)
    releaser = Browser.of(world, "release1")
    signed = releaser.signed(reference, "release")
    HINDRANCES[what](world)
    before = books.account_by_number(FROM), books.account_by_number(PAYEE)
    answer = releaser.post("approvals:release", reference, **signed)
    assert answer.status_code == 422
    assert answer.context["page"].alert["tone"] == "bad"
    assert "%(" not in words_of(answer)
    assert state(reference) == "PENDING"
    assert (books.account_by_number(FROM), books.account_by_number(PAYEE)) == before
    assert list(books.verify()) == []
    assert not Message.objects.filter(event="approvals.request.released").exists()
    # What was signed was not used up by the refusal: the same form may be sent again.
    if what.endswith("frozen"):
        number = FROM if "from" in what else PAYEE
        found = books.account_by_number(number)
        assert found is not None
        ledger.unfreeze_account(account_id=found.id, actor="system", reason="解除", now=world.now)
        assert releaser.post("approvals:release", reference, **signed).status_code == 302


# --- shown as text -------------------------------------------------------------------------------
SCRIPT = "</td><script>alert(1)</script>&amp;"


@pytest.mark.req("TRF-7")
def test_script_in_payee_memo_and_reason_is_text_on_every_page_that_shows_it(
    world: World,
) -> None:
    maker = Browser.of(world, "maker01")
    made = maker.new_order(amount="20,000", payee_name=SCRIPT, memo=SCRIPT)
    reference = reference_in(made)
    reviewer = Browser.of(world, "review1a")
    pages = [maker.get("transfers:check", reference), maker.get("transfers:edit", reference)]
    maker.submit(reference)
    pages += [maker.get("approvals:confirm", reference), reviewer.get("approvals:inbox")]
    reviewer.decide(reference, "return", SCRIPT)
    pages += [maker.get("approvals:request", reference), maker.get("transfers:edit", reference)]
    maker.submit(reference)
    reviewer.decide(reference, "review")
    Browser.of(world, "release1").decide(reference, "release")
    pages += [
        maker.get("approvals:request", reference),
        maker.get("transfers:orders"),
        maker.get("transfers:orders", text=SCRIPT),
        maker.get("transfers:account", FROM),
        maker.get("enterprise:home"),
        reviewer.get("approvals:inbox", tab="decided", text=SCRIPT),
        Browser.of(world, "maker01", world.second).get("transfers:account", PAYEE),
    ]
    for page in pages:
        assert page.status_code == 200
        text = page.content.decode()
        assert "<script>alert" not in text
        assert "&amp;amp;" in text


@pytest.mark.req("ALR-3")
def test_messages_carry_the_text_in_one_line_and_no_full_account(world: World) -> None:
    maker = Browser.of(world, "maker01")
    maker.submit(reference_in(maker.new_order(payee_name=SCRIPT)))
    for message in Message.objects.filter(event="approvals.request.submitted"):
        assert PAYEE not in message.subject + message.body
        assert "\n" not in message.subject


# --- lists ---------------------------------------------------------------------------------------
def test_lists_are_searched_and_paged(world: World) -> None:
    holder = world.holder("maker01", card=False)
    references = [draft(world, holder, 1_000 + number) for number in range(27)]
    maker = Browser.of(world, "maker01")
    first = maker.get("transfers:orders")
    assert len(first.context["page"]["rows"]) == 25
    rest = maker.client.get(first.context["page"]["paging"]["next_url"])
    assert len(rest.context["page"]["rows"]) == 2
    assert rest.context["page"]["paging"]["next_url"] == ""
    shown = [row["reference"] for page in (first, rest) for row in page.context["page"]["rows"]]
    assert shown == references[::-1]
    mine = maker.get("approvals:inbox", tab="mine")
    more = maker.client.get(mine.context["page"]["paging"]["next_url"])
    both = [row["reference"] for page in (mine, more) for row in page.context["page"]["rows"]]
    assert sorted(both) == sorted(references)
    one = maker.get("transfers:orders", text=references[3][-6:])
    assert [row["reference"] for row in one.context["page"]["rows"]] == [references[3]]
    assert not maker.get("transfers:orders", text="%").context["page"]["rows"]
    assert not maker.get("transfers:orders", text="_").context["page"]["rows"]


def released(world: World) -> str:
    reference = submit(world, world.holder("maker01", card=False), 20_000)
    decide(world, world.holder("review1a"), reference, "review")
    return decide(world, world.holder("release1"), reference, "release")


def pending(world: World) -> str:
    return submit(world, world.holder("maker01", card=False), 20_000)


# Each list: who reads it, its query, what adds a row, and the most statements it may take.
LISTS: dict[str, tuple[str, str, dict[str, str], Callable[[World], str], int]] = {
    "inbox, waiting": ("review1a", "approvals:inbox", {"tab": "waiting"}, pending, 9),
    "inbox, mine": ("maker01", "approvals:inbox", {"tab": "mine"}, pending, 8),
    "inbox, all": ("maker01", "approvals:inbox", {"tab": "all"}, released, 8),
    "inbox, decided": ("review1a", "approvals:inbox", {"tab": "decided"}, released, 8),
    "transfers": ("maker01", "transfers:orders", {}, released, 6),
    "home": ("review1a", "enterprise:home", {}, pending, 17),
    "home of a maker": ("maker01", "enterprise:home", {}, released, 15),
    "accounts": ("maker01", "transfers:accounts", {}, released, 5),
}


def statements(browser: Browser, name: str, query: dict[str, str], *args: str) -> int:
    with counted_statements() as found:
        answer: HttpResponse = browser.get(name, *args, **query)
    assert answer.status_code == 200
    return len(found)


@pytest.mark.parametrize("what", LISTS)
def test_a_list_costs_the_same_with_one_row_and_with_three(world: World, what: str) -> None:
    login, name, query, add, most = LISTS[what]
    add(world)
    browser = Browser.of(world, login)
    browser.get(name, **query)
    one = statements(browser, name, query)
    add(world)
    add(world)
    three = statements(browser, name, query)
    assert one == three <= most


def test_an_accounts_movements_cost_the_same_with_one_row_and_with_three(world: World) -> None:
    released(world)
    browser = Browser.of(world, "maker01")
    browser.get("transfers:account", FROM)
    one = statements(browser, "transfers:account", {}, FROM)
    released(world)
    released(world)
    assert one == statements(browser, "transfers:account", {}, FROM) <= 10


@pytest.mark.parametrize(("amount", "login"), [(5_000, "release1"), (2_000_000, "review1a")])
def test_a_decision_page_costs_a_bounded_number_of_statements(
    world: World, amount: int, login: str
) -> None:
    reference = submit(world, world.holder("maker01", card=False), amount)
    browser = Browser.of(world, login)
    browser.get("approvals:request", reference)
    assert statements(browser, "approvals:request", {}, reference) <= 30


# --- the check page ------------------------------------------------------------------------------
@pytest.mark.req("FLOW-2", "FLOW-4", "LIM-3")
def test_the_check_page_shows_flow_people_and_limits_before_submitting(world: World) -> None:
    maker = Browser.of(world, "maker01")
    reference = reference_in(maker.new_order(amount="50,000"))
    page = maker.get("transfers:check", reference)
    words = words_of(page)
    for wanted in ("編輯→初審→放行", "TWD 50,000", "伍萬元整", "黃淑芬", "吳建宏", "王大同"):
        assert wanted in words, wanted
    form = form_to(page, reverse("approvals:submit", args=[reference]))
    assert form.fields["idempotency_key"]
    assert not PaymentOrder.objects.filter(executed_at__isnull=False).exists()


@pytest.mark.req("SES-3")
def test_a_step_that_was_skipped_finds_no_request(world: World) -> None:
    maker = Browser.of(world, "maker01")
    key = {"idempotency_key": ids.token()}
    assert maker.post("approvals:submit", "T20260101-00000000", **key).status_code == 404
    assert maker.get("transfers:check", "T20260101-00000000").status_code == 404
    assert maker.get("transfers:edit", "T20260101-00000000").status_code == 404


def test_an_edit_page_of_a_colleague_may_be_used_and_makes_them_an_editor(world: World) -> None:
    reference = draft(world, world.holder("maker01", card=False))
    other = Browser.of(world, "maker02")
    form = form_with(other.get("transfers:edit", reference), "amount")
    fields = form.fields | {"amount": "6,000"}
    assert other.post("transfers:edit", reference, **fields).status_code == 302
    assert Request.objects.get(reference=reference).editors.count() == 2
