"""The evidence of a request verifies on a machine without our software, and only unchanged."""

from __future__ import annotations

import io
import json
import re
import shutil
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from approvals import operations as approvals
from approvals.errors import RequestNotFound, SignatureNotFound
from approvals.states import Act
from certificates import operations as certificates, queries as certificate_queries
from certificates.formats.evidence import manifest
from certificates.formats.profiles import RevocationReason
from corpbank.demo.bank import release_stage, review_stage
from tests.approvals.stories import deed, maker, only_rule
from tests.factories.evidence import Bundle, make_bundle, run_script, write
from tests.factories.world import World, decide, submit

pytestmark = pytest.mark.req("SIGN-4")


@pytest.fixture(scope="module")
def kept() -> dict[str, Bundle]:
    """Hold the bundle once it was made: every test changes a copy of its own."""
    return {}


@pytest.fixture
def bundle(kept: dict[str, Bundle], request: pytest.FixtureRequest) -> Bundle:
    """Return the evidence of a transfer that went through three reviews, a return and a release."""
    if "made" not in kept:
        kept["made"] = make_bundle(request.getfixturevalue("world"))
    return kept["made"].copy()


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


# --- whatever is changed is found ----------------------------------------------------------------


def replaced(name: str, old: str, new: str) -> Callable[[Bundle], None]:
    """Return a change of one file's text."""

    def change(bundle: Bundle) -> None:
        before = bundle.files[name]
        bundle.files[name] = before.replace(old.encode(), new.encode())
        assert bundle.files[name] != before

    return change


def removed(name: str) -> Callable[[Bundle], None]:
    """Return the removal of one file."""
    return lambda bundle: bundle.files.pop(name) and None


def swapped(kind: str, first: int = 3, second: int = 4) -> Callable[[Bundle], None]:
    """Return the exchange of one kind of file between two decisions."""

    def change(bundle: Bundle) -> None:
        names = [f"decision-{number:03d}.{kind}" for number in (first, second)]
        here, there = (bundle.files[name] for name in names)
        bundle.files[names[0]], bundle.files[names[1]] = there, here

    return change


def order_changed(bundle: Bundle) -> None:
    for kind in ("json", "txt", "p7s", "pem", "ca.pem", "ocsp.der", "tsr"):
        swapped(kind, 2, 3)(bundle)


def decision_removed(number: int) -> Callable[[Bundle], None]:
    def change(bundle: Bundle) -> None:
        bundle.drop_decision(number)

    return change


def last_decision_and_its_line_removed(bundle: Bundle) -> None:
    bundle.drop_decision(4)
    lines = bundle.audit_lines()
    bundle.files["audit.jsonl"] = b"".join(lines[:-1])


def line_removed(bundle: Bundle) -> None:
    lines = bundle.audit_lines()
    bundle.files["audit.jsonl"] = b"".join(lines[:2] + lines[3:])


def lines_reordered(bundle: Bundle) -> None:
    lines = bundle.audit_lines()
    lines[1], lines[2] = lines[2], lines[1]
    bundle.files["audit.jsonl"] = b"".join(lines)


def line_cut_and_chain_hashed_again(bundle: Bundle) -> None:
    """Somebody who knows how the chain is made hashes the rest of it again."""
    bundle.chain_again([line for line in bundle.facts() if "reviewed" not in line["event"]])


def line_changed_and_chain_hashed_again(bundle: Bundle) -> None:
    facts = bundle.facts()
    for fact in facts:
        if "signature" in fact["after"]:
            fact["after"]["signature"] = "0" * 64
    bundle.chain_again(facts)


