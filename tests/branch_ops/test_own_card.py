"""A person of the bank whose card is lost: reported by themselves, or seen to by operations."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from certificates.models import Card, Certificate
from identity.models import Session
from identity.policies import Factor
from tests.branch_ops.counter_stories import CHECKER, MAKER, certificate_of
from tests.factories.audit import refusals
from tests.factories.http import Browser, form_to, words_of
from tests.factories.world import PASSWORD, World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("staff_site")]
NEW_PASSWORD = "sturdy Heron 4471 lamp".replace(" ", "-")


def run(*arguments: str) -> str:
    """Return what a command prints."""
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def own(world: World, login: str = CHECKER) -> Certificate:
    """Return the certificate of a person of the bank."""
    return certificate_of(world.officer(login, card=True))


# --- reported by its holder ----------------------------------------------------------------------
@pytest.mark.req("CERT-10", "SES-2")
@pytest.mark.parametrize("login", [CHECKER, "pki00002"])
def test_a_checker_reports_the_own_card_lost(world: World, login: str) -> None:
    browser = Browser.officer(world, login, card=True, english=True)
    assert reverse("staff:report_lost") in browser.get("staff:card").content.decode()
    page = browser.get("staff:report_lost")
    assert "suspended at once" in words_of(page)
    form = form_to(page, reverse("staff:report_lost"))
    answer = browser.client.post(form.action, form.fields | {"reason": "Left in a taxi."})
    assert answer["Location"] == "/sign-in/?ended=lost"
    certificate = own(world, login)
    assert certificate.state == "SUSPENDED"
    assert Card.objects.get(pk=certificate.card_id).state == "PERM_LOST"
    assert not Session.objects.filter(user=browser.holder.user, ended_at__isnull=True).exists()
    assert "reported as lost" in words_of(browser.client.get(answer["Location"]))


@pytest.mark.req("CERT-10", "PWD-1")
def test_the_next_sign_in_begins_with_a_new_password(world: World) -> None:
    browser = Browser.officer(world, CHECKER, card=True, english=True)
    form = form_to(browser.get("staff:report_lost"), reverse("staff:report_lost"))
    browser.client.post(form.action, form.fields)
    again = Browser.officer(world, CHECKER, english=True)
    for name in ("staff:home", "approvals:inbox", "counter:certificates", "staff:report_lost"):
        assert again.get(name)["Location"] == "/password/"
    page = again.get("staff:change_password")
    assert "At least 12 characters" in words_of(page)
    sent = {"old": PASSWORD, "new": "short1234", "again": "short1234"}
    assert again.post("staff:change_password", **sent).status_code == 422
    sent = {"old": PASSWORD, "new": NEW_PASSWORD, "again": NEW_PASSWORD}
    answer = again.post("staff:change_password", **sent)
    assert answer["Location"] == "/sign-in/?ended=password"
    typed = {"login_name": CHECKER, "password": NEW_PASSWORD}
    assert again.client.post(reverse("staff:sign_in"), typed).status_code == 302
    again.shown(Factor.CARD)
    assert again.get("approvals:inbox").status_code == 200


@pytest.mark.req("CERT-10", "AUD-1")
def test_without_a_card_nothing_is_lost(world: World) -> None:
    browser = Browser.officer(world, CHECKER, english=True)
    assert "You have no card in use" in words_of(browser.get("staff:report_lost"))
    sent = {"idempotency_key": "x", "reason": ""}
    assert browser.post("staff:report_lost", **sent).status_code == 422
    ((_, event, target, _why),) = refusals()
    assert event == "certificates.certificate.report_lost"
    assert target == f"user:{browser.holder.user.public_id}"


@pytest.mark.req("CERT-10")
@pytest.mark.parametrize("login", [MAKER, "auditor001"])
def test_whoever_signs_nothing_may_hold_a_card_to_come_in_with(world: World, login: str) -> None:
    browser = Browser.officer(world, login, english=True)
    assert "You have no card in use" in words_of(browser.get("staff:report_lost"))


# --- seen to by operations -----------------------------------------------------------------------
@pytest.mark.req("CERT-3", "OPS-1")
def test_operations_suspend_a_bank_person_s_certificate(world: World) -> None:
    serial = str(own(world).serial_number)
    told = json.loads(run("suspend_certificate", serial, "--reason", "Card stolen.", "--json"))
    assert told == {"serial_number": serial, "state": "SUSPENDED"}
    assert own(world).listed_reason == "CERTIFICATE_HOLD"
    with pytest.raises(CommandError) as refused:
        run("suspend_certificate", serial, "--reason", "Twice.")
    assert refused.value.returncode == 1


@pytest.mark.req("CERT-5", "OPS-1")
def test_operations_revoke_a_bank_person_s_certificate(world: World) -> None:
    serial = str(own(world).serial_number)
    cause = ("--cause", "AFFILIATION_CHANGED")
    assert "REVOKED" in run("revoke_certificate", serial, *cause, "--reason", "Left the bank.")
    certificate = own(world)
    assert (certificate.state, certificate.listed_reason) == ("REVOKED", "AFFILIATION_CHANGED")
    with pytest.raises(CommandError):
        run("revoke_certificate", serial, *cause, "--reason", "Twice.")


@pytest.mark.req("DUAL-6", "CERT-3")
@pytest.mark.parametrize("command", ["suspend_certificate", "revoke_certificate"])
def test_a_customer_s_certificate_is_the_counter_s(world: World, command: str) -> None:
    certificate = certificate_of(world.holder("release1"))
    cause = ["--cause", "KEY_COMPROMISE"] if command.startswith("revoke") else []
    for serial, said in ((str(certificate.serial_number), "counter"), ("00ff", "no such")):
        with pytest.raises(CommandError) as refused:
            run(command, serial, *cause, "--reason", "By mistake.")
        assert said in str(refused.value)
    certificate.refresh_from_db()
    assert certificate.state == "ACTIVE"


@pytest.mark.req("CERT-5")
@pytest.mark.parametrize(
    "arguments",
    [["--reason", "x", "--cause", "CERTIFICATE_HOLD"], ["--reason", "x"],
     ["--cause", "SUPERSEDED"], ["--cause", "SUPERSEDED", "--reason", " "]],
)  # fmt: skip
def test_a_revocation_needs_cause_and_reason(world: World, arguments: list[str]) -> None:
    serial = str(own(world).serial_number)
    with pytest.raises(CommandError):
        run("revoke_certificate", serial, *arguments)
    assert own(world).state == "ACTIVE"
