"""An enterprise's supervisor takes a member's certificate out of force alone, signed (CERT-3)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from django.db import transaction

from audit.queries import history
from certificates import operations
from certificates.errors import (
    CertificateStateChanged,
    CertificateUnknown,
    OwnCertificate,
    ReasonNeeded,
    SigningRefused,
    SigningStale,
)
from certificates.formats.profiles import RevocationReason
from certificates.formats.statements import StatementType
from certificates.models import Certificate, RevocationList, SignRequest
from certificates.operations import Asked, CertificateAct, SignedAct
from certificates.operations.pairs import move_pair
from certificates.policies import StatementFields
from certificates.queries import signatures_of, signing_certificate
from certificates.states import CertificateState
from identity.errors import PermissionMissing
from identity.models import Grant
from identity.operations import grant_role
from identity.states import StandingState
from kernel import ids
from kernel.errors import DomainError, RuleBroken
from tests.factories.threads import at_once
from tests.factories.world import AUDIENCE, PIN, Holder, World

IMPACT = "ab" * 32


def serial(world: World, login: str, company: object = None) -> str:
    home = company or world.first
    found = signing_certificate(home.people[login].pk)  # type: ignore[attr-defined]
    assert found is not None
    return found.serial_number


def suspension(world: World, login: str = "release1", **changes: object) -> Asked:
    return replace(
        Asked(CertificateAct.SUSPEND, serial(world, login), "卡片遺失", IMPACT),
        **changes,  # type: ignore[arg-type]
    )


def revocation(world: World, login: str = "release1", **changes: object) -> Asked:
    cause = RevocationReason.AFFILIATION_CHANGED
    return suspension(world, login, **({"act": CertificateAct.REVOKE, "cause": cause} | changes))


def sign(world: World, holder: Holder, asked: Asked) -> SignedAct:
    """Have the statement shown, unlocked by PIN and signed on the supervisor's card."""
    actor, now = holder.act_as(world.now), world.now
    shown = operations.prepare_certificate_act(
        actor=actor, asked=asked, session_key_sha256=holder.session, audience=AUDIENCE, now=now
    )
    unlocked = operations.unlock(
        actor=actor, session_key_sha256=holder.session, sign_request_id=shown.id, pin=PIN, now=now
    )
    assert unlocked.ok
    assert holder.card is not None
    signature = holder.card.sign_statement(shown.statement, holder.certificate_sha256, now)
    return SignedAct(shown.id, signature, now, holder.session, AUDIENCE)


def deed(
    world: World, asked: Asked, *, login: str = "security2", signed: SignedAct | None = None,
    key: str = "",
) -> Callable[[], CertificateState]:  # fmt: skip
    """Return an act that is signed and ready to be sent."""
    holder = world.holder(login)
    ready, form_key = signed or sign(world, holder, asked), key or ids.token()
    actor = holder.act_as(world.now)
    door = {
        CertificateAct.SUSPEND: operations.suspend_signed,
        CertificateAct.REVOKE: operations.revoke_signed,
    }[asked.act]
    return lambda: door(actor=actor, asked=asked, signed=ready, form_key=form_key, now=world.now)


def row(asked: Asked) -> Certificate:
    return Certificate.objects.get(serial_number=asked.serial_number)


def hold_and_lift(world: World, asked: Asked) -> None:
    """Have a certificate suspended and brought back into force once."""
    operations.suspend(serial_number=asked.serial_number, actor=None, now=world.now)
    with transaction.atomic():
        certificate = operations.lock_certificate(certificate_id=row(asked).pk)
        move_pair(certificate, "release_unsuspension", world.now)
        move_pair(certificate, "activate", world.now, listed_at=None, listed_reason="")
        operations.publish_crl_step(now=world.now)


def own_signature(world: World, login: str) -> None:
    """Ask for anything to be signed on a person's own card."""
    holder = world.holder(login)
    operations.prepare_signature(
        actor=holder.act_as(world.now), session_key_sha256=holder.session,
        fields=StatementFields(typ=StatementType.SIGN_IN, action="x", audience=AUDIENCE, text=""),
        now=world.now,
    )  # fmt: skip


