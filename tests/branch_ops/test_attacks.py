"""Attacks on two people's control of certificates: what is tried, what must come of it.

The certificate of each row is on hold, and its lifting asked for. Afterwards it stands as it did,
and nothing about it is stuck: the same can be asked for again.
"""

from __future__ import annotations

from collections import Counter as Count
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import transaction

from approvals import operations as approvals
from approvals.errors import SubjectElsewhere
from approvals.models import Request
from approvals.operations import Signed
from approvals.states import Act
from branch_ops.queries.certificate import certificate_now
from branch_ops.subjects.certificates import certificate_content
from certificates import operations as certificates
from certificates.models import Certificate
from identity.operations import grant_role
from kernel import ids
from kernel.errors import DomainError
from tests.branch_ops.counter_stories import (
    CHECKER,
    MAKER,
    OTHER_MAKER,
    STRANGE_CHECKER,
    STRANGER,
    certificate_of,
)
from tests.factories.evidence import run_script, write
from tests.factories.threads import at_once
from tests.factories.world import Holder, World, decide, sign

pytestmark = [pytest.mark.django_db, pytest.mark.req("CERT-4", "CERT-7", "DUAL-1", "DUAL-2")]
KIND = "certificates.unsuspension"
SECOND_CHECKER = "branch012"


@dataclass
class Scene:
    """A certificate on hold, and the request to lift that, made by the branch's first maker."""

    world: World
    certificate: Certificate
    reference: str = ""

    def propose(self, maker: str = MAKER) -> str:
        """Ask for the lifting and return the reference."""
        found = certificate_now(self.certificate.pk)
        return approvals.propose(
            actor=self.world.officer(maker).act_as(self.world.now), kind=KIND,
            subject_key=found.target, content=certificate_content(found, reason="Seal checked."),
            form_key=ids.token(), now=self.world.now,
        )  # fmt: skip

    def submit(self, maker: str = MAKER) -> None:
        """Hand the request to the checkers."""
        self.reference = self.reference or self.propose()
        approvals.submit(
            actor=self.world.officer(maker).act_as(self.world.now), reference=self.reference,
            form_key=ids.token(), now=self.world.now,
        )  # fmt: skip

    def checker_too(self, login: str) -> Holder:
        """Give a maker the checker's role and a card besides."""
        with transaction.atomic():
            grant_role(
                user=self.world.staff[login], role_code="branch.business.checker", level=0,
                group="", parent=None, granted_by=None, now=self.world.now,
            )  # fmt: skip
        return self.world.officer(login, card=True)

    def state(self) -> str:
        """Return how the certificate stands."""
        self.certificate.refresh_from_db()
        return str(self.certificate.state)


@pytest.fixture
def scene(world: World) -> Scene:
    """Return the scene of a row."""
    return make_scene(world)


def make_scene(world: World) -> Scene:
    certificate = certificate_of(world.holder("release1"))
    certificates.suspend(
        serial_number=str(certificate.serial_number), reason="Card not at hand.",
        actor=world.officer(MAKER).act_as(world.now), now=world.now,
    )  # fmt: skip
    return Scene(world, certificate)


# --- the attempts --------------------------------------------------------------------------------


def maker_releases_own(scene: Scene) -> None:
    scene.submit()
    decide(scene.world, scene.checker_too(MAKER), scene.reference, Act.RELEASE)


def editor_releases_what_they_edited(scene: Scene) -> None:
    """Somebody else edits the draft, becomes a checker, and wants to release it."""
    scene.reference = scene.propose()
    found = certificate_now(scene.certificate.pk)
    approvals.amend(
        actor=scene.world.officer(OTHER_MAKER).act_as(scene.world.now), reference=scene.reference,
        content=certificate_content(found, reason="Another reason."), form_key=ids.token(),
        now=scene.world.now,
    )  # fmt: skip
    scene.submit()
    decide(scene.world, scene.checker_too(OTHER_MAKER), scene.reference, Act.RELEASE)


def maker_without_the_role(scene: Scene) -> None:
    scene.submit()
    decide(scene.world, scene.world.officer(OTHER_MAKER, card=True), scene.reference, Act.RELEASE)


def another_branch_lifts_by_itself(scene: Scene) -> None:
    """Maker and checker of another branch agree on a certificate that is not their customer's."""
    scene.reference = scene.propose(STRANGER)
    scene.submit(STRANGER)
    stranger = scene.world.officer(STRANGE_CHECKER, card=True)
    decide(scene.world, stranger, scene.reference, Act.RELEASE)


def another_branch_releases(scene: Scene) -> None:
    scene.submit()
    stranger = scene.world.officer(STRANGE_CHECKER, card=True)
    decide(scene.world, stranger, scene.reference, Act.RELEASE)


def another_branch_suspends(scene: Scene) -> None:
    other = certificate_of(scene.world.holder("release2"))
    certificates.suspend(
        serial_number=str(other.serial_number), now=scene.world.now,
        actor=scene.world.officer(STRANGER).act_as(scene.world.now),
    )  # fmt: skip


