"""The demo's head office: it keeps equipment, and a branch asks for more."""

from __future__ import annotations

from datetime import datetime

from branch_ops import operations
from branch_ops.states import EquipmentKind
from identity.models import User
from identity.queries import permissions_of

KEEPER, CLERK = "pki.it", "maker.001"
DELIVERIES = [
    (EquipmentKind.CARD, "C0000001", "C0000060"),
    (EquipmentKind.READER, "R0000001", "R0000040"),
    (EquipmentKind.STATIONERY, "L0000001", "L0000300"),
]


def load_stock(now: datetime) -> None:
    """Fill head office's stock and let a branch ask for card readers, which waits to be sent."""
    for kind, first, last in DELIVERIES:
        operations.receive(
            kind=kind, first=first, last=last, reference="DEMO-0", actor=_acting(KEEPER, now),
            form_key=f"demo-{first}", now=now,
        )  # fmt: skip
    operations.requisition(
        kind=EquipmentKind.READER, quantity=10, actor=_acting(CLERK, now),
        form_key="demo-requisition", now=now,
    )  # fmt: skip


def _acting(login_name: str, now: datetime) -> User:
    """Return a person of the bank with the permissions a session would carry."""
    person = User.objects.select_related("unit").get(unit__isnull=False, login_name=login_name)
    person.granted = permissions_of(person.pk, now=now)
    return person
