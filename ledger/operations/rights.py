"""Give and take what people may do with accounts."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import Permission

from identity.models import User
from ledger.errors import UnknownAccount
from ledger.models import AccountRight
from ledger.operations.rows import lock_row, record
from ledger.policies import AccountFunction


def grant_right(
    *,
    account_id: int,
    user_id: int,
    function: str,
    cap: Decimal | None = None,
    counterparty: str = "",
    grant_id: int | None = None,
    valid_until: datetime | None = None,
    actor: str,
    now: datetime,
) -> None:
    """Let a person use a function on an account, replacing what they had; a step (ENT-3).

    `cap` is per transaction in the account's currency, None for no cap of its own. A right under
    a grant counts only while that grant is in force (DEL-4). Raises UnknownAccount, also where
    the account is another company's than the person's.
    """
    account = lock_row(account_id)
    if not User.objects.filter(pk=user_id, company__accounts=account).exists():
        raise UnknownAccount
    permission = _permission(function)
    held = AccountRight.objects.filter(
        user_id=user_id, permission=permission, content_object=account
    ).first()
    right = AccountRight(
        pk=held.pk if held else None,
        user_id=user_id,
        permission=permission,
        content_object=account,
        cap=cap,
        counterparty=counterparty,
        grant_id=grant_id,
        valid_from=now,
        valid_until=valid_until,
    )
    right.save()
    before, after = _right_facts(held), _right_facts(right)
    record(account, "right_granted", actor, now, before=before, after=after)


def withdraw_right(
    *, account_id: int, user_id: int, function: str, actor: str, now: datetime
) -> None:
    """Take a person's function on an account away; a step. Nothing happens where there is none."""
    account = lock_row(account_id)
    right = AccountRight.objects.filter(
        user_id=user_id, permission=_permission(function), content_object=account
    ).first()
    if right is not None:
        right.delete()
        record(account, "right_withdrawn", actor, now, before=_right_facts(right), after={})


def _permission(function: str) -> Permission:
    return Permission.objects.get(
        codename=AccountFunction(function), content_type__app_label="ledger"
    )


def _right_facts(right: AccountRight | None) -> dict[str, object] | None:
    if right is None:
        return None
    return {
        "user": right.user.public_id,
        "function": right.permission.codename,
        "cap": None if right.cap is None else str(right.cap),
        "counterparty": right.counterparty,
        "valid_until": right.valid_until.isoformat() if right.valid_until else None,
    }
