"""A proposed change of the bank: one person makes it, another of the same unit releases it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from approvals import operations as approvals
from approvals.errors import (
    AlreadyProposed,
    NobodyCanAct,
    NotForYou,
    RequestNotFound,
    WrongState,
)
from approvals.models import Request, Revision
from approvals.operations import Signed
from approvals.queries.inbox import waiting
from approvals.queries.proposals import content_of, open_request_on
from approvals.states import Act, RequestState
from audit import queries as audit
from certificates.queries import signatures_of
from identity.errors import PermissionMissing
from identity.models import Role
from kernel import ids
from kernel.errors import RuleBroken
from tests.approvals.changes import KIND, NoteKind, noting
from tests.approvals.stories import change
from tests.factories.world import Holder, World, decide, sign

pytestmark = [pytest.mark.req("DUAL-1"), pytest.mark.django_db]
KEY = "note:1"


@pytest.fixture
def kind(world: World) -> Iterator[NoteKind]:
    """Return the kind of the stories, whose notes branches propose and release."""
    with noting(world) as brought:
        yield brought


def propose(world: World, login: str = "branch001", text: str = "Dust the vault.") -> str:
    """Draft a note as a branch's maker and return its reference."""
    return approvals.propose(
        actor=world.officer(login).act_as(world.now), kind=KIND, subject_key=KEY,
        content={"was_text": "Leave the dust.", "text": text}, form_key=ids.token(), now=world.now,
    )  # fmt: skip


def submit(world: World, reference: str, login: str = "branch001") -> str:
    """Submit a draft or repaired note."""
    return approvals.submit(
        actor=world.officer(login).act_as(world.now), reference=reference, form_key=ids.token(),
        now=world.now,
    )  # fmt: skip


def checker(world: World, login: str = "branch011") -> Holder:
    """Return a checker of the first branch, with a card."""
    return world.officer(login, card=True)


def state(reference: str) -> str:
    """Return the state a request is in."""
    return str(Request.objects.get(reference=reference).state)


def written(reference: str) -> list[str]:
    """Return the notes that a request has written."""
    return [str(entry.after["text"]) for entry in audit.history(f"note:{reference}")]


@pytest.mark.req("DUAL-7", "SIGN-1")
def test_a_checker_of_the_same_branch_releases_what_a_maker_proposed(
    world: World, kind: NoteKind
) -> None:
    reference = submit(world, propose(world))
    assert written(reference) == []
    decide(world, checker(world), reference, Act.RELEASE)
    assert state(reference) == RequestState.RELEASED
    assert written(reference) == ["Dust the vault."]
    (signature,) = signatures_of(reference)
    assert b'"was_text":"Leave the dust."' in signature.statement
    assert "Text: Leave the dust. → Dust the vault." in signature.text


def test_the_maker_is_named_to_what_is_done(world: World, kind: NoteKind) -> None:
    reference = submit(world, propose(world))
    decide(world, checker(world), reference, Act.RELEASE)
    (entry,) = audit.history(f"note:{reference}")
    assert entry.actor == world.staff["branch011"].public_id
    assert entry.reason == world.staff["branch001"].public_id


@pytest.mark.parametrize("login", ["branch011", "auditor001", "pki00001"])
def test_nobody_proposes_without_the_permission(world: World, kind: NoteKind, login: str) -> None:
    with pytest.raises(PermissionMissing):
        propose(world, login)


def test_a_company_s_maker_cannot_propose_a_change_of_the_bank(
    world: World, kind: NoteKind
) -> None:
    actor = world.holder("maker01", card=False).act_as(world.now)
    with pytest.raises(PermissionMissing):
        approvals.propose(
            actor=actor, kind=KIND, subject_key=KEY, content={"text": "x"}, form_key=ids.token(),
            now=world.now,
        )  # fmt: skip


@pytest.mark.req("DUAL-5")
def test_a_second_change_to_the_same_subject_is_refused(world: World, kind: NoteKind) -> None:
    first = propose(world)
    assert open_request_on(KEY) == first
    with pytest.raises(AlreadyProposed) as refused:
        propose(world, "branch003")
    assert refused.value.facts["reference"] == first
    row = Request.objects.get(reference=first)
    row.pk, row.reference = None, "N20261122-00000000"
    with pytest.raises(IntegrityError, match="approvals_request_one_open"), transaction.atomic():
        row.save(force_insert=True)


