"""The life of a certificate through both sites, by the clicks of everybody it takes.

Each person of the branch and of the customer sits at a desk of their own. What anyone outside is
told by openssl is read at each turn.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from playwright.sync_api import Playwright, expect

from approvals.models import Request
from branch_ops.models import FeeItem
from certificates import operations as certificates
from certificates.models import Certificate
from identity.policies import Factor
from kernel import clock
from ledger.gateways import AccountFacts
from ledger.policies import OwnPurpose
from ledger.queries import account_by_number, own_account
from tests.factories import world as worlds
from tests.factories.anyone import Anyone
from tests.factories.pdf import letter_in
from tests.factories.site import Desk, Site, browsing
from tests.factories.sites import Bank, both_sites
from tests.factories.snapshots import Snapshot
from tests.factories.stock import clerk, deliver, designate
from tests.factories.world import FROM, PASSWORD, PIN, World
from tests.factories.worlds import reopened
from tests.servers import Servers, empty_tables

MAKER, CLERK, CHECKER = "branch001", "branch003", "branch011"
NEW_PASSWORD = "another-horse-5-clip"
SUPERVISOR, BRANCH = "許文龍", "營業部"


@pytest.fixture(scope="module")
def bank(
    founded_without_cards: tuple[World, Snapshot], django_db_blocker: Any, servers: Servers,
    worker: str, playwright: Playwright,
) -> Iterator[Bank]:  # fmt: skip
    """Return a small bank with both sites running; its branch has stationery for letters."""
    patch = pytest.MonkeyPatch()
    # The browser's driver keeps a loop in this thread, and Django would refuse the database there.
    patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with django_db_blocker.unblock():
        world = reopened(founded_without_cards, servers, worker)
        deliver(world, clerk(world), "LF-0001", "LF-0009", "STATIONERY")
        with both_sites() as (enterprise, staff), browsing(playwright) as browser:
            sites = (
                Site(address, world, browser, set(), uses_axe=False)
                for address in (enterprise, staff)
            )
            yield Bank(*sites)
        connections.close_all()
        empty_tables(servers, worker)
    patch.undo()


@dataclass
class Counter:
    """Three people at the counter of a branch, each at a desk: to ask, decide, print."""

    maker: Desk
    checker: Desk
    clerk: Desk
    world: World

    def apply(self, login: str) -> str:
        """Let the maker apply for a person's certificate, and return the request's number."""
        desk, person = self.maker, self.world.first.people[login]
        desk.press(".mainnav a[href='/counter/']")
        desk.press("a[href='/counter/people/']")
        desk.page.fill("#id_company", self.world.company.code)
        desk.press("form[role=search] button")
        desk.press(f"a[href='/counter/people/{person.public_id}/']")
        desk.page.check("input[name=storage][value=BROWSER]")
        return self._submit()

    def propose_lifting(self, login: str) -> str:
        """Let the maker propose to lift a suspension, and return the request's number."""
        self.open(self.maker, login)
        self.maker.press("a[href$='/unsuspension/']")
        self.maker.page.fill("#id_reason", "臨櫃核對身分證與印鑑")
        return self._submit()

    def release(self, reference: str) -> None:
        """Let the checker find the request in the inbox and release it with card and PIN."""
        desk = self.checker
        desk.press(".mainnav a[href='/inbox/']")
        desk.press(f"a[href='/requests/{reference}/']")
        desk.sign("release")

    def open(self, desk: Desk, login: str) -> None:
        """Let somebody look a person's newest certificate up."""
        desk.press(".mainnav a[href='/counter/']")
        desk.page.fill("#id_holder", self.world.first.people[login].public_id)
        desk.press("form[role=search] button")
        desk.press(f"a[href='/counter/{newest(self.world, login).pk}/']")

    def take_fee(self, login: str, source: str, receipt: str = "") -> None:
        """Let the clerk take the fee that is due, from where `source` (PaidFrom) says."""
        desk = self.clerk
        self.open(desk, login)
        desk.press(".next-step a")
        desk.press("main tbody th a")
        desk.page.select_option("#id_from_", source)
        desk.page.fill("#id_receipt_number", receipt)
        desk.press("form[action$='/collect/'] button[type=submit]")
        desk.reads("已收訖")

    def print_letter(self, login: str) -> tuple[str, str]:
        """Let the clerk print the letter; returns what its addressee reads: number, secret."""
        desk, sheets = self.clerk, []

        def read(route: Any) -> None:
            answer = route.fetch()
            sheets.append(answer.body())
            route.fulfill(response=answer)

        self.open(desk, login)
        desk.press(".next-step a")
        desk.context.route("**/letter/", read)
        with (
            desk.context.expect_page() as opened,
            desk.context.expect_event("response", lambda told: told.request.method == "POST"),
        ):
            desk.page.click("main form[target=_blank] button[type=submit]")
        opened.value.close()
        desk.context.unroute("**/letter/")
        desk.page.reload()
        desk.reads("密碼函不重複列印，請申請補印")
        (sheet,) = sheets
        return letter_in(sheet)

    def may_not_print(self, desk: Desk, login: str, why: str) -> None:
        """Insist that somebody finds no way to print a person's letter, and is told why."""
        self.open(desk, login)
        path = f"/counter/{newest(self.world, login).pk}/letter/"
        assert desk.page.locator(f".job a[href='{path}']").count() == 0
        desk.open(path)
        desk.reads(why)
        assert desk.page.locator("form[target=_blank]").count() == 0

    def _submit(self) -> str:
        self.maker.press("main form[method=post] button[type=submit]")
        reference = self.maker.path.split("/")[2]
        self.maker.press("form.submit-act button[type=submit]")
        return reference


