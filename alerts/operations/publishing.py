"""Keep what everybody reads at the door: bulletin, files to download, how to reach the bank.

Every writer here is a step: the bank's pages bring the changes as requests under dual control
(DUAL-6), and the release calls them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from alerts.errors import (
    PublicationGone,
    PublicationRefused,
    dates_reversed,
    file_not_handed_out,
    file_there_already,
    file_too_large,
    text_too_long,
    texts_missing,
)
from alerts.formats import media_type_of
from alerts.models import Bulletin, ContactLine, Publication
from audit.operations import BANK, record, require_transaction

OCTETS_PER_MB = 1024 * 1024
MOST_MB = 5
# What a page has room for, by the field's name.
MOST_CHARACTERS = {
    "title_zh": 80, "title_en": 120, "text_zh": 2000, "text_en": 4000,
    "label_zh": 40, "label_en": 60, "value": 120,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class BulletinFields:
    """Carry one piece of news; both dates are business dates, the last one included or open.

    `publication_id` is a file that stands, or None.
    """

    title_zh: str
    title_en: str
    text_zh: str
    text_en: str
    from_date: date
    until_date: date | None = None
    is_pinned: bool = False
    publication_id: int | None = None


@dataclass(frozen=True, slots=True)
class FileFields:
    """Carry one file: what it is (Publication.Kind), what it is called, its bytes."""

    kind: str
    title_zh: str
    title_en: str
    content: bytes


@dataclass(frozen=True, slots=True)
class ContactFields:
    """Carry one line of how to reach the bank."""

    label_zh: str
    label_en: str
    value: str


def publish_bulletin_step(*, fields: BulletinFields, actor: str, now: datetime) -> int:
    """Put a piece of news on the sign-in pages and return its id; a step (KEY-3).

    `actor` is a user's public_id or `system`. Raises PublicationRefused, PublicationGone.
    """
    require_transaction()
    said = {name: getattr(fields, name) for name in ("title_zh", "title_en", "text_zh", "text_en")}
    _check_texts(said)
    if fields.until_date is not None and fields.until_date < fields.from_date:
        raise dates_reversed()
    if fields.publication_id is not None:
        _standing_file(fields.publication_id)
    row = Bulletin.objects.create(
        **{name: text.strip() for name, text in said.items()},
        from_date=fields.from_date, until_date=fields.until_date, is_pinned=fields.is_pinned,
        publication_id=fields.publication_id, published_at=now,
    )  # fmt: skip
    after = {**asdict(fields), "from_date": str(row.from_date)}
    after["until_date"] = str(row.until_date) if row.until_date else ""
    record(
        chain=BANK, event="alerts.bulletin.published", actor=actor, target=f"bulletin:{row.pk}",
        now=now, after=after,
    )  # fmt: skip
    return int(row.pk)


def withdraw_bulletin_step(
    *, bulletin_id: int, actor: str, now: datetime, reason: str = ""
) -> None:
    """Take a piece of news off the sign-in pages; a step (KEY-3). Raises PublicationGone."""
    require_transaction()
    gone = Bulletin.objects.filter(pk=bulletin_id, withdrawn_at__isnull=True)
    if not gone.update(withdrawn_at=now):
        raise PublicationGone()
    record(
        chain=BANK, event="alerts.bulletin.withdrawn", actor=actor,
        target=f"bulletin:{bulletin_id}", now=now, reason=reason,
    )  # fmt: skip


def publish_file_step(*, fields: FileFields, actor: str, now: datetime) -> str:
    """Hand a file out at the door and return its SHA-256, which names it; a step (KEY-3).

    Its kind is read from its bytes. Raises PublicationRefused.
    """
    require_transaction()
    said = {"title_zh": fields.title_zh, "title_en": fields.title_en}
    _check_texts(said)
    media_type = media_type_of(fields.content)
    if media_type is None:
        raise file_not_handed_out()
    if len(fields.content) > MOST_MB * OCTETS_PER_MB:
        raise file_too_large(MOST_MB)
    sha256 = hashlib.sha256(fields.content).hexdigest()
    # Two of the same file at once: the constraint holds, and the second is told as much.
    if Publication.objects.filter(sha256=sha256, withdrawn_at__isnull=True).exists():
        raise file_there_already()
    row = Publication.objects.create(
        **{name: text.strip() for name, text in said.items()},
        kind=Publication.Kind(fields.kind), content=fields.content, media_type=media_type,
        sha256=sha256, size=len(fields.content), published_at=now,
    )  # fmt: skip
    after = {**said, "kind": str(row.kind), "media_type": str(media_type)}
    record(
        chain=BANK, event="alerts.publication.published", actor=actor,
        target=f"publication:{sha256}", now=now, after={**after, "size": row.size},
    )  # fmt: skip
    return sha256


def withdraw_file_step(*, sha256: str, actor: str, now: datetime, reason: str = "") -> None:
    """Hand a file out no more; a step (KEY-3). Its bytes are kept. Raises PublicationGone."""
    require_transaction()
    gone = Publication.objects.filter(sha256=sha256, withdrawn_at__isnull=True)
    if not gone.update(withdrawn_at=now):
        raise PublicationGone()
    record(
        chain=BANK, event="alerts.publication.withdrawn", actor=actor,
        target=f"publication:{sha256}", now=now, reason=reason,
    )  # fmt: skip


def set_contact_step(*, lines: Sequence[ContactFields], actor: str, now: datetime) -> None:
    """Say how the bank is reached, in this order and instead of what stood there; a step (KEY-3).

    Without a line the pages show telephone and mail address of the settings.
    Raises PublicationRefused.
    """
    require_transaction()
    for line in lines:
        _check_texts(asdict(line))
    stood = ContactLine.objects.select_for_update().order_by("order")
    before = [_contact_facts(ContactFields(r.label_zh, r.label_en, r.value)) for r in stood]
    ContactLine.objects.all().delete()
    ContactLine.objects.bulk_create(
        ContactLine(order=place, **_contact_facts(line)) for place, line in enumerate(lines, 1)
    )
    record(
        chain=BANK, event="alerts.contact.changed", actor=actor, target="contact:door", now=now,
        before={"lines": before}, after={"lines": [_contact_facts(line) for line in lines]},
    )  # fmt: skip


def _standing_file(publication_id: int) -> None:
    if not Publication.objects.filter(pk=publication_id, withdrawn_at__isnull=True).exists():
        raise PublicationGone()


def _check_texts(said: dict[str, str]) -> None:
    """Insist that everything is said, in both languages, and fits. Raises PublicationRefused."""
    for name, text in said.items():
        refusal: PublicationRefused | None = None
        if not text.strip():
            refusal = texts_missing(name)
        elif len(text) > MOST_CHARACTERS[name]:
            refusal = text_too_long(name, MOST_CHARACTERS[name])
        if refusal is not None:
            raise refusal


def _contact_facts(line: ContactFields) -> dict[str, str]:
    return {name: text.strip() for name, text in asdict(line).items()}
