"""Outside certificates from binding to end: signing with them, their lists (CERT-11)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils.translation import override

from audit.queries import history
from certificates import operations
from certificates.errors import (
    SignatureReason,
    SignatureRefused,
    SigningReason,
)
from certificates.errors.external import (
    ExternalAuthorityUnknown,
    ExternalReason,
    ExternalRefused,
    HolderNotFit,
    HolderNotFree,
)
from certificates.models import (
    Certificate,
    ExternalAuthority,
    ExternalIssuer,
    Signature,
)
from certificates.queries.external import examine_for, external_authorities
from certificates.states import CertificateState
from kernel.canonical import sha256_hex
from tests.certificates.outside_stories import HOUR, LATER, SERIAL, bound, confirmed, refusal
from tests.factories.authorities import to_pem
from tests.factories.cards import TestCard
from tests.factories.certificates import (
    AUDIENCE,
    NOW,
    Holder,
    accept,
    confirm,
    make_holder,
    make_person,
    make_signer,
    print_letter,
    show,
)
from tests.factories.outside import (
    DAY,
    OTHER_POLICY,
    POLICY,
    SOFTWARE_POLICY,
    OutsideAuthority,
    accept_authority,
    bind,
    make_node,
    make_outside_authority,
    take_list,
)

pytestmark = [pytest.mark.django_db, pytest.mark.req("CERT-11")]
HOLD = x509.ReasonFlags.certificate_hold


def test_bound_it_waits_for_its_holder(accepted: OutsideAuthority) -> None:
    row = bound(accepted).certificate
    assert (row.state, row.storage) == (CertificateState.ISSUED, "HARDWARE")
    assert row.serial_number == "FXML-4711"
    assert row.outside_good_until == NOW.replace(microsecond=0) + DAY - timedelta(minutes=1)
    assert [entry.verb for entry in row.events.order_by("pk")] == ["bind"]
    (event,) = history("certificate:FXML-4711")
    assert event.event == "certificates.certificate.bound"
    assert event.after["authority"] == "FXML"


def test_its_holder_confirms_with_its_key_and_signs(outside_signer: Holder) -> None:
    assert outside_signer.certificate.state == CertificateState.ACTIVE
    accept(outside_signer, show(outside_signer))
    assert Signature.objects.filter(certificate=outside_signer.certificate).count() == 2


def test_another_key_does_not_confirm_it(accepted: OutsideAuthority) -> None:
    signer = bound(accepted)
    other = Holder(signer.user, signer.session, TestCard(), signer.certificate_sha256)
    challenge = operations.prepare_confirmation(
        actor=signer.user, session_key_sha256=signer.session, audience=AUDIENCE, now=NOW
    )
    assert challenge is not None
    with pytest.raises(SignatureRefused) as refused:
        confirm(other, challenge)
    assert refused.value.reason is SignatureReason.BAD_SIGNATURE
    assert signer.certificate.state == CertificateState.ISSUED


def test_its_policy_says_where_the_key_is_kept(accepted: OutsideAuthority) -> None:
    holder = make_holder()
    row = bind(holder.user, accepted.certify(policy=(SOFTWARE_POLICY,)))
    assert row.storage == "SOFTWARE"


def test_confirming_it_replaces_the_one_of_the_bank(accepted: OutsideAuthority, listed) -> None:
    own = make_signer()
    serial = own.certificate.serial_number
    signer = confirmed(accepted, Holder(own.user, own.session, own.card))
    assert own.certificate.state == CertificateState.REVOKED
    assert listed(serial) == "Superseded"
    assert signer.certificate.state == CertificateState.ACTIVE


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"policy": (OTHER_POLICY,)}, ExternalReason.WRONG_POLICY),
        ({"start": NOW - 9 * DAY, "end": NOW - HOUR}, ExternalReason.EXPIRED),
        ({"constraints": x509.BasicConstraints(ca=True, path_length=None)},
         ExternalReason.IS_AUTHORITY),
        ({"public_key": ec.generate_private_key(ec.SECP384R1()).public_key()},
         ExternalReason.WEAK_KEY),
    ],
)  # fmt: skip
def test_what_does_not_pass_is_not_bound(
    accepted: OutsideAuthority, changes: dict, reason: ExternalReason
) -> None:
    holder = make_holder()
    with pytest.raises(ExternalRefused) as refused:
        bind(holder.user, accepted.certify(**changes))
    assert refused.value.reason is reason
    assert not Certificate.objects.filter(holder=holder.user).exists()


def test_an_authority_nobody_accepted_is_refused(db: None, outside: OutsideAuthority) -> None:
    holder = make_holder()
    with pytest.raises(ExternalRefused) as refused:
        bind(holder.user, outside.certify())
    assert refused.value.reason is ExternalReason.UNKNOWN_ISSUER


def test_revoked_there_it_is_not_bound(accepted: OutsideAuthority) -> None:
    take_list(accepted.issuer, (SERIAL, None), now=NOW + HOUR)
    with pytest.raises(ExternalRefused) as refused:
        bind(make_holder().user, accepted.certify(serial=SERIAL), now=NOW + HOUR)
    assert refused.value.reason is ExternalReason.REVOKED


def test_a_certificate_is_bound_once_and_a_key_is_certified_once(
    accepted: OutsideAuthority,
) -> None:
    own, other = make_signer(), make_holder()
    card = TestCard()
    der = accepted.certify(card)
    bind(other.user, der)
    third = make_holder().user
    for again, reason in (
        (der, ExternalReason.ALREADY_BOUND),
        (accepted.certify(card), ExternalReason.KEY_IN_USE),
        (accepted.certify(own.card), ExternalReason.KEY_IN_USE),
    ):
        with pytest.raises(ExternalRefused) as refused:
            bind(third, again)
        assert refused.value.reason is reason


def test_its_key_is_certified_by_nobody_else_afterwards(outside_signer: Holder) -> None:
    """The bank's own authority looks at outside keys as at its own."""
    assert (
        examine_for(bytes(outside_signer.certificate.der or b""), now=NOW).known
        is ExternalReason.ALREADY_BOUND
    )
    assert Certificate.objects.filter(
        public_key_sha256=sha256_hex(outside_signer.card.public_key_der)
    ).exists()


