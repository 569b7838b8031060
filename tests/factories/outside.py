"""A second authority for tests, made with the library's builders and none of the bank's code."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import (
    CertificateIssuerPrivateKeyTypes,
    CertificatePublicKeyTypes,
)
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from django.db import transaction

from certificates import operations
from certificates.formats.external_paths import Trust
from certificates.formats.profiles import KeyStorage
from certificates.models import Certificate, ExternalIssuer
from identity.models import User
from kernel.canonical import sha256_hex
from tests.factories.cards import TestCard
from tests.factories.world import AUDIENCE, Holder

NOW = datetime(2026, 11, 22, 2, 30, 0, tzinfo=UTC)
POLICY = "1.3.6.1.4.1.99999.1.3.1"
SOFTWARE_POLICY = "1.3.6.1.4.1.99999.1.3.2"
OTHER_POLICY = "1.3.6.1.4.1.99999.1.3.9"
ANY_POLICY = "2.5.29.32.0"
DAY = timedelta(days=1)
AN_AUTHORITY = x509.BasicConstraints(ca=True, path_length=None)
A_HOLDER = x509.BasicConstraints(ca=False, path_length=None)


@cache
def rsa_key(which: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """Return a key that is made once in a run: RSA keys take their time."""
    assert which
    return rsa.generate_private_key(65537, bits)


def key_usage(*powers: str) -> x509.KeyUsage:
    """Return a key usage with just these powers."""
    names = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
        "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{name: name in powers for name in names})


def policies(*oids: str) -> x509.CertificatePolicies:
    """Return certificate policies."""
    return x509.CertificatePolicies(
        [x509.PolicyInformation(x509.ObjectIdentifier(oid), None) for oid in oids]
    )


def name_of(common_name: str) -> x509.Name:
    """Return a distinguished name."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "TW"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "外部憑證股份有限公司"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


@dataclass
class Node:
    """An authority: its key and its certificate."""

    key: CertificateIssuerPrivateKeyTypes
    certificate: x509.Certificate
    serials: list[int] = field(default_factory=list)

    @property
    def der(self) -> bytes:
        """Return the bytes of its certificate."""
        return self.certificate.public_bytes(Encoding.DER)

    def issue(
        self,
        public_key: CertificatePublicKeyTypes,
        common_name: str,
        extensions: list[tuple[x509.ExtensionType, bool]],
        *,
        start: datetime = NOW - DAY,
        end: datetime = NOW + 365 * DAY,
        algorithm: hashes.HashAlgorithm | None = None,
        serial: int = 0,
    ) -> bytes:
        """Return the DER of a certificate with just these extensions (value, critical)."""
        builder = (
            x509.CertificateBuilder()
            .subject_name(name_of(common_name))
            .issuer_name(self.certificate.subject)
            .public_key(public_key)
            .serial_number(serial or x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(end)
        )
        own = self.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        identifier = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)
        for value, critical in [(identifier, False), *extensions]:
            builder = builder.add_extension(value, critical)
        made = builder.sign(self.key, algorithm or hashes.SHA256())  # type: ignore[arg-type]
        return made.public_bytes(Encoding.DER)

    def authority(self, common_name: str, **changes: object) -> Node:
        """Return an authority under this one; `changes` are those of `make_authority`."""
        return make_node(common_name, issuer=self, **changes)  # type: ignore[arg-type]

    def crl(
        self,
        *entries: tuple[int, x509.ReasonFlags | None],
        number: int = 1,
        this_update: datetime = NOW - timedelta(hours=1),
        next_update: datetime = NOW + DAY,
        extensions: list[tuple[x509.ExtensionType, bool]] | None = None,
        key: CertificateIssuerPrivateKeyTypes | None = None,
        algorithm: hashes.HashAlgorithm | None = None,
    ) -> bytes:
        """Return the DER of a revocation list naming these serial numbers."""
        own = self.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        identifier = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(this_update)
            .next_update(next_update)
            .add_extension(identifier, critical=False)
            .add_extension(x509.CRLNumber(number), critical=False)
        )
        for value, critical in extensions or []:
            builder = builder.add_extension(value, critical)
        for serial, reason in entries:
            entry = x509.RevokedCertificateBuilder().serial_number(serial)
            entry = entry.revocation_date(this_update)
            if reason is not None:
                entry = entry.add_extension(x509.CRLReason(reason), critical=False)
            builder = builder.add_revoked_certificate(entry.build())
        made = builder.sign(key or self.key, algorithm or hashes.SHA256())  # type: ignore[arg-type]
        return made.public_bytes(Encoding.DER)


def make_node(
    common_name: str,
    *,
    issuer: Node | None = None,
    key: CertificateIssuerPrivateKeyTypes | None = None,
    constraints: x509.BasicConstraints | None = AN_AUTHORITY,
    usage: x509.KeyUsage | None = None,
    policy: tuple[str, ...] = (ANY_POLICY,),
    start: datetime = NOW - 30 * DAY,
    end: datetime = NOW + 3650 * DAY,
    algorithm: hashes.HashAlgorithm | None = None,
    more: list[tuple[x509.ExtensionType, bool]] | None = None,
) -> Node:
    """Return an authority, self-signed without an issuer."""
    key = key or rsa_key(common_name)
    public = key.public_key()
    usage = usage or key_usage("key_cert_sign", "crl_sign")
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.SubjectKeyIdentifier.from_public_key(public), False),
        (usage, True),
        *(more or []),
    ]
    if constraints is not None:
        extensions.append((constraints, True))
    if issuer is not None and policy:
        extensions.append((policies(*policy), False))
    if issuer is None:
        issuer = Node(key, _self_signed(common_name, key))
    der = issuer.issue(public, common_name, extensions, start=start, end=end, algorithm=algorithm)
    return Node(key, x509.load_der_x509_certificate(der))


