"""Outside certificates from binding to end: signing with them, their lists (CERT-11)."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from audit.queries import history
from certificates import operations, queries
from certificates.errors import (
    CertificateStateChanged,
    SignatureReason,
    SignatureRefused,
    SigningReason,
    SigningRefused,
)
from certificates.errors.external import (
    ExternalAuthorityUnknown,
    ExternalReason,
    ExternalRefused,
    HolderNotFit,
    HolderNotFree,
    ListNotFetched,
)
from certificates.formats.profiles import RevocationReason
from certificates.gateways.lists import HttpListSource, list_source
from certificates.models import (
    Certificate,
    ExternalAuthority,
    ExternalIssuer,
    ExternalList,
    RevocationList,
    Signature,
)
from certificates.queries.external import examine_for, external_authorities
from certificates.states import CertificateState
from kernel.canonical import sha256_hex
from tests.factories.authorities import run_openssl, to_pem
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
    Node,
    OutsideAuthority,
    accept_authority,
    bind,
    make_node,
    make_outside_authority,
    take_list,
)

pytestmark = [pytest.mark.django_db, pytest.mark.req("CERT-11")]
SERIAL = 0x4711
HOLD = x509.ReasonFlags.certificate_hold
HOUR = timedelta(hours=1)
LATER = NOW + 2 * HOUR


@pytest.fixture(scope="module")
def outside() -> OutsideAuthority:
    return make_outside_authority()


@pytest.fixture
def accepted(db: None, outside: OutsideAuthority) -> OutsideAuthority:
    """Return an authority the bank accepts, with fresh lists."""
    accept_authority(outside)
    return outside


def bound(outside: OutsideAuthority, holder: Holder | None = None, serial: int = SERIAL) -> Holder:
    """Return a person to whom an outside certificate was bound, not confirmed yet."""
    holder = holder or make_holder()
    card = TestCard()
    row = bind(holder.user, outside.certify(card, serial=serial))
    return Holder(holder.user, holder.session, card, bytes.fromhex(row.sha256 or ""))


def confirmed(
    outside: OutsideAuthority, holder: Holder | None = None, serial: int = SERIAL
) -> Holder:
    """Return a person who has confirmed an outside certificate with its key."""
    signer = bound(outside, holder, serial)
    challenge = operations.prepare_confirmation(
        actor=signer.user, session_key_sha256=signer.session, audience=AUDIENCE, now=NOW
    )
    assert challenge is not None
    confirm(signer, challenge)
    return signer


@pytest.fixture
def signer(accepted: OutsideAuthority) -> Holder:
    return confirmed(accepted)


def refusal(signer: Holder, now: datetime = NOW) -> SigningReason:
    """Return why this person is not shown anything to sign."""
    with pytest.raises(SigningRefused) as refused:
        show(signer, now=now)
    return refused.value.reason


# --- binding and confirming --------------------------------------------------------------------
def test_bound_it_waits_for_its_holder(accepted: OutsideAuthority) -> None:
    row = bound(accepted).certificate
    assert (row.state, row.storage) == (CertificateState.ISSUED, "HARDWARE")
    assert row.serial_number == "FXML-4711"
    assert row.outside_good_until == NOW.replace(microsecond=0) + DAY - timedelta(minutes=1)
    assert [entry.verb for entry in row.events.order_by("pk")] == ["bind"]
    (event,) = history("certificate:FXML-4711")
    assert event.event == "certificates.certificate.bound"
    assert event.after["authority"] == "FXML"


def test_its_holder_confirms_with_its_key_and_signs(signer: Holder) -> None:
    assert signer.certificate.state == CertificateState.ACTIVE
    accept(signer, show(signer))
    assert Signature.objects.filter(certificate=signer.certificate).count() == 2


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


def test_its_key_is_certified_by_nobody_else_afterwards(signer: Holder) -> None:
    """The bank's own authority looks at outside keys as at its own."""
    assert (
        examine_for(bytes(signer.certificate.der or b""), now=NOW).known
        is ExternalReason.ALREADY_BOUND
    )
    assert Certificate.objects.filter(
        public_key_sha256=sha256_hex(signer.card.public_key_der)
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


# --- what the world says -----------------------------------------------------------------------
def test_it_is_on_no_list_and_in_no_answer_of_the_bank(signer: Holder) -> None:
    lists = RevocationList.objects.count()
    operations.suspend(serial_number="FXML-4711", actor=None, now=NOW)
    assert RevocationList.objects.count() == lists
    with transaction.atomic():
        operations.publish_crl_step(now=NOW)
    crl = x509.load_der_x509_crl(queries.latest_crl())
    assert crl.get_revoked_certificate_by_serial_number(SERIAL) is None


@pytest.mark.req("CERT-3", "CERT-5")
def test_the_banks_own_people_take_it_out_of_force_here(signer: Holder) -> None:
    assert operations.suspend(serial_number="FXML-4711", actor=None, now=NOW) == "SUSPENDED"
    assert refusal(signer) is SigningReason.CERTIFICATE_NOT_ACTIVE
    operations.revoke(
        serial_number="FXML-4711", reason=RevocationReason.KEY_COMPROMISE, actor=None, now=NOW
    )
    with pytest.raises(CertificateStateChanged):
        operations.suspend(serial_number="FXML-4711", actor=None, now=NOW)


def test_without_a_fresh_list_nobody_signs_and_is_told_why(signer: Holder) -> None:
    shown = show(signer, now=NOW + DAY - 3 * timedelta(minutes=1))
    late = NOW + DAY
    assert refusal(signer, late) is SigningReason.OUTSIDE_STALE
    with pytest.raises(SigningRefused) as refused:
        accept(signer, shown, now=late)
    assert refused.value.reason is SigningReason.OUTSIDE_STALE
    facts = queries.signing_certificate(signer.user.pk)
    assert facts is not None
    assert facts.refusal(function="transfers.order", amount=None, now=late) == (
        SigningReason.OUTSIDE_STALE
    )


def test_a_fresh_list_lets_them_sign_on(accepted: OutsideAuthority, signer: Holder) -> None:
    late = NOW + DAY + HOUR
    take_list(accepted.issuer, now=late)
    accept(signer, show(signer, now=late), now=late)


def test_the_roots_list_counts_too(accepted: OutsideAuthority, signer: Holder) -> None:
    """The issuer's own state must be known as well as the holder's."""
    late = NOW + 91 * DAY
    take_list(accepted.issuer, now=late)
    assert refusal(signer, late) is SigningReason.OUTSIDE_STALE


def test_on_hold_there_means_not_here_until_it_is_good_again(
    accepted: OutsideAuthority, signer: Holder
) -> None:
    shown = show(signer, now=LATER)
    take_list(accepted.issuer, (SERIAL, HOLD), now=LATER)
    assert signer.certificate.state == CertificateState.ACTIVE
    assert refusal(signer, LATER) is SigningReason.OUTSIDE_NOT_GOOD
    with pytest.raises(SigningRefused) as refused:
        accept(signer, shown, now=LATER)
    assert refused.value.reason is SigningReason.OUTSIDE_NOT_GOOD
    again = LATER + HOUR
    take_list(accepted.issuer, now=again)
    accept(signer, show(signer, now=again), now=again)
    events = [one.event for one in history("certificate:FXML-4711")]
    assert events.count("certificates.external.held") == 1
    assert events.count("certificates.external.released") == 1


def test_a_list_that_names_it_is_never_carried_in_its_signature(
    accepted: OutsideAuthority, signer: Holder
) -> None:
    """Signed while it was on hold, accepted when the hold was gone: openssl would refuse it."""
    minute = timedelta(minutes=1)
    shown = show(signer, now=LATER)
    take_list(accepted.issuer, (SERIAL, HOLD), now=LATER + 1.5 * minute)
    take_list(accepted.issuer, now=LATER + 3 * minute)
    assert signer.certificate.outside_status == "GOOD"
    with pytest.raises(SigningRefused) as refused:
        accept(signer, shown, at=LATER + minute, now=LATER + 3 * minute)
    assert refused.value.reason is SigningReason.OUTSIDE_NOT_GOOD
    accept(signer, shown, at=LATER + 2 * minute, now=LATER + 3 * minute)


def test_revoked_there_is_revoked_here_for_ever(accepted: OutsideAuthority, signer: Holder) -> None:
    other = confirmed(accepted, serial=SERIAL + 1)
    take_list(accepted.issuer, (SERIAL, x509.ReasonFlags.key_compromise), now=LATER)
    assert signer.certificate.state == CertificateState.REVOKED
    assert other.certificate.state == CertificateState.ACTIVE
    take_list(accepted.issuer, now=LATER + HOUR)
    assert signer.certificate.state == CertificateState.REVOKED


def test_an_issuer_that_was_revoked_ends_all_its_certificates(
    accepted: OutsideAuthority, signer: Holder
) -> None:
    serial = accepted.issuer.certificate.serial_number
    take_list(accepted.root, (serial, x509.ReasonFlags.ca_compromise), now=LATER)
    assert signer.certificate.state == CertificateState.REVOKED


def test_an_older_list_brings_nothing_back(accepted: OutsideAuthority, signer: Holder) -> None:
    take_list(accepted.issuer, (SERIAL, HOLD), now=LATER)
    assert not take_list(accepted.issuer, now=LATER - HOUR)
    assert signer.certificate.outside_status == "ON_HOLD"


def test_a_forged_list_is_not_taken(accepted: OutsideAuthority) -> None:
    issuer = ExternalIssuer.objects.get(sha256=sha256_hex(accepted.issuer.der))
    key = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(ExternalRefused) as refused:
        operations.take_external_list(
            issuer_id=issuer.pk, der=accepted.issuer.crl(key=key), now=NOW
        )
    assert refused.value.reason is ExternalReason.LIST_FORGED


# --- the signature -----------------------------------------------------------------------------
@pytest.mark.req("SIGN-4")
def test_openssl_proves_the_signature_by_their_root_alone(
    accepted: OutsideAuthority, signer: Holder, tmp_path: Path
) -> None:
    shown = show(signer)
    facts = accept(signer, shown)
    cms = bytes(Signature.objects.get(pk=facts.id).cms)
    (tmp_path / "decision.p7s").write_bytes(cms)
    (tmp_path / "decision.json").write_bytes(shown.statement)
    (tmp_path / "root.pem").write_bytes(to_pem(accepted.root.der))
    (tmp_path / "other.pem").write_bytes(queries.root_pem())

    def run(root: str, statement: str = "decision.json") -> int:
        return run_openssl(
            tmp_path,
            "cms -verify -cades -crl_check -binary -inform DER -in decision.p7s",
            f"-content {statement} -CAfile {root} -purpose any",
            f"-attime {int(NOW.timestamp())} -signer who.pem -out out",
        ).returncode

    assert run("root.pem") == 0
    assert (tmp_path / "who.pem").read_bytes() == to_pem(bytes(signer.certificate.der or b""))
    assert run("other.pem") != 0
    (tmp_path / "changed.json").write_bytes(shown.statement.replace(b"1234567", b"1234568"))
    assert run("root.pem", "changed.json") != 0


# --- accepting and withdrawing an authority ----------------------------------------------------
def test_withdrawn_none_of_its_certificates_signs(
    accepted: OutsideAuthority, signer: Holder
) -> None:
    operations.withdraw_external_authority(code="FXML", now=NOW)
    assert refusal(signer) is SigningReason.OUTSIDE_STALE
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
    with pytest.raises(CommandError, match="no such"):
        call_command("configure_external_authority", "NONE", "--withdraw")
    nowhere = ["X", "--name", "x", "--root", "/nowhere", "u", "--policy", "1.2", "SOFTWARE"]
    for wrong in (["X"], nowhere, [*arguments[1:-1], "BROWSER"]):
        with pytest.raises(CommandError):
            call_command("configure_external_authority", *wrong)


# --- fetching ----------------------------------------------------------------------------------
def fresh(node: Node) -> bytes:
    return node.crl(this_update=NOW.replace(microsecond=0), next_update=NOW + DAY)


@pytest.mark.usefixtures("db")
def test_lists_are_taken_from_files(outside: OutsideAuthority, tmp_path: Path, settings) -> None:
    settings.EXTERNAL_LISTS, settings.EXTERNAL_LISTS_DIRECTORY = "file", str(tmp_path)
    accept_authority(outside, lists=False)
    assert operations.refresh_external_lists(now=NOW) == 2
    for node in (outside.root, outside.issuer):
        (tmp_path / f"{sha256_hex(node.der)}.crl").write_bytes(fresh(node))
    assert operations.refresh_external_lists(now=NOW) == 0
    assert ExternalList.objects.count() == 2
    assert operations.refresh_external_lists(now=NOW) == 0
    assert ExternalList.objects.count() == 2
    (tmp_path / f"{sha256_hex(outside.issuer.der)}.crl").write_bytes(b"garbage")
    assert operations.refresh_external_lists(now=NOW) == 1


@pytest.fixture
def site() -> Iterator[tuple[str, dict[str, bytes]]]:
    """Return the address of a small site and what it serves by path."""
    served: dict[str, bytes] = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/moved":
                self.send_response(302)
                self.send_header("Location", "/root.crl")
                self.end_headers()
                return
            self.send_response(200 if self.path in served else 404)
            self.end_headers()
            self.wfile.write(served.get(self.path, b""))

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", served
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.usefixtures("db")
def test_lists_are_fetched_over_http(outside: OutsideAuthority, site, settings) -> None:
    settings.EXTERNAL_LISTS = "http"
    address, served = site
    served["/root.crl"], served["/issuing.crl"] = fresh(outside.root), fresh(outside.issuer)
    operations.configure_external_authority(
        code="FXML",
        name="外部憑證機構",
        root=operations.NewIssuer(outside.root.der, f"{address}/root.crl"),
        issuers=[operations.NewIssuer(outside.issuer.der, f"{address}/issuing.crl")],
        policies=outside.trust.policies,
        now=NOW,
    )
    assert operations.refresh_external_lists(now=NOW) == 0
    assert {bytes(row.der) for row in ExternalList.objects.all()} == set(served.values())


def test_what_does_not_answer_with_a_list_is_a_failure(site) -> None:
    address, served = site
    served["/huge"] = bytes(5 * 1024 * 1024)
    for url in (
        f"{address}/none", f"{address}/moved", f"{address}/huge", "http://127.0.0.1:9/x",
        "file:///etc/hostname", "", "http://", "http://127.0.0.1:99999/x",
    ):  # fmt: skip
        with pytest.raises(ListNotFetched):
            HttpListSource().fetch(issuer_sha256="0" * 64, url=url)


def test_a_source_must_be_named(settings) -> None:
    settings.EXTERNAL_LISTS = "carrier pigeon"
    with pytest.raises(Exception, match="EXTERNAL_LISTS"):
        list_source()


# --- what the database holds, direct SQL included ----------------------------------------------
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
