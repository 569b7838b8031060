"""What an act rests on while it goes on: the form that was sent, the rights it was judged by."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from audit import operations as audit
from identity.errors import StandingChanged
from identity.models import FormPost, User
from identity.operations.people import home_chain
from kernel.errors import DomainError

# One statement that says whether this was the first sending; the ORM cannot tell that.
CLAIM_FORM = """
INSERT INTO identity_formpost (user_id, key, outcome, at) VALUES (%s, %s, %s, %s)
ON CONFLICT (user_id, key) DO NOTHING RETURNING id
"""

# Shared locks, which the ORM does not offer: many acts of one person may go on side by side.
HOLD_STANDING = """
SELECT g.id FROM identity_grant g
JOIN identity_user u ON u.id = g.user_id AND u.state = 'ACTIVE'
JOIN identity_company c ON c.id = u.company_id AND c.state = 'ACTIVE'
JOIN identity_unit b ON b.id = c.branch_id AND b.state = 'ACTIVE'
WHERE u.id = %s AND g.id = ANY(%s) AND g.state = 'ACTIVE' ORDER BY g.id
FOR SHARE OF g, u, c, b
"""
# People of the bank stand in their unit; one statement for both would need an outer join, whose
# rows cannot be locked.
HOLD_STAFF_STANDING = """
SELECT g.id FROM identity_grant g
JOIN identity_user u ON u.id = g.user_id AND u.state = 'ACTIVE'
JOIN identity_unit b ON b.id = u.unit_id AND b.state = 'ACTIVE'
WHERE u.id = %s AND g.id = ANY(%s) AND g.state = 'ACTIVE' ORDER BY g.id
FOR SHARE OF g, u, b
"""


def record_refusal(
    *, actor: User, event: str, target: str, error: DomainError, now: datetime
) -> None:
    """Write down that something was refused, after its own transaction is gone (AUD-1)."""
    audit.record_refused(
        chain=home_chain(actor), event=event, actor=actor.public_id, target=target,
        reason=error.code, now=now,
    )  # fmt: skip


def claim_form(*, actor: User, key: str, outcome: str, now: datetime) -> str:
    """Note that a form is being sent; a step. Return empty text, or what its first sending led to.

    A second sending waits for the first and then sees its outcome, so double clicks and retries
    act once (TRF-8). `key` is the random text the page carried, `outcome` a reference.
    """
    audit.require_transaction()
    with connection.cursor() as cursor:
        cursor.execute(CLAIM_FORM, [actor.pk, key, outcome, now])
        row = cursor.fetchone()
    if row is not None:
        return ""
    return FormPost.objects.get(user=actor, key=key).outcome


def hold_standing(*, actor: User, grant_ids: frozenset[int]) -> None:
    """Lock a person, their home and grants against change until the act commits; a step.

    Insists that the grants the act was judged by still stand: a suspension that came between
    is felt (DEL-4). Raises Conflict.
    """
    audit.require_transaction()
    with connection.cursor() as cursor:
        statement = HOLD_STAFF_STANDING if actor.is_staff else HOLD_STANDING
        cursor.execute(statement, [actor.pk, sorted(grant_ids)])
        held = {row[0] for row in cursor.fetchall()}
    if held != grant_ids:
        raise StandingChanged()
