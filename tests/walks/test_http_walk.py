"""The main story over HTTP: typed, checked, submitted, reviewed three times, released, told."""

from __future__ import annotations

import io
import zipfile
from decimal import Decimal

import pytest
from django.urls import reverse

from alerts.models import Message
from approvals.models import Decision, Request, Revision
from audit.queries import chain_states
from ledger import queries as ledger
from ledger.models import Posting
from tests.factories.http import Browser, form_to, form_with, reference_in, words_of
from tests.factories.world import FROM, PAYEE, World

PATH = [
    ("review1a", "review"),
    ("review2a", "review"),
    ("review3a", "review"),
    ("release1", "release"),
]


def state(reference: str) -> str:
    return str(Request.objects.get(reference=reference).state)


@pytest.mark.req("FLOW-1", "TRF-3", "SIGN-1", "SIGN-2", "DUAL-1", "ALR-2", "AUD-1", "SIGN-4")
def test_a_transfer_walks_from_the_form_to_the_posting(world: World) -> None:
    maker = Browser.of(world, "maker01")
    made = maker.new_order(amount="1,234,567")
    reference = reference_in(made)
    assert made["Location"] == reverse("transfers:check", args=[reference])

    submitted = maker.submit(reference)
    assert submitted["Location"] == reverse("approvals:confirm", args=[reference])
    assert reference in words_of(maker.client.get(submitted["Location"]))

    for login, act in PATH:
        assert state(reference) == "PENDING"
        person = Browser.of(world, login)
        assert reference in words_of(person.get("approvals:inbox"))
        taken = person.decide(reference, act)
        assert taken.status_code == 302, words_of(taken)
        assert reference in words_of(person.client.get(taken["Location"]))
        assert reference not in words_of(person.get("approvals:inbox"))
        assert reference in words_of(person.get("approvals:inbox", tab="decided"))

    assert state(reference) == "RELEASED"
    source, target = ledger.account_by_number(FROM), ledger.account_by_number(PAYEE)
    assert source is not None
    assert target is not None
    assert source.balance == Decimal(8_400_120 - 1_234_567)
    assert source.held == 0
    assert target.balance == Decimal(1_000 + 1_234_567)
    assert Posting.objects.filter(reference=reference).count() == 1
    assert Message.objects.filter(event="approvals.request.released").count() == 4
    assert all(chain.broken is None for chain in chain_states())
    assert list(ledger.verify()) == []
    assert reference in words_of(maker.get("transfers:account", FROM))

    evidence = maker.get("approvals:evidence", reference)
    names = zipfile.ZipFile(io.BytesIO(evidence.content)).namelist()
    assert sum(name.startswith("decision-") and name.endswith(".p7s") for name in names) == 4
    for decision in Decision.objects.filter(revision__request__reference=reference):
        one = maker.get("approvals:signature", reference, decision.signature_id)
        assert one["Content-Type"] == "application/pkcs7-signature"


@pytest.mark.req("DUAL-3", "DUAL-4")
def test_a_returned_transfer_is_edited_as_a_new_revision_and_released(world: World) -> None:
    maker = Browser.of(world, "maker01")
    reference = reference_in(maker.new_order(amount="20,000"))
    maker.submit(reference)

    reviewer = Browser.of(world, "review1a")
    assert reviewer.decide(reference, "review").status_code == 302
    releaser = Browser.of(world, "release1")
    assert releaser.decide(reference, "return", "金額有誤").status_code == 302
    assert state(reference) == "RETURNED"
    assert "金額有誤" in words_of(maker.get("approvals:request", reference))

    page = maker.get("transfers:edit", reference)
    assert "金額有誤" in words_of(page)
    form = form_with(page, "amount")
    assert form.fields["amount"] == "20,000"
    edited = maker.post("transfers:edit", reference, **(form.fields | {"amount": "20,001"}))
    assert edited["Location"] == reverse("transfers:check", args=[reference])
    maker.submit(reference)
    assert Revision.objects.filter(request__reference=reference).count() == 2

    assert reviewer.decide(reference, "review").status_code == 302
    assert releaser.decide(reference, "release").status_code == 302
    assert state(reference) == "RELEASED"
    history = words_of(maker.get("approvals:request", reference))
    assert "TWD 20,000" in history
    assert "20,001" in history


@pytest.mark.req("DUAL-4", "LIM-2")
def test_a_rejected_transfer_frees_what_it_held(world: World) -> None:
    maker = Browser.of(world, "maker01")
    reference = reference_in(maker.new_order(amount="5,000"))
    maker.submit(reference)
    held = ledger.account_by_number(FROM)
    assert held is not None
    assert held.held == 5_000

    assert Browser.of(world, "release2").decide(reference, "reject", "不認識").status_code == 302
    freed = ledger.account_by_number(FROM)
    assert freed is not None
    assert (freed.held, freed.balance) == (0, Decimal(8_400_120))
    assert state(reference) == "REJECTED"
    assert "不認識" in words_of(maker.get("approvals:request", reference))


@pytest.mark.req("DUAL-1", "LIM-2")
def test_a_maker_withdraws_with_the_button_of_the_page(world: World) -> None:
    maker = Browser.of(world, "maker01")
    reference = reference_in(maker.new_order())
    maker.submit(reference)
    page = maker.get("approvals:request", reference)
    form = form_to(page, reverse("approvals:withdraw", args=[reference]))
    assert maker.client.post(form.action, form.fields).status_code == 302
    assert state(reference) == "WITHDRAWN"
    freed = ledger.account_by_number(FROM)
    assert freed is not None
    assert freed.held == 0