CHANGES: dict[str, tuple[Callable[[Bundle], None], str]] = {
    "amount": (
        replaced("decision-001.json", '"amount":"500000"', '"amount":"900000"'),
        "decision-001: NOT VALID",
    ),
    "payee": (
        replaced("decision-002.json", "新竹半導體材料", "新竹半導體材枓"),
        "decision-002: NOT VALID",
    ),
    "step": (
        replaced("decision-002.json", '"step":{"no":"1"', '"step":{"no":"2"'),
        "decision-002: NOT VALID",
    ),
    "previous decisions": (
        lambda bundle: bundle.change_previous("decision-003.json"),
        "decision-003: NOT VALID",
    ),
    "words shown": (
        replaced("decision-001.txt", "500,000", "900,000"),
        "decision-001: other words were shown",
    ),
    "content of the revision": (
        replaced("revision-002.json", "新竹", "台中"),
        "revision 2 had another content",
    ),
    "policy snapshot": (
        replaced("policy-002.json", '"needed":"1"', '"needed":"0"'),
        "another policy was in force",
    ),
    "order of decisions": (
        order_changed,
        "decision-002: NOT the decisions that were there before it",
    ),
    "first decision removed": (decision_removed(1), "tells of other decisions"),
    "decision in the middle removed": (
        decision_removed(3),
        "decision-004: NOT the decisions that were there before it",
    ),
    "last decision removed": (decision_removed(4), "tells of other decisions"),
    "last decision removed with its log entry": (
        last_decision_and_its_line_removed,
        "released without all decisions: step 3: 0 of 1 decisions",
    ),
    "signature of another decision": (swapped("p7s"), "decision-003: NOT VALID"),
    "certificate beside the signature": (swapped("pem"), "decision-003: signed by another"),
    "certificate in the signature, of another person": (
        lambda bundle: bundle.swap_certificate_in_signature(1),
        "decision-001: NOT VALID",
    ),
    "certificate in the signature, of the same key": (
        lambda bundle: bundle.twin_certificate_in_signature(1),
        "decision-001: NOT VALID",
    ),
    "authority's certificate": (
        lambda bundle: bundle.take("decision-001.ca.pem", "root.pem"),
        "decision-001: the answer about the certificate does NOT hold",
    ),
    "time stamp of another decision": (
        swapped("tsr"),
        "decision-003: the time stamp does NOT hold",
    ),
    "time stamp by a self-made authority": (
        lambda bundle: bundle.forge_time_stamp(1),
        "decision-001: the time stamp does NOT hold",
    ),
    "time in the time stamp": (
        lambda bundle: bundle.shift_time_stamp(1),
        "decision-001: the time stamp does NOT hold",
    ),
    "revocation list by a self-made key": (
        lambda bundle: bundle.forge_revocation_list(1),
        "decision-001: NOT VALID",
    ),
    "revocation list taken out": (
        lambda bundle: bundle.drop_revocation_list(1),
        "decision-001: NOT VALID",
    ),
    "another true revocation list put in": (
        lambda bundle: bundle.other_revocation_list(1),
        "decision-001: the time stamp does NOT hold",
    ),
    "answer by a self-made key": (
        lambda bundle: bundle.forge_answer(1),
        "decision-001: the answer about the certificate does NOT hold",
    ),
    "answer about another certificate": (
        swapped("ocsp.der"),
        "decision-003: the answer about the certificate does NOT hold",
    ),
    "answer that says revoked": (
        lambda bundle: bundle.revoked_answer(1),
        "decision-001: the certificate was NOT good",
    ),
    "true answer of another day": (
        lambda bundle: bundle.late_answer(1),
        "decision-001: the answer about the certificate is of another time",
    ),
    "log entry changed": (
        replaced("audit.jsonl", '"reason":"wrong amount"', '"reason":"right amount"'),
        "was changed",
    ),
    "log entry removed": (line_removed, "audit.jsonl: broken before"),
    "log entries in another order": (lines_reordered, "audit.jsonl: broken before"),
    "log entry removed and hashed again": (
        line_cut_and_chain_hashed_again,
        "audit.jsonl: tells of other decisions, or in another order",
    ),
    "log entry changed and hashed again": (
        line_changed_and_chain_hashed_again,
        "audit.jsonl: tells of other decisions, or in another order",
    ),
    "log emptied": (
        lambda bundle: bundle.files.__setitem__("audit.jsonl", b""),
        "audit.jsonl: tells of other decisions",
    ),
    "log of another request": (
        lambda bundle: bundle.rename("T20200101-00000000"),
        "is about something else",
    ),
    "state of the request": (
        replaced("request.json", '"state":"RELEASED"', '"state":"released"'),
        "request.json: cannot be read",
    ),
    "answer taken out": (removed("decision-001.ocsp.der"), "the answer about the certificate"),
    "time stamp taken out": (removed("decision-001.tsr"), "the time stamp does NOT hold"),
    "policy taken out": (removed("policy-001.json"), "another policy was in force"),
}


