"""Whatever is changed in the evidence of a request is found: the attacks, one row each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from certificates.formats.evidence import manifest
from tests.factories.authorities import make_authority
from tests.factories.evidence import Bundle, run_script, trusting_machine, write

pytestmark = pytest.mark.req("SIGN-4")


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


def test_an_authority_the_machine_trusts_vouches_for_nothing(
    bundle: Bundle, tmp_path: Path
) -> None:
    """Machines trust a hundred authorities; evidence rests on the bank's root alone."""
    other = make_authority(bundle.now)
    trusting_machine(tmp_path, other.root.certificate)
    folder = write(bundle.files, tmp_path / "true")
    assert run_script(folder, bundle.fingerprint).returncode == 0
    bundle.forge_time_stamp(1, other)
    bundle.seal_under_another_root(authority=other)
    result = run_script(write(bundle.files, tmp_path / "forged"), bundle.fingerprint)
    assert result.returncode == 1
    assert "MANIFEST: the seal does NOT hold" in result.stderr
    assert "decision-001: the time stamp does NOT hold" in result.stderr
