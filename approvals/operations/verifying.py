"""Send a releaser the code of exactly this transaction, and take it back (AUTH-7)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction

from approvals.errors import StaleRevision
from approvals.operations.deciding import judge
from approvals.queries.codes import subject_of
from approvals.states import Act
from certificates.formats.statements import short_code
from identity.errors import TooManyCodes
from identity.gateways import short_memory
from identity.models import User
from identity.operations import CodeOutcome, Purpose, SentCode, send_code_step, take_code_step

# So many messages to one phone in so many seconds: more is somebody playing, or a broken phone.
MOST_SENT: Final = 5
SENT_WITHIN_SECONDS: Final = 600


def send_release_code(*, actor: User, reference: str, revision: int, now: datetime) -> SentCode:
    """Send the actor the code that releases this revision and nothing else (AUTH-7).

    It is derived from the request's reference and the digest of the revision's canonical bytes: of
    two orders alike each has a code of its own. The message names amount and payee, and the short
    code that the page shows. Raises as `release` does, StaleRevision for a
    revision the page did not show, TooManyCodes, NowhereToSend, DoorShut.
    """
    if short_memory().hit(f"code:{actor.pk}", seconds=SENT_WITHIN_SECONDS) > MOST_SENT:
        raise TooManyCodes()
    return _send(actor, reference, revision, now)


@transaction.atomic(durable=True)
def confirm_release_code(*, actor: User, reference: str, typed: str, now: datetime) -> CodeOutcome:
    """Take back the code for the request's present revision; wrong ones are counted (AUTH-7).

    Committed whatever it answers. Raises as `release` does.
    """
    submitted = judge(Act.RELEASE, actor, reference, now).submitted
    return take_code_step(
        user=actor, purpose=Purpose.TRANSACTION,
        subject=subject_of(submitted.request, submitted.revision), typed=typed, now=now,
    )  # fmt: skip


@transaction.atomic(durable=True)
def _send(actor: User, reference: str, revision: int, now: datetime) -> SentCode:
    submitted = judge(Act.RELEASE, actor, reference, now).submitted
    if submitted.revision.number != revision:
        raise StaleRevision()
    return send_code_step(
        user=actor, purpose=Purpose.TRANSACTION, now=now,
        subject=subject_of(submitted.request, submitted.revision),
        facts={
            "reference": reference,
            "amount_text": str(submitted.money or ""),
            "short_code": short_code(bytes.fromhex(submitted.revision.sha256)),
            **submitted.kind.alert_facts(submitted.revision.content),
        },
    )  # fmt: skip
