"""Write a company's flows and rule table; steps of an administration request."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from approvals.models import Flow, FlowRule, FlowStage
from approvals.policies.rules import StageSpec
from audit import operations as audit
from identity.models import Company


def define_flow(
    *,
    company: Company | None,
    code: str,
    name: str,
    stages: Sequence[StageSpec],
    actor: str,
    now: datetime,
) -> Flow:
    """Define one flow with its stages in order; a step (FLOW-1).

    A flow of no company is the bank's own, for what its units decide among themselves.
    """
    audit.require_transaction()
    flow = Flow.objects.create(company=company, code=code, name=name)
    FlowStage.objects.bulk_create(
        FlowStage(
            flow=flow,
            number=stage.number,
            act=stage.act,
            role=stage.role,
            level=stage.level,
            needed=stage.needed,
            groups=list(stage.groups),
        )
        for stage in stages
    )
    audit.record(
        chain=_chain(company), event="approvals.flow.defined", actor=actor,
        target=f"flow:{flow.owner_code}:{code}", now=now,
        after={"name": name, "stages": [f"{s.act} {s.role} {s.level} ×{s.needed}" for s in stages]},
    )  # fmt: skip
    return flow


def define_rule(
    *,
    flow: Flow,
    kind: str,
    account_id: int | None = None,
    currency: str = "",
    importance: str = "",
    minimum: Decimal,
    maximum: Decimal | None,
    actor: str,
    now: datetime,
) -> FlowRule:
    """Define one row of the rule table; a step (FLOW-2)."""
    audit.require_transaction()
    rule = FlowRule.objects.create(
        company=flow.company, kind=kind, account_id=account_id, currency=currency,
        importance=importance, minimum=minimum, maximum=maximum, flow=flow,
    )  # fmt: skip
    audit.record(
        chain=_chain(flow.company), event="approvals.rule.defined", actor=actor,
        target=f"flow:{flow.owner_code}:{flow.code}", now=now,
        after={
            "kind": kind, "currency": currency, "minimum": f"{minimum:f}",
            "maximum": "" if maximum is None else f"{maximum:f}", "flow": flow.code,
        },
    )  # fmt: skip
    return rule


def _chain(company: Company | None) -> str:
    return audit.BANK if company is None else f"company:{company.code}"
