"""Which pending requests would miss a person who can no longer sign, and who stands in? (CERT-9)"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from approvals.policies.impact import Comparison, Outcome, without_certificate
from approvals.queries import words
from approvals.queries.cases import Submitted, persons, read_pending
from certificates import queries as certificates
from identity import queries as identity
from kernel.canonical import canonical_bytes, sha256_hex

ORDER = (Outcome.STOPS, Outcome.STUCK, Outcome.GOES_ON)


@dataclass(frozen=True, slots=True)
class Near:
    """Name a person of the stage's role who could not act now, and why, in the reader's words."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Affected:
    """Show one pending request that would miss the person.

    `stage_label` is where it would stop, or where the others would stand in; `missing` how many
    decisions that stage still needs; `facts` are what the digest of the preview is made of.
    """

    reference: str
    kind_label: str
    title: str
    deadline: datetime
    stage_label: str
    missing: int
    outcome: Outcome
    stand_ins: tuple[str, ...]
    near: tuple[Near, ...]
    facts: tuple[str, ...]

    @property
    def stops(self) -> bool:
        """Tell whether the request could no longer be completed."""
        return self.outcome == Outcome.STOPS


def impact_of(user_id: int, *, now: datetime) -> list[Affected]:
    """Return the pending requests a person could decide on, as if they could not.

    What would stop comes first, then by deadline. Whether the reader may see the person is for
    the caller to have checked. Five statements and one more for each request of a role of theirs.
    """
    home = identity.home_of(user_id)
    members = identity.members(home, now=now)
    held = certificates.signing_certificates([member.user_id for member in members])
    found = []
    for submitted in read_pending(home):
        if submitted.request.deadline < now or not _concerns(submitted, members, user_id):
            continue
        everyone = persons(
            members, held, submitted.kind, submitted.revision.content, submitted.money, now=now
        )
        comparison = without_certificate(submitted.case, everyone, user_id)
        if comparison is not None:
            found.append(_affected(submitted, comparison))
    return sorted(found, key=lambda one: ORDER.index(one.outcome))


def impact_digest(impact: Sequence[Affected]) -> str:
    """Return the SHA-256 (hex) of what a preview said, whatever the reader's language."""
    return sha256_hex(canonical_bytes([list(one.facts) for one in impact]))


def _concerns(submitted: Submitted, members: Sequence[identity.Member], user_id: int) -> bool:
    """Tell whether a stage of a request asks for a role that the person holds."""
    roles = {
        (grant.role, grant.level)
        for member in members
        if member.user_id == user_id
        for grant in member.grants
    }
    return any((stage.spec.role, stage.spec.level) in roles for stage in submitted.stages)


def _affected(submitted: Submitted, comparison: Comparison) -> Affected:
    request, spec = submitted.request, comparison.stage.spec
    people = sorted(person.public_id for person in comparison.stand_ins)
    return Affected(
        reference=request.reference,
        kind_label=str(submitted.kind.name),
        title=request.title,
        deadline=request.deadline,
        stage_label=words.stage_label(spec.act, spec.level),
        missing=comparison.stage.missing,
        outcome=comparison.outcome,
        stand_ins=tuple(person.name for person in comparison.stand_ins),
        near=tuple(
            Near(
                obstacle.person.name,
                " ".join(str(words.REASONS[reason]) for reason in obstacle.reasons),
            )
            for obstacle in comparison.near
        ),
        facts=(
            request.reference,
            submitted.revision.sha256,
            str(comparison.outcome),
            str(spec.number),
            *people,
        ),
    )
