"""What a maker proposes at the certificate counter, and what the checker's release does."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils.translation import override

from approvals import operations as approvals
from approvals.errors import AlreadyProposed
from approvals.models import Request
from approvals.states import Act, RequestState
from branch_ops import operations
from branch_ops.errors import ApplicationRefused, JobRefused
from branch_ops.models import EquipmentMovement, FeeItem
from branch_ops.queries.certificate import CertificateDetail, certificate_now, holder_now
from branch_ops.queries.counter import application_target, cards_in_stock
from branch_ops.subjects.applications import ApplicationKind, application_content
from branch_ops.subjects.certificates import (
    ScopeKind,
    WithdrawalKind,
    certificate_content,
    scope_of,
)
from branch_ops.subjects.scopes import Scope, read_scope, scope_lines
from certificates import operations as certificates
from certificates.errors import ScopeRefused
from certificates.formats.profiles import RevocationReason
from certificates.models import Certificate, Letter
from identity.errors import PermissionMissing
from kernel import ids
from kernel.clock import business_date
from kernel.money import Money
from tests.branch_ops.counter_stories import (
    CHECKER,
    MAKER,
    OTHER_MAKER,
    Counter,
    certificate_of,
    propose,
    suspended,
)
from tests.factories.world import World, decide

pytestmark = [pytest.mark.req("CERT-7"), pytest.mark.django_db]


@pytest.fixture
def counter(world: World) -> Counter:
    """Return the counter of the first branch."""
    return Counter(world)


def scope_text(found: CertificateDetail, scope: Scope) -> dict[str, str]:
    """Return a change of scope as text."""
    return scope.as_text() | scope_of(found).as_text("was_")


@pytest.mark.req("CERT-1", "CERT-6")
def test_a_released_application_waits_with_its_scope_fee_and_letter(
    world: World, counter: Counter
) -> None:
    scope = Scope(("transfers.transfer",), Decimal(100_000), date(2026, 1, 1), date(2027, 12, 31))
    counter.release(counter.propose("maker02", scope=scope))
    certificate = certificate_of(world.holder("maker02", card=False))
    assert certificate.state == "APPLIED"
    assert certificate.functions == ["transfers.transfer"]
    assert certificate.amount_cap == Decimal(100_000)
    assert (certificate.scope_from, certificate.scope_until) == (
        date(2026, 1, 1), date(2027, 12, 31),
    )  # fmt: skip
    assert [letter.state for letter in certificate.letters.all()] == ["PREPARED"]
    (fee,) = FeeItem.objects.filter(target=f"certificate:{certificate.pk}")
    assert (fee.state, fee.tariff.code) == ("DUE", "certificate.issue")


@pytest.mark.req("EQP-1")
def test_a_card_of_the_stock_goes_to_its_holder_with_the_release(
    world: World, counter: Counter
) -> None:
    operations.receive(
        kind="CARD", first="CARD-0001", last="CARD-0002", reference="D-1",
        actor=world.officer(MAKER).act_as(world.now), form_key=ids.token(), now=world.now,
    )  # fmt: skip
    holder = holder_now(world.first.people["maker02"].public_id)
    reference = approvals.propose(
        actor=world.officer(MAKER).act_as(world.now), kind="certificates.application",
        subject_key=application_target(holder.number), form_key=ids.token(), now=world.now,
        content=application_content(
            holder, storage="HARDWARE", card_serial="CARD-0001", scope=Scope(), now=world.now
        ),
    )  # fmt: skip
    assert cards_in_stock(world.branch.pk) == ["CARD-0001", "CARD-0002"]
    counter.release(reference)
    assert cards_in_stock(world.branch.pk) == ["CARD-0002"]
    certificate = certificate_of(world.holder("maker02", card=False))
    assert certificate.card is not None
    assert (certificate.card.serial_number, certificate.card.state) == ("CARD-0001", "ASSIGNED")
    movement = EquipmentMovement.objects.get(kind="ISSUE")
    assert movement.item.serial_number == "CARD-0001"
    assert (movement.holder_id, movement.reference) == (holder.id, reference)


@pytest.mark.req("CERT-5")
def test_a_second_certificate_costs_the_fee_for_another(world: World, counter: Counter) -> None:
    world.holder("release1")
    counter.release(counter.propose("release1"))
    certificate = certificate_of(world.holder("release1"))
    (fee,) = FeeItem.objects.filter(target=f"certificate:{certificate.pk}")
    assert fee.tariff.code == "certificate.reissue"


@pytest.mark.req("DUAL-4")
def test_a_rejected_application_leaves_nothing(world: World, counter: Counter) -> None:
    reference = counter.propose()
    approvals.submit(
        actor=world.officer(MAKER).act_as(world.now), reference=reference, form_key=ids.token(),
        now=world.now,
    )  # fmt: skip
    decide(world, world.officer(CHECKER, card=True), reference, Act.REJECT, "No seal.")
    assert not Certificate.objects.filter(holder=world.first.people["maker02"]).exists()
    assert not FeeItem.objects.exists()


@pytest.mark.req("DUAL-5")
def test_a_second_application_of_the_same_person_is_refused(world: World, counter: Counter) -> None:
    counter.propose()
    with pytest.raises(AlreadyProposed):
        counter.propose(maker=OTHER_MAKER)


def test_whoever_waits_for_a_letter_is_not_applied_for_again(
    world: World, counter: Counter
) -> None:
    counter.applied(paid=False)
    with pytest.raises(ApplicationRefused) as refused:
        counter.propose()
    assert refused.value.code == "counter.application.waiting"


def test_nobody_applies_for_a_person_out_of_force(world: World, counter: Counter) -> None:
    person = world.first.people["maker02"]
    person.suspend()
    person.save()
    with pytest.raises(ApplicationRefused) as refused:
        counter.propose()
    assert refused.value.code == "counter.application.not_in_force"


@pytest.mark.parametrize(
    ("storage", "card", "code"),
    [
        ("SOFTWARE", "", "storage"),
        ("HARDWARE", "", "no_card"),
        ("BROWSER", "CARD-0001", "no_card"),
        ("HARDWARE", "CARD-0001", "card_gone"),
    ],
)
def test_a_key_has_its_place_and_a_card_lies_in_the_branch(
    world: World, settings, storage: str, card: str, code: str
) -> None:
    settings.SIGNING_ALLOWED_STORAGES = ["HARDWARE", "BROWSER"]
    holder = holder_now(world.first.people["maker02"].public_id)
    content = application_content(
        holder, storage=storage, card_serial=card, scope=Scope(), now=world.now
    )
    with pytest.raises(ApplicationRefused) as refused:
        ApplicationKind().check(content, now=world.now)
    assert refused.value.code == f"counter.application.{code}"


@pytest.mark.req("DUAL-1")
@pytest.mark.parametrize("login", [CHECKER, "auditor001", "pki00001"])
def test_only_a_maker_of_the_branch_proposes(world: World, counter: Counter, login: str) -> None:
    with pytest.raises(PermissionMissing):
        counter.propose(maker=login)


def submitted(world: World, reference: str) -> str:
    """Submit a draft and return its reference."""
    return approvals.submit(
        actor=world.officer(MAKER).act_as(world.now), reference=reference, form_key=ids.token(),
        now=world.now,
    )  # fmt: skip


def raise_fee(world: World) -> None:
    """Let a first application cost more from today on."""
    with transaction.atomic():
        operations.set_tariff_step(
            code="certificate.issue", money=Money(Decimal(2_000), "TWD"), actor=None,
            valid_from=business_date(world.now), now=world.now,
        )  # fmt: skip


@pytest.mark.req("FEE-1", "DUAL-3", "SIGN-1")
def test_the_fee_that_is_charged_is_the_fee_that_was_signed(world: World, counter: Counter) -> None:
    reference = submitted(world, counter.propose())
    raise_fee(world)
    with pytest.raises(ApplicationRefused) as refused:
        decide(world, world.officer(CHECKER, card=True), reference, Act.RELEASE)
    assert refused.value.code == "counter.application.fee_changed"
    with override("en"):
        assert "edit the application again" in str(refused.value)
    assert not FeeItem.objects.exists()


@pytest.mark.req("FEE-1", "CERT-5")
def test_a_first_application_does_not_become_another_unseen(world: World, counter: Counter) -> None:
    holder = world.holder("maker02", card=False)
    reference = counter.propose()
    world.holder("maker02")
    with pytest.raises(ApplicationRefused) as refused:
        submitted(world, reference)
    assert refused.value.code == "counter.application.fee_changed"
    content = application_content(
        holder_now(holder.user.public_id), storage="BROWSER", card_serial="", scope=Scope(),
        now=world.now,
    )  # fmt: skip
    assert content["tariff"] == "certificate.reissue"
    approvals.amend(
        actor=world.officer(MAKER).act_as(world.now), reference=reference, content=content,
        form_key=ids.token(), now=world.now,
    )  # fmt: skip
    counter.release(reference)
    assert [fee.tariff.code for fee in FeeItem.objects.all()] == ["certificate.reissue"]


@pytest.mark.req("FEE-1", "DUAL-6")
def test_the_fee_of_a_withdrawn_application_is_waived_by_the_same_release(
    world: World, counter: Counter
) -> None:
    certificate = counter.applied(paid=False)
    reference = propose(world, "certificates.withdrawal", certificate)
    with override("en"):
        said = WithdrawalKind().after({"certificate": str(certificate.pk)})
    assert any("TWD 1,000" in line and "waived" in line for line in said)
    counter.release(reference)
    (fee,) = FeeItem.objects.filter(target=f"certificate:{certificate.pk}")
    assert (fee.state, fee.waiver_reference) == ("WAIVED", reference)
    with override("en"):
        left = WithdrawalKind().after({"certificate": str(certificate.pk)})
    assert left == [line for line in said if "waived" not in line]


@pytest.mark.req("FEE-1")
def test_a_fee_that_was_paid_stays_paid_when_its_application_is_withdrawn(
    world: World, counter: Counter
) -> None:
    certificate = counter.applied()
    counter.release(propose(world, "certificates.withdrawal", certificate))
    assert [fee.state for fee in FeeItem.objects.all()] == ["PAID"]


def test_an_application_is_withdrawn_and_its_letter_dies(world: World, counter: Counter) -> None:
    certificate = counter.printed()
    counter.release(propose(world, "certificates.withdrawal", certificate))
    certificate.refresh_from_db()
    assert certificate.state == "CANCELLED"
    assert not Letter.objects.filter(certificate=certificate, state="PRINTED").exists()


@pytest.mark.req("CERT-6", "DUAL-4")
def test_a_released_scope_is_felt_at_once_and_shows_what_it_replaces(world: World) -> None:
    certificate = certificate_of(world.holder("release1"))
    found = certificate_now(certificate.pk)
    scope = Scope(("transfers.transfer",), Decimal(50_000))
    reference = propose(world, "certificates.scope", certificate, **scope_text(found, scope))
    Counter(world).release(reference)
    certificate.refresh_from_db()
    assert certificate.functions == ["transfers.transfer"]
    assert certificate.amount_cap == Decimal(50_000)
    lines = {line.label: line for line in scope_lines(scope_text(found, scope))}
    assert [line.before for line in lines.values()] != [None] * 4


@pytest.mark.req("CERT-6")
def test_a_scope_that_makes_no_sense_is_refused(world: World) -> None:
    certificate = certificate_of(world.holder("release1"))
    found = certificate_now(certificate.pk)
    scope = Scope(None, None, date(2027, 1, 2), date(2027, 1, 1))
    with pytest.raises(ScopeRefused):
        propose(world, "certificates.scope", certificate, **scope_text(found, scope))


def test_a_scope_that_changed_since_is_not_replaced_unseen(world: World) -> None:
    certificate = certificate_of(world.holder("release1"))
    found = replace(certificate_now(certificate.pk), functions=("something.else",))
    content = certificate_content(found, reason="x") | scope_text(found, Scope())
    with pytest.raises(JobRefused):
        ScopeKind().check(content, now=world.now)


@pytest.mark.req("CERT-6")
def test_a_scope_reads_back_as_it_was_written() -> None:
    for scope in (
        Scope(),
        Scope(("a.b", "c.d"), Decimal(1_000_000), date(2026, 1, 1), date(2026, 12, 31)),
    ):
        assert read_scope(scope.as_text()) == scope


@pytest.mark.req("CERT-4")
def test_lifting_a_suspension_prepares_a_letter_and_keeps_the_hold(world: World) -> None:
    certificate = suspended(world)
    Counter(world).release(propose(world, "certificates.unsuspension", certificate))
    certificate.refresh_from_db()
    assert certificate.state == "UNSUSPENDING"
    (letter,) = certificate.letters.filter(state="PREPARED")
    assert letter.purpose == "UNSUSPEND"


@pytest.mark.req("CERT-4")
def test_what_is_in_force_is_not_lifted(world: World) -> None:
    with pytest.raises(JobRefused):
        propose(world, "certificates.unsuspension", certificate_of(world.holder("release1")))


@pytest.mark.req("CERT-5")
def test_a_released_revocation_is_for_ever(world: World) -> None:
    certificate = certificate_of(world.holder("release1"))
    reference = propose(world, "certificates.revocation", certificate, cause="KEY_COMPROMISE")
    Counter(world).release(reference)
    certificate.refresh_from_db()
    assert (certificate.state, certificate.listed_reason) == ("REVOKED", "KEY_COMPROMISE")
    for kind in ("certificates.unsuspension", "certificates.revocation", "certificates.scope"):
        with pytest.raises(JobRefused):
            propose(
                world, kind, certificate, cause="KEY_COMPROMISE",
                **scope_text(certificate_now(certificate.pk), Scope()),
            )  # fmt: skip


@pytest.mark.parametrize("cause", ["CERTIFICATE_HOLD", "", "NONSENSE"])
def test_a_hold_is_no_cause_of_a_revocation(world: World, cause: str) -> None:
    certificate = certificate_of(world.holder("release1"))
    with pytest.raises(JobRefused) as refused:
        propose(world, "certificates.revocation", certificate, cause=cause)
    assert refused.value.field == "cause"


@pytest.mark.parametrize(
    ("cause", "fees"), [("PRINTER", 0), ("SEAL", 0), ("LOST", 1), ("EXPIRED", 1)]
)
def test_a_reprint_kills_the_letter_and_costs_what_the_customer_caused(
    world: World, counter: Counter, cause: str, fees: int
) -> None:
    certificate = counter.printed()
    counter.release(propose(world, "certificates.reprint", certificate, cause=cause))
    certificate.refresh_from_db()
    assert certificate.state == "APPLIED"
    states = certificate.letters.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["SUPERSEDED", "PREPARED"]
    due = FeeItem.objects.filter(target=f"certificate:{certificate.pk}", state="DUE")
    assert due.count() == fees


def test_a_letter_that_waits_for_the_printer_is_not_reprinted(
    world: World, counter: Counter
) -> None:
    with pytest.raises(JobRefused):
        propose(world, "certificates.reprint", counter.applied(), cause="PRINTER")


@pytest.mark.req("DUAL-5")
def test_one_request_at_a_time_stands_on_a_certificate(world: World) -> None:
    certificate = certificate_of(world.holder("release1"))
    propose(world, "certificates.revocation", certificate, cause="SUPERSEDED")
    found = certificate_now(certificate.pk)
    assert found.pending
    with pytest.raises(AlreadyProposed):
        propose(world, "certificates.scope", certificate, OTHER_MAKER, **scope_text(found, Scope()))


def test_what_changed_after_the_proposal_is_noticed_at_the_release(world: World) -> None:
    certificate = suspended(world)
    reference = propose(world, "certificates.unsuspension", certificate)
    approvals.submit(
        actor=world.officer(MAKER).act_as(world.now), reference=reference, form_key=ids.token(),
        now=world.now,
    )  # fmt: skip
    certificates.revoke(
        serial_number=str(certificate.serial_number), actor=None, now=world.now,
        reason=RevocationReason.KEY_COMPROMISE,
    )  # fmt: skip
    with pytest.raises(JobRefused):
        decide(world, world.officer(CHECKER, card=True), reference, Act.RELEASE)
    assert Request.objects.get(reference=reference).state == RequestState.PENDING
