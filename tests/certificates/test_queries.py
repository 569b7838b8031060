"""What screens and rules read about certificates."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from certificates import operations, queries
from certificates.errors import AuthorityMissing, SigningReason
from identity.models import User
from tests.factories.certificates import (
    FUNCTION,
    NOW,
    Holder,
    accept,
    enrolled,
    make_company,
    make_person,
    make_signer,
    renew,
    shown_and_unlocked,
)

pytestmark = pytest.mark.django_db


def test_signing_certificate_is_the_one_in_force_or_on_hold(signer: Holder, holder: Holder):
    assert queries.signing_certificate(holder.user.pk) is None
    holder, _ = enrolled(holder)
    assert queries.signing_certificate(holder.user.pk) is None
    found = queries.signing_certificate(signer.user.pk)
    assert found is not None
    assert found.sha256 == signer.certificate_sha256.hex()
    assert found.refusal(function=FUNCTION, amount=None, now=NOW) is None
    operations.suspend(serial_number=found.serial_number, actor=None, now=NOW)
    held = queries.signing_certificate(signer.user.pk)
    assert held is not None
    refusal = held.refusal(function=FUNCTION, amount=None, now=NOW)
    assert refusal == SigningReason.CERTIFICATE_NOT_ACTIVE


@pytest.mark.parametrize("people", [1, 3])
def test_signing_certificates_of_many_take_one_query(people: int):
    signers = [make_signer() for _ in range(people)]
    with CaptureQueriesContext(connection) as captured:
        found = queries.signing_certificates([signer.user.pk for signer in signers])
    assert len(found) == people
    assert len(captured) == 1


def test_own_certificates_are_all_of_a_person_newest_first(signer: Holder):
    make_signer()
    renew(signer, NOW)
    states = [one.state for one in queries.own_certificates(signer.user.pk)]
    assert states == ["ACTIVE", "REVOKED"]


@pytest.mark.parametrize("people", [1, 3])
def test_signatures_of_a_request_take_one_query(people: int):
    signers = [make_signer() for _ in range(people)]
    for signer in signers:
        accept(signer, shown_and_unlocked(signer))
    with CaptureQueriesContext(connection) as captured:
        found = queries.signatures_of("T20261122-00000001")
    assert [one.signer_id for one in found] == [signer.user.pk for signer in signers]
    assert len(captured) == 1
    assert found[0].action == "approvals.request.release"
    assert len(found[0].short_code) == 9


def test_certificates_of_other_companies_are_not_seen(signer: Holder):
    neighbour: User = make_person(make_company("04595257"))
    assert not queries.visible_certificates(neighbour).exists()
    assert queries.visible_certificates(make_person()).count() == 2  # a pair


def test_without_an_authority_there_is_no_list():
    with pytest.raises(AuthorityMissing):
        queries.latest_crl()
    with pytest.raises(AuthorityMissing):
        queries.root_pem()
