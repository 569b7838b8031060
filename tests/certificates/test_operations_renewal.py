"""Renewing by the own card, from sixty days before the end (CERT-12)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from cryptography import x509

from audit.queries import history
from certificates import operations
from certificates.errors import (
    ApplicationWaiting,
    EnrolmentUnknown,
    KeyAlreadyUsed,
    NotRenewable,
    SignatureRefused,
    SigningReason,
    SigningRefused,
    SigningStale,
)
from certificates.formats.profiles import KeyStorage
from certificates.models import Certificate, CertificateEvent
from certificates.policies import CERTIFICATE_LIFETIME
from certificates.states import CardState, CertificateState
from tests.factories.cards import TestCard
from tests.factories.certificates import (
    AUDIENCE,
    NOW,
    Holder,
    accept,
    apply,
    confirm,
    do,
    lift,
    make_signer,
    renewed,
    shown_and_unlocked,
    unlock,
)

pytestmark = pytest.mark.django_db
LATE = NOW + CERTIFICATE_LIFETIME - timedelta(days=59)


@pytest.fixture(autouse=True)
def _services(signer: Holder) -> None:
    """Keep the bank's responder and time stamps alive until the time of the stories."""
    operations.rotate_service_keys(now=LATE)


def suspend(holder: Holder, now=NOW) -> CertificateState:
    return operations.suspend(serial_number=holder.certificate.serial_number, actor=None, now=now)


@pytest.mark.req("CERT-12")
def test_renewed_certificate_replaces_the_old_one_when_it_is_confirmed(signer: Holder, listed):
    fresh, challenge = renewed(signer, LATE)
    assert fresh.certificate.state == CertificateState.ISSUED
    accept(signer, shown_and_unlocked(signer, now=LATE), now=LATE)
    confirm(fresh, challenge, LATE)
    assert fresh.certificate.state == CertificateState.ACTIVE
    assert signer.certificate.state == CertificateState.REVOKED
    assert listed(signer.certificate.serial_number) == "Superseded"
    assert fresh.certificate.card == signer.certificate.card
    assert fresh.certificate.card.state == CardState.ACTIVE
    accept(fresh, shown_and_unlocked(fresh, now=LATE), now=LATE)


@pytest.mark.req("CERT-12")
def test_renewed_pair_has_two_new_keys_and_a_new_life(signer: Holder):
    fresh, _ = renewed(signer, LATE)
    old, new = signer.certificate, fresh.certificate
    rows = [old, old.companion, new, new.companion]
    assert len({row.public_key_sha256 for row in rows}) == 4
    assert new.not_after == (LATE + CERTIFICATE_LIFETIME).replace(microsecond=0)
    loaded = x509.load_der_x509_certificate(bytes(new.companion.der))
    assert loaded.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature
    told = CertificateEvent.objects.filter(certificate=new).values_list("verb", "source", "target")
    assert list(told) == [("renew", "", "ISSUED")]


@pytest.mark.req("CERT-12", "CERT-4")
def test_suspensions_and_scope_carry_over(signer: Holder):
    for _ in range(2):
        suspend(signer)
        lift(signer)
    scope = {
        "functions": ["transfers.order"], "amount_cap": Decimal(70), "scope_from": None,
        "scope_until": date(2030, 1, 1),
    }  # fmt: skip
    fresh, challenge = renewed(signer, LATE)
    # What the counter sets meanwhile is not lost.
    do(operations.set_scope_step, certificate_id=signer.certificate.pk, **scope)
    confirm(fresh, challenge, LATE)
    row = fresh.certificate
    assert (row.suspensions, row.functions, row.scope_until) == (
        2, ["transfers.order"], date(2030, 1, 1),
    )  # fmt: skip
    assert suspend(fresh, LATE) == CertificateState.REVOKED


@pytest.mark.req("CERT-12")
@pytest.mark.parametrize(
    "when", [CERTIFICATE_LIFETIME - timedelta(days=60, seconds=1), CERTIFICATE_LIFETIME]
)
def test_too_early_and_too_late_is_refused(signer: Holder, when: timedelta):
    with pytest.raises(NotRenewable):
        renewed(signer, NOW + when)


@pytest.mark.req("CERT-12")
def test_certificate_on_hold_is_not_renewed(signer: Holder):
    suspend(signer)
    with pytest.raises(SigningRefused) as refusal:
        renewed(signer, LATE)
    assert refusal.value.reason == SigningReason.CERTIFICATE_NOT_ACTIVE


