"""Every accepted signature gets its time stamp after the commit, from whoever stamps (SIGN-4)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from celery import current_app
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection, transaction

from certificates import operations, queries, tasks
from certificates.errors import TimeStampReason, TimeStampRefused
from certificates.formats.timestamps import check_answer
from certificates.gateways.stamping import outside_time_stamp_authority
from certificates.models import AwaitedTimeStamp, Signature, TimeStamp
from certificates.operations.stamping import LEASE
from certificates.policies import STAMP_RETRY_FIRST, STAMP_RETRY_LONGEST, retry_after
from tests.factories.authorities import TestAuthority, make_authority, run_openssl, to_pem
from tests.factories.certificates import NOW, Holder, accept, shown_and_unlocked
from tests.factories.stamping import StampingSite, make_stamper, openssl_stamps, stamping_site

pytestmark = [pytest.mark.django_db, pytest.mark.req("SIGN-4")]
LATER = NOW + timedelta(seconds=20)
REQUEST = "T20261122-00000001"


@pytest.fixture
def signed(signer: Holder) -> Signature:
    """Return an accepted signature that still waits; what waited before it is stamped."""
    operations.stamp(now=NOW)
    return Signature.objects.get(pk=accept(signer, shown_and_unlocked(signer)).id)


def awaited() -> list[tuple[int, int]]:
    """Return which signatures wait, after how many tries."""
    return list(AwaitedTimeStamp.objects.order_by("pk").values_list("pk", "tries"))


# --- the bank's own authority --------------------------------------------------------------------


def test_a_signature_awaits_its_time_stamp_from_its_acceptance_on(signed: Signature):
    row = AwaitedTimeStamp.objects.get()
    assert (row.pk, row.due_at, row.tries) == (signed.pk, signed.accepted_at, 0)
    assert not TimeStamp.objects.filter(signature=signed).exists()


def test_what_is_rolled_back_awaits_nothing(signer: Holder):
    before = awaited()
    with suppress(RuntimeError), transaction.atomic():
        accept(signer, shown_and_unlocked(signer))
        raise RuntimeError
    assert awaited() == before


def test_the_stamp_of_the_bank_is_verified_by_openssl(signed: Signature, tmp_path: Path):
    assert operations.stamp(now=LATER) == operations.StampResult(stamped=1, failed=0)
    stamp = TimeStamp.objects.get(signature=signed)
    (tmp_path / "signature.p7s").write_bytes(bytes(signed.cms))
    (tmp_path / "stamp.tsr").write_bytes(bytes(stamp.der))
    (tmp_path / "root.pem").write_bytes(queries.root_pem())
    result = run_openssl(
        tmp_path, "ts -verify -data signature.p7s -in stamp.tsr -CAfile root.pem",
        f"-attime {int(LATER.timestamp())}",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert stamp.stamped_at == LATER.replace(microsecond=0)
    assert to_pem(bytes(stamp.root_der)) == queries.root_pem()
    assert awaited() == []


def test_a_stamped_signature_is_not_stamped_again(signed: Signature):
    operations.stamp(now=LATER)
    assert operations.stamp(now=LATER + timedelta(days=1)) == operations.StampResult(0, 0)
    assert TimeStamp.objects.filter(signature=signed).count() == 1


def test_whoever_was_killed_leaves_its_work_to_the_next_after_a_while(signed: Signature):
    AwaitedTimeStamp.objects.update(due_at=LATER + LEASE)  # as claimed and never finished
    assert operations.stamp(now=LATER).stamped == 0
    assert operations.stamp(now=LATER + LEASE).stamped == 1


def test_the_evidence_of_one_request_is_stamped_at_once(signed: Signature, signer: Holder):
    AwaitedTimeStamp.objects.update(due_at=LATER + timedelta(hours=1))
    assert operations.stamp(now=LATER, request_key="T0").stamped == 0
    assert operations.stamp(now=LATER, request_key=REQUEST).stamped == 1


def test_the_task_stamps_all_that_is_due_and_the_beat_knows_it(signer: Holder):
    for _ in range(12):
        accept(signer, shown_and_unlocked(signer))
    waiting = len(awaited())
    assert waiting > 12
    assert tasks.stamp() == waiting
    assert awaited() == []
    planned = current_app.conf.beat_schedule["certificates.stamp"]
    assert planned["task"] == tasks.stamp.name
    assert planned["schedule"] <= 60


@pytest.mark.parametrize("change", ["UPDATE {} SET serial = '1'", "DELETE FROM {}", "TRUNCATE {}"])
def test_a_time_stamp_is_final(signed: Signature, change: str):
    operations.stamp(now=LATER)
    with (
        pytest.raises(DatabaseError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(change.format("certificates_timestamp"))


# --- an authority outside ------------------------------------------------------------------------


@pytest.fixture
def outside() -> TestAuthority:
    """Return an authority the bank has nothing to do with."""
    return make_authority(NOW)


@pytest.fixture
def site(
    outside: TestAuthority, settings: object, tmp_path: Path
) -> Iterator[Callable[[Callable[[bytes], bytes]], StampingSite]]:
    """Return a function that puts an authority's answers behind HTTP and has the bank ask there."""
    opened = []

    def serve(answer: Callable[[bytes], bytes]) -> StampingSite:
        serving = stamping_site(answer)
        opened.append(serving)
        found = serving.__enter__()
        roots = tmp_path / "roots.pem"
        roots.write_bytes(to_pem(make_authority(NOW).root.certificate))
        with roots.open("ab") as file:
            file.write(to_pem(outside.root.certificate))
        settings.TSA_URL, settings.TSA_ROOTS_FILE = found.url, str(roots)  # type: ignore[attr-defined]
        return found

    yield serve
    for serving in opened:
        serving.__exit__(None, None, None)


