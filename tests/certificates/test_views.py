"""The card's messages over HTTP, and what everyone may fetch."""

from __future__ import annotations

import base64
import json
from datetime import datetime

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client, RequestFactory

from certificates import operations, queries, views
from certificates.formats.evidence import fixed_files
from certificates.formats.statements import read_statement
from certificates.models import Letter
from identity.errors import PermissionMissing
from identity.models import User
from identity.operations import grant_role, sign_in
from kernel import clock
from tests.factories.audit import refusals
from tests.factories.cards import TestCard
from tests.factories.certificates import (
    PIN,
    Holder,
    decision,
    make_authority,
    make_company,
    make_person,
)

pytestmark = pytest.mark.django_db


class Browser:
    """A signed-in person's browser with a key of its own."""

    def __init__(self, role: str = "ent.finance.releaser") -> None:
        now = clock.now()
        make_authority(now)
        self.user: User = make_person(make_company(now=now), now)
        with transaction.atomic():
            grant_role(user=self.user, role_code=role, parent=None, granted_by=None, now=now)
        signed_in = sign_in(
            site="enterprise", company_code="12345675", login_name=self.user.login_name,
            password="correct horse", address="127.0.0.1", agent="test", now=now,
        )  # fmt: skip
        self.client = Client()
        self.client.cookies[settings.SESSION_COOKIE_NAME] = signed_in.session_key
        self.session = self.client.session.key_sha256
        self.card = TestCard()

    def post(self, name: str, **members: object) -> tuple[int, dict]:
        answer = self.client.post(
            f"/card/{name}", json.dumps(members), content_type="application/json"
        )
        return answer.status_code, answer.json()

    def enrol(self, secret: str | None = None, pin: str = PIN) -> tuple[int, dict]:
        now = clock.now()
        letter = operations.issue_letter(holder_id=self.user.pk, actor=None, now=now)
        nonce = operations.begin_enrolment(
            actor=self.user, session_key_sha256=self.session, now=now
        )
        request, other = (
            base64.b64encode(card.make_request(nonce)).decode() for card in (self.card, TestCard())
        )
        return self.post(
            "enrol", letter_number=letter.number, secret=secret or letter.secret, request=request,
            authentication_request=other, pin=pin,
        )  # fmt: skip

    def apply_for_card(self) -> None:
        now = clock.now()
        with transaction.atomic():
            operations.receive_card_step(
                serial_number="TC-1", unit_id=make_company().branch_id, now=now
            )
            operations.apply_step(
                holder_id=self.user.pk, storage="HARDWARE", card_serial="TC-1", functions=None,
                amount_cap=None, scope_from=None, scope_until=None, actor=None, now=now,
            )  # fmt: skip

    def confirm(self, answer: dict) -> tuple[int, dict]:
        at = datetime.fromisoformat(answer["now"])
        signature = self.card.sign_statement(
            base64.b64decode(answer["challenge"]), bytes.fromhex(answer["certificate_sha256"]), at
        )
        return self.post(
            "confirm", certificate_sha256=answer["certificate_sha256"],
            signature=base64.b64encode(signature).decode(), signing_time=answer["now"],
        )  # fmt: skip

    def show(self) -> operations.SignRequestFacts:
        return operations.prepare_signature(
            actor=self.user, session_key_sha256=self.session, fields=decision(), now=clock.now()
        )


@pytest.mark.req("CERT-2", "SIGN-6")
def test_enrol_confirm_and_unlock_as_the_page_does():
    browser = Browser()
    status, answer = browser.enrol()
    assert (status, answer["ok"]) == (200, True)
    assert set(answer) == {
        "ok", "certificate", "certificate_sha256", "authentication_certificate",
        "authentication_certificate_sha256", "challenge", "now",
    }  # fmt: skip
    assert read_statement(base64.b64decode(answer["challenge"]))["aud"] == "http://testserver"
    assert browser.confirm(answer) == (200, {"ok": True})
    status, unlocked = browser.post("unlock", sign_request=browser.show().id, pin=PIN)
    assert (status, unlocked["ok"]) == (200, True)
    assert unlocked["now"].endswith("Z")


