"""A small kind of change for stories: a note on the bank's own audit chain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from approvals import kinds, operations as approvals
from approvals.kinds import Line
from approvals.policies.rules import StageSpec
from approvals.subjects import ChangeKind
from audit import operations as audit
from identity.models import Role, User
from kernel.errors import RuleBroken
from tests.factories.world import World

KIND = "tests.note"
CHECKER = "branch.business.checker"


class NoteKind(ChangeKind):
    """Write a note; an empty one, or one the world has overtaken, is refused."""

    code = KIND
    letter = "N"
    name = "Note"
    overtaken = False

    def title(self, content: Mapping[str, str]) -> str:
        return content["text"]

    def lines(self, content: Mapping[str, str]) -> list[Line]:
        return [Line("Text", content["text"], before=content.get("was_text", ""), emphasis=True)]

    def check(self, content: Mapping[str, str], *, now: datetime) -> None:
        if not content["text"]:
            raise RuleBroken("tests.note.empty", "Write something.", field="text")
        if self.overtaken:
            raise RuleBroken("tests.note.overtaken", "Overtaken by events.")

    def apply(
        self, content: Mapping[str, str], *, reference: str, maker: User, checker: User,
        now: datetime,
    ) -> None:  # fmt: skip
        audit.record(
            chain=audit.BANK, event="tests.note.written", actor=checker.public_id,
            target=f"note:{reference}", now=now, after={"text": content["text"]},
            reason=maker.public_id,
        )  # fmt: skip

    def edit_url(self, reference: str) -> str:
        return "/edit/"


@contextmanager
def noting(world: World) -> Iterator[NoteKind]:
    """Let the branches' makers propose notes, which one checker of the same branch releases."""
    kind = NoteKind()
    kinds.register(kind)
    role = Role.objects.get(code="branch.business.maker")
    role.permissions = [*role.permissions, f"{KIND}.propose"]
    role.save()
    with transaction.atomic():
        flow = approvals.define_flow(
            company=None, code="tests", name="經辦→主管", actor="system", now=world.now,
            stages=[StageSpec(1, "release", CHECKER, 0, 1, ())],
        )  # fmt: skip
        approvals.define_rule(
            flow=flow, kind=KIND, minimum=Decimal(0), maximum=None, actor="system", now=world.now
        )
    try:
        yield kind
    finally:
        kinds._kinds.pop(KIND)
