"""Anyone asks about a certificate, by plain openssl, and is told the truth at once (CERT-8)."""

from __future__ import annotations

import base64
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connections

from certificates import operations, queries
from certificates.formats.ocsp import CertificateStatus, read_answer
from certificates.formats.profiles import RevocationReason
from kernel import clock
from tests.factories.anyone import Anyone
from tests.factories.authorities import run_openssl
from tests.factories.certificates import Holder, lift, make_signer
from tests.factories.site import serving

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("CERT-8")]


@pytest.fixture
def anyone(tmp_path: Path) -> Iterator[Anyone]:
    """Return somebody who reaches the running site."""
    with serving() as address:
        yield Anyone(tmp_path, address)
    connections.close_all()


@pytest.fixture
def live_signer(anyone: Anyone) -> Holder:
    """Return a person whose certificate came into force just now."""
    holder = make_signer(now=clock.now())
    anyone.prepare(bytes(holder.certificate.der))
    return holder


@pytest.mark.parametrize("asking", [(), ("-cert leaf.pem", "-no_nonce")], ids=["nonce", "stored"])
def test_good_then_held_then_good_then_revoked(
    anyone: Anyone, live_signer: Holder, asking: tuple[str, ...]
):
    serial = live_signer.certificate.serial_number
    assert "leaf.pem: good" in anyone.ask(*asking)
    assert anyone.reads_list() == "good"
    operations.suspend(serial_number=serial, actor=None, now=clock.now())
    told = anyone.ask(*asking)
    assert "leaf.pem: revoked" in told
    assert "Reason: certificateHold" in told
    assert "certificate revoked" in anyone.reads_list()
    lift(live_signer, clock.now())
    assert "leaf.pem: good" in anyone.ask(*asking)
    assert anyone.reads_list() == "good"
    reason = RevocationReason.KEY_COMPROMISE
    operations.revoke(serial_number=serial, reason=reason, actor=None, now=clock.now())
    told = anyone.ask(*asking)
    assert "leaf.pem: revoked" in told
    assert "Reason: keyCompromise" in told
    assert "certificate revoked" in anyone.reads_list()


def test_foreign_serials_are_unknown_and_several_are_answered_at_once(
    anyone: Anyone, live_signer: Holder
):
    told = anyone.ask("-serial 0x1234567890abcdef", "-cert leaf.pem")
    assert "0x1234567890abcdef: unknown" in told
    assert "leaf.pem: good" in told


def test_sha256_names_are_understood(anyone: Anyone, live_signer: Holder):
    assert "leaf.pem: good" in anyone.ask("-sha256", "-cert leaf.pem")


def test_question_in_the_address_gets_the_stored_bytes(anyone: Anyone, live_signer: Holder):
    run_openssl(
        anyone.folder, "ocsp -issuer issuing.pem -cert leaf.pem -no_nonce -reqout question.der"
    )
    text = base64.b64encode((anyone.folder / "question.der").read_bytes()).decode()
    address = f"/pki/ocsp/{quote(text, safe='')}"
    first = anyone.fetch(address)
    assert anyone.fetch(address) == first
    assert read_answer(first)[0].status is CertificateStatus.GOOD
    serial = live_signer.certificate.serial_number
    operations.suspend(serial_number=serial, actor=None, now=clock.now())
    assert read_answer(anyone.fetch(address))[0].status is CertificateStatus.REVOKED


def test_rubbish_is_refused_and_nothing_may_be_kept_on_the_way(anyone: Anyone, live_signer: Holder):
    refusal = bytes.fromhex("30030a0101")
    assert anyone.fetch("/pki/ocsp/not+base64!") == refusal
    url = f"{anyone.site}/pki/ocsp"
    for content_type, body in (("application/ocsp-request", b"x"), ("text/plain", b"0")):
        asked = urllib.request.Request(url, body, {"Content-Type": content_type})  # noqa: S310
        with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310
            assert answer.read() == refusal
            assert answer.headers["Content-Type"] == "application/ocsp-response"
            assert answer.headers["Cache-Control"] == "no-store"


def test_each_list_has_its_address_and_no_other(anyone: Anyone, live_signer: Holder):
    assert anyone.fetch("/pki/crl/issuing-1.crl") == queries.latest_crl()
    assert anyone.fetch("/pki/crl/issuing.crl") == queries.latest_crl()
    (anyone.folder / "root.crl").write_bytes(anyone.fetch("/pki/crl/root-1.crl"))
    told = run_openssl(
        anyone.folder, "verify -crl_check -CAfile root.pem -CRLfile root.crl issuing.pem"
    )
    assert told.returncode == 0, told.stderr
    with pytest.raises(urllib.error.HTTPError, match="404"):
        anyone.fetch("/pki/crl/issuing-9.crl")
