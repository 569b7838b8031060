"""A signature counts for what was shown, once, by that person, then and there (SIGN-1, SIGN-2)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from approvals.errors import NotForYou, StaleRevision
from approvals.models import Decision, Revision
from approvals.operations import Signed
from approvals.policies.resolver import Reason
from approvals.policies.rules import REVIEWER
from approvals.states import Act
from certificates import operations as certificates, queries as certificate_queries
from certificates.errors import SignatureRefused, SigningRefused, SigningStale, SignRequestUnknown
from certificates.formats.profiles import RevocationReason
from certificates.models import AwaitedTimeStamp, Signature, SignRequest
from corpbank.demo.bank import release_stage, review_stage
from kernel.canonical import canonical_bytes, sha256_hex
from kernel.errors import DomainError
from tests.approvals.stories import books, deed, grant, maker, only_rule, prepare, row
from tests.approvals.test_drafting import edit
from tests.approvals.test_submitting import send
from tests.factories.cards import TestCard
from tests.factories.counting import counted_statements
from tests.factories.world import AUDIENCE, Holder, World, decide, sign, submit

pytestmark = pytest.mark.req("SIGN-2")


def shown(world: World, holder: Holder, reference: str, act: Act = Act.RELEASE) -> SignRequest:
    """Have a decision's statement shown and unlocked; return what is stored of it."""
    signed = sign(world, holder, reference, act)
    return SignRequest.objects.get(pk=signed.sign_request_id)


# --- what is signed ------------------------------------------------------------------------------


@pytest.mark.req("SIGN-1")
def test_the_statement_says_what_the_signer_was_shown(world: World) -> None:
    reference = submit(world, maker(world), 50_000)
    decide(world, world.holder("review1a"), reference, Act.REVIEW)
    releaser = world.holder("release1")
    stored = shown(world, releaser, reference)
    statement = json.loads(bytes(stored.statement))
    revision = Revision.objects.get()
    assert canonical_bytes(statement) == bytes(stored.statement)
    assert (statement["typ"], statement["action"], statement["aud"]) == (
        "decision", "release", AUDIENCE,
    )  # fmt: skip
    assert statement["request"] == {"id": reference, "revision": "1", "sha256": revision.sha256}
    assert statement["facts"]["amount"] == "50000"
    assert statement["facts"]["currency"] == "TWD"
    assert statement["facts"]["payee_account"] == revision.content["payee_account"]
    assert statement["facts"]["payee_name"] == revision.content["payee_name"]
    assert statement["step"] == {"no": "2", "of": "2", "role": "ent.finance.releaser.0"}
    assert statement["policy"]["sha256"] == revision.policy_id
    assert statement["signer"]["user"] == releaser.user.public_id
    assert statement["signer"]["certificate_sha256"] == releaser.certificate_sha256.hex()
    assert statement["text_sha256"] == sha256_hex(stored.text.encode())
    before = Signature.objects.get(pk=Decision.objects.get().signature_id).cms_sha256
    assert statement["prev"] == sha256_hex(canonical_bytes([before]))
    assert "50,000" in stored.text


@pytest.mark.req("SIGN-1")
def test_every_statement_has_a_nonce_of_its_own(world: World) -> None:
    reference = submit(world, maker(world))
    releaser = world.holder("release1")
    first, second = (shown(world, releaser, reference) for _ in range(2))
    assert first.nonce != second.nonce
    assert bytes(first.statement) != bytes(second.statement)


@pytest.mark.req("SIGN-1")
@pytest.mark.parametrize("act", [Act.REVIEW, Act.RELEASE, Act.RETURN, Act.REJECT])
def test_every_decision_carries_a_signature_over_its_own_act(world: World, act: Act) -> None:
    amount, login = (5_000, "release1") if act == Act.RELEASE else (50_000, "review1a")
    reference = submit(world, maker(world), amount)
    reason = "a reason" if act in (Act.RETURN, Act.REJECT) else ""
    decide(world, world.holder(login), reference, act, reason)
    signature = Signature.objects.select_related("sign_request").get(
        pk=Decision.objects.get().signature_id
    )
    statement = json.loads(bytes(signature.sign_request.statement))
    assert statement["action"] == act
    assert statement["facts"].get("reason", "") == reason
    assert signature.certificate_state == "ACTIVE"
    assert signature.sign_request.used_at == world.now


