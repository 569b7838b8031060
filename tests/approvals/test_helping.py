"""Letting people in again: two persons of the unit above, never about themselves (AUTH-9)."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from django.contrib.auth.hashers import check_password
from django.db import transaction

from approvals import operations as approvals
from approvals.errors import (
    AddressChanged,
    AlreadyProposed,
    NotForYou,
    NotIdentified,
    NotInCharge,
    NotPaused,
    OwnStanding,
    RequestNotFound,
    StandingElsewhere,
    SubjectElsewhere,
)
from approvals.kinds import kind_of
from approvals.models import Request, Revision
from approvals.policies.resolver import Reason
from approvals.queries.helping import help_row, subject_key
from approvals.states import Act, RequestState
from approvals.subjects.people import Identified, PersonKind
from identity.errors import NowhereToSend, PermissionMissing, StepUpNeeded
from identity.models import ContactPoint, OneTimeCode, User
from identity.operations import ActivationOutcome, activate, grant_role
from identity.policies import Factor
from identity.queries import Relation
from identity.states import UserState
from kernel import ids
from kernel.errors import DomainError
from tests.factories.helping import REASON, ask, code_sent_to, help_out, helped, propose
from tests.factories.world import PASSWORD, Holder, World, decide


@dataclass(frozen=True)
class Pair:
    """Name who asks and who releases for one relation, and whom they may help."""

    maker: str
    checker: str
    person: str
    company: str = ""  # the checker's and maker's company: first, second or none

    def holder(self, world: World, login: str, *, card: bool = False) -> Holder:
        if self.company:
            return world.holder(login, getattr(world, self.company), card=card)
        return world.officer(login, card=card)


PAIRS = {
    Relation.PEOPLE: Pair("security1", "security2", "first:maker01", "first"),
    Relation.CUSTOMERS: Pair("branch001", "branch011", "first:security2"),
    Relation.STAFF: Pair("branchsec1", "branchsec2", "branch001"),
    Relation.BRANCHES: Pair("security01", "security02", "branchsec1"),
}
COVERED = [(relation, pair.person) for relation, pair in PAIRS.items()] + [
    (Relation.CUSTOMERS, "first:security1"), (Relation.STAFF, "branch011"),
    (Relation.BRANCHES, "branchsec2"), (Relation.BRANCHES, "auditor001"),
]  # fmt: skip


def user(world: World, name: str) -> User:
    company, _, login = name.rpartition(":")
    found = getattr(world, company).people[login] if company else world.staff[login]
    return User.objects.select_related("company", "unit").get(pk=found.pk)


def pause(world: World, name: str) -> User:
    found = user(world, name)
    found.pause()
    found.wrong_passwords = 3
    found.save()
    return found


def maker_of(world: World, relation: Relation) -> Holder:
    return PAIRS[relation].holder(world, PAIRS[relation].maker)


def checker_of(world: World, relation: Relation) -> Holder:
    return PAIRS[relation].holder(world, PAIRS[relation].checker, card=True)


@pytest.mark.req("AUTH-2", "AUTH-9", "DUAL-1")
@pytest.mark.parametrize("relation", list(Relation))
def test_the_unit_above_lets_somebody_in_again_by_two_of_its_people(
    world: World, relation: Relation
) -> None:
    person = pause(world, PAIRS[relation].person)
    maker, checker = maker_of(world, relation), checker_of(world, relation)
    reference = ask(world, maker, f"{relation}.unlock", person)
    with pytest.raises(NotForYou):
        decide(world, _with_card(world, relation), reference, Act.RELEASE)
    assert user(world, PAIRS[relation].person).state == UserState.PAUSED
    decide(world, checker, reference, Act.RELEASE)
    assert user(world, PAIRS[relation].person).state == UserState.ACTIVE
    help_out(world, maker, checker, f"{relation}.credentials", person)
    assert not check_password(PASSWORD, user(world, PAIRS[relation].person).password)
    outcome = activate(
        site="enterprise" if person.company else "staff",
        company_code=person.company.code if person.company else "",
        login_name=person.login_name, code=code_sent_to(person), new="Battery9staple",
        now=world.now,
    )  # fmt: skip
    assert outcome == ActivationOutcome.ACTIVATED


def _with_card(world: World, relation: Relation) -> Holder:
    """Return the maker, who holds a card and the checker's role too."""
    pair = PAIRS[relation]
    holder = pair.holder(world, pair.maker)
    roles = {grant.role.code for grant in checker_of(world, relation).user.grants.all()}
    with transaction.atomic():
        for role in roles:
            grant_role(
                user=holder.user, role_code=role, parent=None, granted_by=None, now=world.now
            )
    return pair.holder(world, pair.maker, card=True)


@pytest.mark.req("AUTH-9")
@pytest.mark.parametrize(("relation", "name"), COVERED)
def test_who_is_covered_may_be_helped(world: World, relation: Relation, name: str) -> None:
    reference = propose(
        world, maker_of(world, relation), f"{relation}.credentials", user(world, name)
    )
    assert Request.objects.get(reference=reference).state == RequestState.DRAFT


