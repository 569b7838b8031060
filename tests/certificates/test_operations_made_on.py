"""A certificate says where its key is: it is issued only for a key that was made there (CERT-2)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from certificates import operations
from certificates.errors import KeyMadeElsewhere, PinNotWanted, SignRequestUnknown
from certificates.formats.profiles import KeyStorage
from certificates.models import Card, Certificate, Enrolment, Letter
from certificates.operations import EnrolOutcome
from certificates.policies import CERTIFICATE_LIFETIME
from certificates.states import CardState, CertificateState
from tests.certificates.test_operations_cards import SERIAL, receive
from tests.factories.cards import TestCard
from tests.factories.certificates import (
    AUDIENCE,
    NOW,
    PIN,
    WRONG_PIN,
    Holder,
    accept,
    apply,
    confirm,
    make_signer,
    print_letter,
    printed,
    renewed,
    show,
    unlock,
    use_letter,
)

pytestmark = [pytest.mark.django_db, pytest.mark.req("CERT-2")]
BROWSER, HARDWARE = KeyStorage.BROWSER, KeyStorage.HARDWARE
LATE = NOW + CERTIFICATE_LIFETIME - timedelta(days=59)


@pytest.fixture
def plastic_letter(holder: Holder) -> operations.PrintedLetter:
    """Return the letter of an application for a card of the bank."""
    receive()
    return printed(apply(holder, storage="HARDWARE", card_serial=SERIAL))


@pytest.fixture
def plastic_signer(holder: Holder, plastic_letter: operations.PrintedLetter) -> Holder:
    """Return a person whose certificate on a card of the bank is in force."""
    number, secret = plastic_letter.number, plastic_letter.secret
    result = use_letter(holder, number=number, secret=secret, made_on=HARDWARE)
    assert result.challenge is not None
    sha256 = bytes.fromhex(result.challenge.certificate_sha256)
    signer = Holder(holder.user, holder.session, holder.card, sha256)
    confirm(signer, result.challenge)
    return signer


def untouched() -> bool:
    """Tell whether the one letter can still be used as before."""
    letter, row = Letter.objects.get(), Certificate.objects.get()
    return (letter.state, letter.tries, row.state, row.der) == (
        "PRINTED", 0, CertificateState.LETTER_PRINTED, None,
    )  # fmt: skip


def test_key_made_in_a_browser_gets_no_certificate_that_says_card(
    holder: Holder, plastic_letter: operations.PrintedLetter
):
    number, secret = plastic_letter.number, plastic_letter.secret
    with pytest.raises(KeyMadeElsewhere) as refusal:
        use_letter(holder, number=number, secret=secret, made_on=BROWSER)
    assert refusal.value.code == "certificates.enrolment.on_card"
    assert untouched()
    assert Enrolment.objects.count() == 1
    result = use_letter(holder, number=number, secret=secret, made_on=HARDWARE)
    assert result.outcome == EnrolOutcome.ISSUED


def test_key_made_on_a_card_gets_no_certificate_that_says_browser(holder: Holder):
    letter = print_letter(holder)
    with pytest.raises(KeyMadeElsewhere) as refusal:
        use_letter(holder, number=letter.number, secret=letter.secret, made_on=HARDWARE)
    assert refusal.value.code == "certificates.enrolment.in_browser"
    assert untouched()


def test_wrong_secret_does_not_tell_what_the_application_is_for(
    holder: Holder, plastic_letter: operations.PrintedLetter
):
    """The sentence comes after the letter has matched; whoever guesses reads the one refusal."""
    for made_on in (BROWSER, HARDWARE):
        result = use_letter(holder, number=plastic_letter.number, secret="wrong", made_on=made_on)
        assert result.outcome == EnrolOutcome.LETTER_REFUSED
    assert Letter.objects.get().tries == 2


def test_card_of_the_bank_takes_no_pin_from_us(
    holder: Holder, plastic_letter: operations.PrintedLetter
):
    number, secret = plastic_letter.number, plastic_letter.secret
    for typed in (secret, "wrong"):
        with pytest.raises(PinNotWanted):
            use_letter(holder, number=number, secret=typed, made_on=HARDWARE, pin=PIN)
    assert untouched()


def test_certificate_is_renewed_where_its_key_is(plastic_signer: Holder):
    operations.rotate_service_keys(now=LATE)
    with pytest.raises(KeyMadeElsewhere) as refusal:
        renewed(plastic_signer, LATE, made_on=BROWSER)
    assert refusal.value.code == "certificates.renewal.on_card"
    fresh, challenge = renewed(plastic_signer, LATE, made_on=HARDWARE)
    confirm(fresh, challenge, LATE)
    assert fresh.certificate.storage == "HARDWARE"


def test_every_step_of_a_renewal_asks_where_the_key_was_made():
    signer = make_signer()
    operations.rotate_service_keys(now=LATE)
    who = {"actor": signer.user, "session_key_sha256": signer.session, "now": LATE}
    with pytest.raises(KeyMadeElsewhere) as refusal:
        operations.begin_renewal(made_on=HARDWARE, **who)
    assert refusal.value.code == "certificates.renewal.in_browser"
    nonce = operations.begin_renewal(made_on=BROWSER, **who)
    requests = {
        "request_der": TestCard().make_request(nonce),
        "authentication_request_der": TestCard().make_request(nonce),
        "audience": AUDIENCE,
        "made_on": HARDWARE,
    }
    with pytest.raises(KeyMadeElsewhere):
        operations.prepare_renewal(**requests, **who)
    with pytest.raises(KeyMadeElsewhere):
        operations.renew(
            **requests, **who, sign_request_id="any", signature_der=b"", signing_time=LATE
        )
    assert Card.objects.get().kind == Card.Kind.VIRTUAL


@pytest.mark.req("SIGN-6")
def test_no_pin_sent_to_the_bank_locks_a_card_of_the_bank(plastic_signer: Holder):
    """It keeps its own PIN and its own tries; to us there is nothing to unlock."""
    shown = show(plastic_signer)
    assert not shown.needs_pin
    for pin in ("", WRONG_PIN, PIN, ""):
        with pytest.raises(SignRequestUnknown):
            unlock(plastic_signer, shown, pin)
    card = Card.objects.get()
    assert (card.state, card.pin_tries) == (CardState.ACTIVE, 0)
    accept(plastic_signer, shown)
