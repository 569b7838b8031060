"""The customers' site as people meet it: a real server, one browser, and eyes on every page.

A desk is one browser profile at which people sign in one after another. Each page it opens is
looked at: no sideways scrolling, no finding of axe-core, no untranslated words, and nothing that
the browser complained about (content security policy, scripts, failed requests).
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from wsgiref.types import WSGIApplication

from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer
from django.test.testcases import QuietWSGIRequestHandler
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, expect

from certificates import operations as certificates
from enterprise.queries import certificate_rows
from identity.models import Session, User
from identity.policies import Factor
from identity.queries import permissions_of
from kernel import clock
from tests.factories.browsers import ARGUMENTS, chromium
from tests.factories.world import PASSWORD, PIN, Holder, World

AXE = (Path(__file__).parents[1] / "vendor" / "axe" / "axe.min.js").read_text(encoding="utf-8")
DESK_SIZE = {"width": 1366, "height": 850}
PHONE_SIZE = {"width": 390, "height": 844}
REFERENCE = re.compile(r"T\d{8}-\d{8}")

# What a page is made of, whatever its words: pages of the same make need axe only once.
MAKE = """() => {
  const counts = {};
  for (const node of document.querySelectorAll("*")) {
    const names = node.getAttributeNames().sort().join(" ");
    const parent = node.parentElement;
    const kind = [parent?.tagName, parent?.className?.baseVal ?? parent?.className, node.tagName,
      node.className?.baseVal ?? node.className, names, node.hidden, node.disabled].join("|");
    counts[kind] = Math.min(2, (counts[kind] ?? 0) + 1);
  }
  return JSON.stringify([innerWidth, Object.entries(counts).sort()]);
}"""
FINDINGS = """() => axe.run(document, {resultTypes: ["violations"]}).then(({violations}) =>
  violations.map(({id, help, nodes}) => `${id}: ${help}: ${nodes.map((n) => n.html).join(" ")}`))"""
WORDS = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (parent.closest("script, noscript, body [lang], .code, .num, dialog:not([open])")) continue;
    found.push(walker.currentNode.data);
  }
  return found;
}"""
# Names and codes that are the same in every language.
SAME_EVERYWHERE = re.compile(
    r"https?://[\w.:-]+|JavaScript|PIN|TWD|USD|SMS|English|service@bank\.example"
    r"|\b(Edge|Chrome|Firefox|Safari) · \w+"
    r"|\b[0-9A-Z]{4}-[0-9A-Z]{4}\b|…[0-9A-F]{4}\b|\b[0-9a-f]{30,40}\b|[A-Z]\d{8}-\d{8}|OPENING-\d{12}"
    r"|\bU[0-9A-Z]{10}\b|\b(maker|review|release|security|branch|branchsec)\d+\w?\b"
)
FOREIGN_WORD = re.compile(r"[A-Za-z]{3,}")


@contextmanager
def serving(app: WSGIApplication | None = None) -> Iterator[str]:
    """Serve the site under the settings in force, or `app`, on a free port; yields its address."""
    server = ThreadedWSGIServer(("127.0.0.1", 0), QuietWSGIRequestHandler)
    server.set_app(app or WSGIHandler())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def browsing(playwright: Playwright) -> Iterator[Browser]:
    """Open Debian's Chromium; every desk is a profile of its own in it."""
    browser = playwright.chromium.launch(
        executable_path=chromium(), headless=True, args=list(ARGUMENTS)
    )
    try:
        yield browser
    finally:
        browser.close()


@dataclass
class Site:
    """The running site with its bank, and what was seen of it so far."""

    address: str
    world: World
    browser: Browser
    makes_seen: set[str]
    holders: dict[str, Holder] = field(default_factory=dict)
    # Not where a walk is long and other stories show each of its pages to axe-core.
    uses_axe: bool = True

    @contextmanager
    def desk(self, **options: object) -> Iterator[Desk]:
        """Set up a browser profile of its own; insist at the end that nothing went wrong in it."""
        context = self.browser.new_context(
            viewport=DESK_SIZE, locale="zh-TW", timezone_id="Asia/Taipei", **options
        )
        context.set_default_timeout(15_000)
        desk = Desk(self, context)
        try:
            yield desk
        finally:
            context.close()
        desk.nothing_went_wrong()


