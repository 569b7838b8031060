"""The figures of signing in and of passwords, changed by two people of IT security (DUAL-6)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy

from approvals.kinds import Line
from approvals.subjects import ChangeKind
from branch_ops.render.policy import GROUPS, LABELS, figure_text
from identity import queries
from identity.errors import PolicyChanged, PolicyUnchanged
from identity.models import User
from identity.operations import POLICY_TARGET, set_policy_step
from identity.policies import PolicyFigures, check_figures, read_figures

# What is locked by a proposal: all figures together, since they depend on one another.
SUBJECT_KEY: Final = POLICY_TARGET
WAS: Final = "was_"
_NAMES = tuple(name for group in GROUPS for name in group.names)


def policy_content(was: PolicyFigures, figures: PolicyFigures, *, reason: str) -> dict[str, str]:
    """Return what is proposed as the text values that are frozen and signed."""
    return {**figures.as_text(), **was.as_text(WAS), "reason": reason}


def changed_names(content: Mapping[str, str]) -> list[str]:
    """Return the names of the figures that a proposal changes, in the order of the page."""
    return [name for name in _NAMES if content[name] != content[WAS + name]]


class PolicyKind(ChangeKind):
    """Bring a change of the bank's figures of signing in (AUTH-2, PWD-1, SES-1)."""

    code = "identity.policy"
    letter = "P"
    name = gettext_lazy("Sign-in policy")

    def title(self, content: Mapping[str, str]) -> str:
        """Return what changes: the first figures by name, or how many."""
        changed = changed_names(content)
        if len(changed) == 1:
            name = changed[0]
            values = tuple(figure_text(name, content[key])[:20] for key in (WAS + name, name))
            return f"{str(LABELS[name])[:60]}: {values[0]} → {values[1]}"
        return _("Sign-in policy: %(count)s changes") % {"count": len(changed)}

    def lines(self, content: Mapping[str, str]) -> list[Line]:
        """Return what changes first, each with what it replaces, then what stays."""
        changed = changed_names(content)
        return [
            *(
                Line(
                    str(LABELS[name]), figure_text(name, content[name]), emphasis=True,
                    before=figure_text(name, content[WAS + name]),
                )
                for name in changed
            ),
            Line(_("Reason"), content["reason"]),
            *(
                Line(str(LABELS[name]), figure_text(name, content[name]))
                for name in _NAMES if name not in changed
            ),
        ]  # fmt: skip

    def check(self, content: Mapping[str, str], *, now: datetime) -> None:
        """Raise the reason where a figure is out of bounds, nothing changes, or something did."""
        figures, was = read_figures(content), read_figures(content, WAS)
        check_figures(figures)
        if figures == was:
            raise PolicyUnchanged()
        if queries.policy_figures() != was:
            raise PolicyChanged()

    def apply(
        self, content: Mapping[str, str], *, reference: str, maker: User, checker: User,
        now: datetime,
    ) -> None:  # fmt: skip
        """Put the figures in force."""
        set_policy_step(
            was=read_figures(content, WAS), figures=read_figures(content), reference=reference,
            actor=checker, now=now,
        )  # fmt: skip

    def after(self, content: Mapping[str, str]) -> list[str]:
        """Return when it counts, and for whom."""
        return [_("It is in force at once, for everybody on both sites.")]

    def outcome(self, content: Mapping[str, str]) -> str:
        """Return what has happened."""
        return _("The new figures are in force.")

    def edit_url(self, reference: str) -> str:
        """Return the page on which the maker edits the figures."""
        return reverse("policy:edit", args=[reference])
