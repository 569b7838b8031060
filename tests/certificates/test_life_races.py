"""Sixty certificates, thirty-six events each, many threads: not one rule is broken (CERT-4)."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from cryptography import x509
from django.db import Error, connection, transaction

from certificates import operations, queries
from certificates.errors import CertificateStateChanged, LetterNotPrintable
from certificates.formats.profiles import RevocationReason
from certificates.models import Card, Certificate, CertificateEvent, Letter
from certificates.operations import ActivateOutcome, PrintedLetter
from certificates.policies import LETTER_LIFETIME
from certificates.states import CERTIFICATE_VERBS, FINAL, ON_HOLD, CertificateState
from kernel.errors import DomainError
from tests.factories.cards import TestCard
from tests.factories.certificates import (
    NOW,
    Holder,
    activate,
    apply,
    do,
    lift,
    make_holder,
    make_signer,
    printed,
    released,
)
from tests.factories.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)
CERTIFICATES, EVENTS, THREADS = 60, 36, 8
WRONG = "0000-0000-0000-0000-0"
FORGERIES = (
    "UPDATE certificates_certificate SET suspensions = suspensions - 1 WHERE id = %s",
    "UPDATE certificates_certificate SET suspensions = suspensions + 1 WHERE id = %s",
    "UPDATE certificates_certificate SET state = 'ACTIVE' WHERE id = %s AND state <> 'ACTIVE'",
    "UPDATE certificates_certificate SET listed_at = NULL WHERE id = %s AND state = 'REVOKED'",
    "DELETE FROM certificates_certificate WHERE id = %s",
)


class Subject:
    """One certificate of the race with the letter that was printed for it last."""

    def __init__(self) -> None:
        self.holder: Holder = make_signer()
        row = self.holder.certificate
        self.pk, self.serial = row.pk, row.serial_number
        self.letter: PrintedLetter | None = None

    def suspend(self) -> object:
        """Suspend: the third is for ever."""
        return operations.suspend(serial_number=self.serial, actor=None, now=NOW)

    def lift(self) -> object:
        """Do whatever comes next to have it lifted."""
        row = Certificate.objects.get(pk=self.pk)
        if row.state == CertificateState.SUSPENDED:
            return do(operations.release_unsuspension_step, certificate_id=self.pk)
        if row.letters.filter(state="PREPARED").exists():
            self.letter = printed(row)
            return self.letter
        if self.letter is None:
            return None
        return self.use_letter(self.letter.secret)

    def use_letter(self, secret: str = WRONG) -> object:
        """Try the letter; the challenge is there only while the suspension is being lifted."""
        if self.letter is None:
            return None
        try:
            return activate(self.holder, self.letter.number, secret)
        except AssertionError:
            return None  # nothing to sign: the state had moved on

    def reprint(self) -> object:
        """Ask for another letter."""
        return do(operations.reprint_step, certificate_id=self.pk)

    def letter_runs_out(self) -> object:
        """Let the newest letter run out."""
        letter = Letter.objects.filter(certificate=self.pk).order_by("-pk")[0]
        return operations.expire_letter(letter_id=letter.pk, now=NOW + LETTER_LIFETIME)

    def revoke(self) -> object:
        """Revoke it for ever."""
        return operations.revoke(
            serial_number=self.serial, reason=RevocationReason.KEY_COMPROMISE, actor=None, now=NOW
        )

    def lose(self) -> object:
        """Report the card as lost."""
        return operations.report_lost(actor=self.holder.user, reason="taxi", now=NOW)

    def forge(self) -> object:
        """Try by direct SQL to bring it into force, or to forget a suspension: always refused."""
        # To ACTIVE even along an edge of the table: one half of a pair goes nowhere alone.
        for statement in FORGERIES:
            try:
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute(statement, [self.pk])
                    touched = cursor.rowcount
            except Error:
                continue
            assert touched == 0, statement
        return None


WEIGHTS = {
    Subject.suspend: 9, Subject.lift: 16, Subject.use_letter: 3, Subject.reprint: 2,
    Subject.letter_runs_out: 1, Subject.revoke: 0.3, Subject.lose: 0.3, Subject.forge: 1,
}  # fmt: skip


def jobs(subjects: list[Subject], chance: random.Random) -> Iterator[Callable[[], object]]:
    """Return the events: three at a time on one certificate, so that they truly meet."""
    acts, weights = list(WEIGHTS), list(WEIGHTS.values())
    for _ in range(EVENTS // 3):
        for subject in chance.sample(subjects, len(subjects)):
            for act in chance.choices(acts, weights, k=3):
                yield lambda act=act, subject=subject: act(subject)


def run(job: Callable[[], object]) -> str:
    """Do an event; a clear refusal is an answer, anything else breaks the race."""
    try:
        job()
    except DomainError as refusal:
        return refusal.code
    return "done"


def raced(events: Iterator[Callable[[], object]]) -> Counter[str]:
    """Do all events on many threads and count the answers; each thread keeps one connection."""
    everyone = Barrier(THREADS)

    def leave(_: int) -> None:
        everyone.wait()  # so that each thread takes exactly one of these
        connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        answers = Counter(pool.map(run, events))
        list(pool.map(leave, range(THREADS)))
    return answers


def check_history(subject: Subject) -> None:
    """Replay what was written down: each step an edge of the table, each suspension counted."""
    row = Certificate.objects.get(pk=subject.pk)
    told = list(CertificateEvent.objects.filter(certificate=row).order_by("pk"))
    suspensions = 0
    for before, event in zip([None, *told], told, strict=False):
        if before is not None:
            assert event.source == before.target
            assert before.target not in FINAL
            assert event.source in CERTIFICATE_VERBS[event.verb].sources
            assert event.target == CERTIFICATE_VERBS[event.verb].target
        assert event.verb != "suspend" or suspensions < 2
        assert event.verb != "suspend_finally" or suspensions == 2
        suspensions += event.verb == "suspend"
        assert event.suspensions == suspensions
    assert (row.state, row.suspensions) == (told[-1].target, suspensions)
    assert row.companion is not None
    assert (row.companion.state, row.companion.suspensions) == (row.state, row.suspensions)


@pytest.mark.req("CERT-3", "CERT-4", "CERT-5", "CERT-8")
def test_sixty_certificates_and_their_events_race_without_a_violation():
    subjects = [Subject() for _ in range(CERTIFICATES)]
    answers = raced(jobs(subjects, random.Random(20261122)))
    assert sum(answers.values()) == CERTIFICATES * EVENTS
    assert answers["done"] > CERTIFICATES * EVENTS / 3, answers
    for subject in subjects:
        check_history(subject)
    ends = Counter(Certificate.objects.filter(purpose="SIGNING").values_list("state", flat=True))
    assert ends["REVOKED"] > CERTIFICATES / 3, ends
    rows = Certificate.objects.filter(state__in=[*ON_HOLD, CertificateState.REVOKED])
    crl = x509.load_der_x509_crl(queries.latest_crl())
    assert {f"{entry.serial_number:x}" for entry in crl} == set(
        rows.values_list("serial_number", flat=True)
    )
    open_letters = Letter.objects.filter(state__in=["PREPARED", "PRINTED"])
    assert not open_letters.exclude(certificate__state="UNSUSPENDING").exists()


@pytest.mark.req("CERT-4")
def test_third_suspension_races_a_lifting():
    """Either the lifting comes first and the suspension ends it for ever, or it comes too early."""
    seen = set()
    for _ in range(6):
        signer = make_signer()
        serial = signer.certificate.serial_number
        suspend = {"serial_number": serial, "actor": None, "now": NOW}
        operations.suspend(**suspend)
        lift(signer)
        operations.suspend(**suspend)
        letter = released(signer)
        lifted, suspended = at_once(
            [
                lambda: activate(signer, letter.number, letter.secret),  # noqa: B023 - this round
                lambda: operations.suspend(**suspend),  # noqa: B023 - the same
            ]
        )
        assert lifted.outcome == ActivateOutcome.ACTIVE
        row = signer.certificate
        if isinstance(suspended, CertificateStateChanged):
            assert row.state == CertificateState.ACTIVE
        else:
            assert suspended == row.state == CertificateState.REVOKED
        assert row.suspensions == 2
        seen.add(row.state)
    assert seen <= {CertificateState.ACTIVE, CertificateState.REVOKED}


@pytest.mark.req("CERT-1")
def test_letter_printed_by_two_at_once_leaves_the_bank_once():
    certificate = apply(make_holder())
    results = at_once([lambda: printed(certificate) for _ in range(4)])
    letters = [one for one in results if isinstance(one, PrintedLetter)]
    assert len(letters) == 1
    assert sum(isinstance(one, LetterNotPrintable) for one in results) == 3
    assert Letter.objects.get().number == letters[0].number.replace("-", "")


@pytest.mark.req("CERT-4")
def test_one_lifting_letter_used_by_two_at_once_works_once():
    signer = make_signer()
    operations.suspend(serial_number=signer.certificate.serial_number, actor=None, now=NOW)
    letter = released(signer)
    shown = [
        operations.prepare_activation(
            actor=signer.user, session_key_sha256=signer.session,
            audience="https://bank.example", now=NOW,
        )
        for _ in range(3)
    ]  # fmt: skip
    for one in shown:
        operations.unlock(
            actor=signer.user, session_key_sha256=signer.session, sign_request_id=one.id,
            pin="314159", now=NOW,
        )  # fmt: skip

    def use(one: operations.SignRequestFacts) -> operations.ActivateResult:
        return operations.activate(
            actor=signer.user, session_key_sha256=signer.session, audience="https://bank.example",
            letter_number=letter.number, secret=letter.secret, sign_request_id=one.id,
            signature_der=signer.sign(one, NOW), signing_time=NOW.replace(microsecond=0), now=NOW,
        )  # fmt: skip

    results = at_once([lambda one=one: use(one) for one in shown])
    assert sum(isinstance(one, operations.ActivateResult) for one in results) == 1
    assert signer.certificate.state == CertificateState.ACTIVE


@pytest.mark.req("CERT-1", "EQP-1")
def test_two_applications_race_for_one_card_and_for_one_holder():
    holders = [make_holder() for _ in range(3)]
    branch = holders[0].user.company.branch_id
    with transaction.atomic():
        operations.receive_card_step(serial_number="TC-1", unit_id=branch, now=NOW)
    results = at_once(
        [
            lambda holder=holder: apply(holder, storage="HARDWARE", card_serial="TC-1")
            for holder in holders
        ]
    )
    assert sum(isinstance(one, Certificate) for one in results) == 1
    assert Card.objects.get().holder_id in {holder.user.pk for holder in holders}
    other = make_holder()
    again = at_once([lambda: apply(replace(other, card=TestCard())) for _ in range(3)])
    assert sum(isinstance(one, Certificate) for one in again) == 1