class Desk:
    """One browser profile, at which people sign in one after another."""

    def __init__(self, site: Site, context: BrowserContext) -> None:
        self.site, self.context = site, context
        self.complaints: list[str] = []
        self.person = ""
        self.visited: list[str] = []
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.complaints.append(f"script: {error.error}"))
        context.on("requestfailed", self._note_failure)
        context.on("response", self._note_status)
        self.page: Page = context.new_page()

    # --- complaints ---------------------------------------------------------------------------
    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.complaints.append(f"console {message.type}: {message.text}")

    def _note_failure(self, request) -> None:
        # A download takes the place of the page it was asked from.
        if request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"failed: {request.method} {request.url}: {request.failure}")

    def _note_status(self, response) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.status} {urlsplit(response.url).path}")

    def was_refused(self, status: int, path: str) -> None:
        """Insist that exactly this answer was given, and take it off the list of complaints."""
        assert self.complaints == [f"{status} {path}"], self.complaints
        self.complaints.clear()

    def nothing_went_wrong(self) -> None:
        """Insist that the browser had nothing to complain about."""
        assert not self.complaints, self.complaints

    # --- going about --------------------------------------------------------------------------
    def open(self, path: str) -> None:
        """Go to a page and look at it."""
        self.page.goto(self.site.address + path)
        self.look()

    def press(self, selector: str) -> None:
        """Press what leads to another page, wait for it and look at it."""
        with self.page.expect_navigation():
            self.page.locator(selector).click()
        self.look()

    def arrive(self, path: str) -> None:
        """Wait until a script has led to `path` (a pattern), and look at the page."""
        self.page.wait_for_url(self.site.address + path)
        self.look()

    @property
    def path(self) -> str:
        """Return where the desk is."""
        return urlsplit(self.page.url).path

    def reads(self, *texts: str) -> None:
        """Insist that the page shows all these texts."""
        for text in texts:
            expect(self.page.locator("main")).to_contain_text(text)

    def reads_not(self, *texts: str) -> None:
        """Insist that the page shows none of these texts."""
        for text in texts:
            expect(self.page.locator("main")).not_to_contain_text(text)

    def tab_to(self, selector: str) -> None:
        """Press Tab until the focus is on what matches, as people without a mouse do."""
        focused = "(selector) => document.activeElement.matches(selector)"
        for _ in range(80):
            self.page.keyboard.press("Tab")
            if self.page.evaluate(focused, selector):
                return
        raise AssertionError(f"the keyboard does not reach {selector}")

    def look(self) -> None:
        """Look at a page as a careful reader would: nothing cut off, foreign or unreachable."""
        page = self.page
        self.visited.append(self.path)
        beyond = page.evaluate("document.scrollingElement.scrollWidth - innerWidth")
        assert beyond <= 0, f"{self.path} is {beyond} pixels too wide"
        foreign = foreign_words(page)
        assert not foreign, foreign
        if not self.site.uses_axe:
            return
        make = hashlib.sha256(page.evaluate(MAKE).encode()).hexdigest()
        if make not in self.site.makes_seen:
            findings = axe_findings(page)
            assert not findings, findings
            self.site.makes_seen.add(make)

    # --- people -------------------------------------------------------------------------------
    def be(self, login: str, *, company: str = "", factor: Factor = Factor.CARD) -> None:
        """Let this person sit down here: who was there signs out; a card is taken into use.

        Their session counts as one in which the card was shown, unless told otherwise.
        """
        person = f"{company}/{login}"
        if self.person == person:
            return
        if self.person:
            self.sign_out()
        founded = self.site.world.second if company else self.site.world.first
        user = founded.people[login]
        letter = self.letter_for(user)
        self.sign_in(founded.company.code, login)
        if self.path == "/certificates/card/":
            assert letter is not None
            self.take_card_into_use(letter)
        self.has_shown(factor, user)
        self.person = person

    def has_shown(self, factor: Factor, user: User) -> None:
        """Let a person's session be one in which they have shown this factor."""
        live = Session.objects.filter(user=user, ended_at=None)
        live.update(factor=factor, stepped_up_at=clock.now())

    def sign_in(self, company: str, login: str, password: str = PASSWORD) -> None:
        """Fill in the sign-in page."""
        if not self.page.url.endswith("/sign-in/"):
            self.open("/sign-in/")
        self.page.fill("#id_company_code", company)
        self.page.fill("#id_login_name", login)
        self.page.fill("#id_password", password)
        self.press(".sign-in-card button[type=submit]")

    def sign_out(self) -> None:
        """Sign out by the own menu, whichever the window's width shows."""
        menu = ".user-menu" if self.page.locator(".user-menu").is_visible() else ".phone-menu"
        self.page.locator(f"{menu} > summary").click()
        self.press(f"{menu} form[action='/sign-out/'] button")
        assert self.path == "/sign-in/"
        self.person = ""

    def letter_for(self, user: User) -> certificates.PrintedLetter | None:
        """Print a letter for a person whose role signs and who has no card yet."""
        now = clock.now()
        states = {row.state for row in certificate_rows(user, now=now)}
        if "certificates.certificate.sign" not in permissions_of(user.pk, now=now) or states:
            return None
        return certificates.issue_letter(holder_id=user.pk, actor=None, now=now)

    def take_card_into_use(self, letter: certificates.PrintedLetter, then: str = "/") -> None:
        """Go through first use (CERT-2): letter, PIN, key in this browser, certificate.

        `then` is the page it leads to.
        """
        self.page.fill("#letter_number", letter.number)
        self.page.fill("#secret", letter.secret)
        self.page.fill("#new_pin", PIN)
        self.page.fill("#new_pin_again", PIN)
        self.page.click("form[data-enrol] button[type=submit]")
        self.arrive(then)

    # --- transfers ----------------------------------------------------------------------------
    def fill_in(self, **typed: str) -> None:
        """Type a transfer into the form: amount, payee_account, payee_name, memo, from_account."""
        for name, value in typed.items():
            field_ = self.page.locator(f"#id_{name}")
            if name == "from_account":
                field_.select_option(value)
            else:
                field_.fill(value)

    def sign(self, act: str, *, reason: str = "", pin: str = PIN) -> None:
        """Sign and take a decision on the request shown, and arrive at what came of it."""
        self.attempt(act, reason=reason, pin=pin)
        self.arrive("/requests/*/done/")

    def attempt(self, act: str, *, reason: str = "", pin: str = PIN) -> None:
        """Press the button of a signed act, whatever comes of it."""
        if act in ("return", "reject"):
            details = self.page.locator(f"#act-{act}")
            if details.get_attribute("open") is None:
                details.locator("summary").click()
            details.locator("textarea").fill(reason)
        self.page.fill(f"#pin-{act}", pin)
        self.page.click(f"form[action$='/{act}/'] button[type=submit]")


def axe_findings(page: Page) -> list[str]:
    """Return what axe-core finds on the page; the engine comes by the debugger, past any policy."""
    session = page.context.new_cdp_session(page)
    try:
        session.send("Runtime.evaluate", {"expression": AXE})
    finally:
        session.detach()
    return page.evaluate(FINDINGS)


def foreign_words(page: Page) -> list[str]:
    """Return the words of a Chinese page that are not Chinese, names and codes apart."""
    if page.locator("html").get_attribute("lang") != "zh-Hant-TW":
        return []
    texts = [SAME_EVERYWHERE.sub("", text) for text in page.evaluate(WORDS)]
    return [text.strip() for text in texts if FOREIGN_WORD.search(text)]


def reference_of(desk: Desk) -> str:
    """Return the number of the request the desk shows."""
    found = REFERENCE.search(desk.path)
    assert found is not None, desk.path
    return found[0]