@pytest.fixture(scope="module")
def counter(bank: Bank) -> Iterator[Counter]:
    """Return the counter of a branch whose people have signed in, the checker's card in use."""
    world = bank.staff.world
    world.now = clock.now().replace(microsecond=0)
    card = certificates.issue_letter(holder_id=world.staff[CHECKER].pk, actor=None, now=world.now)
    with ExitStack() as open_desks:
        maker, checker, other = (
            open_desks.enter_context(bank.officer(login, letter))
            for login, letter in ((MAKER, None), (CHECKER, card), (CLERK, None))
        )
        yield Counter(maker, checker, other, world)


@pytest.fixture
def holder(bank: Bank) -> Iterator[Desk]:
    """Return the desk of the holder at the enterprise site, where the card's keys stay."""
    with bank.customer() as desk:
        yield desk


@pytest.fixture
def supervisor(bank: Bank) -> Iterator[Desk]:
    """Return the desk of the customer's supervisor, signed in with a card of their own."""
    with bank.customer() as desk:
        desk.be("security2")
        yield desk


def newest(world: World, login: str) -> Certificate:
    """Return a person's newest signing certificate as it is stored now."""
    rows = Certificate.objects.filter(holder=world.first.people[login], purpose="SIGNING")
    return rows.latest("pk")


def transfer(world: World, amount: int) -> str:
    """Let a maker of the first company submit a transfer, and return its number."""
    world.now = clock.now().replace(microsecond=0)
    return worlds.submit(world, world.holder("maker01", card=False), amount)


def enrol(desk: Desk, letter: tuple[str, str]) -> None:
    """Let a holder who has signed in go where the letter says, and take a card into use."""
    desk.open("/certificates/")
    desk.press("a[href='/certificates/card/']")
    desk.take_card_into_use(certificates.PrintedLetter(*letter, clock.now()))


