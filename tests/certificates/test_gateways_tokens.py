"""Keys inside a PKCS#11 token, tried on SoftHSM: made there, used there, never leaving."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pkcs11
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from certificates.errors import KeyUnavailable
from certificates.formats.signers import DigestSigner, FileSigner, hash_of, name_of_key
from certificates.gateways.tokens import Token
from tests.factories.tokens import LABEL, PIN, empty_token

MESSAGE = b"a certificate revocation list of any length " * 40
CURVES = [ec.SECP256R1(), ec.SECP384R1()]


@pytest.fixture
def token(tmp_path: Path) -> Iterator[Token]:
    """Return a token with nothing in it, not opened yet."""
    with empty_token(tmp_path) as module:
        # The library reads where its tokens are when it is initialised.
        pkcs11.lib(module).reinitialize()
        yield Token(module=module, label=LABEL, pin=PIN)


def make(token: Token, curve: ec.EllipticCurve) -> DigestSigner:
    return DigestSigner(token.generate(curve, lambda public: name_of_key("test", public)))


def verify(signer: DigestSigner, signature: bytes, data: bytes = MESSAGE) -> None:
    key = signer.public_key()
    key.verify(signature, data, ec.ECDSA(hash_of(key)))


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.name)
def test_a_token_signs_as_a_file_does(token: Token, curve: ec.EllipticCurve, tmp_path: Path):
    signer = make(token, curve)
    assert signer.public_key().curve.name == curve.name
    signature = signer.sign(MESSAGE)
    verify(signer, signature)
    (tmp_path / "data").write_bytes(MESSAGE)
    (tmp_path / "signature").write_bytes(signature)
    from cryptography.hazmat.primitives import serialization as to  # noqa: PLC0415

    pem = signer.public_key().public_bytes(to.Encoding.PEM, to.PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "key.pem").write_bytes(pem)
    hashing = "-sha384" if isinstance(hash_of(signer.public_key()), hashes.SHA384) else "-sha256"
    words = ["openssl", "dgst", hashing, "-verify", "key.pem", "-signature", "signature", "data"]
    told = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert told.stdout.strip() == "Verified OK"


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.name)
def test_the_whole_digest_is_signed_and_nothing_longer_is_given(token: Token, curve):
    """The token itself cuts longer input off without a word: two digests would sign alike."""
    signer = make(token, curve)
    size = curve.key_size // 8
    key = token.key(name_of_key("test", signer.public_key()))
    for length in (size - 1, size + 1, 64):
        with pytest.raises(ValueError, match="size"):
            key.sign_digest(b"d" * length)
    digest = hashlib.new(hash_of(signer.public_key()).name, MESSAGE).digest()
    signature = key.sign_digest(digest)
    other = digest[:-1] + bytes((digest[-1] ^ 1,))
    verify(signer, signature)
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed  # noqa: PLC0415

    with pytest.raises(InvalidSignature):
        signer.public_key().verify(
            signature, other, ec.ECDSA(Prehashed(hash_of(signer.public_key())))
        )


def test_the_trap_is_really_there(token: Token):
    """Given more than the curve takes, SoftHSM signs the beginning: why the length is checked."""
    signer = make(token, ec.SECP256R1())
    label = name_of_key("test", signer.public_key())
    digest = hashlib.sha256(MESSAGE).digest()

    def sign_raw(session) -> bytes:
        key = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=label)
        return bytes(key.sign(digest + b"more", mechanism=pkcs11.Mechanism.ECDSA))

    raw = token.use(label, sign_raw)
    verify(signer, encode_dss_signature(*(int.from_bytes(raw[n : n + 32], "big") for n in (0, 32))))


def test_a_private_key_cannot_be_taken_out(token: Token):
    signer = make(token, ec.SECP256R1())
    label = name_of_key("test", signer.public_key())

    def look(session) -> tuple[bool, bool]:
        key = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=label)
        with pytest.raises(pkcs11.exceptions.AttributeSensitive):
            key[pkcs11.Attribute.VALUE]
        return key[pkcs11.Attribute.EXTRACTABLE], key[pkcs11.Attribute.SENSITIVE]

    assert token.use(label, look) == (False, True)


def test_a_token_is_opened_at_the_first_use_and_not_before(token: Token):
    signer = make(token, ec.SECP256R1())
    label = name_of_key("test", signer.public_key())
    later = Token(module=token._module, label=LABEL, pin=PIN)
    key = later.key(label)
    assert not later.is_open()
    pkcs11.lib(token._module).reinitialize()
    key.public_key()
    assert later.is_open()


def _sign_in_child(token: Token, label: str, answers) -> None:
    answers.put((token.is_open(), DigestSigner(token.key(label)).sign(MESSAGE), token.is_open()))


@pytest.mark.parametrize("opened_before", [False, True], ids=["fresh", "open in the parent"])
def test_forked_workers_open_the_token_for_themselves(token: Token, opened_before: bool):
    """As a server forks: each child has a session of its own; the parent's goes on."""
    signer = make(token, ec.SECP384R1())
    label = name_of_key("test", signer.public_key())
    parent = token if opened_before else Token(module=token._module, label=LABEL, pin=PIN)
    assert parent.is_open() is opened_before
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    children = [
        context.Process(target=_sign_in_child, args=(parent, label, answers)) for _ in range(3)
    ]
    for child in children:
        child.start()
    told = [answers.get(timeout=30) for _ in children]
    for child in children:
        child.join(30)
        assert child.exitcode == 0
    for open_before, signature, open_after in told:
        assert (open_before, open_after) == (False, True)
        verify(signer, signature)
    assert len({signature for _, signature, _ in told}) == 3
    verify(signer, signer.sign(MESSAGE))


