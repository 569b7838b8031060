"""Which flow does a company's rule table choose? (FLOW-2)"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from kernel.canonical import canonical_bytes, sha256_hex

REVIEWER = "ent.finance.reviewer"
RELEASER = "ent.finance.releaser"


@dataclass(frozen=True, slots=True)
class StageSpec:
    """Ask for `needed` different people of a role and level; each of `groups` is among them."""

    number: int
    act: str
    role: str
    level: int
    needed: int
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """Cover one band of one kind of request. None and empty text mean 'any'.

    The band holds amounts with `minimum <= amount < maximum`; a maximum of None has no top.
    """

    rule_id: int
    kind: str
    account_id: int | None
    currency: str
    importance: str
    minimum: Decimal
    maximum: Decimal | None
    flow_code: str
    flow_name: str
    stages: tuple[StageSpec, ...]

    @property
    def specificity(self) -> tuple[bool, bool, bool]:
        """Rank rules: a named account before a named currency before a named importance."""
        return (self.account_id is not None, bool(self.currency), bool(self.importance))


@dataclass(frozen=True, slots=True)
class Question:
    """Ask for the flow of one request; what has no amount asks with 0 and no currency."""

    kind: str
    account_id: int | None
    currency: str
    amount: Decimal
    importance: str


def covers(rule: Rule, question: Question) -> bool:
    """Tell whether a rule covers a request."""
    return (
        rule.kind == question.kind
        and rule.account_id in (None, question.account_id)
        and rule.currency in ("", question.currency)
        and rule.importance in ("", question.importance)
        and rule.minimum <= question.amount
        and (rule.maximum is None or question.amount < rule.maximum)
    )


def matching(rules: Iterable[Rule], question: Question) -> list[Rule]:
    """Return the rules that apply: of those that cover the request, the most specific.

    None means that nothing passes; more than one means that the table contradicts itself.
    """
    found = [rule for rule in rules if covers(rule, question)]
    best = max((rule.specificity for rule in found), default=None)
    return [rule for rule in found if rule.specificity == best]


def snapshot(owner_code: str, rule: Rule) -> dict[str, object]:
    """Return the policy in force at submission as canonical JSON values (FLOW-3)."""
    return {
        "company": owner_code,
        "rule": {
            "id": str(rule.rule_id),
            "kind": rule.kind,
            "account": str(rule.account_id or ""),
            "currency": rule.currency,
            "importance": rule.importance,
            "minimum": f"{rule.minimum.normalize():f}",
            "maximum": "" if rule.maximum is None else f"{rule.maximum.normalize():f}",
        },
        "flow": {"code": rule.flow_code, "name": rule.flow_name},
        "stages": [
            {
                "number": str(stage.number),
                "act": stage.act,
                "role": stage.role,
                "level": str(stage.level),
                "needed": str(stage.needed),
                "groups": list(stage.groups),
            }
            for stage in rule.stages
        ],
    }


def snapshot_sha256(content: dict[str, object]) -> str:
    """Return the name of a policy snapshot: the SHA-256 of its canonical bytes."""
    return sha256_hex(canonical_bytes(content))


def stage_specs(content: dict[str, object]) -> tuple[StageSpec, ...]:
    """Read the stages back from a snapshot."""
    stages = content["stages"]
    if not isinstance(stages, Sequence):
        raise TypeError("a snapshot lists its stages")
    return tuple(
        StageSpec(
            number=int(stage["number"]),
            act=stage["act"],
            role=stage["role"],
            level=int(stage["level"]),
            needed=int(stage["needed"]),
            groups=tuple(stage["groups"]),
        )
        for stage in stages
    )