def lift(desk: Desk, letter: tuple[str, str]) -> None:
    """Let a holder lift the suspension with letter and card."""
    desk.open("/certificates/")
    desk.press("a[href='/certificates/lift/']")
    desk.page.fill("#id_letter_number", letter[0])
    desk.page.fill("#id_secret", letter[1])
    desk.page.fill("#pin-lift", PIN)
    desk.press("form[data-sign] button[type=submit]")
    desk.reads("暫禁已解除")


def suspend(desk: Desk, serial_number: str, *preview: str) -> None:
    """Let the supervisor suspend a certificate with the own card, after reading the preview."""
    desk.open("/certificates/company/")
    desk.press(f"a[href='/certificates/company/{serial_number}/']")
    desk.reads(*preview)
    desk.page.click("#act-suspend > summary")
    desk.page.fill("#id_suspend_reason", "懷疑 PIN 外洩")
    desk.page.fill("#pin-suspend", PIN)
    desk.press("#act-suspend button[type=submit]")


def cannot_sign(desk: Desk, reference: str, *why: str) -> None:
    """Insist that a holder is told in words why the card signs nothing, and finds no way to."""
    desk.open(f"/requests/{reference}/")
    desk.reads(*why)
    assert desk.page.locator("form[data-sign]").count() == 0
    assert Request.objects.get(reference=reference).state == "PENDING"


def is_told(anyone: Anyone, status: str, reason: str = "") -> None:
    """Insist that anyone outside hears the same from the responder and from the list (CERT-8)."""
    told = anyone.ask()
    assert f"leaf.pem: {status}" in told
    assert f"Reason: {reason}" in told if reason else "certificateHold" not in told
    listed = anyone.reads_list()
    assert (listed == "good") == (status == "good"), listed
    assert status == "good" or "certificate revoked" in listed


@pytest.mark.req("CERT-1", "CERT-2", "CERT-3", "CERT-4", "CERT-8", "CERT-9", "FEE-1")
def test_applied_for_used_suspended_twice_lifted_twice_and_ended_by_the_third(
    bank: Bank, counter: Counter, holder: Desk, supervisor: Desk, tmp_path: Path
) -> None:
    world, who, code = counter.world, "release2", counter.world.company.code
    counter.release(counter.apply(who))
    counter.may_not_print(counter.maker, who, "須由分行其他人員列印")
    counter.may_not_print(counter.clerk, who, "手續費未結清")
    counter.take_fee(who, "COUNTER", "R-2026-0001")
    fee = FeeItem.objects.get(target=f"certificate:{newest(world, who).pk}")
    assert (fee.tariff.code, fee.state, fee.receipt_number) == (
        "certificate.issue", "PAID", "R-2026-0001",
    )  # fmt: skip
    letter = counter.print_letter(who)

    holder.sign_in(code, who)
    assert holder.path == "/certificates/card/"  # whoever has nothing but a letter is led here
    enrol(holder, letter)
    holder.has_shown(Factor.CARD, world.first.people[who])
    serial = newest(world, who).serial_number
    anyone = Anyone(tmp_path, bank.enterprise.address)
    anyone.prepare(bytes(newest(world, who).der))
    is_told(anyone, "good")
    holder.open(f"/requests/{transfer(world, 9_000)}/")
    holder.sign("release")

    waiting = transfer(world, 8_000)
    for used in (1, 2):
        holder.open(f"/requests/{waiting}/")
        suspend(supervisor, serial, waiting, "將無法進行", "沒有人可以代為簽核")
        is_told(anyone, "revoked", "certificateHold")
        holder.attempt("release")
        expect(holder.page.locator("form[action$='/release/'] output")).to_contain_text(
            "您已登出，請重新登入後繼續。"
        )
        holder.was_refused(401, f"/requests/{waiting}/prepare/release/")
        holder.open("/")
        holder.sign_in(code, who)
        holder.has_shown(Factor.CARD, world.first.people[who])
        cannot_sign(holder, waiting, SUPERVISOR, BRANCH, "解除暫禁")
        counter.release(counter.propose_lifting(who))
        is_told(anyone, "revoked", "certificateHold")
        counter.may_not_print(counter.maker, who, "須由分行其他人員列印")
        lift(holder, counter.print_letter(who))
        holder.reads(f"已使用 {used} 次")
        is_told(anyone, "good")
    assert (newest(world, who).state, newest(world, who).suspensions) == ("ACTIVE", 2)

    suspend(supervisor, serial, waiting, "再次暫禁即永久廢止")
    supervisor.reads("憑證已永久廢止")
    assert newest(world, who).state == "REVOKED"
    is_told(anyone, "revoked")
    holder.open("/")
    holder.sign_in(code, who)
    holder.has_shown(Factor.CARD, world.first.people[who])
    cannot_sign(holder, waiting, BRANCH)
    holder.open("/certificates/")
    holder.reads("此為第三次暫禁", BRANCH, "重新申請")
    counter.open(counter.clerk, who)
    assert counter.clerk.page.locator(".job a[href$='/unsuspension/']").count() == 0


