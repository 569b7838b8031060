"""What can go wrong with people and their powers."""

from __future__ import annotations

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kernel.errors import Busy, Conflict, NotAllowed, NotFound, RuleBroken


class PasswordRefused(StrEnum):
    """Name why a new password is refused (PWD-1)."""

    TOO_SHORT = "identity.password.too_short"
    TOO_LONG = "identity.password.too_long"
    SPACES = "identity.password.spaces"
    NOT_MIXED = "identity.password.not_mixed"
    REPEATED = "identity.password.repeated"
    SEQUENTIAL = "identity.password.sequential"
    LOGIN_NAME = "identity.password.login_name"
    COMMON = "identity.password.common"
    USED_BEFORE = "identity.password.used_before"
    INITIAL = "identity.password.initial"


_PASSWORD_MESSAGES: dict[PasswordRefused, str | Promise] = {
    PasswordRefused.TOO_SHORT: _("Your password needs at least %(shortest)d characters."),
    PasswordRefused.TOO_LONG: _("A password has at most 128 characters."),
    PasswordRefused.SPACES: _(
        "A password holds no spaces, neither half- nor full-width, and nothing invisible."
    ),
    PasswordRefused.NOT_MIXED: _("A password mixes letters and digits."),
    PasswordRefused.REPEATED: _(
        "A password does not repeat a character %(run_length)d times in a row."
    ),
    PasswordRefused.SEQUENTIAL: _(
        "A password holds no %(run_length)d characters in sequence, such as 1234 or DCBA."
    ),
    PasswordRefused.LOGIN_NAME: _(
        "A password does not hold the login name, neither forwards nor backwards."
    ),
    PasswordRefused.COMMON: _("Too many people use this password, or it holds a word of the list."),
    PasswordRefused.USED_BEFORE: _("This is one of your last %(remembered)d passwords."),
    PasswordRefused.INITIAL: _("This is the password you were given at first."),
}


class WeakPassword(RuleBroken):
    """Refuse a new password for a named reason; the figures are those of the rule (PWD-1)."""

    def __init__(
        self,
        reason: PasswordRefused,
        *,
        shortest: int = 8,
        run_length: int = 4,
        remembered: int = 3,
    ) -> None:
        super().__init__(
            reason.value, _PASSWORD_MESSAGES[reason], field="new", shortest=shortest,
            run_length=run_length, remembered=remembered,
        )  # fmt: skip
        self.reason = reason


class FigureReason(StrEnum):
    """Name why a figure of a policy is refused."""

    BOUNDS = "identity.policy.bounds"
    CHOICE = "identity.policy.choice"
    ALARM = "identity.policy.alarm"
    WARNING = "identity.policy.warning"
    STAFF = "identity.policy.staff"
    NOTICES = "identity.policy.notices"
    WORDS = "identity.policy.words"
    BOTH_HOURS = "identity.policy.both_hours"
    HOURS = "identity.policy.hours"
    AMOUNT = "identity.policy.amount"


_FIGURE_MESSAGES: dict[FigureReason, str | Promise] = {
    FigureReason.BOUNDS: _("Enter a whole number from %(least)d to %(most)d."),
    FigureReason.CHOICE: _("Choose one of the answers."),
    FigureReason.ALARM: _("Enter more than the number that pauses a person."),
    FigureReason.WARNING: _("Enter at most half of the idle time: %(most)d seconds."),
    FigureReason.STAFF: _("The bank's own people cannot have shorter passwords than customers."),
    FigureReason.NOTICES: _(
        "Enter one to %(count)d different numbers of days, each from 1 to %(most)d."
    ),
    FigureReason.WORDS: _(
        "Enter at most %(count)d words, each of %(least)d to %(most)d characters."
    ),
    FigureReason.BOTH_HOURS: _("Enter both the first and the last hour, or neither."),
    FigureReason.HOURS: _("The usual hours end after they begin."),
    FigureReason.AMOUNT: _("Enter an amount that is not below zero."),
}


class FigureRefused(RuleBroken):
    """Refuse a figure of a policy for a named reason; `facts` are its bounds (AUTH-2, PWD-1)."""

    def __init__(self, reason: FigureReason, *, field: str, **facts: int) -> None:
        super().__init__(reason.value, _FIGURE_MESSAGES[reason], field=field, **facts)
        self.reason = reason


class PolicyUnchanged(RuleBroken):
    """Say that a proposal would leave everything as it is."""

    def __init__(self) -> None:
        super().__init__(
            "identity.policy.unchanged", _("Nothing differs from what is in force now.")
        )


