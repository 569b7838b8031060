"""Equipment on the staff site: stock, deliveries, requisitions, giving out, history (EQP-1)."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from branch_ops.models import EquipmentItem, EquipmentRequisition
from branch_ops.queries.equipment import balance
from branch_ops.queries.stock_pages import item_detail
from branch_ops.states import EquipmentKind, Place
from identity.models import Unit
from tests.branch_ops.test_equipment import ask, consume, fulfil, issue
from tests.factories.http import Browser, form_to, reference_in, words_of
from tests.factories.stock import clerk, deliver, let_branches_decide, officer
from tests.factories.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("staff_site")]
READER, STATIONERY = EquipmentKind.READER, EquipmentKind.STATIONERY


@pytest.fixture
def maker(world: World) -> Browser:
    """Return the browser of a maker of the first company's branch."""
    let_branches_decide(world)
    return Browser.officer(world, "branch001", english=True)


@pytest.fixture
def keeper(world: World) -> Browser:
    """Return the browser of the officer who keeps head office's stock."""
    return Browser.officer(world, "pki00001", english=True)


def send(browser: Browser, page_name: str, *args: str, to: str = "", **typed: str):
    """Open a page, fill in its form that leads to an address, and send it."""
    page = browser.get(page_name, *args)
    action = reverse(to, args=args) if to else ""
    form = form_to(page, action)
    return browser.client.post(
        form.action or reverse(page_name, args=args), {**form.fields, **typed}
    )


# --- stock and deliveries ------------------------------------------------------------------------
@pytest.mark.req("EQP-1", "CERT-7")
def test_a_delivery_is_taken_in_and_shown_as_stock(world: World, maker: Browser) -> None:
    wrong = send(
        maker, "equipment:receive", kind="READER", first="RD-0009", last="RD-0001", reference="DN-1"
    )
    assert wrong.status_code == 422
    assert "at most 500 items" in words_of(wrong)
    done = send(
        maker, "equipment:receive", kind="READER", first="rd-0001", last="rd-0009", reference="DN-1"
    )
    shown = words_of(maker.client.get(done["Location"]))
    assert "9 items are in stock." in shown
    assert "營業部 001 Card reader 9 0" in shown
    assert "信義分行" not in shown
    again = send(
        maker, "equipment:receive", kind="READER", first="RD-0009", last="RD-0010", reference="DN-2"
    )
    assert again.status_code == 422
    assert "RD-0009 is on the books already." in words_of(again)


@pytest.mark.req("EQP-1")
def test_head_office_sees_the_stock_of_every_unit(world: World, keeper: Browser) -> None:
    deliver(world, clerk(world), "RD-0001", "RD-0002", READER)
    shown = words_of(keeper.get("equipment:stock"))
    assert "營業部 001 Card reader 2 0" in shown
    assert "信義分行 002 Card reader 0 0" in shown


@pytest.mark.req("EQP-1")
def test_items_are_found_by_number_kind_and_place(world: World, maker: Browser) -> None:
    deliver(world, clerk(world), "RD-0001", "RD-0003", READER)
    deliver(world, clerk(world), "LF-0001", "LF-0002", STATIONERY)
    issue(world, "RD-0002")
    assert "RD-0003" in words_of(maker.get("equipment:items", text="rd-"))
    assert "LF-0001" not in words_of(maker.get("equipment:items", text="rd-"))
    out = words_of(maker.get("equipment:items", place="GIVEN_OUT"))
    assert "RD-0002" in out
    assert world.company.name in out
    assert "RD-0001" not in out
    forms = words_of(maker.get("equipment:items", kind="STATIONERY"))
    assert "LF-0002" in forms
    assert "Nothing matches" in words_of(maker.get("equipment:items", place="WRITTEN_OFF"))


@pytest.mark.req("EQP-1", "CERT-7")
def test_consumption_tells_what_was_used_for_what(world: World, maker: Browser) -> None:
    deliver(world, clerk(world), "LF-0001", "LF-0002", STATIONERY)
    consume(world)
    shown = words_of(maker.get("equipment:movements", kind="ISSUE"))
    assert "LF-0001" in shown
    assert "letter:ABCD" in shown
    assert "LF-0002" not in shown
    stranger = Browser.officer(world, "branch002", english=True)
    assert "LF-0001" not in words_of(stranger.get("equipment:movements"))


