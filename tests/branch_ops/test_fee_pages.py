"""Fees on the staff site: found, taken, waived and refunded by the people of one branch (FEE-1)."""

from __future__ import annotations

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from approvals.models import Request
from branch_ops.models import FeeItem
from branch_ops.queries.fees import settled
from branch_ops.states import FeeState, PaidFrom, Tariff
from tests.factories.http import Browser, form_to, reference_in, words_of
from tests.factories.stock import charge, designate, let_branches_decide
from tests.factories.world import FROM, World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("staff_site")]


@pytest.fixture
def maker(world: World) -> Browser:
    """Return the browser of a maker of the first company's branch."""
    let_branches_decide(world)
    return Browser.officer(world, "branch001", english=True)


def sent(maker: Browser, page: HttpResponse, name: str, fee_id: int, **typed: str) -> HttpResponse:
    """Fill in and send the form of a fee's page that leads to this address."""
    form = form_to(page, reverse(name, args=[fee_id]))
    return maker.client.post(form.action, {**form.fields, **typed})


def release(world: World, reference: str, maker: Browser) -> None:
    """Submit a proposal and let a checker of the branch sign it in the browser."""
    page = maker.get("approvals:request", reference)
    form = form_to(page, reverse("approvals:submit", args=[reference]))
    maker.client.post(form.action, form.fields)
    checker = Browser.officer(world, "branch011", card=True, english=True)
    assert reference_in(checker.decide(reference, "release")) == reference


# --- finding -------------------------------------------------------------------------------------
@pytest.mark.req("FEE-1", "CERT-7")
def test_fees_are_found_by_company_state_and_what_they_are_for(
    world: World, maker: Browser
) -> None:
    charge(world, "certificate:7", Tariff.ISSUE)
    charge(world, "certificate:8", Tariff.REPRINT)
    everything = words_of(maker.get("fees:items"))
    assert "Certificate, first application" in everything
    assert "Letter, printed again" in everything
    assert "TWD 1,000" in everything
    found = words_of(maker.get("fees:items", text="certificate:7"))
    assert "Letter, printed again" not in found.split("Charged")[-1]
    by_company = words_of(maker.get("fees:items", text=world.company.code[:4], state="DUE"))
    assert world.company.name in by_company
    assert "Nothing matches" in words_of(maker.get("fees:items", state="PAID"))


@pytest.mark.req("FEE-1", "DEL-4")
def test_another_branch_sees_nothing_of_a_fee(world: World, maker: Browser) -> None:
    fee_id = charge(world)
    stranger = Browser.officer(world, "branch002", english=True)
    assert world.company.name not in words_of(stranger.get("fees:items"))
    assert stranger.get("fees:item", fee_id).status_code == 404
    for name in ("fees:collect", "fees:waiver", "fees:refund"):
        assert stranger.post(name, fee_id, reason="x").status_code == 404
    assert FeeItem.objects.get().state == FeeState.DUE


@pytest.mark.req("DEL-7")
def test_a_checker_reads_fees_and_takes_none(world: World, maker: Browser) -> None:
    fee_id = charge(world)
    checker = Browser.officer(world, "branch011", english=True)
    page = checker.get("fees:item", fee_id)
    assert page.status_code == 200
    assert "Take the fee" not in words_of(page)
    assert "Propose" not in words_of(page)
    assert checker.post("fees:collect", fee_id).status_code == 403
    assert checker.post("fees:waiver", fee_id).status_code == 403


@pytest.mark.parametrize("rows", [1, 3])
def test_a_list_of_fees_takes_the_same_number_of_statements(
    world: World, maker: Browser, rows: int
) -> None:
    maker.get("fees:items")
    for number in range(rows):
        charge(world, f"certificate:{number + 1}")
    with CaptureQueriesContext(connection) as captured:
        page = maker.get("fees:items")
    assert words_of(page).count("TWD 1,500") == rows
    assert len(captured.captured_queries) == 7


# --- taking --------------------------------------------------------------------------------------
@pytest.mark.req("FEE-1")
def test_the_fee_is_taken_from_the_account(world: World, maker: Browser) -> None:
    designate(world, FROM)
    fee_id = charge(world)
    page = maker.get("fees:item", fee_id)
    assert "Fee account 1000 0000 0011, available TWD 8,400,120" in words_of(page)
    answer = sent(maker, page, "fees:collect", fee_id, from_=PaidFrom.ACCOUNT)
    assert answer.status_code == 302
    shown = words_of(maker.client.get(answer["Location"]))
    assert "The fee is paid." in shown
    assert f"FEE-{fee_id}" in shown
    assert "Fee paid" in shown
    again = sent(maker, page, "fees:collect", fee_id, from_=PaidFrom.ACCOUNT)
    assert again.status_code == 302
    assert settled("certificate:1")


@pytest.mark.req("FEE-1")
def test_the_counter_needs_a_receipt_and_keeps_what_was_typed(world: World, maker: Browser) -> None:
    fee_id = charge(world)
    page = maker.get("fees:item", fee_id)
    assert "designated no fee account" in words_of(page)
    answer = sent(maker, page, "fees:collect", fee_id, from_=PaidFrom.COUNTER)
    assert answer.status_code == 422
    assert "Enter the number of the receipt." in words_of(answer)
    again = form_to(answer, reverse("fees:collect", args=[fee_id]))
    assert again.fields["from_"] == PaidFrom.COUNTER
    done = sent(
        maker, page, "fees:collect", fee_id, from_=PaidFrom.COUNTER, receipt_number=" R-77 "
    )
    assert "R-77" in words_of(maker.client.get(done["Location"]))
    assert "R-77" in FeeItem.objects.get().receipt_number


