"""What every proposed change brings to the engine: made by one person, released by another."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from approvals.kinds import Line, Remarks, SubjectFacts
from approvals.queries.proposals import proposal_of
from approvals.states import Act
from identity.models import User
from identity.policies import Home

# What people may do to a change follows from their role alone, not from an account.
ANYWHERE = ""


class ChangeKind(ABC):
    """Bring one kind of proposed change (DUAL-1, DUAL-4).

    The content is text by name, all of which is frozen and signed; names that begin with `was_`
    hold what the change replaces. Who may propose holds the permission `<code>.propose`; who
    releases is named by the rule table of the bank or company (FLOW-2).
    """

    code: str
    letter: str
    name: str | Promise
    # What of the content the append-only log does not repeat (PWD-3): frozen, shown and signed it
    # is as all the rest.
    unaudited: frozenset[str] = frozenset()
    functions: Mapping[str, str] = MappingProxyType(
        {Act.SUBMIT: ANYWHERE, Act.REVIEW: ANYWHERE, Act.RELEASE: ANYWHERE}
    )

    @property
    def permission(self) -> str:
        """Return the permission to propose such a change."""
        return f"{self.code}.propose"

    @abstractmethod
    def title(self, content: Mapping[str, str]) -> str:
        """Return what would change, in at most 120 characters."""

    @abstractmethod
    def lines(self, content: Mapping[str, str]) -> list[Line]:
        """Return the change as its signer reads it, with what it replaces."""

    def unit_of(self, content: Mapping[str, str]) -> int | None:
        """Return the id of the unit whose people alone may propose this, or None for any.

        A branch changes nothing of another branch's customers (DEL-4).
        """
        return None

    def company_of(self, content: Mapping[str, str]) -> int | None:
        """Return the id of the company whose people alone may propose this, or None for any."""
        return None

    def concerned(self, content: Mapping[str, str]) -> str:
        """Return the user number of the person whose own standing would change, or empty text.

        That person neither proposes nor decides (DEL-6).
        """
        return ""

    @abstractmethod
    def check(self, content: Mapping[str, str], *, now: datetime) -> None:
        """Raise RuleBroken where the change cannot be made as things stand.

        Asked when it is proposed, when it is submitted and before it is applied.
        """

    @abstractmethod
    def apply(
        self, content: Mapping[str, str], *, reference: str, maker: User, checker: User,
        now: datetime,
    ) -> None:  # fmt: skip
        """Make the change by steps of the rooms below, in the release's transaction."""

    @abstractmethod
    def edit_url(self, reference: str) -> str:
        """Return the path of the page on which a maker edits the proposal."""

    def check_url(self, reference: str) -> str:
        """Return the path of the page on which a maker checks the proposal and submits it."""
        return reverse("approvals:request", args=[reference])

    def warnings(self, content: Mapping[str, str], *, now: datetime) -> list[str]:
        """Return what a signer should notice."""
        return []

    def after(self, content: Mapping[str, str]) -> list[str]:
        """Return what follows the release."""
        return []

    def outcome(self, content: Mapping[str, str]) -> str:
        """Return in one sentence what has happened with the release."""
        return _("The change is in force.")

    def facts(self, subject_id: int) -> SubjectFacts:
        """Return what rules look at. Raises RuleBroken where the change is not fit any more."""
        proposal = proposal_of(subject_id)
        return SubjectFacts(
            title=self.title(proposal.content),
            money=None,
            account_id=None,
            importance="",
            deadline=proposal.expires_at,
            content=proposal.content,
        )

    def content(self, subject_id: int) -> dict[str, str]:
        """Return the proposal as text values."""
        return dict(proposal_of(subject_id).content)

    def statement(self, content: Mapping[str, str]) -> dict[str, str]:
        """Return what a signature covers: all of the change."""
        return dict(content)

    def remarks(
        self, *, reference: str, home: Home, user_id: int, content: Mapping[str, str],
        now: datetime,
    ) -> Remarks:  # fmt: skip
        """Return warnings and what follows the release."""
        return Remarks(self.warnings(content, now=now), "", self.after(content))

    def hold(self, *, key: str, home: Home, content: Mapping[str, str], now: datetime) -> None:
        """Insist that the change can still be made; nothing is reserved for it."""
        self.check(content, now=now)

    def headroom(
        self, user_ids: Sequence[int], content: Mapping[str, str], *, now: datetime
    ) -> Mapping[int, Mapping[str, bool]]:
        """Return that nobody is bound by an account: the role alone decides."""
        return {user_id: {ANYWHERE: True} for user_id in user_ids}

    def execute(
        self, *, reference: str, key: str, maker: User, checker: User, content: Mapping[str, str],
        now: datetime,
    ) -> None:  # fmt: skip
        """Make the change, where it can still be made."""
        self.check(content, now=now)
        self.apply(content, reference=reference, maker=maker, checker=checker, now=now)

    def abandon(self, *, key: str, now: datetime) -> None:  # noqa: B027 - nothing was held
        """Leave everything as it was."""

    def alert_facts(self, content: Mapping[str, str]) -> dict[str, str]:
        """Return the change's title for messages."""
        return {"subject_text": self.title(content)}
