"""The commands of operations."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command

from certificates.models import CertificateAuthority, Letter, RevocationList
from tests.factories.certificates import make_authority, make_company, make_person

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_prepare_authority_makes_it_once(settings, tmp_path):
    settings.PKI_KEY_DIRECTORY = str(tmp_path / "keys")
    assert "is ready" in run("prepare_authority")
    assert "already" in run("prepare_authority")
    assert CertificateAuthority.objects.count() == 2
    keys = list((tmp_path / "keys").iterdir())
    assert len(keys) == 5
    for key in keys:
        assert key.stat().st_mode & 0o777 == 0o600
        assert key.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")


@pytest.mark.req("CERT-8")
def test_publish_crl_publishes_the_next_number():
    run("prepare_authority")
    assert "Revocation list 2 is published." in run("publish_crl")
    assert RevocationList.objects.filter(issuer__kind="ISSUING").count() == 2


@pytest.mark.req("CERT-2")
def test_issue_letter_prints_number_and_secret_once():
    make_authority()
    person = make_person(make_company().branch)
    text = run("issue_letter", person.public_id)
    assert "Letter number:" in text
    told = json.loads(run("issue_letter", person.public_id, "--json"))
    assert Letter.objects.get(state="PRINTED").number == told["number"].replace("-", "")
    assert sorted(told) == ["number", "secret"]


@pytest.mark.req("CERT-1")
def test_letter_of_a_customer_comes_from_the_counter_alone():
    """There two people propose and release it, and it is printed sealed."""
    person = make_person(make_company())
    with pytest.raises(CommandError, match="counter"):
        run("issue_letter", person.public_id)
    assert not Letter.objects.exists()


def test_issue_letter_for_nobody_is_refused():
    with pytest.raises(CommandError, match="no such person"):
        run("issue_letter", "U000")