def test_no_way_of_paying_is_no_way(world: World, maker: Browser) -> None:
    fee_id = charge(world)
    page = maker.get("fees:item", fee_id)
    answer = sent(maker, page, "fees:collect", fee_id, from_=PaidFrom.ACCOUNT)
    assert answer.status_code == 422
    assert FeeItem.objects.get().state == FeeState.DUE


@pytest.mark.req("FEE-1")
def test_who_comes_later_reads_that_it_is_done(world: World, maker: Browser) -> None:
    fee_id = charge(world)
    page = maker.get("fees:item", fee_id)
    typed = {"from_": PaidFrom.COUNTER, "receipt_number": "R-1"}
    sent(maker, page, "fees:collect", fee_id, **typed)
    second = Browser.officer(world, "branch003", english=True)
    fields = {**form_to(page, reverse("fees:collect", args=[fee_id])).fields, **typed}
    answer = second.post("fees:collect", fee_id, **fields)
    assert answer.status_code == 422
    assert "dealt with in the meantime" in words_of(answer)


# --- two people ----------------------------------------------------------------------------------
@pytest.mark.req("FEE-1", "DUAL-1", "DUAL-5", "DUAL-6")
def test_a_waiver_is_proposed_by_one_and_released_by_another(world: World, maker: Browser) -> None:
    fee_id = charge(world)
    page = maker.get("fees:item", fee_id)
    reference = reference_in(sent(maker, page, "fees:waiver", fee_id, reason="Our mistake"))
    proposal = words_of(maker.get("approvals:request", reference))
    assert "TWD 1,500" in proposal
    assert "was: Due" in proposal
    waiting = maker.get("fees:item", fee_id)
    assert reference in words_of(waiting)
    assert "Propose a waiver" not in words_of(waiting)
    second = Browser.officer(world, "branch003", english=True)
    refused = sent(second, page, "fees:waiver", fee_id, reason="Again")
    assert refused.status_code == 422
    assert "already under way" in words_of(refused)
    release(world, reference, maker)
    fee = FeeItem.objects.get()
    assert (fee.state, fee.waiver_reference) == (FeeState.WAIVED, reference)
    assert settled("certificate:1")


@pytest.mark.req("FEE-1", "DUAL-6")
def test_a_refund_is_proposed_by_one_and_released_by_another(world: World, maker: Browser) -> None:
    designate(world, FROM)
    fee_id = charge(world)
    page = maker.get("fees:item", fee_id)
    assert "Propose a refund" not in words_of(page)
    sent(maker, page, "fees:collect", fee_id, from_=PaidFrom.ACCOUNT)
    paid = maker.get("fees:item", fee_id)
    assert "Propose a waiver" not in words_of(paid)
    reference = reference_in(sent(maker, paid, "fees:refund", fee_id, reason="Withdrawn"))
    release(world, reference, maker)
    assert FeeItem.objects.get().state == FeeState.REFUNDED
    assert "Refunded" in words_of(maker.get("fees:item", fee_id))


@pytest.mark.req("DUAL-5")
def test_a_fee_paid_meanwhile_is_not_waived(world: World, maker: Browser) -> None:
    fee_id = charge(world)
    page = maker.get("fees:item", fee_id)
    reference = reference_in(sent(maker, page, "fees:waiver", fee_id, reason="Our mistake"))
    sent(maker, page, "fees:collect", fee_id, from_=PaidFrom.COUNTER, receipt_number="R-1")
    draft = maker.get("approvals:request", reference)
    form = form_to(draft, reverse("approvals:submit", args=[reference]))
    answer = maker.client.post(form.action, form.fields)
    assert answer.status_code == 422
    assert "Only a fee that is due can be waived" in words_of(answer)
    assert Request.objects.get().state == "DRAFT"


@pytest.mark.req("DUAL-3")
def test_the_reason_is_edited_while_nobody_was_asked(world: World, maker: Browser) -> None:
    fee_id = charge(world)
    page = maker.get("fees:item", fee_id)
    assert sent(maker, page, "fees:waiver", fee_id, reason=" ").status_code == 422
    reference = reference_in(sent(maker, page, "fees:waiver", fee_id, reason="Mistake"))
    edit = maker.get("fees:edit", reference)
    answer = maker.post(
        "fees:edit", reference, **{**form_to(edit, "").fields, "reason": "Our own mistake"}
    )
    assert "Our own mistake" in words_of(maker.client.get(answer["Location"]))
    stranger = Browser.officer(world, "branch002", english=True)
    assert stranger.get("fees:edit", reference).status_code == 404


@pytest.mark.parametrize("language", ["en", "zh-hant"])
def test_the_pages_are_in_one_language(world: World, maker: Browser, language: str) -> None:
    fee_id = charge(world)
    reader = Browser.officer(world, "branch003", english=language == "en")
    for page in (reader.get("fees:items"), reader.get("fees:item", fee_id)):
        text = words_of(page)
        assert ("Fees" in text) == (language == "en")
        assert ("手續費" in text or "費用" in text) == (language == "zh-hant")