def test_an_authority_over_http_stamps_in_the_banks_stead(
    signed: Signature, outside: TestAuthority, site: Callable[..., StampingSite]
):
    stamper = make_stamper(outside)
    asked = site(lambda question: stamper.answer(question, LATER))
    assert operations.stamp(now=LATER).stamped == 1
    stamp = TimeStamp.objects.get(signature=signed)
    assert bytes(stamp.root_der) == outside.root.certificate
    assert len(asked.questions) == 1
    digest = hashlib.sha256(bytes(signed.cms)).digest()
    assert digest in asked.questions[0]
    assert check_answer(
        bytes(stamp.der), digest=digest, nonce=None, roots=[outside.root.certificate]
    )


def test_an_authority_of_openssls_stamps_too(
    signed: Signature, site: Callable[..., StampingSite], settings: object, tmp_path: Path
):
    root = openssl_stamps(tmp_path)

    def answer(question: bytes) -> bytes:
        (tmp_path / "question.tsq").write_bytes(question)
        run_openssl(tmp_path, "ts -reply -config ts.cnf -queryfile question.tsq -out answer.tsr")
        return (tmp_path / "answer.tsr").read_bytes()

    site(answer)
    settings.TSA_ROOTS_FILE = str(tmp_path / "ca.pem")  # type: ignore[attr-defined]
    assert operations.stamp(now=LATER).stamped == 1
    stamp = TimeStamp.objects.get(signature=signed)
    assert bytes(stamp.root_der) == root
    assert abs(stamp.stamped_at - datetime.now(UTC)) < timedelta(minutes=1)


LIES: dict[str, Callable[[TestAuthority, bytes], bytes]] = {
    "a page": lambda _, question: b"<html>Welcome</html>",
    "nothing": lambda _, question: b"",
    "the question": lambda _, question: question,
    "an answer to another question": lambda outside, question: make_stamper(outside).stamp(
        b"other bytes", LATER
    ),
    "an answer by an authority nobody knows": lambda _, question: make_stamper(
        make_authority(NOW)
    ).answer(question, LATER),
    "an answer by a key for something else": lambda outside, question: make_stamper(
        outside, None
    ).answer(question, LATER),
    "far too much": lambda _, question: b"\x30" * 100_000,
}


@pytest.mark.parametrize("name", sorted(LIES))
def test_what_is_no_time_stamp_is_not_kept_and_asked_for_again(
    signed: Signature, outside: TestAuthority, site: Callable[..., StampingSite], name: str
):
    site(lambda question: LIES[name](outside, question))
    assert operations.stamp(now=LATER) == operations.StampResult(stamped=0, failed=1)
    assert not TimeStamp.objects.filter(signature=signed).exists()
    assert awaited() == [(signed.pk, 1)]
    stamper = make_stamper(outside)
    site(lambda question: stamper.answer(question, LATER))
    assert operations.stamp(now=LATER).stamped == 0  # it is not due yet
    assert operations.stamp(now=LATER + STAMP_RETRY_FIRST).stamped == 1


@pytest.mark.parametrize("trouble", ["status", "type", "closed"])
def test_an_authority_that_is_away_is_asked_once_for_all(
    signer: Holder, site: Callable[..., StampingSite], settings: object, trouble: str
):
    operations.stamp(now=NOW)
    for _ in range(3):
        accept(signer, shown_and_unlocked(signer))
    asked = site(lambda question: b"")
    if trouble == "status":
        asked.status = 503
    elif trouble == "type":
        asked.content_type = "text/html"
    else:
        settings.TSA_URL = "http://127.0.0.1:9/"  # type: ignore[attr-defined]
    result = operations.stamp(now=LATER)
    assert result.stamped == 0
    assert {tries for _, tries in awaited()} == {1}
    assert len(asked.questions) == {"status": 1, "type": 3, "closed": 0}[trouble]
    assert AwaitedTimeStamp.objects.filter(due_at=LATER + STAMP_RETRY_FIRST).count() == 3


def test_retries_come_less_often_and_never_stop():
    waits = [retry_after(tries) for tries in range(100)]
    assert waits == sorted(waits)
    assert waits[0] == STAMP_RETRY_FIRST
    assert waits[-1] == STAMP_RETRY_LONGEST


def test_an_address_without_roots_is_said_before_anybody_is_asked(settings: object):
    settings.TSA_URL, settings.TSA_ROOTS_FILE = "http://127.0.0.1:9/", ""  # type: ignore[attr-defined]
    with pytest.raises(ImproperlyConfigured, match="TSA_ROOTS_FILE"):
        outside_time_stamp_authority()


def test_an_unreachable_authority_says_so_by_name(site: Callable[..., StampingSite]):
    asked = site(lambda question: b"")
    asked.status = 500
    authority = outside_time_stamp_authority()
    assert authority is not None
    with pytest.raises(TimeStampRefused) as refused:
        authority.answer(b"question", now=NOW)
    assert refused.value.reason is TimeStampReason.UNREACHABLE
