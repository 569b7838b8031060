"""Every address of the enterprise site as a stranger, another company's person, a person without
the right: nothing of one company is seen or changed by anybody else.

A new address without a case fails here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from approvals.models import Decision, Editor, Request, Revision
from certificates.models import Certificate, Signature, SignRequest
from certificates.queries import signing_certificate
from identity.models import FormPost, Grant
from identity.permissions import PUBLIC, SIGNED_IN
from identity.queries import permissions_of
from ledger.models import AccountRight, Hold
from tests.factories.http import Browser, order_fields
from tests.factories.world import FIRST, FROM, OTHER_FROM, World, decide, draft, submit
from tests.house.addresses import CASES, REFERENCE
from transfers.models import PaymentOrder


def views(
    patterns: list[URLPattern | URLResolver], space: str = ""
) -> Iterator[tuple[str, object]]:
    """Yield the name of every address with the view that answers it."""
    for entry in patterns:
        if isinstance(entry, URLResolver):
            inner = f"{entry.namespace}:" if entry.namespace else space
            yield from views(entry.url_patterns, inner)
        else:
            yield f"{space}{entry.name}", entry.callback


VIEWS = dict(views(get_resolver("corpbank.urls.enterprise").url_patterns))


def permission(name: str) -> str:
    """Return the permission an address asks for."""
    return str(getattr(VIEWS[name], "permission", ""))


# What is a customer's own: an address that names a thing, and asks who comes.
TENANT = {name for name, case in CASES.items() if case.names and permission(name) != PUBLIC}


@dataclass(frozen=True, slots=True)
class Things:
    """Name the first company's real things, one set for each state that an act looks at."""

    draft: str
    pending: str
    signed: str
    signature: int
    sign_request: str
    serial: str
    person: str

    @property
    def references(self) -> tuple[str, str, str]:
        """Return the three transfers."""
        return self.draft, self.pending, self.signed

    def address(self, name: str, reference: str) -> str:
        """Return an address that names these things."""
        real = {
            "reference": reference,
            "signature": self.signature,
            "act": "release",
            "number": FROM,
            "serial": self.serial,
            "person": self.person,
            "verb": "suspend",
            "authority": "issuing-1",
            "question": "MAA=",
            "news": 1,
            "file": "ab" * 32,
            "page": "page",
        }
        return reverse(name, args=[real[part] for part in CASES[name].names])


@pytest.fixture
def things(world: World) -> Things:
    """Make what the first company would lose: a draft, a pending and a half-signed transfer."""
    maker = world.holder("maker01")
    signed = submit(world, maker, 20_000)
    decide(world, world.holder("review1a"), signed, "review")
    pending = submit(world, maker, 5_000)
    return Things(
        draft=draft(world, maker),
        pending=pending,
        signed=signed,
        signature=Signature.objects.get(sign_request__request_key=signed).pk,
        sign_request=SignRequest.objects.get(request_key=signed).pk,
        serial=serial_of(world.first.people["release1"].pk),
        person=world.first.people["maker01"].public_id,
    )


def serial_of(user_id: int) -> str:
    """Return the serial number of a person's signing certificate."""
    found = signing_certificate(user_id)
    assert found is not None
    return found.serial_number


def knock(client: Client, name: str, things: Things, reference: str) -> HttpResponse:
    """Send what a real act would send, with the first company's things in address and body."""
    address, case = things.address(name, reference), CASES[name]
    if case.method == "GET":
        return client.get(address)
    if name.startswith("certificates:"):
        message = {"sign_request": things.sign_request, "pin": "482915"}
        return client.post(address, json.dumps(message), content_type="application/json")
    body = order_fields() | {
        "sign_request": things.sign_request,
        "signature": "MAMCAQE=",
        "signing_time": "2026-11-22T13:55:33Z",
        "reason": "因為",
        "cause": "KEY_COMPROMISE",
        "impact": "ab" * 32,
        "language": "en",
        "ticket": "forged",
    }
    return client.post(address, body)


