"""Statements: what a signer was shown, as canonical bytes (RFC 8785, SIGN-1)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, TypeAlias

from certificates.errors import StatementReason, StatementRefused
from certificates.formats.letters import encode_base32
from certificates.formats.texts import check_text
from kernel.canonical import canonical_bytes

VERSION: Final = "1"
SIZE_MAXIMUM: Final = 64 * 1024
_DEPTH_MAXIMUM: Final = 6
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
_SHA256_HEX: Final = re.compile(r"[0-9a-f]{64}")

Fact: TypeAlias = "str | Sequence[Fact] | Mapping[str, Fact]"


class StatementType(StrEnum):
    """Name what kind of act a statement is for."""

    DECISION = "decision"
    SIGN_IN = "sign-in"
    ENROL = "enrol"
    CERTIFICATE = "certificate"


@dataclass(frozen=True)
class RequestReference:
    """Which revision of which request is decided; `sha256` of the revision's content, in hex."""

    id: str
    revision: int
    sha256: str


@dataclass(frozen=True)
class Batch:
    """Many requests under one signature (SIGN-3).

    `totals` are amounts per currency, as text; `merkle_root` in hex, over the full statement of
    each request.
    """

    count: int
    totals: Mapping[str, str]
    merkle_root: str


@dataclass(frozen=True)
class Step:
    """Which step of how many this decision is, and in which role it is taken."""

    no: int
    of: int
    role: str


@dataclass(frozen=True)
class PolicyReference:
    """Which snapshot of the approval rules applies; `sha256` of the snapshot, in hex."""

    id: str
    sha256: str


@dataclass(frozen=True)
class StatementSigner:
    """Who signs with which certificate; `certificate_sha256` of its DER, in hex."""

    user: str
    certificate_sha256: str


@dataclass(frozen=True)
class Statement:
    """What is put before a signer.

    `aud` is the site's origin; `iat` and `exp` are aware times; `facts` hold text only, nested at
    most a few levels; `prev` is the hex SHA-256 over the decisions of the previous stage, None at
    the first; `text_sha256` the hex SHA-256 of the words on the screen.
    """

    typ: StatementType
    action: str
    aud: str
    iat: datetime
    exp: datetime
    nonce: str
    signer: StatementSigner
    text_sha256: str
    facts: Mapping[str, Fact] | None = None
    batch: Batch | None = None
    request: RequestReference | None = None
    step: Step | None = None
    policy: PolicyReference | None = None
    prev: str | None = None


def build_statement(statement: Statement) -> bytes:
    """Return the canonical bytes of a statement.

    A decision tells facts with request, step and policy, or a batch; it always has `prev` (null at
    the first stage). Other members that do not apply are left out, and every value is text.
    StatementRefused for unsafe text, for anything but text where text belongs, for missing or
    surplus members and for more than 64 KiB.
    """
    _check_members(statement)
    members: dict[str, Any] = {
        "v": VERSION,
        "typ": statement.typ.value,
        "action": statement.action,
        "aud": statement.aud,
        "iat": _time(statement.iat),
        "exp": _time(statement.exp),
        "nonce": statement.nonce,
        "signer": {
            "user": statement.signer.user,
            "certificate_sha256": _digest(statement.signer.certificate_sha256),
        },
        "text_sha256": _digest(statement.text_sha256),
    }
    optional = {
        "facts": statement.facts,
        "batch": _batch(statement.batch),
        "request": _request(statement.request),
        "step": _step(statement.step),
        "policy": _policy(statement.policy),
        "prev": None if statement.prev is None else _digest(statement.prev),
    }
    members |= {name: value for name, value in optional.items() if value is not None}
    checked = _checked(members, depth=0)
    if statement.typ is StatementType.DECISION:
        checked.setdefault("prev", None)
    data = canonical_bytes(checked)
    if len(data) > SIZE_MAXIMUM:
        raise StatementRefused(StatementReason.TOO_LARGE)
    return data


def read_statement(data: bytes) -> dict[str, Any]:
    """Return the members of a statement's bytes, or raise StatementRefused unless canonical.

    Canonical form leaves no room for a member given twice or for another spelling.
    """
    if len(data) > SIZE_MAXIMUM:
        raise StatementRefused(StatementReason.TOO_LARGE)
    try:
        members = json.loads(data)
        canonical = canonical_bytes(members)
    except (ValueError, RecursionError) as error:
        raise StatementRefused(StatementReason.NOT_CANONICAL) from error
    if canonical != data or not isinstance(members, dict):
        raise StatementRefused(StatementReason.NOT_CANONICAL)
    return members


def statement_sha256(data: bytes) -> bytes:
    """Return the 32 bytes that identify a statement."""
    return hashlib.sha256(data).digest()


def short_code(sha256: bytes) -> str:
    """Return 8 characters people can compare on two screens: `XXXX-XXXX`, 40 bits of the digest."""
    code = encode_base32(sha256[:5])
    return f"{code[:4]}-{code[4:]}"


def _check_members(statement: Statement) -> None:
    single = (statement.request, statement.step, statement.policy)
    if statement.typ is StatementType.DECISION:
        complete = None not in single
        sound = (statement.facts is None) != (statement.batch is None)
        sound = sound and (complete or statement.batch is not None)
    else:
        sound = statement.batch is None and statement.prev is None and single == (None, None, None)
    if not sound:
        raise StatementRefused(StatementReason.BAD_MEMBER)


def _checked(value: object, depth: int) -> Any:  # noqa: ANN401 -- any JSON value of text
    if depth > _DEPTH_MAXIMUM:
        raise StatementRefused(StatementReason.TOO_LARGE)
    if isinstance(value, str):
        return check_text(value)
    if isinstance(value, Mapping):
        if not all(isinstance(name, str) and _NAME.fullmatch(name) for name in value):
            raise StatementRefused(StatementReason.BAD_MEMBER)
        return {name: _checked(inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_checked(inner, depth + 1) for inner in value]
    raise StatementRefused(StatementReason.NOT_TEXT)


def _digest(text: str) -> str:
    if not _SHA256_HEX.fullmatch(text):
        raise StatementRefused(StatementReason.BAD_MEMBER)
    return text


def _time(time: datetime) -> str:
    if time.tzinfo is None:
        raise ValueError("times in statements must be aware")
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _batch(batch: Batch | None) -> dict[str, Any] | None:
    if batch is None:
        return None
    root = _digest(batch.merkle_root)
    return {"count": str(batch.count), "totals": batch.totals, "merkle_root": root}


def _request(request: RequestReference | None) -> dict[str, str] | None:
    if request is None:
        return None
    revision = str(request.revision)
    return {"id": request.id, "revision": revision, "sha256": _digest(request.sha256)}


def _step(step: Step | None) -> dict[str, str] | None:
    return None if step is None else {"no": str(step.no), "of": str(step.of), "role": step.role}


def _policy(policy: PolicyReference | None) -> dict[str, str] | None:
    return None if policy is None else {"id": policy.id, "sha256": _digest(policy.sha256)}
