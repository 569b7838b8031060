"""Certificates of an outside authority, judged by us and by openssl alike (CERT-11)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

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
from tests.factories.authorities import run_openssl, to_pem
from tests.factories.cards import TestCard
from tests.factories.outside import (
    DAY,
    NOW,
    OTHER_POLICY,
    POLICY,
    SOFTWARE_POLICY,
    Node,
    OutsideAuthority,
    key_usage,
    make_node,
    make_outside_authority,
    policies,
    rsa_key,
)

pytestmark = pytest.mark.req("CERT-11")
SERIAL = 0x4711
HOUR = timedelta(hours=1)
R = ExternalReason
Extended = x509.ExtendedKeyUsage
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\x05\x00")


@pytest.fixture(scope="module")
def outside() -> OutsideAuthority:
    return make_outside_authority()


@dataclass(frozen=True)
class Given:
    """What is put before us and before openssl."""

    der: bytes
    trust: Trust
    lists: list[bytes]


@dataclass(frozen=True)
class Row:
    """One certificate: what is wrong with it, what we say, and whether openssl sees it too."""

    name: str
    make: Callable[[OutsideAuthority], Given]
    reason: ExternalReason | None = None
    # OpenSSL is asked the same; False where the rule is the bank's own and not the standard's.
    openssl_too: bool = True


def leaf(**changes: object) -> Callable[[OutsideAuthority], Given]:
    def make(outside: OutsideAuthority) -> Given:
        der = outside.certify(**changes)  # type: ignore[arg-type]
        return Given(der, outside.trust, outside.lists())

    return make


def revoked(reason: x509.ReasonFlags | None) -> Callable[[OutsideAuthority], Given]:
    def make(outside: OutsideAuthority) -> Given:
        der = outside.certify(serial=SERIAL)
        return Given(der, outside.trust, outside.lists((SERIAL, reason)))

    return make


def listed(**changes: object) -> Callable[[OutsideAuthority], Given]:
    """Give the issuer a revocation list of this kind."""

    def make(outside: OutsideAuthority) -> Given:
        lists = [outside.root.crl(), outside.issuer.crl(**changes)]  # type: ignore[arg-type]
        return Given(outside.certify(), outside.trust, lists)

    return make


def under(*trusted: str, **changes: object) -> Callable[[OutsideAuthority], Given]:
    """Have it issued by a chain of authorities; the last of them is made with `changes`."""

    def make(outside: OutsideAuthority) -> Given:
        chain = [outside.root]
        for name in trusted[:-1]:
            chain.append(chain[-1].authority(name))
        chain.append(chain[-1].authority(trusted[-1], **changes))
        trust = Trust(outside.root.der, [one.der for one in chain[1:]], outside.trust.policies)
        der = outside.certify(issuer=chain[-1])
        return Given(der, trust, [one.crl() for one in chain])

    return make


def short_chain(outside: OutsideAuthority) -> Given:
    """One authority too many beneath one that allows none."""
    upper = outside.root.authority(
        "Upper", constraints=x509.BasicConstraints(ca=True, path_length=0)
    )
    lower = upper.authority("Lower")
    trust = Trust(outside.root.der, [upper.der, lower.der], outside.trust.policies)
    nodes = (outside.root, upper, lower)
    return Given(outside.certify(issuer=lower), trust, [one.crl() for one in nodes])


def by_stranger(outside: OutsideAuthority) -> Given:
    """The same names with other keys."""
    stranger = make_node("Outside Root", key=rsa_key("stranger"))
    issuer = stranger.authority("Outside Issuing", key=ec.generate_private_key(ec.SECP256R1()))
    der = OutsideAuthority(stranger, issuer).certify()
    return Given(der, outside.trust, [stranger.crl(), issuer.crl()])


def by_holder(outside: OutsideAuthority) -> Given:
    """A holder who certifies another, and sends the chain along as if configured."""
    card = TestCard()
    holder = x509.load_der_x509_certificate(
        outside.certify(
            card,
            more=[
                (x509.SubjectKeyIdentifier.from_public_key(card.private_key.public_key()), False)
            ],
        )
    )
    false = Node(card.private_key, holder)
    trust = Trust(outside.root.der, [outside.issuer.der, false.der], outside.trust.policies)
    return Given(outside.certify(issuer=false), trust, [*outside.lists(), false.crl()])


def issuer_revoked(outside: OutsideAuthority) -> Given:
    serial = outside.issuer.certificate.serial_number
    lists = [outside.root.crl((serial, x509.ReasonFlags.ca_compromise)), outside.issuer.crl()]
    return Given(outside.certify(), outside.trust, lists)


def without(*which: int) -> Callable[[OutsideAuthority], Given]:
    def make(outside: OutsideAuthority) -> Given:
        lists = outside.lists()
        return Given(outside.certify(), outside.trust, [lists[one] for one in which])

    return make


def by_other_issuer(outside: OutsideAuthority) -> Given:
    """A list under the issuer's name, signed with another key."""
    forged = outside.issuer.crl(key=ec.generate_private_key(ec.SECP256R1()))
    return Given(outside.certify(), outside.trust, [outside.root.crl(), forged])