def footprint() -> tuple[object, ...]:
    """Return what nobody else may change: states, revisions, decisions, holds, signatures."""
    return (
        list(Request.objects.order_by("pk").values_list("pk", "state", "changed_at")),
        Revision.objects.count(),
        Decision.objects.count(),
        Editor.objects.count(),
        list(PaymentOrder.objects.order_by("pk").values_list("pk", "amount", "changed_at")),
        list(Hold.objects.order_by("pk").values_list("pk", "state")),
        SignRequest.objects.count(),
        Signature.objects.count(),
        FormPost.objects.count(),
        list(Certificate.objects.order_by("pk").values_list("pk", "state", "suspensions")),
    )


def test_every_address_has_a_case() -> None:
    assert set(VIEWS) == set(CASES)


def test_every_case_is_reached() -> None:
    for name, case in CASES.items():
        parts = {
            "number": FROM, "signature": 1, "act": "release", "reference": "T1", "serial": "4f2a",
            "verb": "suspend", "person": "U1",
        }  # fmt: skip
        parts |= {"authority": "issuing-1", "question": "MAA="}
        parts |= {"news": 1, "file": "ab" * 32, "page": "page"}
        try:
            reverse(name, args=[parts[part] for part in case.names])
        except NoReverseMatch:
            pytest.fail(f"{name} has other parts than its case names")


def answers(
    client: Client, names: list[str], things: Things, references: tuple[str, ...]
) -> dict[str, list[HttpResponse]]:
    """Knock at each of these addresses with each reference; nothing may have changed by it."""
    found: dict[str, list[HttpResponse]] = {}
    for name in names:
        before = footprint()
        found[name] = [knock(client, name, things, reference) for reference in references]
        assert footprint() == before, name
    return found


def statuses(found: dict[str, list[HttpResponse]]) -> dict[str, set[int]]:
    """Return the statuses that came from each address."""
    return {name: {answer.status_code for answer in given} for name, given in found.items()}


def names_for(*unwanted: str) -> list[str]:
    """Return the addresses that ask for another permission than these."""
    return [name for name in CASES if permission(name) not in unwanted]


@pytest.mark.req("AUTH-1", "AUTH-5")
def test_a_visitor_is_led_to_the_door(world: World, things: Things) -> None:
    found = answers(Client(), names_for(PUBLIC), things, things.references)
    for given in found.values():
        for answer in given:
            assert answer.status_code == 302
            assert answer["Location"].partition("?")[0] == reverse("enterprise:sign_in")
            assert not answer.content


def test_what_is_public_tells_nothing_of_a_customer(world: World, things: Things) -> None:
    public = [name for name in CASES if permission(name) == PUBLIC]
    for name, (answer,) in answers(Client(), public, things, (things.signed,)).items():
        assert answer.status_code in {200, 204, 302, 400, 404}, name
        for secret in (FIRST.name, FROM, "maker01", things.signed):
            assert secret.encode() not in answer.content, name


@pytest.mark.req("DUAL-1")
@pytest.mark.parametrize("login", ["maker01", "review1a", "release1", "security1", "security2"])
def test_another_companys_person_finds_nothing(world: World, things: Things, login: str) -> None:
    stranger = Browser.of(world, login, world.second)
    names = [name for name in TENANT if CASES[name].who == login]
    found = answers(stranger.client, names, things, things.references)
    assert statuses(found) == {name: {404} for name in names}
    text = "".join(answer.content.decode() for given in found.values() for answer in given)
    for secret in (FIRST.name, "TWD 20,000", "1000 0000 0011", "營運帳戶"):
        assert secret not in text


@pytest.mark.parametrize("login", ["maker01", "review1a", "release1"])
def test_another_companys_lists_hold_nothing_of_ours(
    world: World, things: Things, login: str
) -> None:
    stranger = Browser.of(world, login, world.second)
    for name in ("enterprise:home", "approvals:inbox", "transfers:orders", "transfers:accounts"):
        for query in ({}, {"tab": "all"}, {"text": "T20"}):
            page = stranger.get(name, **query)
            assert page.status_code == 200
            for secret in (*things.references, FIRST.name, "1000 0000 0011"):
                assert secret not in page.content.decode()