def balances() -> tuple[AccountFacts, AccountFacts | None]:
    """Return the customer's fee account and the bank's fee income."""
    paying = account_by_number(FROM)
    assert paying is not None
    return paying, own_account(OwnPurpose.FEES, "TWD")


@pytest.mark.req("CERT-5", "CERT-8", "CERT-10", "FEE-1")
def test_a_lost_card_is_reported_and_replaced_for_a_fee_from_the_account(
    bank: Bank, counter: Counter, holder: Desk, tmp_path: Path
) -> None:
    world, who, code = counter.world, "review1b", counter.world.company.code
    designate(world, FROM)
    waiting = transfer(world, 12_000)
    holder.be(who)
    old = newest(world, who)
    anyone = Anyone(tmp_path, bank.enterprise.address)
    anyone.prepare(bytes(old.der))

    holder.open("/certificates/")
    holder.press("a[href='/certificates/lost/']")
    holder.page.fill("#id_reason", "在捷運上遺失")
    holder.press("form[action='/certificates/lost/'] button[type=submit]")
    assert holder.path == "/sign-in/"
    holder.reads("您的卡片已掛失")
    is_told(anyone, "revoked", "certificateHold")
    holder.sign_in(code, who)
    holder.open("/inbox/")
    assert holder.path == "/password/"
    for name, typed in (("old", PASSWORD), ("new", NEW_PASSWORD), ("again", NEW_PASSWORD)):
        holder.page.fill(f"#id_{name}", typed)
    holder.press("form[action='/password/'] button[type=submit]")
    holder.sign_in(code, who, NEW_PASSWORD)
    holder.has_shown(Factor.CARD, world.first.people[who])
    cannot_sign(holder, waiting, BRANCH)

    counter.release(counter.apply(who))
    fee = FeeItem.objects.get(target=f"certificate:{newest(world, who).pk}")
    assert (fee.tariff.code, fee.state) == ("certificate.reissue", "DUE")
    counter.may_not_print(counter.clerk, who, "手續費未結清")
    (paying, income), amount = balances(), fee.amount
    counter.take_fee(who, "ACCOUNT")
    paid, earned = balances()
    assert (paid.balance, paid.held) == (paying.balance - amount, paying.held)
    assert earned is not None
    assert earned.balance == (income.balance if income else 0) + amount
    letter = counter.print_letter(who)

    enrol(holder, letter)
    old.refresh_from_db()
    new = newest(world, who)
    assert (old.state, new.state, new.pk != old.pk) == ("REVOKED", "ACTIVE", True)
    is_told(anyone, "revoked")
    anyone.prepare(bytes(new.der))
    is_told(anyone, "good")
    holder.open(f"/requests/{waiting}/")
    expect(holder.page.locator("form[data-sign]").first).to_have_attribute(
        "data-certificate-sha256", new.sha256
    )
    holder.sign("review")