def _self_signed(common_name: str, key: CertificateIssuerPrivateKeyTypes) -> x509.Certificate:
    # Only lends name and key identifier to the real one, which `Node.issue` then makes.
    name = name_of(common_name)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, NOW, NOW + DAY)
    builder = builder.add_extension(
        x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
    )
    return builder.sign(key, hashes.SHA256())  # type: ignore[arg-type]


@dataclass
class OutsideAuthority:
    """A root and an issuer of the kind a bank accredits, with what is accepted of them."""

    root: Node
    issuer: Node
    now: datetime = NOW

    @property
    def trust(self) -> Trust:
        """Return what the bank would accept of it."""
        accepted = {POLICY: KeyStorage.HARDWARE, SOFTWARE_POLICY: KeyStorage.SOFTWARE}
        return Trust(self.root.der, [self.issuer.der], accepted)

    def lists(self, *entries: tuple[int, x509.ReasonFlags | None]) -> list[bytes]:
        """Return fresh lists of root and issuer; the issuer's names these serial numbers."""
        return [self.root.crl(), self.issuer.crl(*entries)]

    def certify(
        self,
        card: TestCard | None = None,
        *,
        public_key: CertificatePublicKeyTypes | None = None,
        issuer: Node | None = None,
        policy: tuple[str, ...] = (POLICY,),
        usage: x509.KeyUsage | None = None,
        constraints: x509.BasicConstraints | None = A_HOLDER,
        more: list[tuple[x509.ExtensionType, bool]] | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        algorithm: hashes.HashAlgorithm | None = None,
        serial: int = 0,
    ) -> bytes:
        """Return the DER of a holder's certificate, good in every respect unless changed."""
        if public_key is None:
            public_key = (card or TestCard()).private_key.public_key()
        extensions: list[tuple[x509.ExtensionType, bool]] = [
            (usage or key_usage("digital_signature", "content_commitment"), True)
        ]
        if constraints is not None:
            extensions.append((constraints, True))
        if policy:
            extensions.append((policies(*policy), False))
        return (issuer or self.issuer).issue(
            public_key, "測試實業-王小明", [*extensions, *(more or [])],
            start=start or self.now - DAY, end=end or self.now + 365 * DAY,
            algorithm=algorithm, serial=serial,
        )  # fmt: skip


def make_outside_authority(name: str = "Outside", now: datetime = NOW) -> OutsideAuthority:
    """Return a fresh root (RSA) with an issuer (P-256) under it, in force at `now`."""
    start, end = now - 30 * DAY, now + 3650 * DAY
    root = make_node(f"{name} Root", start=start, end=end)
    issuer = root.authority(
        f"{name} Issuing",
        key=ec.generate_private_key(ec.SECP256R1()),
        constraints=x509.BasicConstraints(ca=True, path_length=0),
        policy=(POLICY, SOFTWARE_POLICY),
        start=start,
        end=end,
    )
    return OutsideAuthority(root, issuer, now)


def accept_authority(
    outside: OutsideAuthority, *, code: str = "FXML", now: datetime = NOW, lists: bool = True
) -> None:
    """Have the bank accept the authority, by its own door, and take fresh lists of it."""
    operations.configure_external_authority(
        code=code,
        name="外部憑證機構",
        root=operations.NewIssuer(outside.root.der, "http://crl.example/root.crl"),
        issuers=[operations.NewIssuer(outside.issuer.der, "http://crl.example/issuing.crl")],
        policies=outside.trust.policies,
        now=now,
    )
    if lists:
        take_list(outside.root, now=now, next_update=now + 90 * DAY)
        take_list(outside.issuer, now=now)


def take_list(
    node: Node,
    *entries: tuple[int, x509.ReasonFlags | None],
    now: datetime = NOW,
    next_update: datetime | None = None,
) -> bool:
    """Have the bank take a list of this authority, made a minute before `now`."""
    made = now.replace(microsecond=0) - timedelta(minutes=1)
    der = node.crl(*entries, this_update=made, next_update=next_update or made + DAY)
    issuer_id = ExternalIssuer.objects.get(sha256=sha256_hex(node.der)).pk
    return operations.take_external_list(issuer_id=issuer_id, der=der, now=now)


def bind(holder: User, der: bytes, *, now: datetime = NOW) -> Certificate:
    """Bind a certificate to a person, as the release of a proposal does."""
    with transaction.atomic():
        return operations.bind_step(holder_id=holder.pk, der=der, actor=None, now=now)


def confirm_bound(holder: Holder, card: TestCard, now: datetime) -> Holder:
    """Have a person confirm the bound certificate with the outside key, and hold it."""
    shown = operations.prepare_confirmation(
        actor=holder.act_as(now), session_key_sha256=holder.session, audience=AUDIENCE, now=now
    )
    assert shown is not None
    assert not shown.needs_pin
    sha256 = bytes.fromhex(shown.certificate_sha256)
    operations.confirm(
        actor=holder.user,
        session_key_sha256=holder.session,
        certificate_sha256=shown.certificate_sha256,
        signature_der=card.sign_statement(shown.statement, sha256, now),
        signing_time=now,
        now=now,
    )
    holder.card, holder.certificate_sha256 = card, sha256
    return holder
