"""A sealed letter is printed once, by somebody who did not ask for it, when the fee is settled."""

from __future__ import annotations

import logging
import re
from functools import partial

import pytest
from django.db import connection
from django.urls import reverse
from psycopg.sql import SQL, Identifier

from audit import queries as audit
from audit.models import Entry
from branch_ops import operations
from branch_ops.errors import LetterHeldBack, LetterNotYours, OutOfStock
from branch_ops.models import EquipmentMovement
from branch_ops.queries.equipment import balance
from certificates import operations as certificates
from certificates.errors import CertificateUnknown, LetterNotPrintable
from certificates.formats.profiles import KeyStorage
from certificates.models import Certificate, Letter
from identity.errors import PermissionMissing
from tests.branch_ops.counter_stories import (
    CHECKER,
    HEAD_OFFICE,
    MAKER,
    OTHER_MAKER,
    STRANGER,
    Counter,
    certificate_of,
    propose,
    suspended,
)
from tests.factories.cards import TestCard
from tests.factories.http import Browser, words_of
from tests.factories.pdf import squeezed
from tests.factories.threads import at_once
from tests.factories.world import PIN, World

pytestmark = [pytest.mark.req("CERT-1"), pytest.mark.django_db]
SECRET = re.compile(r"[0-9A-HJKMNP-TV-Z]{17}")


def print_letter(world: World, certificate: Certificate, login: str = OTHER_MAKER) -> bytes:
    """Print the letter of a certificate and return the PDF."""
    actor = world.officer(login).act_as(world.now)
    return operations.print_letter(certificate_id=certificate.pk, actor=actor, now=world.now).pdf


@pytest.fixture
def counter(world: World) -> Counter:
    """Return the counter of the first branch."""
    return Counter(world)


@pytest.fixture
def ready(world: World, counter: Counter) -> Certificate:
    """Return an application whose fee is settled, in a branch that has stationery."""
    counter.stationery()
    return counter.applied()


@pytest.mark.req("CERT-2")
def test_the_holder_takes_a_card_into_use_with_what_is_printed(
    world: World, ready: Certificate
) -> None:
    said = squeezed(print_letter(world, ready))
    letter = Letter.objects.get(certificate=ready)
    secret = next(found for found in SECRET.findall(said) if letter.number not in found)
    assert letter.number in said
    holder = world.holder("maker02", card=False)
    actor = holder.act_as(world.now)
    actor.granted |= {"certificates.certificate.enrol"}
    nonce = certificates.begin_enrolment(
        actor=actor, session_key_sha256=holder.session, now=world.now
    )
    result = certificates.enrol(
        actor=actor, session_key_sha256=holder.session, audience="http://testserver",
        letter_number=letter.number, secret=secret, request_der=TestCard().make_request(nonce),
        authentication_request_der=TestCard().make_request(nonce), pin=PIN,
        made_on=KeyStorage.BROWSER, now=world.now,
    )  # fmt: skip
    assert result.challenge is not None
    ready.refresh_from_db()
    assert ready.state == "ISSUED"


@pytest.mark.req("EQP-1")
def test_a_form_of_the_stationery_is_used_for_it(world: World, ready: Certificate) -> None:
    before = balance(world.branch.pk, "STATIONERY")
    print_letter(world, ready)
    assert balance(world.branch.pk, "STATIONERY") == before - 1
    movement = EquipmentMovement.objects.get(kind="ISSUE", item__kind="STATIONERY")
    assert movement.reference == f"certificate:{ready.pk}"


def test_a_letter_is_never_printed_twice(world: World, ready: Certificate) -> None:
    print_letter(world, ready)
    left = balance(world.branch.pk, "STATIONERY")
    with pytest.raises(LetterNotPrintable):
        print_letter(world, ready, CHECKER)
    assert balance(world.branch.pk, "STATIONERY") == left


@pytest.mark.parametrize("login", [MAKER])
def test_who_applied_does_not_print(world: World, ready: Certificate, login: str) -> None:
    with pytest.raises(LetterNotYours) as refused:
        print_letter(world, ready, login)
    assert refused.value.code == "counter.letter.proposer"
    assert Letter.objects.get(certificate=ready).state == "PREPARED"


@pytest.mark.parametrize("login", [OTHER_MAKER, CHECKER])
def test_anybody_else_of_the_branch_s_counter_prints(
    world: World, ready: Certificate, login: str
) -> None:
    assert print_letter(world, ready, login).startswith(b"%PDF")


def test_who_asked_for_a_reprint_does_not_print_it(
    world: World, ready: Certificate, counter: Counter
) -> None:
    print_letter(world, ready)
    reference = propose(world, "certificates.reprint", ready, OTHER_MAKER, cause="PRINTER")
    counter.release(reference, maker=OTHER_MAKER)
    for login in (MAKER, OTHER_MAKER):  # one applied, the other asked for the reprint
        with pytest.raises(LetterNotYours):
            print_letter(world, ready, login)
    assert print_letter(world, ready, CHECKER)


@pytest.mark.req("CERT-5", "FEE-1")
def test_a_fee_that_is_due_holds_the_letter_back(world: World, counter: Counter) -> None:
    counter.stationery()
    certificate = counter.applied(paid=False)
    with pytest.raises(LetterHeldBack) as refused:
        print_letter(world, certificate)
    assert refused.value.code == "counter.letter.fee"
    counter.settle(certificate)
    assert print_letter(world, certificate)


@pytest.mark.req("EQP-1")
def test_without_stationery_nothing_is_printed(world: World, counter: Counter) -> None:
    certificate = counter.applied()
    with pytest.raises(OutOfStock):
        print_letter(world, certificate)
    letter = Letter.objects.get(certificate=certificate)
    assert (letter.state, letter.secret_hmac) == ("PREPARED", None)


