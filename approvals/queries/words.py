"""The words of stages, states and reasons, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from django.utils.translation import gettext as _, gettext_lazy

from approvals.policies.resolver import Reason
from approvals.policies.rules import Rule, StageSpec, stage_specs
from approvals.states import Act, RequestState
from identity.states import UserState
from kernel.money import Money

STATES = {
    RequestState.DRAFT: (gettext_lazy("Draft"), "neutral"),
    RequestState.PENDING: (gettext_lazy("Pending"), "info"),
    RequestState.RETURNED: (gettext_lazy("Returned for repair"), "warn"),
    RequestState.RELEASED: (gettext_lazy("Released"), "good"),
    RequestState.REJECTED: (gettext_lazy("Rejected"), "bad"),
    RequestState.WITHDRAWN: (gettext_lazy("Withdrawn"), "neutral"),
    RequestState.EXPIRED: (gettext_lazy("Expired"), "bad"),
    RequestState.DELETED: (gettext_lazy("Deleted"), "neutral"),
}
REASONS = {
    Reason.NOT_PENDING: gettext_lazy("The request is not waiting for anybody."),
    Reason.OTHER_STAGE: gettext_lazy("The request is at another stage."),
    Reason.IS_MAKER: gettext_lazy("Made or edited this request."),
    Reason.IS_CONCERNED: gettext_lazy("The request is about this very person."),
    Reason.ALREADY_ACTED: gettext_lazy("Has already decided on this revision."),
    Reason.NOT_IN_FORCE: gettext_lazy("Is suspended or paused."),
    Reason.WRONG_ROLE: gettext_lazy("Does not hold the role of this stage."),
    Reason.GROUP_FILLED: gettext_lazy("Somebody of another signing group is needed."),
    Reason.NO_ACCOUNT_RIGHT: gettext_lazy("Has no right on this account."),
    Reason.OVER_OWN_LIMIT: gettext_lazy("The amount is above this person's own limit."),
    Reason.NO_CERTIFICATE: gettext_lazy("Has no certificate that can sign."),
    Reason.CERTIFICATE_SUSPENDED: gettext_lazy(
        "The certificate or card cannot sign now: suspended, locked or expired."
    ),
}
USER_STATES = {
    UserState.ACTIVE: (gettext_lazy("In force"), "good"),
    UserState.PAUSED: (gettext_lazy("Paused"), "bad"),
    UserState.SUSPENDED: (gettext_lazy("Out of force"), "warn"),
    UserState.CLOSED: (gettext_lazy("Ended"), "neutral"),
}
EVENTS = {
    "approvals.request.drafted": (gettext_lazy("Drafted"), "neutral"),
    "approvals.request.edited": (gettext_lazy("Edited"), "neutral"),
    "approvals.request.submitted": (gettext_lazy("Submitted"), "info"),
    "approvals.request.reviewed": (gettext_lazy("Reviewed"), "good"),
    "approvals.request.release_signed": (gettext_lazy("Release signed"), "good"),
    "approvals.request.released": (gettext_lazy("Released"), "good"),
    "approvals.request.returned": (gettext_lazy("Returned for repair"), "warn"),
    "approvals.request.rejected": (gettext_lazy("Rejected"), "bad"),
    "approvals.request.withdrawn": (gettext_lazy("Withdrawn"), "neutral"),
    "approvals.request.expired": (gettext_lazy("Expired"), "bad"),
    "approvals.request.deleted": (gettext_lazy("Deleted"), "neutral"),
}


def user_state(state: str) -> tuple[str, str]:
    """Return how a person's state reads, and its tone."""
    label, tone = USER_STATES[UserState(state)]
    return str(label), tone


def stage_label(act: str, level: int) -> str:
    """Return the name of a stage: first, second, third review, or release."""
    if act == Act.RELEASE:
        return _("Release")
    return {1: _("First review"), 2: _("Second review"), 3: _("Third review")}.get(
        level, _("Review")
    )


def who_note(spec: StageSpec) -> str:
    """Return how many people of which groups a stage asks for."""
    if spec.groups and len(spec.groups) == spec.needed:
        return _("one each of group %(groups)s:") % {"groups": ", ".join(spec.groups)}
    if spec.needed > 1:
        return _("%(needed)d of:") % {"needed": spec.needed}
    return _("any one of:")


def rule_reasons(rule: Rule, money: Money | None) -> list[str]:
    """Return why a rule applies to an amount, or to what has none, in words (FLOW-4)."""
    if money is None:
        return [_("Every change of this kind takes this flow.")]
    low = Money(rule.minimum, money.currency)
    if rule.maximum is None:
        band = _("The amount is %(low)s or more.") % {"low": low}
    else:
        high = Money(rule.maximum, money.currency)
        band = _("The amount is from %(low)s to under %(high)s.") % {"low": low, "high": high}
    reasons = [band]
    reasons.append(
        _("The rule is for this account.")
        if rule.account_id
        else _("The rule is for all accounts.")
    )
    if rule.currency:
        reasons.append(_("The rule is for %(currency)s.") % {"currency": rule.currency})
    return reasons


def rule_of_snapshot(content: Mapping[str, object]) -> Rule:
    """Return the rule that a policy snapshot froze, for showing why it applied (FLOW-3)."""
    rule, flow = content["rule"], content["flow"]
    if not isinstance(rule, Mapping) or not isinstance(flow, Mapping):
        raise TypeError("a snapshot holds a rule and a flow")
    return Rule(
        rule_id=int(rule["id"]),
        kind=rule["kind"],
        account_id=int(rule["account"]) if rule["account"] else None,
        currency=rule["currency"],
        importance=rule["importance"],
        minimum=Decimal(rule["minimum"]),
        maximum=Decimal(rule["maximum"]) if rule["maximum"] else None,
        flow_code=flow["code"],
        flow_name=flow["name"],
        stages=stage_specs(dict(content)),
    )