def test_one_certificate_at_a_time_is_on_its_way(accepted: OutsideAuthority) -> None:
    holder = make_holder()
    print_letter(holder)
    with pytest.raises(HolderNotFree):
        bind(holder.user, accepted.certify())


def test_only_people_of_companies_hold_them(accepted: OutsideAuthority) -> None:
    holder = make_holder()
    branch = holder.user.company.branch if holder.user.company else None
    with pytest.raises(HolderNotFit):
        bind(make_person(branch), accepted.certify())


def test_withdrawn_none_of_its_certificates_signs(
    accepted: OutsideAuthority, outside_signer: Holder
) -> None:
    operations.withdraw_external_authority(code="FXML", now=NOW)
    assert refusal(outside_signer) is SigningReason.OUTSIDE_STALE
    with pytest.raises(ExternalAuthorityUnknown):
        take_list(accepted.issuer, now=LATER)
    with pytest.raises(ExternalAuthorityUnknown):
        operations.withdraw_external_authority(code="FXML", now=NOW)
    with pytest.raises(ExternalRefused):
        accept_authority(accepted)
    assert external_authorities() == []


def test_an_authority_is_not_taken_over_by_another_root(accepted: OutsideAuthority) -> None:
    with pytest.raises(ExternalRefused):
        accept_authority(make_outside_authority("Elsewhere"))


def test_another_issuer_is_added_beside_the_first(accepted: OutsideAuthority) -> None:
    second = accepted.root.authority("Outside Second", policy=(POLICY,))
    renewed = OutsideAuthority(accepted.root, second)
    accept_authority(renewed, now=NOW + HOUR)
    bind(make_holder().user, renewed.certify(), now=NOW + HOUR)
    (facts,) = external_authorities()
    assert len(facts.issuers) == 3
    assert not any(one.is_stale(NOW + HOUR) for one in facts.issuers)


