"""Certificates of an outside authority, judged by us and by openssl alike (CERT-11)."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from certificates.errors.external import ExternalReason, ExternalRefused
from certificates.formats.external import (
    SIZE_MAXIMUM,
    Check,
    describe,
    examine,
    read_upload,
    verify,
)
from certificates.formats.external_lists import OutsideStatus, read_list, status_in
from certificates.formats.external_paths import Trust, check_trust
from certificates.formats.profiles import KeyStorage
from tests.certificates.outside_rows import HOUR, ROWS, SERIAL, Given, R, Row, by_stranger
from tests.factories.authorities import run_openssl, to_pem
from tests.factories.cards import TestCard
from tests.factories.outside import (
    DAY,
    NOW,
    OTHER_POLICY,
    POLICY,
    SOFTWARE_POLICY,
    OutsideAuthority,
    key_usage,
    make_node,
    policies,
)

pytestmark = pytest.mark.req("CERT-11")


def openssl_accepts(directory: Path, given: Given) -> bool:
    """Ask openssl the same question: chain, policies, lists of the whole chain, strictly."""
    (directory / "root.pem").write_bytes(to_pem(given.trust.root))
    (directory / "issuers.pem").write_bytes(b"".join(map(to_pem, given.trust.issuers)))
    (directory / "leaf.pem").write_bytes(to_pem(given.der))
    lists = b"".join(x509.load_der_x509_crl(one).public_bytes(Encoding.PEM) for one in given.lists)
    (directory / "lists.pem").write_bytes(lists)
    done = run_openssl(
        directory,
        "verify -x509_strict -auth_level 0 -CAfile root.pem -untrusted issuers.pem",
        "-policy", POLICY, "-policy", SOFTWARE_POLICY, "-explicit_policy -inhibit_map",
        "-crl_check_all -CRLfile lists.pem -attime", str(int(NOW.timestamp())), "leaf.pem",
    )  # fmt: skip
    return done.returncode == 0


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_what_is_wrong_is_named_and_openssl_agrees(
    row: Row, outside: OutsideAuthority, tmp_path: Path
) -> None:
    given = row.make(outside)
    found = examine(given.der, trust=given.trust, lists=given.lists, now=NOW)
    assert found.refusal is row.reason
    if row.reason is None:
        verify(given.der, trust=given.trust, lists=given.lists, now=NOW)
    else:
        with pytest.raises(ExternalRefused) as refused:
            verify(given.der, trust=given.trust, lists=given.lists, now=NOW)
        assert refused.value.reason is row.reason
    if row.openssl_too:
        assert openssl_accepts(tmp_path, given) is (row.reason is None)


def test_every_reason_of_a_certificate_has_a_row() -> None:
    of_rows = {R.ALREADY_BOUND, R.KEY_IN_USE}
    of_files = {R.TOO_LARGE, R.MALFORMED, R.NOT_ONE, R.LIST_OF_ANOTHER, R.LIST_MALFORMED}
    assert {row.reason for row in ROWS} - {None} == set(R) - of_files - of_rows


def test_every_check_is_shown_with_its_outcome(outside: OutsideAuthority) -> None:
    der = outside.certify(
        policy=(OTHER_POLICY,), usage=key_usage("digital_signature"), end=NOW - HOUR
    )
    found = examine(der, trust=outside.trust, lists=[], now=NOW)
    failed = {one.check: one.reason for one in found.outcomes if one.reason is not None}
    assert [one.check for one in found.outcomes] == list(Check)
    assert failed == {
        Check.VALIDITY: R.EXPIRED,
        Check.POLICY: R.WRONG_POLICY,
        Check.KEY_USAGE: R.WRONG_KEY_USAGE,
        Check.REVOCATION: R.LIST_MISSING,
    }
    assert found.storage is None


def test_without_a_chain_nothing_is_said_of_what_hangs_on_it(outside: OutsideAuthority) -> None:
    given = by_stranger(outside)
    found = examine(given.der, trust=given.trust, lists=given.lists, now=NOW)
    unseen = {one.check for one in found.outcomes if not one.looked}
    assert unseen == {Check.AUTHORITIES, Check.POLICY, Check.REVOCATION}


def test_what_is_read_of_a_good_one(outside: OutsideAuthority) -> None:
    card = TestCard()
    der = outside.certify(card, serial=SERIAL)
    lists = [outside.root.crl(next_update=NOW + 9 * DAY), outside.issuer.crl()]
    found = verify(der, trust=outside.trust, lists=lists, now=NOW)
    said = found.certificate
    assert (said.common_name, said.serial_number) == ("測試實業-王小明", "4711")
    assert said.policies == (POLICY,)
    assert found.storage is KeyStorage.HARDWARE
    assert found.chain == (outside.issuer.der,)
    assert found.good_until == NOW + DAY
    assert said.public_key_sha256 == describe(outside.certify(card)).public_key_sha256


def test_two_policies_promise_the_lesser(outside: OutsideAuthority) -> None:
    der = outside.certify(policy=(POLICY, SOFTWARE_POLICY))
    found = verify(der, trust=outside.trust, lists=outside.lists(), now=NOW)
    assert found.storage is KeyStorage.SOFTWARE


def test_a_key_written_shorter_is_still_the_same_key(outside: OutsideAuthority) -> None:
    """A compressed point is another spelling: it must not pass for a key never seen."""
    key = ec.generate_private_key(ec.SECP256R1())
    der = outside.certify(public_key=key.public_key())
    long = key.public_key().public_bytes(
        Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    short = key.public_key().public_bytes(Encoding.X962, serialization.PublicFormat.CompressedPoint)
    info = key.public_key().public_bytes(
        Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert long in der
    again = serialization.load_der_public_key(
        bytes((0x30, 0x39)) + info[2:23] + bytes((0x03, 0x22, 0x00)) + short
    )
    respelt = outside.certify(public_key=again)  # type: ignore[arg-type]
    assert describe(respelt).public_key_sha256 == describe(der).public_key_sha256


@pytest.mark.parametrize("cut", [1, 10, 100])
def test_a_file_cut_short_is_no_certificate(outside: OutsideAuthority, cut: int) -> None:
    with pytest.raises(ExternalRefused) as refused:
        read_upload(outside.certify()[:-cut])
    assert refused.value.reason is R.MALFORMED


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", R.MALFORMED),
        (b"hello", R.MALFORMED),
        (b"-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n", R.MALFORMED),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", R.MALFORMED),
        (b"\x30\x84\xff\xff\xff\xff" + bytes(64), R.MALFORMED),
        (bytes(SIZE_MAXIMUM + 1), R.TOO_LARGE),
        (b"\x30" * (10 * 1024 * 1024), R.TOO_LARGE),
    ],
)
def test_a_hostile_file_is_refused_by_name(data: bytes, reason: ExternalReason) -> None:
    with pytest.raises(ExternalRefused) as refused:
        read_upload(data)
    assert refused.value.reason is reason


def test_a_file_is_read_in_either_form_and_holds_one(outside: OutsideAuthority) -> None:
    der = outside.certify()
    assert read_upload(der) == read_upload(to_pem(der)) == der
    with pytest.raises(ExternalRefused) as refused:
        read_upload(to_pem(der) + to_pem(outside.issuer.der))
    assert refused.value.reason is R.NOT_ONE


def test_a_list_says_who_is_on_it(outside: OutsideAuthority) -> None:
    hold = x509.ReasonFlags.certificate_hold
    der = outside.issuer.crl((1, None), (2, hold), number=7)
    facts = read_list(der, issuer=outside.issuer.der, now=NOW)
    assert (facts.number, facts.entries, facts.next_update) == (7, 2, NOW + DAY)
    said = [status_in(der, serial) for serial in (1, 2, 3)]
    assert said == [OutsideStatus.REVOKED, OutsideStatus.ON_HOLD, OutsideStatus.GOOD]


@pytest.mark.parametrize("data", [b"", b"hello", b"\x30\x03\x02\x01\x01"])
def test_garbage_is_no_list(outside: OutsideAuthority, data: bytes) -> None:
    with pytest.raises(ExternalRefused) as refused:
        read_list(data, issuer=outside.issuer.der, now=NOW)
    assert refused.value.reason is R.LIST_MALFORMED


def test_a_list_of_another_authority_says_nothing(outside: OutsideAuthority) -> None:
    with pytest.raises(ExternalRefused) as refused:
        read_list(outside.root.crl(), issuer=outside.issuer.der, now=NOW)
    assert refused.value.reason is R.LIST_OF_ANOTHER


def test_an_authority_that_may_not_sign_lists_does_not(outside: OutsideAuthority) -> None:
    issuer = outside.root.authority("Issuer Only", usage=key_usage("key_cert_sign"))
    with pytest.raises(ExternalRefused) as refused:
        read_list(issuer.crl(), issuer=issuer.der, now=NOW)
    assert refused.value.reason is R.LIST_FORGED


def test_an_authority_is_accepted_with_its_chain(outside: OutsideAuthority) -> None:
    upper = outside.root.authority("Upper")
    lower = upper.authority("Lower")
    trust = Trust(outside.root.der, [lower.der, upper.der], outside.trust.policies)
    assert check_trust(trust, now=NOW) == [
        (lower.der, (lower.der, upper.der)),
        (upper.der, (upper.der,)),
    ]


def test_an_authority_is_not_accepted_without_its_root(outside: OutsideAuthority) -> None:
    other = make_node("Other Root")
    for trust, reason in (
        (Trust(outside.issuer.der, [], outside.trust.policies), R.UNKNOWN_ISSUER),
        (Trust(other.der, [outside.issuer.der], outside.trust.policies), R.UNKNOWN_ISSUER),
        (Trust(outside.root.der, [outside.issuer.der], {}), R.WRONG_POLICY),
        (Trust(outside.root.der, [outside.issuer.der, outside.certify()], outside.trust.policies),
         R.NOT_AN_AUTHORITY),
        (Trust(b"x", [], outside.trust.policies), R.MALFORMED),
    ):  # fmt: skip
        with pytest.raises(ExternalRefused) as refused:
            check_trust(trust, now=NOW)
        assert refused.value.reason is reason


def test_policies_are_those_of_the_certificate(outside: OutsideAuthority) -> None:
    der = outside.certify(policy=(), more=[(policies(POLICY, OTHER_POLICY), True)])
    assert describe(der).policies == (POLICY, OTHER_POLICY)