# --- what is refused -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Attack:
    """Hold how a signature is misused, and by which errors it may be refused."""

    run: Callable[[World, str], object]
    errors: tuple[type[DomainError], ...]


def other_request(world: World, reference: str) -> object:
    other = submit(world, maker(world), 6_000)
    releaser = world.holder("release1")
    signed = sign(world, releaser, other, Act.RELEASE)
    return deed(world, releaser, reference, Act.RELEASE, signed=signed)()


def other_act(world: World, reference: str) -> object:
    releaser = world.holder("release1")
    signed = sign(world, releaser, reference, Act.REJECT, "no")
    return deed(world, releaser, reference, Act.RELEASE, signed=signed)()


def reject_for_return(world: World, reference: str) -> object:
    releaser = world.holder("release1")
    signed = sign(world, releaser, reference, Act.RETURN, "no")
    return deed(world, releaser, reference, Act.REJECT, "no", signed=signed)()


def other_revision(world: World, reference: str) -> object:
    releaser = world.holder("release1")
    signed = sign(world, releaser, reference, Act.RELEASE)
    decide(world, world.holder("release2"), reference, Act.RETURN, "another amount")
    edit(world, maker(world), reference)
    send(world, maker(world), reference)
    return deed(world, releaser, reference, Act.RELEASE, signed=signed)()


def same_words_new_revision(world: World, reference: str) -> object:
    releaser = world.holder("release1")
    signed = sign(world, releaser, reference, Act.RELEASE)
    decide(world, world.holder("release2"), reference, Act.RETURN, "just again")
    send(world, maker(world), reference)
    return deed(world, releaser, reference, Act.RELEASE, signed=signed)()


def other_users_request(world: World, reference: str) -> object:
    theirs = sign(world, world.holder("release2"), reference, Act.RELEASE)
    return deed(world, world.holder("release1"), reference, Act.RELEASE, signed=theirs)()


def own_key_on_others_request(world: World, reference: str) -> object:
    theirs = shown(world, world.holder("release2"), reference)
    mine = world.holder("release1")
    assert mine.card is not None
    signature = mine.card.sign_statement(
        bytes(theirs.statement), mine.certificate_sha256, world.now
    )
    signed = Signed(theirs.pk, signature, world.now, mine.session, AUDIENCE)
    return deed(world, mine, reference, Act.RELEASE, signed=signed)()


def tampered(**changes: object) -> Callable[[World, str], object]:
    def run(world: World, reference: str) -> object:
        releaser = world.holder("release1")
        signed = replace(sign(world, releaser, reference, Act.RELEASE), **changes)  # type: ignore[arg-type]
        return deed(world, releaser, reference, Act.RELEASE, signed=signed)()

    return run


def at_another_time(shift: timedelta) -> Callable[[World, str], object]:
    def run(world: World, reference: str) -> object:
        releaser = world.holder("release1")
        signed = sign(world, releaser, reference, Act.RELEASE)
        signed = replace(signed, signing_time=signed.signing_time + shift)
        return deed(world, releaser, reference, Act.RELEASE, signed=signed)()

    return run


def signed_outside_the_window(shift: timedelta) -> Callable[[World, str], object]:
    def run(world: World, reference: str) -> object:
        releaser = world.holder("release1")
        stored = shown(world, releaser, reference)
        assert releaser.card is not None
        moment = world.now + shift
        signature = releaser.card.sign_statement(
            bytes(stored.statement), releaser.certificate_sha256, moment
        )
        signed = Signed(stored.pk, signature, moment, releaser.session, AUDIENCE)
        return deed(world, releaser, reference, Act.RELEASE, signed=signed)()

    return run


def expired(world: World, reference: str) -> object:
    later = timedelta(minutes=5, seconds=1)
    return deed(world, world.holder("release1"), reference, Act.RELEASE, later=later)()


def replayed(world: World, reference: str) -> object:
    """A review at a stage that needs two counts once, however often its signature is sent."""
    reviewer = world.holder("review1a")
    only_rule(world, review_stage(1, 1, needed=2), release_stage(2))
    two = submit(world, maker(world), 6_000)
    signed = sign(world, reviewer, two, Act.REVIEW)
    deed(world, reviewer, two, Act.REVIEW, signed=signed)()
    return deed(world, reviewer, two, Act.REVIEW, signed=signed)()


