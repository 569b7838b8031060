"""A transfer's evidence for tests: made once, verified as a stranger would, tampered with."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from approvals import operations as approvals
from approvals.states import Act
from certificates import queries
from certificates.formats.authority import (
    build_crl,
    build_holder_certificate,
    build_issuing_authority,
    build_root,
    build_service_certificate,
    new_serial,
)
from certificates.formats.cades import ParsedSignature, _assemble, parse
from certificates.formats.evidence import Seal, seal, to_pem
from certificates.formats.ocsp import CertificateStatus, Responder, build_answer
from certificates.formats.profiles import HolderName, Issuer, KeyStorage, Purpose, Service
from certificates.formats.signers import FileSigner
from certificates.operations import current_authority, issuer_of, service_credentials
from kernel.canonical import canonical_bytes
from tests.approvals.stories import maker, twd
from tests.approvals.test_drafting import edit
from tests.approvals.test_submitting import send
from tests.factories.authorities import TestAuthority, make_authority, run_openssl
from tests.factories.stamping import make_stamper
from tests.factories.world import Holder, World, decide, submit

# What a machine has that has never seen our software.
TOOLS = (
    "openssl", "awk", "sed", "grep", "cat", "cut", "dirname", "mktemp", "rm", "sha256sum", "sort",
    "tr", "wc",
)  # fmt: skip


@dataclass
class Bundle:
    """The files of one request's evidence, and the bank's keys, to forge as an insider would."""

    files: dict[str, bytes]
    reference: str
    now: datetime
    root: bytes
    issuer: Issuer
    seal: Seal
    stamper: Seal
    responder: Responder
    holder: Holder

    @property
    def fingerprint(self) -> str:
        """Return the SHA-256 fingerprint of the bank's root, as openssl writes it."""
        digest = hashlib.sha256(self.root).hexdigest().upper()
        return ":".join(digest[place : place + 2] for place in range(0, 64, 2))

    @property
    def decisions(self) -> list[str]:
        """Return the names of the decisions."""
        return sorted({name[:12] for name in self.files if name.startswith("decision-")})

    def copy(self) -> Bundle:
        """Return the same evidence, to be changed."""
        return replace(self, files=dict(self.files))

    def seal_again(self) -> None:
        """Seal the files as they are now, as the bank itself would."""
        self._seal(self.seal)

    def seal_by_a_person(self) -> None:
        """Have a person of the company sign the list with their own card."""
        assert self.holder.card is not None
        key = self.holder.card.private_key
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        certificate = self._certificate(self.decisions[1])
        self._seal(replace(self.seal, signer=FileSigner(key), certificate=certificate))

    def seal_by_the_stamper(self) -> None:
        """Have the time stamping key sign the list."""
        self._seal(self.stamper)

    def seal_under_another_root(
        self, *, own_root: bool = False, authority: TestAuthority | None = None
    ) -> None:
        """Seal with a certificate of a self-made authority; with `own_root` its root too."""
        other = authority or self._false_authority()
        signer = FileSigner.generate()
        certificate = build_service_certificate(
            issuer=other.issuer, public_key=signer.public_key(), service=Service.EVIDENCE_SEAL,
            name="Evidence", now=self.now,
        )  # fmt: skip
        if own_root:
            self.files["root.pem"] = to_pem(other.root.certificate)
        crl = other.crl(now=self.now)
        self._seal(Seal(signer, certificate, other.issuer.certificate, crl))

    def take(self, name: str, other: str) -> None:
        """Put one file's content under another's name."""
        self.files[name] = self.files[other]

    def drop_decision(self, number: int) -> None:
        """Leave out all of one decision."""
        for name in [one for one in self.files if one.startswith(f"decision-{number:03d}.")]:
            del self.files[name]

    def change_previous(self, name: str) -> None:
        """Let a statement name other decisions before it."""
        statement = json.loads(self.files[name])
        assert statement["prev"] is not None
        statement["prev"] = "0" * 64
        self.files[name] = canonical_bytes(statement)

    def rename(self, reference: str) -> None:
        """Say that all this is about another request."""
        about = json.loads(self.files["request.json"])
        self.files["request.json"] = canonical_bytes({**about, "reference": reference})

    # --- the log ---------------------------------------------------------------------------------

    def audit_lines(self) -> list[bytes]:
        """Return the lines of the log."""
        return self.files["audit.jsonl"].splitlines(keepends=True)

    def facts(self) -> list[dict[str, Any]]:
        """Return what the entries on this request say."""
        lines = [json.loads(line) for line in self.audit_lines()]
        return [line["fact"] for line in lines if "fact" in line]

    def chain_again(self, facts: Sequence[dict[str, Any]]) -> None:
        """Make a chain of these facts that hangs together."""
        first = json.loads(self.audit_lines()[0])
        before, lines = bytes.fromhex(first["previous_hash"]), []
        for place, fact in enumerate(facts):
            told = {**fact, "position": first["position"] + place}
            own = hashlib.sha256(before + canonical_bytes(told)).digest()
            line = {
                "chain": first["chain"], "fact": told, "hash": own.hex(),
                "position": told["position"], "previous_hash": before.hex(),
            }  # fmt: skip
            lines.append(canonical_bytes(line) + b"\n")
            before = own
        self.files["audit.jsonl"] = b"".join(lines)

    # --- signatures, lists, answers, time stamps -------------------------------------------------

    def swap_certificate_in_signature(self, number: int) -> None:
        """Put another person's certificate into a signature, named as if it had signed."""
        other = self._certificate(self.decisions[1])
        self._again(number, certificate=other, certificate_sha256=hashlib.sha256(other).digest())

    def twin_certificate_in_signature(self, number: int) -> None:
        """Put another certificate of the same key into a signature."""
        own = x509.load_der_x509_certificate(self._certificate(f"decision-{number:03d}"))
        twin = build_holder_certificate(
            issuer=self.issuer, public_key=_public_key(own),
            holder=HolderName("假名", "假公司", "12345675", "H-9"), purpose=Purpose.SIGNING,
            key_storage=KeyStorage.HARDWARE, serial=new_serial(), now=self.now,
            not_after=self.now + timedelta(days=30),
        )  # fmt: skip
        self._again(number, certificate=twin, certificates=(twin, self.issuer.certificate))

    def forge_revocation_list(self, number: int) -> None:
        """Put a list into a signature that somebody else signed in the authority's name."""
        self._again(number, crls=(self._false_authority().crl(now=self.now),))

    def drop_revocation_list(self, number: int) -> None:
        """Take the list out of a signature."""
        self._again(number, crls=())

    def other_revocation_list(self, number: int) -> None:
        """Put another list of the true authority into a signature: it names nobody either."""
        crl = build_crl(issuer=self.issuer, entries=(), number=99, now=self.now)
        self._again(number, crls=(crl,))

    def forge_answer(self, number: int) -> None:
        """Answer 'good' with a key of one's own."""
        other, signer = self._false_authority(), FileSigner.generate()
        certificate = build_service_certificate(
            issuer=other.issuer, public_key=signer.public_key(), service=Service.OCSP_RESPONDER,
            name="OCSP", now=self.now,
        )  # fmt: skip
        self._answer(number, CertificateStatus.GOOD, self.now, Responder(certificate, signer))

    def revoked_answer(self, number: int) -> None:
        """Have the true responder answer that the certificate is revoked."""
        self._answer(number, CertificateStatus.REVOKED, self.now, self.responder)

    def late_answer(self, number: int) -> None:
        """Have the true responder answer 'good' on another day."""
        day = timedelta(days=1)
        self._answer(number, CertificateStatus.GOOD, self.now - day, self.responder)

    def forge_time_stamp(self, number: int, authority: TestAuthority | None = None) -> None:
        """Stamp a signature with an authority of one's own."""
        name = f"decision-{number:03d}"
        signature = self.files[f"{name}.p7s"]
        by = make_stamper(authority or self._false_authority())
        self.files[f"{name}.tsr"] = by.stamp(signature, self.now)

    def shift_time_stamp(self, number: int) -> None:
        """Let a time stamp tell of another year."""
        name = f"decision-{number:03d}.tsr"
        stamped = self.files[name]
        there = stamped.index(self.now.strftime("%Y%m%d").encode())
        self.files[name] = stamped[:there] + b"2020" + stamped[there + 4 :]

    def _again(self, number: int, **changes: Any) -> None:
        name = f"decision-{number:03d}.p7s"
        parsed: ParsedSignature = replace(parse(self.files[name]), **changes)
        if "certificate" in changes and "certificates" not in changes:
            kept = (parsed.certificate, self.issuer.certificate)
            parsed = replace(parsed, certificates=kept)
        self.files[name] = _assemble(parsed)

    def _answer(
        self, number: int, status: CertificateStatus, moment: datetime, responder: Responder
    ) -> None:
        name = f"decision-{number:03d}"
        certificate = x509.load_der_x509_certificate(self._certificate(name))
        revoked = status is CertificateStatus.REVOKED
        self.files[f"{name}.ocsp.der"] = build_answer(
            issuer=self.issuer.certificate, serial=certificate.serial_number, status=status,
            this_update=moment, next_update=moment + timedelta(minutes=10), responder=responder,
            revoked_at=moment if revoked else None,
        )  # fmt: skip

    def _certificate(self, name: str) -> bytes:
        certificate = x509.load_pem_x509_certificate(self.files[f"{name}.pem"])
        return certificate.public_bytes(Encoding.DER)

    def _false_authority(self) -> TestAuthority:
        """Return a self-made authority that bears the true one's names."""
        true = x509.load_der_x509_certificate(self.issuer.certificate)
        made = make_authority(self.now)
        root = build_root(signer=made.root.signer, name=_common_name(true.issuer), now=self.now)
        top = replace(made.root, certificate=root)
        issuing = build_issuing_authority(
            root=top, public_key=made.issuer.signer.public_key(),
            name=_common_name(true.subject), now=self.now,
        )  # fmt: skip
        return TestAuthority(top, replace(made.issuer, certificate=issuing))

    def _seal(self, by: Seal) -> None:
        rest = {name: data for name, data in self.files.items() if not name.startswith("MANIFEST")}
        self.files.clear()
        self.files.update(seal(rest, by, now=self.now))