@pytest.mark.req("CERT-3", "CERT-8")
def test_suspend_signed_is_felt_by_everyone_at_once(world: World) -> None:
    own_signature(world, "release1")
    asked = suspension(world)
    lists = RevocationList.objects.count()
    assert deed(world, asked)() == CertificateState.SUSPENDED
    assert row(asked).suspensions == 1
    assert RevocationList.objects.count() == lists + 1
    with pytest.raises(SigningRefused):
        own_signature(world, "release1")


@pytest.mark.req("CERT-4", "CERT-5")
def test_the_third_suspension_revokes_and_its_signature_says_so(world: World) -> None:
    asked = suspension(world)
    for _ in range(2):
        hold_and_lift(world, asked)
    act = deed(world, asked)
    assert "永久" in SignRequest.objects.get(action="certificates.certificate.suspend").text
    assert act() == CertificateState.REVOKED
    with pytest.raises(CertificateStateChanged):
        deed(world, asked)


@pytest.mark.req("CERT-5", "DUAL-6")
@pytest.mark.parametrize("before", ["ACTIVE", "SUSPENDED"])
def test_revoke_signed_is_final(world: World, before: str) -> None:
    asked = revocation(world)
    if before == "SUSPENDED":
        deed(world, suspension(world))()
    assert deed(world, asked)() == CertificateState.REVOKED
    assert row(asked).listed_reason == "AFFILIATION_CHANGED"
    for again in (asked, suspension(world, "release2", serial_number=asked.serial_number)):
        with pytest.raises(CertificateStateChanged):
            deed(world, again)


@pytest.mark.req("SIGN-1", "CERT-9")
def test_the_statement_names_everything_and_stays_with_the_certificate(world: World) -> None:
    asked = revocation(world)
    deed(world, asked)()
    _enrolled, signature = signatures_of(f"certificate:{asked.serial_number}")
    statement = json.loads(signature.statement)
    assert (statement["typ"], statement["action"]) == (
        "certificate", "certificates.certificate.revoke",
    )  # fmt: skip
    assert statement["signer"]["user"] == world.first.people["security2"].public_id
    assert statement["facts"] == {
        "serial_number": asked.serial_number,
        "holder": world.first.people["release1"].public_id,
        "holder_name": "王大同",
        "state": "ACTIVE",
        "suspensions": "0",
        "reason": "卡片遺失",
        "cause": "AFFILIATION_CHANGED",
        "impact_sha256": IMPACT,
    }
    assert "卡片遺失" in signature.text
    events = {one.event: one for one in history(f"certificate:{asked.serial_number}")}
    assert events["certificates.certificate.act_signed"].after["signature"] == signature.cms_sha256
    assert events["certificates.certificate.revoked"].actor == statement["signer"]["user"]


# --- who may not ---------------------------------------------------------------------------------
@pytest.mark.req("CERT-3")
@pytest.mark.parametrize("login", ["security1", "maker01", "review1a", "release2"])
def test_other_roles_may_not(world: World, login: str) -> None:
    for asked in (suspension(world), revocation(world)):
        with pytest.raises(PermissionMissing):
            operations.prepare_certificate_act(
                actor=world.holder(login, card=False).act_as(world.now), asked=asked,
                session_key_sha256="x", audience=AUDIENCE, now=world.now,
            )  # fmt: skip


@pytest.mark.req("CERT-3")
def test_another_companys_certificate_is_unknown(world: World) -> None:
    stranger = world.holder("security2", world.second)
    for asked in (suspension(world), revocation(world)):
        with pytest.raises(CertificateUnknown):
            sign(world, stranger, asked)
    ours = sign(world, world.holder("security2"), suspension(world))
    with pytest.raises(CertificateUnknown):
        operations.suspend_signed(
            actor=stranger.act_as(world.now), asked=suspension(world), signed=ours,
            form_key=ids.token(), now=world.now,
        )  # fmt: skip


def test_the_own_certificate_is_reported_lost_instead(world: World) -> None:
    world.holder("security2")
    for asked in (suspension(world, "security2"), revocation(world, "security2")):
        with pytest.raises(OwnCertificate):
            sign(world, world.holder("security2"), asked)


def test_a_supervisor_whose_role_was_taken_away_meanwhile_may_not(world: World) -> None:
    act = deed(world, suspension(world))  # the session carries the role it had at the click
    user = world.first.people["security2"]
    Grant.objects.filter(user=user).update(state=StandingState.SUSPENDED)
    with pytest.raises(PermissionMissing):
        act()
    assert row(suspension(world)).state == CertificateState.ACTIVE


