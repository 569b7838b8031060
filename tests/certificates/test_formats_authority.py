"""The authority's certificates and lists, as openssl sees them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from certificates.errors import AuthorityReason, AuthorityRefused
from certificates.formats.authority import (
    build_crl,
    build_holder_certificate,
    build_issuing_authority,
    build_root,
    build_service_certificate,
    is_issued_by,
    new_serial,
)
from certificates.formats.profiles import (
    POLICY_OIDS,
    Issuer,
    KeyStorage,
    Purpose,
    RevocationReason,
    RevokedEntry,
    Service,
)
from certificates.formats.signers import BuilderKey, FileSigner
from tests.factories.authorities import (
    CRL_URL,
    HOLDER,
    NOW,
    OCSP_URL,
    make_authority,
    run_openssl,
    to_pem,
)
from tests.factories.cards import TestCard

pytestmark = pytest.mark.req("CERT-8")
AT = str(int((NOW + timedelta(minutes=1)).timestamp()))


def extension(der, kind):
    return x509.load_der_x509_certificate(der).extensions.get_extension_for_class(kind)


def usages(der):
    usage = extension(der, x509.KeyUsage)
    assert usage.critical
    names = ("digital_signature", "content_commitment", "key_cert_sign", "crl_sign")
    others = ("key_encipherment", "data_encipherment", "key_agreement")
    assert not any(getattr(usage.value, name) for name in others)
    return {name for name in names if getattr(usage.value, name)}


def place(directory, authority, leaf, crl=None):
    (directory / "root.pem").write_bytes(to_pem(authority.root.certificate))
    (directory / "issuing.pem").write_bytes(to_pem(authority.issuer.certificate))
    (directory / "leaf.pem").write_bytes(to_pem(leaf))
    if crl is not None:
        (directory / "crl.der").write_bytes(crl)
        made = run_openssl(directory, "crl -inform DER -in crl.der -out crl.pem")
        assert made.returncode == 0, made.stderr


def openssl_verify(directory, *options, at=AT):
    base = "verify -x509_strict -CAfile root.pem -untrusted issuing.pem -attime"
    return run_openssl(directory, base, at, *options, "leaf.pem")


@pytest.mark.parametrize("purpose", list(Purpose))
def test_openssl_accepts_the_chain_strictly(tmp_path, authority, purpose):
    place(tmp_path, authority, authority.certify(TestCard(), purpose=purpose))
    done = openssl_verify(tmp_path)
    assert done.returncode == 0, done.stderr


def test_openssl_does_not_accept_another_root(tmp_path, authority):
    place(tmp_path, make_authority(), authority.certify(TestCard()))
    assert openssl_verify(tmp_path).returncode != 0


def test_a_holder_certifies_nobody(tmp_path, authority):
    card = TestCard()
    false_issuer = Issuer(FileSigner(card.private_key), authority.certify(card), CRL_URL, OCSP_URL)
    leaf = build_holder_certificate(
        issuer=false_issuer,
        public_key=TestCard().public_key_der,
        holder=HOLDER,
        purpose=Purpose.SIGNING,
        key_storage=KeyStorage.BROWSER,
        serial=new_serial(),
        now=NOW,
        not_after=NOW + timedelta(days=1),
    )
    place(tmp_path, authority, leaf)
    chain = to_pem(authority.issuer.certificate) + to_pem(false_issuer.certificate)
    (tmp_path / "issuing.pem").write_bytes(chain)
    assert openssl_verify(tmp_path).returncode != 0


def test_root_and_issuing_authority_are_limited(authority):
    root = x509.load_der_x509_certificate(authority.root.certificate)
    issuing = x509.load_der_x509_certificate(authority.issuer.certificate)
    assert isinstance(root.public_key().curve, ec.SECP384R1)
    assert isinstance(issuing.public_key().curve, ec.SECP256R1)
    assert root.signature_hash_algorithm.name == "sha384"
    for certificate, length in ((authority.root.certificate, 1), (authority.issuer.certificate, 0)):
        constraints = extension(certificate, x509.BasicConstraints)
        assert constraints.critical
        assert (constraints.value.ca, constraints.value.path_length) == (True, length)
        assert usages(certificate) == {"key_cert_sign", "crl_sign"}


def test_authority_keys_are_on_their_curves(authority):
    with pytest.raises(ValueError, match="P-384"):
        build_root(signer=FileSigner.generate(), name="Root", now=NOW)
    with pytest.raises(ValueError, match="P-256"):
        build_issuing_authority(
            root=authority.root,
            public_key=FileSigner.generate(ec.SECP384R1()).public_key(),
            name="CA",
            now=NOW,
        )


def test_a_signing_certificate_commits_to_content_and_nothing_else(authority):
    assert usages(authority.certify(TestCard())) == {"content_commitment"}


def test_an_authentication_certificate_never_commits_to_content(authority):
    der = authority.certify(TestCard(), purpose=Purpose.AUTHENTICATION)
    assert usages(der) == {"digital_signature"}


@pytest.mark.parametrize("storage", list(KeyStorage))
def test_the_policy_says_where_the_key_is_kept(authority, storage):
    policies = extension(
        authority.certify(TestCard(), key_storage=storage), x509.CertificatePolicies
    )
    assert [policy.policy_identifier for policy in policies.value] == [POLICY_OIDS[storage]]
    assert len(set(POLICY_OIDS.values())) == len(KeyStorage)


def test_a_certificate_says_who_and_where_to_ask(authority):
    der = authority.certify(TestCard(), serial=4711)
    certificate = x509.load_der_x509_certificate(der)
    assert certificate.serial_number == 4711
    values = {attribute.oid: attribute.value for attribute in certificate.subject}
    assert values == {
        NameOID.COUNTRY_NAME: "TW",
        NameOID.ORGANIZATION_NAME: HOLDER.organization,
        NameOID.ORGANIZATION_IDENTIFIER: "VATTW-12345675",
        NameOID.SERIAL_NUMBER: HOLDER.holder_number,
        NameOID.COMMON_NAME: HOLDER.common_name,
    }
    (point,) = extension(der, x509.CRLDistributionPoints).value
    assert point.full_name[0].value == CRL_URL
    (access,) = extension(der, x509.AuthorityInformationAccess).value
    assert access.access_method == AuthorityInformationAccessOID.OCSP
    assert access.access_location.value == OCSP_URL


def test_an_rsa_card_is_certified(tmp_path, authority):
    card = TestCard(rsa.generate_private_key(65537, 2048))
    place(tmp_path, authority, authority.certify(card))
    assert openssl_verify(tmp_path).returncode == 0


def test_validity_begins_a_little_earlier_for_late_clocks(authority):
    certificate = x509.load_der_x509_certificate(authority.certify(TestCard()))
    assert certificate.not_valid_before_utc == NOW - timedelta(minutes=5)
    assert certificate.not_valid_after_utc == NOW + timedelta(days=365)


def test_nobody_outlives_the_authority(authority):
    with pytest.raises(AuthorityRefused) as caught:
        authority.certify(TestCard(), lifetime=timedelta(days=11 * 365))
    assert caught.value.reason is AuthorityReason.OUTLIVES_ISSUER


def test_a_key_that_is_not_the_authority_s_signs_nothing(authority):
    wrong = Issuer(FileSigner.generate(), authority.issuer.certificate, CRL_URL, OCSP_URL)
    with pytest.raises(AuthorityRefused) as caught:
        build_crl(issuer=wrong, entries=(), number=1, now=NOW)
    assert caught.value.reason is AuthorityReason.WRONG_ISSUER_KEY


def test_serials_are_random_positive_and_fit_twenty_octets():
    serials = [new_serial() for _ in range(1000)]
    assert len(set(serials)) == 1000
    assert all(0 < serial < 2**159 for serial in serials)
    assert max(serials).bit_length() > 150


def test_a_signer_need_not_show_its_private_key(authority):
    class TokenSigner:
        """A key that only answers, as one inside a token does."""

        def __init__(self, inner):
            self._inner = inner
            self.signed = 0

        def public_key(self):
            return self._inner.public_key()

        def sign(self, data):
            self.signed += 1
            return self._inner.sign(data)

    token = TokenSigner(authority.issuer.signer)
    issuer = Issuer(token, authority.issuer.certificate, CRL_URL, OCSP_URL)
    crl = x509.load_der_x509_crl(build_crl(issuer=issuer, entries=(), number=1, now=NOW))
    assert crl.is_signature_valid(token.public_key())
    assert token.signed == 1


def test_a_file_key_is_kept_encrypted_and_read_again():
    signer = FileSigner.generate()
    pem = signer.to_pem(password=b"secret")
    assert b"ENCRYPTED" in pem
    assert FileSigner.from_pem(pem, password=b"secret").public_key() == signer.public_key()
    with pytest.raises(ValueError, match=r".+"):
        FileSigner.from_pem(pem, password=b"wrong")


@pytest.mark.parametrize("service", list(Service))
def test_services_have_their_own_sole_purpose(tmp_path, authority, service):
    der = build_service_certificate(
        issuer=authority.issuer,
        public_key=FileSigner.generate().public_key(),
        service=service,
        name="Service",
        now=NOW,
    )
    place(tmp_path, authority, der)
    # OpenSSL has no purpose of its own for document signing (RFC 9336): its usage is read below.
    names = {Service.OCSP_RESPONDER: "ocsphelper", Service.TIME_STAMPING: "timestampsign"}
    name = names.get(service, "any")
    extended = x509.load_der_x509_certificate(der).extensions.get_extension_for_class(
        x509.ExtendedKeyUsage
    )
    assert len(extended.value) == 1
    done = openssl_verify(tmp_path, "-purpose", name)
    assert done.returncode == 0, done.stderr
    assert usages(der) == {"digital_signature"}


def revoked(serial, reason, *, minutes=0):
    return RevokedEntry(serial, NOW + timedelta(minutes=minutes), reason)


@pytest.mark.parametrize("reason", list(RevocationReason))
def test_openssl_refuses_what_is_on_the_list(tmp_path, authority, reason):
    place(
        tmp_path,
        authority,
        authority.certify(TestCard(), serial=99),
        authority.crl(revoked(99, reason)),
    )
    done = openssl_verify(tmp_path, "-crl_check", "-CRLfile", "crl.pem")
    assert done.returncode != 0
    assert "certificate revoked" in done.stderr


def test_openssl_accepts_again_what_is_taken_off_hold(tmp_path, authority):
    leaf = authority.certify(TestCard(), serial=99)
    held = authority.crl(revoked(99, RevocationReason.CERTIFICATE_HOLD), number=1)
    place(tmp_path, authority, leaf, held)
    assert openssl_verify(tmp_path, "-crl_check", "-CRLfile", "crl.pem").returncode != 0
    place(tmp_path, authority, leaf, authority.crl(number=2))
    done = openssl_verify(tmp_path, "-crl_check", "-CRLfile", "crl.pem")
    assert done.returncode == 0, done.stderr


def test_there_is_no_reason_that_means_not_revoked():
    assert "remove" not in " ".join(RevocationReason).lower()


def test_a_list_says_its_number_and_when_the_next_comes(authority):
    crl = x509.load_der_x509_crl(authority.crl(number=17))
    assert crl.last_update_utc == NOW
    assert crl.next_update_utc == NOW + timedelta(hours=48)
    assert crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 17
    with pytest.raises(x509.ExtensionNotFound):
        crl.extensions.get_extension_for_class(x509.DeltaCRLIndicator)
    assert len(crl) == 0


def test_openssl_does_not_accept_an_old_list(tmp_path, authority):
    place(tmp_path, authority, authority.certify(TestCard()), authority.crl())
    later = str(int((NOW + timedelta(hours=49)).timestamp()))
    done = openssl_verify(tmp_path, "-crl_check", "-CRLfile", "crl.pem", at=later)
    assert done.returncode != 0
    assert "expired" in done.stderr


def test_openssl_reads_reasons_and_times(tmp_path, authority):
    crl = authority.crl(
        revoked(0xABC, RevocationReason.KEY_COMPROMISE),
        revoked(0xDEF, RevocationReason.UNSPECIFIED, minutes=1),
    )
    (tmp_path / "crl.der").write_bytes(crl)
    text = run_openssl(tmp_path, "crl -inform DER -in crl.der -noout -text").stdout
    assert "Serial Number: 0ABC" in text
    assert "Key Compromise" in text
    assert text.count("CRL Reason Code") == 1


def test_nobody_is_listed_twice(authority):
    with pytest.raises(AuthorityRefused) as caught:
        authority.crl(
            revoked(5, RevocationReason.CERTIFICATE_HOLD),
            revoked(5, RevocationReason.KEY_COMPROMISE),
        )
    assert caught.value.reason is AuthorityReason.DUPLICATE_SERIAL


def test_the_builders_key_only_signs() -> None:
    key = BuilderKey(FileSigner.generate())
    assert key.public_key().curve.name == key.curve.name == "secp256r1"
    with pytest.raises(TypeError, match="only signs"):
        key.exchange(ec.ECDH(), key.public_key())
    with pytest.raises(TypeError, match="stays with the signer"):
        key.private_numbers()
    with pytest.raises(TypeError, match="stays with the signer"):
        key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def test_a_chain_is_a_name_and_a_signature(authority):
    leaf, other = authority.certify(TestCard()), make_authority()
    assert is_issued_by(leaf, authority.issuer.certificate)
    assert is_issued_by(authority.issuer.certificate, authority.root.certificate)
    for issuer in (authority.root.certificate, other.issuer.certificate, leaf, b"", b"0"):
        assert not is_issued_by(leaf, issuer)
    same_name = Issuer(FileSigner.generate(), authority.issuer.certificate, CRL_URL, OCSP_URL)
    twin = build_issuing_authority(
        root=authority.root, public_key=same_name.signer.public_key(), name="Test Issuing CA",
        now=NOW,
    )  # fmt: skip
    assert not is_issued_by(leaf, twin)
    assert not is_issued_by(leaf[:-1] + bytes((leaf[-1] ^ 1,)), authority.issuer.certificate)
