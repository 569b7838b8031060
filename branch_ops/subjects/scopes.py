"""A certificate's usage scope as the text of a request, and as its signer reads it (CERT-6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from approvals.kinds import Line, all_kinds
from approvals.subjects import ChangeKind
from certificates.permissions import Permission as Certificates
from certificates.policies import check_scope
from kernel.money import Money

# The cap of a certificate is in the currency of the country.
CURRENCY = "TWD"
SCOPE_FIELDS = ("functions", "amount_cap", "scope_from", "scope_until")


@dataclass(frozen=True, slots=True)
class Scope:
    """Carry what a certificate may be used for; None is 'no bound'."""

    functions: tuple[str, ...] | None = None
    amount_cap: Decimal | None = None
    scope_from: date | None = None
    scope_until: date | None = None

    def check(self) -> None:
        """Raise ScopeRefused unless it makes sense."""
        check_scope(
            functions=self.functions, amount_cap=self.amount_cap, scope_from=self.scope_from,
            scope_until=self.scope_until,
        )  # fmt: skip

    def as_text(self, prefix: str = "") -> dict[str, str]:
        """Return it as the text values of a request; empty is 'no bound'."""
        cap, first, last = self.amount_cap, self.scope_from, self.scope_until
        values = {
            "functions": ",".join(self.functions or ()),
            "amount_cap": "" if cap is None else f"{Money(cap, CURRENCY).quantised().amount:f}",
            "scope_from": first.isoformat() if first else "",
            "scope_until": last.isoformat() if last else "",
        }
        return {prefix + name: value for name, value in values.items()}


def read_scope(content: Mapping[str, str]) -> Scope:
    """Return the scope that a request's content carries."""
    functions, cap = content["functions"], content["amount_cap"]
    return Scope(
        functions=tuple(functions.split(",")) if functions else None,
        amount_cap=Decimal(cap) if cap else None,
        scope_from=_day(content["scope_from"]),
        scope_until=_day(content["scope_until"]),
    )


def functions() -> list[tuple[str, str]]:
    """Return what a customer's person may sign, by code, with its name.

    Requests of companies, and what a company's supervisor signs alone.
    """
    requests = [kind for kind in all_kinds() if not isinstance(kind, ChangeKind)]
    return [
        *((kind.code, str(kind.name)) for kind in requests),
        (Certificates.SUSPEND.value, _("Suspend a member's certificate")),
        (Certificates.REVOKE.value, _("Revoke a member's certificate")),
    ]


def function_words(codes: Sequence[str] | None) -> str:
    """Return functions by their names; None is every function."""
    if codes is None:
        return _("every function")
    known = dict(functions())
    return ", ".join(known.get(code, code) for code in codes)


def cap_words(cap: Decimal | None) -> str:
    """Return the highest amount as people read it."""
    return _("no limit of its own") if cap is None else str(Money(cap, CURRENCY))


def scope_lines(content: Mapping[str, str]) -> list[Line]:
    """Return a scope as its signer reads it, with what held before where the content tells."""
    new = _words(read_scope(content))
    old: Mapping[str, str | None] = dict.fromkeys(SCOPE_FIELDS)
    if "was_functions" in content:
        was = {name: content[f"was_{name}"] for name in SCOPE_FIELDS}
        old = _words(read_scope(was))
    labels = {
        "functions": _("Functions"),
        "amount_cap": _("Highest amount"),
        "scope_from": _("First day of use"),
        "scope_until": _("Last day of use"),
    }
    return [Line(labels[name], new[name], before=old[name]) for name in SCOPE_FIELDS]


def _words(scope: Scope) -> dict[str, str]:
    return {
        "functions": function_words(scope.functions),
        "amount_cap": cap_words(scope.amount_cap),
        "scope_from": scope.scope_from.isoformat() if scope.scope_from else _("no bound"),
        "scope_until": scope.scope_until.isoformat() if scope.scope_until else _("no bound"),
    }


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
