"""The demo's equipment: head office receives deliveries, and the branches ask for what they use."""

from __future__ import annotations

from datetime import datetime

from branch_ops import operations
from branch_ops.states import EquipmentKind
from identity.models import User
from identity.queries import permissions_of

KEEPER = "pki.it"
MAKERS = ("maker.001", "maker.002")
# Kind, first and last of what was delivered, how many each branch asks for.
DELIVERIES = [
    (EquipmentKind.CARD, "SC-2026-000001", "SC-2026-000060", 15),
    (EquipmentKind.READER, "RD-2026-0001", "RD-2026-0040", 10),
    (EquipmentKind.STATIONERY, "LF-0000001", "LF-0000200", 60),
]


def load_stock(now: datetime) -> None:
    """Fill the stock of head office and of both branches, as their people would."""
    keeper = _acting(KEEPER, now)
    for kind, first, last, quantity in DELIVERIES:
        operations.receive(
            kind=kind, first=first, last=last, reference="DN-2026-001", actor=keeper,
            form_key=f"demo-{first}", now=now,
        )  # fmt: skip
        for login in MAKERS:
            key = f"demo-{login}-{first}"
            number = operations.requisition(
                kind=kind, quantity=quantity, actor=_acting(login, now), form_key=key, now=now
            )
            operations.fulfil(number=number, first="", actor=keeper, form_key=key, now=now)


def _acting(login_name: str, now: datetime) -> User:
    """Return a person of the bank with the permissions a session would carry."""
    person = User.objects.select_related("unit").get(unit__isnull=False, login_name=login_name)
    person.granted = permissions_of(person.pk, now=now)
    return person
