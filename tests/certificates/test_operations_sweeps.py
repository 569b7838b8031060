"""What the clock does: letters, certificates, reminders; and who is told of what (ALR-1)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import transaction

from alerts.models import Message
from certificates import operations
from certificates.formats.profiles import RevocationReason
from certificates.models import Letter
from certificates.policies import CERTIFICATE_LIFETIME, LETTER_LIFETIME
from certificates.states import CardState, CertificateState, LetterState
from certificates.tasks import expire
from identity.models import ContactPoint, User
from identity.operations import grant_role
from kernel import clock
from tests.factories.certificates import (
    NOW,
    Holder,
    apply,
    lift,
    make_company,
    make_holder,
    make_person,
    make_signer,
    printed,
    released,
    renewed,
)

pytestmark = pytest.mark.django_db
END = NOW + CERTIFICATE_LIFETIME + timedelta(seconds=1)
OVER = NOW + LETTER_LIFETIME


def suspend(holder: Holder, now=NOW) -> CertificateState:
    return operations.suspend(serial_number=holder.certificate.serial_number, actor=None, now=now)


def watcher(holder: Holder) -> User:
    """Return the security checker of the holder's company, who can be reached by mail."""
    person = make_person(holder.user.company)
    with transaction.atomic():
        grant_role(
            user=person, role_code="ent.security.checker", parent=None, granted_by=None, now=NOW
        )
    for user in (holder.user, person):
        ContactPoint.objects.create(
            user=user, channel="email", address="a@b.example", verified_at=NOW
        )
    return person


def told(event: str) -> set[str]:
    return set(
        Message.objects.filter(event=f"certificates.{event}").values_list(
            "recipient_key", flat=True
        )
    )


@pytest.mark.req("CERT-2", "CERT-3")
def test_letter_that_ran_out_leaves_its_application_waiting(holder: Holder):
    certificate = apply(holder)
    printed(certificate)
    assert operations.expire_due(now=OVER - timedelta(seconds=1)) == 0
    assert operations.expire_due(now=OVER) == 1
    assert operations.expire_due(now=OVER) == 0
    assert Letter.objects.get().state == LetterState.EXPIRED
    certificate.refresh_from_db()
    assert certificate.state == CertificateState.APPLIED


@pytest.mark.req("CERT-3")
def test_letter_to_be_printed_does_not_run_out(holder: Holder):
    apply(holder)
    assert operations.expire_due(now=NOW + timedelta(days=400)) == 0


@pytest.mark.req("CERT-4")
def test_lifting_letter_that_ran_out_leaves_the_certificate_on_hold(signer: Holder, listed):
    suspend(signer)
    released(signer)
    operations.expire_due(now=OVER)
    assert signer.certificate.state == CertificateState.SUSPENDED
    assert signer.certificate.suspensions == 1
    assert listed(signer.certificate.serial_number) == "Certificate Hold"
    lift(signer)


@pytest.mark.req("CERT-3", "CERT-8")
@pytest.mark.parametrize("on_hold", [False, True])
def test_certificate_ends_with_its_time_and_leaves_the_list(signer: Holder, listed, on_hold: bool):
    if on_hold:
        suspend(signer)
    operations.expire_due(now=END)
    certificate = signer.certificate
    assert (certificate.state, certificate.companion.state) == ("EXPIRED", "EXPIRED")
    assert certificate.card.state == CardState.TERMINATED
    assert listed(certificate.serial_number) == ""


@pytest.mark.req("CERT-12")
def test_renewal_outlives_the_certificate_it_renews(signer: Holder):
    operations.rotate_service_keys(now=END - timedelta(days=1))
    fresh, _ = renewed(signer, END - timedelta(hours=1))
    operations.expire_due(now=END)
    assert signer.certificate.state == CertificateState.EXPIRED
    assert fresh.certificate.state == CertificateState.ISSUED
    assert fresh.certificate.card.state == CardState.ACTIVE


@pytest.mark.req("CERT-5")
def test_revoked_certificate_does_not_expire(signer: Holder, listed):
    operations.revoke(
        serial_number=signer.certificate.serial_number,
        reason=RevocationReason.KEY_COMPROMISE, actor=None, now=NOW,
    )  # fmt: skip
    assert operations.expire_due(now=END) == 0
    assert listed(signer.certificate.serial_number) == "Key Compromise"


@pytest.mark.req("ALR-1")
def test_holder_is_reminded_once_at_sixty_thirty_and_seven_days(signer: Holder):
    watcher(signer)
    end = signer.certificate.not_after
    counts = []
    for days in (61, 60, 45, 30, 20, 7, 3, 1):
        operations.expire_due(now=end - timedelta(days=days))
        counts.append(Message.objects.filter(event="certificates.certificate.expiring").count())
    assert counts == [0, 2, 2, 4, 4, 6, 6, 6]


@pytest.mark.req("ALR-1")
def test_holder_and_security_are_told_of_every_change(holder: Holder):
    person = watcher(holder)
    both = {holder.user.public_id, person.public_id}
    printed(apply(holder))
    assert told("certificate.applied") == told("letter.printed") == both
    signer = make_signer()
    watcher(signer)
    suspend(signer)
    assert signer.user.public_id in told("certificate.suspended")
    lift(signer)
    assert signer.user.public_id in told("certificate.activated")
    operations.revoke(
        serial_number=signer.certificate.serial_number,
        reason=RevocationReason.KEY_COMPROMISE, actor=None, now=NOW, why="found in a bin",
    )  # fmt: skip
    message = Message.objects.filter(event="certificates.certificate.revoked").first()
    assert message is not None
    assert "found in a bin" in message.body


@pytest.mark.req("ALR-1")
def test_nobody_of_another_company_is_told(holder: Holder):
    stranger = make_holder(make_company("04595257"))
    outsider = watcher(stranger)
    printed(apply(holder))
    assert outsider.public_id not in told("letter.printed")


def test_task_and_command_do_the_same(capsys: pytest.CaptureFixture[str]):
    holder = make_holder(now=clock.now() - LETTER_LIFETIME)
    certificate = apply(holder)
    printed(certificate, now=clock.now() - LETTER_LIFETIME)
    assert expire() == 1
    call_command("expire_certificates")
    assert capsys.readouterr().out == "Letters and certificates looked after: 0.\n"
