"""Letting people in again: asked by one, released by another, begun with the code on the phone."""

from __future__ import annotations

import re

from django.db import transaction

from alerts.models import Message
from approvals import operations as approvals
from approvals.kinds import kind_of
from approvals.queries.helping import subject_key
from approvals.states import Act
from approvals.subjects.people import Identified, PersonKind
from identity.models import User
from identity.operations import renew_credentials_step
from identity.queries import Helped, helped_person
from kernel import ids
from tests.factories.world import Holder, World, decide

CODE = re.compile(r"[0-9A-HJKMNP-TV-Z]{8}")
REASON = "Form 113-0042"


def helped(kind: PersonKind, user: User) -> Helped:
    """Return a person as such a kind sees them, whether or not it covers them."""
    found = helped_person(kind.relation, user.public_id)
    if found is not None:
        return found
    home = user.company or user.unit
    return Helped(
        user.pk, user.public_id, user.display_name, user.login_name, str(home), user.state, 0,
        None, user.home,
    )  # fmt: skip


def content_of(code: str, user: User) -> dict[str, str]:
    """Return what a proposal of a kind says of a person."""
    kind = kind_of(code)
    assert isinstance(kind, PersonKind)
    return kind.content_for(helped(kind, user), identified_by=Identified.CALLED_BACK, reason=REASON)


def propose(world: World, maker: Holder, code: str, user: User) -> str:
    """Draft the help of a kind for a person and return its reference."""
    content = content_of(code, user)
    return approvals.propose(
        actor=maker.act_as(world.now), kind=code, subject_key=subject_key(user.public_id),
        content=content, form_key=ids.token(), now=world.now,
    )  # fmt: skip


def ask(world: World, maker: Holder, code: str, user: User) -> str:
    """Propose and submit, and return the reference."""
    reference = propose(world, maker, code, user)
    approvals.submit(
        actor=maker.act_as(world.now), reference=reference, form_key=ids.token(), now=world.now
    )
    return reference


def help_out(world: World, maker: Holder, checker: Holder, code: str, user: User) -> str:
    """Ask, let the checker sign, and return the reference."""
    return decide(world, checker, ask(world, maker, code, user), Act.RELEASE)


def renew(world: World, user: User, reason: str = "N1") -> str:
    """Give somebody new credentials as a release does, and return the code they were sent."""
    with transaction.atomic():
        renew_credentials_step(user_id=user.pk, actor=user, reason=reason, now=world.now)
    return code_sent_to(user)


def code_sent_to(user: User) -> str:
    """Return the latest activation code in a person's messages, as only they can read it."""
    told = Message.objects.filter(
        event="identity.code.activation", recipient_key=user.public_id
    ).latest("pk")
    (code,) = CODE.findall(told.body)
    return code
