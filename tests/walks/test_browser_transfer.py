"""Transfers in the browser: on the way to the payee's account, and all other ways they end."""

from __future__ import annotations

import subprocess
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import expect

from alerts.models import Message
from approvals.models import Request
from approvals.states import Act
from kernel import clock
from ledger import queries as ledger
from tests.factories.site import Desk, Site, reference_of
from tests.factories.world import FROM, PAYEE, SECOND, decide

REVIEWERS = {"review1a": "初審", "review2a": "複審", "review3a": "三審"}
SECOND_FROM = "200000000038"


def make_transfer(
    desk: Desk, amount: str, memo: str = "設備尾款", source: str = FROM, target: str = PAYEE
) -> str:
    """Fill in a transfer as a maker does, and arrive at the page on which it is checked."""
    desk.open("/transfers/new/")
    desk.fill_in(
        from_account=source, payee_account=f"{target[:4]} {target[4:8]} {target[8:]}",
        payee_name=SECOND.name, amount=amount, memo=memo,
    )  # fmt: skip
    desk.press("main form button[type=submit]")
    return reference_of(desk)


def submit(desk: Desk, amount: str, **options: str) -> str:
    """Make a transfer and submit it."""
    reference = make_transfer(desk, amount, **options)
    desk.press(".submit-bar button[type=submit]")
    assert desk.path == f"/requests/{reference}/done/"
    return reference


def open_from_inbox(desk: Desk, reference: str) -> None:
    """Find the request among what waits and open it."""
    desk.open("/inbox/")
    desk.press(f"main a[href='/requests/{reference}/']")


def balances() -> dict[str, Decimal]:
    """Return the balances of payer and payee."""
    return {number: ledger.account_by_number(number).balance for number in (FROM, PAYEE)}


@pytest.mark.req("FLOW-1", "SIGN-1", "SIGN-4", "SIGN-6", "CERT-2", "DUAL-1", "TRF-3", "ALR-2")
def test_a_transfer_is_reviewed_three_times_released_posted_and_told(
    desk: Desk, tmp_path: Path
) -> None:
    before = balances()
    desk.be("maker01")
    reference = make_transfer(desk, "1,234,567")
    desk.reads("1,234,567", "新臺幣壹佰貳拾參萬肆仟伍佰陸拾柒元整", "貴公司首次付款至此帳戶。")
    desk.press(".submit-bar button[type=submit]")
    desk.press(f"main a[href='/requests/{reference}/']")
    desk.reads("編輯→初審→複審→三審→放行", "金額在 TWD 1,000,000（含）以上。", "黃淑芬")
    assert desk.page.locator("form[data-sign]").count() == 0

    for login, stage in REVIEWERS.items():
        desk.be(login)
        open_from_inbox(desk, reference)
        desk.reads(f"{stage} 目前")
        desk.sign("review")
        desk.reads("已完成，案件進入下一關")
        assert balances() == before
    desk.be("release1")
    open_from_inbox(desk, reference)
    desk.sign("release")
    desk.reads("The amount has been posted to the payee's account.")

    amount = Decimal(1_234_567)
    assert balances() == {FROM: before[FROM] - amount, PAYEE: before[PAYEE] + amount}
    the_outcome_is_told(reference)
    the_history_names_everyone(desk, reference)
    the_evidence_verifies_without_the_bank(desk, reference, tmp_path)
    desk.open(f"/accounts/{FROM}/")
    desk.reads(reference, "1,234,567")


def the_outcome_is_told(reference: str) -> None:
    """Look for SMS and e-mail to maker and releaser, in their languages, numbers masked (ALR-3)."""
    told = Message.objects.filter(event="approvals.request.released", body__contains=reference)
    assert {(message.channel, message.language) for message in told} == {
        ("email", "zh-hant"), ("sms", "zh-hant"), ("email", "en"), ("sms", "en"),
    }  # fmt: skip
    for message in told:
        assert "1,234,567" in message.body
        assert "****0012" in message.body
        assert PAYEE not in message.body + message.subject
        assert FROM not in message.body + message.subject


def the_history_names_everyone(desk: Desk, reference: str) -> None:
    """Look for each person's signature with its own short code."""
    desk.open(f"/requests/{reference}/")
    entries = desk.page.locator(".history > li")
    signed = entries.filter(has=desk.page.locator(".history-proof"))
    assert [name.split()[2] for name in signed.locator(".history-head").all_inner_texts()] == [
        "黃淑芬", "陳志明", "李美玲", "王大同",
    ]  # fmt: skip
    codes = signed.locator(".code").all_inner_texts()
    assert len(set(codes)) == 4
    assert sorted(codes) == sorted(desk.page.locator(".path .code").all_inner_texts())
    desk.reads_not("First payment")


