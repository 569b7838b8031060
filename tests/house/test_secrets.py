"""Nothing secret is ever written down: a whole story, then every place somebody could look."""

from __future__ import annotations

import base64
import json
import logging

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from alerts.operations import deliver_batch
from certificates import operations as certificates
from kernel import clock
from tests.factories.cards import TestCard
from tests.factories.http import Browser, reference_in, sign_in
from tests.factories.world import FIRST, PASSWORD, PIN, World

WRONG_PASSWORD, WRONG_PIN, NEW_PIN = "my-other-bank's-password-1", "918273", "564738"
# Where secrets may be, and only as digests: compared below against what was typed.
TEXT_COLUMNS = """
SELECT table_name, column_name FROM information_schema.columns
WHERE table_schema = 'public'
AND data_type IN ('text', 'character varying', 'json', 'jsonb', 'ARRAY', 'bytea')
"""


def everything_stored() -> str:
    """Return all text and bytes of all tables as one text."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(TEXT_COLUMNS)
        for table, column in cursor.fetchall():
            quoted = f'"{table}"', f'"{column}"'
            cursor.execute(f"SELECT {quoted[1]}::text FROM {quoted[0]}")  # noqa: S608 -- own names
            found += [str(value) for (value,) in cursor.fetchall()]
    return "\n".join(found)


def enrol_over_http(world: World, pages: list[HttpResponse]) -> tuple[Browser, list[str]]:
    """Take a card into use as the page's script does; return the browser and the letter's words."""
    user = world.second.people["release1"]
    letter = certificates.issue_letter(holder_id=user.pk, actor=None, now=world.now)
    browser = Browser.of(world, "release1", world.second)
    page = browser.get("enterprise:enrol_card")
    nonce = page.context["page"]["nonce"]
    request, other = (TestCard().make_request(nonce) for _ in range(2))
    message = {
        "letter_number": letter.number,
        "secret": "WRONG-SECRET-OF-A-LETTER",
        "request": base64.b64encode(request).decode(),
        "authentication_request": base64.b64encode(other).decode(),
        "pin": NEW_PIN,
    }
    answers = [
        browser.client.post("/card/enrol", json.dumps(sent), content_type="application/json")
        for sent in (message, message | {"secret": letter.secret})
    ]
    assert [answer.json()["ok"] for answer in answers] == [False, True]
    pages += [page, *answers]
    return browser, [letter.secret, letter.secret.replace("-", "")]


@pytest.mark.req("PWD-3", "AUD-1")
def test_no_secret_is_in_rows_logs_messages_or_pages(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    pages: list[HttpResponse] = []
    with caplog.at_level(logging.DEBUG):
        pages.append(sign_in(Browser.of(world, "maker02").client, FIRST.code, "maker02"))
        for _ in range(3):
            refused = sign_in(Client(), FIRST.code, "review2a", WRONG_PASSWORD)
            pages.append(refused)
        maker = Browser.of(world, "maker01")
        reference = reference_in(maker.new_order())
        pages.append(maker.submit(reference))
        releaser = Browser.of(world, "release1")
        prepared = releaser.prepare(reference, "release")
        pages.append(releaser.unlock(prepared.json()["sign_request"], WRONG_PIN))
        pages.append(releaser.decide(reference, "release"))
        pages += [
            browser.get(name)
            for browser in (maker, releaser)
            for name in ("enterprise:home", "enterprise:sessions", "enterprise:certificates")
        ]
        pages.append(maker.get("approvals:request", reference))
        newcomer, letter_words = enrol_over_http(world, pages)
        deliver_batch(now=clock.now())

    keys = [browser.session_key for browser in (maker, releaser, newcomer)]
    typed = [PASSWORD, WRONG_PASSWORD, WRONG_PIN, NEW_PIN, PIN, *letter_words, *keys]
    digests = [browser.session.pk for browser in (maker, releaser, newcomer)]
    shown = "\n".join(page.content.decode(errors="replace") for page in pages)
    for place, text, secrets in (
        ("the log", caplog.text, [*typed, *digests]),
        ("a page", shown, [*typed, *digests]),
        ("a row", everything_stored(), typed + [secret.encode().hex() for secret in typed]),
    ):
        assert [secret for secret in secrets if secret in text] == [], place