def make_bundle(world: World) -> Bundle:
    """Return the evidence of a transfer that was returned, repaired, reviewed twice, released."""
    reference = submit(world, maker(world), 500_000)
    decide(world, world.holder("review1b"), reference, Act.RETURN, "wrong amount")
    edit(world, maker(world), reference, money=twd(500_000))
    send(world, maker(world), reference)
    for login in ("review1a", "review2a"):
        decide(world, world.holder(login), reference, Act.REVIEW)
    decide(world, world.holder("release2"), reference, Act.RELEASE)
    files = approvals.evidence(reference=reference, now=world.now)
    issuer = issuer_of(current_authority())
    crl = queries.latest_crl()
    sealing, stamping, answering = (
        service_credentials(service=service, now=world.now)
        for service in (Service.EVIDENCE_SEAL, Service.TIME_STAMPING, Service.OCSP_RESPONDER)
    )
    return Bundle(
        files=files,
        reference=reference,
        now=world.now,
        root=queries.root_of(issuer.certificate),
        issuer=issuer,
        seal=Seal(sealing.signer, sealing.certificate, sealing.issuer, crl),
        stamper=Seal(stamping.signer, stamping.certificate, stamping.issuer, crl),
        responder=Responder(answering.certificate, answering.signer),
        holder=world.holder("review1a"),
    )