def test_another_companys_account_cannot_be_paid_from(world: World, things: Things) -> None:
    stranger = Browser.of(world, "maker01", world.second)
    before = footprint()
    for number in (FROM, OTHER_FROM):
        answer = stranger.new_order(from_account=number, payee_account="200000000012")
        assert answer.status_code == 422
        assert "from_account" in answer.context["form"].errors
    assert footprint() == before


@pytest.mark.req("SIGN-2")
def test_another_persons_sign_request_cannot_be_unlocked(world: World, things: Things) -> None:
    prepared = Browser.of(world, "release1").prepare(things.signed, "release").json()
    for login, company in (("release2", world.first), ("release1", world.second)):
        stranger = Browser.of(world, login, company)
        answer = stranger.unlock(prepared["sign_request"])
        assert answer.status_code == 404
        assert answer.json()["ok"] is False
    assert SignRequest.objects.get(pk=prepared["sign_request"]).unlocked_at is None


def test_a_person_without_the_permission_is_refused(world: World, things: Things) -> None:
    # A security maker holds no right on money at all, and only looks at certificates and at
    # requests about the company itself.
    person = Browser.of(world, "security1")
    held = permissions_of(person.holder.user.pk, now=world.now)
    names = names_for(PUBLIC, SIGNED_IN, *held)
    assert "transfers:orders" in names
    found = answers(person.client, names, things, (things.draft, things.signed))
    assert statuses(found) == {name: {403} for name in names}


def test_who_has_no_right_on_money_finds_no_transfer(world: World, things: Things) -> None:
    person = Browser.of(world, "security1")
    held = permissions_of(person.holder.user.pk, now=world.now)
    names = [name for name in TENANT if permission(name) in held and CASES[name].names == REFERENCE]
    assert "approvals:request" in names
    found = answers(person.client, names, things, things.references)
    assert statuses(found) == {name: {404} for name in names}


@pytest.mark.req("DUAL-1")
@pytest.mark.parametrize(
    ("login", "verbs"),
    [
        ("maker02", ["review", "release", "return", "reject"]),
        ("review1a", ["submit", "release", "withdraw", "delete"]),
        ("release1", ["submit", "review", "withdraw", "delete"]),
    ],
)
def test_a_role_has_its_own_verbs_only(
    world: World, things: Things, login: str, verbs: list[str]
) -> None:
    person = Browser.of(world, login)
    names = [f"approvals:{verb}" for verb in verbs]
    if login != "maker02":
        names += ["transfers:new", "transfers:edit", "transfers:check"]
    found = answers(person.client, names, things, things.references)
    assert statuses(found) == {name: {403} for name in names}


@pytest.mark.parametrize(
    ("login", "stand_in"),
    [("maker01", "maker02"), ("review1a", "review1b"), ("release1", "release2")],
)
def test_a_colleague_without_rights_on_the_account_finds_nothing(
    world: World, things: Things, login: str, stand_in: str
) -> None:
    colleague = Browser.of(world, stand_in)
    AccountRight.objects.filter(user=colleague.holder.user).delete()
    names = [name for name in TENANT if CASES[name].who == login]
    found = answers(colleague.client, names, things, things.references)
    assert statuses(found) == {name: {404} for name in names}


@pytest.mark.req("SES-2", "DEL-4")
def test_a_role_taken_away_is_felt_at_the_next_click(world: World, things: Things) -> None:
    person = Browser.of(world, "maker02")
    assert person.get("approvals:request", things.pending).status_code == 200
    Grant.objects.filter(user=person.holder.user).update(
        valid_until=world.now + timedelta(microseconds=1)
    )
    assert person.get("approvals:request", things.pending).status_code == 403
