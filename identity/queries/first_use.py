"""How far has somebody come with first use, and which addresses are theirs? (DEL-3)"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from identity.models import ContactPoint, FormPost, OneTimeCode, User
from identity.policies import FirstUseFacts, Keys, Step, current_step, steps_for
from identity.queries.people import grants_of
from identity.queries.sessions import has_passkey

# Under this key it is kept that the form of the personal settings was sent during first use.
SETTINGS_FORM = "first_use:settings"
NO_KEYS = Keys()


@dataclass(frozen=True, slots=True)
class Contact:
    """Show one registered address of a person; `waiting` is one that awaits its code, or empty."""

    channel: str
    address: str
    waiting: str
    is_verified: bool


@dataclass(frozen=True, slots=True)
class OpenCode:
    """Show a code that was sent and not typed back yet."""

    channel: str
    tries_left: int
    expires_at: datetime


def first_use_facts(user_id: int, *, now: datetime, keys: Keys = NO_KEYS) -> FirstUseFacts:
    """Return what is stored about a person's first use; `keys` is what the site knows besides."""
    user = User.objects.get(pk=user_id)
    return FirstUseFacts(
        is_staff=user.is_staff,
        is_bank_checker=user.is_staff and is_bank_checker(user, now=now),
        login_name_chosen=user.login_name_chosen_at is not None,
        password_chosen=not user.must_change_password,
        code_set=bool(user.authorisation_code),
        contacts_verified=all(contact.is_verified for contact in contacts_of(user_id)),
        settings_chosen=FormPost.objects.filter(user=user, key=SETTINGS_FORM).exists(),
        has_passkey=has_passkey(user_id),
        keys=keys,
    )


def has_reached(user: User, step: Step, *, now: datetime, keys: Keys = NO_KEYS) -> bool:
    """Tell whether a step of first use may be done: its turn has come, or first use is over.

    One that is already done may be done again only where a site leaves it open.
    """
    if user.first_used_at is not None:
        return True
    facts = first_use_facts(user.pk, now=now, keys=keys)
    steps, current = steps_for(facts), current_step(facts)
    if step not in steps:
        return False
    return current is None or steps.index(step) <= steps.index(current)


def is_bank_checker(user: User, *, now: datetime) -> bool:
    """Tell whether a person of the bank holds a checker's role in force; one query."""
    if not user.is_staff:
        return False
    return any(grant.role.endswith(".checker") for grant in grants_of(user.pk, now=now).values())


def contacts_of(user_id: int) -> list[Contact]:
    """Return a person's address on each channel, registered or not; one query."""
    rows = {row.channel: row for row in ContactPoint.objects.filter(user_id=user_id)}
    return [_contact(channel, rows.get(channel)) for channel in ("sms", "email")]


def open_code(user_id: int, *, purpose: str, now: datetime) -> OpenCode | None:
    """Return the code of this purpose that can still be typed back, or None."""
    row = OneTimeCode.objects.filter(
        user_id=user_id, purpose=purpose, closed_at__isnull=True, expires_at__gt=now
    ).first()
    return None if row is None else OpenCode(row.channel, row.tries_left, row.expires_at)


def _contact(channel: str, row: ContactPoint | None) -> Contact:
    if row is None:
        return Contact(channel, "", "", is_verified=False)
    is_verified = row.verified_at is not None
    waiting = row.wanted_address or ("" if is_verified else row.address)
    return Contact(channel, row.address, waiting, is_verified)