def test_another_branch_knows_no_such_certificate(world: World, ready: Certificate) -> None:
    with pytest.raises(CertificateUnknown):
        print_letter(world, ready, STRANGER)


@pytest.mark.parametrize("login", [HEAD_OFFICE, "auditor001"])
def test_nobody_prints_without_the_right(world: World, ready: Certificate, login: str) -> None:
    with pytest.raises(PermissionMissing):
        print_letter(world, ready, login)


@pytest.mark.req("CERT-4")
def test_the_letter_that_lifts_a_suspension_says_so(world: World, counter: Counter) -> None:
    counter.stationery()
    certificate = suspended(world)
    counter.release(propose(world, "certificates.unsuspension", certificate))
    with pytest.raises(LetterNotYours):
        print_letter(world, certificate, MAKER)
    assert "解除憑證暫禁" in squeezed(print_letter(world, certificate))


@pytest.mark.req("CERT-2", "PWD-3")
def test_the_secret_is_on_the_sheet_and_nowhere_else(
    world: World, ready: Certificate, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        said = squeezed(print_letter(world, ready))
    number = Letter.objects.get(certificate=ready).number
    secret = next(found for found in SECRET.findall(said) if number not in found)
    assert secret not in caplog.text
    entries = audit.history(f"certificate:{ready.pk}")
    assert "certificates.letter.printed" in [entry.event for entry in entries]
    with connection.cursor() as cursor:
        for table in ("audit_entry", "certificates_letter", "branch_ops_equipmentmovement"):
            cursor.execute(SQL("SELECT t::text FROM {} t").format(Identifier(table)))
            assert secret not in "".join(row for (row,) in cursor.fetchall())


def test_two_clicks_at_once_print_one_letter(open_world: World) -> None:
    counter = Counter(open_world)
    counter.stationery()
    certificate = counter.applied()
    actors = [open_world.officer(login).act_as(open_world.now) for login in (OTHER_MAKER, CHECKER)]
    outcomes = at_once(
        [
            partial(
                operations.print_letter, certificate_id=certificate.pk, actor=actor,
                now=open_world.now,
            )
            for actor in actors
        ]
    )  # fmt: skip
    refused = [found for found in outcomes if isinstance(found, Exception)]
    assert [type(found) for found in refused] == [LetterNotPrintable]
    assert EquipmentMovement.objects.filter(kind="ISSUE").count() == 1


@pytest.mark.usefixtures("staff_site")
class TestPage:
    """The page on which a letter is printed."""

    def test_it_answers_with_the_letter_once_and_keeps_it_nowhere(
        self, world: World, ready: Certificate
    ) -> None:
        browser = Browser.officer(world, OTHER_MAKER, english=True)
        page = browser.get("counter:letter", ready.pk)
        assert "Make the secret and print now" in words_of(page)
        address = reverse("counter:letter", args=[ready.pk])
        answer = browser.client.post(address)
        assert answer["Content-Type"] == "application/pdf"
        assert answer["Cache-Control"] == "no-store, private"
        assert "inline" in answer["Content-Disposition"]
        assert "密碼函" in squeezed(answer.content)
        again = browser.client.post(address)
        assert again.status_code == 409
        assert "printed once; ask for a reprint" in words_of(again)

    def test_it_says_what_is_missing(self, world: World, counter: Counter) -> None:
        certificate = counter.applied(paid=False)
        page = Browser.officer(world, MAKER, english=True).get("counter:letter", certificate.pk)
        said = words_of(page)
        assert "Not met: The fee is settled" in said
        assert "Not met: Letter stationery in the branch: 0" in said
        assert "Not met: You did not ask for this letter yourself" in said
        assert "Make the secret" not in said

    def test_it_refuses_in_words_who_comes_too_early(self, world: World, counter: Counter) -> None:
        certificate = counter.applied(paid=False)
        browser = Browser.officer(world, OTHER_MAKER, english=True)
        answer = browser.post("counter:letter", certificate.pk)
        assert answer.status_code == 422
        assert "The fee is not settled" in words_of(answer)

    @pytest.mark.req("AUD-1")
    def test_who_asked_for_it_is_refused_and_that_is_written_down(
        self, world: World, ready: Certificate
    ) -> None:
        answer = Browser.officer(world, MAKER, english=True).post("counter:letter", ready.pk)
        assert answer.status_code == 403
        assert "You asked for this letter" in words_of(answer)
        refused = Entry.objects.get(outcome="refused")
        assert (refused.event, refused.reason) == (
            "certificates.letter.print", "counter.letter.proposer",
        )  # fmt: skip

    def test_a_clerk_of_another_branch_finds_no_such_page(
        self, world: World, ready: Certificate
    ) -> None:
        browser = Browser.officer(world, STRANGER)
        assert browser.get("counter:letter", ready.pk).status_code == 404
        assert browser.post("counter:letter", ready.pk).status_code == 404

    def test_a_form_of_another_site_prints_nothing(self, world: World, ready: Certificate) -> None:
        browser = Browser.officer(world, OTHER_MAKER)
        browser.client.handler.enforce_csrf_checks = True
        assert browser.post("counter:letter", ready.pk).status_code == 403
        assert Letter.objects.get(certificate=ready).state == "PREPARED"


def test_a_person_with_a_card_keeps_it_until_the_new_one_is_confirmed(
    world: World, counter: Counter
) -> None:
    before = certificate_of(world.holder("release1"))
    counter.stationery()
    print_letter(world, counter.applied("release1"))
    before.refresh_from_db()
    assert before.state == "ACTIVE"