@pytest.mark.req("CERT-2")
def test_browser_takes_no_card_of_the_bank_into_use():
    browser = Browser()
    browser.apply_for_card()
    status, answer = browser.enrol()
    assert (status, answer["ok"], answer["code"]) == (422, False, "certificates.enrolment.on_card")
    assert answer["message"]
    letter = Letter.objects.get(state="PRINTED")
    assert (letter.tries, letter.certificate.state) == (0, "LETTER_PRINTED")
    status, answer = browser.enrol(secret="0000-0000-0000-0000-0")
    assert (status, answer["code"]) == (422, "certificates.letter.refused")


@pytest.mark.req("CERT-2")
def test_enrol_with_a_wrong_secret_answers_in_words_and_counts():
    status, answer = Browser().enrol(secret="0000-0000-0000-0000-0")
    assert (status, answer["ok"], answer["code"]) == (422, False, "certificates.letter.refused")
    assert answer["message"]
    assert Letter.objects.get().tries == 1


@pytest.mark.req("AUD-1", "SIGN-6")
def test_what_is_refused_to_the_card_stands_in_the_log():
    browser = Browser()
    browser.enrol(secret="0000-0000-0000-0000-0")
    browser.confirm(browser.enrol()[1])
    browser.post("unlock", sign_request=browser.show().id, pin="271828")
    who, on = browser.user.public_id, f"user:{browser.user.public_id}"
    assert refusals() == [
        (who, "certificates.certificate.enrol", on, "certificates.letter.refused"),
        (who, "certificates.certificate.unlock", on, "certificates.pin.wrong"),
    ]


def test_enrol_with_a_weak_pin_names_the_field():
    status, answer = Browser().enrol(pin="123456")
    assert (status, answer["code"], answer["field"]) == (422, "certificates.pin.simple", "pin")
    assert Letter.objects.get().tries == 0


@pytest.mark.req("SIGN-6")
def test_unlock_tells_how_many_tries_are_left_until_the_card_is_locked():
    browser = Browser()
    browser.confirm(browser.enrol()[1])
    shown = browser.show()
    answers = [browser.post("unlock", sign_request=shown.id, pin="271828") for _ in range(4)]
    assert [status for status, _ in answers] == [422] * 4
    assert [answer["tries_left"] for _, answer in answers] == [2, 1, 0, 0]
    assert answers[2][1]["code"] == "certificates.card.locked"


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{", b"null", b'{"pin": 1}', b'{"sign_request": "x"', b"[" * 10_000,
        b'{"sign_request": "' + b"x" * 20_000 + b'"}', b'{"pin": "1"}',
    ],
)  # fmt: skip
def test_message_that_is_none_is_refused_in_one_way(body: bytes):
    answer = Browser().client.post("/card/unlock", body, content_type="application/json")
    assert answer.status_code == 422
    assert answer.json()["code"] == "certificates.message.unreadable"


def test_message_in_a_form_or_by_get_is_refused():
    client = Browser().client
    assert client.post("/card/unlock", {"pin": PIN, "sign_request": "x"}).status_code == 422
    assert client.get("/card/unlock").status_code == 405


@pytest.mark.parametrize("view", [views.enrol, views.confirm, views.unlock])
def test_card_is_closed_to_people_without_the_role(rf: RequestFactory, view):
    request = rf.post("/", b"{}", content_type="application/json")
    request.user = make_person()
    request.user.granted = frozenset()
    with pytest.raises(PermissionMissing):
        view(request)


def test_answers_to_the_card_are_never_kept():
    answer = Browser().client.post("/card/unlock", b"{}", content_type="application/json")
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.req("CERT-8")
def test_everyone_may_fetch_the_list_and_the_authority(client: Client, signer: Holder):
    crl = client.get("/pki/crl/issuing.crl")
    assert (crl.content, crl["Content-Type"]) == (queries.latest_crl(), "application/pkix-crl")
    assert client.get("/pki/root.pem").content == queries.root_pem()
    assert client.get("/pki/issuing.pem").content == queries.issuing_pem()
    operations.suspend(serial_number=signer.certificate.serial_number, actor=None, now=clock.now())
    assert client.get("/pki/crl/issuing.crl").content != crl.content


@pytest.mark.req("SIGN-4")
def test_anyone_may_fetch_the_script_that_verifies_evidence(client: Client):
    answer = client.get("/pki/VERIFY.sh")
    assert answer.status_code == 200
    assert answer.content == fixed_files()["VERIFY.sh"]