NOT_COVERED: list[tuple[Relation, str, type[DomainError]]] = [
    (Relation.PEOPLE, "first:security2", NotInCharge),
    (Relation.PEOPLE, "first:security1", OwnStanding),
    (Relation.PEOPLE, "second:maker01", SubjectElsewhere),
    (Relation.PEOPLE, "second:security2", SubjectElsewhere),
    (Relation.PEOPLE, "branch001", SubjectElsewhere),
    (Relation.CUSTOMERS, "first:maker01", NotInCharge),
    (Relation.CUSTOMERS, "second:security1", SubjectElsewhere),
    (Relation.CUSTOMERS, "branch011", SubjectElsewhere),
    (Relation.STAFF, "branchsec2", NotInCharge),
    (Relation.STAFF, "branchsec1", OwnStanding),
    (Relation.STAFF, "branch002", SubjectElsewhere),
    (Relation.STAFF, "auditor001", SubjectElsewhere),
    (Relation.STAFF, "first:security1", SubjectElsewhere),
    (Relation.BRANCHES, "security02", NotInCharge),
    (Relation.BRANCHES, "security01", OwnStanding),
    (Relation.BRANCHES, "branch001", NotInCharge),
    (Relation.BRANCHES, "first:security1", SubjectElsewhere),
]


@pytest.mark.req("AUTH-9", "DEL-6", "DEL-4")
@pytest.mark.parametrize(("relation", "name", "refusal"), NOT_COVERED)
def test_whoever_is_not_covered_may_not(
    world: World, relation: Relation, name: str, refusal: type[DomainError]
) -> None:
    if refusal is not OwnStanding:
        pause(world, name)
    for act in ("unlock", "credentials"):
        with pytest.raises(refusal):
            propose(world, maker_of(world, relation), f"{relation}.{act}", user(world, name))
    assert not Request.objects.filter(kind__startswith=f"{relation}.").exists()


@pytest.mark.req("DUAL-1")
@pytest.mark.parametrize("login", ["maker01", "release1", "security2"])
def test_nobody_else_of_the_company_asks(world: World, login: str) -> None:
    asker = world.holder(login, card=False)
    with pytest.raises(PermissionMissing):
        propose(world, asker, "people.credentials", user(world, "first:maker02"))


@pytest.mark.req("AUTH-5")
@pytest.mark.parametrize("relation", list(Relation))
def test_a_password_alone_asks_for_nothing(world: World, relation: Relation) -> None:
    holder, person = maker_of(world, relation), user(world, PAIRS[relation].person)
    actor = holder.act_as(world.now)
    actor.factor = Factor.PASSWORD
    kind = kind_of(f"{relation}.credentials")
    assert isinstance(kind, PersonKind)
    with pytest.raises(StepUpNeeded):
        approvals.propose(
            actor=actor, kind=kind.code, subject_key=subject_key(person.public_id),
            content=kind.content_for(
                helped(kind, person), identified_by=Identified.CALLED_BACK, reason=REASON
            ),
            form_key=ids.token(), now=world.now,
        )  # fmt: skip


@pytest.mark.req("AUTH-2")
@pytest.mark.parametrize("verb", ["", "suspend"])
def test_only_a_pause_can_be_lifted(world: World, verb: str) -> None:
    person = user(world, "first:maker01")
    if verb:
        getattr(person, verb)()
        person.save()
    with pytest.raises(NotPaused):
        propose(world, maker_of(world, Relation.PEOPLE), "people.unlock", person)


@pytest.mark.req("AUTH-9", "DEL-4")
def test_nobody_suspended_gets_new_credentials(world: World) -> None:
    person = user(world, "first:maker01")
    person.suspend()
    person.save()
    with pytest.raises(StandingElsewhere):
        propose(world, maker_of(world, Relation.PEOPLE), "people.credentials", person)


@pytest.mark.req("AUTH-9")
def test_whoever_cannot_be_reached_gets_no_code(world: World) -> None:
    ContactPoint.objects.filter(user=user(world, "first:maker01")).delete()
    with pytest.raises(NowhereToSend):
        propose(
            world, maker_of(world, Relation.PEOPLE), "people.credentials",
            user(world, "first:maker01"),
        )  # fmt: skip


@pytest.mark.req("AUTH-9")
def test_how_the_person_was_identified_and_why_is_signed(world: World) -> None:
    person = user(world, "first:maker01")
    maker = maker_of(world, Relation.PEOPLE)
    reference = ask(world, maker, "people.credentials", person)
    content = Revision.objects.get(request__reference=reference).content
    assert (content["identified_by"], content["reason"]) == (Identified.CALLED_BACK, REASON)
    phone = ContactPoint.objects.get(user=person, channel="sms").address
    assert phone not in str(content)
    kind = kind_of("people.credentials")
    assert kind.statement(content) == content
    wrong = {**content, "identified_by": "by his voice"}
    with pytest.raises(NotIdentified):
        approvals.propose(
            actor=maker.act_as(world.now), kind=kind.code, subject_key="person:other",
            content=wrong, form_key=ids.token(), now=world.now,
        )  # fmt: skip


