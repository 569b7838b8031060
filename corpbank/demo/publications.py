"""What the demo's bank says to everybody at its door: news, a manual, an agreement, its telephone.

A step: it founds nothing where something stands already.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import typst
from django.conf import settings

from alerts import queries as alerts
from alerts.models import Publication
from alerts.operations import (
    BulletinFields,
    ContactFields,
    FileFields,
    publish_bulletin_step,
    publish_file_step,
    set_contact_step,
)
from kernel.clock import business_date

PAPERS = Path(__file__).resolve().parent / "papers"
FONTS = settings.BASE_DIR / "branch_ops" / "formats" / "fonts"
BANK = "system"


def load_publications(now: datetime) -> bool:
    """Publish the demo's news, files and contact where there are none; tells whether it did."""
    if alerts.publications("en") or alerts.sign_in_notices("en", now=now):
        return False
    manual = publish_file_step(
        fields=FileFields(
            "MANUAL", "企業網路銀行使用手冊", "Manual (in Chinese)", paper("manual", now)
        ),
        actor=BANK, now=now,
    )  # fmt: skip
    publish_file_step(
        fields=FileFields(
            "AGREEMENT", "企業網路銀行服務約定書", "Service agreement (in Chinese)",
            paper("agreement", now),
        ),
        actor=BANK, now=now,
    )  # fmt: skip
    for fields in _news(now, Publication.objects.get(sha256=manual).pk):
        publish_bulletin_step(fields=fields, actor=BANK, now=now)
    phone, mail = settings.BANK_SERVICE_PHONE, settings.BANK_SERVICE_EMAIL
    lines = [
        ContactFields("客服專線（24 小時）", "Customer service (24 hours)", phone),
        ContactFields("電子郵件", "E-mail", mail),
    ]
    set_contact_step(lines=lines, actor=BANK, now=now)
    return True


def paper(name: str, now: datetime) -> bytes:
    """Return one of the demo's papers as PDF, by the name of its template."""
    compiler = typst.Compiler(
        input=str(PAPERS / f"{name}.typ"),
        root=str(PAPERS),
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
        sys_inputs={
            "bank": settings.BANK_NAME,
            "phone": settings.BANK_SERVICE_PHONE,
            "edition": f"{business_date(now):%Y-%m}",
        },
    )
    made = compiler.compile(format="pdf")
    if not isinstance(made, bytes):
        raise TypeError("a paper is one file")
    return made


def _news(now: datetime, manual_id: int) -> list[BulletinFields]:
    today = business_date(now)
    return [
        BulletinFields(
            title_zh="提防假冒本行的簡訊與網站",
            title_en="Beware of messages and sites that pretend to be ours",
            text_zh=(
                "本行的簡訊與電子郵件不附登入連結，也不會索取密碼、驗證碼或 PIN 碼。"
                "請自行於瀏覽器輸入網址；如有疑慮，請立即致電客服專線。"
            ),
            text_en=(
                "Our messages never carry a link to sign in, and never ask for a password, a code "
                "or a PIN. Type the address of this site yourself. When in doubt, call us at once."
            ),
            from_date=today,
            is_pinned=True,
        ),
        BulletinFields(
            title_zh="新版使用手冊已可下載",
            title_en="A new edition of the manual can be downloaded",
            text_zh="手冊說明如何登入、首次使用，以及卡片遺失時如何處理。",
            text_en="It tells how to sign in, about first use, and what to do when a card is lost.",
            from_date=today,
            publication_id=manual_id,
        ),
        BulletinFields(
            title_zh="系統維護時間預告",
            title_en="Maintenance announced",
            text_zh="本行將於本月最後一個週日凌晨二時至四時進行系統維護，期間暫停轉帳服務。",
            text_en=(
                "On the last Sunday of this month, from 2 to 4 in the morning, transfers are not "
                "available because of maintenance."
            ),
            from_date=today - timedelta(days=3),
            until_date=today + timedelta(days=45),
        ),
    ]