class PolicyChanged(Conflict):
    """Say that what a proposal starts from is no longer in force."""

    def __init__(self) -> None:
        super().__init__(
            "identity.policy.changed",
            _("These rules were changed in the meantime. Look at them again before you go on."),
        )


class PermissionMissing(NotAllowed):
    """Say that no role in force gives this permission."""

    def __init__(self, permission: str) -> None:
        super().__init__(
            "identity.permission_missing",
            _("Your roles do not include this function."),
            permission=permission,
        )


class StepUpNeeded(NotAllowed):
    """Say that this act asks for the card (or a passkey), and only the password was given so far.

    Pages lead to the step-up and back; scripts are told (AUTH-5). `fresh`: one shown a while ago
    is not enough either.
    """

    def __init__(self, *, fresh: bool = False) -> None:
        self.fresh = fresh
        super().__init__(
            "identity.step_up_needed",
            _("Confirm with your card first: a password alone is not enough for this."),
        )


class StandingChanged(Conflict):
    """Say that a right the act rests on was taken away while it was on its way."""

    def __init__(self) -> None:
        super().__init__(
            "identity.standing_changed",
            _("Your rights were changed in this moment. Look at the request again."),
        )


class NowhereToSend(RuleBroken):
    """Say that a person has no phone (and for a transaction no mail) to send a code to."""

    def __init__(self) -> None:
        super().__init__(
            "identity.code.nowhere",
            _("No phone is registered to send the code to. Call the unit in charge of you."),
        )


class LoginNameFault(StrEnum):
    """Name why a new login name is refused (PWD-2)."""

    TOO_SHORT = "identity.login_name.too_short"
    TOO_LONG = "identity.login_name.too_long"
    SIGNS = "identity.login_name.signs"
    NOT_MIXED = "identity.login_name.not_mixed"
    COMPANY_CODE = "identity.login_name.company_code"
    PHONE = "identity.login_name.phone"
    SAME = "identity.login_name.same"
    TAKEN = "identity.login_name.taken"


_LOGIN_NAME_MESSAGES: dict[LoginNameFault, str | Promise] = {
    LoginNameFault.TOO_SHORT: _("A login name has at least 8 characters."),
    LoginNameFault.TOO_LONG: _("A login name has at most 32 characters."),
    LoginNameFault.SIGNS: _(
        "A login name is made of the letters A to Z, digits, full stops, hyphens and underscores."
    ),
    LoginNameFault.NOT_MIXED: _("A login name mixes letters and digits."),
    LoginNameFault.COMPANY_CODE: _("A login name does not hold the company code."),
    LoginNameFault.PHONE: _("A login name does not hold a phone number."),
    LoginNameFault.SAME: _("This is your present login name. Choose another."),
    LoginNameFault.TAKEN: _("This login name cannot be used. Choose another."),
}


class LoginNameRefused(RuleBroken):
    """Refuse a new login name for a named reason."""

    def __init__(self, reason: LoginNameFault) -> None:
        super().__init__(reason.value, _LOGIN_NAME_MESSAGES[reason], field="login_name")
        self.reason = reason


class CodeFault(StrEnum):
    """Name why a supervisor authorisation code is refused (DUAL-7)."""

    TOO_SHORT = "identity.authorisation_code.too_short"
    TOO_LONG = "identity.authorisation_code.too_long"
    SPACES = "identity.authorisation_code.spaces"
    ONE_SIGN = "identity.authorisation_code.one_sign"
    LOGIN_NAME = "identity.authorisation_code.login_name"


_CODE_MESSAGES: dict[CodeFault, str | Promise] = {
    CodeFault.TOO_SHORT: _("A supervisor authorisation code has at least 8 characters."),
    CodeFault.TOO_LONG: _("A supervisor authorisation code has at most 128 characters."),
    CodeFault.SPACES: _("A supervisor authorisation code holds no spaces."),
    CodeFault.ONE_SIGN: _("A supervisor authorisation code is not made of one or two characters."),
    CodeFault.LOGIN_NAME: _("A supervisor authorisation code does not hold the login name."),
}


class WeakAuthorisationCode(RuleBroken):
    """Refuse a supervisor authorisation code for a named reason."""

    def __init__(self, reason: CodeFault) -> None:
        super().__init__(reason.value, _CODE_MESSAGES[reason], field="authorisation_code")
        self.reason = reason


