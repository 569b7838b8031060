"""What lets people in again: lifting a pause, and new credentials, by the unit above them.

The rooms above bring one of each for those they help (AUTH-2, AUTH-9).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy

from approvals.errors import (
    AddressChanged,
    NotIdentified,
    NotInCharge,
    NotPaused,
    OwnStanding,
    StandingElsewhere,
)
from approvals.kinds import Line
from approvals.queries.words import user_state
from approvals.subjects import ChangeKind
from identity import operations as identity, queries
from identity.models import User
from identity.policies import Home
from identity.queries import Helped, Relation
from identity.states import UserState

# A company's or unit's id is never this: somebody unknown is in nobody's charge.
NOBODY = 0


class Identified(StrEnum):
    """Say how whoever asks was identified."""

    IN_PERSON = "in person"
    SEALED_FORM = "sealed form"
    CALLED_BACK = "called back"


IDENTIFIED = {
    Identified.IN_PERSON: gettext_lazy("In person, with an identity document"),
    Identified.SEALED_FORM: gettext_lazy("By a form with the registered seal"),
    Identified.CALLED_BACK: gettext_lazy("Called back at the registered number"),
}


class PersonKind(ChangeKind):
    """Bring one kind of help for one person, which the unit above gives."""

    # With what somebody signs in, and where their codes go, nobody reads out of the log.
    unaudited = frozenset({"login_name", "address_masked"})
    relation: Relation
    states: tuple[UserState, ...]

    def content_for(self, person: Helped, *, identified_by: str, reason: str) -> dict[str, str]:
        """Return what a proposal for this person says."""
        return {
            "person": person.number,
            "name": person.name,
            "login_name": person.login_name,
            "home": person.home_name,
            "identified_by": identified_by,
            "reason": reason,
        }

    def lines(self, content: Mapping[str, str]) -> list[Line]:
        """Return who it is about, what becomes of them, and why that is believed."""
        identified = IDENTIFIED.get(content["identified_by"])  # type: ignore[call-overload]
        return [
            Line(_("Person"), f"{content['name']} ({content['person']})", emphasis=True),
            Line(_("Login name"), content["login_name"]),
            Line(_("Company or unit"), content["home"]),
            *self.effect(content),
            Line(_("How the person was identified"), str(identified or content["identified_by"])),
            Line(_("Reason"), content["reason"]),
        ]

    def effect(self, content: Mapping[str, str]) -> list[Line]:
        """Return what becomes of the person's sign-in."""
        return []

    def unit_of(self, content: Mapping[str, str]) -> int | None:
        """Return the unit that helps this person; of people of companies none does."""
        if self.relation == Relation.PEOPLE:
            return None
        return self._in_charge(content).unit_id or NOBODY

    def company_of(self, content: Mapping[str, str]) -> int | None:
        """Return the company that helps this person; of others none does."""
        if self.relation != Relation.PEOPLE:
            return None
        return self._in_charge(content).company_id or NOBODY

    def concerned(self, content: Mapping[str, str]) -> str:
        """Return whom it is about."""
        return content["person"]

    def check(self, content: Mapping[str, str], *, now: datetime) -> None:
        """Raise NotInCharge, NotIdentified, or why the person's state does not allow it."""
        if content["identified_by"] not in set(Identified):
            raise NotIdentified()
        self._check_person(self._person(content), content)

    def apply(
        self, content: Mapping[str, str], *, reference: str, maker: User, checker: User,
        now: datetime,
    ) -> None:  # fmt: skip
        """Help the person, who is neither the maker nor the checker and still in their charge."""
        person = self._person(content)
        if person.number in (maker.public_id, checker.public_id):
            raise OwnStanding()
        if not maker.home == checker.home == person.in_charge:
            raise NotInCharge()
        self._help(person, reference=reference, checker=checker, now=now)

    def edit_url(self, reference: str) -> str:
        """Return the page on which the maker edits the proposal."""
        return reverse(f"{settings.SITE}:help_edit", args=[reference])

    def _check_person(self, person: Helped, content: Mapping[str, str]) -> None:
        if person.state not in self.states:
            raise StandingElsewhere(state=user_state(person.state)[0])

    def _help(self, person: Helped, *, reference: str, checker: User, now: datetime) -> None:
        raise NotImplementedError

    def _person(self, content: Mapping[str, str]) -> Helped:
        person = queries.helped_person(self.relation, content["person"])
        if person is None:
            raise NotInCharge()
        return person

    def _in_charge(self, content: Mapping[str, str]) -> Home:
        return queries.in_charge_of(self.relation, content["person"]) or Home()