def test_a_child_forked_while_a_thread_signs_does_not_wait_for_it(token: Token):
    signer = make(token, ec.SECP256R1())
    label = name_of_key("test", signer.public_key())
    holding, let_go = threading.Event(), threading.Event()

    def hold(session) -> None:
        holding.set()
        let_go.wait(30)

    thread = threading.Thread(target=token.use, args=("held", hold))
    thread.start()
    holding.wait(30)
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    child = context.Process(target=_sign_in_child, args=(token, label, answers))
    child.start()
    _, signature, _ = answers.get(timeout=30)
    child.join(30)
    let_go.set()
    thread.join()
    verify(signer, signature)


@pytest.mark.parametrize("how", ["closed", "finalized"])
def test_a_lost_session_is_opened_again(token: Token, how: str):
    signer = make(token, ec.SECP256R1())
    signer.sign(MESSAGE)
    if how == "closed":
        token._session.close()
    else:
        pkcs11.lib(token._module).reinitialize()
    verify(signer, signer.sign(MESSAGE))


def test_threads_take_turns(token: Token):
    signer = make(token, ec.SECP256R1())
    signatures: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: signatures.extend(signer.sign(MESSAGE) for _ in range(10)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(signatures) == 40
    for signature in signatures:
        verify(signer, signature)


@pytest.mark.parametrize(
    "wrong", [{"label": "another"}, {"pin": "000000"}, {"module": "/nowhere/library.so"}]
)
def test_a_token_that_cannot_be_opened_is_a_busy_answer_without_secrets(token: Token, wrong):
    make(token, ec.SECP256R1())
    given = {"module": token._module, "label": LABEL, "pin": PIN} | wrong
    with pytest.raises(KeyUnavailable) as caught:
        Token(**given).key("test-key").public_key()
    assert caught.value.status == 503
    assert PIN not in str(caught.value) + repr(caught.value.facts)


def test_a_key_that_is_not_there_is_a_busy_answer(token: Token):
    with pytest.raises(KeyUnavailable):
        token.key("nobody").public_key()


def test_what_the_token_answers_is_verified(token: Token):
    """A key whose label was taken over by another signs nothing in its name."""
    signer = make(token, ec.SECP256R1())
    label = name_of_key("test", signer.public_key())
    signer.sign(MESSAGE)

    def replace(session) -> None:
        for found in session.get_objects({pkcs11.Attribute.LABEL: label}):
            found.destroy()

    token.use(label, replace)
    token.generate(ec.SECP256R1(), lambda _: label)
    with pytest.raises(KeyUnavailable):
        token.key(label).sign_digest(hashlib.sha256(MESSAGE).digest())


def test_nothing_is_loaded_by_importing(tmp_path: Path):
    """A process that serves from files never loads a token's library."""
    code = (
        "import certificates.gateways.tokens as t, sys;"
        "t.Token(module='/nowhere.so', label='x', pin='y').key('z');"
        "print(any('softhsm' in line for line in open('/proc/self/maps')))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONPATH": os.getcwd()},
    )  # fmt: skip
    assert told.stdout.strip() == "False"


def test_a_file_key_has_the_same_name_wherever_it_is_named():
    key = FileSigner.generate().public_key()
    assert name_of_key("issuing", key) == name_of_key("issuing", key)
    assert name_of_key("issuing", key).startswith("issuing-")
    assert len(name_of_key("issuing", key)) == len("issuing-") + 16
