"""Two at once: one of them wins, and nothing is counted twice or lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from django.db import connection

from certificates import operations
from certificates.errors import (
    CardLocked,
    CertificateStateChanged,
    SigningRefused,
    SigningStale,
)
from certificates.models import Certificate, Letter, RevocationList, Signature
from certificates.operations import EnrolOutcome
from certificates.states import CertificateState
from kernel.errors import DomainError
from tests.factories.cards import TestCard
from tests.factories.certificates import (
    NOW,
    PIN,
    WRONG_PIN,
    accept,
    make_company,
    make_holder,
    make_signer,
    print_letter,
    show,
    shown_and_unlocked,
    unlock,
    use_letter,
)

pytestmark = pytest.mark.django_db(transaction=True)


def together(*acts: Callable[[], object]) -> list[object]:
    """Do all acts at the same time, each on a connection of its own; errors are answers too."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        try:
            barrier.wait(timeout=20)
            return act()
        except DomainError as error:
            return type(error)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


@pytest.mark.req("CERT-2")
def test_two_enrolments_race_on_one_letter():
    holder = make_holder()
    letter = print_letter(holder)
    nonce = operations.begin_enrolment(
        actor=holder.user, session_key_sha256=holder.session, now=NOW
    )
    cards = [replace(holder, card=TestCard()) for _ in range(4)]
    results = together(
        *(
            lambda card=card: use_letter(
                card, number=letter.number, secret=letter.secret, nonce=nonce
            )
            for card in cards
        )
    )
    won = [one for one in results if getattr(one, "outcome", None) == EnrolOutcome.ISSUED]
    assert len(won) == 1
    issued = Certificate.objects.filter(state=CertificateState.ISSUED)
    assert sorted(issued.values_list("purpose", flat=True)) == ["AUTHENTICATION", "SIGNING"]


@pytest.mark.req("CERT-2")
def test_parallel_wrong_secrets_are_all_counted():
    holder = make_holder()
    letter = print_letter(holder)
    nonce = operations.begin_enrolment(
        actor=holder.user, session_key_sha256=holder.session, now=NOW
    )
    together(
        *(
            lambda: use_letter(holder, number=letter.number, secret="wrong", nonce=nonce)
            for _ in range(6)
        )
    )
    stored = Letter.objects.get()
    assert (stored.tries, stored.state) == (5, "LOCKED")


@pytest.mark.req("CERT-3")
def test_suspensions_at_the_same_moment_count_once():
    signer = make_signer()
    serial = signer.certificate.serial_number
    results = together(
        *(lambda: operations.suspend(serial_number=serial, actor=None, now=NOW) for _ in range(6))
    )
    assert Counter(results) == {CertificateState.SUSPENDED: 1, CertificateStateChanged: 5}
    assert signer.certificate.suspensions == 1


@pytest.mark.req("CERT-8")
def test_lists_published_at_the_same_moment_lose_no_suspension(listed):
    signers = [make_signer() for _ in range(4)]
    serials = [signer.certificate.serial_number for signer in signers]
    together(
        *(
            lambda serial=serial: operations.suspend(serial_number=serial, actor=None, now=NOW)
            for serial in serials
        )
    )
    assert [listed(serial) for serial in serials] == ["Certificate Hold"] * 4
    numbers = list(
        RevocationList.objects.filter(issuer__kind="ISSUING")
        .order_by("number")
        .values_list("number", flat=True)
    )
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.req("SIGN-2")
def test_one_signature_sent_many_times_at_once_is_accepted_once():
    signer = make_signer()
    shown = shown_and_unlocked(signer)
    results = together(*(lambda: accept(signer, shown) for _ in range(6)))
    assert Counter(results)[SigningStale] == 5
    assert Signature.objects.filter(sign_request=shown.id).count() == 1


@pytest.mark.req("SIGN-2", "CERT-3")
def test_signature_and_suspension_race_and_the_list_agrees_with_the_winner():
    """A signature that was accepted was accepted before the suspension, never after."""
    for _ in range(4):
        signer = make_signer()
        shown = shown_and_unlocked(signer)
        serial = signer.certificate.serial_number
        first, second = together(
            lambda: accept(signer, shown),  # noqa: B023 - done before the next round
            lambda: operations.suspend(serial_number=serial, actor=None, now=NOW),  # noqa: B023
        )
        assert second == CertificateState.SUSPENDED
        stored = Signature.objects.filter(sign_request=shown.id)
        assert stored.exists() == (first is not SigningRefused)


@pytest.mark.req("SIGN-6")
def test_parallel_wrong_pins_are_all_counted():
    signer = make_signer(make_company())
    shown = show(signer)
    results = together(*(lambda: unlock(signer, shown, WRONG_PIN) for _ in range(6)))
    assert Counter(results)[CardLocked] == 3
    assert signer.certificate.card.pin_tries == 3
    with pytest.raises(CardLocked):
        unlock(signer, shown, PIN)
