"""What the bank says to everybody at its door, in tests."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, timedelta

from django.db import transaction

from alerts.formats import MediaType
from alerts.operations import (
    BulletinFields,
    FileFields,
    publish_bulletin_step,
    publish_file_step,
)
from kernel.clock import business_date

PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n"


def news(today: date, **changes: object) -> BulletinFields:
    """Return one piece of news of today."""
    said: dict[str, object] = {
        "title_zh": "系統維護", "title_en": "Maintenance",
        "text_zh": "週日凌晨暫停服務。", "text_en": "No service on Sunday night.",
        "from_date": today, "until_date": today + timedelta(days=7),
    }  # fmt: skip
    return BulletinFields(**(said | changes))


def publish_news(now: datetime, **changes: object) -> int:
    """Put one piece of news on the sign-in pages."""
    with transaction.atomic():
        fields = news(business_date(now), **changes)
        return publish_bulletin_step(fields=fields, actor="system", now=now)


def publish_file(now: datetime, content: bytes = PDF, **changes: str) -> str:
    """Hand one file out at the door and return its SHA-256."""
    said = {"kind": "MANUAL", "title_zh": "使用手冊", "title_en": "Manual"} | changes
    with transaction.atomic():
        fields = FileFields(content=content, **said)
        return publish_file_step(fields=fields, actor="system", now=now)


def office_file(kind: MediaType, *extra: str, types: str = "", before: bytes = b"") -> bytes:
    """Return the smallest file of an office program of this kind, with these parts besides.

    `types` is added to what the package says of its parts, `before` stands before the package.
    """
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        if kind == MediaType.ODT:
            archive.writestr("mimetype", kind.value)
        else:
            archive.writestr(
                "[Content_Types].xml",
                f'<Types><Override ContentType="{kind.value}.main+xml"/>{types}</Types>',
            )
        for name in extra:
            archive.writestr(name, types or "x")
    return before + made.getvalue()
