"""The demo's certificate counter: stock at the branches, and an application that waits."""

from __future__ import annotations

from datetime import datetime, timedelta

from approvals import operations as approvals
from approvals.queries.proposals import open_request_on
from branch_ops.operations import receive, requisition
from branch_ops.queries.certificate import holder_now
from branch_ops.states import EquipmentKind
from branch_ops.subjects.applications import application_content
from branch_ops.subjects.scopes import Scope
from certificates.formats.profiles import KeyStorage
from certificates.queries import own_certificates
from identity.models import User
from identity.policies import Factor
from identity.queries import permissions_of

# What head office and the branches have in stock: kind, first and last serial number.
STOCK = {
    "pki.it": [
        (EquipmentKind.CARD, "C0000001", "C0000060"),
        (EquipmentKind.READER, "R0000001", "R0000040"),
        (EquipmentKind.STATIONERY, "L0000001", "L0000300"),
    ],
    "maker.001": [
        (EquipmentKind.CARD, "C0010001", "C0010024"),
        (EquipmentKind.READER, "R0010001", "R0010012"),
        (EquipmentKind.STATIONERY, "L0010001", "L0010200"),
    ],
    "maker.002": [
        (EquipmentKind.CARD, "C0020001", "C0020024"),
        (EquipmentKind.READER, "R0020001", "R0020012"),
        (EquipmentKind.STATIONERY, "L0020001", "L0020200"),
    ],
}
# The one signer for whom the branch has applied, so that the counter has something to do.
APPLICANT = ("12345675", "release2.kaohsiung")


def load_counter(now: datetime) -> None:
    """Fill the stock, let a branch ask for card readers, and apply for one certificate."""
    for keeper, deliveries in STOCK.items():
        clerk = _officer(keeper, now)
        for kind, first, last in deliveries:
            receive(
                kind=kind, first=first, last=last, reference="DEMO-1", actor=clerk,
                form_key=f"demo-{first}", now=now - timedelta(days=30),
            )  # fmt: skip
    requisition(
        kind=EquipmentKind.READER, quantity=10, actor=_officer("maker.001", now),
        form_key="demo-requisition", now=now,
    )  # fmt: skip
    _apply(now)


def waits_at_the_counter(person: User) -> bool:
    """Tell whether this is the signer whose certificate comes from the counter."""
    code = person.company.code if person.company is not None else ""
    return (code, person.login_name) == APPLICANT


def _apply(now: datetime) -> None:
    code, login = APPLICANT
    person = User.objects.get(company__code=code, login_name=login)
    key = f"application:{person.public_id}"
    if own_certificates(person.pk) or open_request_on(key):
        return
    holder = holder_now(person.public_id)
    content = application_content(
        holder, storage=KeyStorage.BROWSER.name, card_serial="", scope=Scope(), now=now
    )
    clerk = _officer("maker.001", now)
    reference = approvals.propose(
        actor=clerk, kind="certificates.application", subject_key=key, content=content,
        form_key="demo-application", now=now,
    )  # fmt: skip
    approvals.submit(actor=clerk, reference=reference, form_key="demo-application-submit", now=now)


def _officer(login: str, now: datetime) -> User:
    officer = User.objects.select_related("unit").get(unit__isnull=False, login_name=login)
    officer.granted = permissions_of(officer.pk, now=now)
    officer.factor = Factor.PASSKEY
    return officer