def test_the_command_accepts_and_withdraws(
    outside: OutsideAuthority, tmp_path: Path, settings, capsys
) -> None:
    settings.EXTERNAL_LISTS, settings.EXTERNAL_LISTS_DIRECTORY = "file", str(tmp_path)
    for name, node in (("root", outside.root), ("issuing", outside.issuer)):
        (tmp_path / f"{name}.pem").write_bytes(to_pem(node.der))
    arguments = [
        "configure_external_authority", "FXML", "--name", "外部憑證機構",
        "--root", str(tmp_path / "root.pem"), "http://crl.example/root.crl",
        "--issuer", str(tmp_path / "issuing.pem"), "http://crl.example/issuing.crl",
        "--policy", POLICY, "HARDWARE",
    ]  # fmt: skip
    call_command(*arguments)
    assert "Accepted." in capsys.readouterr().out
    assert ExternalAuthority.objects.get().policies == {POLICY: "HARDWARE"}
    call_command("configure_external_authority", "FXML", "--withdraw")
    with pytest.raises(CommandError, match="unknown_issuer"):
        call_command(*arguments)
    with override("en"), pytest.raises(CommandError, match="no such"):
        call_command("configure_external_authority", "NONE", "--withdraw")
    nowhere = ["X", "--name", "x", "--root", "/nowhere", "u", "--policy", "1.2", "SOFTWARE"]
    for wrong in (["X"], nowhere, [*arguments[1:-1], "BROWSER"]):
        with pytest.raises(CommandError):
            call_command("configure_external_authority", *wrong)


def run_sql(sql: str, *values: object) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)


def test_only_outside_ones_are_issued_without_a_letter(accepted: OutsideAuthority) -> None:
    own = make_holder()
    print_letter(own)
    application = Certificate.objects.get(holder=own.user)
    row = bound(accepted).certificate
    columns = (
        "der = %s, serial_number = 'x', sha256 = 'x', public_key_sha256 = 'x',"
        " storage = 'HARDWARE', not_before = now(), not_after = now() + interval '1 day',"
        " issued_at = now()"
    )
    waiting = Certificate(
        holder=make_holder().user, purpose="SIGNING", state_since=NOW, applied_at=NOW
    )
    waiting.save(force_insert=True)
    for sql, values in (
        (f"UPDATE certificates_certificate SET state = 'ISSUED', {columns} WHERE id = %s",  # noqa: S608
         (b"x", waiting.pk)),
        ("UPDATE certificates_certificate SET external_issuer_id = %s, outside_status = 'GOOD'"
         " WHERE id = %s", (row.external_issuer_id, application.pk)),
        ("UPDATE certificates_certificate SET external_issuer_id = NULL, outside_status = '',"
         " outside_good_until = NULL WHERE id = %s", (row.pk,)),
        ("UPDATE certificates_certificate SET state = 'APPLIED' WHERE id = %s", (row.pk,)),
    ):  # fmt: skip
        with pytest.raises(DatabaseError):
            run_sql(sql, *values)


def test_an_outside_one_never_waits_for_a_letter(accepted: OutsideAuthority) -> None:
    issuer = ExternalIssuer.objects.exclude(chain=[]).get()
    waiting = Certificate(
        holder=make_holder().user, purpose="SIGNING", state_since=NOW, applied_at=NOW,
        external_issuer=issuer, outside_status="GOOD",
    )  # fmt: skip
    waiting.save(force_insert=True)
    with pytest.raises(DatabaseError):
        run_sql(
            "UPDATE certificates_certificate SET state = 'LETTER_PRINTED' WHERE id = %s",
            waiting.pk,
        )


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE certificates_externalauthority SET code = 'MINE'",
        "UPDATE certificates_externalauthority SET root_der = 'x'",
        "DELETE FROM certificates_externalauthority",
        "UPDATE certificates_externalissuer SET certificate_der = 'x'",
        "DELETE FROM certificates_externalissuer",
        "UPDATE certificates_externallist SET next_update = next_update + interval '1 year'",
        "DELETE FROM certificates_externallist",
        "TRUNCATE certificates_externallist CASCADE",
    ],
)
def test_what_was_accepted_and_taken_is_final(accepted: OutsideAuthority, sql: str) -> None:
    with pytest.raises(DatabaseError):
        run_sql(sql)


def test_withdrawn_is_final_by_the_database_too(accepted: OutsideAuthority) -> None:
    operations.withdraw_external_authority(code="FXML", now=NOW)
    with pytest.raises(DatabaseError):
        run_sql("UPDATE certificates_externalauthority SET withdrawn_at = NULL")


def test_a_certificate_of_a_stranger_root_is_read_and_refused(accepted: OutsideAuthority) -> None:
    stranger = make_node("Stranger Root")
    der = accepted.certify(issuer=stranger)
    finding = examine_for(der, now=NOW)
    assert finding.refusal is ExternalReason.UNKNOWN_ISSUER
    assert finding.issuer_id is None
    assert finding.examination.certificate.common_name == "測試實業-王小明"