# --- what does not fit ---------------------------------------------------------------------------
@pytest.mark.parametrize("reason", ["", "   "])
def test_a_reason_is_asked_for(world: World, reason: str) -> None:
    with pytest.raises(ReasonNeeded):
        sign(world, world.holder("security2"), suspension(world, reason=reason))


def test_hidden_characters_in_a_reason_are_refused(world: World) -> None:
    with pytest.raises(RuleBroken):
        sign(world, world.holder("security2"), suspension(world, reason="lost\u202e"))


@pytest.mark.parametrize(
    "cause", [None, RevocationReason.CERTIFICATE_HOLD, RevocationReason.SUPERSEDED]
)
def test_revoking_needs_a_cause_a_supervisor_can_know(
    world: World, cause: RevocationReason | None
) -> None:
    with pytest.raises(ReasonNeeded) as refused:
        sign(world, world.holder("security2"), revocation(world, cause=cause))
    assert refused.value.field == "cause"


@pytest.mark.req("SIGN-2")
@pytest.mark.parametrize(
    "changes",
    [{"reason": "別的"}, {"impact_sha256": "cd" * 32}, {"serial_number": "release2"}],
)
def test_a_signature_is_good_for_what_was_shown_only(world: World, changes: dict[str, str]) -> None:
    asked = suspension(world)
    if "serial_number" in changes:
        changes = {"serial_number": serial(world, changes["serial_number"])}
    other = replace(asked, **changes)
    with pytest.raises(SigningStale):
        deed(world, other, signed=sign(world, world.holder("security2"), asked))()
    assert row(asked).state == row(other).state == CertificateState.ACTIVE


@pytest.mark.req("SIGN-2", "CERT-5")
def test_a_signed_suspension_does_not_revoke(world: World) -> None:
    signed = sign(world, world.holder("security2"), suspension(world))
    with pytest.raises(SigningStale):
        deed(world, revocation(world), signed=signed)()
    assert row(suspension(world)).state == CertificateState.ACTIVE


@pytest.mark.req("CERT-4", "SIGN-2")
def test_a_signature_over_a_hold_does_not_end_a_certificate_for_ever(world: World) -> None:
    asked = suspension(world)
    hold_and_lift(world, asked)
    act = deed(world, asked)
    # What was shown as a hold would by now be the third suspension.
    hold_and_lift(world, asked)
    with pytest.raises(SigningStale):
        act()
    assert row(asked).state == CertificateState.ACTIVE


@pytest.mark.req("CERT-6")
def test_the_supervisors_own_scope_counts(world: World) -> None:
    asked = suspension(world)
    act = deed(world, asked)
    Certificate.objects.filter(holder=world.first.people["security2"]).update(
        functions=["transfers.transfer"]
    )
    with pytest.raises(SigningRefused):
        act()
    assert row(asked).state == CertificateState.ACTIVE


# --- twice, and two at once ----------------------------------------------------------------------
@pytest.mark.req("TRF-8", "CERT-3")
def test_the_same_form_sent_twice_counts_once(world: World) -> None:
    asked = suspension(world)
    act = deed(world, asked)
    assert act() == act() == CertificateState.SUSPENDED
    assert row(asked).suspensions == 1


@pytest.mark.req("CERT-3", "TRF-8")
def test_two_clicks_at_the_same_moment_count_once(open_world: World) -> None:
    asked = suspension(open_world)
    act = deed(open_world, asked)
    assert at_once([act, act]) == [CertificateState.SUSPENDED] * 2
    assert row(asked).suspensions == 1


@pytest.mark.req("CERT-3")
def test_two_supervisors_taking_each_other_out_end_clearly(open_world: World) -> None:
    world = open_world
    with transaction.atomic():
        grant_role(
            user=world.first.people["release2"], role_code="ent.security.checker", parent=None,
            granted_by=None, now=world.now,
        )  # fmt: skip
    world.holder("security2")
    acts = [
        deed(world, suspension(world, "release2")),
        deed(world, suspension(world, "security2"), login="release2"),
    ]
    answers = at_once(acts)
    # Whoever comes second signs with a certificate that is no longer in force.
    assert answers.count(CertificateState.SUSPENDED) == 1
    assert sum(isinstance(answer, DomainError) for answer in answers) == 1