def changed_words(world: World, reference: str) -> object:
    """The card signed another statement than the one the bank stored."""
    releaser = world.holder("release1")
    stored = shown(world, releaser, reference)
    forged = bytes(stored.statement).replace(b'"5000"', b'"9000"')
    assert forged != bytes(stored.statement)
    assert releaser.card is not None
    signature = releaser.card.sign_statement(forged, releaser.certificate_sha256, world.now)
    signed = Signed(stored.pk, signature, world.now, releaser.session, AUDIENCE)
    return deed(world, releaser, reference, Act.RELEASE, signed=signed)()


def foreign_key(world: World, reference: str) -> object:
    releaser = world.holder("release1")
    stored = shown(world, releaser, reference)
    signature = TestCard().sign_statement(
        bytes(stored.statement), releaser.certificate_sha256, world.now
    )
    signed = Signed(stored.pk, signature, world.now, releaser.session, AUDIENCE)
    return deed(world, releaser, reference, Act.RELEASE, signed=signed)()


def swapped_certificate(world: World, reference: str) -> object:
    releaser, other = world.holder("release1"), world.holder("release2")
    stored = shown(world, releaser, reference)
    assert releaser.card is not None
    signature = releaser.card.sign_statement(
        bytes(stored.statement), other.certificate_sha256, world.now
    )
    signed = Signed(stored.pk, signature, world.now, releaser.session, AUDIENCE)
    return deed(world, releaser, reference, Act.RELEASE, signed=signed)()


def without_pin(world: World, reference: str) -> object:
    releaser = world.holder("release1")
    facts = prepare(world, releaser, reference, Act.RELEASE)
    assert releaser.card is not None
    signature = releaser.card.sign_statement(
        facts.statement, releaser.certificate_sha256, world.now
    )
    signed = Signed(facts.id, signature, world.now, releaser.session, AUDIENCE)
    return deed(world, releaser, reference, Act.RELEASE, signed=signed)()


def suspended_between(world: World, reference: str) -> object:
    releaser = world.holder("release1")
    ready = deed(world, releaser, reference, Act.RELEASE)
    facts = certificate_queries.signing_certificate(releaser.user.pk)
    assert facts is not None
    certificates.suspend(serial_number=facts.serial_number, actor=None, now=world.now)
    return ready()


def revoked_between(world: World, reference: str) -> object:
    releaser = world.holder("release1")
    ready = deed(world, releaser, reference, Act.RELEASE)
    facts = certificate_queries.signing_certificate(releaser.user.pk)
    assert facts is not None
    certificates.revoke(
        serial_number=facts.serial_number, reason=RevocationReason.KEY_COMPROMISE, actor=None,
        now=world.now,
    )  # fmt: skip
    return ready()


STALE, REFUSED, UNKNOWN = (SigningStale,), (SignatureRefused,), (SignRequestUnknown,)
ATTACKS = {
    "statement of another request": Attack(other_request, STALE),
    "statement of another act": Attack(other_act, STALE),
    "statement of a return for a reject": Attack(reject_for_return, STALE),
    "statement of an earlier revision": Attack(other_revision, STALE),
    "same words, earlier revision": Attack(same_words_new_revision, STALE),
    "another person's sign request": Attack(other_users_request, UNKNOWN),
    "own key on another person's request": Attack(own_key_on_others_request, UNKNOWN),
    "no such sign request": Attack(tampered(sign_request_id="unknown"), UNKNOWN),
    "another session": Attack(tampered(session_key_sha256="0" * 64), UNKNOWN),
    "another audience": Attack(tampered(audience="https://evil.example"), STALE),
    "another time than signed": Attack(at_another_time(timedelta(seconds=1)), REFUSED),
    "signed before it was shown": Attack(signed_outside_the_window(timedelta(seconds=-1)), REFUSED),
    "signed in the future": Attack(signed_outside_the_window(timedelta(minutes=1)), REFUSED),
    "sent too late": Attack(expired, (SigningRefused,)),
    "sent again": Attack(replayed, (NotForYou, SigningStale)),
    "another statement signed": Attack(changed_words, REFUSED),
    "foreign key": Attack(foreign_key, REFUSED),
    "certificate swapped": Attack(swapped_certificate, REFUSED),
    "no signature": Attack(tampered(signature=b""), REFUSED),
    "nonsense for a signature": Attack(
        tampered(signature=bytes.fromhex("3006020101020101")), REFUSED
    ),
    "PIN not given": Attack(without_pin, (SigningRefused,)),
    "certificate suspended between": Attack(suspended_between, (NotForYou,)),
    "certificate revoked between": Attack(revoked_between, (NotForYou,)),
}


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_a_misused_signature_is_refused_and_nothing_has_happened(world: World, name: str) -> None:
    reference = submit(world, maker(world), 5_000)
    balance = books(world).balance
    with pytest.raises(ATTACKS[name].errors):
        ATTACKS[name].run(world, reference)
    assert row(reference).state == "PENDING"
    assert books(world).balance == balance
    decided = Decision.objects.filter(revision__request__reference=reference, act="release")
    assert not decided.exists()


