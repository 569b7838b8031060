"""Keys of the authority inside a PKCS#11 token: made there, never leaving it.

A session belongs to the process that opened it: a token is opened at the first signature, never
before a server forks its workers, and opened anew in a process that was forked later. A session
that was lost is opened again once.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any, Final, TypeVar

import pkcs11
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    Prehashed,
    encode_dss_signature,
)
from pkcs11.exceptions import PKCS11Error, UserAlreadyLoggedIn

from certificates.errors import KeyUnavailable

Result = TypeVar("Result")
LabelOf = Callable[[ec.EllipticCurvePublicKey], str]

# OBJECT IDENTIFIERs of the curves, DER, as tokens want them (PKCS#11 2.3.4, RFC 5480).
_CURVES: Final = {
    "secp256r1": bytes.fromhex("06082a8648ce3d030107"),
    "secp384r1": bytes.fromhex("06052b81040022"),
}
_HASHES: Final = {"secp256r1": hashes.SHA256, "secp384r1": hashes.SHA384}


class Token:
    """Use one token through one session of this process; threads take turns."""

    def __init__(self, *, module: str, label: str, pin: str) -> None:
        self._module = module
        self._label = label
        self._pin = pin
        self._lock = Lock()
        self._session: Any = None
        self._owner = 0
        # Private keys found in this session: looking for one takes longer than signing with it.
        self._found: dict[str, Any] = {}
        self._keys: dict[str, TokenKey] = {}

    def key(self, label: str) -> TokenKey:
        """Return the key with this label; nothing is opened yet."""
        return self._keys.setdefault(label, TokenKey(self, label))

    def generate(self, curve: ec.EllipticCurve, label_of: LabelOf) -> TokenKey:
        """Make a key pair inside the token, never to leave it, labelled after its public half.

        Raises KeyUnavailable.
        """
        return self.key(self.use("new", lambda session: _generate(session, curve, label_of)))

    def use(self, name: str, act: Callable[[Any], Result]) -> Result:
        """Return what `act` makes of an open session, trying once more when it was lost.

        Raises KeyUnavailable, which names the key and nothing else.
        """
        with self._turn():
            try:
                return act(self._open())
            except (PKCS11Error, RuntimeError):
                self._forget()
            try:
                return act(self._open())
            except (PKCS11Error, RuntimeError) as error:
                self._forget()
                raise KeyUnavailable(name) from error

    def sign(self, label: str, digest: bytes) -> bytes:
        """Return the raw ECDSA signature (both numbers, one after the other) over a digest."""

        def act(session: Any) -> bytes:  # noqa: ANN401 - the library has no types
            if label not in self._found:
                self._found[label] = session.get_key(
                    object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=label
                )
            return bytes(self._found[label].sign(digest, mechanism=pkcs11.Mechanism.ECDSA))

        return self.use(label, act)

    def is_open(self) -> bool:
        """Tell whether this very process has a session open."""
        return self._session is not None and self._owner == os.getpid()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if self._owner not in (0, os.getpid()):
            # Forked: the lock may have been held by a thread that does not exist here.
            self._lock = Lock()
        with self._lock:
            yield

    def _open(self) -> Any:  # noqa: ANN401 - the library has no types
        if self.is_open():
            return self._session
        library = pkcs11.lib(self._module)
        if self._session is None and self._owner == os.getpid():
            # Lost, or the token went away: what the library remembers is of no use.
            library.reinitialize()
        elif self._owner not in (0, os.getpid()):
            library.reinitialize()  # a child starts afresh (PKCS#11 2.40, 5.4: C_Initialize)
        self._owner = os.getpid()
        self._found.clear()
        try:
            token = library.get_token(token_label=self._label)
            self._session = token.open(rw=True, user_pin=self._pin)
        except UserAlreadyLoggedIn:
            self._session = token.open(rw=True)
        return self._session

    def _forget(self) -> None:
        self._session = None
        self._found.clear()


class TokenKey:
    """One elliptic-curve key inside a token."""

    def __init__(self, token: Token, label: str) -> None:
        self._token = token
        self._label = label
        self._public_key: ec.EllipticCurvePublicKey | None = None

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """Return the public half of the key; read from the token once. Raises KeyUnavailable."""
        if self._public_key is None:
            self._public_key = self._token.use(
                self._label, lambda session: _public_key(session, self._label)
            )
        return self._public_key

    def sign_digest(self, digest: bytes) -> bytes:
        """Return the DER ECDSA signature over a digest just as long as the curve's numbers.

        ValueError for another length: some tokens cut longer input off without a word. What the
        token answers is verified before anybody sees it. Raises KeyUnavailable.
        """
        public_key = self.public_key()
        if len(digest) * 8 != public_key.curve.key_size:
            raise ValueError("digest and curve differ in size")
        raw = self._token.sign(self._label, digest)
        half = len(raw) // 2
        signature = encode_dss_signature(
            int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big")
        )
        algorithm = ec.ECDSA(Prehashed(_HASHES[public_key.curve.name]()))
        try:
            public_key.verify(signature, digest, algorithm)
        except InvalidSignature as error:
            raise KeyUnavailable(self._label) from error
        return signature


def _generate(
    session: Any,  # noqa: ANN401 - the library has no types
    curve: ec.EllipticCurve,
    label_of: LabelOf,
) -> str:
    parameters = session.create_domain_parameters(
        pkcs11.KeyType.EC, {pkcs11.Attribute.EC_PARAMS: _CURVES[curve.name]}, local=True
    )
    working_name = f"new-{secrets.token_hex(8)}"
    public, private = parameters.generate_keypair(
        id=secrets.token_bytes(16),
        label=working_name,
        store=True,
        private_template={
            pkcs11.Attribute.SENSITIVE: True,
            pkcs11.Attribute.EXTRACTABLE: False,
            pkcs11.Attribute.SIGN: True,
            pkcs11.Attribute.DECRYPT: False,
            pkcs11.Attribute.UNWRAP: False,
            pkcs11.Attribute.DERIVE: False,
        },
    )
    label = label_of(_point(public))
    for half in (public, private):
        half[pkcs11.Attribute.LABEL] = label
    return label


def _public_key(session: Any, label: str) -> ec.EllipticCurvePublicKey:  # noqa: ANN401 - the same
    return _point(session.get_key(object_class=pkcs11.ObjectClass.PUBLIC_KEY, label=label))


def _point(public: Any) -> ec.EllipticCurvePublicKey:  # noqa: ANN401 - the same
    oid = bytes(public[pkcs11.Attribute.EC_PARAMS])
    curves = {der: name for name, der in _CURVES.items()}
    curve = {"secp256r1": ec.SECP256R1, "secp384r1": ec.SECP384R1}[curves[oid]]()
    # The point comes wrapped in an OCTET STRING (PKCS#11 2.40, 2.3.3).
    point = bytes(public[pkcs11.Attribute.EC_POINT])[2:]
    return ec.EllipticCurvePublicKey.from_encoded_point(curve, point)
