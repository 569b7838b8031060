"""The virtual card in a real browser: first use, signing, refusals, under the site's own policy."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from playwright.sync_api import BrowserContext, Page, Playwright, expect, sync_playwright

from certificates.formats.cades import build_signature
from certificates.formats.requests import read_request
from certificates.formats.signed_attributes import build_signed_attributes
from tests.factories.authorities import NOW, make_authority, run_openssl, to_pem
from tests.factories.browsers import profile
from tests.factories.card_site import SECRET, STATEMENT, CardSite, serving

pytestmark = pytest.mark.req("SIGN-6", "CERT-2")


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture
def site() -> Iterator[CardSite]:
    with serving(CardSite(make_authority())) as served:
        yield served


@pytest.fixture(scope="module")
def shared_browser(playwright, tmp_path_factory) -> Iterator[BrowserContext]:
    with profile(playwright, tmp_path_factory.mktemp("profile")) as context:
        yield context


@pytest.fixture
def page(shared_browser) -> Iterator[Page]:
    with watched(shared_browser) as opened:
        yield opened


class watched:
    """Open a page and insist, at the end, that no content security policy was violated."""

    def __init__(self, context: BrowserContext) -> None:
        self.page = context.new_page()
        self.complaints: list[str] = []

    def __enter__(self) -> Page:
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return self.page

    def _note(self, message) -> None:
        if "Content Security Policy" in message.text or "Trusted" in message.text:
            self.complaints.append(message.text)

    def __exit__(self, *_) -> None:
        self.page.close()
        assert self.complaints == []


def status(page: Page):
    return page.locator("[data-card-status]")


def enrol(page: Page, site: CardSite, *, secret=SECRET, again="246810") -> None:
    page.goto(f"{site.address}/enrol")
    expect(status(page)).to_have_text("state: ready")
    page.fill("[name=letter_number]", "L-1")
    page.fill("[name=secret]", secret)
    page.fill("[name=new_pin]", "246810")
    page.fill("[name=new_pin_again]", again)
    page.click("text=Enrol")


def enrolled(page: Page, site: CardSite) -> str:
    enrol(page, site)
    page.wait_for_url("**/done")
    return site.newest


def open_decision(page: Page, site: CardSite, digest: str = "", *, state="state: ready") -> None:
    page.goto(f"{site.address}/decide?certificate={digest}")
    expect(status(page)).to_have_text(state)


def test_first_use_makes_a_key_and_proves_it(page, site, tmp_path):
    digest = enrolled(page, site)
    assert site.confirmed == [digest]
    (tmp_path / "request.der").write_bytes(site.requests[0])
    done = run_openssl(tmp_path, "req -inform DER -in request.der -verify -noout -text")
    assert done.returncode == 0
    assert "verify OK" in done.stdout + done.stderr
    assert site.nonce in done.stdout


def test_a_signed_decision_verifies_offline(page, site, tmp_path):
    digest = enrolled(page, site)
    open_decision(page, site)
    page.fill("[data-card-pin]", site.pin)
    page.click("text=Release")
    page.wait_for_url("**/done")
    ((_, sent),) = site.decisions
    cms = build_signature(
        statement=STATEMENT,
        certificate=site.certificates[digest],
        signing_time=NOW,
        signature=base64.b64decode(sent["signature"]),
        issuers=[site.authority.issuer.certificate],
        crls=[site.authority.crl()],
    )
    (tmp_path / "decision.p7s").write_bytes(cms)
    (tmp_path / "decision.json").write_bytes(STATEMENT)
    (tmp_path / "root.pem").write_bytes(to_pem(site.authority.root.certificate))
    done = run_openssl(
        tmp_path,
        "cms -verify -cades -crl_check -binary -inform DER -in decision.p7s",
        "-content decision.json -CAfile root.pem -purpose any -signer who.pem -out /dev/null",
        f"-attime {int(NOW.timestamp())}",
    )
    assert done.returncode == 0, done.stderr


def test_a_form_that_asks_for_no_pin_sends_none(page, site):
    """An empty PIN would count as a wrong one, and the third locks the card."""
    page.clock.set_fixed_time(NOW)  # the bank's time comes with the PIN's answer otherwise
    enrolled(page, site)
    site.asks_pin = False
    open_decision(page, site)
    page.click("text=Release")
    page.wait_for_url("**/done")
    assert site.unlocked == []
    ((_, sent),) = site.decisions
    assert sent["signature"]


def test_the_form_is_sent_as_its_button_says_and_without_the_pin(page, site):
    enrolled(page, site)
    open_decision(page, site)
    page.fill("[data-card-pin]", site.pin)
    page.click("text=Release")
    page.wait_for_url("**/done")
    assert site.unlocked == [{"pin": site.pin, "sign_request": "sr-1"}]
    ((path, sent),) = site.decisions
    assert path == "/decide/release"
    assert sent.pop("signature")
    assert sent == {
        "csrfmiddlewaretoken": "csrf-token-of-the-form",
        "signing_time": "2026-11-20T02:30:00Z",
        "sign_request": "sr-1",
        "comment": "fine",
        "verb": "release",
    }


def test_a_double_click_acts_once(page, site):
    enrolled(page, site)
    site.unlock_seconds = 0.5
    open_decision(page, site)
    page.fill("[data-card-pin]", site.pin)
    page.dblclick("text=Release")
    page.wait_for_url("**/done")
    assert len(site.unlocked) == 1
    assert len(site.decisions) == 1


def test_enter_in_the_pin_field_chooses_no_verb(page, site):
    enrolled(page, site)
    open_decision(page, site)
    page.fill("[data-card-pin]", site.pin)
    page.press("[data-card-pin]", "Enter")
    page.wait_for_timeout(200)
    assert (site.unlocked, site.decisions) == ([], [])


def test_an_unsigned_button_sends_the_form_as_it_is(page, site):
    enrolled(page, site)
    open_decision(page, site)
    page.click("text=Save")
    page.wait_for_url("**/done")
    ((path, sent),) = site.decisions
    assert (path, sent["verb"], sent["signature"]) == ("/save", "save", "")
    assert "pin" not in sent


def test_a_wrong_pin_tells_the_tries_left_and_the_last_locks(page, site):
    enrolled(page, site)
    open_decision(page, site)
    page.click("text=Release")
    expect(status(page)).to_have_text("state: pin-missing")
    for text in ("wrong PIN, 2 left", "wrong PIN, 1 left", "state: locked"):
        page.fill("[data-card-pin]", "000000")
        page.click("text=Release")
        expect(status(page)).to_have_text(text)
        expect(page.locator("[data-card-pin]")).to_have_value("")
        expect(page.locator("[data-card-pin]")).to_be_focused()
    assert site.decisions == []


def test_after_a_wrong_pin_the_right_one_signs(page, site):
    enrolled(page, site)
    open_decision(page, site)
    page.fill("[data-card-pin]", "000000")
    page.click("text=Release")
    expect(status(page)).to_have_text("wrong PIN, 2 left")
    page.fill("[data-card-pin]", site.pin)
    page.click("text=Return")
    page.wait_for_url("**/done")
    assert site.decisions[0][1]["verb"] == "return"


def test_a_browser_without_the_key_says_so_and_sends_nothing(page, site):
    open_decision(page, site, "ab" * 32, state="state: no-key")
    page.click("text=Release")
    expect(status(page)).to_have_text("state: no-key")
    assert (site.unlocked, site.decisions) == ([], [])


@pytest.mark.parametrize("state", ["suspended", "expired"])
def test_a_certificate_that_may_not_sign_says_so(page, site, state):
    enrolled(page, site)
    site.certificate_state = state
    open_decision(page, site, state=f"state: {state}")
    page.click("text=Release")
    expect(status(page)).to_have_text(f"state: {state}")
    assert (site.unlocked, site.decisions) == ([], [])


def test_two_people_can_share_one_browser(page, site):
    first, second = enrolled(page, site), enrolled(page, site)
    assert first != second
    for digest in (first, second):
        open_decision(page, site, digest)
        page.fill("[data-card-pin]", site.pin)
        page.click("text=Release")
        page.wait_for_url("**/done")
    assert site.signed_with == [first, second]


def test_the_key_survives_a_restart_of_the_browser(playwright, site, tmp_path):
    with profile(playwright, tmp_path) as context, watched(context) as page:
        digest = enrolled(page, site)
    with profile(playwright, tmp_path) as context, watched(context) as page:
        open_decision(page, site, digest)
        page.fill("[data-card-pin]", site.pin)
        page.click("text=Release")
        page.wait_for_url("**/done")
    assert len(site.decisions) == 1


def test_a_refused_letter_shows_the_server_s_words(page, site):
    enrol(page, site, secret="WRONG")
    expect(status(page)).to_have_text("The letter number or the secret is wrong.")
    assert site.certificates == {}


def test_new_pins_that_differ_are_noticed_before_a_key_is_made(page, site):
    enrol(page, site, again="135791")
    expect(status(page)).to_have_text("state: pins-differ")
    assert site.requests == []


def test_a_confirmation_that_failed_is_repeated_without_a_second_letter(page, site):
    site.confirm_broken = True
    enrol(page, site)
    expect(status(page)).to_have_text("state: failed")
    site.confirm_broken = False
    page.click("text=Enrol")
    page.wait_for_url("**/done")
    assert len(site.requests) == 1
    assert site.confirmed == [site.newest]


def test_a_confirmation_is_taken_up_after_the_page_was_closed(page, site):
    site.confirm_broken = True
    enrol(page, site)
    expect(status(page)).to_have_text("state: failed")
    site.confirm_broken = False
    page.goto(f"{site.address}/enrol?resume")
    expect(status(page)).to_have_text("state: ready")
    page.click("text=Enrol")
    page.wait_for_url("**/done")
    assert site.confirmed == [site.newest]


# --- the same bytes on both sides ---

ATTRIBUTES = """async ([digest, certificate, time]) => {
  const card = await import("/static/js/card.js");
  const der = await import("/static/js/der.js");
  return der.toHex(card.buildSignedAttributes(
    der.fromHex(digest), der.fromHex(certificate), new Date(time)));
}"""
SIGNATURE = """async (raw) => {
  const der = await import("/static/js/der.js");
  return der.toHex(der.ecdsaSignature(der.fromHex(raw)));
}"""
EXPORT = """async () => {
  const { createKey } = await import("/static/js/card.js");
  const key = await createKey("test");
  try { await crypto.subtle.exportKey("pkcs8", key.privateKey); return "exported"; }
  catch (error) { return error.name; }
}"""
REQUEST = """async (nonce) => {
  const card = await import("/static/js/card.js");
  const der = await import("/static/js/der.js");
  return der.toBase64(await card.makeRequest(await card.createKey("test"), nonce));
}"""


@pytest.fixture
def plain(page, site) -> Page:
    page.goto(f"{site.address}/plain")
    return page


@pytest.mark.req("SIGN-2")
@pytest.mark.parametrize(
    "time",
    [
        NOW,
        datetime(2000, 1, 1, tzinfo=UTC),
        datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(1950, 1, 1, tzinfo=UTC),
    ],
)
def test_browser_and_server_build_the_same_signed_bytes(plain, time):
    digest, certificate = hashlib.sha256(b"a").digest(), hashlib.sha256(b"b").digest()
    built = plain.evaluate(ATTRIBUTES, [digest.hex(), certificate.hex(), time.isoformat()])
    assert bytes.fromhex(built) == build_signed_attributes(
        message_digest=digest, certificate_sha256=certificate, signing_time=time
    )


@pytest.mark.parametrize(
    ("r", "s"),
    [(1, 1), (127, 128), (2**255, 2**256 - 1), (2**248 - 1, 2**247), (2**200, 255)],
)
def test_browser_and_server_spell_signatures_alike(plain, r, s):
    raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    assert bytes.fromhex(plain.evaluate(SIGNATURE, raw.hex())) == encode_dss_signature(r, s)


def test_the_key_cannot_be_exported(plain):
    assert plain.evaluate(EXPORT) == "InvalidAccessError"


@pytest.mark.parametrize("nonce", ["n", "x" * 43, "a_b-c.d", "密碼" * 40])
def test_requests_of_the_browser_are_sound_every_time(plain, nonce):
    for _ in range(5):
        request = base64.b64decode(plain.evaluate(REQUEST, nonce))
        assert len(read_request(request, expected_nonce=nonce)) == 91


def test_the_scripts_use_nothing_the_policy_forbids():
    scripts = Path(__file__).parents[2] / "static" / "js"
    for name in ("card.js", "der.js", "enrol.js", "messages.js", "sign.js"):
        text = (scripts / name).read_text(encoding="utf-8")
        for forbidden in ("innerHTML", "eval(", "Function(", "document.write", "localStorage"):
            assert forbidden not in text, f"{name} uses {forbidden}"
