"""What is a kind of request? A protocol, and the registry that apps above fill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from identity.models import User
from identity.policies import Home
from kernel.money import Money


@dataclass(frozen=True, slots=True)
class SubjectFacts:
    """Carry what rules, inbox and freezing look at.

    `content` is the subject as text values: it is frozen as the revision and everything after
    submission is done from it. `account_id` is the account whose rights count; it and `money` are
    None together, for what moves no money. `deadline` is the last moment (UTC) the request can
    still be executed (FLOW-7).
    """

    title: str
    money: Money | None
    account_id: int | None
    importance: str
    deadline: datetime
    content: Mapping[str, str]


class Group(StrEnum):
    """Say under which heading of the decision page a fact stands."""

    WHAT = "what"
    SOURCE = "source"
    TIMING = "timing"


@dataclass(frozen=True, slots=True)
class Line:
    """Show one labelled fact of a subject; `emphasis` marks what a signer must not miss.

    `before` is what holds now, where the subject changes it; None where it changes nothing
    (DUAL-4).
    """

    label: str
    value: str
    group: Group = Group.WHAT
    emphasis: bool = False
    before: str | None = None

    @property
    def text(self) -> str:
        """Return the value as it is signed: with what it replaces, where it replaces something."""
        return self.value if self.before is None else f"{self.before or '-'} → {self.value or '-'}"


@dataclass(frozen=True, slots=True)
class Remarks:
    """Say what is not part of the statement but helps to decide, in the reader's language."""

    warnings: list[str]
    source_note: str
    after: list[str]


class Kind(Protocol):
    """Bring one kind of request to the engine: what rules see, what is signed, what is done."""

    code: str
    letter: str
    functions: Mapping[str, str]

    @property
    def name(self) -> object:
        """Return the kind's name as text that is read in the reader's language."""

    def facts(self, subject_id: int) -> SubjectFacts:
        """Return the facts of a subject as it stands now. Raises RuleBroken where it is not fit."""

    def content(self, subject_id: int) -> dict[str, str]:
        """Return a subject as text values, whether or not it is fit to be submitted."""

    def statement(self, content: Mapping[str, str]) -> dict[str, str]:
        """Return the facts a signature covers, from frozen content."""

    def lines(self, content: Mapping[str, str]) -> list[Line]:
        """Return the facts as the signer reads them, in the reader's language."""

    def remarks(
        self, *, reference: str, home: Home, user_id: int, content: Mapping[str, str],
        now: datetime,
    ) -> Remarks:  # fmt: skip
        """Return warnings, the source's state and what follows the release."""

    def hold(self, *, key: str, home: Home, content: Mapping[str, str], now: datetime) -> None:
        """Reserve limits and funds at submission under the revision's key.

        Raises RuleBroken naming what binds.
        """

    def headroom(
        self, user_ids: Sequence[int], content: Mapping[str, str], *, now: datetime
    ) -> Mapping[int, Mapping[str, bool]]:
        """Return for each person the functions they hold on the subject's account.

        The value says whether the person's own limit is enough for this amount; people and
        functions that are not held are left out. One statement, whatever the number of people.
        """

    def execute(
        self, *, reference: str, key: str, maker: User, checker: User, content: Mapping[str, str],
        now: datetime,
    ) -> None:  # fmt: skip
        """Do what the last release does, in its transaction, with what was held under the key.

        `maker` opened the request, `checker` gave the last release.
        """

    def abandon(self, *, key: str, now: datetime) -> None:
        """Free what was held under the key, because of a return, reject, withdrawal or expiry."""

    def edit_url(self, reference: str) -> str:
        """Return the path of the page on which a maker edits the subject."""

    def check_url(self, reference: str) -> str:
        """Return the path of the page on which a maker checks the subject and submits it."""

    def outcome(self, content: Mapping[str, str]) -> str:
        """Return in one sentence what has happened with the release."""

    def alert_facts(self, content: Mapping[str, str]) -> dict[str, str]:
        """Return facts for messages, account numbers masked (ALR-3)."""


@runtime_checkable
class Change(Kind, Protocol):
    """Be a kind whose subject is nothing but a proposed change: text by name (DUAL-1)."""

    @property
    def permission(self) -> str:
        """Return the permission to propose such a change."""

    def unit_of(self, content: Mapping[str, str]) -> int | None:
        """Return the id of the unit whose people alone may propose this, or None for any."""

    def company_of(self, content: Mapping[str, str]) -> int | None:
        """Return the id of the company whose people alone may propose this, or None for any."""

    def concerned(self, content: Mapping[str, str]) -> str:
        """Return the user number of the person whose own standing would change, or empty text."""

    def check(self, content: Mapping[str, str], *, now: datetime) -> None:
        """Raise RuleBroken where the change cannot be made as things stand."""


def concerned_by(kind: Kind, content: Mapping[str, str]) -> str:
    """Return the user number of the person a change is about, or empty text (DEL-6)."""
    # Asked for every row of an inbox: looking for the one name is far cheaper than isinstance.
    asked = getattr(kind, "concerned", None)
    return asked(content) if asked is not None else ""


def audited(kind: Kind, content: Mapping[str, str]) -> dict[str, str]:
    """Return of a subject's text what the append-only log repeats (AUD-1).

    The log names its entry's revision by digest, so what is left out is bound to it all the same.
    """
    return {name: value for name, value in content.items() if name not in _unaudited(kind)}


def from_audit(kind: Kind, logged: Mapping[str, object]) -> dict[str, str]:
    """Return a subject's text as the log has it, empty where the log does not repeat it."""
    texts = {name: str(value) for name, value in logged.items()}
    return dict.fromkeys(_unaudited(kind), "") | texts


def _unaudited(kind: Kind) -> frozenset[str]:
    return getattr(kind, "unaudited", frozenset())


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Make a kind known to the engine; called once from `AppConfig.ready`."""
    _kinds[kind.code] = kind


def kind_of(code: str) -> Kind:
    """Return the registered kind of this code. Raises KeyError where no app brought it."""
    return _kinds[code]


def all_kinds() -> tuple[Kind, ...]:
    """Return every registered kind."""
    return tuple(_kinds.values())
