"""The certificate counter as its people use it: propose, release, settle, print."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.urls import reverse

from approvals import operations as approvals
from approvals.states import Act
from branch_ops import operations
from branch_ops.models import FeeItem
from branch_ops.queries.certificate import holder_now
from branch_ops.queries.counter import application_target
from branch_ops.subjects.applications import application_content
from branch_ops.subjects.scopes import Scope
from certificates.models import Certificate
from identity.models import User
from kernel import ids
from tests.factories.http import Browser, form_with, reference_in
from tests.factories.world import Holder, World, decide

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


def send(browser: Browser, name: str, *args: object, **typed: object) -> HttpResponse:
    """Open a page's form, fill it in and send it."""
    form = form_with(browser.get(name, *args), "idempotency_key")
    return browser.client.post(reverse(name, args=args), form.fields | typed)


def proposed(answer: HttpResponse) -> str:
    """Return the reference of the request that a form has led to."""
    return reference_in(answer)


def person(world: World, login: str) -> User:
    """Return a person of the first company."""
    return world.first.people[login]
