"""The evidence of a request verifies on a machine without our software, and only unchanged."""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from approvals import operations as approvals
from approvals.errors import RequestNotFound, SignatureNotFound
from approvals.states import Act
from certificates import operations as certificates, queries as certificate_queries
from certificates.formats.profiles import RevocationReason
from corpbank.demo.bank import release_stage, review_stage
from tests.approvals.stories import deed, maker, only_rule
from tests.factories.authorities import make_authority, to_pem
from tests.factories.cards import TestCard
from tests.factories.evidence import Bundle, run_script, write
from tests.factories.outside import (
    OutsideAuthority,
    accept_authority,
    bind,
    make_outside_authority,
)
from tests.factories.stamping import make_stamper, stamping_site
from tests.factories.world import AUDIENCE, Holder, World, decide, submit

pytestmark = pytest.mark.req("SIGN-4")


# --- the whole one -------------------------------------------------------------------------------


@pytest.mark.req("SIGN-1", "CERT-8", "AUD-1", "FLOW-3")
def test_everything_holds_with_nothing_but_sh_openssl_and_small_tools(
    bundle: Bundle, tmp_path: Path
) -> None:
    result = run_script(write(bundle.files, tmp_path / "evidence"), bundle.fingerprint)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stderr == ""
    assert "Every signature holds" in result.stdout
    assert result.stdout.count("\n    by ") == len(bundle.decisions) == 4
    assert f"Request {bundle.reference}, RELEASED" in result.stdout
    assert result.stdout.count("stamped 20") == 4
    assert "by 蔡宗翰" in result.stdout


def test_the_bundle_names_every_part_of_the_proof(bundle: Bundle) -> None:
    decisions = {
        f"decision-{number:03d}.{kind}"
        for number in range(1, 5)
        for kind in ("json", "txt", "p7s", "pem", "ca.pem", "ocsp.der", "tsr")
    }
    frozen = {f"{what}-{number:03d}.json" for what in ("revision", "policy") for number in (1, 2)}
    assert set(bundle.files) == decisions | frozen | {
        "request.json", "audit.jsonl", "README.txt", "VERIFY.sh", "root.pem", "issuing.pem",
        "issuing.crl", "MANIFEST", "MANIFEST.p7s",
    }  # fmt: skip


def test_without_a_fingerprint_the_script_asks_to_compare_it(
    bundle: Bundle, tmp_path: Path
) -> None:
    result = run_script(write(bundle.files, tmp_path / "evidence"))
    assert result.returncode == 0
    assert "Compare it with the fingerprint the bank publishes" in result.stdout
    assert bundle.fingerprint in result.stdout


def test_the_readers_own_copy_of_the_script_verifies_a_folder_elsewhere(
    bundle: Bundle, tmp_path: Path
) -> None:
    folder = write(bundle.files, tmp_path / "handed over")
    (folder / "VERIFY.sh").unlink()
    own = tmp_path / "own.sh"
    own.write_bytes(bundle.files["VERIFY.sh"])
    result = run_script(folder, bundle.fingerprint, script=own)
    assert result.returncode == 1
    assert result.stderr.splitlines()[0] == "VERIFY.sh: missing"
    (folder / "VERIFY.sh").write_bytes(bundle.files["VERIFY.sh"])
    assert run_script(folder, bundle.fingerprint, script=own).returncode == 0


def test_a_request_still_on_its_way_has_evidence_of_what_was_decided(
    world: World, tmp_path: Path
) -> None:
    reference = submit(world, maker(world), 500_000)
    decide(world, world.holder("review1a"), reference, Act.REVIEW)
    files = approvals.evidence(reference=reference, now=world.now)
    assert json.loads(files["request.json"])["state"] == "PENDING"
    assert run_script(write(files, tmp_path / "evidence")).returncode == 0


def test_a_rejected_request_has_evidence_of_its_rejection(world: World, tmp_path: Path) -> None:
    reference = submit(world, maker(world), 5_000)
    decide(world, world.holder("release1"), reference, Act.REJECT, 'no "such" order\\ 不准')
    files = approvals.evidence(reference=reference, now=world.now)
    result = run_script(write(files, tmp_path / "evidence"))
    assert result.returncode == 0, result.stderr
    assert "decision-001: reject" in result.stdout


