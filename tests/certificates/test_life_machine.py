"""The whole table of states as a random walk: every act is foretold by plain numbers (CERT-3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from django.db import transaction
from hypothesis import Phase, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from certificates import operations, queries
from certificates.formats.profiles import RevocationReason
from certificates.models import Card, Certificate, Letter
from certificates.operations import ActivateOutcome, EnrolOutcome, PrintedLetter
from certificates.policies import LETTER_LIFETIME, LETTER_TRIES
from certificates.states import CERTIFICATE_VERBS, FINAL, ON_HOLD, CardState, CertificateState
from kernel.errors import DomainError
from tests.factories.cards import TestCard
from tests.factories.certificates import (
    NOW,
    Holder,
    activate,
    apply,
    confirm,
    do,
    make_holder,
    printed,
    use_letter,
)

State = CertificateState
WRONG = "0000-0000-0000-0000-0"
WITH_LETTER = (State.APPLIED, State.LETTER_PRINTED, State.UNSUSPENDING)


class Life(RuleBasedStateMachine):
    """Live one holder's certificates through; `state` None means that there is none yet."""

    @initialize()
    def begin(self) -> None:
        self.savepoint = transaction.savepoint()
        self.holder: Holder = make_holder()
        self.certificate: Certificate | None = None
        self.state: CertificateState | None = None
        self.suspensions = self.tries = 0
        self.prepared = self.lost = False
        self.letter: PrintedLetter | None = None
        self.challenge: operations.SignRequestFacts | None = None

    def teardown(self) -> None:
        if hasattr(self, "savepoint"):
            transaction.savepoint_rollback(self.savepoint)

    @property
    def pk(self) -> int:
        return self.certificate.pk if self.certificate is not None else 0

    def agree(self, allowed: bool, act: Callable[[], object]) -> bool:
        """Act, and insist that it is refused exactly when it was foretold."""
        try:
            act()
        except DomainError:
            assert not allowed, self.state
            return False
        assert allowed, self.state
        return True

    def may(self, verb: str) -> bool:
        return self.state in CERTIFICATE_VERBS[verb].sources

    def lose_letter(self) -> None:
        self.letter, self.prepared, self.tries = None, False, 0
        if self.state == State.LETTER_PRINTED:
            self.state = State.APPLIED
        if self.state == State.UNSUSPENDING:
            self.state = State.SUSPENDED

    @precondition(lambda self: self.state is None or self.state in FINAL)
    @rule()
    def apply_again(self) -> None:
        self.certificate = apply(self.holder)
        self.holder = Holder(self.holder.user, self.holder.session, TestCard())
        self.state, self.suspensions, self.prepared = State.APPLIED, 0, True
        self.letter, self.challenge, self.lost, self.tries = None, None, False, 0

    @precondition(lambda self: self.state is not None)
    @rule()
    def print_letter(self) -> None:
        allowed = self.prepared and self.state in WITH_LETTER

        def act() -> None:
            self.letter = printed(self.certificate)

        if self.agree(allowed, act):
            self.prepared, self.tries = False, 0
            if self.state == State.APPLIED:
                self.state = State.LETTER_PRINTED

    @precondition(lambda self: self.state is not None)
    @rule()
    def reprint(self) -> None:
        allowed = self.state in WITH_LETTER
        if self.agree(allowed, lambda: do(operations.reprint_step, certificate_id=self.pk)):
            self.letter, self.prepared, self.tries = None, True, 0
            if self.state == State.LETTER_PRINTED:
                self.state = State.APPLIED

    @precondition(lambda self: self.state is not None)
    @rule()
    def withdraw(self) -> None:
        step = operations.withdraw_step
        if self.agree(
            self.may("withdraw"), lambda: do(step, certificate_id=self.pk, reason="wish")
        ):
            self.state = State.CANCELLED

    @precondition(lambda self: self.letter is not None)
    @rule()
    def letter_runs_out(self) -> None:
        found = Letter.objects.filter(certificate=self.pk).order_by("-pk")[0]
        late = NOW + LETTER_LIFETIME
        ended = operations.expire_letter(letter_id=found.pk, now=late)
        assert ended == (self.state in (State.LETTER_PRINTED, State.UNSUSPENDING))
        if ended:
            self.lose_letter()

    @precondition(lambda self: self.letter is not None)
    @rule()
    def wrong_secret(self) -> None:
        assert self.letter is not None
        if self.state == State.UNSUSPENDING:
            result = activate(self.holder, self.letter.number, WRONG)
            assert result.outcome == ActivateOutcome.LETTER_REFUSED
        else:
            refused = use_letter(self.holder, number=self.letter.number, secret=WRONG)
            assert refused.outcome == EnrolOutcome.LETTER_REFUSED
        if self.state in (State.LETTER_PRINTED, State.UNSUSPENDING):
            self.tries += 1
            if self.tries == LETTER_TRIES:
                self.lose_letter()

    @precondition(lambda self: self.letter is not None)
    @rule()
    def right_secret(self) -> None:
        """Enrol, or lift, with what stands on the letter; only where the letter is for."""
        letter = self.letter
        assert letter is not None
        if self.state == State.UNSUSPENDING:
            result = activate(self.holder, letter.number, letter.secret)
            assert result.outcome == ActivateOutcome.ACTIVE
            self.state, self.letter = State.ACTIVE, None
            return
        card = TestCard()
        holder = Holder(self.holder.user, self.holder.session, card)
        enrolled = use_letter(holder, number=letter.number, secret=letter.secret)
        assert (enrolled.outcome == EnrolOutcome.ISSUED) == self.may("enrol")
        if enrolled.challenge is not None:
            digest = bytes.fromhex(enrolled.challenge.certificate_sha256)
            self.holder = Holder(holder.user, holder.session, card, digest)
            self.challenge, self.state, self.letter = enrolled.challenge, State.ISSUED, None

    @precondition(lambda self: self.challenge is not None)
    @rule()
    def prove(self) -> None:
        challenge = self.challenge
        assert challenge is not None
        allowed = self.may("confirm")
        if self.agree(allowed, lambda: confirm(self.holder, challenge)):
            self.state = State.ACTIVE

    @precondition(lambda self: self.holder.certificate_sha256)
    @rule()
    def suspend(self) -> None:
        serial = self.holder.certificate.serial_number
        allowed = self.may("suspend")
        act = lambda: operations.suspend(serial_number=serial, actor=None, now=NOW)  # noqa: E731
        if self.agree(allowed, act):
            final = self.suspensions == 2
            self.state = State.REVOKED if final else State.SUSPENDED
            self.suspensions += 0 if final else 1

    @precondition(lambda self: self.state in (State.ACTIVE, *ON_HOLD))
    @rule()
    def report_lost(self) -> None:
        operations.report_lost(actor=self.holder.user, reason="taxi", now=NOW)
        self.lost = True
        if self.state == State.ACTIVE:
            final = self.suspensions == 2
            self.state = State.REVOKED if final else State.SUSPENDED
            self.suspensions += 0 if final else 1
        elif self.state == State.UNSUSPENDING:
            self.lose_letter()

    @precondition(lambda self: self.holder.certificate_sha256)
    @rule()
    def release(self) -> None:
        allowed = self.may("release_unsuspension") and not self.lost
        step = operations.release_unsuspension_step
        if self.agree(allowed, lambda: do(step, certificate_id=self.pk)):
            self.state, self.prepared, self.letter = State.UNSUSPENDING, True, None

    @precondition(lambda self: self.holder.certificate_sha256)
    @rule()
    def revoke(self) -> None:
        facts = {
            "serial_number": self.holder.certificate.serial_number,
            "reason": RevocationReason.CESSATION_OF_OPERATION, "actor": None, "now": NOW,
        }  # fmt: skip
        if self.agree(self.may("revoke"), lambda: operations.revoke(**facts)):
            self.state = State.REVOKED

    @precondition(lambda self: self.holder.certificate_sha256)
    @rule()
    def time_is_over(self) -> None:
        after: datetime = self.holder.certificate.not_after + timedelta(seconds=1)
        ended = operations.expire_certificate(certificate_id=self.pk, now=after)
        assert ended == self.may("expire")
        if ended:
            self.state = State.EXPIRED

    @invariant()
    def row_is_as_foretold(self) -> None:
        if self.certificate is None:
            return
        row = Certificate.objects.select_related("companion", "card").get(pk=self.pk)
        assert (row.state, row.suspensions) == (self.state, self.suspensions)
        if row.companion is not None:
            assert (row.companion.state, row.companion.suspensions) == (row.state, row.suspensions)
            if self.state in FINAL:
                ended = (CardState.TERMINATED, CardState.PERM_LOST)
                assert row.card is not None
                assert row.card.state in ended

    @invariant()
    def list_tells_the_same(self) -> None:
        if self.certificate is None or not self.holder.certificate_sha256:
            return
        crl = x509.load_der_x509_crl(queries.latest_crl())
        told = {f"{entry.serial_number:x}" for entry in crl}
        row = Certificate.objects.select_related("companion").get(
            sha256=self.holder.certificate_sha256.hex()
        )
        for one in (row, row.companion):
            assert (one.serial_number in told) == (one.state in (*ON_HOLD, State.REVOKED))

    @invariant()
    def one_letter_at_most_is_open(self) -> None:
        if self.certificate is None:
            return
        found = list(Letter.objects.filter(certificate=self.pk, state__in=["PREPARED", "PRINTED"]))
        expected = self.state in WITH_LETTER and (self.prepared or self.letter is not None)
        assert len(found) == expected
        assert not found or (found[0].secret_hmac is None) == self.prepared


@pytest.mark.django_db
@pytest.mark.req("CERT-3", "CERT-4", "CERT-5")
def test_every_life_goes_by_the_table():
    run_state_machine_as_test(
        Life,
        # A walk costs a second and a shorter one tells little more: shrinking would take minutes.
        settings=settings(max_examples=15, stateful_step_count=30, phases=[Phase.generate]),
    )
    assert not Card.objects.exists()
