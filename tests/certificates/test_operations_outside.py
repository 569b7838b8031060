"""What the world says of outside certificates decides whether they sign (CERT-11)."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from django.db import transaction

from audit.queries import history
from certificates import operations, queries
from certificates.errors import (
    CertificateStateChanged,
    SigningReason,
    SigningRefused,
)
from certificates.errors.external import (
    ExternalReason,
    ExternalRefused,
    ListNotFetched,
    RenewedElsewhere,
)
from certificates.formats.profiles import KeyStorage, RevocationReason
from certificates.gateways.lists import HttpListSource, list_source
from certificates.models import (
    ExternalIssuer,
    ExternalList,
    OcspAnswer,
    RevocationList,
    Signature,
)
from certificates.states import CertificateState
from kernel.canonical import sha256_hex
from tests.certificates.outside_stories import HOUR, LATER, SERIAL, confirmed, refusal
from tests.factories.authorities import run_openssl, to_pem
from tests.factories.certificates import (
    NOW,
    Holder,
    accept,
    show,
)
from tests.factories.outside import (
    DAY,
    Node,
    OutsideAuthority,
    accept_authority,
    take_list,
)

pytestmark = [pytest.mark.django_db, pytest.mark.req("CERT-11")]
HOLD = x509.ReasonFlags.certificate_hold


def test_it_is_on_no_list_and_in_no_answer_of_the_bank(
    outside_signer: Holder, tmp_path: Path
) -> None:
    lists = RevocationList.objects.count()
    operations.suspend(serial_number="FXML-4711", actor=None, now=NOW)
    assert RevocationList.objects.count() == lists
    with transaction.atomic():
        operations.publish_crl_step(now=NOW)
    crl = x509.load_der_x509_crl(queries.latest_crl())
    assert crl.get_revoked_certificate_by_serial_number(SERIAL) is None
    assert not OcspAnswer.objects.filter(certificate=outside_signer.certificate).exists()
    (tmp_path / "issuing.pem").write_bytes(queries.issuing_pem())
    asked = run_openssl(
        tmp_path, f"ocsp -issuer issuing.pem -serial {SERIAL:#x} -no_nonce -reqout question"
    )
    assert asked.returncode == 0, asked.stderr
    question = (tmp_path / "question").read_bytes()
    answer = operations.answer(question=question, now=NOW + timedelta(seconds=1))
    told = ocsp.load_der_ocsp_response(answer)
    assert told.certificate_status is ocsp.OCSPCertStatus.UNKNOWN


@pytest.mark.req("CERT-12")
def test_its_own_authority_renews_it_and_not_the_bank(outside_signer: Holder) -> None:
    facts = queries.signing_certificate(outside_signer.user.pk)
    assert facts is not None
    assert facts.renewable_from is None
    with pytest.raises(RenewedElsewhere):
        operations.begin_renewal(
            actor=outside_signer.user, session_key_sha256=outside_signer.session,
            made_on=KeyStorage.HARDWARE, now=NOW + 364 * DAY,
        )  # fmt: skip


@pytest.mark.req("CERT-3", "CERT-5")
def test_the_banks_own_people_take_it_out_of_force_here(outside_signer: Holder) -> None:
    assert operations.suspend(serial_number="FXML-4711", actor=None, now=NOW) == "SUSPENDED"
    assert refusal(outside_signer) is SigningReason.CERTIFICATE_NOT_ACTIVE
    operations.revoke(
        serial_number="FXML-4711", reason=RevocationReason.KEY_COMPROMISE, actor=None, now=NOW
    )
    with pytest.raises(CertificateStateChanged):
        operations.suspend(serial_number="FXML-4711", actor=None, now=NOW)


def test_without_a_fresh_list_nobody_signs_and_is_told_why(outside_signer: Holder) -> None:
    shown = show(outside_signer, now=NOW + DAY - 3 * timedelta(minutes=1))
    late = NOW + DAY
    assert refusal(outside_signer, late) is SigningReason.OUTSIDE_STALE
    with pytest.raises(SigningRefused) as refused:
        accept(outside_signer, shown, now=late)
    assert refused.value.reason is SigningReason.OUTSIDE_STALE
    facts = queries.signing_certificate(outside_signer.user.pk)
    assert facts is not None
    assert facts.refusal(function="transfers.order", amount=None, now=late) == (
        SigningReason.OUTSIDE_STALE
    )


def test_a_fresh_list_lets_them_sign_on(accepted: OutsideAuthority, outside_signer: Holder) -> None:
    late = NOW + DAY + HOUR
    take_list(accepted.issuer, now=late)
    accept(outside_signer, show(outside_signer, now=late), now=late)


def test_the_roots_list_counts_too(accepted: OutsideAuthority, outside_signer: Holder) -> None:
    """The issuer's own state must be known as well as the holder's."""
    late = NOW + 91 * DAY
    take_list(accepted.issuer, now=late)
    assert refusal(outside_signer, late) is SigningReason.OUTSIDE_STALE


def test_on_hold_there_means_not_here_until_it_is_good_again(
    accepted: OutsideAuthority, outside_signer: Holder
) -> None:
    shown = show(outside_signer, now=LATER)
    take_list(accepted.issuer, (SERIAL, HOLD), now=LATER)
    assert outside_signer.certificate.state == CertificateState.ACTIVE
    assert refusal(outside_signer, LATER) is SigningReason.OUTSIDE_NOT_GOOD
    with pytest.raises(SigningRefused) as refused:
        accept(outside_signer, shown, now=LATER)
    assert refused.value.reason is SigningReason.OUTSIDE_NOT_GOOD
    again = LATER + HOUR
    take_list(accepted.issuer, now=again)
    accept(outside_signer, show(outside_signer, now=again), now=again)
    events = [one.event for one in history("certificate:FXML-4711")]
    assert events.count("certificates.external.held") == 1
    assert events.count("certificates.external.released") == 1


def test_a_list_that_names_it_is_never_carried_in_its_signature(
    accepted: OutsideAuthority, outside_signer: Holder
) -> None:
    """Signed while it was on hold, accepted when the hold was gone: openssl would refuse it."""
    minute = timedelta(minutes=1)
    shown = show(outside_signer, now=LATER)
    take_list(accepted.issuer, (SERIAL, HOLD), now=LATER + 1.5 * minute)
    take_list(accepted.issuer, now=LATER + 3 * minute)
    assert outside_signer.certificate.outside_status == "GOOD"
    with pytest.raises(SigningRefused) as refused:
        accept(outside_signer, shown, at=LATER + minute, now=LATER + 3 * minute)
    assert refused.value.reason is SigningReason.OUTSIDE_NOT_GOOD
    accept(outside_signer, shown, at=LATER + 2 * minute, now=LATER + 3 * minute)


def test_revoked_there_is_revoked_here_for_ever(
    accepted: OutsideAuthority, outside_signer: Holder
) -> None:
    other = confirmed(accepted, serial=SERIAL + 1)
    take_list(accepted.issuer, (SERIAL, x509.ReasonFlags.key_compromise), now=LATER)
    assert outside_signer.certificate.state == CertificateState.REVOKED
    assert other.certificate.state == CertificateState.ACTIVE
    take_list(accepted.issuer, now=LATER + HOUR)
    assert outside_signer.certificate.state == CertificateState.REVOKED


def test_an_issuer_that_was_revoked_ends_all_its_certificates(
    accepted: OutsideAuthority, outside_signer: Holder
) -> None:
    serial = accepted.issuer.certificate.serial_number
    take_list(accepted.root, (serial, x509.ReasonFlags.ca_compromise), now=LATER)
    assert outside_signer.certificate.state == CertificateState.REVOKED


def test_an_older_list_brings_nothing_back(
    accepted: OutsideAuthority, outside_signer: Holder
) -> None:
    take_list(accepted.issuer, (SERIAL, HOLD), now=LATER)
    assert not take_list(accepted.issuer, now=LATER - HOUR)
    assert outside_signer.certificate.outside_status == "ON_HOLD"


def test_a_forged_list_is_not_taken(accepted: OutsideAuthority) -> None:
    issuer = ExternalIssuer.objects.get(sha256=sha256_hex(accepted.issuer.der))
    key = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(ExternalRefused) as refused:
        operations.take_external_list(
            issuer_id=issuer.pk, der=accepted.issuer.crl(key=key), now=NOW
        )
    assert refused.value.reason is ExternalReason.LIST_FORGED


@pytest.mark.req("SIGN-4")
def test_openssl_proves_the_signature_by_their_root_alone(
    accepted: OutsideAuthority, outside_signer: Holder, tmp_path: Path
) -> None:
    shown = show(outside_signer)
    facts = accept(outside_signer, shown)
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
    assert (tmp_path / "who.pem").read_bytes() == to_pem(
        bytes(outside_signer.certificate.der or b"")
    )
    assert run("other.pem") != 0
    (tmp_path / "changed.json").write_bytes(shown.statement.replace(b"1234567", b"1234568"))
    assert run("root.pem", "changed.json") != 0


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