def the_evidence_verifies_without_the_bank(desk: Desk, reference: str, folder: Path) -> None:
    """Download the evidence and run what it says: plain openssl, offline."""
    with desk.page.expect_download() as waiting:
        desk.page.click(f"a[href='/requests/{reference}/evidence/']")
    assert waiting.value.suggested_filename == f"{reference}-evidence.zip"
    waiting.value.save_as(folder / "evidence.zip")
    with zipfile.ZipFile(folder / "evidence.zip") as archive:
        archive.extractall(folder / "evidence")
    assert len(list((folder / "evidence").glob("decision-*.p7s"))) == 4
    done = subprocess.run(
        ["sh", "VERIFY.sh"], cwd=folder / "evidence", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.req("DUAL-1", "DUAL-3", "DUAL-4", "LIM-2")
def test_a_transfer_is_returned_edited_submitted_again_and_rejected(desk: Desk) -> None:
    before = ledger.account_by_number(FROM)
    desk.be("maker01")
    reference = submit(desk, "50,000", memo="十月模具費")
    desk.be("review1a")
    open_from_inbox(desk, reference)
    desk.sign("review")
    desk.be("release1")
    open_from_inbox(desk, reference)
    desk.attempt("return", reason="   ")
    expect(desk.page.locator("#act-return .field-error")).to_have_text(
        "Write the reason: the maker reads it."
    )
    expect(desk.page.locator("#act-return textarea")).to_be_focused()
    desk.look()
    desk.was_refused(422, f"/requests/{reference}/prepare/return/")
    desk.sign("return", reason="金額與發票不符")

    desk.be("maker01")
    desk.open("/inbox/?tab=mine")
    desk.press(f"main a[href='/requests/{reference}/']")
    desk.reads("退回編輯：金額與發票不符")
    desk.press("a[href$='/edit/']")
    desk.reads("金額與發票不符")
    assert desk.page.input_value("#id_amount") == "50,000"
    desk.fill_in(amount="58,000")
    desk.press("main form button[type=submit]")
    desk.press(".submit-bar button[type=submit]")

    desk.be("review1a")
    open_from_inbox(desk, reference)
    desk.reads("第 2 版")
    changes = desk.page.locator(".table-changes")
    assert changes.locator("del").all_inner_texts() == ["TWD 50,000"]
    assert changes.locator("ins").all_inner_texts() == ["TWD 58,000"]
    # What was signed of the first revision does not count for the second.
    assert desk.page.locator(".path .path-signed").count() == 0
    desk.sign("review")
    desk.be("release1")
    open_from_inbox(desk, reference)
    desk.sign("reject", reason="改由外幣帳戶支付")
    desk.reads("Rejected")
    after = ledger.account_by_number(FROM)
    assert (after.balance, after.held) == (before.balance, before.held)
    desk.open(f"/requests/{reference}/")
    desk.reads("金額與發票不符", "改由外幣帳戶支付", "revision 2")
    assert desk.page.locator("#act").count() == 0


@pytest.mark.req("DUAL-1", "LIM-2")
def test_the_maker_withdraws_what_is_pending_and_deletes_a_draft(desk: Desk) -> None:
    held = ledger.account_by_number(FROM).held
    desk.be("maker01")
    reference = submit(desk, "8,000")
    assert ledger.account_by_number(FROM).held == held + 8_000
    desk.open(f"/requests/{reference}/")
    desk.page.locator("#act-withdraw summary").click()
    desk.press("#act-withdraw form button[type=submit]")
    desk.reads("已撤回")
    assert ledger.account_by_number(FROM).held == held

    reference = make_transfer(desk, "9,000")
    desk.open(f"/requests/{reference}/")
    desk.page.locator("#act-delete summary").click()
    desk.press("#act-delete form button[type=submit]")
    assert desk.path == "/inbox/"
    desk.reads(f"草稿 {reference} 已刪除。")
    assert desk.page.locator(f"a[href*='{reference}']").count() == 0
    assert Request.objects.get(reference=reference).state == "DELETED"


@pytest.mark.req("FLOW-1", "FLOW-2")
@pytest.mark.parametrize(
    ("amount", "flow", "reviewers"),
    [
        ("9,999", "編輯→放行", []),
        ("10,000", "編輯→初審→放行", ["review1a"]),
        ("100,000", "編輯→初審→複審→放行", ["review1a", "review2a"]),
        ("1,000,000", "編輯→初審→複審→三審→放行", ["review1a", "review2a", "review3a"]),
    ],
)
def test_the_amount_decides_how_many_reviews_are_needed(
    desk: Desk, site: Site, amount: str, flow: str, reviewers: list[str]
) -> None:
    desk.be("maker01", company="second")
    ledger_before = ledger.account_by_number(SECOND_FROM).balance
    reference = submit(desk, amount, source=SECOND_FROM, target=FROM)
    desk.open(f"/requests/{reference}/")
    desk.reads(flow)
    assert desk.page.locator(".path-step").count() == len(reviewers) + 2
    for login in reviewers:
        decide_on_a_card_of_plastic(site, login, reference, Act.REVIEW)
        assert ledger.account_by_number(SECOND_FROM).balance == ledger_before
    decide_on_a_card_of_plastic(site, "release1", reference, Act.RELEASE)
    desk.open(f"/requests/{reference}/")
    desk.reads("已放行")
    assert desk.page.locator(".path-signed").count() == len(reviewers) + 1
    paid = Decimal(amount.replace(",", ""))
    assert ledger.account_by_number(SECOND_FROM).balance == ledger_before - paid


def decide_on_a_card_of_plastic(site: Site, login: str, reference: str, act: Act) -> None:
    """Let a person of the second company decide without the browser."""
    world = site.world
    world.now = clock.now().replace(microsecond=0)
    if login not in site.holders:
        site.holders[login] = world.holder(login, world.second)
    decide(world, site.holders[login], reference, act)
