"""Create and edit payment orders; submitting and deciding are the approval engine's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from approvals import operations as approvals
from approvals.kinds import kind_of
from approvals.operations.drafting import next_reference
from certificates.errors import StatementRefused
from certificates.formats.texts import check_text
from identity.formats import form_name
from identity.models import User
from identity.operations import claim_form
from identity.permissions import check
from kernel.money import Money
from transfers.models import PaymentOrder
from transfers.permissions import Permission
from transfers.policies import KIND
from transfers.queries.orders import order_content
from transfers.queries.payees import check_route


@dataclass(frozen=True, slots=True)
class OrderFields:
    """Carry what a maker typed, read into values; accounts by number."""

    from_account: str
    payee_account: str
    payee_name: str
    money: Money
    value_date: date
    memo: str


@transaction.atomic(durable=True)
def create_order(*, actor: User, fields: OrderFields, form_key: str, now: datetime) -> str:
    """Keep a new transfer as a draft and return its reference (TRF-1, TRF-8, DUAL-1).

    Raises NoRightOnAccount, AccountBlocked, PayeeUnknown, PayeeCurrency, SameAccount, WrongDate,
    and what refuses a text that nobody could sign (SIGN-1).
    """
    check(actor, Permission.EDIT)
    kind = kind_of(KIND)
    reference = next_reference(kind, now)
    earlier = claim_form(
        actor=actor, key=form_name("create", "", form_key), outcome=reference, now=now
    )
    if earlier:
        return earlier
    order = PaymentOrder(reference=reference, company=actor.company, created_at=now)
    _fill(order, actor, fields, now)
    order.save(force_insert=True)
    approvals.open_request(
        kind=kind, reference=reference, subject_id=order.pk, facts=kind.facts(order.pk),
        actor=actor, now=now,
    )  # fmt: skip
    return reference


@transaction.atomic(durable=True)
def edit_order(
    *, actor: User, reference: str, fields: OrderFields, form_key: str, now: datetime
) -> str:
    """Change a draft or returned transfer and return its reference (DUAL-2, DUAL-3).

    Raises RequestNotFound, WrongState and what `create_order` raises.
    """
    check(actor, Permission.EDIT)
    request = approvals.lock_editable(actor=actor, reference=reference, now=now)
    if claim_form(
        actor=actor, key=form_name("edit", reference, form_key), outcome=reference, now=now
    ):
        return reference
    order = PaymentOrder.objects.select_for_update().get(pk=request.subject_id)
    before = order_content(order)
    _fill(order, actor, fields, now)
    order.save()
    approvals.edit_request(
        request=request, facts=kind_of(KIND).facts(order.pk), before=before, actor=actor, now=now
    )
    return reference


def mark_executed(*, reference: str, now: datetime) -> None:
    """Note on an order when it was executed; a step of its release."""
    PaymentOrder.objects.filter(reference=reference).update(executed_at=now)


def _fill(order: PaymentOrder, actor: User, fields: OrderFields, now: datetime) -> None:
    route = check_route(
        user_id=actor.pk, from_account=fields.from_account, payee_account=fields.payee_account,
        currency=fields.money.currency, value_date=fields.value_date, now=now,
    )  # fmt: skip
    order.from_account_id = route.source.id
    order.payee_account = route.target.number
    order.payee_name = _signable(fields.payee_name, "payee_name")
    order.amount, order.currency = fields.money.amount, fields.money.currency
    order.value_date = fields.value_date
    order.memo = _signable(fields.memo, "memo")
    order.changed_at = now


def _signable(text: str, field: str) -> str:
    """Return a text as it will be signed; what nobody could sign is refused beside its field."""
    try:
        return check_text(text)
    except StatementRefused as refused:
        refused.field = field
        raise
