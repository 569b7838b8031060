"""The responder tells the truth at every moment, from bytes signed beforehand (CERT-8)."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509 import ocsp
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from certificates import operations, queries
from certificates.errors import AuthorityMissing
from certificates.formats import der as encoding
from certificates.formats.ocsp import (
    CertificateStatus,
    certificate_identifier,
    read_answer,
)
from certificates.formats.profiles import RevocationReason, Service
from certificates.models import Certificate, CertificateAuthority, OcspAnswer, ServiceKey
from certificates.policies import ANSWER_LIFETIME
from tests.factories.certificates import (
    NOW,
    Holder,
    lift,
    make_holder,
    make_signer,
    print_letter,
    released,
    renew,
    use_letter,
)

pytestmark = [pytest.mark.django_db, pytest.mark.req("CERT-8")]
GOOD, REVOKED, UNKNOWN = (
    CertificateStatus.GOOD,
    CertificateStatus.REVOKED,
    CertificateStatus.UNKNOWN,
)


def issuer() -> bytes:
    return bytes(CertificateAuthority.objects.get(kind="ISSUING").certificate_der)


def question(*serials: int, nonce: bytes | None = None, hash_name: str = "sha1") -> bytes:
    requests = [
        encoding.sequence(certificate_identifier(issuer(), serial, hash_name=hash_name))
        for serial in serials
    ]
    fields = [encoding.sequence(*requests)]
    if nonce is not None:
        oid = bytes.fromhex("06092b0601050507300102")
        value = encoding.element(0x04, encoding.element(0x04, nonce))
        extension = encoding.sequence(oid, value)
        fields.append(encoding.element(0xA2, encoding.sequence(extension)))
    return encoding.sequence(encoding.sequence(*fields))


def serial_of(holder: Holder) -> int:
    return int(holder.certificate.serial_number, 16)


def ask(holder: Holder, now: datetime = NOW, **more) -> bytes:
    return operations.answer(question=question(serial_of(holder), **more), now=now)


def status(holder: Holder, now: datetime = NOW, **more) -> CertificateStatus:
    (one,) = read_answer(ask(holder, now, **more))
    return one.status


def suspend(holder: Holder, now: datetime = NOW) -> None:
    operations.suspend(serial_number=holder.certificate.serial_number, actor=None, now=now)


def test_answer_is_good_from_the_confirmation_on():
    holder = make_holder()
    letter = print_letter(holder)
    use_letter(holder, number=letter.number, secret=letter.secret)
    certificate = Certificate.objects.get(holder=holder.user, purpose="SIGNING")
    asked = question(int(certificate.serial_number, 16))
    (told,) = read_answer(operations.answer(question=asked, now=NOW))
    assert told.status == UNKNOWN
    assert status(make_signer()) == GOOD


def test_answer_follows_each_change_in_the_same_act(signer: Holder):
    """Good, on hold, good again, revoked: the stored bytes change with the certificate."""
    seen = [status(signer)]
    for act in (suspend, lift, suspend):
        act(signer)
        stored = OcspAnswer.objects.get(certificate=signer.certificate)
        (told,) = read_answer(bytes(stored.der))
        seen.append(told.status)
        assert status(signer) == told.status
    operations.revoke(
        serial_number=signer.certificate.serial_number, reason=RevocationReason.KEY_COMPROMISE,
        actor=None, now=NOW,
    )  # fmt: skip
    seen.append(status(signer))
    assert seen == [GOOD, REVOKED, GOOD, REVOKED, REVOKED]
    read = ocsp.load_der_ocsp_response(ask(signer))
    assert read.revocation_reason.name == "key_compromise"


def test_answer_is_the_stored_bytes_while_they_are_young(signer: Holder):
    first = ask(signer)
    assert ask(signer, NOW + timedelta(minutes=9)) == first
    later = ask(signer, NOW + timedelta(minutes=11))
    (told,) = read_answer(later)
    assert later != first
    assert told.next_update - told.this_update == ANSWER_LIFETIME == timedelta(minutes=10)
    assert ask(signer, NOW + timedelta(minutes=12)) == later


def test_stored_answer_costs_two_reads(signer: Holder):
    ask(signer)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        ask(signer)
    made = [one["sql"] for one in captured if "SAVEPOINT" not in one["sql"]]
    assert len([sql for sql in made if not sql.startswith("SELECT")]) == 0, made


def test_a_change_past_the_operations_is_told_all_the_same(signer: Holder):
    """Stored bytes are given only while they say what the certificate's row says."""
    assert status(signer) == GOOD
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE certificates_certificate SET state = 'SUSPENDED', suspensions = 1"
            " WHERE holder_id = %s", [signer.user.pk],
        )  # fmt: skip
    assert status(signer) == REVOKED


