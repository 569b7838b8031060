"""Showing the card: what makes a session more than a password's, and everything that does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import override_settings

from audit.models import Entry
from certificates import operations
from certificates.errors import (
    SignatureReason,
    SignatureRefused,
    SigningReason,
    SigningRefused,
    SigningStale,
    SignRequestUnknown,
)
from certificates.formats.statements import read_statement
from certificates.models import Certificate, Signature, SignRequest
from identity.errors import StandingChanged
from identity.formats import session_digest
from identity.models import Session
from identity.policies import Factor
from kernel import ids
from tests.certificates.showing import (
    MINUTE,
    authenticate,
    begin,
    begun,
    session_of,
    signature_by,
    with_session,
)
from tests.factories.certificates import (
    AUDIENCE,
    NOW,
    PIN,
    Holder,
    decision,
    do,
    lift,
    make_signer,
    show,
)

pytestmark = [pytest.mark.django_db, pytest.mark.req("AUTH-5")]


@pytest.fixture
def present(signer: Holder) -> Holder:
    return with_session(signer)


# --- may -----------------------------------------------------------------------------------------


def test_the_card_lifts_a_session_above_the_password_under_a_new_key(present):
    shown = begun(present)
    key = authenticate(present, shown)
    session = session_of(present)
    assert session.factor == Factor.CARD
    assert session.stepped_up_at == NOW
    assert session.pk == session_digest(key) != present.session
    assert SignRequest.objects.get(pk=shown.id).used_at == NOW
    entry = Entry.objects.get(event="identity.session.stepped_up")
    assert (entry.actor, entry.reason) == (present.user.public_id, "card")
    assert not Signature.objects.filter(sign_request=shown.id).exists()


def test_the_statement_names_person_site_and_the_certificate_for_signing_in(present):
    members = read_statement(begin(present).statement)
    companion = present.certificate.companion
    assert Certificate.objects.get(sha256=companion.sha256).purpose == "AUTHENTICATION"
    assert (members["typ"], members["action"]) == ("sign-in", "identity.session.step_up")
    assert members["aud"] == AUDIENCE
    assert members["signer"] == {
        "user": present.user.public_id, "certificate_sha256": companion.sha256,
    }  # fmt: skip
    assert members["facts"] == {"person": "王小明", "serial_number": companion.serial_number}
    assert len(members["nonce"]) >= 32


def test_people_who_sign_nothing_may_show_their_card(present):
    present.user.granted = frozenset({"certificates.certificate.enrol"})
    authenticate(present, begun(present))
    assert session_of(present).factor == Factor.CARD


def test_the_card_may_be_shown_twice_in_one_session(present):
    key = authenticate(present, begun(present))
    again = replace(present, session=session_digest(key))
    assert authenticate(again, begun(again, NOW + MINUTE), NOW + MINUTE) != key


def test_after_a_suspension_is_lifted_the_card_can_be_shown_again(present):
    do(operations.suspend_step, certificate=present.certificate, reason="lost")
    with pytest.raises(SigningRefused):
        begin(present)
    lift(present)
    Session.objects.filter(user=present.user).update(ended_at=None)
    authenticate(present, begun(present))
    assert session_of(present).factor == Factor.CARD


@pytest.mark.req("CERT-11")
def test_an_outside_certificate_comes_alone_and_is_shown_itself(outside_signer):
    present = with_session(outside_signer)
    shown = begin(present)
    assert bytes.fromhex(shown.certificate_sha256) == present.certificate_sha256
    authenticate(present, shown, signature_der=present.sign(shown, NOW))
    assert session_of(present).factor == Factor.CARD


# --- may not -------------------------------------------------------------------------------------


def other_session(holder: Holder) -> Callable[[], object]:
    shown = begun(holder)
    return lambda: authenticate(
        replace(holder, session=ids.digest("elsewhere")), shown,
        signature_der=signature_by(holder, shown),
    )  # fmt: skip


def another_person(holder: Holder) -> Callable[[], object]:
    shown = begun(holder)
    other = make_signer()
    signed = signature_by(holder, shown)
    return lambda: authenticate(replace(other, session=holder.session), shown, signature_der=signed)


def another_persons_card(holder: Holder) -> Callable[[], object]:
    shown, other = begun(holder), make_signer()
    companion = other.certificate.companion
    signed = signature_by(other, shown, certificate_sha256=bytes.fromhex(companion.sha256 or ""))
    return lambda: authenticate(holder, shown, signature_der=signed)


def the_signing_certificate(holder: Holder) -> Callable[[], object]:
    shown = begun(holder)
    return lambda: authenticate(holder, shown, signature_der=holder.sign(shown, NOW))


def a_statement_to_be_decided(holder: Holder) -> Callable[[], object]:
    shown = show(holder)
    operations.unlock(
        actor=holder.user, session_key_sha256=holder.session, sign_request_id=shown.id, pin=PIN,
        now=NOW,
    )  # fmt: skip
    return lambda: authenticate(holder, shown, signature_der=holder.sign(shown, NOW))


def replayed(holder: Holder) -> Callable[[], object]:
    shown = begun(holder)
    signed = signature_by(holder, shown)
    key = authenticate(holder, shown, signature_der=signed)
    after = replace(holder, session=session_digest(key))
    return lambda: authenticate(after, shown, signature_der=signed)


def replayed_before_its_answer(holder: Holder) -> Callable[[], object]:
    shown = begun(holder)
    SignRequest.objects.filter(pk=shown.id).update(used_at=NOW)
    return lambda: authenticate(holder, shown)


def another_site(holder: Holder) -> Callable[[], object]:
    shown = begun(holder)
    return lambda: authenticate(holder, shown, audience="https://staff.bank.example")


def too_late(holder: Holder) -> Callable[[], object]:
    shown = begun(holder)
    return lambda: authenticate(holder, shown, NOW + 6 * MINUTE)


def signed_before_it_was_shown(holder: Holder) -> Callable[[], object]:
    shown, early = begun(holder), (NOW - MINUTE).replace(microsecond=0)
    signed = signature_by(holder, shown, early)
    return lambda: authenticate(holder, shown, signature_der=signed, signing_time=early)


def changed(holder: Holder) -> Callable[[], object]:
    shown = begun(holder)
    other = shown.statement.replace(AUDIENCE.encode(), b"https://evil.example")
    signed = signature_by(holder, shown, statement=other)
    return lambda: authenticate(holder, shown, signature_der=signed)


def without_pin(holder: Holder) -> Callable[[], object]:
    shown = begin(holder)
    return lambda: authenticate(holder, shown)


def suspended_between(holder: Holder) -> Callable[[], object]:
    shown = begun(holder)
    do(operations.suspend_step, certificate=holder.certificate, reason="lost")
    return lambda: authenticate(holder, shown)


def suspended_and_lifted_between(holder: Holder) -> Callable[[], object]:
    shown = begun(holder)
    do(operations.suspend_step, certificate=holder.certificate, reason="lost")
    lift(holder, NOW + timedelta(seconds=2))
    return lambda: authenticate(holder, shown, NOW + timedelta(seconds=3))


def certificate_expired(holder: Holder) -> Callable[[], object]:
    end = holder.certificate.companion.not_after
    operations.rotate_service_keys(now=end)
    shown = begun(holder, end - MINUTE)
    return lambda: authenticate(holder, shown, end + MINUTE)


def key_kept_where_none_may_be(holder: Holder) -> Callable[[], object]:
    shown = begun(holder)

    def attempt() -> object:
        with override_settings(SIGNING_ALLOWED_STORAGES=["HARDWARE"]):
            return authenticate(holder, shown)

    return attempt


def session_ended(holder: Holder) -> Callable[[], object]:
    shown = begun(holder)
    Session.objects.filter(user=holder.user).update(ended_at=NOW, ended_why="signed out")
    return lambda: authenticate(holder, shown)


STALE = ("certificates.signing.changed", "certificates.signing.used")
ATTACKS = {
    "in another session": (other_session, SignRequestUnknown, ""),
    "as another person": (another_person, SignRequestUnknown, ""),
    "by another person's card": (
        another_persons_card, SignatureRefused, SignatureReason.BAD_SIGNATURE,
    ),
    "by the signing certificate": (
        the_signing_certificate, SignatureRefused, SignatureReason.BAD_SIGNATURE,
    ),
    "over a decision": (a_statement_to_be_decided, SigningStale, STALE[0]),
    "a second time": (replayed, SignRequestUnknown, ""),
    "a second time at once": (replayed_before_its_answer, SigningStale, STALE[1]),
    "on another site": (another_site, SigningStale, STALE[0]),
    "too late": (too_late, SigningRefused, SigningReason.REQUEST_EXPIRED),
    "signed before it was shown": (
        signed_before_it_was_shown, SignatureRefused, SignatureReason.WRONG_TIME,
    ),
    "over another statement": (changed, SignatureRefused, SignatureReason.BAD_SIGNATURE),
    "without a PIN": (without_pin, SigningRefused, SigningReason.NOT_UNLOCKED),
    "suspended between": (
        suspended_between, SigningRefused, SigningReason.CERTIFICATE_NOT_ACTIVE,
    ),
    "suspended and lifted between": (suspended_and_lifted_between, SigningStale, STALE[0]),
    "certificate expired": (
        certificate_expired, SigningRefused, SigningReason.CERTIFICATE_EXPIRED,
    ),
    "key kept where none may be": (
        key_kept_where_none_may_be, SigningRefused, SigningReason.STORAGE_NOT_ALLOWED,
    ),
    "session ended": (session_ended, StandingChanged, ""),
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_else_steps_up(attack, present):
    prepare, error, code = ATTACKS[attack]
    attempt = prepare(present)
    before = list(Session.objects.filter(user=present.user).values())
    signed = set(SignRequest.objects.exclude(used_at=None).values_list("pk", flat=True))
    with pytest.raises(error) as refused:
        attempt()
    assert code in ("", refused.value.code)
    assert list(Session.objects.filter(user=present.user).values()) == before
    assert set(SignRequest.objects.exclude(used_at=None).values_list("pk", flat=True)) == signed


def test_a_signature_for_signing_in_decides_nothing(present):
    shown = begun(present)
    with pytest.raises(SigningStale):
        operations.verify_signature(
            actor_id=present.user.pk, session_key_sha256=present.session,
            sign_request_id=shown.id, expected=decision(),
            signature_der=signature_by(present, shown), signing_time=NOW.replace(microsecond=0),
            now=NOW,
        )  # fmt: skip


def test_people_without_a_certificate_have_nothing_to_show(holder):
    with pytest.raises(SigningRefused) as refused:
        begin(holder)
    assert refused.value.code == SigningReason.NO_CERTIFICATE