# --- one item ------------------------------------------------------------------------------------
@pytest.mark.req("EQP-1", "DEL-4")
def test_another_branch_sees_nothing_of_an_item(world: World, maker: Browser) -> None:
    deliver(world, clerk(world), "RD-0001", "RD-0001", READER)
    stranger = Browser.officer(world, "branch002", english=True)
    assert stranger.get("equipment:item", "RD-0001").status_code == 404
    assert stranger.get("equipment:item", "RD-9999").status_code == 404
    for name in ("equipment:return", "equipment:send_back", "equipment:write_off"):
        assert stranger.post(name, "RD-0001", reason="x").status_code == 404
    assert maker.get("equipment:item", "RD-0001").status_code == 200


@pytest.mark.req("EQP-1", "DEL-4")
def test_who_had_an_item_at_another_branch_is_not_told(world: World, maker: Browser) -> None:
    deliver(world, clerk(world), "RD-0001", "RD-0001", READER)
    issue(world, "RD-0001")
    item = "RD-0001"
    send(maker, "equipment:item", item, to="equipment:return", reason="closed")
    send(maker, "equipment:item", item, to="equipment:send_back", reason="spare")
    number = ask(world, 1, actor=clerk(world, "branch002"))
    fulfil(world, number)
    stranger = Browser.officer(world, "branch002", english=True)
    shown = words_of(stranger.get("equipment:item", item))
    assert "Came back" in shown
    assert world.company.name not in shown
    assert "closed" not in shown
    assert maker.get("equipment:item", item).status_code == 404


@pytest.mark.req("EQP-1")
def test_a_reader_is_given_out_taken_back_and_sent_back(world: World, maker: Browser) -> None:
    deliver(world, clerk(world), "RD-0001", "RD-0001", READER)
    deliver(world, clerk(world), "LF-0001", "LF-0001", STATIONERY)
    code = world.company.code
    theirs = send(
        maker, "equipment:issue", serial_number="RD-0001", company_code=world.second.company.code
    )
    assert "Your branch has no company with this code." in words_of(theirs)
    form = send(maker, "equipment:issue", serial_number="LF-0001", company_code=code)
    assert "Only card readers are given out here." in words_of(form)
    done = send(maker, "equipment:issue", serial_number="rd-0001", company_code=code)
    assert "The card reader is given out." in words_of(maker.client.get(done["Location"]))
    item = words_of(maker.get("equipment:item", "RD-0001"))
    assert world.company.name in item
    assert "Send back to head office" not in item
    back = send(maker, "equipment:item", "RD-0001", to="equipment:return", reason="replaced")
    assert "The item is back in stock." in words_of(maker.client.get(back["Location"]))
    gone = send(maker, "equipment:item", "RD-0001", to="equipment:send_back", reason="spare")
    assert gone["Location"] == reverse("equipment:stock")
    assert balance(Unit.objects.get(code="000").pk, READER) == 1


@pytest.mark.req("EQP-1", "DUAL-6")
def test_an_item_is_written_off_by_two_people(world: World, maker: Browser) -> None:
    deliver(world, clerk(world), "RD-0001", "RD-0001", READER)
    answer = send(maker, "equipment:item", "RD-0001", to="equipment:write_off", reason="broken")
    reference = reference_in(answer)
    proposal = maker.get("approvals:request", reference)
    assert "was: In stock" in words_of(proposal)
    waiting = words_of(maker.get("equipment:item", "RD-0001"))
    assert reference in waiting
    assert "Propose writing it off" not in waiting
    form = form_to(proposal, reverse("approvals:submit", args=[reference]))
    maker.client.post(form.action, form.fields)
    checker = Browser.officer(world, "branch011", card=True, english=True)
    assert reference_in(checker.decide(reference, "release")) == reference
    assert item_detail(clerk(world), "RD-0001").place == Place.WRITTEN_OFF
    assert balance(world.branch.pk, READER) == 0


@pytest.mark.req("DUAL-5")
def test_an_item_that_moved_on_is_not_written_off(world: World, maker: Browser) -> None:
    deliver(world, clerk(world), "RD-0001", "RD-0001", READER)
    page = maker.get("equipment:item", "RD-0001")
    answer = send(maker, "equipment:item", "RD-0001", to="equipment:write_off", reason="broken")
    reference = reference_in(answer)
    away = form_to(page, reverse("equipment:send_back", args=["RD-0001"]))
    maker.client.post(away.action, {**away.fields, "reason": "spare"})
    draft = maker.get("approvals:request", reference)
    form = form_to(draft, reverse("approvals:submit", args=[reference]))
    refused = maker.client.post(form.action, form.fields)
    assert refused.status_code == 422
    assert "another unit answers for it now" in words_of(refused)