def test_nothing_is_told_of_a_change_that_was_undone(signer: Holder):
    before = ask(signer)
    with transaction.atomic():
        operations.suspend_step(certificate=signer.certificate, actor=None, now=NOW)
        told = [read_answer(bytes(one.der))[0].status for one in OcspAnswer.objects.all()]
        assert set(told) == {REVOKED}
        transaction.set_rollback(True)
    assert ask(signer) == before


@pytest.mark.parametrize("nonce", [b"\x01", b"n" * 32])
def test_nonce_is_echoed_and_never_stored(signer: Holder, nonce: bytes):
    stored = ask(signer)
    fresh = ask(signer, nonce=nonce)
    (told,) = read_answer(fresh)
    assert (told.status, told.nonce) == (GOOD, nonce)
    assert ask(signer) == stored
    suspend(signer)
    assert status(signer, nonce=nonce) == REVOKED


def test_serials_that_are_not_ours_are_unknown(signer: Holder):
    foreign = (0, 1, 2**159 - 1, -5)
    for serial in foreign:
        (told,) = read_answer(operations.answer(question=question(serial), now=NOW))
        assert told.status == UNKNOWN
    asked = question(serial_of(signer), *foreign)
    told = read_answer(operations.answer(question=asked, now=NOW))
    assert [one.status for one in told] == [GOOD, *[UNKNOWN] * 4]


@pytest.mark.parametrize("hash_name", ["sha256", "sha384", "sha512"])
def test_other_hashes_of_the_same_question_get_the_same_answer(signer: Holder, hash_name: str):
    assert status(signer, hash_name=hash_name) == GOOD
    suspend(signer)
    assert status(signer, hash_name=hash_name) == REVOKED


def test_replaced_certificate_is_told_as_superseded(signer: Holder):
    old = serial_of(signer)
    renew(signer, NOW)
    read = ocsp.load_der_ocsp_response(operations.answer(question=question(old), now=NOW))
    assert read.revocation_reason.name == "superseded"


def test_authoritys_own_services_are_good(signer: Holder):
    for key in ServiceKey.objects.all():
        asked = question(int(key.serial_number, 16))
        (told,) = read_answer(operations.answer(question=asked, now=NOW))
        assert told.status == GOOD


def test_question_to_another_authority_and_rubbish_are_refused(signer: Holder, authority):
    identifier = certificate_identifier(authority.issuer.certificate, serial_of(signer))
    foreign = encoding.sequence(encoding.sequence(encoding.sequence(encoding.sequence(identifier))))
    for asked, refusal in (
        (foreign, "UNAUTHORIZED"),
        (b"", "MALFORMED_REQUEST"),
        (b"0", "MALFORMED_REQUEST"),
    ):
        answer = operations.answer(question=asked, now=NOW)
        assert ocsp.load_der_ocsp_response(answer).response_status.name == refusal


def test_without_a_valid_responder_nothing_is_said_and_changes_go_on(signer: Holder, listed):
    """When the responder's certificate has ended: 'try later', while the list still tells."""
    late = ServiceKey.objects.get(service=Service.OCSP_RESPONDER.name).not_after
    late += timedelta(seconds=1)
    suspend(signer, late)
    assert listed(signer.certificate.serial_number) == "Certificate Hold"
    read = ocsp.load_der_ocsp_response(ask(signer, late))
    assert read.response_status is ocsp.OCSPResponseStatus.TRY_LATER
    assert len(operations.rotate_service_keys(now=late)) == len(Service)
    assert status(signer, late) == REVOKED