def test_every_change_is_one_the_sealed_list_does_not_agree_with(bundle: Bundle) -> None:
    for name, (change, _) in CHANGES.items():
        changed = bundle.copy()
        change(changed)
        rest = {one: data for one, data in changed.files.items() if not one.startswith("MANIFEST")}
        assert manifest(rest) != bundle.files["MANIFEST"], name


@pytest.mark.parametrize(
    ("change", "findings"),
    [
        (replaced("README.txt", "offline", "online"), ["README.txt: changed"]),
        (removed("README.txt"), ["README.txt: missing"]),
        (
            swapped("txt"),
            ["decision-003.txt: changed", "decision-003: other words were shown"],
        ),
    ],
)
def test_a_file_that_differs_from_the_sealed_list_is_found(
    bundle: Bundle, tmp_path: Path, change: Callable[[Bundle], None], findings: list[str]
) -> None:
    change(bundle)
    result = run_script(write(bundle.files, tmp_path / "evidence"), bundle.fingerprint)
    assert result.returncode == 1
    assert "The evidence does NOT hold." in result.stderr
    for finding in findings:
        assert finding in result.stderr


@pytest.mark.req("SIGN-1", "CERT-8", "AUD-1", "FLOW-3")
@pytest.mark.parametrize("name", sorted(CHANGES))
def test_a_change_is_found_though_the_bank_itself_had_sealed_it(
    bundle: Bundle, tmp_path: Path, name: str
) -> None:
    """The seal is not what the proof rests on: each part is tied to the others by itself."""
    change, finding = CHANGES[name]
    change(bundle)
    bundle.seal_again()
    result = run_script(write(bundle.files, tmp_path / "evidence"), bundle.fingerprint)
    assert result.returncode == 1
    assert finding in result.stderr
    assert ": changed" not in result.stderr
    assert "MANIFEST" not in result.stderr


SEALS: dict[str, tuple[Callable[[Bundle], None], str]] = {
    "list changed": (
        replaced("MANIFEST", "policy-001.json", "policy-009.json"),
        "MANIFEST: the seal does NOT hold",
    ),
    "line put into the list": (
        lambda bundle: bundle.files.__setitem__(
            "MANIFEST", bundle.files["MANIFEST"] + b"x  ../../elsewhere\n"
        ),
        "MANIFEST: holds a line that is none",
    ),
    "sealed by a person's certificate": (
        lambda bundle: bundle.seal_by_a_person(),
        "MANIFEST: sealed by somebody who seals no evidence",
    ),
    "sealed by the time stamping key": (
        lambda bundle: bundle.seal_by_the_stamper(),
        "MANIFEST: sealed by somebody who seals no evidence",
    ),
    "sealed under a self-made root": (
        lambda bundle: bundle.seal_under_another_root(),
        "MANIFEST: the seal does NOT hold",
    ),
    "everything under a self-made root": (
        lambda bundle: bundle.seal_under_another_root(own_root=True),
        "root.pem: NOT the root of this fingerprint",
    ),
    "no seal": (removed("MANIFEST.p7s"), "MANIFEST.p7s is missing."),
    "no list": (removed("MANIFEST"), "MANIFEST is missing."),
    "no root": (removed("root.pem"), "root.pem is missing."),
}


@pytest.mark.parametrize("name", sorted(SEALS))
def test_a_seal_counts_only_from_the_bank(bundle: Bundle, tmp_path: Path, name: str) -> None:
    change, finding = SEALS[name]
    change(bundle)
    result = run_script(write(bundle.files, tmp_path / "evidence"), bundle.fingerprint)
    assert result.returncode == 1
    assert finding in result.stderr


def test_the_explanation_says_what_the_reader_must_bring(bundle: Bundle) -> None:
    told = bundle.files["README.txt"].decode()
    assert "a folder cannot vouch for itself" in told
    assert "fingerprint of the bank's root certificate, from a place other than this" in told
    for name in bundle.files:
        general = re.sub(r"-\d{3}", "-NNN", name)
        assert general == "README.txt" or general.removeprefix("decision-NNN") in told, name


def test_a_copy_is_a_copy(bundle: Bundle, tmp_path: Path) -> None:
    """What one test changes, the next does not see."""
    bundle.files.clear()
    shutil.rmtree(write(bundle.files, tmp_path / "empty"))
