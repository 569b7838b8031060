"""Outside certificates and lists, good and bad in every way: what is to be said of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from certificates.errors.external import ExternalReason
from certificates.formats.external_paths import Trust
from tests.factories.cards import TestCard
from tests.factories.outside import (
    DAY,
    NOW,
    OTHER_POLICY,
    POLICY,
    Node,
    OutsideAuthority,
    key_usage,
    make_node,
    rsa_key,
)

SERIAL = 0x4711
HOUR = timedelta(hours=1)
R = ExternalReason
Extended = x509.ExtendedKeyUsage
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\x05\x00")


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