@pytest.mark.req("DUAL-5")
@pytest.mark.parametrize("act", [Act.RELEASE, Act.REJECT])
def test_the_next_change_may_come_when_the_first_has_ended(
    world: World, kind: NoteKind, act: Act
) -> None:
    first = submit(world, propose(world))
    decide(world, checker(world), first, act, "No." if act == Act.REJECT else "")
    assert open_request_on(KEY) == ""
    assert propose(world, "branch003") != first


def test_a_form_sent_twice_proposes_once(world: World, kind: NoteKind) -> None:
    sent = {
        "actor": world.officer("branch001").act_as(world.now), "kind": KIND, "subject_key": KEY,
        "content": {"text": "Once."}, "form_key": ids.token(), "now": world.now,
    }  # fmt: skip
    assert approvals.propose(**sent) == approvals.propose(**sent)
    assert Request.objects.filter(kind=KIND).count() == 1


@pytest.mark.req("DUAL-2")
def test_who_made_or_amended_it_never_releases_it(world: World, kind: NoteKind) -> None:
    reference = propose(world)
    approvals.amend(
        actor=world.officer("branch003").act_as(world.now), reference=reference,
        content={"text": "Polish it too."}, form_key=ids.token(), now=world.now,
    )  # fmt: skip
    submit(world, reference)
    for login in ("branch001", "branch003"):
        with pytest.raises(PermissionMissing):
            sign(world, world.officer(login, card=False), reference, Act.RELEASE)


def test_another_branch_knows_nothing_of_it(world: World, kind: NoteKind) -> None:
    reference = submit(world, propose(world))
    stranger = checker(world, "branch022")
    assert not waiting(stranger.act_as(world.now), now=world.now).exists()
    with pytest.raises(RequestNotFound):
        sign(world, stranger, reference, Act.RELEASE)
    with pytest.raises(RequestNotFound):
        content_of(world.officer("branch002").act_as(world.now), reference, now=world.now)


def test_it_waits_for_the_branch_s_checkers_alone(world: World, kind: NoteKind) -> None:
    reference = submit(world, propose(world))
    waits = {
        login
        for login in world.staff
        if waiting(world.officer(login).act_as(world.now), now=world.now).exists()
    }
    assert waits == {"branch011", "branch012"}
    assert Request.objects.get(reference=reference).unit == world.branch


@pytest.mark.req("DUAL-3", "DUAL-4")
def test_a_returned_change_comes_again_as_the_next_revision(world: World, kind: NoteKind) -> None:
    reference = submit(world, propose(world))
    decide(world, checker(world), reference, Act.RETURN, "Say with what.")
    approvals.amend(
        actor=world.officer("branch001").act_as(world.now), reference=reference,
        content={"text": "Dust the vault with a cloth."}, form_key=ids.token(), now=world.now,
    )  # fmt: skip
    submit(world, reference)
    decide(world, checker(world, "branch012"), reference, Act.RELEASE)
    assert written(reference) == ["Dust the vault with a cloth."]
    texts = Revision.objects.filter(request__reference=reference).order_by("number")
    assert [row.content["text"] for row in texts] == [
        "Dust the vault.", "Dust the vault with a cloth."
    ]  # fmt: skip


@pytest.mark.req("DUAL-3")
def test_what_is_pending_cannot_be_amended(world: World, kind: NoteKind) -> None:
    reference = submit(world, propose(world))
    with pytest.raises(WrongState):
        approvals.amend(
            actor=world.officer("branch001").act_as(world.now), reference=reference,
            content={"text": "Quickly."}, form_key=ids.token(), now=world.now,
        )  # fmt: skip


@pytest.mark.req("TRF-6")
def test_a_change_that_can_no_longer_be_made_stays_where_it_was(
    world: World, kind: NoteKind
) -> None:
    reference = submit(world, propose(world))
    kind.overtaken = True
    with pytest.raises(RuleBroken, match="Overtaken"):
        decide(world, checker(world), reference, Act.RELEASE)
    assert state(reference) == RequestState.PENDING
    assert written(reference) == []


def test_an_unfit_change_is_refused_beside_its_field(world: World, kind: NoteKind) -> None:
    with pytest.raises(RuleBroken) as refused:
        propose(world, text="")
    assert refused.value.field == "text"
    with pytest.raises(RuleBroken) as hidden:
        propose(world, text="Pay \u202eeht")
    assert hidden.value.code == "text.hidden_characters"
    assert not Request.objects.filter(kind=KIND).exists()


