"""One company of the measured bank in one process: prepares signed releases, then does them."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Max

from approvals import operations as approvals
from approvals.models import Request
from approvals.operations import Signed
from approvals.states import Act
from audit.queries import chain_states
from bench.recording import Statement, recorded
from certificates import operations as certificates
from certificates.formats.profiles import KeyStorage
from corpbank.demo.bank import (
    AccountSpec,
    CompanySpec,
    PersonSpec,
    found_company,
    found_unit,
    four_flows,
)
from identity import operations as identity
from identity.formats import session_digest
from identity.models import Unit, User
from identity.policies import Factor
from identity.queries import permissions_of
from kernel import clock, ids
from kernel.clock import business_date
from kernel.errors import DomainError
from kernel.money import Money
from ledger import queries as ledger
from ledger.models import Posting
from tests.factories.cards import TestCard
from transfers.operations import OrderFields, create_order

PASSWORD = "correct horse 4 staple"
PIN = "482915"
AMOUNT = Money(Decimal(125), "TWD")
MAKER, RELEASER = "maker01", "release1"
PLENTY = Decimal(1_000_000_000_000)


@dataclass(frozen=True, slots=True)
class Case:
    """One request that waits for its release, with the signature for it already made."""

    reference: str
    signed: Signed
    form_key: str


def code_of(number: int) -> str:
    """Return the code of a company by its number."""
    return f"9000{number:04d}"


def accounts_of(number: int) -> tuple[str, str]:
    """Return the account a company pays from and the one it pays to."""
    return f"9{number:03d}00000011", f"9{number:03d}00000029"


def company_spec(number: int) -> CompanySpec:
    """Describe a company with a maker, a releaser and money that lasts."""
    source, target = accounts_of(number)
    return CompanySpec(
        code=code_of(number),
        name=f"量測股份有限公司 {number}",
        accounts=[
            AccountSpec(source, "TWD", "付款帳戶", PLENTY),
            AccountSpec(target, "TWD", "收款帳戶", Decimal(1)),
        ],
        people=[
            PersonSpec(MAKER, "林雅婷", "ent.finance.maker"),
            PersonSpec(RELEASER, "王大同", "ent.finance.releaser"),
        ],
        flows=four_flows(10_000, 100_000, 1_000_000),
        limits={"TWD": (PLENTY, PLENTY * 100)},
    )


class Worker:
    """Hold the people and the prepared releases of company `number`."""

    def __init__(self, number: int, origin: str) -> None:
        self.number, self.origin = number, origin
        self.maker, self.releaser = User(), User()
        self.card, self.certificate_sha256 = TestCard(), b""
        self.session_key = ""
        self.cases: list[Case] = []

    def found(self, companies: int) -> None:
        """Found the bank with this many companies."""
        now = _second()
        certificates.prepare_authority(now=now)
        with transaction.atomic():
            branch, _ = found_unit(
                code="001", name="營業部", kind=Unit.Kind.BRANCH, parent=None, people=[],
                password=PASSWORD, now=now,
            )  # fmt: skip
            for number in range(companies):
                found_company(
                    company_spec(number), branch=branch, granted_by=None, password=PASSWORD, now=now
                )

    def enter(self) -> None:
        """Sign the releaser in, give them a card, and do one release that is not measured."""
        self.maker, self.releaser = self._person(MAKER), self._person(RELEASER)
        result = identity.sign_in(
            site="enterprise", company_code=code_of(self.number), login_name=RELEASER,
            password=PASSWORD, address="127.0.0.1", agent="bench", now=clock.now(),
        )  # fmt: skip
        self.session_key = self._shown_card(result.session_key)
        self._enrol()
        self.prepare(1)
        self.release()

    def prepare(self, count: int) -> list[str]:
        """Submit and sign this many transfers; return their references."""
        self.cases += [self._case() for _ in range(count)]
        return [case.reference for case in self.cases]

    def prepare_forms(self, count: int) -> dict[str, Any]:
        """Submit and sign transfers, and return the forms a browser would send with its session."""
        return {
            "session": self.session_key,
            "forms": [
                (case.reference, _form(case)) for case in (self._case() for _ in range(count))
            ],
        }

    def release(self) -> dict[str, Any]:
        """Release everything prepared, one after the other; tell what failed and the CPU time."""
        cases, self.cases = self.cases, []
        actor, failures = self._actor(self.releaser), []
        started = time.process_time()
        for case in cases:
            try:
                self._release(actor, case)
            except DomainError as error:
                failures.append(f"{case.reference}: {error.code}")
        return {"failures": failures, "cpu": time.process_time() - started}

    def record(self) -> list[list[Statement]]:
        """Release everything prepared and return the statements of each release."""
        cases, self.cases = self.cases, []
        actor = self._actor(self.releaser)
        found = []
        for case in cases:
            with recorded() as statements:
                self._release(actor, case)
            found.append(statements)
        return found

    def findings(self, references: list[str]) -> list[str]:
        """Return what is wrong with the books, and which of these were not released and posted."""
        found = [str(finding) for finding in ledger.verify()]
        released = Request.objects.filter(reference__in=references, state="RELEASED").count()
        posted = Posting.objects.filter(reference__in=references).count()
        if (released, posted) != (len(references), len(references)):
            found.append(f"of {len(references)}: {released} released, {posted} posted")
        connection.close()
        return found

    def broken_chains(self) -> list[str]:
        """Return the audit chains that do not hold together."""
        found = [state.name for state in chain_states() if state.broken is not None]
        connection.close()
        return found

    def leave(self) -> None:
        """Close the connection; the next order opens another."""
        connection.close()

    def servers(self) -> dict[str, str]:
        """Return what the database says of itself."""
        with connection.cursor() as cursor:
            names = ("server_version", "fsync", "synchronous_commit", "shared_buffers")
            said = {}
            for name in names:
                cursor.execute("SELECT current_setting(%s)", [name])
                said[name] = str(cursor.fetchone()[0])
        return said | {"requests": str(Request.objects.aggregate(most=Max("pk"))["most"])}

    def _person(self, login: str) -> User:
        people = User.objects.select_related("company", "unit")
        return people.get(company__code=code_of(self.number), login_name=login)

    def _actor(self, user: User) -> User:
        user.granted = permissions_of(user.pk, now=clock.now())
        user.factor = Factor.CARD
        return user

    def _shown_card(self, session_key: str) -> str:
        """Return the key of the session after its person has shown the card."""
        digest = session_digest(session_key)
        with transaction.atomic():
            return identity.step_up_step(
                user=self.releaser, key_sha256=digest, factor=Factor.CARD, now=clock.now()
            )

    def _enrol(self) -> None:
        now, actor = _second(), self._actor(self.releaser)
        letter = certificates.issue_letter(holder_id=actor.pk, actor=None, now=now)
        session = session_digest(self.session_key)
        nonce = certificates.begin_enrolment(actor=actor, session_key_sha256=session, now=now)
        result = certificates.enrol(
            actor=actor, session_key_sha256=session, audience=self.origin,
            letter_number=letter.number, secret=letter.secret,
            request_der=self.card.make_request(nonce),
            authentication_request_der=TestCard().make_request(nonce), pin=PIN,
            made_on=KeyStorage.BROWSER, now=now,
        )  # fmt: skip
        if result.challenge is None:
            raise RuntimeError("the card was not enrolled")
        digest = result.challenge.certificate_sha256
        self.certificate_sha256 = bytes.fromhex(digest)
        signature = self.card.sign_statement(
            result.challenge.statement, self.certificate_sha256, now
        )
        certificates.confirm(
            actor=actor, session_key_sha256=session, certificate_sha256=digest,
            signature_der=signature, signing_time=now, now=now,
        )  # fmt: skip

    def _case(self) -> Case:
        now, source_and_target = _second(), accounts_of(self.number)
        maker, releaser = self._actor(self.maker), self._actor(self.releaser)
        fields = OrderFields(
            from_account=source_and_target[0], payee_account=source_and_target[1],
            payee_name="量測股份有限公司", money=AMOUNT, value_date=business_date(now), memo="量測",
        )  # fmt: skip
        reference = create_order(actor=maker, fields=fields, form_key=ids.token(), now=now)
        approvals.submit(actor=maker, reference=reference, form_key=ids.token(), now=now)
        session = session_digest(self.session_key)
        shown = approvals.prepare_decision(
            actor=releaser, reference=reference, act=Act.RELEASE, revision=1, reason="",
            session_key_sha256=session, audience=self.origin, now=now,
        )  # fmt: skip
        certificates.unlock(
            actor=releaser, session_key_sha256=session, sign_request_id=shown.id, pin=PIN, now=now
        )
        signature = self.card.sign_statement(shown.statement, self.certificate_sha256, now)
        signed = Signed(shown.id, signature, now, session, self.origin)
        return Case(reference, signed, ids.token())

    def _release(self, actor: User, case: Case) -> None:
        approvals.release(
            actor=actor, reference=case.reference, signed=case.signed, form_key=case.form_key,
            now=clock.now(),
        )  # fmt: skip


def _form(case: Case) -> dict[str, str]:
    return {
        "idempotency_key": case.form_key,
        "sign_request": case.signed.sign_request_id,
        "signature": base64.b64encode(case.signed.signature).decode(),
        "signing_time": case.signed.signing_time.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _second() -> datetime:
    """Return the time in whole seconds, as signatures carry it."""
    return clock.now().replace(microsecond=0)
