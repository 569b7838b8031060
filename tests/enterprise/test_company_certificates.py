"""The company's certificates page: search, preview, suspend and revoke by the supervisor's card."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.urls import reverse

from certificates import operations as certificates
from certificates.models import Certificate, CertificateEvent
from certificates.queries import signing_certificate
from identity.models import Session
from kernel import clock
from tests.factories.counting import counted_statements
from tests.factories.http import Browser, form_to, words_of
from tests.factories.world import World, submit

pytestmark = pytest.mark.django_db


def serial(world: World, login: str) -> str:
    found = signing_certificate(world.first.people[login].pk)
    assert found is not None
    return found.serial_number


def state(serial_number: str) -> str:
    return Certificate.objects.get(serial_number=serial_number).state


def supervisor(world: World) -> Browser:
    """Return the supervisor's browser, with a card in hand."""
    world.holder("security2")
    return Browser.of(world, "security2")


def address(verb: str, serial_number: str) -> str:
    return reverse(f"enterprise:{verb}_certificate", args=[serial_number])


def act(
    browser: Browser, serial_number: str, verb: str, *, page: HttpResponse | None = None,
    **typed: str,
) -> HttpResponse:  # fmt: skip
    """Open the certificate's page, sign one of its acts as its script does, and send the form."""
    shown = page or browser.get("enterprise:company_certificate", serial_number)
    form = form_to(shown, address(verb, serial_number))
    fields = form.fields | {"reason": "離職"} | typed
    prepared = browser.client.post(
        form.attributes["data-prepare-url"], fields, headers={"Accept": "application/json"}
    )
    if prepared.status_code != 200:
        return prepared
    unlocked = browser.unlock(prepared.json()["sign_request"]).json()
    assert unlocked["ok"], unlocked
    signed = browser.sign(prepared.json(), unlocked["now"])
    return browser.client.post(
        form.action, fields | signed | {"idempotency_key": fields["idempotency_key"]}
    )


# --- the list ------------------------------------------------------------------------------------
@pytest.mark.req("CERT-3")
@pytest.mark.parametrize("login", ["security1", "security2"])
def test_the_security_pair_sees_everyones_certificate(world: World, login: str) -> None:
    page = Browser.of(world, login).get("enterprise:company_certificates")
    words = words_of(page)
    for name in ("王大同", "蔡宗翰", "黃淑芬", "review1a"):
        assert name in words
    assert serial(world, "release1")[-8:].upper() in words
    assert world.first.people["maker01"].display_name not in words.replace("maker01", "")


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"text": "大同"}, {"王大同"}),
        ({"text": "REVIEW1"}, {"黃淑芬", "吳建宏"}),
        ({"state": "SUSPENDED"}, {"蔡宗翰"}),
        ({"text": "nobody"}, set()),
        ({"state": "nonsense"}, {"王大同", "蔡宗翰"}),
    ],
)
def test_the_list_is_searched_by_name_login_and_state(
    world: World, query: dict[str, str], names: set[str]
) -> None:
    certificates.suspend(serial_number=serial(world, "release2"), actor=None, now=world.now)
    page = Browser.of(world, "security1").get("enterprise:company_certificates", **query)
    shown = {row["shown"].holder_name for row in page.context["page"]["rows"]}
    assert names <= shown
    assert shown == names or "nonsense" in query.values()


def test_the_list_is_searched_by_serial_number_and_costs_the_same_for_all(world: World) -> None:
    browser = Browser.of(world, "security1")
    found = {}
    for query in ({}, {"text": serial(world, "release1")[-10:].upper()}):
        browser.get("enterprise:company_certificates", **query)
        with counted_statements() as made:
            page = browser.get("enterprise:company_certificates", **query)
        found[len(page.context["page"]["rows"])] = len(made)
    assert set(found) == {6, 1}
    assert len(set(found.values())) == 1


@pytest.mark.parametrize("login", ["maker01", "review1a", "release1"])
def test_nobody_else_of_the_company_sees_them(world: World, login: str) -> None:
    browser = Browser.of(world, login)
    assert browser.get("enterprise:company_certificates").status_code == 403
    number = serial(world, "release2")
    assert browser.get("enterprise:company_certificate", number).status_code == 403
    assert "/certificates/company/" not in browser.get("enterprise:home").content.decode()


# --- the preview ---------------------------------------------------------------------------------
@pytest.mark.req("CERT-9")
def test_the_preview_names_what_would_stop_and_who_stands_in(world: World) -> None:
    reference = submit(world, world.holder("maker01", card=False), 5_000)
    browser = supervisor(world)
    page = words_of(browser.get("enterprise:company_certificate", serial(world, "release1")))
    assert reference in page
    assert "可代為簽核： 蔡宗翰" in page
    certificates.suspend(serial_number=serial(world, "release2"), actor=None, now=clock.now())
    page = words_of(browser.get("enterprise:company_certificate", serial(world, "release1")))
    assert "將無法進行" in page
    assert "沒有人可以代為簽核" in page
    # A supervisor holds no right on money: no amount is told.
    assert "5,000" not in page


