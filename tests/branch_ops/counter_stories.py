"""The certificate counter as its people use it: propose, release, settle, print."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.http import HttpResponse
from django.urls import reverse

from approvals import operations as approvals
from approvals.states import Act
from branch_ops import operations
from branch_ops.models import FeeItem
from branch_ops.queries.certificate import certificate_now, holder_now
from branch_ops.queries.counter import application_target
from branch_ops.subjects.applications import application_content
from branch_ops.subjects.certificates import certificate_content
from branch_ops.subjects.scopes import Scope
from certificates import operations as certificates
from certificates.models import Certificate
from kernel import ids
from tests.factories.http import Browser, form_with, reference_in
from tests.factories.world import AUDIENCE, PIN, Holder, World, decide

MAKER, OTHER_MAKER, CHECKER = "branch001", "branch003", "branch011"
STRANGER, STRANGE_CHECKER = "branch002", "branch022"
HEAD_OFFICE = "pki00001"


@dataclass
class Counter:
    """A branch at work on one person's certificate."""

    world: World

    def propose(
        self, login: str = "maker02", *, maker: str = MAKER, scope: Scope | None = None
    ) -> str:
        """Draft the application for a person of the first company and return its reference."""
        holder = holder_now(self.world.first.people[login].public_id)
        return approvals.propose(
            actor=self.world.officer(maker).act_as(self.world.now),
            kind="certificates.application",
            subject_key=application_target(holder.number),
            content=application_content(
                holder, storage="BROWSER", card_serial="", scope=scope or Scope(),
                now=self.world.now,
            ),
            form_key=ids.token(),
            now=self.world.now,
        )  # fmt: skip

    def release(self, reference: str, *, maker: str = MAKER) -> None:
        """Submit a draft and let a checker release it."""
        approvals.submit(
            actor=self.world.officer(maker).act_as(self.world.now), reference=reference,
            form_key=ids.token(), now=self.world.now,
        )  # fmt: skip
        decide(self.world, self.world.officer(CHECKER, card=True), reference, Act.RELEASE)

    def applied(self, login: str = "maker02", *, paid: bool = True) -> Certificate:
        """Return a released application of a person; its fee settled unless told not to."""
        self.release(self.propose(login))
        certificate = Certificate.objects.filter(
            holder=self.world.first.people[login], purpose="SIGNING"
        ).latest("pk")
        if paid:
            self.settle(certificate)
        return certificate

    def settle(self, certificate: Certificate) -> None:
        """Take every fee that is due for a certificate at the counter."""
        for item in FeeItem.objects.filter(target=f"certificate:{certificate.pk}", state="DUE"):
            operations.collect(
                item_id=item.pk, from_="COUNTER", receipt_number="R-1",
                actor=self.world.officer(MAKER).act_as(self.world.now), form_key=ids.token(),
                now=self.world.now,
            )  # fmt: skip

    def stationery(self, *, quantity: int = 5, login: str = MAKER) -> None:
        """Bring letter forms into a branch's stock."""
        operations.receive(
            kind="STATIONERY", first="LF-0001", last=f"LF-{quantity:04d}", reference="D-1",
            actor=self.world.officer(login).act_as(self.world.now), form_key=ids.token(),
            now=self.world.now,
        )  # fmt: skip

    def printed(self, login: str = "maker02") -> Certificate:
        """Return an application whose letter was printed."""
        certificate = self.applied(login)
        self.stationery()
        operations.print_letter(
            certificate_id=certificate.pk,
            actor=self.world.officer(OTHER_MAKER).act_as(self.world.now), now=self.world.now,
        )  # fmt: skip
        certificate.refresh_from_db()
        return certificate


def certificate_of(holder: Holder) -> Certificate:
    """Return the newest signing certificate of a person."""
    return Certificate.objects.filter(holder=holder.user, purpose="SIGNING").latest("pk")


def propose(
    world: World, kind: str, certificate: Certificate, maker: str = MAKER, **more: str
) -> str:
    """Draft a change of a certificate and return its reference."""
    found = certificate_now(certificate.pk)
    return approvals.propose(
        actor=world.officer(maker).act_as(world.now), kind=kind, subject_key=found.target,
        content=certificate_content(found, reason="Seal checked.") | more, form_key=ids.token(),
        now=world.now,
    )  # fmt: skip


def suspended(world: World, login: str = "release1") -> Certificate:
    """Return the certificate of a signer, suspended at the counter."""
    certificate = certificate_of(world.holder(login))
    certificates.suspend(
        serial_number=str(certificate.serial_number), reason="Card not at hand.",
        actor=world.officer(MAKER).act_as(world.now), now=world.now,
    )  # fmt: skip
    certificate.refresh_from_db()
    return certificate


def lifted_twice(world: World, login: str = "release1") -> Certificate:
    """Return a signer's certificate that was suspended and lifted twice."""
    holder, now = world.holder(login), world.now
    certificate = certificate_of(holder)
    for _ in range(2):
        certificates.suspend(
            serial_number=str(certificate.serial_number), actor=None, now=now, reason="卡片遺失"
        )
        with transaction.atomic():
            certificates.release_unsuspension_step(
                certificate_id=certificate.pk, actor=None, now=now
            )
            letter = certificates.print_letter_step(
                certificate_id=certificate.pk, actor=None, now=now
            )
        _activate(holder, letter.number, letter.secret, now)
    certificate.refresh_from_db()
    assert (certificate.state, certificate.suspensions) == ("ACTIVE", 2)
    return certificate


def _activate(holder: Holder, number: str, secret: str, now: datetime) -> None:
    actor = holder.act_as(now)
    shown = certificates.prepare_activation(
        actor=actor, session_key_sha256=holder.session, audience=AUDIENCE, now=now
    )
    assert shown is not None
    assert holder.card is not None
    certificates.unlock(
        actor=actor, session_key_sha256=holder.session, sign_request_id=shown.id, pin=PIN, now=now
    )
    certificates.activate(
        actor=actor, session_key_sha256=holder.session, audience=AUDIENCE, letter_number=number,
        secret=secret, sign_request_id=shown.id, signing_time=now, now=now,
        signature_der=holder.card.sign_statement(shown.statement, holder.certificate_sha256, now),
    )  # fmt: skip


def send(browser: Browser, name: str, *args: object, **typed: object) -> HttpResponse:
    """Open a page's form, fill it in and send it."""
    form = form_with(browser.get(name, *args), "idempotency_key")
    form.fields.pop("functions", None)  # boxes that nobody has ticked
    return browser.client.post(reverse(name, args=args), form.fields | typed)


def proposed(answer: HttpResponse) -> str:
    """Return the reference of the request that a form has led to."""
    return reference_in(answer)