def test_good_answer_is_for_evidence_and_says_good_or_nothing(signer: Holder):
    certificate = signer.certificate
    stored = ask(signer)
    assert operations.good_answer(certificate.pk, NOW) == stored
    later = operations.good_answer(certificate.pk, NOW + timedelta(hours=1))
    (told,) = read_answer(later)
    assert (told.status, told.this_update) == (
        GOOD,
        NOW.replace(microsecond=0) + timedelta(hours=1),
    )
    assert bytes(OcspAnswer.objects.get(certificate=certificate).der) == stored
    row = operations.with_answer(Certificate.objects.filter(pk=certificate.pk)).get()
    found = (row, *(getattr(row, name) for name in operations.ANSWER_COLUMNS))
    with CaptureQueriesContext(connection) as captured:
        assert operations.good_answer(certificate.pk, NOW, found=found) == stored
        operations.good_answer(certificate.pk, NOW + timedelta(hours=1), found=found)
    assert len(captured) == 0
    suspend(signer)
    with pytest.raises(AuthorityMissing):
        operations.good_answer(certificate.pk, NOW)


@pytest.mark.django_db(transaction=True)
def test_step_insists_on_being_part_of_the_change():
    certificate = make_signer().certificate
    with pytest.raises(RuntimeError, match="transaction"):
        operations.answer_step(certificate=certificate, now=NOW)


@pytest.mark.django_db(transaction=True)
def test_question_does_not_wait_for_a_change_that_is_under_way():
    """Until the change is committed it has not happened: good, at once; then held, at once."""
    signer = make_signer()
    changing, answered = threading.Event(), threading.Event()

    def change() -> None:
        with transaction.atomic():
            row = Certificate.objects.select_for_update().get(pk=signer.certificate.pk)
            operations.suspend_step(certificate=row, actor=None, now=NOW)
            changing.set()
            answered.wait(30)
        connection.close()

    thread = threading.Thread(target=change)
    thread.start()
    assert changing.wait(30)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '100ms'")
    told = status(signer, NOW + timedelta(minutes=11))
    answered.set()
    thread.join()
    assert told == GOOD
    assert status(signer, NOW + timedelta(minutes=11)) == REVOKED


@pytest.mark.req("CERT-5")
@pytest.mark.parametrize("lifting", [False, True])
def test_hold_that_becomes_a_revocation_keeps_its_day(lifting: bool):
    """Who trusted a signature of the days between must still read that it was not good."""
    signer = make_signer()
    suspend(signer, NOW)
    if lifting:
        released(signer, NOW)
    later = NOW + timedelta(days=3)
    operations.rotate_service_keys(now=later)
    operations.revoke(
        serial_number=signer.certificate.serial_number,
        reason=RevocationReason.KEY_COMPROMISE, actor=None, now=later,
    )  # fmt: skip
    held = NOW.replace(microsecond=0)
    row = signer.certificate
    crl = x509.load_der_x509_crl(queries.latest_crl())
    for one in (row, row.companion):
        serial = int(one.serial_number, 16)
        entry = crl.get_revoked_certificate_by_serial_number(serial)
        assert entry.revocation_date_utc == held
        told = operations.answer(question=question(serial), now=later)
        (read,) = ocsp.load_der_ocsp_response(told).responses
        assert read.revocation_time_utc == held
        assert read.revocation_reason.name == "key_compromise"
        assert one.state_since == later


@pytest.mark.req("CERT-5")
def test_revocation_after_a_lifted_hold_has_its_own_day():
    signer = make_signer()
    suspend(signer, NOW)
    lift(signer, NOW)
    later = NOW + timedelta(hours=1)
    operations.revoke(
        serial_number=signer.certificate.serial_number,
        reason=RevocationReason.KEY_COMPROMISE, actor=None, now=later,
    )  # fmt: skip
    crl = x509.load_der_x509_crl(queries.latest_crl())
    entry = crl.get_revoked_certificate_by_serial_number(serial_of(signer))
    assert entry.revocation_date_utc == later.replace(microsecond=0)
