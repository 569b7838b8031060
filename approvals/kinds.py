"""What is a kind of request? A protocol, and the registry that apps above fill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from kernel.money import Money


@dataclass(frozen=True, slots=True)
class SubjectFacts:
    """Carry what rules, inbox and freezing look at.

    `content` is the subject as text values: it is frozen as the revision and everything after
    submission is done from it. `account_id` is the account whose rights count; `deadline` is the
    last moment (UTC) the request can still be executed (FLOW-7).
    """

    title: str
    money: Money
    account_id: int
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
    """Show one labelled fact of a subject; `emphasis` marks what a signer must not miss."""

    label: str
    value: str
    group: Group = Group.WHAT
    emphasis: bool = False


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
        self, *, reference: str, company_id: int, user_id: int, content: Mapping[str, str],
        now: datetime,
    ) -> Remarks:  # fmt: skip
        """Return warnings, the source's state and what follows the release."""

    def hold(self, *, key: str, company_id: int, content: Mapping[str, str], now: datetime) -> None:
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
        self, *, reference: str, key: str, content: Mapping[str, str], now: datetime
    ) -> None:
        """Do what the last release does, in its transaction, with what was held under the key."""

    def abandon(self, *, key: str, now: datetime) -> None:
        """Free what was held under the key, because of a return, reject, withdrawal or expiry."""

    def edit_url(self, reference: str) -> str:
        """Return the path of the page on which a maker edits the subject."""

    def check_url(self, reference: str) -> str:
        """Return the path of the page on which a maker checks the subject and submits it."""

    def alert_facts(self, content: Mapping[str, str]) -> dict[str, str]:
        """Return facts for messages, account numbers masked (ALR-3)."""


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
