"""What is typed in confidence stands in no log, no error page and no audit row (PWD-3)."""

from __future__ import annotations

import json
import logging
import re
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from alerts.models import Message
from approvals import operations as approvals
from approvals.models import Revision
from audit.models import Entry
from identity.models import CompanyPolicy, ContactPoint, Session, User
from identity.operations import code_address
from kernel import ids
from tests.factories.helping import code_sent_to, content_of, help_out, propose
from tests.factories.http import ADDRESS, Browser, forms_of, sign_in
from tests.factories.world import PASSWORD, PIN, World, submit

pytestmark = [pytest.mark.django_db, pytest.mark.req("PWD-3")]

WRONG, NEW = "wrong-Kestrel-77", "fresh-Harbour-5-Oak"
LOGIN = "release2"


def walk(world: World) -> tuple[list[str], list[str]]:
    """Sign in wrongly and rightly, release with PIN and code, change the password.

    Returns every secret that was typed or handed out, and the pages that said what went wrong.
    """
    CompanyPolicy.objects.create(company=world.company, code_from=Decimal(0))
    code = world.company.code
    pages = [sign_in(Client(REMOTE_ADDR=ADDRESS), code, LOGIN, WRONG)]
    pages.append(sign_in(Client(REMOTE_ADDR=ADDRESS), code, "nobody99", WRONG))
    browser = Browser.of(world, LOGIN)
    key = browser.session_key
    world.holder(LOGIN)
    reference = submit(world, world.holder("maker01", card=False), 700)
    browser.post("approvals:send_code", reference, revision=1)
    message = Message.objects.filter(is_secret=True).latest("pk").body
    found = re.search(r"(?<!\d)\d{6}(?!\d)", message)
    assert found is not None
    pages.append(
        browser.decide(reference, "release", code="000000" if found[0] != "000000" else "1")
    )
    done = browser.decide(reference, "release", code=found[0])
    assert done.status_code == 302
    wrong_pin = browser.unlock("T" * 32, "739154")
    pages.append(wrong_pin)
    pages.append(browser.client.get("/no-such-page/"))
    asked = browser.get("enterprise:change_password")
    form = next(form for form in forms_of(asked) if "new" in form.fields)
    typed = {"old": WRONG, "new": NEW, "again": NEW}
    pages.append(browser.client.post(form.action, form.fields | typed))
    browser.client.post(form.action, form.fields | typed | {"old": PASSWORD})
    user = User.objects.get(company=world.company, login_name=LOGIN)
    points = ContactPoint.objects.filter(user=user).values_list("address", flat=True)
    return [PASSWORD, WRONG, NEW, PIN, "739154", found[0], key, *points], pages


def test_logs_errors_and_the_audit_trail_name_no_secret(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        secrets, pages = walk(world)
    logs = caplog.text + "".join(str(vars(record)) for record in caplog.records)
    trail = json.dumps(
        list(
            Entry.objects.values("actor", "target", "event", "reason", "before", "after", "address")
        ),
        ensure_ascii=False,
    )
    assert "Unprocessable" in logs, "nothing was logged, so nothing is shown"
    assert '"identity.session.opened"' in trail
    for secret in secrets:
        assert secret not in logs
        assert secret not in trail
    for page in pages:
        assert page.status_code >= 400
        text = page.content.decode()
        assert not any(secret in text for secret in secrets)


@pytest.mark.req("AUTH-9", "AUD-1")
def test_who_is_helped_is_named_in_the_trail_without_login_name_address_or_code(
    world: World,
) -> None:
    maker, checker = world.holder("security1", card=False), world.holder("security2")
    kind, person = "people.credentials", world.first.people["maker02"]
    masked = code_address(person.pk).address_masked
    draft = propose(world, maker, kind, person)
    approvals.amend(
        actor=maker.act_as(world.now), reference=draft, content=content_of(kind, person),
        form_key=ids.token(), now=world.now,
    )  # fmt: skip
    approvals.delete(
        actor=maker.act_as(world.now), reference=draft, form_key=ids.token(), now=world.now
    )
    reference = help_out(world, maker, checker, kind, person)
    signed = Revision.objects.get(request__reference=reference).content
    assert (signed["login_name"], signed["address_masked"]) == ("maker02", masked)
    rows = Entry.objects.values("actor", "target", "reason", "before", "after")
    trail = json.dumps(list(rows), ensure_ascii=False)
    for word in ("approvals.request.drafted", "approvals.request.edited"):
        assert Entry.objects.filter(event=word).exists()
    assert person.public_id in trail
    for secret in ("maker02", masked, code_sent_to(person)):
        assert secret not in trail


def test_what_is_stored_is_no_password_and_no_session_key(world: World) -> None:
    browser = Browser.of(world, LOGIN)
    user = User.objects.get(company=world.company, login_name=LOGIN)
    assert user.password.startswith("argon2$argon2id$")
    assert not Session.objects.filter(pk=browser.session_key).exists()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM identity_user WHERE password LIKE %s", [f"%{PASSWORD}%"]
        )
        assert cursor.fetchone() == (0,)


def test_no_secret_travels_in_an_address() -> None:
    for name in ("enterprise:sign_in", "enterprise:change_password", "certificates:unlock"):
        assert "?" not in reverse(name)