@pytest.mark.req("CERT-12")
@pytest.mark.parametrize("end", ["suspend", "revoke"])
def test_renewal_that_waits_dies_with_the_certificate_it_renews(signer: Holder, listed, end: str):
    fresh, challenge = renewed(signer, LATE)
    if end == "suspend":
        suspend(signer, LATE)
    else:
        operations.revoke(
            serial_number=signer.certificate.serial_number,
            reason=operations.lifecycle.RevocationReason.KEY_COMPROMISE, actor=None, now=LATE,
        )  # fmt: skip
    assert fresh.certificate.state == CertificateState.REVOKED
    assert listed(fresh.certificate.companion.serial_number) == "Superseded"
    with pytest.raises(SigningRefused):
        confirm(fresh, challenge, LATE)


@pytest.mark.req("CERT-12")
def test_renewal_may_be_begun_again_but_not_beside_an_application(signer: Holder):
    first, _ = renewed(signer, LATE)
    second, challenge = renewed(signer, LATE)
    assert first.certificate.state == CertificateState.REVOKED
    confirm(second, challenge, LATE)
    later = make_signer()
    apply(later)
    with pytest.raises(ApplicationWaiting):
        renewed(later, LATE)


@pytest.mark.req("CERT-12")
def test_renewal_needs_the_present_card_and_the_keys_it_was_shown(signer: Holder):
    who = {"actor": signer.user, "session_key_sha256": signer.session, "now": LATE}
    nonce = operations.begin_renewal(made_on=KeyStorage.BROWSER, **who)
    requests = [TestCard().make_request(nonce) for _ in range(3)]
    pair: dict[str, Any] = {
        "request_der": requests[0], "authentication_request_der": requests[1],
        "made_on": KeyStorage.BROWSER,
    }  # fmt: skip
    shown = operations.prepare_renewal(audience=AUDIENCE, **pair, **who)
    arguments = {
        "audience": AUDIENCE, "sign_request_id": shown.id,
        "signature_der": signer.sign(shown, LATE), "signing_time": LATE.replace(microsecond=0),
    }  # fmt: skip
    with pytest.raises(SigningRefused) as refusal:
        operations.renew(**pair, **arguments, **who)
    assert refusal.value.reason == SigningReason.NOT_UNLOCKED
    assert unlock(signer, shown, now=LATE).ok
    with pytest.raises(SigningStale):
        operations.renew(**{**pair, "request_der": requests[2]}, **arguments, **who)
    with pytest.raises(SigningStale):
        operations.renew(**pair, **{**arguments, "audience": "https://evil.example"}, **who)
    with pytest.raises(KeyAlreadyUsed):
        operations.renew(**{**pair, "request_der": requests[1]}, **arguments, **who)
    forged = replace(signer, card=TestCard()).sign(shown, LATE)
    with pytest.raises(SignatureRefused):
        operations.renew(**pair, **{**arguments, "signature_der": forged}, **who)
    assert Certificate.objects.filter(state=CertificateState.ISSUED).count() == 0
    operations.renew(**pair, **arguments, **who)
    with pytest.raises(EnrolmentUnknown):
        operations.renew(**pair, **arguments, **who)


NARROW: dict[str, object] = {
    "functions": ["payees.payee"], "amount_cap": Decimal(70), "scope_from": None,
    "scope_until": date(2030, 1, 1),
}  # fmt: skip


def scope(holder: Holder) -> dict[str, object]:
    row = holder.certificate
    return {name: getattr(row, name) for name in NARROW}


@pytest.mark.req("CERT-6", "CERT-12")
def test_scope_set_on_the_renewal_itself_stays_when_it_is_confirmed(signer: Holder):
    fresh, challenge = renewed(signer, LATE)
    do(operations.set_scope_step, certificate_id=fresh.certificate.pk, **NARROW)
    confirm(fresh, challenge, LATE)
    assert scope(fresh) == NARROW


@pytest.mark.req("CERT-6", "CERT-12")
def test_scope_set_on_the_old_one_holds_for_the_renewal_even_after_the_old_one_ended(
    signer: Holder,
):
    end = NOW + CERTIFICATE_LIFETIME
    fresh, _ = renewed(signer, end - timedelta(hours=1))
    do(operations.set_scope_step, certificate_id=signer.certificate.pk, **NARROW)
    assert scope(fresh) == scope(signer) == NARROW
    for row in (signer.certificate, fresh.certificate):
        told = history(f"certificate:{row.serial_number}")[-1]
        assert told.event == "certificates.certificate.scope_set"
    after = end + timedelta(seconds=1)
    operations.rotate_service_keys(now=after)
    operations.expire_due(now=after)
    challenge = operations.prepare_confirmation(
        actor=fresh.user, session_key_sha256=fresh.session, audience=AUDIENCE, now=after
    )
    assert challenge is not None
    confirm(fresh, challenge, after)
    assert scope(fresh) == NARROW


@pytest.mark.req("CERT-6")
def test_scope_of_one_certificate_is_not_that_of_an_application_beside_it(signer: Holder):
    beside = apply(signer)
    do(operations.set_scope_step, certificate_id=signer.certificate.pk, **NARROW)
    assert Certificate.objects.get(pk=beside.pk).functions is None
