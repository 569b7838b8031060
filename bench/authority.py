"""The authority measured in one process: verifying, accepting, listing, answering."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db import connection, transaction

from bench import bank
from bench.places import ENTRIES
from certificates import operations as certificates
from certificates.formats import der
from certificates.formats.authority import is_issued_by
from certificates.formats.cades import check_signature
from certificates.formats.ocsp import certificate_identifier
from certificates.formats.statements import PolicyReference, RequestReference, Step
from certificates.models import Certificate, RevocationList, Signature, SignRequest
from certificates.operations import SignRequestFacts
from certificates.operations.showing import standing_of
from certificates.policies import (
    StatementFields,
    is_still_asked,
    scope_refusal,
    standing_refusal,
)
from identity.formats import session_digest
from kernel import clock, ids
from kernel.canonical import sha256_hex

FUNCTION = "transfers.order"
# A refusal is five bytes; an answer carries a signature and a certificate.
SHORTEST_ANSWER = 100


@dataclass(frozen=True, slots=True)
class Signed:
    """One statement that was shown, unlocked and signed."""

    shown: SignRequestFacts
    fields: StatementFields
    signature: bytes
    at: datetime


class Worker(bank.Worker):
    """Hold one signer and what was prepared for the next slice."""

    def __init__(self, number: int, origin: str) -> None:
        super().__init__(number, origin)
        self.signed: list[Signed] = []
        self.questions: list[bytes] = []

    def sign(self, count: int) -> None:
        """Show and sign this many statements."""
        self.signed = [self._signed() for _ in range(count)]

    def ask(self, count: int, nonce: bool) -> None:
        """Write this many questions about the signer's certificate."""
        row = Certificate.objects.select_related("issuer").get(sha256=self.certificate_sha256.hex())
        issuer = bytes(row.issuer.certificate_der) if row.issuer is not None else b""
        identifier = certificate_identifier(issuer, int(row.serial_number or "", 16))
        self.questions = [_question(identifier, nonce) for _ in range(count)]
        certificates.answer(question=self.questions[0], now=clock.now())

    def judge(self) -> dict[str, Any]:
        """Verify signature, chain, state and scope of what was signed, every row at hand."""
        rows = SignRequest.objects.select_related("certificate__card", "certificate__issuer")
        at_hand = [(one, rows.get(pk=one.shown.id)) for one in self.signed]
        return _timed([partial(_judge, one, row) for one, row in at_hand])

    def accept(self) -> dict[str, Any]:
        """Verify and accept what was signed, each in the transaction of a decision."""
        return _timed([partial(self._accept, one) for one in self.signed])

    def answer(self) -> dict[str, Any]:
        """Answer the questions."""
        return _timed([partial(_answer, question) for question in self.questions])

    def publish(self, count: int) -> dict[str, Any]:
        """Publish the whole list this many times."""
        return _timed([_publish] * count)

    def lists(self) -> list[str]:
        """Return what is wrong with the newest list."""
        newest = RevocationList.objects.filter(issuer__kind="ISSUING").order_by("-pk").first()
        entries = newest.entries if newest is not None else 0
        connection.close()
        return [] if entries == ENTRIES else [f"the list names {entries}, not {ENTRIES}"]

    def accepted(self) -> list[str]:
        """Return what of the signed statements was not accepted."""
        asked = [one.shown.id for one in self.signed]
        kept = Signature.objects.filter(sign_request__in=asked).count()
        connection.close()
        return [] if kept == len(asked) else [f"of {len(asked)}: {kept} accepted"]

    def _accept(self, one: Signed) -> None:
        session = session_digest(self.session_key)
        given: dict[str, Any] = {
            "actor_id": self.releaser.pk, "session_key_sha256": session,
            "sign_request_id": one.shown.id, "expected": one.fields,
            "signature_der": one.signature, "signing_time": one.at, "now": clock.now(),
        }  # fmt: skip
        verified = certificates.verify_signature(**given)
        with transaction.atomic():
            certificates.accept_signature(
                **given, function=FUNCTION, amount=bank.AMOUNT, verified=verified
            )

    def _signed(self) -> Signed:
        now, actor = clock.now().replace(microsecond=0), self._actor(self.releaser)
        session, fields = session_digest(self.session_key), _fields(self.origin)
        shown = certificates.prepare_signature(
            actor=actor, session_key_sha256=session, fields=fields, now=now
        )
        certificates.unlock(
            actor=actor, session_key_sha256=session, sign_request_id=shown.id, pin=bank.PIN, now=now
        )
        signature = self.card.sign_statement(shown.statement, self.certificate_sha256, now)
        return Signed(shown, fields, signature, now)


def _judge(one: Signed, row: SignRequest) -> None:
    certificate = row.certificate
    issuer = bytes(certificate.issuer.certificate_der) if certificate.issuer is not None else b""
    certificate_der = bytes(certificate.der or b"")
    is_issued_by.cache_clear()  # as at the first signature of a process
    standing = standing_of(certificate, certificate.card.state if certificate.card else None)
    now = clock.now()
    check_signature(
        statement=bytes(row.statement), certificate=certificate_der, signing_time=one.at,
        signature=one.signature, not_before=row.created_at, not_after=row.expires_at,
    )  # fmt: skip
    sound = (
        is_issued_by(certificate_der, issuer)
        and is_still_asked(bytes(row.statement), one.fields)
        and standing_refusal(standing, allowed_storages={certificate.storage}, now=now) is None
        and scope_refusal(standing, function=FUNCTION, amount=bank.AMOUNT) is None
    )
    if not sound:
        raise RuntimeError("what was signed is refused")


def _answer(question: bytes) -> None:
    told = certificates.answer(question=question, now=clock.now())
    if len(told) < SHORTEST_ANSWER:
        raise RuntimeError("the responder refused to answer")


def _publish() -> None:
    certificates.publish_crl(now=clock.now())


def _question(identifier: bytes, nonce: bool) -> bytes:
    fields = [der.sequence(der.sequence(identifier))]
    if nonce:
        octets = der.element(0x04, der.element(0x04, ids.token(16).encode()[:16]))
        extension = der.sequence(bytes.fromhex("06092b0601050507300102"), octets)
        fields.append(der.element(0xA2, der.sequence(extension)))
    return der.sequence(der.sequence(*fields))


def _timed(acts: Sequence[Callable[[], object]]) -> dict[str, Any]:
    times, failures, before = [], [], time.process_time()
    for act in acts:
        started = time.perf_counter()
        try:
            act()
        except Exception as error:  # noqa: BLE001 - whatever it was, the slice does not count
            failures.append(repr(error))
        times.append((time.perf_counter() - started) * 1000)
    return {"times": times, "failures": failures, "cpu": time.process_time() - before}


def _fields(origin: str) -> StatementFields:
    return StatementFields(
        action="approvals.request.release",
        audience=origin,
        text="付款 TWD 125 予 量測股份有限公司",
        facts={"amount": "125", "currency": "TWD", "payee": "量測股份有限公司"},
        request=RequestReference(f"T20261122-{ids.token(6)}", 1, sha256_hex(b"revision 1")),
        step=Step(3, 3, "ent.finance.releaser"),
        policy=PolicyReference("F-1", sha256_hex(b"policy")),
        prev=sha256_hex(b"decisions of the stage before"),
    )
