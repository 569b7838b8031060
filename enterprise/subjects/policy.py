"""What a company asks of its own people at the door, changed by its security pair (DUAL-6)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy

from approvals.kinds import Line
from approvals.subjects import ChangeKind
from identity import queries
from identity.errors import PolicyChanged, PolicyUnchanged
from identity.models import Company, User
from identity.operations import set_company_policy_step
from identity.policies import (
    CompanyRules,
    check_company_rules,
    read_company_rules,
)
from kernel.money import Money

# An amount from which a code is asked for is in the currency of the country.
CURRENCY: Final = "TWD"
WAS: Final = "was_"


def policy_key(code: str) -> str:
    """Return what is locked by a proposal: all rules of one company together."""
    return f"company-policy:{code}"


def company_policy_content(
    company: Company, was: CompanyRules, rules: CompanyRules, *, reason: str
) -> dict[str, str]:
    """Return what is proposed as the text values that are frozen and signed."""
    return {
        "company": company.code,
        "company_name": company.name,
        **rules.as_text(),
        **was.as_text(WAS),
        "reason": reason,
    }


def rule_words(rules: CompanyRules) -> list[tuple[str, str, str]]:
    """Return each rule as its name, its label and how it reads."""
    return [
        (
            "submit_with_card",
            _("Submitting for review"),
            _("with the card") if rules.submit_with_card else _("the password is enough"),
        ),
        ("code_from", _("Transaction verification code at the release"), _code(rules.code_from)),
        ("usual_hours", _("Usual hours"), _hours(rules)),
    ]


class CompanyPolicyKind(ChangeKind):
    """Bring a change of a company's own rules of signing in (AUTH-5, AUTH-6, AUTH-7)."""

    code = "company.policy"
    letter = "P"
    name = gettext_lazy("Sign-in rules")

    def title(self, content: Mapping[str, str]) -> str:
        """Return whose rules change."""
        return _("Sign-in rules of %(company)s") % {"company": content["company_name"][:80]}

    def lines(self, content: Mapping[str, str]) -> list[Line]:
        """Return what changes first, each with what it replaces, then what stays."""
        before = {name: text for name, _label, text in rule_words(read_company_rules(content, WAS))}
        found = rule_words(read_company_rules(content))
        changed = [one for one in found if before[one[0]] != one[2]]
        return [
            *(
                Line(label, text, emphasis=True, before=before[name])
                for name, label, text in changed
            ),
            Line(_("Reason"), content["reason"]),
            *(Line(label, text) for name, label, text in found if before[name] == text),
        ]

    def check(self, content: Mapping[str, str], *, now: datetime) -> None:
        """Raise the reason where the rules make no sense, nothing changes, or something did."""
        rules, was = read_company_rules(content), read_company_rules(content, WAS)
        check_company_rules(rules)
        if rules == was:
            raise PolicyUnchanged()
        company = queries.company_by_code(content["company"])
        if company is None or queries.company_rules(company.pk) != was:
            raise PolicyChanged()

    def apply(
        self, content: Mapping[str, str], *, reference: str, maker: User, checker: User,
        now: datetime,
    ) -> None:  # fmt: skip
        """Put the company's rules in force; both of the pair are of this company."""
        company = checker.company
        if company is None or company.code != content["company"]:
            raise PolicyChanged()
        set_company_policy_step(
            company=company, was=read_company_rules(content, WAS),
            rules=read_company_rules(content), reference=reference, actor=checker, now=now,
        )  # fmt: skip

    def after(self, content: Mapping[str, str]) -> list[str]:
        """Return when it counts, and for whom."""
        return [_("It is in force at once, for everybody of the company.")]

    def outcome(self, content: Mapping[str, str]) -> str:
        """Return what has happened."""
        return _("The new rules are in force.")

    def edit_url(self, reference: str) -> str:
        """Return the page on which the maker edits the rules."""
        return reverse("enterprise:edit_company_policy", args=[reference])


def _code(amount: Decimal | None) -> str:
    if amount is None:
        return _("never")
    if not amount:
        return _("for every amount")
    return _("from %(amount)s on, and for every other currency") % {
        "amount": str(Money(amount, CURRENCY))
    }


def _hours(rules: CompanyRules) -> str:
    if rules.usual_from is None or rules.usual_until is None:
        return _("any hour")
    return _("%(first)s to %(last)s (Taipei time)") % {
        "first": rules.usual_from.isoformat("minutes"),
        "last": rules.usual_until.isoformat("minutes"),
    }
