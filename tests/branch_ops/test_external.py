"""The PKI officer's pages, from the upload to a released transfer signed by the outside key."""

from __future__ import annotations

import base64
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.urls import reverse

from approvals import operations as approvals
from approvals.models import Request
from approvals.states import Act, RequestState
from branch_ops.policies import Level, judge_outside_list
from certificates import operations as certificates
from certificates.formats.profiles import RevocationReason
from certificates.models import Certificate
from certificates.states import CertificateState
from kernel import clock
from tests.factories.authorities import to_pem
from tests.factories.cards import TestCard
from tests.factories.http import Browser, form_to, reference_in, words_of
from tests.factories.outside import (
    DAY,
    OTHER_POLICY,
    OutsideAuthority,
    accept_authority,
    confirm_bound,
    make_outside_authority,
    take_list,
)
from tests.factories.world import FIRST, World, decide, submit

pytestmark = [
    pytest.mark.django_db, pytest.mark.usefixtures("staff_site"), pytest.mark.req("CERT-11")
]  # fmt: skip
SERIAL = 0x4711


@pytest.fixture(scope="module")
def outside() -> OutsideAuthority:
    return make_outside_authority(now=clock.now().replace(microsecond=0))


@pytest.fixture
def accepted(world: World, outside: OutsideAuthority) -> OutsideAuthority:
    """Return an authority the bank accepts, with fresh lists."""
    accept_authority(outside, now=world.now)
    return outside


@pytest.fixture
def officer(world: World) -> Browser:
    return Browser.officer(world, "pki00001", english=True)


def upload(officer: Browser, data: bytes, name: str = "certificate.pem") -> HttpResponse:
    """Send a file to be examined."""
    file = SimpleUploadedFile(name, data)
    return officer.client.post(reverse("external:examine"), {"certificate": file})


def propose(
    officer: Browser, der: bytes, *, login: str = "release1", company: str = FIRST.code
) -> HttpResponse:
    """Examine a certificate and propose to bind it to a person."""
    form = form_to(upload(officer, to_pem(der)), reverse("external:propose"))
    fields = {**form.fields, "company": company, "holder": login, "reason": "Application 114-7"}
    return officer.client.post(form.action, fields)


def released(world: World, officer: Browser, der: bytes) -> str:
    """Propose, submit and release the binding; return the request's reference."""
    reference = reference_in(propose(officer, der))
    page = officer.get("approvals:request", reference)
    form = form_to(page, reverse("approvals:submit", args=[reference]))
    assert officer.client.post(form.action, form.fields).status_code == 302
    checker = Browser.officer(world, "pki00002", card=True, english=True)
    assert reference_in(checker.decide(reference, "release")) == reference
    return reference


@pytest.mark.req("DUAL-1", "DUAL-4", "DUAL-6")
def test_bound_by_two_officers_and_confirmed_it_releases_a_transfer(
    world: World, accepted: OutsideAuthority, officer: Browser
) -> None:
    card = TestCard()
    reference = released(world, officer, accepted.certify(card, serial=SERIAL))
    row = Certificate.objects.get(serial_number="FXML-4711")
    assert row.state == CertificateState.ISSUED
    bound = row.events.get(verb="bind")
    assert bound.actor == world.officer("pki00002").user.public_id
    assert bound.reason == reference
    releaser = confirm_bound(world.holder("release1", card=False), card, world.now)
    transfer = submit(world, world.holder("maker01", card=False), 5_000)
    decide(world, releaser, transfer, Act.RELEASE)
    assert Request.objects.get(reference=transfer).state == RequestState.RELEASED


