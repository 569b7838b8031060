"""The transaction verification code: asked for by policy, worth one transaction, typed once."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from alerts.models import Message
from approvals import operations as approvals
from approvals.errors import CodeNeeded, NotForYou, StaleRevision
from approvals.models import Request, Revision
from approvals.policies.codes import code_subject, needs_code
from approvals.states import Act
from audit.models import Entry
from certificates.formats.statements import short_code
from identity.errors import TooManyCodes
from identity.models import CompanyPolicy, OneTimeCode
from identity.operations import CodeOutcome
from kernel import ids
from kernel.money import Money
from tests.factories.http import Browser, words_of
from tests.factories.world import Holder, World, sign, submit

pytestmark = [pytest.mark.django_db, pytest.mark.req("AUTH-7")]

WRONG = "not 12"


@pytest.fixture
def asking(world: World) -> World:
    """Return the world with a first company that asks for a code from 5,000 TWD on."""
    CompanyPolicy.objects.create(company=world.company, code_from=Decimal(5_000))
    return world


def code_sent() -> str:
    """Return the code in the newest message."""
    body = Message.objects.filter(event="identity.code.transaction").latest("pk").body
    found = re.search(r"(?<!\d)\d{6}(?!\d)", body)
    assert found is not None
    return found.group()


def send(world: World, holder: Holder, reference: str, *, after: int = 0) -> None:
    approvals.send_release_code(
        actor=holder.act_as(world.now),
        reference=reference,
        revision=Request.objects.get(reference=reference).revision_number,
        now=world.now + timedelta(seconds=after),
    )


def confirm(
    world: World, holder: Holder, reference: str, typed: str, *, after: int = 0
) -> CodeOutcome:
    return approvals.confirm_release_code(
        actor=holder.act_as(world.now),
        reference=reference,
        typed=typed,
        now=world.now + timedelta(seconds=after),
    )


def release(world: World, holder: Holder, reference: str, *, after: int = 0) -> str:
    later = replace(world, now=world.now + timedelta(seconds=after))
    return approvals.release(
        actor=holder.act_as(later.now),
        reference=reference,
        signed=sign(later, holder, reference, Act.RELEASE),
        form_key=ids.token(),
        now=later.now,
    )


@pytest.mark.parametrize(
    ("code_from", "amount", "currency", "asks"),
    [
        (None, 9_000_000, "TWD", False),
        (5_000, "4999.99", "TWD", False),
        (5_000, 5_000, "TWD", True),
        (5_000, 1, "USD", True),
        (0, 1, "TWD", True),
    ],
)
def test_the_policy_says_from_which_amount_a_code_is_asked_for(
    code_from: int | None, amount: int | str, currency: str, asks: bool
) -> None:
    bound = None if code_from is None else Decimal(code_from)
    assert needs_code(bound, Money(Decimal(amount), currency)) is asks


def test_what_moves_no_money_asks_for_no_code() -> None:
    assert not needs_code(Decimal(0), None)


def test_a_release_goes_through_with_the_code_and_not_without(asking: World) -> None:
    maker, releaser = asking.holder("maker01", card=False), asking.holder("release1")
    reference = submit(asking, maker, 5_000)
    with pytest.raises(CodeNeeded):
        release(asking, releaser, reference)
    assert Request.objects.get(reference=reference).state == "PENDING"
    send(asking, releaser, reference)
    assert confirm(asking, releaser, reference, code_sent()) == CodeOutcome.RIGHT
    release(asking, releaser, reference)
    assert Request.objects.get(reference=reference).state == "RELEASED"
    entry = Entry.objects.filter(event="approvals.request.released").latest("pk")
    assert entry.after["code"] == "verified"


def test_below_the_amount_and_without_a_policy_nothing_is_asked(asking: World) -> None:
    releaser = asking.holder("release1")
    release(asking, releaser, submit(asking, asking.holder("maker01", card=False), 4_999))
    home = asking.second
    CompanyPolicy.objects.create(company=home.company)
    maker = asking.holder("maker01", home, card=False)
    reference = submit(asking, maker, 500, payee="100000000011", from_account="200000000038")
    release(asking, asking.holder("release1", home), reference)
    assert not OneTimeCode.objects.exists()


def test_the_message_names_amount_payee_and_the_pages_short_code_and_is_forgotten(
    asking: World,
) -> None:
    releaser = asking.holder("release1")
    reference = submit(asking, asking.holder("maker01", card=False), 5_000)
    send(asking, releaser, reference)
    message = Message.objects.filter(event="identity.code.transaction").latest("pk")
    revision = Revision.objects.get(request__reference=reference)
    assert message.is_secret
    for part in ("5,000", "TWD", asking.second.company.name, "0012", code_sent()):
        assert part in message.body, part
    assert short_code(bytes.fromhex(revision.sha256)) in message.body
    assert code_sent() not in message.subject


def test_a_code_is_for_its_transaction_alone(asking: World) -> None:
    releaser, maker = asking.holder("release1"), asking.holder("maker01", card=False)
    first, second = submit(asking, maker, 5_000), submit(asking, maker, 6_000)
    send(asking, releaser, first)
    assert confirm(asking, releaser, second, code_sent()) == CodeOutcome.WRONG
    assert confirm(asking, releaser, first, code_sent()) == CodeOutcome.RIGHT
    with pytest.raises(CodeNeeded):
        release(asking, releaser, second)


def test_two_orders_alike_in_everything_have_a_code_each(asking: World) -> None:
    releaser, maker = asking.holder("release1"), asking.holder("maker01", card=False)
    first, second = (submit(asking, maker, 5_000) for _ in range(2))
    digests = Revision.objects.filter(request__reference__in=[first, second])
    assert len(set(digests.values_list("sha256", flat=True))) == 1
    send(asking, releaser, first)
    assert confirm(asking, releaser, second, code_sent()) == CodeOutcome.WRONG
    assert confirm(asking, releaser, first, code_sent()) == CodeOutcome.RIGHT
    with pytest.raises(CodeNeeded):
        release(asking, releaser, second)
    release(asking, releaser, first)


@pytest.mark.parametrize(
    "other",
    [{"kind": "b"}, {"reference": "R-2"}, {"revision": 2}, {"revision_sha256": "1" * 64}],
)
def test_what_a_code_is_bound_to_names_request_and_revision(other: dict[str, Any]) -> None:
    facts = {"kind": "a", "reference": "R-1", "revision": 1, "revision_sha256": "0" * 64}
    assert re.fullmatch("[0-9a-f]{64}", code_subject(**facts))
    assert code_subject(**facts) != code_subject(**facts | other)


def test_a_code_is_for_its_person_alone(asking: World) -> None:
    releaser, other = asking.holder("release1"), asking.holder("release2")
    reference = submit(asking, asking.holder("maker01", card=False), 5_000)
    send(asking, releaser, reference)
    assert confirm(asking, other, reference, code_sent()) == CodeOutcome.GONE
    assert confirm(asking, releaser, reference, code_sent()) == CodeOutcome.RIGHT
    with pytest.raises(CodeNeeded):
        release(asking, other, reference)


def test_three_wrong_codes_end_it_and_the_right_one_comes_too_late(asking: World) -> None:
    releaser = asking.holder("release1")
    reference = submit(asking, asking.holder("maker01", card=False), 5_000)
    send(asking, releaser, reference)
    outcomes = [confirm(asking, releaser, reference, WRONG) for _ in range(3)]
    assert outcomes == [CodeOutcome.WRONG, CodeOutcome.WRONG, CodeOutcome.GONE]
    assert confirm(asking, releaser, reference, code_sent()) == CodeOutcome.GONE
    with pytest.raises(CodeNeeded):
        release(asking, releaser, reference)


def test_a_code_lasts_five_minutes_and_is_used_once(asking: World) -> None:
    releaser = asking.holder("release1")
    reference = submit(asking, asking.holder("maker01", card=False), 5_000)
    send(asking, releaser, reference)
    assert confirm(asking, releaser, reference, code_sent(), after=300) == CodeOutcome.GONE
    send(asking, releaser, reference, after=301)
    assert confirm(asking, releaser, reference, code_sent(), after=302) == CodeOutcome.RIGHT
    assert confirm(asking, releaser, reference, code_sent(), after=303) == CodeOutcome.GONE
    with pytest.raises(CodeNeeded):
        release(asking, releaser, reference, after=602)


def test_a_new_code_makes_the_older_one_worthless(asking: World) -> None:
    releaser = asking.holder("release1")
    reference = submit(asking, asking.holder("maker01", card=False), 5_000)
    send(asking, releaser, reference)
    older = code_sent()
    send(asking, releaser, reference, after=1)
    assert confirm(asking, releaser, reference, older, after=2) == CodeOutcome.WRONG


def test_nobody_is_sent_more_than_five_codes_in_ten_minutes(asking: World) -> None:
    releaser = asking.holder("release1")
    reference = submit(asking, asking.holder("maker01", card=False), 5_000)
    for seconds in range(5):
        send(asking, releaser, reference, after=seconds)
    with pytest.raises(TooManyCodes):
        send(asking, releaser, reference, after=6)


def test_a_code_is_sent_only_to_who_may_release_what_they_have_seen(asking: World) -> None:
    maker, releaser = asking.holder("maker01", card=False), asking.holder("release1")
    reference = submit(asking, maker, 50_000)  # a review stands before the release
    with pytest.raises(NotForYou):
        send(asking, releaser, reference)
    simple = submit(asking, maker, 5_000)
    with pytest.raises(StaleRevision):
        approvals.send_release_code(
            actor=releaser.act_as(asking.now), reference=simple, revision=9, now=asking.now
        )
    assert not OneTimeCode.objects.exists()


def test_the_page_sends_the_code_and_takes_it_back(asking: World) -> None:
    releaser = Browser.of(asking, "release2")
    asking.holder("release2")
    reference = submit(asking, asking.holder("maker01", card=False), 5_000)
    page = words_of(releaser.get("approvals:request", reference))
    assert "把驗證碼傳送給我" in page
    refused = releaser.decide(reference, "release")
    assert refused.status_code == 422
    assert "您的公司在此要求輸入驗證碼" in words_of(refused)
    sent = releaser.post("approvals:send_code", reference, revision=1)
    assert sent.status_code == 302
    shown = words_of(releaser.client.get(sent["Location"]))
    assert "***" in shown
    assert code_sent() not in shown
    wrong = releaser.decide(reference, "release", code=WRONG)
    assert wrong.status_code == 422
    assert "驗證碼不正確" in words_of(wrong)
    done = releaser.decide(reference, "release", code=code_sent())
    assert done["Location"] == reverse("approvals:confirm", args=[reference])


def test_a_request_that_asks_for_none_offers_none(asking: World) -> None:
    releaser = Browser.of(asking, "release2")
    asking.holder("release2")
    reference = submit(asking, asking.holder("maker01", card=False), 100)
    assert "驗證碼" not in words_of(releaser.get("approvals:request", reference))
