"""The PIN that shows the card, and what was open under the session's old key."""

from __future__ import annotations

from dataclasses import replace

import pytest

from certificates import operations
from certificates.errors import (
    CardLocked,
    EnrolmentUnknown,
    SigningReason,
    SigningRefused,
    SignRequestUnknown,
)
from certificates.formats.profiles import KeyStorage
from certificates.models import SignRequest
from identity.formats import session_digest
from tests.certificates.showing import authenticate, begin, begun, unlock, with_session
from tests.factories.certificates import AUDIENCE, NOW, PIN, WRONG_PIN, Holder, show

pytestmark = [pytest.mark.django_db, pytest.mark.req("AUTH-5")]


@pytest.fixture
def present(signer: Holder) -> Holder:
    return with_session(signer)


# --- the PIN -------------------------------------------------------------------------------------


@pytest.mark.req("SIGN-6")
def test_wrong_pins_count_together_with_those_of_signing(present):
    shown = begin(present)
    assert unlock(present, shown, WRONG_PIN).tries_left == 2
    assert unlock(present, shown, WRONG_PIN).tries_left == 1
    decided = show(present)
    result = operations.unlock(
        actor=present.user, session_key_sha256=present.session, sign_request_id=decided.id,
        pin=WRONG_PIN, now=NOW,
    )  # fmt: skip
    assert result.locked
    with pytest.raises(CardLocked):
        unlock(present, shown)
    with pytest.raises(SigningRefused) as refused:
        begin(present)
    assert refused.value.code == SigningReason.CARD_NOT_USABLE


def test_the_pin_for_signing_in_opens_no_decision(present):
    decided = show(present)
    with pytest.raises(SignRequestUnknown):
        unlock(present, decided)
    assert SignRequest.objects.get(pk=decided.id).unlocked_at is None


# --- what was open under the old key -------------------------------------------------------------


def test_what_was_shown_before_dies_with_the_old_key(present):
    decided = show(present)
    key = authenticate(present, begun(present))
    after = replace(present, session=session_digest(key))
    with pytest.raises(SignRequestUnknown):
        operations.unlock(
            actor=after.user, session_key_sha256=after.session, sign_request_id=decided.id,
            pin=PIN, now=NOW,
        )  # fmt: skip
    again = show(after)
    assert operations.unlock(
        actor=after.user, session_key_sha256=after.session, sign_request_id=again.id, pin=PIN,
        now=NOW,
    ).ok  # fmt: skip


def test_an_enrolment_begun_before_is_begun_again(present):
    operations.begin_enrolment(actor=present.user, session_key_sha256=present.session, now=NOW)
    key = authenticate(present, begun(present))
    after = replace(present, session=session_digest(key))
    request = {
        "letter_number": "", "secret": "", "request_der": b"", "authentication_request_der": b"",
        "pin": "482915", "audience": AUDIENCE, "made_on": KeyStorage.BROWSER,
        "now": NOW,
    }  # fmt: skip
    with pytest.raises(EnrolmentUnknown):
        operations.enrol(actor=after.user, session_key_sha256=after.session, **request)
