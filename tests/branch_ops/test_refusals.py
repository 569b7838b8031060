"""What the staff site refuses in place stands in the log: who, what, on what, why (AUD-1)."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.urls import reverse

from approvals import operations as approvals
from branch_ops.render import EVENTS
from kernel import ids
from tests.branch_ops.counter_stories import (
    MAKER,
    Counter,
    certificate_of,
    propose,
    send,
    suspended,
)
from tests.factories.audit import refusals
from tests.factories.http import Browser, form_with
from tests.factories.stock import charge
from tests.factories.world import World

pytestmark = [
    pytest.mark.req("AUD-1"), pytest.mark.django_db, pytest.mark.usefixtures("staff_site"),
]  # fmt: skip


@pytest.fixture
def maker(world: World) -> Browser:
    """Return the browser of a maker of the first company's branch."""
    return Browser.officer(world, MAKER, english=True)


def written(answer: HttpResponse, browser: Browser) -> tuple[str, str, str]:
    """Return event, target and reason of the one refusal that a refused form has left."""
    assert answer.status_code in {409, 422}, answer.content.decode()
    ((actor, *rest),) = refusals()
    assert actor == browser.holder.user.public_id
    event, target, reason = rest
    assert event in EVENTS
    return event, target, reason


def test_a_second_suspension(world: World, maker: Browser) -> None:
    certificate = certificate_of(world.holder("release1"))
    form = form_with(maker.get("counter:suspension", certificate.pk), "idempotency_key")
    suspended(world)
    where = reverse("counter:suspension", args=[certificate.pk])
    answer = maker.client.post(where, form.fields | {"reason": "Lost."})
    event, target, _reason = written(answer, maker)
    assert (event, target) == (
        "certificates.certificate.suspend", f"certificate:{certificate.pk}",
    )  # fmt: skip


def test_a_letter_whose_fee_is_due(world: World) -> None:
    certificate = Counter(world).applied(paid=False)
    other = Browser.officer(world, "branch003", english=True)
    answer = other.post("counter:letter", certificate.pk)
    assert written(answer, other) == (
        "certificates.letter.print", f"certificate:{certificate.pk}", "counter.letter.fee",
    )  # fmt: skip


def test_a_second_change_of_one_certificate(world: World, maker: Browser) -> None:
    certificate = certificate_of(world.holder("release1"))
    form = form_with(maker.get("counter:revocation", certificate.pk), "idempotency_key")
    propose(world, "certificates.revocation", certificate, cause="KEY_COMPROMISE")
    where = reverse("counter:revocation", args=[certificate.pk])
    answer = maker.client.post(where, form.fields | {"reason": "Twice.", "cause": "KEY_COMPROMISE"})
    event, target, _reason = written(answer, maker)
    assert (event, target) == (
        "certificates.revocation.propose", f"certificate:{certificate.pk}",
    )  # fmt: skip


def test_an_edit_of_what_was_submitted(world: World, maker: Browser) -> None:
    certificate = certificate_of(world.holder("release1"))
    reference = propose(world, "certificates.revocation", certificate, cause="KEY_COMPROMISE")
    form = form_with(maker.get("counter:edit", reference), "idempotency_key")
    approvals.submit(
        actor=world.officer(MAKER).act_as(world.now), reference=reference, form_key=ids.token(),
        now=world.now,
    )  # fmt: skip
    where = reverse("counter:edit", args=[reference])
    answer = maker.client.post(where, form.fields | {"reason": "Late.", "cause": "SUPERSEDED"})
    event, target, _reason = written(answer, maker)
    assert (event, target) == ("approvals.request.edit", f"request:{reference}")


def test_a_fee_without_a_receipt(world: World, maker: Browser) -> None:
    fee_id = charge(world)
    form = form_with(maker.get("fees:item", fee_id), "from_")
    answer = maker.client.post(
        reverse("fees:collect", args=[fee_id]), form.fields | {"from_": "COUNTER"}
    )
    assert written(answer, maker) == ("fees.item.collect", f"fee:{fee_id}", "fees.no_receipt")


def test_a_delivery_that_is_none(maker: Browser) -> None:
    answer = send(
        maker, "equipment:receive", kind="READER", first="RD-0009", last="RD-0001", reference="DN"
    )
    assert written(answer, maker) == (
        "equipment.item.receive", "page:equipment:receive", "equipment.range",
    )  # fmt: skip