@pytest.mark.req("DUAL-5")
def test_one_change_to_a_person_at_a_time(world: World) -> None:
    person = pause(world, "first:maker01")
    maker = maker_of(world, Relation.PEOPLE)
    first = propose(world, maker, "people.unlock", person)
    for code in ("people.unlock", "people.credentials"):
        with pytest.raises(AlreadyProposed) as refused:
            propose(world, maker, code, person)
        assert refused.value.facts["reference"] == first
    _relation, row = help_row(maker.act_as(world.now), person.public_id, now=world.now)
    assert row.pending == first
    assert not row.can_unlock
    assert not row.can_renew


# --- what happens between asking and releasing ---------------------------------------------------


@pytest.mark.req("DUAL-2", "DEL-6")
def test_the_checker_does_not_release_what_is_about_themselves(world: World) -> None:
    """Somebody is made a checker after new credentials were asked for them."""
    person = world.holder("release1")
    reference = ask(world, maker_of(world, Relation.PEOPLE), "people.credentials", person.user)
    with transaction.atomic():
        grant_role(
            user=person.user, role_code="ent.security.checker", parent=None, granted_by=None,
            now=world.now,
        )  # fmt: skip
    for act in (Act.RELEASE, Act.REJECT):
        with pytest.raises(NotForYou) as refused:
            decide(world, person, reference, act, "No." if act == Act.REJECT else "")
        assert refused.value.reasons == (Reason.IS_CONCERNED,)
    # And nobody else of the company either: by now the branch is in charge of them.
    with pytest.raises(NotInCharge):
        decide(world, checker_of(world, Relation.PEOPLE), reference, Act.RELEASE)
    assert check_password(PASSWORD, user(world, "first:release1").password)
    assert not OneTimeCode.objects.exists()


@pytest.mark.req("DEL-6")
def test_nobody_submits_what_is_about_themselves(world: World) -> None:
    person = world.holder("maker01", card=False)
    reference = propose(world, maker_of(world, Relation.PEOPLE), "people.credentials", person.user)
    with transaction.atomic():
        grant_role(
            user=person.user, role_code="ent.security.maker", parent=None, granted_by=None,
            now=world.now,
        )  # fmt: skip
    with pytest.raises(OwnStanding):
        approvals.submit(
            actor=person.act_as(world.now), reference=reference, form_key=ids.token(),
            now=world.now,
        )  # fmt: skip


@pytest.mark.req("AUTH-9")
def test_another_companys_checker_releases_nothing(world: World) -> None:
    reference = ask(
        world, maker_of(world, Relation.PEOPLE), "people.credentials",
        user(world, "first:maker01"),
    )  # fmt: skip
    with pytest.raises(RequestNotFound):
        decide(world, world.holder("security2", world.second), reference, Act.RELEASE)


@pytest.mark.req("AUTH-9", "DEL-4")
def test_another_branchs_checker_releases_nothing(world: World) -> None:
    reference = ask(
        world, maker_of(world, Relation.CUSTOMERS), "customers.credentials",
        user(world, "first:security1"),
    )  # fmt: skip
    with pytest.raises(RequestNotFound):
        decide(world, world.officer("branch022", card=True), reference, Act.RELEASE)


@pytest.mark.req("AUTH-9")
def test_the_code_goes_nowhere_but_where_the_checker_read(world: World) -> None:
    """The phone is changed to one that even looks the same when it is masked."""
    person = user(world, "first:maker01")
    reference = ask(world, maker_of(world, Relation.PEOPLE), "people.credentials", person)
    phone = ContactPoint.objects.get(user=person, channel="sms")
    other = "0999999" + phone.address[-3:]
    ContactPoint.objects.filter(pk=phone.pk).update(address=other)
    with pytest.raises(AddressChanged):
        decide(world, checker_of(world, Relation.PEOPLE), reference, Act.RELEASE)
    assert not OneTimeCode.objects.exists()
    assert Request.objects.get(reference=reference).state == RequestState.PENDING


@pytest.mark.req("AUTH-2")
def test_a_pause_that_is_over_is_not_lifted_again(world: World) -> None:
    person = pause(world, "first:maker01")
    reference = ask(world, maker_of(world, Relation.PEOPLE), "people.unlock", person)
    person.unlock()
    person.save()
    with pytest.raises(NotPaused):
        decide(world, checker_of(world, Relation.PEOPLE), reference, Act.RELEASE)


@pytest.mark.req("DUAL-4")
def test_a_rejected_request_leaves_the_person_as_they_were(world: World) -> None:
    person = pause(world, "first:maker01")
    reference = ask(world, maker_of(world, Relation.PEOPLE), "people.unlock", person)
    decide(world, checker_of(world, Relation.PEOPLE), reference, Act.REJECT, "Not proven.")
    found = user(world, "first:maker01")
    assert (found.state, found.wrong_passwords) == (UserState.PAUSED, 3)
