"""Sealed password letters as PDF: what stands on the sheet, and the sheet itself (CERT-1)."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

import typst

_HERE: Final = Path(__file__).resolve().parent
_TEMPLATE: Final = _HERE / "letter.typ"
_FONTS: Final = _HERE / "fonts"
_ROC_EPOCH: Final = 1911  # the first year of the Republic is 1912
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LetterSheet:
    """Carry what stands on one letter. Printed once, never stored, never logged.

    `purpose` is ENROL or UNSUSPEND; `number` and `secret` are grouped by hyphens; a person of the
    bank has no `company` and no `company_code`.
    """

    purpose: str
    number: str = field(repr=False)
    secret: str = field(repr=False)
    holder: str
    holder_number: str
    company: str
    company_code: str
    branch: str
    bank: str
    phone: str
    printed_on: date
    valid_until: date


def letter_pdf(sheet: LetterSheet) -> bytes:
    """Return the letter as one A4 page of PDF.

    Whatever a name holds is set as text: it reaches the template as JSON, never as markup.
    """
    facts = asdict(sheet) | {
        "number": sheet.number.split("-"),
        "secret": sheet.secret.split("-"),
        "printed_on": _dated(sheet.printed_on),
        "valid_until": _dated(sheet.valid_until),
    }
    compiler = typst.Compiler(
        input=str(_TEMPLATE),
        root=str(_HERE),
        font_paths=[str(_FONTS)],
        ignore_system_fonts=True,
        sys_inputs={"letter": json.dumps(facts, ensure_ascii=False)},
    )
    made = compiler.compile(format="pdf")
    if not isinstance(made, bytes):
        raise TypeError("a letter is one file")
    return made


def roc_date(day: date) -> str:
    """Return a date as letters write it: 中華民國 115 年 12 月 22 日."""
    return f"中華民國 {day.year - _ROC_EPOCH} 年 {day.month} 月 {day.day} 日"


def _dated(day: date) -> dict[str, str]:
    english = f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
    return {"roc": roc_date(day), "english": english}