@pytest.mark.req("DUAL-4")
def test_withdrawing_and_expiring_leave_everything_as_it_was(world: World, kind: NoteKind) -> None:
    withdrawn = submit(world, propose(world))
    approvals.withdraw(
        actor=world.officer("branch001").act_as(world.now), reference=withdrawn,
        form_key=ids.token(), now=world.now,
    )  # fmt: skip
    expired = submit(world, propose(world))
    row = Request.objects.get(reference=expired)
    later = row.deadline + timedelta(seconds=1)
    assert row.deadline == world.now + timedelta(days=14)
    assert approvals.expire(request_id=row.pk, now=later)
    assert (state(withdrawn), state(expired)) == (RequestState.WITHDRAWN, RequestState.EXPIRED)
    assert (written(withdrawn), written(expired)) == ([], [])
    assert audit.history(f"request:{expired}")[-1].event == "approvals.request.expired"


@pytest.mark.req("ENT-4")
def test_nothing_is_submitted_that_nobody_could_release(world: World, kind: NoteKind) -> None:
    reference = propose(world)
    for login in ("branch011", "branch012"):
        change(world.staff[login], "suspend")
    with pytest.raises(NobodyCanAct):
        submit(world, reference)


@pytest.mark.req("DEL-4")
def test_a_suspension_of_the_branch_is_felt_at_the_release(world: World, kind: NoteKind) -> None:
    reference = submit(world, propose(world))
    signed: Signed = sign(world, checker(world), reference, Act.RELEASE)
    actor = checker(world).act_as(world.now)
    change(world.branch, "suspend")
    with pytest.raises((NotForYou, PermissionMissing)):
        approvals.release(
            actor=actor, reference=reference, signed=signed, form_key=ids.token(), now=world.now
        )
    assert written(reference) == []


@pytest.mark.parametrize(
    "columns",
    [
        {"unit_id": None},
        {"amount": 5},
        {"currency": "TWD"},
    ],
    ids=["of nobody", "an amount without an account", "a currency without an amount"],
)
def test_the_database_refuses_half_a_request(
    world: World, kind: NoteKind, columns: dict[str, object]
) -> None:
    row = Request.objects.filter(reference=propose(world))
    with pytest.raises(IntegrityError, match="approvals_request_"), transaction.atomic():
        row.update(**columns)


def let_head_office_propose() -> None:
    """Let the head office's makers propose notes too."""
    role = Role.objects.get(code="bank.pki.maker")
    role.permissions = [*role.permissions, f"{KIND}.propose"]
    role.save()


def take_the_right_to_propose() -> None:
    """Let the branches' makers propose no more notes."""
    role = Role.objects.get(code="branch.business.maker")
    role.permissions = [one for one in role.permissions if one != f"{KIND}.propose"]
    role.save()


@pytest.mark.req("DEL-4")
@pytest.mark.parametrize("act", [approvals.submit, approvals.withdraw, approvals.delete])
def test_the_head_office_reads_a_branch_s_request_and_makes_nothing_of_it(
    world: World, kind: NoteKind, act: Callable[..., str]
) -> None:
    let_head_office_propose()
    reference = propose(world)
    officer = world.officer("pki00001").act_as(world.now)
    content = content_of(officer, reference, now=world.now)
    assert content["text"] == "Dust the vault."
    with pytest.raises(RequestNotFound):
        act(actor=officer, reference=reference, form_key=ids.token(), now=world.now)
    with pytest.raises(RequestNotFound):
        approvals.amend(
            actor=officer, reference=reference, content=content, form_key=ids.token(),
            now=world.now,
        )  # fmt: skip
    assert state(reference) == RequestState.DRAFT


@pytest.mark.req("DEL-4")
@pytest.mark.parametrize("act", [approvals.submit, approvals.withdraw, approvals.delete])
def test_whoever_may_no_longer_propose_it_makes_nothing_of_a_draft(
    world: World, kind: NoteKind, act: Callable[..., str]
) -> None:
    reference = propose(world)
    take_the_right_to_propose()
    with pytest.raises(PermissionMissing):
        act(
            actor=world.officer("branch001").act_as(world.now), reference=reference,
            form_key=ids.token(), now=world.now,
        )  # fmt: skip
    assert state(reference) == RequestState.DRAFT