def write(files: dict[str, bytes], folder: Path) -> Path:
    """Write the files into a new folder and return it."""
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def trusting_machine(folder: Path, root: bytes) -> Path:
    """Return the tools of a machine whose own store of authorities trusts `root` (DER).

    Its openssl finds the store by itself, whatever the environment of the script says.
    """
    store, tools = folder / "store", folder / "tools"
    store.mkdir()
    tools.mkdir()
    (store / "root.pem").write_bytes(to_pem(root))
    name = run_openssl(store, "x509 -in root.pem -noout -subject_hash").stdout.strip()
    (store / "root.pem").rename(store / f"{name}.0")
    own = tools / "openssl"
    own.write_text(f'#!/bin/sh\nSSL_CERT_DIR={store} exec {shutil.which("openssl")} "$@"\n')
    own.chmod(0o755)
    _link_tools(tools)
    return tools


def _link_tools(tools: Path) -> None:
    for name in TOOLS:
        found = shutil.which(name)
        assert found is not None, name
        if not (tools / name).exists():
            (tools / name).symlink_to(found)


def run_script(
    folder: Path, fingerprint: str = "", *, script: Path | None = None, shell: str = "sh"
) -> subprocess.CompletedProcess[str]:
    """Run a bundle's script (or one's own) with a shell, openssl and small tools, nothing else.

    The tools are those of the folder `tools` beside the bundle, where there is one.
    """
    tools = folder.parent / "tools"
    if not tools.exists():
        tools.mkdir()
        _link_tools(tools)
    program = shutil.which(shell)
    assert program is not None
    words = [program, str(script or folder / "VERIFY.sh")]
    if script is not None:
        words += [fingerprint, str(folder)]
    elif fingerprint:
        words.append(fingerprint)
    environment = {"PATH": str(tools), "TMPDIR": os.environ.get("TMPDIR", "/tmp")}
    return subprocess.run(
        words, cwd=folder.parent, env=environment, capture_output=True, text=True, check=False
    )


def _public_key(certificate: x509.Certificate) -> bytes:
    key = certificate.public_key()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _common_name(name: x509.Name) -> str:
    value = name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value
    assert isinstance(value, str)
    return value
