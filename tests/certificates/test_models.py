"""What the database holds by itself, direct SQL included (CERT-3, CERT-4, CERT-5)."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from django.db import Error, connection, transaction

from certificates import operations
from certificates.models import Certificate, CertificateAuthority, Letter, SignRequest
from certificates.states import CERTIFICATE_VERBS, WITHOUT_KEY, CertificateState
from tests.certificates.outside_stories import confirmed
from tests.factories.certificates import (
    NOW,
    Holder,
    accept,
    apply,
    make_authority,
    make_signer,
    print_letter,
    printed,
    show,
    shown_and_unlocked,
)
from tests.factories.outside import accept_authority, make_outside_authority

EDGES = {(source, verb.target) for verb in CERTIFICATE_VERBS.values() for source in verb.sources}


def refuses(statement: str, *values: object) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)
    except Error as error:
        return isinstance(
            error.__cause__,
            psycopg.errors.RestrictViolation | psycopg.errors.InsufficientPrivilege,
        )
    return False


@pytest.mark.req("CERT-3", "CERT-5")
@pytest.mark.django_db(transaction=True)
def test_database_knows_the_same_edges_as_the_table(superuser_cursor: psycopg.Cursor):
    """From each state to each other by direct SQL: exactly the table's edges pass the guard."""
    found = edges_found(superuser_cursor, make_signer().certificate)
    # Without a letter only outside certificates are issued.
    assert found == EDGES - {(CertificateState.APPLIED, CertificateState.ISSUED)}


@pytest.mark.req("CERT-5", "CERT-11")
@pytest.mark.django_db(transaction=True)
def test_database_knows_the_edges_of_outside_certificates(superuser_cursor: psycopg.Cursor):
    """The same, and no letter to begin with."""
    outside = make_outside_authority()
    make_authority()
    accept_authority(outside)
    found = edges_found(superuser_cursor, confirmed(outside).certificate)
    assert found == {(s, target) for s, target in EDGES if target != "LETTER_PRINTED"}


def edges_found(
    superuser_cursor: psycopg.Cursor, row: Certificate
) -> set[tuple[CertificateState, CertificateState]]:
    """Try every step of a certificate by direct SQL and return those that pass the guards."""
    found = set()
    for source in CertificateState:
        for target in CertificateState:
            if source == target:
                continue
            der = None if source in WITHOUT_KEY else bytes(row.der)
            serial = None if source in WITHOUT_KEY else row.serial_number
            superuser_cursor.execute("SET session_replication_role = replica")
            superuser_cursor.execute(
                "UPDATE certificates_certificate SET state = %s, der = %s, serial_number = %s,"
                " suspensions = 0 WHERE id = %s",
                [source, der, serial, row.pk],
            )
            superuser_cursor.execute("SET session_replication_role = origin")
            counted = int((source, target) == ("ACTIVE", "SUSPENDED"))
            try:
                superuser_cursor.execute(
                    "UPDATE certificates_certificate SET state = %s, suspensions = %s"
                    " WHERE id = %s",
                    [target, counted, row.pk],
                )
            except psycopg.errors.RestrictViolation:
                continue
            except (psycopg.errors.CheckViolation, psycopg.errors.IntegrityConstraintViolation):
                pass  # past the guard; the row lacks what the state asks for, or its companion
            found.add((source, target))
    return found


@pytest.mark.django_db
@pytest.mark.req("CERT-5")
def test_revoked_certificate_cannot_be_changed_at_all(signer: Holder):
    certificate = signer.certificate
    operations.revoke(
        serial_number=certificate.serial_number,
        reason=operations.lifecycle.RevocationReason.KEY_COMPROMISE, actor=None, now=NOW,
    )  # fmt: skip
    table = "UPDATE certificates_certificate SET"
    assert refuses(f"{table} state = 'ACTIVE' WHERE id = %s", certificate.pk)
    assert refuses(f"{table} listed_reason = 'SUPERSEDED' WHERE id = %s", certificate.pk)
    assert refuses("DELETE FROM certificates_certificate WHERE id = %s", certificate.pk)


@pytest.mark.django_db
@pytest.mark.req("CERT-4")
def test_suspensions_cannot_be_counted_down_or_skipped(signer: Holder):
    pair = (signer.certificate.pk, signer.certificate.companion_id)
    table = "UPDATE certificates_certificate SET"
    where = "WHERE id IN (%s, %s)"
    assert refuses(f"{table} suspensions = 1 {where}", *pair)
    assert refuses(f"{table} state = 'SUSPENDED' {where}", *pair)
    assert refuses(f"{table} state = 'SUSPENDED', suspensions = 2 {where}", *pair)
    assert not refuses(f"{table} state = 'SUSPENDED', suspensions = 1 {where}", *pair)
    assert refuses(f"{table} suspensions = 0 {where}", *pair)


@pytest.mark.django_db
@pytest.mark.req("CERT-2")
def test_key_and_holder_of_a_certificate_are_final(signer: Holder):
    pk, table = signer.certificate.pk, "UPDATE certificates_certificate SET"
    assert refuses(f"{table} holder_id = 0 WHERE id = %s", pk)
    assert refuses(f"{table} der = '\\x00' WHERE id = %s", pk)
    assert refuses(f"{table} public_key_sha256 = '' WHERE id = %s", pk)


@pytest.mark.django_db
def test_certificate_starts_as_an_application(signer: Holder):
    with pytest.raises(Error), transaction.atomic():
        Certificate.objects.create(
            holder=signer.user,
            purpose="SIGNING",
            state="CANCELLED",
            state_since=NOW,
            applied_at=NOW,
        )