@pytest.mark.parametrize("case", ["suspended_between", "revoked_between"])
def test_a_certificate_on_hold_is_named_as_the_reason(world: World, case: str) -> None:
    reference = submit(world, maker(world))
    with pytest.raises(NotForYou) as refused:
        globals()[case](world, reference)
    expected = Reason.CERTIFICATE_SUSPENDED if "suspended" in case else Reason.NO_CERTIFICATE
    assert refused.value.reasons == (expected,)


@pytest.mark.req("SIGN-1")
def test_a_statement_of_the_stage_before_does_not_serve_at_the_next(world: World) -> None:
    """One reviewer stands at two levels; what they were shown at the first stays there."""
    only_rule(world, review_stage(1, 1), review_stage(2, 2), release_stage(3))
    both = grant(world, "review1a", REVIEWER, level=2)
    reference = submit(world, maker(world))
    early = sign(world, both, reference, Act.REVIEW)
    decide(world, world.holder("review1b"), reference, Act.REVIEW)
    assert row(reference).stage_number == 2
    with pytest.raises(SigningStale):
        deed(world, both, reference, Act.REVIEW, signed=early)()
    decide(world, both, reference, Act.REVIEW)
    assert row(reference).stage_number == 3


@pytest.mark.req("DUAL-3")
def test_nobody_signs_a_revision_their_page_did_not_show(world: World) -> None:
    reference = submit(world, maker(world))
    releaser = world.holder("release1")
    decide(world, world.holder("release2"), reference, Act.RETURN, "again")
    send(world, maker(world), reference)
    with pytest.raises(StaleRevision):
        prepare(world, releaser, reference, Act.RELEASE, revision=1)
    assert prepare(world, releaser, reference, Act.RELEASE, revision=2)


def test_what_was_refused_may_be_signed_again(world: World) -> None:
    reference = submit(world, maker(world))
    with pytest.raises(SignatureRefused):
        foreign_key(world, reference)
    decide(world, world.holder("release1"), reference, Act.RELEASE)
    assert row(reference).state == "RELEASED"


def test_asking_what_to_sign_changes_nothing(world: World) -> None:
    reference = submit(world, maker(world))
    before = (row(reference).changed_at, books(world))
    for _ in range(3):
        shown(world, world.holder("release1"), reference)
    assert (row(reference).changed_at, books(world)) == before
    assert not Signature.objects.filter(sign_request__request_key=reference).exists()


def test_a_stored_statement_is_not_changed_by_whoever_writes(world: World) -> None:
    """The amount that was shown stays the amount that is signed."""
    stored = shown(world, world.holder("release1"), submit(world, maker(world)))
    forged = bytes(stored.statement).replace(b'"5000"', b'"9000"')
    with pytest.raises(IntegrityError, match="is final"), transaction.atomic():
        SignRequest.objects.filter(pk=stored.pk).update(statement=forged)


def test_the_pin_is_asked_for_each_statement(world: World) -> None:
    reference = submit(world, maker(world))
    releaser = world.holder("release1")
    shown(world, releaser, reference)
    with pytest.raises(SigningRefused):
        without_pin(world, reference)


# --- what it costs -------------------------------------------------------------------------------


@pytest.mark.req("SIGN-4", "CERT-8")
def test_a_release_with_all_its_proof_takes_at_most_twenty_five_statements(world: World) -> None:
    """Verifying, the list, the responder's answer and the awaited time stamp add none."""
    reference = submit(world, maker(world), 5_000)
    ready = deed(world, world.holder("release1"), reference, Act.RELEASE)
    with counted_statements() as statements:
        ready()
    assert len(statements) <= 25
    stored = Signature.objects.get(pk=Decision.objects.get().signature_id)
    assert stored.ocsp_der is not None
    assert AwaitedTimeStamp.objects.filter(pk=stored.pk).exists()
    touching = [one for one in statements if "certificates_signature" in one]
    assert sum("INSERT" in one for one in touching) == 1
