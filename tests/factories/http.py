"""A person's browser on the enterprise site: signs in, fills in forms, lets the card sign."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from approvals.models import Request
from certificates.formats.signed_attributes import read_signing_time
from identity.formats import session_digest
from identity.models import Session
from identity.policies import Factor
from kernel import clock, ids
from kernel.clock import business_date
from tests.factories.world import FROM, PASSWORD, PAYEE, PIN, SECOND, Holder, World

ADDRESS = "203.0.113.7"
ENGLISH = {"HTTP_ACCEPT_LANGUAGE": "en"}


@dataclass
class PageForm:
    """Hold one form of a page: where it leads, its attributes, what its fields hold."""

    action: str
    attributes: dict[str, str]
    fields: dict[str, str] = field(default_factory=dict)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[PageForm] = []
        self._inside = False
        self._select = ""
        self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(PageForm(given.get("action", ""), given))
            self._inside = True
        elif self._inside and tag == "input" and given.get("name"):
            self.found[-1].fields[given["name"]] = given.get("value", "")
        elif self._inside and tag == "select":
            self._select = given.get("name", "")
        elif self._inside and tag == "option" and "selected" in given:
            self.found[-1].fields[self._select] = given.get("value", "")
        elif self._inside and tag == "textarea":
            self._area = given.get("name", "")
            self.found[-1].fields[self._area] = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.found[-1].fields[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "textarea":
            self._area = ""


def forms_of(page: HttpResponse) -> list[PageForm]:
    """Return the forms of a page in order."""
    parser = _Forms()
    parser.feed(page.content.decode())
    return parser.found


def form_to(page: HttpResponse, action: str) -> PageForm:
    """Return the one form of a page that is sent to this address."""
    found = [form for form in forms_of(page) if form.action == action]
    assert len(found) == 1, f"{len(found)} forms lead to {action}"
    return found[0]


def form_with(page: HttpResponse, name: str) -> PageForm:
    """Return the one form of a page that has a field of this name."""
    (found,) = [form for form in forms_of(page) if name in form.fields]
    return found


def words_of(page: HttpResponse) -> str:
    """Return what a page says, without its tags, as one line."""
    return text_of(page.content.decode())


def text_of(markup: str) -> str:
    """Return the text of markup as one line."""
    text = re.sub(r"<(script|style)\b.*?</\1>|<[^>]*>", " ", markup, flags=re.DOTALL)
    return " ".join(unescape(text).split())


def sign_in(
    client: Client, company_code: str, login: str, password: str = PASSWORD, **fields: str
) -> HttpResponse:
    """Send the sign-in form."""
    sent = {"company_code": company_code, "login_name": login, "password": password, **fields}
    return client.post(reverse("enterprise:sign_in"), sent)


@dataclass
class Browser:
    """One person's browser; `client` carries its cookies."""

    holder: Holder
    client: Client

    @classmethod
    def of(
        cls,
        world: World,
        login: str,
        company: Any = None,
        *,
        english: bool = False,
        factor: Factor = Factor.CARD,
        **extra: Any,
    ) -> Browser:
        """Sign a person in and return their browser; with a card shown, unless told otherwise."""
        home = company or world.first
        holder = world.holder(login, home, card=False)
        client = Client(REMOTE_ADDR=ADDRESS, **extra)
        answer = sign_in(client, home.company.code, login)
        assert (answer.status_code, answer["Location"]) == (302, "/"), words_of(answer)
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en" if english else "zh-hant"
        return cls(holder, client).shown(factor)

    @classmethod
    def officer(
        cls,
        world: World,
        login: str,
        *,
        card: bool = False,
        english: bool = False,
        factor: Factor = Factor.PASSKEY,
    ) -> Browser:
        """Sign a person of the bank in at the staff site and return their browser.

        With a passkey shown, unless told otherwise.
        """
        holder = world.officer(login, card=card)
        client = Client(REMOTE_ADDR=ADDRESS)
        sent = {"login_name": login, "password": PASSWORD}
        answer = client.post(reverse("staff:sign_in"), sent)
        assert answer.status_code == 302, words_of(answer)
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en" if english else "zh-hant"
        return cls(holder, client).shown(factor)

    def shown(self, factor: Factor) -> Browser:
        """Let the session be one in which this factor was shown; tests of the step-up do it."""
        sessions = Session.objects.filter(pk=self.session.pk)
        sessions.update(factor=factor, stepped_up_at=clock.now())
        return self

    @property
    def session_key(self) -> str:
        """Return the secret of the session's cookie."""
        return str(self.client.cookies[settings.SESSION_COOKIE_NAME].value)

    @property
    def session(self) -> Session:
        """Return the stored session."""
        return Session.objects.get(key_sha256=session_digest(self.session_key))

    def get(self, name: str, *args: object, **query: object) -> HttpResponse:
        """Open a page by its name."""
        return self.client.get(reverse(name, args=args), query)

    def post(self, name: str, *args: object, **fields: object) -> HttpResponse:
        """Send a form to a named address."""
        return self.client.post(reverse(name, args=args), fields)

    def new_order(self, **changes: object) -> HttpResponse:
        """Open the empty form of a transfer, fill it in and send it."""
        form = form_with(self.get("transfers:new"), "amount")
        typed = order_fields(idempotency_key=form.fields["idempotency_key"])
        return self.post("transfers:new", **(form.fields | typed | changes))

    def submit(self, reference: str) -> HttpResponse:
        """Open the check page of a draft and submit it."""
        page = self.get("transfers:check", reference)
        form = form_to(page, reverse("approvals:submit", args=[reference]))
        return self.client.post(form.action, form.fields)

    def prepare(
        self, reference: str, act: str, reason: str = "", revision: object = None
    ) -> HttpResponse:
        """Ask for the statement of an act, as the page's script does."""
        shown = Request.objects.get(reference=reference).revision_number
        return self.client.post(
            reverse("approvals:prepare", args=[reference, act]),
            {"reason": reason, "revision": shown if revision is None else revision},
            headers={"Accept": "application/json"},
        )

    def unlock(self, sign_request: str, pin: str = PIN) -> HttpResponse:
        """Send the PIN for one sign request, as the page's script does."""
        return self.client.post(
            reverse("certificates:unlock"),
            json.dumps({"sign_request": sign_request, "pin": pin}),
            content_type="application/json",
            headers={"Accept": "application/json"},
        )

    def signed(
        self, reference: str, act: str, reason: str = "", revision: object = None
    ) -> dict[str, str]:
        """Return the fields of an act's form once the card has signed."""
        prepared = self.prepare(reference, act, reason, revision).json()
        assert prepared["ok"], prepared
        unlocked = self.unlock(prepared["sign_request"]).json()
        assert unlocked["ok"], unlocked
        fields = self.sign(prepared, unlocked["now"])
        return fields | ({"reason": reason} if reason else {})

    def sign(self, prepared: dict[str, str], signing_time: str) -> dict[str, str]:
        """Let the card sign a prepared statement and return the fields of the form."""
        assert self.holder.card is not None
        signature = self.holder.card.sign_statement(
            base64.b64decode(prepared["statement"]),
            bytes.fromhex(prepared["certificate_sha256"]),
            read_signing_time(signing_time),
        )
        return {
            "sign_request": prepared["sign_request"],
            "signature": base64.b64encode(signature).decode(),
            "signing_time": signing_time,
            "idempotency_key": ids.token(),
        }

    def ask(self, name: str, **members: str) -> HttpResponse:
        """Send a message in JSON to a named address, as the card's script does."""
        return self.tell(name, members)

    def tell(self, address: str, members: Mapping[str, str]) -> HttpResponse:
        """Send such a message, whatever its members are called."""
        return self.client.post(
            reverse(address),
            json.dumps(members),
            content_type="application/json",
            headers={"Accept": "application/json"},
        )

    def show_card(self, pin: str = PIN) -> HttpResponse:
        """Show the card as the step-up's script does; the cookie follows."""
        assert self.holder.card is not None
        prepared = self.ask("certificates:prepare_authentication").json()
        assert prepared["ok"], prepared
        shown = {"sign_request": prepared["sign_request"]}
        unlocked = self.ask("certificates:unlock_authentication", pin=pin, **shown)
        if unlocked.status_code != 200:
            return unlocked
        signing_time = unlocked.json()["now"]
        signature = self.holder.card.companion.sign_statement(
            base64.b64decode(prepared["statement"]),
            bytes.fromhex(prepared["certificate_sha256"]),
            read_signing_time(signing_time),
        )
        signed = base64.b64encode(signature).decode()
        return self.ask(
            "certificates:authenticate", signature=signed, signing_time=signing_time, **shown
        )

    def decide(self, reference: str, act: str, reason: str = "", **changes: str) -> HttpResponse:
        """Open the decision page, sign one of its acts and send the form."""
        page = self.get("approvals:request", reference)
        form = form_to(page, reverse(f"approvals:{act}", args=[reference]))
        assert form.attributes["data-prepare-url"] == reverse(
            "approvals:prepare", args=[reference, act]
        )
        fields = form.fields | self.signed(reference, act, reason, form.fields["revision"])
        fields["idempotency_key"] = form.fields["idempotency_key"]
        return self.client.post(form.action, fields | changes)


def order_fields(**changes: object) -> dict[str, object]:
    """Return a transfer as a maker types it."""
    return {
        "idempotency_key": ids.token(),
        "from_account": FROM,
        "payee_account": PAYEE,
        "payee_name": SECOND.name,
        "amount": "5,000",
        "value_date": business_date_today(),
        "memo": "11 月材料款",
        **changes,
    }


def business_date_today() -> str:
    """Return the bank's date as a date field sends it."""
    return business_date(clock.now()).isoformat()


def reference_in(answer: HttpResponse) -> str:
    """Return the reference of the page an act has led to."""
    assert answer.status_code == 302, words_of(answer)
    return str(answer["Location"]).strip("/").split("/")[1]