@pytest.mark.req("SIGN-4")
def test_the_evidence_of_it_holds_by_their_root_under_the_banks_seal(
    world: World, accepted: OutsideAuthority, officer: Browser, tmp_path: Path
) -> None:
    card = TestCard()
    released(world, officer, accepted.certify(card))
    releaser = confirm_bound(world.holder("release1", card=False), card, world.now)
    transfer = submit(world, world.holder("maker01", card=False), 5_000)
    decide(world, releaser, transfer, Act.RELEASE)
    certificates.stamp(now=world.now)
    for name, data in approvals.evidence(reference=transfer, now=world.now).items():
        (tmp_path / name).write_bytes(data)
    assert (tmp_path / "decision-001.root.pem").read_bytes() == to_pem(accepted.root.der)
    assert not (tmp_path / "decision-001.ocsp.der").exists()
    verify = [str(shutil.which("sh")), "VERIFY.sh"]
    done = subprocess.run(verify, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    statement = tmp_path / "decision-001.json"
    statement.write_bytes(statement.read_bytes().replace(b"5000", b"5001"))
    done = subprocess.run(verify, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1


def test_the_page_shows_what_was_read_and_every_check(
    accepted: OutsideAuthority, officer: Browser
) -> None:
    words = words_of(upload(officer, accepted.certify(serial=SERIAL), "holder.der"))
    for said in ("測試實業-王小明", "外部憑證機構", "4711", "a card or token", "Passed"):
        assert said in words
    assert "Failed" not in words
    assert words.count("Passed") == 9


def files(outside: OutsideAuthority) -> list[tuple[str, bytes, str]]:
    """Return hostile and unfit files: what each is, its bytes, what is said of it."""
    key = b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"
    p384 = ec.generate_private_key(ec.SECP384R1()).public_key()
    malformed = "The file is not a certificate in PEM or DER."
    return [
        ("nothing", b"", malformed),
        ("garbage", b"\x00\xffgarbage" * 40, malformed),
        ("ten megabytes", b"\x30" * (10 * 1024 * 1024), "The file is larger than 16 KiB"),
        ("a private key", key, malformed),
        ("cut short", outside.certify()[:-9], malformed),
        ("two at once", to_pem(outside.certify()) + to_pem(outside.issuer.der),
         "The file holds more than one certificate."),
        ("the authority's own", outside.issuer.der, "of an authority, not of a person"),
        ("another policy", outside.certify(policy=(OTHER_POLICY,)),
         "not issued under a policy the bank accepts"),
        ("expired", outside.certify(end=outside.now - DAY / 2), "The certificate has expired."),
        ("revoked", outside.certify(serial=SERIAL), "has revoked the certificate"),
        ("another curve", outside.certify(public_key=p384), "kind or size the bank does not"),
        ("a stranger's", make_outside_authority("Stranger", outside.now).certify(),
         "not issued by an authority the bank accepts"),
    ]  # fmt: skip


def test_what_is_wrong_with_a_file_is_said_beside_the_field_in_both_languages(
    world: World, accepted: OutsideAuthority, officer: Browser
) -> None:
    take_list(accepted.issuer, (SERIAL, None), now=world.now + timedelta(minutes=1))
    for what, data, said in files(accepted):
        for language in ("en", "zh-hant"):
            officer.client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
            answer = upload(officer, data)
            assert answer.status_code == 422, what
            assert (said in words_of(answer)) is (language == "en"), what
            assert 'id="id_certificate_error"' in answer.content.decode(), what
    assert not Request.objects.exists()


def test_a_key_the_bank_knows_is_refused(
    world: World, accepted: OutsideAuthority, officer: Browser
) -> None:
    own = world.holder("release2")
    assert own.card is not None
    answer = upload(officer, accepted.certify(own.card))
    assert "is in another certificate the bank knows" in words_of(answer)
    der = accepted.certify()
    released(world, officer, der)
    assert "is bound to a holder already" in words_of(upload(officer, der))


def test_without_a_file_the_form_says_so(officer: Browser) -> None:
    answer = officer.client.post(reverse("external:examine"), {})
    assert answer.status_code == 422


def test_who_is_unknown_to_the_company_is_said_beside_the_field(
    accepted: OutsideAuthority, officer: Browser
) -> None:
    answer = propose(officer, accepted.certify(), login="nobody")
    assert answer.status_code == 422
    assert "This company has no such person." in words_of(answer)
    assert "Application 114-7" in answer.content.decode()
    assert propose(officer, accepted.certify(), company="00000000").status_code == 422


@pytest.mark.req("DUAL-5")
def test_a_second_proposal_for_the_same_holder_is_refused(
    accepted: OutsideAuthority, officer: Browser
) -> None:
    reference_in(propose(officer, accepted.certify()))
    answer = propose(officer, accepted.certify())
    assert answer.status_code == 422
    assert Request.objects.count() == 1


def test_a_certificate_changed_on_its_way_leads_back_to_the_upload(officer: Browser) -> None:
    for certificate in ("", "%%%", base64.b64encode(b"no certificate").decode()):
        sent = {"certificate": certificate, "company": FIRST.code, "holder": "release1"}
        answer = officer.client.post(reverse("external:propose"), sent)
        assert answer["Location"] == reverse("external:examine")


def test_what_is_proposed_is_judged_again_at_the_release(
    world: World, accepted: OutsideAuthority, officer: Browser
) -> None:
    """Revoked between proposal and release: nothing is bound."""
    reference = reference_in(propose(officer, accepted.certify(serial=SERIAL)))
    form = form_to(
        officer.get("approvals:request", reference), reverse("approvals:submit", args=[reference])
    )
    officer.client.post(form.action, form.fields)
    take_list(accepted.issuer, (SERIAL, None), now=world.now + timedelta(minutes=1))
    checker = Browser.officer(world, "pki00002", card=True, english=True)
    answer = checker.decide(reference, "release")
    assert answer.status_code == 422
    assert "has revoked the certificate" in words_of(answer)
    assert not Certificate.objects.filter(external_issuer__isnull=False).exists()


@pytest.mark.req("DUAL-3")
def test_the_maker_edits_the_reason_and_nothing_else(
    accepted: OutsideAuthority, officer: Browser
) -> None:
    reference = reference_in(propose(officer, accepted.certify()))
    page = officer.get("external:edit", reference)
    form = form_to(page, "")
    assert form.fields["reason"] == "Application 114-7"
    address = reverse("external:edit", args=[reference])
    answer = officer.client.post(address, {**form.fields, "reason": ""})
    assert answer.status_code == 422
    answer = officer.client.post(address, {**form.fields, "reason": "Application 114-8"})
    assert reference_in(answer) == reference
    assert "Application 114-8" in words_of(officer.get("approvals:request", reference))


def test_a_name_that_does_not_fit_is_pointed_out(
    accepted: OutsideAuthority, officer: Browser
) -> None:
    reference = reference_in(propose(officer, accepted.certify()))
    words = words_of(officer.get("approvals:request", reference))
    assert "The holder's name is not in the certificate." in words


def test_the_page_lists_authorities_and_what_is_bound(
    world: World, accepted: OutsideAuthority, officer: Browser
) -> None:
    assert "None yet" in words_of(officer.get("external:index"))
    released(world, officer, accepted.certify(serial=SERIAL))
    words = words_of(officer.get("external:index"))
    for said in ("外部憑證機構", "Fresh", "FXML-4711", "王大同"):
        assert said in words
    certificates.withdraw_external_authority(code="FXML", now=world.now)
    assert "No outside authority is accepted" in words_of(officer.get("external:index"))


@pytest.mark.parametrize("login", ["branch001", "branch011", "pki00002", "auditor001"])
def test_only_the_officer_who_proposes_comes_in(world: World, login: str) -> None:
    other = Browser.officer(world, login)
    for name in ("external:index", "external:examine"):
        assert other.get(name).status_code == 403
    assert other.client.post(reverse("external:propose"), {}).status_code == 403


@pytest.mark.req("CERT-3")
def test_the_branch_suspends_a_bound_certificate_at_once(
    world: World, accepted: OutsideAuthority, officer: Browser
) -> None:
    card = TestCard()
    released(world, officer, accepted.certify(card, serial=SERIAL))
    confirm_bound(world.holder("release1", card=False), card, world.now)
    certificates.suspend(serial_number="FXML-4711", actor=None, now=world.now)
    row = Certificate.objects.get(serial_number="FXML-4711")
    assert (row.state, row.suspensions) == (CertificateState.SUSPENDED, 1)
    certificates.revoke(
        serial_number="FXML-4711", reason=RevocationReason.KEY_COMPROMISE, actor=None,
        now=world.now,
    )  # fmt: skip
    row.refresh_from_db()
    assert row.state == CertificateState.REVOKED


@pytest.mark.req("OPS-1")
@pytest.mark.parametrize(
    ("hours", "level"), [(None, Level.FAIL), (-1, Level.FAIL), (1, Level.WARN), (20, Level.OK)]
)
def test_operations_are_told_when_a_list_grows_old(hours: int | None, level: Level) -> None:
    left = timedelta(hours=hours) if hours is not None else None
    found = judge_outside_list("FXML", "CN=Outside Issuing", left)
    assert (found.name, found.level) == ("outside.FXML", level)
