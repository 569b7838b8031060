"""What everybody reads at the door: who may keep it is the bank's; what it was stays (KEY-3)."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from alerts.errors import PublicationGone, PublicationRefused
from alerts.formats import MediaType, media_type_of
from alerts.models import Bulletin, Publication
from alerts.operations import (
    ContactFields,
    FileFields,
    publish_bulletin_step,
    publish_file_step,
    set_contact_step,
    withdraw_bulletin_step,
    withdraw_file_step,
)
from alerts.queries import (
    contact_lines,
    notice,
    publication,
    publications,
    sign_in_notices,
)
from audit.errors import OutsideTransaction
from audit.models import Entry
from corpbank.demo.publications import paper
from kernel.clock import business_date
from tests.factories.counting import counted_statements
from tests.factories.publications import PDF, news, office_file, publish_file, publish_news

NOW = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
TODAY = business_date(NOW)
DAY = timedelta(days=1)
REFUSALS = (IntegrityError, ProgrammingError)  # the trigger, or the role that lacks the right
pytestmark = [pytest.mark.django_db, pytest.mark.req("KEY-3")]


# --- news ----------------------------------------------------------------------------------------
def test_the_door_shows_what_stands_today_pinned_first_then_newest() -> None:
    publish_news(NOW, title_en="Old", from_date=TODAY - 3 * DAY)
    publish_news(NOW, title_en="New")
    publish_news(NOW, title_en="Pinned", is_pinned=True, from_date=TODAY - 9 * DAY, until_date=None)
    publish_news(NOW, title_en="Tomorrow's", from_date=TODAY + DAY)
    publish_news(NOW, title_en="Over", from_date=TODAY - 9 * DAY, until_date=TODAY - DAY)
    publish_news(NOW, title_en="Last day", from_date=TODAY - 9 * DAY, until_date=TODAY)
    with counted_statements() as asked:
        shown = [item.title for item in sign_in_notices("en", now=NOW)]
    assert shown == ["Pinned", "New", "Old", "Last day"]
    assert len(asked) == 1


def test_the_days_are_those_of_taipei() -> None:
    number = publish_news(NOW, until_date=TODAY)
    at_eight_to_midnight = datetime(2026, 11, 22, 15, 59, tzinfo=UTC)
    assert notice(number, "en", now=at_eight_to_midnight).id == number
    with pytest.raises(PublicationGone):
        notice(number, "en", now=at_eight_to_midnight + timedelta(minutes=1))


def test_news_are_read_in_the_readers_language() -> None:
    number = publish_news(NOW)
    assert notice(number, "zh-hant", now=NOW).title == "系統維護"
    assert notice(number, "en", now=NOW).text == "No service on Sunday night."


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title_en": " "}, "title_en"),
        ({"text_zh": ""}, "text_zh"),
        ({"title_zh": "長" * 81}, "title_zh"),
        ({"until_date": TODAY - DAY}, "until_date"),
    ],
)
def test_news_that_are_half_said_or_end_before_they_begin_are_refused(
    changes: dict[str, object], field: str
) -> None:
    with pytest.raises(PublicationRefused) as refused:
        publish_news(NOW, **changes)
    assert refused.value.field == field
    assert str(refused.value)
    assert not Bulletin.objects.exists()


def test_news_lead_only_to_files_that_are_handed_out() -> None:
    sha256 = publish_file(NOW)
    file_id = Publication.objects.get().pk
    number = publish_news(NOW, publication_id=file_id)
    assert notice(number, "en", now=NOW).file == sha256
    with transaction.atomic():
        withdraw_file_step(sha256=sha256, actor="system", now=NOW)
    assert notice(number, "en", now=NOW).file == ""
    with pytest.raises(PublicationGone):
        publish_news(NOW, publication_id=file_id)


def test_withdrawn_news_are_gone_once() -> None:
    number = publish_news(NOW)
    with transaction.atomic():
        withdraw_bulletin_step(bulletin_id=number, actor="U1", now=NOW, reason="wrong day")
    assert sign_in_notices("en", now=NOW) == []
    with pytest.raises(PublicationGone), transaction.atomic():
        withdraw_bulletin_step(bulletin_id=number, actor="U1", now=NOW)


# --- files ---------------------------------------------------------------------------------------
def test_a_file_is_named_by_its_bytes_and_read_back_whole() -> None:
    sha256 = publish_file(NOW)
    assert sha256 == hashlib.sha256(PDF).hexdigest()
    file = publication(sha256)
    assert (file.name, file.media_type, file.content) == ("使用手冊.pdf", "application/pdf", PDF)


def test_the_list_of_files_is_one_statement_without_their_bytes() -> None:
    publish_file(NOW, PDF + b"1", kind="AGREEMENT", title_en="Agreement")
    publish_file(NOW, PDF + b"22", kind="MANUAL", title_en="Manual")
    publish_file(NOW, PDF + b"333", kind="FORM", title_en="Form")
    with counted_statements() as asked:
        listed = publications("en")
    assert [(file.title, file.size - len(PDF)) for file in listed] == [
        ("Manual", 2), ("Form", 3), ("Agreement", 1),
    ]  # fmt: skip
    assert len(asked) == 1
    assert "content" not in asked[0]


@pytest.mark.parametrize("kind", [MediaType.ODT, MediaType.DOCX, MediaType.XLSX])
def test_documents_are_known_by_what_they_hold(kind: MediaType) -> None:
    assert media_type_of(office_file(kind)) is kind


DOCX, XLSX, ODT = MediaType.DOCX, MediaType.XLSX, MediaType.ODT


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        (DOCX, (
            "_rels/.rels", "docProps/app.xml", "docProps/core.xml", "docProps/thumbnail.jpeg",
            "word/document.xml", "word/styles.xml", "word/_rels/document.xml.rels",
            "word/theme/theme1.xml", "word/media/image1.png", "word/header1.xml",
            "word/fontTable.xml", "word/webSettings.xml", "word/fonts/font1.odttf",
            "customXml/item1.xml", "customXml/_rels/item1.xml.rels", "word/charts/chart1.xml",
        )),
        (XLSX, (
            "_rels/.rels", "docProps/app.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels",
            "xl/worksheets/sheet1.xml", "xl/worksheets/_rels/sheet1.xml.rels", "xl/styles.xml",
            "xl/sharedStrings.xml", "xl/theme/theme1.xml", "xl/calcChain.xml",
            "xl/drawings/drawing1.xml", "xl/drawings/vmlDrawing1.vml", "xl/tables/table1.xml",
            "xl/printerSettings/printerSettings1.bin", "xl/comments1.xml", "xl/media/image1.png",
        )),
        (ODT, (
            "content.xml", "styles.xml", "meta.xml", "settings.xml", "manifest.rdf",
            "META-INF/manifest.xml", "Thumbnails/thumbnail.png", "Pictures/1000.png",
            "layout-cache",
        )),
    ],
)  # fmt: skip
def test_what_office_programs_write_is_handed_out(kind: MediaType, parts: tuple[str, ...]) -> None:
    assert media_type_of(office_file(kind, *parts)) is kind


@pytest.mark.parametrize(
    ("kind", "part"),
    [
        (DOCX, "word/embeddings/oleObject1.bin"), (DOCX, "word/activeX/activeX1.bin"),
        (DOCX, "word/activeX/activeX1.xml"), (DOCX, "WORD/VBAPROJECT.BIN"),
        (DOCX, "word/vbaData.xml.exe"), (DOCX, "word/media/run.exe"), (DOCX, "word/../run.xml"),
        (DOCX, "xl/worksheets/sheet1.xml"), (DOCX, "word/afchunk.mht"), (DOCX, "setup.bat"),
        (XLSX, "xl/externalLinks/externalLink1.xml"), (XLSX, "xl/macrosheets/sheet1.xml"),
        (XLSX, "xl/embeddings/Microsoft_Word.docx"), (XLSX, "xl/connections.xml"),
        (XLSX, "xl/ctrlProps/ctrlProp1.xml"), (XLSX, "xl/vbaProject.bin"),
        (ODT, "Basic/script-lc.xml"), (ODT, "Scripts/python/run.py"), (ODT, "Object 1/content.xml"),
        (ODT, "Configurations2/accelerator/current.xml"), (ODT, "Dialogs/dialog-lc.xml"),
    ],
)  # fmt: skip
def test_a_part_that_is_not_known_to_be_harmless_is_refused(kind: MediaType, part: str) -> None:
    assert media_type_of(office_file(kind, part)) is None


@pytest.mark.parametrize(
    "types",
    [
        '<Override PartName="/word/a.png" ContentType="application/vnd.ms-office.vbaProject"/>',
        '<Override ContentType="application/vnd.ms-excel.macrosheet+xml"/>',
        '<Override ContentType="application/vnd.ms-office.vba&#80;roject"/>',
        "<!-- -->",
        "\x00",
        "é",
        " " * 256 * 1024,
    ],
)
def test_a_harmless_name_does_not_hide_what_a_part_is(types: str) -> None:
    assert media_type_of(office_file(DOCX, types=types)) is None


@pytest.mark.parametrize(
    "type_", ["attachedTemplate", "oleObject", "externalLink", "vbaProject", "package", "control"]
)
def test_nor_do_relationships_hide_it(type_: str) -> None:
    base = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    said = f'<Relationship Id="a" Type="{base}/{type_}" Target="x"/>'
    made = office_file(XLSX, "xl/_rels/workbook.xml.rels", types=said)
    assert media_type_of(made) is None


def test_what_a_package_always_says_is_no_part_of_it() -> None:
    said = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="a" Target="https://bank.example/" TargetMode="External" Type="http://'
        'schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink"/></Relationships>'
    )
    assert media_type_of(office_file(DOCX, "word/_rels/document.xml.rels", types=said)) is DOCX


def test_a_package_begins_at_its_first_byte_and_names_each_part_once() -> None:
    assert media_type_of(office_file(DOCX, before=b"<script>alert(1)</script>")) is None
    with pytest.warns(UserWarning, match="Duplicate"):
        assert media_type_of(office_file(DOCX, "word/a.xml", "word/a.xml")) is None
    assert media_type_of(office_file(DOCX, "word/a.xml", "Word/A.xml")) is None


@pytest.mark.parametrize(
    "name",
    [
        "/JS", "/JavaScript", "/OpenAction", "/AA", "/Launch", "/EmbeddedFile", "/EmbeddedFiles",
        "/XFA", "/ObjStm", "/J#53", "/#4a#53", "/#4aava#53cript", "/Open#41ction", "/#41#41",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "after", [" 1 0 R", "(x)", "<<", "[", "\n", "\r", "\0", "/", "%", ">>", ""]
)
def test_a_pdf_that_may_act_is_refused_however_it_writes_the_name(name: str, after: str) -> None:
    assert media_type_of(PDF + name.encode() + after.encode()) is None


@pytest.mark.parametrize("name", ["/AAPL:Keywords", "/JSON", "/Author", "/Launcher", "/XFAB"])
def test_a_longer_name_is_another(name: str) -> None:
    assert media_type_of(PDF + name.encode() + b" 1") is MediaType.PDF


@pytest.mark.parametrize("name", ["manual", "agreement"])
def test_what_the_bank_sets_itself_is_handed_out(name: str) -> None:
    assert media_type_of(paper(name, NOW)) is MediaType.PDF


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html><script>alert(1)</script>",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"MZ\x90\x00",
        b"PK\x03\x04 cut off",
        office_file(MediaType.DOCX, "word/vbaProject.bin"),
        office_file(MediaType.ODT, "Basic/Standard/Module1.xml"),
        PDF + b"<< /S /JavaScript /JS (app.alert(1)) >>",
    ],
)
def test_other_files_and_those_with_programs_are_not_handed_out(content: bytes) -> None:
    with pytest.raises(PublicationRefused) as refused:
        publish_file(NOW, content)
    assert refused.value.code == "alerts.publication.media_type"
    assert not Publication.objects.exists()


def test_a_file_too_large_and_the_same_file_again_are_refused() -> None:
    with pytest.raises(PublicationRefused) as refused:
        publish_file(NOW, PDF + b" " * 5 * 1024 * 1024)
    assert refused.value.code == "alerts.publication.size"
    sha256 = publish_file(NOW)
    with pytest.raises(PublicationRefused) as refused:
        publish_file(NOW)
    assert refused.value.code == "alerts.publication.again"
    with transaction.atomic():
        withdraw_file_step(sha256=sha256, actor="system", now=NOW)
    with pytest.raises(PublicationGone):
        publication(sha256)
    assert publish_file(NOW) == sha256


# --- contact -------------------------------------------------------------------------------------
def test_the_contact_is_replaced_whole_in_the_banks_order() -> None:
    lines = [
        ContactFields("客服專線", "Customer service", "0800-123-456"),
        ContactFields("掛失專線", "Lost cards", "02-2345-6789"),
    ]
    for said in (lines, lines[::-1]):
        with transaction.atomic():
            set_contact_step(lines=said, actor="U1", now=NOW)
        assert [line.value for line in contact_lines("en")] == [line.value for line in said]
    assert contact_lines("zh-hant")[0].label == "掛失專線"
    last = Entry.objects.filter(event="alerts.contact.changed").latest("pk")
    assert (last.before["lines"][0]["value"], last.after["lines"][0]["value"]) == (
        "0800-123-456",
        "02-2345-6789",
    )


# --- what must hold ------------------------------------------------------------------------------
@pytest.mark.req("AUD-1")
def test_each_change_is_written_down_without_the_files_bytes() -> None:
    number, sha256 = publish_news(NOW), publish_file(NOW)
    with transaction.atomic():
        withdraw_bulletin_step(bulletin_id=number, actor="U1", now=NOW, reason="over")
        withdraw_file_step(sha256=sha256, actor="U1", now=NOW, reason="new edition")
    written = Entry.objects.filter(event__regex="bulletin|publication").order_by("pk")
    assert [(row.event, row.target, row.reason) for row in written] == [
        ("alerts.bulletin.published", f"bulletin:{number}", ""),
        ("alerts.publication.published", f"publication:{sha256}", ""),
        ("alerts.bulletin.withdrawn", f"bulletin:{number}", "over"),
        ("alerts.publication.withdrawn", f"publication:{sha256}", "new edition"),
    ]
    assert "content" not in written[1].after


@pytest.mark.parametrize("table", ["alerts_publication", "alerts_bulletin"])
@pytest.mark.parametrize("change", ["UPDATE {} SET title_en = 'x'", "DELETE FROM {}"])
def test_the_database_keeps_what_was_published(table: str, change: str) -> None:
    publish_news(NOW)
    publish_file(NOW)
    with connection.cursor() as cursor, pytest.raises(REFUSALS):
        cursor.execute(change.format(table))


def test_what_was_withdrawn_does_not_come_back() -> None:
    publish_news(NOW)
    Bulletin.objects.update(withdrawn_at=NOW)
    with pytest.raises(IntegrityError):
        Bulletin.objects.update(withdrawn_at=None)


@pytest.mark.django_db(transaction=True)
def test_each_step_insists_on_being_part_of_a_larger_act() -> None:
    file = FileFields("MANUAL", "手冊", "Manual", PDF)
    for step in (
        lambda: publish_bulletin_step(fields=news(TODAY), actor="system", now=NOW),
        lambda: withdraw_bulletin_step(bulletin_id=1, actor="system", now=NOW),
        lambda: publish_file_step(fields=file, actor="system", now=NOW),
        lambda: withdraw_file_step(sha256="0" * 64, actor="system", now=NOW),
        lambda: set_contact_step(lines=[], actor="system", now=NOW),
    ):
        with pytest.raises(OutsideTransaction):
            step()
