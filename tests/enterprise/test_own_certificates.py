"""The holder's own pages: what each state says, lifting, losing, renewing, the new password."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.urls import reverse

from certificates import operations as certificates
from certificates.formats.profiles import RevocationReason
from certificates.formats.signed_attributes import read_signing_time
from certificates.models import Card, Certificate
from certificates.operations import PrintedLetter
from certificates.queries import own_certificates
from certificates.states import CardState
from identity.models import Session, User
from kernel import clock
from tests.factories.cards import TestCard
from tests.factories.http import Browser, form_to, forms_of, sign_in, words_of
from tests.factories.world import PASSWORD, PIN, World, submit

pytestmark = pytest.mark.django_db
LOGIN = "release1"
LIFT = "/certificates/lift/"
JSON = {"content_type": "application/json", "headers": {"Accept": "application/json"}}


def newest(world: World, login: str = LOGIN) -> Certificate:
    facts = own_certificates(world.first.people[login].pk)[0]
    return Certificate.objects.get(pk=facts.id)


def suspend(world: World, login: str = LOGIN) -> None:
    serial = newest(world, login).serial_number
    certificates.suspend(serial_number=serial, actor=None, now=clock.now())


def letter_for(world: World, login: str = LOGIN) -> PrintedLetter:
    """Let the branch agree to lift a suspension, and print the letter."""
    certificate = newest(world, login)
    with transaction.atomic():
        who = {"certificate_id": certificate.pk, "actor": None, "now": clock.now()}
        certificates.release_unsuspension_step(**who)
        return certificates.print_letter_step(**who)


def lift(browser: Browser, letter: PrintedLetter, **typed: str) -> HttpResponse:
    """Open the page, sign as its script does, and send the form."""
    page = browser.client.get(LIFT)
    form = form_to(page, LIFT)
    prepared = browser.client.post(form.attributes["data-prepare-url"], form.fields).json()
    unlocked = browser.unlock(prepared["sign_request"]).json()
    assert unlocked["ok"], unlocked
    signed = browser.sign(prepared, unlocked["now"])
    letter_fields = {"letter_number": letter.number, "secret": letter.secret}
    return browser.client.post(LIFT, form.fields | signed | letter_fields | typed)


# --- what each state says ------------------------------------------------------------------------
@pytest.mark.req("CERT-3", "CERT-4")
def test_a_certificate_in_force_says_scope_end_and_suspensions(world: World) -> None:
    words = words_of(Browser.of(world, LOGIN).get("enterprise:certificates"))
    certificate = newest(world)
    assert certificate.serial_number is not None
    assert certificate.serial_number in words
    assert f"{certificate.not_after:%Y-%m}" in words
    assert "角色允許的所有功能" in words
    assert "尚未使用（共 2 次）" in words
    assert (
        "/certificates/lost/"
        in Browser.of(world, "release2").get("enterprise:certificates").content.decode()
    )


@pytest.mark.req("CERT-6")
def test_the_usage_scope_is_said_in_words(world: World) -> None:
    with transaction.atomic():
        certificates.set_scope_step(
            certificate_id=newest(world).pk, functions=["transfers.transfer"], amount_cap=500_000,
            scope_from=None, scope_until=clock.now().date() + timedelta(days=9), actor=None,
            now=clock.now(),
        )  # fmt: skip
    words = words_of(Browser.of(world, LOGIN).get("enterprise:certificates"))
    for said in ("轉帳", "500,000", f"{clock.now().date() + timedelta(days=9)}"):
        assert said in words


@pytest.mark.req("CERT-3")
def test_a_suspended_one_says_by_whom_and_where_to_go(world: World) -> None:
    suspend(world)
    words = words_of(Browser.of(world, LOGIN).get("enterprise:certificates"))
    assert "已由本行於" in words
    assert "僅營業部可解除暫禁" in words
    assert "已使用 1 次" in words


@pytest.mark.req("CERT-4")
def test_after_two_suspensions_the_next_is_said_to_be_permanent(world: World) -> None:
    person = world.holder(LOGIN)
    for _ in range(2):
        suspend(world)
        browser = Browser.of(world, LOGIN)
        browser.holder.card = person.card
        assert lift(browser, letter_for(world)).status_code == 302
    assert "再次暫禁即永久廢止" in words_of(browser.get("enterprise:certificates"))
    lost = words_of(browser.get("enterprise:report_lost"))
    assert "此次為永久，憑證將廢止" in lost


@pytest.mark.req("CERT-5")
def test_a_revoked_one_says_to_apply_again(world: World) -> None:
    certificates.revoke(
        serial_number=newest(world).serial_number or "", reason=RevocationReason.UNSPECIFIED,
        actor=None, now=clock.now(),
    )  # fmt: skip
    words = words_of(Browser.of(world, LOGIN).get("enterprise:certificates"))
    assert "請至營業部重新申請，並須再次繳費" in words


@pytest.mark.req("SIGN-6")
def test_a_locked_card_says_where_to_go_on_both_pages(world: World) -> None:
    reference = submit(world, world.holder("maker01", card=False), 5_000)
    browser = Browser.of(world, LOGIN)
    prepared = browser.prepare(reference, "release").json()
    for _ in range(3):
        browser.unlock(prepared["sign_request"], "000000")
    assert Card.objects.get(pk=newest(world).card_id).state == CardState.LOCKED
    for page in (
        browser.get("enterprise:certificates"),
        browser.get("approvals:request", reference),
    ):
        assert "PIN 碼錯誤次數過多，卡片已鎖定。請攜帶身分證件至營業部申請新卡" in words_of(page)


def test_a_letter_that_waits_leads_to_taking_the_card_into_use(world: World) -> None:
    user = world.second.people[LOGIN]
    certificates.issue_letter(holder_id=user.pk, actor=None, now=clock.now())
    page = Browser.of(world, LOGIN, world.second).get("enterprise:certificates")
    assert "請以函號與密碼啟用卡片" in words_of(page)
    assert 'href="/certificates/card/"' in page.content.decode()


def test_who_never_had_one_is_told_what_to_do(world: World) -> None:
    words = words_of(Browser.of(world, "maker01").get("enterprise:certificates"))
    assert "您沒有使用中的憑證" in words


# --- lifting -------------------------------------------------------------------------------------
@pytest.mark.req("CERT-4")
def test_letter_and_card_lift_the_suspension(world: World) -> None:
    suspend(world)
    letter = letter_for(world)
    browser = Browser.of(world, LOGIN)
    answer = lift(browser, letter)
    assert (answer.status_code, answer["Location"]) == (302, reverse("enterprise:certificates"))
    assert newest(world).state == "ACTIVE"
    assert "暫禁已解除" in words_of(browser.client.get(answer["Location"]))


@pytest.mark.req("CERT-2", "CERT-4")
@pytest.mark.parametrize("case", ["wrong secret", "wrong number", "expired", "another's"])
def test_every_failing_letter_reads_the_same_and_is_not_shown_again(
    world: World, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    suspend(world)
    letter = letter_for(world)
    typed = {
        "wrong secret": {"secret": "0" * 17},
        "wrong number": {"letter_number": "AAAA-0000"},
    }.get(case, {})
    if case == "expired":
        present = clock.now
        monkeypatch.setattr(clock, "now", lambda: present() + timedelta(days=31))
    if case == "another's":
        suspend(world, "release2")
        other = letter_for(world, "release2")
        typed = {"letter_number": other.number, "secret": other.secret}
    answer = lift(Browser.of(world, LOGIN), letter, **typed)
    assert answer.status_code == 422
    assert answer.context["page"]["form"].errors["secret"] == [
        "密碼函編號或密碼錯誤，或密碼函已失效。"
    ]
    assert letter.secret not in answer.content.decode()
    assert newest(world).state == "UNSUSPENDING"


@pytest.mark.parametrize("login", ["release1", "release2"])
def test_there_is_nothing_to_lift_without_the_branch(world: World, login: str) -> None:
    suspend(world)
    browser = Browser.of(world, login)
    page = browser.client.get(LIFT)
    assert [form for form in forms_of(page) if form.action == LIFT] == []
    assert "目前沒有可解除的暫禁" in words_of(page)
    assert browser.client.post(LIFT, {}).status_code == 422
    refused = browser.client.post("/certificates/lift/prepare/", {})
    assert (refused.status_code, refused.json()["ok"]) == (422, False)


# --- losing the card -----------------------------------------------------------------------------
@pytest.mark.req("CERT-10", "AUTH-5", "SES-2")
def test_reporting_the_card_lost_suspends_signs_out_and_asks_for_a_new_password(
    world: World,
) -> None:
    browser = Browser.of(world, LOGIN)
    form = form_to(browser.get("enterprise:report_lost"), "/certificates/lost/")
    answer = browser.client.post(form.action, form.fields | {"reason": "遺失"})
    assert answer["Location"] == "/sign-in/?ended=lost"
    assert newest(world).state == "SUSPENDED"
    assert not Session.objects.filter(user=browser.holder.user, ended_at__isnull=True).exists()
    assert "您的卡片已掛失" in words_of(browser.client.get(answer["Location"]))

    told = browser.unlock("anything")
    assert (told.status_code, told.json()["message"]) == (401, "您已登出，請重新登入後繼續。")
    sign_in(browser.client, world.company.code, LOGIN)
    for name in ("home", "certificates", "sessions", "report_lost"):
        assert browser.get(f"enterprise:{name}")["Location"] == "/password/"
    assert browser.get("approvals:inbox")["Location"] == "/password/"
    stopped = browser.unlock("anything")
    assert (stopped.status_code, stopped.json()["code"]) == (403, "identity.gate.change_password")
    assert browser.get("enterprise:change_password").status_code == 200
    assert browser.post("enterprise:stay").status_code == 204
    assert browser.post("enterprise:sign_out")["Location"] == "/sign-in/"


@pytest.mark.req("CERT-10")
def test_a_lost_card_cannot_be_lifted_and_says_so(world: World) -> None:
    browser = Browser.of(world, LOGIN)
    form = form_to(browser.get("enterprise:report_lost"), "/certificates/lost/")
    browser.client.post(form.action, form.fields)
    User.objects.filter(pk=browser.holder.user.pk).update(must_change_password=False)
    words = words_of(Browser.of(world, LOGIN).get("enterprise:certificates"))
    assert "您已於" in words
    assert "因此無法解除暫禁。請攜帶身分證件至營業部申請新卡" in words


def test_without_a_card_there_is_nothing_to_lose(world: World) -> None:
    browser = Browser.of(world, LOGIN, world.second)
    assert "您沒有使用中的卡片" in words_of(browser.get("enterprise:report_lost"))
    form = {"idempotency_key": "x" * 20, "reason": ""}
    assert browser.post("enterprise:report_lost", **form).status_code == 422


# --- the password --------------------------------------------------------------------------------
@pytest.mark.req("PWD-1", "SES-2")
def test_a_new_password_ends_every_session_and_is_the_one_that_counts(world: World) -> None:
    browser = Browser.of(world, LOGIN)
    typed = {"old": PASSWORD, "new": "violet-harbour-71", "again": "violet-harbour-71"}
    answer = browser.post("enterprise:change_password", **typed)
    assert answer["Location"] == "/sign-in/?ended=password"
    assert browser.get("enterprise:home").status_code == 302
    assert sign_in(browser.client, world.company.code, LOGIN).status_code == 422
    again = sign_in(browser.client, world.company.code, LOGIN, "violet-harbour-71")
    assert (again.status_code, again["Location"]) == (302, "/")


@pytest.mark.req("PWD-1")
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"old": "not it"}, "old"),
        ({"again": "another-one-72"}, "again"),
        ({"new": "aaaa1111", "again": "aaaa1111"}, "new"),
        ({"new": PASSWORD, "again": PASSWORD}, "new"),
        ({"new": ""}, "new"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_shown_again(
    world: World, changes: dict[str, str], field: str
) -> None:
    browser = Browser.of(world, LOGIN)
    typed = {"old": PASSWORD, "new": "violet-harbour-71", "again": "violet-harbour-71"} | changes
    answer = browser.post("enterprise:change_password", **typed)
    assert answer.status_code == 422
    assert field in answer.context["page"]["form"].errors
    for secret in set(typed.values()) - {""}:
        assert secret not in answer.content.decode()
    assert browser.get("enterprise:home").status_code == 200


# --- renewing ------------------------------------------------------------------------------------
@pytest.mark.req("CERT-12")
def test_too_early_says_from_when(world: World) -> None:
    page = words_of(Browser.of(world, LOGIN).get("enterprise:renew_certificate"))
    from_day = newest(world).not_after - timedelta(days=60)  # type: ignore[operator]
    assert "目前無須展期" in page
    assert f"{from_day:%Y-%m}" in page


@pytest.mark.req("CERT-12")
def test_the_present_card_renews_through_the_pages_own_messages(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.holder(LOGIN)
    present, before = clock.now, newest(world)
    monkeypatch.setattr(clock, "now", lambda: present() + timedelta(days=690))
    certificates.rotate_service_keys(now=clock.now())
    User.objects.update(password_set_at=clock.now())  # the years since brought new passwords
    browser = Browser.of(world, LOGIN)
    assert "將於" in words_of(browser.get("enterprise:certificates"))
    page = browser.get("enterprise:renew_certificate")
    (form,) = [one for one in forms_of(page) if "data-renew" in one.attributes]
    fresh, nonce = TestCard(), form.attributes["data-nonce"]
    requests = {
        "request": base64.b64encode(fresh.make_request(nonce)).decode(),
        "authentication_request": base64.b64encode(TestCard().make_request(nonce)).decode(),
    }
    prepared = browser.client.post(form.attributes["data-prepare-url"], requests, **JSON).json()
    unlocked = browser.unlock(prepared["sign_request"], PIN).json()
    signed = browser.sign(prepared, unlocked["now"])
    signed.pop("idempotency_key")
    issued = browser.client.post(
        form.attributes["data-renew-url"], requests | signed, **JSON
    ).json()
    assert issued["ok"], issued
    assert newest(world).state == "ISSUED"
    signature = fresh.sign_statement(
        base64.b64decode(issued["challenge"]),
        bytes.fromhex(issued["certificate_sha256"]),
        read_signing_time(issued["now"]),
    )
    proof = {
        "certificate_sha256": issued["certificate_sha256"],
        "signature": base64.b64encode(signature).decode(),
        "signing_time": issued["now"],
    }
    confirmed = browser.client.post(form.attributes["data-confirm-url"], proof, **JSON)
    assert confirmed.json() == {"ok": True}
    before.refresh_from_db()
    assert (before.state, newest(world).state) == ("REVOKED", "ACTIVE")


@pytest.mark.req("CERT-12", "SIGN-2")
def test_requests_that_were_not_signed_for_are_not_certified(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.holder(LOGIN)
    present = clock.now
    monkeypatch.setattr(clock, "now", lambda: present() + timedelta(days=690))
    certificates.rotate_service_keys(now=clock.now())
    User.objects.update(password_set_at=clock.now())  # the years since brought new passwords
    browser = Browser.of(world, LOGIN)
    page = browser.get("enterprise:renew_certificate")
    (form,) = [one for one in forms_of(page) if "data-renew" in one.attributes]
    nonce = form.attributes["data-nonce"]

    def requests() -> dict[str, str]:
        names = ("request", "authentication_request")
        return {name: base64.b64encode(TestCard().make_request(nonce)).decode() for name in names}

    prepared = browser.client.post("/card/renewal", requests(), **JSON).json()
    unlocked = browser.unlock(prepared["sign_request"], PIN).json()
    signed = browser.sign(prepared, unlocked["now"])
    signed.pop("idempotency_key")
    refused = browser.client.post("/card/renew", requests() | signed, **JSON)
    assert refused.status_code == 409
    assert newest(world).state == "ACTIVE"
