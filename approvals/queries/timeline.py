"""What happened to a request, with the differences between its edits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from approvals.kinds import Kind, from_audit, kind_of
from approvals.models import Decision, Request
from approvals.queries import words
from audit import queries as audit
from certificates import queries as certificates
from identity import queries as identity


@dataclass(frozen=True, slots=True)
class Change:
    """Show one field before and after an edit (DUAL-4)."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Entry:
    """Show one thing that happened."""

    at: datetime
    who: str
    what: str
    tone: str
    revision: int | None
    reason: str
    short_code: str
    signature_id: int | None
    changes: list[Change] = field(default_factory=list)


def timeline(
    request: Request,
    decisions: Sequence[Decision],
    signatures: Sequence[certificates.AcceptedSignature],
) -> list[Entry]:
    """Return a request's history from the audit log, oldest first, with its signatures."""
    happenings = audit.history(f"request:{request.reference}")
    names = identity.names([h.actor for h in happenings])
    codes = {signature.id: signature.short_code for signature in signatures}
    signed = {(d.decided_at, d.user.public_id): d for d in decisions}
    kind = kind_of(request.kind)
    entries = []
    for happening in happenings:
        what, tone = words.EVENTS.get(happening.event, (happening.event, "neutral"))
        decision = signed.get((happening.at, happening.actor))
        number = happening.after.get("revision")
        entries.append(
            Entry(
                at=happening.at,
                who=names.get(happening.actor, happening.actor),
                what=str(what),
                tone=tone,
                revision=int(str(number)) if number else None,
                reason=happening.reason,
                short_code=codes.get(decision.signature_id, "") if decision else "",
                signature_id=decision.signature_id if decision else None,
                changes=_changes(kind, happening.before, happening.after),
            )
        )
    return entries


def _changes(kind: Kind, before: Mapping[str, object], after: Mapping[str, object]) -> list[Change]:
    if not before:
        return []
    old = {line.label: line.value for line in kind.lines(from_audit(kind, before))}
    new = {line.label: line.value for line in kind.lines(from_audit(kind, after))}
    return [
        Change(label, old.get(label, ""), value)
        for label, value in new.items()
        if old.get(label, "") != value
    ]
