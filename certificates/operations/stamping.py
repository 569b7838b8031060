"""Fetch the time stamps of accepted signatures, after the commit (SIGN-4)."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from certificates.errors import TimeStampReason, TimeStampRefused
from certificates.formats.authority import new_serial
from certificates.formats.profiles import Service
from certificates.formats.signers import Signer
from certificates.formats.timestamps import (
    StampedTime,
    build_answer,
    build_question,
    check_answer,
    read_question,
)
from certificates.gateways.stamping import TimeStampAuthority, outside_time_stamp_authority
from certificates.models import AwaitedTimeStamp, Signature, TimeStamp
from certificates.operations.services import service_credentials
from certificates.policies import retry_after
from certificates.queries import root_of

BATCH: Final = 10
# Longer than a batch of questions that all wait for their answers until the very end.
LEASE: Final = timedelta(minutes=3)


@dataclass(frozen=True)
class BuiltInTimeStampAuthority:
    """Stamp with the bank's own service key, for demonstrations and as a stand-by."""

    signer: Signer
    certificate: bytes
    issuers: Sequence[bytes]
    roots: Sequence[bytes]

    def answer(self, question: bytes, *, now: datetime) -> bytes:
        """Return an answer signed here with the time given."""
        return build_answer(
            question=read_question(question), signer=self.signer, certificate=self.certificate,
            issuers=self.issuers, serial=new_serial(), now=now,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class StampResult:
    """Tell how many signatures were stamped, and how many questions brought no time stamp."""

    stamped: int
    failed: int


@dataclass(frozen=True, slots=True)
class _Claimed:
    signature_id: int
    cms: bytes
    tries: int


def stamp(*, now: datetime, request_key: str | None = None, limit: int = BATCH) -> StampResult:
    """Fetch the time stamps of up to `limit` signatures that are due, or of one request's now.

    A door that holds no transaction while it talks to the outside world: it claims rows for some
    minutes in one short transaction and notes each outcome in another, so that calls in parallel
    never ask for the same, and whoever is killed in between leaves its rows to the next. Signatures
    of one request are asked for at once, whenever they would be due.
    """
    claimed = _claim(now=now, request_key=request_key, limit=limit)
    if not claimed:
        return StampResult(0, 0)
    authority = time_stamp_authority(now=now)
    stamped = failed = 0
    for place, one in enumerate(claimed):
        try:
            _keep(one, *_asked(authority, one.cms, now), now=now)
        except TimeStampRefused as refused:
            failed += 1
            unreachable = refused.reason is TimeStampReason.UNREACHABLE
            # Who does not answer one question does not answer the next either.
            _put_off(claimed[place:] if unreachable else [one], now=now)
            if unreachable:
                break
        else:
            stamped += 1
    return StampResult(stamped, failed)


def time_stamp_authority(*, now: datetime) -> TimeStampAuthority:
    """Return who stamps the time: an authority outside where one is set, or the bank's own."""
    outside = outside_time_stamp_authority()
    if outside is not None:
        return outside
    own = service_credentials(service=Service.TIME_STAMPING, now=now)
    return BuiltInTimeStampAuthority(
        own.signer, own.certificate, [own.issuer], [root_of(own.issuer)]
    )


def _asked(authority: TimeStampAuthority, cms: bytes, now: datetime) -> tuple[bytes, StampedTime]:
    digest, nonce = hashlib.sha256(cms).digest(), secrets.randbits(64)
    answer = authority.answer(build_question(digest=digest, nonce=nonce), now=now)
    return answer, check_answer(answer, digest=digest, nonce=nonce, roots=authority.roots)


@transaction.atomic(durable=True)
def _claim(*, now: datetime, request_key: str | None, limit: int) -> list[_Claimed]:
    rows = AwaitedTimeStamp.objects.select_for_update(skip_locked=True, of=("self",))
    if request_key is None:
        rows = rows.filter(due_at__lte=now)
    else:
        rows = rows.filter(signature__sign_request__request_key=request_key)
    due = list(rows.select_related("signature").order_by("due_at", "pk")[:limit])
    AwaitedTimeStamp.objects.filter(pk__in=[row.pk for row in due]).update(due_at=now + LEASE)
    return [_Claimed(row.pk, bytes(row.signature.cms), row.tries) for row in due]


@transaction.atomic(durable=True)
def _keep(claimed: _Claimed, answer: bytes, stamped: StampedTime, *, now: datetime) -> None:
    signature = Signature(pk=claimed.signature_id)
    row = TimeStamp(
        signature=signature,
        der=answer,
        root_der=stamped.root,
        serial=f"{stamped.serial:x}",
        stamped_at=stamped.stamped_at,
        kept_at=now,
    )
    # Where a lease ran out somebody else may have been faster: the first one stays.
    TimeStamp.objects.bulk_create([row], ignore_conflicts=True)
    AwaitedTimeStamp.objects.filter(pk=claimed.signature_id).delete()


@transaction.atomic(durable=True)
def _put_off(claimed: Sequence[_Claimed], *, now: datetime) -> None:
    for one in claimed:
        AwaitedTimeStamp.objects.filter(pk=one.signature_id).update(
            due_at=now + retry_after(one.tries), tries=one.tries + 1
        )
