"""The staff window shows certificates and letters, and never what is secret in them."""

from __future__ import annotations

import pytest
from django.contrib import admin

from certificates.admin import CertificateAdmin, LetterAdmin
from certificates.models import Certificate, CertificateAuthority, Letter, RevocationList
from tests.factories.certificates import Holder, make_company, make_person

pytestmark = pytest.mark.django_db
SECRETS = {"secret_hmac", "key_reference", "pin_hash", "der", "certificate_der"}


@pytest.mark.parametrize("model", [Certificate, CertificateAuthority, Letter, RevocationList])
def test_no_secret_and_no_raw_file_is_a_field_of_the_window(model: type):
    window = admin.site._registry[model]
    shown = {field.name for field in model._meta.fields} - set(window.exclude or ())
    assert not SECRETS & shown
    assert not SECRETS & set(window.list_display)


def test_branch_sees_its_own_companies_certificates_and_letters(signer: Holder):
    branch = make_company().branch
    teller, stranger = make_person(branch), make_person(make_company("04595257"))
    for window, model in ((CertificateAdmin, Certificate), (LetterAdmin, Letter)):
        seen = window(model, admin.site).visible(teller, model.objects.all())
        assert {row.holder for row in seen} == {signer.user}
        assert not window(model, admin.site).visible(stranger, model.objects.all()).exists()