class UnlockKind(PersonKind):
    """Bring the lifting of a pause (AUTH-2)."""

    letter = "U"
    name = gettext_lazy("Lift a pause")
    states = (UserState.PAUSED,)

    def title(self, content: Mapping[str, str]) -> str:
        """Return whose pause would be lifted."""
        return _("Lift the pause of %(name)s") % {"name": content["name"][:40]}

    def effect(self, content: Mapping[str, str]) -> list[Line]:
        """Return that the person is in force again."""
        before, after = user_state(UserState.PAUSED)[0], user_state(UserState.ACTIVE)[0]
        return [Line(_("State"), after, before=before, emphasis=True)]

    def after(self, content: Mapping[str, str]) -> list[str]:
        """Return what follows the release."""
        return [_("The person is told, and signs in with the password they have.")]

    def outcome(self, content: Mapping[str, str]) -> str:
        """Return what the release has done."""
        return _("The pause is lifted. The person can sign in again.")

    def _check_person(self, person: Helped, content: Mapping[str, str]) -> None:
        if person.state != UserState.PAUSED:
            raise NotPaused()

    def _help(self, person: Helped, *, reference: str, checker: User, now: datetime) -> None:
        identity.unlock_step(user_id=person.user_id, actor=checker, reason=reference, now=now)


class CredentialsKind(PersonKind):
    """Bring new credentials: a one-time code to the person's own phone (AUTH-9)."""

    letter = "N"
    name = gettext_lazy("New credentials")
    states = (UserState.ACTIVE, UserState.PAUSED)

    def content_for(self, person: Helped, *, identified_by: str, reason: str) -> dict[str, str]:
        """Return what a proposal says: also where the code goes, masked. Raises NowhereToSend."""
        address = identity.code_address(person.user_id)
        content = super().content_for(person, identified_by=identified_by, reason=reason)
        return content | {"address_masked": address.address_masked, "address_mark": address.mark}

    def title(self, content: Mapping[str, str]) -> str:
        """Return for whom they are."""
        return _("New credentials for %(name)s") % {"name": content["name"][:40]}

    def effect(self, content: Mapping[str, str]) -> list[Line]:
        """Return that the password is void, and where the code goes."""
        return [
            Line(_("Password"), _("void; the person chooses another"), emphasis=True),
            Line(_("The code is sent to"), content["address_masked"], emphasis=True),
        ]

    def warnings(self, content: Mapping[str, str], *, now: datetime) -> list[str]:
        """Return that a pause ends too, where the person is paused now."""
        person = queries.helped_person(self.relation, content["person"])
        if person is None or person.state != UserState.PAUSED:
            return []
        return [_("The person is paused. The release lifts the pause too.")]

    def after(self, content: Mapping[str, str]) -> list[str]:
        """Return what follows the release."""
        return [
            _("The person is signed out everywhere, and the old password opens nothing any more."),
            _("A one-time code goes to the person's registered phone; nobody here learns it."),
        ]

    def outcome(self, content: Mapping[str, str]) -> str:
        """Return what the release has done."""
        return _("The old password is void. The code was sent to the person.")

    def _check_person(self, person: Helped, content: Mapping[str, str]) -> None:
        super()._check_person(person, content)
        # Whoever could change the address between proposal and release would get the code.
        if identity.code_address(person.user_id).mark != content["address_mark"]:
            raise AddressChanged()

    def _help(self, person: Helped, *, reference: str, checker: User, now: datetime) -> None:
        identity.renew_credentials_step(
            user_id=person.user_id, actor=checker, reason=reference, now=now
        )
