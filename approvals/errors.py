"""What can go wrong with requests that need a second person."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from kernel.errors import Conflict, NotAllowed, NotFound, RuleBroken


class RequestNotFound(NotFound):
    """Say that the actor sees no request of this reference."""

    def __init__(self) -> None:
        super().__init__("approvals.request.not_found", _("There is no such request."))


class SignatureNotFound(NotFound):
    """Say that the request carries no such signature."""

    def __init__(self) -> None:
        super().__init__("approvals.signature.not_found", _("There is no such signature."))


class WrongState(Conflict):
    """Say that the request has moved on."""

    def __init__(self, *, state: str) -> None:
        super().__init__(
            "approvals.request.moved_on",
            _("The request has moved on in the meantime. Look at its present state first."),
            state=state,
        )


class StaleRevision(Conflict):
    """Say that the page showed an older revision or stage than the one now pending."""

    def __init__(self) -> None:
        super().__init__(
            "approvals.request.stale",
            _("The request was changed after this page was shown. Read it again before deciding."),
        )


class NotForYou(NotAllowed):
    """Say why this person may not decide here; `reasons` are resolver reasons."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        super().__init__(
            "approvals.request.not_for_you",
            _("You cannot decide on this request at this stage."),
            reasons=", ".join(reasons),
        )
        self.reasons = reasons


class CodeNeeded(RuleBroken):
    """Say that the company's policy asks for a transaction verification code (AUTH-7)."""

    def __init__(self) -> None:
        super().__init__(
            "approvals.request.code_needed",
            _("Your company asks for a verification code here. Have one sent and type it in."),
            field="code",
        )


class NoFlow(RuleBroken):
    """Say that no rule of the company covers this, so nothing passes (FLOW-2)."""

    def __init__(self) -> None:
        super().__init__(
            "approvals.flow.none",
            _("No approval rule of your company covers this amount and account."),
            field="amount",
        )


class AmbiguousFlow(RuleBroken):
    """Say that two rules cover this equally well, so neither is used (FLOW-2)."""

    def __init__(self) -> None:
        super().__init__(
            "approvals.flow.ambiguous",
            _("Two approval rules of your company cover this; security officers must mend it."),
            field="amount",
        )


class NobodyCanAct(RuleBroken):
    """Say that a stage of the flow has too few people who could complete it (ENT-4)."""

    def __init__(self, *, stage: int) -> None:
        super().__init__(
            "approvals.flow.nobody",
            _("Stage %(stage)d of the approval flow has nobody who could complete it."),
            stage=stage,
        )


class SubjectElsewhere(NotFound):
    """Say that what would change belongs to another unit: here it is not known."""

    def __init__(self) -> None:
        super().__init__(
            "approvals.proposal.elsewhere", _("Your unit has nothing like this to change.")
        )


class OwnStanding(NotAllowed):
    """Say that nobody makes or decides on a change to their own standing (DEL-6)."""

    def __init__(self) -> None:
        super().__init__(
            "approvals.proposal.own_standing",
            _("This is about yourself. Somebody else has to ask for it."),
        )


class NotInCharge(RuleBroken):
    """Say that somebody else helps this person: the unit above them (AUTH-2, AUTH-9)."""

    def __init__(self) -> None:
        super().__init__(
            "approvals.person.not_in_charge",
            _("This person is not yours to help. The unit above them is in charge."),
        )


class PersonUnknown(NotFound):
    """Say that the reader helps nobody of this number."""

    def __init__(self) -> None:
        super().__init__("approvals.person.unknown", _("There is no such person."))


class NotIdentified(RuleBroken):
    """Say that it was not written down how the person was identified."""

    def __init__(self) -> None:
        super().__init__(
            "approvals.person.not_identified",
            _("Choose how the person was identified."),
            field="identified_by",
        )


class NotPaused(RuleBroken):
    """Say that there is no pause to lift."""

    def __init__(self) -> None:
        super().__init__("approvals.person.not_paused", _("This person is not paused."))


class StandingElsewhere(RuleBroken):
    """Say that a person's state does not allow it: it was ended otherwise than by a pause."""

    def __init__(self, *, state: str) -> None:
        super().__init__(
            "approvals.person.wrong_state",
            _("The state of this person does not allow it: %(state)s."),
            state=state,
        )


class AddressChanged(RuleBroken):
    """Say that the code would go elsewhere than the request says."""

    def __init__(self) -> None:
        super().__init__(
            "approvals.person.address_changed",
            _("The person's registered phone or mail has changed since. Propose it anew."),
        )


class AlreadyProposed(Conflict):
    """Say that a change to the same subject is open already (DUAL-5)."""

    def __init__(self, *, reference: str) -> None:
        super().__init__(
            "approvals.proposal.already_open",
            _("A change to this is already under way (%(reference)s). It must end first."),
            reference=reference or "…",
        )


class DeadlinePassed(RuleBroken):
    """Say that the request can no longer be executed, so nobody may agree to it (FLOW-7, TRF-6)."""

    def __init__(self) -> None:
        super().__init__(
            "approvals.request.deadline_passed",
            _(
                "The time to execute this request is over. "
                "Return it, so that it can be sent again with a new date."
            ),
        )


class ReasonMissing(RuleBroken):
    """Say that a return or reject needs a reason (DUAL-4)."""

    def __init__(self) -> None:
        super().__init__(
            "approvals.reason.missing",
            _("Write the reason: the maker reads it."),
            field="reason",
        )