def signature_of_a_rejection_releases(scene: Scene) -> None:
    scene.submit()
    checker = scene.world.officer(CHECKER, card=True)
    signed = sign(scene.world, checker, scene.reference, Act.REJECT, "no")
    release(scene, checker, signed)


def anothers_signature_releases(scene: Scene) -> None:
    scene.submit()
    signed = sign(
        scene.world, scene.world.officer(CHECKER, card=True), scene.reference, Act.RELEASE
    )
    release(scene, scene.world.officer(SECOND_CHECKER, card=True), signed)


def proposed_twice(scene: Scene) -> None:
    scene.submit()
    scene.propose(OTHER_MAKER)


def release(scene: Scene, checker: Holder, signed: Signed) -> str:
    return approvals.release(
        actor=checker.act_as(scene.world.now), reference=scene.reference, signed=signed,
        form_key=ids.token(), now=scene.world.now,
    )  # fmt: skip


ATTACKS: dict[str, tuple[Callable[[Scene], None], str]] = {
    "maker releases own request": (maker_releases_own, "not_for_you"),
    "editor releases what they edited": (editor_releases_what_they_edited, ""),
    "maker releases without the role": (maker_without_the_role, "permission"),
    "another branch lifts by itself": (another_branch_lifts_by_itself, "proposal.elsewhere"),
    "another branch releases": (another_branch_releases, "not_found"),
    "another branch suspends": (another_branch_suspends, "unknown"),
    "signature of a rejection": (signature_of_a_rejection_releases, "signing.changed"),
    "another checker's signature": (anothers_signature_releases, "signing.unknown"),
    "proposed twice": (proposed_twice, ""),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused_and_the_certificate_stands_as_it_did(scene: Scene, name: str) -> None:
    attempt, code = ATTACKS[name]
    with pytest.raises(DomainError) as refused:
        attempt(scene)
    assert code in refused.value.code
    assert scene.state() == "SUSPENDED"
    assert str(certificate_of(scene.world.holder("release2")).state) == "ACTIVE"


@pytest.mark.req("DUAL-4")
def test_a_rejection_leaves_no_certificate_stuck(scene: Scene) -> None:
    scene.submit()
    decide(scene.world, scene.world.officer(CHECKER, card=True), scene.reference, Act.REJECT, "No.")
    assert scene.state() == "SUSPENDED"
    again = Scene(scene.world, scene.certificate)
    again.submit()
    decide(again.world, again.world.officer(CHECKER, card=True), again.reference, Act.RELEASE)
    assert again.state() == "UNSUSPENDING"


def test_a_release_sent_twice_lifts_once(scene: Scene) -> None:
    scene.submit()
    first, second = (scene.world.officer(login, card=True) for login in (CHECKER, SECOND_CHECKER))
    ready = [(one, sign(scene.world, one, scene.reference, Act.RELEASE)) for one in (first, second)]
    release(scene, *ready[0])
    with pytest.raises(DomainError):
        release(scene, *ready[1])
    assert scene.certificate.letters.filter(purpose="UNSUSPEND").count() == 1


def test_two_checkers_at_the_same_moment_lift_once(open_world: World) -> None:
    scene = make_scene(open_world)
    scene.submit()
    ready = []
    for login in (CHECKER, SECOND_CHECKER):
        checker = scene.world.officer(login, card=True)
        signed = sign(scene.world, checker, scene.reference, Act.RELEASE)
        ready.append(lambda checker=checker, signed=signed: release(scene, checker, signed))
    results = at_once(ready)
    assert Count(isinstance(one, DomainError) for one in results) == {False: 1, True: 1}
    assert scene.state() == "UNSUSPENDING"
    assert scene.certificate.letters.filter(purpose="UNSUSPEND").count() == 1
    assert Request.objects.get(reference=scene.reference).state == "RELEASED"


@pytest.mark.req("SIGN-4")
def test_the_evidence_of_a_counter_request_holds_like_any_other(
    scene: Scene, tmp_path: Path
) -> None:
    scene.submit()
    decide(scene.world, scene.world.officer(CHECKER, card=True), scene.reference, Act.RELEASE)
    files = approvals.evidence(reference=scene.reference, now=scene.world.now)
    result = run_script(write(files, tmp_path / "evidence"))
    assert result.returncode == 0, result.stderr
    assert "branch.business.checker" in result.stdout


@pytest.mark.req("DUAL-5", "DEL-4")
def test_another_branch_cannot_stand_in_the_way(scene: Scene) -> None:
    """What another branch may not propose blocks nothing: the own branch's request goes on."""
    with pytest.raises(SubjectElsewhere):
        scene.propose(STRANGER)
    assert not Request.objects.filter(subject_key=f"certificate:{scene.certificate.pk}").exists()
    assert scene.propose()
