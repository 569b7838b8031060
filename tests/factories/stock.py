"""Fees and equipment at the two branches of the small bank, and the people who handle them."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction

from approvals import operations as approvals
from approvals.models import FlowRule
from approvals.policies.rules import StageSpec
from branch_ops import operations
from branch_ops.states import EquipmentKind, Tariff
from identity import operations as identity
from identity.models import Unit, User
from identity.queries import permissions_of
from kernel import ids
from tests.factories.world import PASSWORD, World


def clerk(world: World, login: str = "branch001") -> User:
    """Return a person of the bank with the permissions a session would carry."""
    return acting(world.staff[login], world)


def acting(user: User, world: World) -> User:
    """Return a person read afresh with the permissions they hold at the world's time."""
    found = User.objects.select_related("unit").get(pk=user.pk)
    found.granted = permissions_of(found.pk, now=world.now)
    return found


def officer(world: World, role: str = "bank.pki.maker", unit: Unit | None = None) -> User:
    """Bring a person with one role into a unit, head office unless another is named."""
    home = unit or Unit.objects.get(code="000")
    login = f"{role}.{home.code}"[:32]
    found = User.objects.filter(unit=home, login_name=login).first()
    if found is None:
        with transaction.atomic():
            found = identity.add_person(
                home=home, login_name=login, display_name=f"{role} {home.code}", language="en",
                password=PASSWORD, contacts={}, actor="system", now=world.now,
                first_used_at=world.now,
            )  # fmt: skip
            identity.grant_role(
                user=found, role_code=role, parent=None, granted_by=None, now=world.now
            )
    return acting(found, world)


def deliver(
    world: World, actor: User, first: str, last: str, kind: str = EquipmentKind.CARD
) -> int:
    """Take a delivery into the actor's unit."""
    return operations.receive(
        kind=kind, first=first, last=last, reference="DN-7", actor=actor, form_key=ids.token(),
        now=world.now,
    )  # fmt: skip


def charge(world: World, target: str = "certificate:1", tariff: str = Tariff.REISSUE) -> int:
    """Charge the first company a fee."""
    with transaction.atomic():
        return operations.charge_step(
            company_id=world.company.pk, target=target, tariff=tariff, now=world.now
        )


def designate(world: World, account_number: str) -> None:
    """Name the account the first company pays its fees from."""
    with transaction.atomic():
        operations.designate_fee_account_step(
            company_id=world.company.pk, account_id=world.first.accounts[account_number],
            actor=None, now=world.now,
        )  # fmt: skip


def let_branches_decide(world: World) -> None:
    """Insist on the bank's own rules for fees and equipment, as its migration brings them.

    They are rows like any other, so a test that commits may have emptied them.
    """
    kinds = ("fees.waiver", "fees.refund", "equipment.write_off")
    if FlowRule.objects.filter(company__isnull=True, kind__in=kinds).count() == len(kinds):
        return
    with transaction.atomic():
        flow = approvals.define_flow(
            company=None, code="stock", name="經辦→主管", actor="system", now=world.now,
            stages=[StageSpec(1, "release", "branch.business.checker", 0, 1, ())],
        )  # fmt: skip
        for kind in kinds:
            approvals.define_rule(
                flow=flow, kind=kind, minimum=Decimal(0), maximum=None, actor="system",
                now=world.now,
            )  # fmt: skip