class AuthorisationCodeWrong(RuleBroken):
    """Say that the present supervisor authorisation code was not right; it counts (DUAL-7)."""

    def __init__(self) -> None:
        message = _("The present code is not right. After three in a row your sign-in is paused.")
        super().__init__("identity.authorisation_code.wrong", message, field="old_code")


class NotThisStep(Conflict):
    """Say that a step of first use is done already, or not yet to be done (SES-3)."""

    def __init__(self) -> None:
        super().__init__(
            "identity.first_use.not_this_step",
            _("This step is done already, or another one comes first. Open the first page again."),
        )


class AddressRefused(RuleBroken):
    """Say that a text is no phone number or mail address."""

    def __init__(self, channel: str) -> None:
        message = (
            _("Type an e-mail address such as name@company.com.tw.")
            if channel == "email"
            else _("Type a phone number such as 0912345678 or +886912345678.")
        )
        super().__init__("identity.contact.address", message, field="address")


class PhoneFirst(RuleBroken):
    """Say that whoever has not shown the registered phone yet gives the bank no other address."""

    def __init__(self) -> None:
        super().__init__(
            "identity.contact.phone_first",
            _("Verify your phone first; then you can give another e-mail address."),
            field="address",
        )


class PhoneFromBank(RuleBroken):
    """Say that the phone that everything rests on is not replaced before first use is over."""

    def __init__(self) -> None:
        super().__init__(
            "identity.contact.phone_from_bank",
            _("Until first use is over only the bank changes the phone. Call the unit in charge."),
            field="address",
        )


class NothingToVerify(RuleBroken):
    """Say that no address of this kind waits for a code."""

    def __init__(self) -> None:
        super().__init__("identity.contact.nothing", _("There is no address here to verify."))


class CodeRefused(RuleBroken):
    """Say that a code that was typed is not the one that was sent."""

    def __init__(self) -> None:
        super().__init__("identity.code.wrong", _("The code is not right."), field="code")


class CodeGone(RuleBroken):
    """Say that there is no code to be typed any more: used up, too old or never sent."""

    def __init__(self) -> None:
        super().__init__(
            "identity.code.gone",
            _("This code is not valid any more. Ask for a new one."),
            field="code",
        )


class TooManyCodes(RuleBroken):
    """Say that so many codes were sent in a row that the next one has to wait."""

    def __init__(self) -> None:
        super().__init__(
            "identity.code.too_many",
            _("Several codes were sent already. Use the latest one, or wait ten minutes."),
            field="code",
        )


class DoorShut(Busy):
    """Say that nobody can sign in for the moment, because what counts tries does not answer."""

    def __init__(self) -> None:
        super().__init__(
            "identity.door_shut",
            _("Signing in is not possible at the moment. Please try again in a few minutes."),
        )


class DoorCrowded(Busy):
    """Say that more people are signing in at this moment than passwords can be checked for."""

    def __init__(self) -> None:
        super().__init__(
            "identity.door_crowded",
            _("Many people are signing in at this moment. Please try again in a few seconds."),
        )


class TooManyTries(RuleBroken):
    """Say that an address or an account was tried too often; known or not, it reads the same.

    429 is the status for it (RFC 6585 section 4). `is_first` is the first one above the figure in
    its window of minutes: that one is written down.
    """

    status = 429

    def __init__(self, *, minutes: int, is_first: bool = False) -> None:
        self.is_first = is_first
        super().__init__(
            "identity.too_many_tries",
            _("There were too many tries. Please wait %(minutes)s minutes and try again."),
            minutes=minutes,
        )


class ActivationRefused(RuleBroken):
    """Say the one thing that is said of every activation that failed (AUTH-9)."""

    def __init__(self) -> None:
        super().__init__(
            "identity.activation.refused",
            _(
                "The names or the code are not right, or the code is not valid any more. "
                "After a few wrong tries a code is worthless: then ask for a new one."
            ),
        )


class PasswordWrong(RuleBroken):
    """Say that the present password was not right; it counts as one at signing in does."""

    def __init__(self, field: str = "old") -> None:
        super().__init__(
            "identity.password.wrong",
            _("The present password is not right. After three in a row your sign-in is paused."),
            field=field,
        )


class NotOffered(NotFound):
    """Say that the bank does not offer this way of entering a password."""

    def __init__(self) -> None:
        super().__init__("identity.entry.not_offered", _("This is not offered at the moment."))


class DraftRefused(RuleBroken):
    """Say that what was typed into a form cannot be kept: too much of it, or no form at all."""

    def __init__(self) -> None:
        super().__init__(
            "identity.draft.refused", _("What you are typing here cannot be kept for later.")
        )