# --- requisitions --------------------------------------------------------------------------------
@pytest.mark.req("EQP-1", "CERT-7")
def test_a_branch_asks_and_head_office_sends(world: World, maker: Browser, keeper: Browser) -> None:
    deliver(world, officer(world), "RD-0001", "RD-0004", READER)
    asked = send(maker, "equipment:ask", kind="READER", quantity="3")
    number = asked["Location"].rstrip("/").rsplit("/", 1)[-1]
    mine = words_of(maker.client.get(asked["Location"]))
    assert "Take the requisition back" in mine
    assert "Send it" not in mine
    assert number in words_of(keeper.get("equipment:stock"))
    theirs = words_of(keeper.get("equipment:requisition", number))
    assert "4 in your stock." in theirs
    few = send(keeper, "equipment:requisition", number, to="equipment:fulfil", first="RD-0003")
    assert few.status_code == 422
    assert "There are only 2 in stock." in words_of(few)
    done = send(keeper, "equipment:requisition", number, to="equipment:fulfil", first="RD-0002")
    sent = words_of(keeper.client.get(done["Location"]))
    assert "RD-0002 RD-0003 RD-0004" in sent
    assert balance(world.branch.pk, READER) == 3


@pytest.mark.req("EQP-1")
def test_head_office_says_why_it_sends_nothing(
    world: World, maker: Browser, keeper: Browser
) -> None:
    number = ask(world, 3)
    answer = send(keeper, "equipment:requisition", number, to="equipment:decline", reason=" ")
    assert answer.status_code == 422
    send(keeper, "equipment:requisition", number, to="equipment:decline", reason="Next month")
    shown = words_of(maker.get("equipment:requisition", number))
    assert "Declined" in shown
    assert "Next month" in shown


@pytest.mark.req("EQP-1", "DEL-4")
def test_a_requisition_is_taken_back_by_its_branch_alone(world: World, maker: Browser) -> None:
    number = ask(world, 3)
    stranger = Browser.officer(world, "branch002", english=True)
    assert stranger.get("equipment:requisition", number).status_code == 404
    assert stranger.post("equipment:withdraw", number).status_code == 404
    assert maker.post("equipment:fulfil", number).status_code == 403
    maker.post("equipment:withdraw", number)
    assert EquipmentRequisition.objects.get().state == "WITHDRAWN"


@pytest.mark.req("DEL-7")
def test_a_checker_looks_and_moves_nothing(world: World, maker: Browser) -> None:
    deliver(world, clerk(world), "RD-0001", "RD-0001", READER)
    checker = Browser.officer(world, "branch011", english=True)
    page = words_of(checker.get("equipment:item", "RD-0001"))
    assert "What you can do" not in page
    for name in ("equipment:receive", "equipment:issue", "equipment:ask"):
        assert checker.get(name).status_code == 403
    assert checker.post("equipment:send_back", "RD-0001").status_code == 403
    assert EquipmentItem.objects.count() == 1


# --- how the pages behave ------------------------------------------------------------------------
@pytest.mark.parametrize("rows", [1, 3])
def test_lists_take_the_same_number_of_statements(world: World, maker: Browser, rows: int) -> None:
    maker.get("equipment:stock")
    deliver(world, clerk(world), "RD-0001", f"RD-000{rows}", READER)
    for number in range(rows):
        issue(world, f"RD-000{number + 1}")
        ask(world, number + 1)
    counted = {}
    for name in ("stock", "items", "movements", "requisitions"):
        with CaptureQueriesContext(connection) as captured:
            page = maker.get(f"equipment:{name}")
        assert page.status_code == 200
        counted[name] = len(captured.captured_queries)
    assert counted == {"stock": 9, "items": 5, "movements": 6, "requisitions": 6}


@pytest.mark.parametrize("language", ["en", "zh-hant"])
def test_the_pages_are_in_one_language(world: World, maker: Browser, language: str) -> None:
    deliver(world, clerk(world), "RD-0001", "RD-0001", READER)
    number = ask(world, 1)
    reader = Browser.officer(world, "branch003", english=language == "en")
    pages = [
        reader.get(f"equipment:{name}")
        for name in ("stock", "items", "movements", "requisitions", "receive", "issue", "ask")
    ]
    pages += [reader.get("equipment:item", "RD-0001"), reader.get("equipment:requisition", number)]
    for page in pages:
        text = words_of(page)
        assert ("Equipment" in text) == (language == "en")
        assert ("設備" in text) == (language == "zh-hant")