@pytest.mark.req("CERT-9")
def test_nothing_is_signed_over_a_preview_that_is_no_longer_so(world: World) -> None:
    number, browser = serial(world, "release1"), supervisor(world)
    page = browser.get("enterprise:company_certificate", number)
    submit(world, world.holder("maker01", card=False), 5_000)
    answer = act(browser, number, "suspend", page=page)
    assert answer.status_code == 409
    assert answer.json()["code"] == "enterprise.certificates.preview_changed"
    assert act(browser, number, "suspend").status_code == 302


# --- suspend and revoke --------------------------------------------------------------------------
@pytest.mark.req("CERT-3", "DUAL-6")
def test_the_supervisor_suspends_alone_and_at_once(world: World) -> None:
    number, browser = serial(world, "release1"), supervisor(world)
    answer = act(browser, number, "suspend", reason="卡片遺失")
    assert (answer.status_code, answer["Location"]) == (
        302, reverse("enterprise:company_certificate", args=[number]),
    )  # fmt: skip
    assert state(number) == "SUSPENDED"
    page = browser.client.get(answer["Location"])
    words = words_of(page)
    assert "憑證已暫禁" in words
    assert "許文龍" in words
    assert "卡片遺失" in words
    (event,) = CertificateEvent.objects.filter(
        certificate__serial_number=number, verb="suspend"
    )  # fmt: skip
    assert event.actor == world.first.people["security2"].public_id


@pytest.mark.req("CERT-5", "DUAL-6")
def test_the_supervisor_revokes_alone_with_a_cause(world: World) -> None:
    number, browser = serial(world, "release1"), supervisor(world)
    answer = act(browser, number, "revoke", cause="AFFILIATION_CHANGED")
    assert answer.status_code == 302
    assert state(number) == "REVOKED"
    page = browser.client.get(answer["Location"])
    assert [panel.sign for panel in page.context["page"]["acts"]] == [None, None]
    assert "已廢止" in words_of(page)


@pytest.mark.parametrize(
    ("verb", "typed", "field"),
    [
        ("suspend", {"reason": " "}, "reason"),
        ("revoke", {"cause": "", "reason": "x"}, "cause"),
        ("revoke", {"cause": "SUPERSEDED", "reason": "x"}, "cause"),
    ],
)
def test_what_is_missing_is_said_beside_its_field(
    world: World, verb: str, typed: dict[str, str], field: str
) -> None:
    number, browser = serial(world, "release1"), supervisor(world)
    answer = act(browser, number, verb, **typed)
    assert answer.status_code == 422
    assert answer.json()["field"] == field
    assert state(number) == "ACTIVE"


def test_a_form_without_a_signature_shows_the_page_again(world: World) -> None:
    number, browser = serial(world, "release1"), supervisor(world)
    answer = browser.client.post(address("suspend", number), {"reason": "離職"})
    assert answer.status_code == 422
    assert "離職" in answer.content.decode()
    assert state(number) == "ACTIVE"


def test_who_lost_the_right_or_the_card_is_told_why(world: World) -> None:
    browser = Browser.of(world, "security2")
    number = serial(world, "release1")
    words = words_of(browser.get("enterprise:company_certificate", number))
    assert "您沒有可用於簽章的憑證" in words
    looker = Browser.of(world, "security1")
    assert looker.get("enterprise:company_certificate", number).context["page"]["acts"] == []
    for verb in ("suspend", "revoke"):
        assert looker.client.post(address(verb, number), {}).status_code == 403


def test_the_own_certificate_leads_to_reporting_it_lost(world: World) -> None:
    browser = supervisor(world)
    page = browser.get("enterprise:company_certificate", serial(world, "security2"))
    assert all("這是您自己的憑證" in panel.why_not for panel in page.context["page"]["acts"])


def test_an_unknown_act_or_certificate_is_not_there(world: World) -> None:
    browser = supervisor(world)
    number = serial(world, "release1")
    url = reverse("enterprise:prepare_certificate_act", args=[number, "enrol"])
    assert browser.client.post(url, headers={"Accept": "application/json"}).status_code == 404
    assert browser.get("enterprise:company_certificate", "ffff").status_code == 404


# --- what its holder then meets ------------------------------------------------------------------
@pytest.mark.req("CERT-3")
def test_the_holder_reads_who_suspended_it_and_where_to_go(world: World) -> None:
    reference = submit(world, world.holder("maker01", card=False), 5_000)
    number = serial(world, "release1")
    assert act(supervisor(world), number, "suspend", reason="卡片遺失").status_code == 302
    Session.objects.filter(user=world.first.people["release1"]).delete()
    holder = Browser.of(world, "release1")
    for page in (
        holder.get("enterprise:certificates"),
        holder.get("approvals:request", reference),
    ):
        words = words_of(page)
        assert "許文龍" in words
        assert "營業部" in words
    assert "卡片遺失" in words