def test_other_requests_show_by_place_and_hash_alone(world: World, tmp_path: Path) -> None:
    first = submit(world, maker(world), 500_000)
    other = submit(world, maker(world), 600_000, memo="a secret matter")
    decide(world, world.holder("review1a"), first, Act.REVIEW)
    decide(world, world.holder("review1a"), other, Act.REVIEW)
    decide(world, world.holder("review2a"), first, Act.REVIEW)
    files = approvals.evidence(reference=first, now=world.now)
    told = files["audit.jsonl"].decode()
    assert other not in told
    assert "secret" not in told
    lines = [json.loads(line) for line in told.splitlines()]
    assert [line["position"] for line in lines] == list(
        range(lines[0]["position"], lines[-1]["position"] + 1)
    )
    assert sum("fact" not in line for line in lines) == 3
    assert run_script(write(files, tmp_path / "evidence")).returncode == 0


def test_nothing_is_packed_of_what_nobody_decided_or_made(world: World) -> None:
    reference = submit(world, maker(world), 500_000)
    with pytest.raises(SignatureNotFound):
        approvals.evidence(reference=reference, now=world.now)
    with pytest.raises(RequestNotFound):
        approvals.evidence(reference="T20260101-00000000", now=world.now)


def test_the_command_writes_a_folder_or_a_zip_and_nothing_over_another(
    world: World, tmp_path: Path
) -> None:
    reference = submit(world, maker(world), 5_000)
    with pytest.raises(CommandError, match="no signatures"):
        call_command("evidence", reference, str(tmp_path / "none"))
    decide(world, world.holder("release1"), reference, Act.RELEASE)
    told = io.StringIO()
    call_command("evidence", reference, str(tmp_path / "folder"), stdout=told)
    assert told.getvalue().startswith("1 signature(s) written")
    call_command("evidence", reference, str(tmp_path / "all.zip"), stdout=told)
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        archive.extractall(tmp_path / "unpacked")
        assert archive.getinfo("VERIFY.sh").external_attr >> 16 & 0o111
    for name in ("folder", "unpacked"):
        assert run_script(tmp_path / name).returncode == 0
    with pytest.raises(CommandError, match="exists"):
        call_command("evidence", reference, str(tmp_path / "folder"))
    with pytest.raises(CommandError, match="no such request"):
        call_command("evidence", "T0", str(tmp_path / "new"))


def test_two_people_of_one_stage_hold_beside_each_other(world: World, tmp_path: Path) -> None:
    only_rule(world, review_stage(1, 1, needed=2), release_stage(2))
    reference = submit(world, maker(world), 5_000)
    for login, act in (
        ("review1a", Act.REVIEW), ("review1b", Act.REVIEW), ("release1", Act.RELEASE),
    ):  # fmt: skip
        decide(world, world.holder(login), reference, act)
    files = approvals.evidence(reference=reference, now=world.now)
    result = run_script(write(files, tmp_path / "evidence"))
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("step 1 of 2") == 2


@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_any_shell_will_do(bundle: Bundle, tmp_path: Path, shell: str) -> None:
    folder = write(bundle.files, tmp_path / "evidence")
    assert run_script(folder, bundle.fingerprint, shell=shell).returncode == 0


def test_evidence_holds_after_the_signers_certificate_was_revoked(
    world: World, tmp_path: Path
) -> None:
    reference = submit(world, maker(world), 5_000)
    decide(world, world.holder("release1"), reference, Act.RELEASE)
    facts = certificate_queries.signing_certificate(world.holder("release1").user.pk)
    assert facts is not None
    certificates.revoke(
        serial_number=facts.serial_number, reason=RevocationReason.KEY_COMPROMISE, actor=None,
        now=world.now,
    )  # fmt: skip
    files = approvals.evidence(reference=reference, now=world.now)
    assert run_script(write(files, tmp_path / "evidence")).returncode == 0


