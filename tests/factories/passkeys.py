"""A small authenticator in software: makes keys, counts, and answers as a browser hands it on."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from copy import copy
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from django.conf import settings

from alerts.models import Message
from identity import operations
from identity.models import User
from identity.operations import PasskeyOutcome, PasskeyResult
from kernel import ids
from tests.factories.http import Browser

PRESENT, VERIFIED, WITH_KEY = 0x01, 0x04, 0x40
SITE = "http://testserver"
Answer = dict[str, Any]
Options = dict[str, Any]


def to_text(data: bytes) -> str:
    """Return bytes as Web Authentication writes them."""
    return urlsafe_b64encode(data).decode().rstrip("=")


def to_bytes(text: str) -> bytes:
    """Return the bytes of such text."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Authenticator:
    """Hold one passkey; each attribute may be bent to be another, worse authenticator."""

    origin: str = SITE
    host: str = "testserver"
    flags: int = PRESENT | VERIFIED
    count: int = 0
    step: int = 1
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def but(self, **changes: Any) -> Authenticator:
        """Return the same authenticator with something else about it."""
        other = copy(self)
        for name, value in changes.items():
            setattr(other, name, value)
        return other

    def register(self, options: Options) -> Answer:
        """Answer `navigator.credentials.create`."""
        key = bytes(16) + len(self.credential_id).to_bytes(2) + self.credential_id + self._cose()
        attestation = {"fmt": "none", "attStmt": {}, "authData": self._data(WITH_KEY) + key}
        return self._answer(
            "webauthn.create", options, lambda _: {"attestationObject": cbor2.dumps(attestation)}
        )

    def show(self, options: Options) -> Answer:
        """Answer `navigator.credentials.get`."""
        self.count += self.step
        data = self._data()
        return self._answer(
            "webauthn.get",
            options,
            lambda client: {"authenticatorData": data, "signature": self._sign(data, client)},
        )

    def _answer(self, kind: str, options: Options, parts: Any) -> Answer:
        client = json.dumps(
            {"type": kind, "challenge": options["challenge"], "origin": self.origin}
        ).encode()
        response = {"clientDataJSON": client, **parts(client)}
        name = to_text(self.credential_id)
        return {
            "id": name,
            "rawId": name,
            "type": "public-key",
            "response": {part: to_text(value) for part, value in response.items()},
            "clientExtensionResults": {},
        }

    def _data(self, more: int = 0) -> bytes:
        host = hashlib.sha256(self.host.encode()).digest()
        return host + bytes([self.flags | more]) + self.count.to_bytes(4)

    def _sign(self, data: bytes, client: bytes) -> bytes:
        return self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))

    def _cose(self) -> bytes:
        point = self.key.public_key().public_numbers()
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32), -3: point.y.to_bytes(32)})


def code_sent_to(user: User) -> str:
    """Return the latest code for a first passkey in a person's messages."""
    told = Message.objects.filter(
        event="identity.code.passkey", recipient_key=user.public_id
    ).latest("pk")
    (code,) = re.findall(r"\b\d{6}\b", told.body)
    return code


@dataclass
class Seat:
    """Where a bank person sits with an authenticator: their browser's session, and the clock."""

    browser: Browser
    now: Any
    holds_card: bool = False

    @property
    def who(self) -> dict[str, Any]:
        """Return what every operation is told: the actor as the session has them, and when."""
        session = self.browser.session
        actor = self.browser.holder.act_as(self.now)
        actor.factor, actor.factor_shown_at = session.factor, session.stepped_up_at
        return {"actor": actor, "session_key_sha256": session.pk, "now": self.now}

    def send_code(self) -> str:
        """Have a code sent, and return it."""
        who = self.who
        operations.send_passkey_code(actor=who["actor"], holds_card=self.holds_card, now=who["now"])
        return code_sent_to(who["actor"])

    def begin(self, code: str = "") -> operations.BegunRegistration:
        """Begin to register."""
        return operations.begin_passkey_registration(
            **self.who, holds_card=self.holds_card, code=code
        )

    def keep(self, answer: Answer, name: str = "work PC") -> PasskeyOutcome:
        """Send the new passkey."""
        result = operations.register_passkey(
            **self.who, holds_card=self.holds_card, answer=answer, name=name
        )
        return result.outcome

    def register(self, authenticator: Authenticator | None = None) -> Authenticator:
        """Register a passkey for real: with a code where there is no factor yet."""
        made = authenticator or Authenticator()
        is_first = self.browser.session.factor == "password"
        begun = self.begin(self.send_code() if is_first else "")
        assert self.keep(made.register(begun.options)) == PasskeyOutcome.DONE
        return made

    def ask(self) -> Options:
        """Return what a passkey is asked at the gate."""
        return operations.begin_passkey_sign_in(**self.who)

    def show(self, answer: Answer) -> PasskeyResult:
        """Send a passkey's answer to the gate; the browser's cookie follows."""
        result = operations.sign_in_with_passkey(**self.who, answer=answer)
        if result.session_key:
            self.browser.client.cookies[settings.SESSION_COOKIE_NAME] = result.session_key
        return result


def another_session(browser: Browser) -> str:
    """Return the name of a session that is not this one."""
    return ids.digest(browser.session_key + "x")