def old_rsa() -> rsa.RSAPublicKey:
    return rsa_key("short", 1024).public_key()


def odd_exponent() -> rsa.RSAPublicKey:
    return rsa.RSAPublicNumbers(3, rsa_key("holder").public_key().public_numbers().n).public_key()


def tiny_scalar() -> ec.EllipticCurvePublicKey:
    return ec.derive_private_key(7, ec.SECP256R1()).public_key()


FLAGS = x509.ReasonFlags
IDP = x509.IssuingDistributionPoint(
    full_name=None, relative_name=None, only_contains_user_certs=True,
    only_contains_ca_certs=False, only_some_reasons=None, indirect_crl=False,
    only_contains_attribute_certs=False,
)  # fmt: skip
ROWS = [
    Row("in order", leaf()),
    Row("in order, RSA", leaf(public_key=rsa_key("holder").public_key())),
    Row("in order, commits to content alone", leaf(usage=key_usage("content_commitment"))),
    Row("in order, without basic constraints", leaf(constraints=None)),
    Row("in order, for signing documents",
        leaf(more=[(Extended([x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")]), False)])),
    Row("in order, one of two policies is accepted", leaf(policy=(OTHER_POLICY, POLICY))),
    Row("in order, two authorities under the root", under("Upper", "Lower")),
    Row("in order, by a longer hash", leaf(algorithm=hashes.SHA512())),
    Row("another root with the same names", by_stranger, R.UNKNOWN_ISSUER),
    Row("certified by a holder", by_holder, R.NOT_AN_AUTHORITY),
    Row("a chain longer than allowed", short_chain, R.PATH_TOO_LONG),
    Row("an authority past its time", under("Past", end=NOW - DAY), R.AUTHORITY_EXPIRED),
    Row("an authority not yet in force", under("Early", start=NOW + DAY), R.AUTHORITY_EXPIRED),
    Row("an authority that may not issue",
        under("Lister", usage=key_usage("crl_sign", "digital_signature")), R.NOT_AN_AUTHORITY),
    Row("an authority without constraints", under("Bare", constraints=None), R.NOT_AN_AUTHORITY),
    Row("an authority with a short key",
        under("Short", key=rsa_key("weak", 1024)), R.WEAK_AUTHORITY, openssl_too=False),
    Row("an authority limited to names",
        under("Limited", more=[
            (x509.NameConstraints([x509.DNSName("example.tw")], None), True)]),
        R.NOT_UNDERSTOOD, openssl_too=False),
    Row("an authority with an unknown condition",
        under("Odd", more=[(UNKNOWN, True)]), R.NOT_UNDERSTOOD),
    Row("an authority that was revoked", issuer_revoked, R.AUTHORITY_REVOKED),
    Row("an authority under another policy",
        under("Other", policy=(OTHER_POLICY,)), R.WRONG_POLICY),
    Row("an authority without a policy", under("None", policy=()), R.WRONG_POLICY),
    Row("expired", leaf(start=NOW - 9 * DAY, end=NOW - HOUR), R.EXPIRED),
    Row("not yet valid", leaf(start=NOW + HOUR), R.NOT_YET_VALID),
    Row("an authority's own",
        leaf(constraints=x509.BasicConstraints(ca=True, path_length=None)),
        R.IS_AUTHORITY, openssl_too=False),
    Row("an unknown critical condition", leaf(more=[(UNKNOWN, True)]), R.NOT_UNDERSTOOD),
    Row("an unknown condition that may be left aside", leaf(more=[(UNKNOWN, False)])),
    Row("another policy", leaf(policy=(OTHER_POLICY,)), R.WRONG_POLICY),
    Row("no policy", leaf(policy=()), R.WRONG_POLICY),
    Row("for signing in alone", leaf(usage=key_usage("digital_signature")),
        R.WRONG_KEY_USAGE, openssl_too=False),
    Row("may sign lists", leaf(usage=key_usage("content_commitment", "crl_sign")),
        R.WRONG_KEY_USAGE, openssl_too=False),
    Row("extended to signing in alone",
        leaf(more=[(Extended([ExtendedKeyUsageOID.CLIENT_AUTH]), False)]),
        R.WRONG_EXTENDED_USAGE, openssl_too=False),
    Row("extended to servers",
        leaf(more=[(Extended([ExtendedKeyUsageOID.SERVER_AUTH]), True)]),
        R.WRONG_EXTENDED_USAGE, openssl_too=False),
    Row("an RSA key of 1,024 bits", leaf(public_key=old_rsa()), R.WEAK_KEY, openssl_too=False),
    Row("an RSA key with exponent 3", leaf(public_key=odd_exponent()),
        R.WEAK_KEY, openssl_too=False),
    Row("another curve",
        leaf(public_key=ec.generate_private_key(ec.SECP384R1()).public_key()),
        R.WEAK_KEY, openssl_too=False),
    Row("an Edwards key",
        leaf(public_key=ed25519.Ed25519PrivateKey.generate().public_key()),
        R.WEAK_KEY, openssl_too=False),
    Row("a key anyone can know", leaf(public_key=tiny_scalar()),
        R.KNOWN_BAD_KEY, openssl_too=False),
    Row("signed with a short hash", leaf(algorithm=hashes.SHA224()),
        R.WEAK_SIGNATURE, openssl_too=False),
    Row("revoked", revoked(None), R.REVOKED),
    Row("revoked for a compromised key", revoked(FLAGS.key_compromise), R.REVOKED),
    Row("on hold", revoked(FLAGS.certificate_hold), R.ON_HOLD),
    # OpenSSL takes this entry of a full list for 'not revoked'.
    Row("taken off a list it is on", revoked(FLAGS.remove_from_crl),
        R.REVOKED, openssl_too=False),
    Row("no list at all", without(), R.LIST_MISSING),
    Row("no list of the issuer", without(0), R.LIST_MISSING),
    Row("no list of the root", without(1), R.LIST_MISSING),
    Row("a list past its time",
        listed(this_update=NOW - 3 * DAY, next_update=NOW - HOUR), R.LIST_STALE),
    Row("a list of the future", listed(this_update=NOW + HOUR), R.LIST_STALE),
    Row("a forged list", by_other_issuer, R.LIST_FORGED),
    Row("a list of some certificates", listed(extensions=[(IDP, True)]),
        R.LIST_PARTIAL, openssl_too=False),
    # OpenSSL reads a list of changes as if it were the whole.
    Row("a list of changes", listed(extensions=[(x509.DeltaCRLIndicator(1), True)]),
        R.LIST_PARTIAL, openssl_too=False),
    Row("a list signed with a short hash", listed(algorithm=hashes.SHA224()),
        R.LIST_FORGED, openssl_too=False),
]  # fmt: skip


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
