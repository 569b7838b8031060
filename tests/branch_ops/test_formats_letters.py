"""A password letter on paper: what stands on it, and that names stay names."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from branch_ops.formats.letters import LetterSheet, letter_pdf, roc_date
from tests.factories.pdf import facts_of, squeezed

SHEET = LetterSheet(
    purpose="ENROL",
    number="7K3M-Q9XV",
    secret="4WZ8-0B7T-N5RC-H2GD-K",
    holder="王大同",
    holder_number="U0123456789",
    company="大同精密股份有限公司",
    company_code="22099131",
    branch="001 營業部",
    bank="示範商業銀行",
    phone="0800-000-000",
    printed_on=date(2026, 11, 22),
    valid_until=date(2026, 12, 22),
)
HOSTILE = [
    '#include "letter.typ"',
    '#read("/etc/passwd")',
    "#panic()",
    "$ x $ *strong* _soft_ = Heading",
    "] #text(red)[",
    '"}, "secret": "0000',
    "\\u{48} <label> @reference",
    "// gone /* gone */",
    "#set page(fill: red)",
]


@pytest.mark.req("CERT-1", "CERT-2")
def test_a_letter_says_who_what_until_when_and_whom_to_call() -> None:
    said = squeezed(letter_pdf(SHEET))
    for words in (
        "示範商業銀行", "密碼函", "Sealedpasswordletter", "大同精密股份有限公司", "22099131",
        "王大同", "U0123456789", "001營業部", "啟用憑證", "Takingacardintouse", "函號Letternumber",
        "7K3MQ9XV", "4WZ80B7TN5RCH2GDK", "中華民國115年11月22日", "中華民國115年12月22日",
        "22December2026", "0800-000-000", "使用步驟", "自訂PIN碼", "ChooseaPINof6to12digits",
    ):  # fmt: skip
        assert words in said, words


@pytest.mark.req("CERT-2")
def test_the_secret_stands_on_the_letter_once() -> None:
    said = squeezed(letter_pdf(SHEET))
    assert said.count("4WZ80B7TN5RCH2GDK") == 1
    assert said.count("7K3MQ9XV") == 1


@pytest.mark.req("CERT-4")
def test_a_letter_for_lifting_says_so_and_asks_for_card_and_pin() -> None:
    said = squeezed(letter_pdf(replace(SHEET, purpose="UNSUSPEND")))
    assert "解除憑證暫禁" in said
    assert "Liftingasuspension" in said
    assert "以您的卡片與PIN碼簽章" in said
    assert "啟用憑證" not in said


def test_a_letter_is_one_sheet_of_a4_with_its_fonts_inside() -> None:
    pdf = letter_pdf(SHEET)
    facts = facts_of(pdf)
    assert facts["Pages"] == "1"
    assert "A4" in facts["Page size"]
    assert b"NotoSansTC" in pdf


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_set_as_text_whatever_it_holds(name: str) -> None:
    pdf = letter_pdf(replace(SHEET, holder=name, company=name, branch=name, bank=name))
    said = squeezed(pdf)
    assert said.count("".join(name.split())) >= 2
    assert said.count("4WZ80B7TN5RCH2GDK") == 1
    assert facts_of(pdf)["Pages"] == "1"


@pytest.mark.req("CERT-1")
def test_the_longest_names_there_are_still_leave_one_sheet() -> None:
    pdf = letter_pdf(replace(SHEET, holder="王" * 40, company="限" * 80, branch="分" * 60))
    assert facts_of(pdf)["Pages"] == "1"
    assert "王" * 40 in squeezed(pdf)


def test_a_person_of_the_bank_has_no_company_on_the_letter() -> None:
    said = squeezed(letter_pdf(replace(SHEET, company="", company_code="")))
    assert "統一編號" not in said


def test_nobody_reads_number_or_secret_where_a_sheet_is_printed_by_mistake() -> None:
    said = repr(SHEET)
    assert "4WZ8" not in said
    assert "7K3M" not in said


def test_dates_are_counted_from_the_first_year_of_the_republic() -> None:
    assert roc_date(date(2026, 12, 2)) == "中華民國 115 年 12 月 2 日"
    assert roc_date(date(1912, 1, 1)) == "中華民國 1 年 1 月 1 日"