@pytest.mark.req("CERT-8")
def test_a_list_published_between_signing_and_accepting_does_not_spoil_the_proof(
    world: World, tmp_path: Path
) -> None:
    """The signature carries the list of its own time, not one from its future."""
    reference = submit(world, maker(world), 5_000)
    ready = deed(
        world, world.holder("release1"), reference, Act.RELEASE, later=timedelta(seconds=30)
    )
    other = certificate_queries.signing_certificate(world.holder("release2").user.pk)
    assert other is not None
    later = world.now + timedelta(seconds=20)
    certificates.suspend(serial_number=other.serial_number, actor=None, now=later)
    ready()
    files = approvals.evidence(reference=reference, now=world.now + timedelta(minutes=1))
    result = run_script(write(files, tmp_path / "evidence"))
    assert result.returncode == 0, result.stderr


def test_evidence_of_two_issuing_authorities_holds(world: World, tmp_path: Path) -> None:
    """Signatures of before a rotation keep their own issuer; the seal is the new one's."""
    reference = submit(world, maker(world), 50_000)
    decide(world, world.holder("review1a"), reference, Act.REVIEW)
    certificates.rotate_issuing_authority(now=world.now)
    decide(world, world.holder("release1"), reference, Act.RELEASE)
    files = approvals.evidence(reference=reference, now=world.now)
    assert files["decision-001.ca.pem"] != files["issuing.pem"]
    result = run_script(write(files, tmp_path / "evidence"))
    assert result.returncode == 0, result.stderr


@pytest.mark.req("CERT-11")
def test_a_signer_certified_and_a_time_stamped_elsewhere_hold_by_the_banks_seal(
    world: World, tmp_path: Path, settings
) -> None:
    """Certificate and time stamp of two other authorities: their roots come along, sealed."""
    settings.SIGNING_ALLOWED_STORAGES = ["HARDWARE", "SOFTWARE", "BROWSER"]
    outside, stamping = make_outside_authority(now=world.now), make_authority(world.now)
    accept_authority(outside, now=world.now)
    releaser = certified_elsewhere(world, world.holder("release2"), outside)
    reference = submit(world, maker(world), 50_000)
    decide(world, world.holder("review1a"), reference, Act.REVIEW)
    decide(world, releaser, reference, Act.RELEASE)
    stamper = make_stamper(stamping)
    with stamping_site(lambda question: stamper.answer(question, world.now)) as site:
        (tmp_path / "roots.pem").write_bytes(to_pem(stamping.root.certificate))
        settings.TSA_URL, settings.TSA_ROOTS_FILE = site.url, str(tmp_path / "roots.pem")
        files = approvals.evidence(reference=reference, now=world.now)
    assert "decision-001.root.pem" not in files
    assert files["decision-002.root.pem"] == to_pem(outside.root.der)
    assert "decision-002.ocsp.der" not in files
    assert files["decision-002.tsa-root.pem"] == to_pem(stamping.root.certificate)
    result = run_script(write(files, tmp_path / "evidence"))
    assert result.returncode == 0, result.stderr


def certified_elsewhere(world: World, holder: Holder, outside: OutsideAuthority) -> Holder:
    """Return a person who has confirmed a certificate of another authority with its key."""
    card = TestCard()
    row = bind(holder.user, outside.certify(card), now=world.now)
    sha256 = bytes.fromhex(row.sha256 or "")
    actor = holder.act_as(world.now)
    shown = certificates.prepare_confirmation(
        actor=actor, session_key_sha256=holder.session, audience=AUDIENCE, now=world.now
    )
    assert shown is not None
    certificates.confirm(
        actor=actor, session_key_sha256=holder.session, certificate_sha256=sha256.hex(),
        signature_der=card.sign_statement(shown.statement, sha256, world.now),
        signing_time=world.now, now=world.now,
    )  # fmt: skip
    return replace(holder, card=card, certificate_sha256=sha256)


def test_the_explanation_says_what_the_reader_must_bring(bundle: Bundle) -> None:
    told = bundle.files["README.txt"].decode()
    assert "a folder cannot vouch for itself" in told
    assert "fingerprint of the bank's root certificate, from a place other than this" in told
    for name in bundle.files:
        general = re.sub(r"-\d{3}", "-NNN", name)
        assert general == "README.txt" or general.removeprefix("decision-NNN") in told, name
