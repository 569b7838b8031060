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