@pytest.mark.django_db
@pytest.mark.req("SIGN-2")
def test_statement_is_final_and_its_times_are_written_once(signer: Holder):
    shown = show(signer)
    table = "UPDATE certificates_signrequest SET"
    assert refuses(f"{table} statement = '\\x7b7d' WHERE id = %s", shown.id)
    assert refuses(f"{table} expires_at = now() + interval '1 year' WHERE id = %s", shown.id)
    assert refuses("DELETE FROM certificates_signrequest WHERE id = %s", shown.id)
    SignRequest.objects.filter(pk=shown.id).update(used_at=NOW)
    assert refuses(f"{table} used_at = NULL WHERE id = %s", shown.id)
    assert refuses(f"{table} used_at = %s WHERE id = %s", NOW + timedelta(days=1), shown.id)


CHANGES = ("UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE")
APPEND_ONLY = ["certificateevent", "signature", "revocationlist"]


@pytest.mark.django_db
@pytest.mark.req("SIGN-2")
@pytest.mark.parametrize("name", APPEND_ONLY)
def test_application_may_not_touch_what_is_append_only(signer: Holder, name: str):
    accept(signer, shown_and_unlocked(signer))
    for change in CHANGES:
        assert refuses(change.format(f"certificates_{name}"))


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("SIGN-2")
@pytest.mark.parametrize("name", APPEND_ONLY)
def test_not_even_the_owner_may_touch_what_is_append_only(owner_cursor: psycopg.Cursor, name: str):
    signer = make_signer()
    accept(signer, shown_and_unlocked(signer))
    for change in (*CHANGES, "TRUNCATE certificates_certificate CASCADE"):
        with pytest.raises(psycopg.errors.RestrictViolation):
            owner_cursor.execute(change.format(f"certificates_{name}"))


@pytest.mark.django_db
@pytest.mark.req("CERT-2")
def test_letter_that_ended_stays_ended(signer: Holder):
    used = Letter.objects.get(holder=signer.user)
    table = "UPDATE certificates_letter SET"
    assert refuses(f"{table} state = 'PRINTED' WHERE id = %s", used.pk)
    print_letter(signer)
    fresh = Letter.objects.get(holder=signer.user, state="PRINTED")
    assert refuses(f"{table} expires_at = now() + interval '9 years' WHERE id = %s", fresh.pk)
    assert refuses(f"{table} secret_hmac = '\\x00' WHERE id = %s", fresh.pk)


@pytest.mark.django_db
@pytest.mark.req("CERT-1", "CERT-2")
def test_letter_is_printed_once_and_begins_without_a_secret(holder: Holder):
    certificate = apply(holder)
    printed(certificate)
    pk, table = Letter.objects.get().pk, "UPDATE certificates_letter SET"
    back = "state = 'PREPARED', secret_hmac = NULL, printed_at = NULL, expires_at = NULL"
    assert refuses(f"{table} {back} WHERE id = %s", pk)
    assert refuses(f"{table} secret_hmac = '\\x00' WHERE id = %s", pk)
    assert refuses(f"{table} printed_at = now() WHERE id = %s", pk)
    assert refuses(f"{table} tries = -1 WHERE id = %s", pk)
    with pytest.raises(Error), transaction.atomic():
        Letter.objects.create(
            number="ABCD1234", holder=holder.user, certificate=certificate, purpose="ENROL",
            state="PRINTED", secret_hmac=bytes(32), prepared_at=NOW, printed_at=NOW,
            expires_at=NOW,
        )  # fmt: skip


@pytest.mark.django_db
@pytest.mark.req("EQP-1")
def test_card_that_ended_stays_ended_and_keeps_its_holder(signer: Holder):
    pk, table = signer.certificate.card.pk, "UPDATE certificates_card SET"
    assert refuses(f"{table} holder_id = 0 WHERE id = %s", pk)
    assert refuses(f"{table} state = 'IN_STOCK' WHERE id = %s", pk)
    assert refuses(f"{table} serial_number = 'X' WHERE id = %s", pk)
    operations.report_lost(actor=signer.user, reason="taxi", now=NOW)
    assert refuses(f"{table} state = 'ACTIVE' WHERE id = %s", pk)
    assert refuses("DELETE FROM certificates_card WHERE id = %s", pk)


@pytest.mark.django_db
@pytest.mark.req("CERT-12")
def test_certificate_starts_issued_only_beside_another_or_by_renewal(signer: Holder):
    old = signer.certificate
    forged = {
        "holder": signer.user, "purpose": "SIGNING", "state": "ISSUED", "state_since": NOW,
        "applied_at": NOW, "der": b"x", "serial_number": "1", "sha256": "1",
        "public_key_sha256": "1", "not_before": NOW, "not_after": NOW + timedelta(days=1),
        "issued_at": NOW, "storage": "BROWSER",
    }  # fmt: skip
    for changes in ({}, {"renews": old, "suspensions": 1}, {"renews": old.companion}):
        with pytest.raises(Error), transaction.atomic():
            Certificate.objects.create(**{**forged, **changes})


@pytest.mark.django_db
def test_of_an_authority_only_the_number_of_its_list_moves(signer: Holder):
    assert CertificateAuthority.objects.count() == 2
    table = "UPDATE certificates_certificateauthority SET"
    assert refuses(f"{table} certificate_der = '\\x00'")
    assert refuses(f"{table} crl_number = 0")
    assert refuses(f"{table} crl_number = crl_number + 2")
