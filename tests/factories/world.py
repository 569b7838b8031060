"""A small bank for tests: two companies, all roles, certificates on test cards."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from importlib import import_module

from django.db import transaction

from approvals import operations as approvals
from approvals.models import Flow, Request
from approvals.operations import Signed
from approvals.policies.rules import StageSpec
from approvals.states import Act
from certificates import operations as certificates
from certificates.formats.profiles import KeyStorage
from corpbank.demo.bank import (
    AccountSpec,
    CompanySpec,
    Founded,
    PersonSpec,
    found_company,
    found_unit,
    four_flows,
)
from identity.models import Company, Unit, User
from identity.policies import Factor
from identity.queries import permissions_of
from kernel import ids
from kernel.clock import business_date
from kernel.money import Money
from tests.factories.cards import TestCard
from transfers.operations import OrderFields, create_order

PASSWORD = "correct horse 4 staple"
PIN = "482915"
AUDIENCE = "http://testserver"
FROM, OTHER_FROM, PAYEE = "100000000011", "100000000029", "200000000012"


def people(prefix: str = "") -> list[PersonSpec]:
    """Return the people of a company: two of each kind."""
    return [
        PersonSpec(f"{prefix}maker01", "林雅婷", "ent.finance.maker"),
        PersonSpec(f"{prefix}maker02", "張家豪", "ent.finance.maker"),
        PersonSpec(f"{prefix}review1a", "黃淑芬", "ent.finance.reviewer", 1),
        PersonSpec(f"{prefix}review1b", "吳建宏", "ent.finance.reviewer", 1),
        PersonSpec(f"{prefix}review2a", "陳志明", "ent.finance.reviewer", 2),
        PersonSpec(f"{prefix}review3a", "李美玲", "ent.finance.reviewer", 3),
        PersonSpec(f"{prefix}release1", "王大同", "ent.finance.releaser", 0, language="en"),
        PersonSpec(f"{prefix}release2", "蔡宗翰", "ent.finance.releaser", 0),
        PersonSpec(f"{prefix}security1", "周怡君", "ent.security.maker"),
        PersonSpec(f"{prefix}security2", "許文龍", "ent.security.checker"),
    ]


HEAD_OFFICE = [
    PersonSpec("auditor001", "稽核員", "bank.auditor"),
    PersonSpec("security01", "方俊宏", "it.security.maker"),
    PersonSpec("security02", "唐雅琪", "it.security.checker"),
    PersonSpec("pki00001", "溫美惠", "bank.pki.maker"),
    PersonSpec("pki00002", "康正雄", "bank.pki.checker"),
]
LIMITS = {
    "TWD": (Decimal(3_000_000), Decimal(5_000_000)),
    "USD": (Decimal(50_000), Decimal(100_000)),
}
FIRST = CompanySpec(
    code="22099131",
    name="大同精密股份有限公司",
    accounts=[
        AccountSpec(FROM, "TWD", "營運帳戶", Decimal(8_400_120)),
        AccountSpec(OTHER_FROM, "USD", "外幣帳戶", Decimal("250000.50")),
    ],
    people=people(),
    flows=four_flows(10_000, 100_000, 1_000_000),
    limits=LIMITS,
)
SECOND = CompanySpec(
    code="04595257",
    name="新竹半導體材料有限公司",
    accounts=[
        AccountSpec(PAYEE, "TWD", "收款帳戶", Decimal(1_000)),
        AccountSpec("200000000020", "USD", "外幣帳戶", Decimal(1_000)),
        AccountSpec("200000000038", "TWD", "營運帳戶", Decimal(9_000_000)),
    ],
    people=people(),
    flows=four_flows(10_000, 100_000, 1_000_000),
    limits=LIMITS,
)


@dataclass
class Holder:
    """A person of the world with a card in hand."""

    user: User
    card: TestCard | None = None
    certificate_sha256: bytes = b""
    session: str = ""

    def act_as(self, now: datetime) -> User:
        """Return the person with the permissions a session would carry."""
        self.user = User.objects.select_related("company", "unit").get(pk=self.user.pk)
        self.user.granted = permissions_of(self.user.pk, now=now)
        self.user.factor = Factor.CARD if self.user.company_id else Factor.PASSKEY
        self.user.factor_shown_at = now
        return self.user


@dataclass
class World:
    """The bank of a test."""

    branch: Unit
    staff: dict[str, User]
    first: Founded
    second: Founded
    now: datetime
    holders: dict[int, Holder] = field(default_factory=dict)

    def holder(self, login: str, company: Founded | None = None, *, card: bool = True) -> Holder:
        """Return a person, with an active certificate on a card of their own unless told not to.

        A card is made when it is first asked for; afterwards the person keeps it.
        """
        return self._holder((company or self.first).people[login], card=card)

    def officer(self, login: str, *, card: bool = False) -> Holder:
        """Return a person of the bank, with a card of their own if told so."""
        return self._holder(self.staff[login], card=card)

    def _holder(self, user: User, *, card: bool) -> Holder:
        holder = self.holders.setdefault(user.pk, Holder(user, session=ids.digest(f"{user.pk}")))
        if card and holder.card is None:
            enrol(holder, self.now)
        return holder

    def again(self) -> World:
        """Return the same bank for another test, its people and companies read afresh."""
        people = User.objects.select_related("company", "unit").in_bulk()
        return World(
            branch=Unit.objects.get(pk=self.branch.pk),
            staff={login: people[user.pk] for login, user in self.staff.items()},
            first=_again(self.first, people),
            second=_again(self.second, people),
            now=self.now,
            holders={pk: replace(holder, user=people[pk]) for pk, holder in self.holders.items()},
        )

    @property
    def company(self) -> Company:
        """Return the first company."""
        return self.first.company


def _again(founded: Founded, people: dict[int, User]) -> Founded:
    return replace(
        founded,
        company=Company.objects.get(pk=founded.company.pk),
        people={login: people[user.pk] for login, user in founded.people.items()},
    )


def make_world(now: datetime) -> World:
    """Found the bank of a test; its time is kept in whole seconds, as signatures carry it."""
    now = now.replace(microsecond=0)
    certificates.prepare_authority(now=now)
    with transaction.atomic():
        bring_bank_flows(now)
        it_unit, head = found_unit(
            code="000", name="資訊處", kind=Unit.Kind.IT, parent=None, password=PASSWORD, now=now,
            people=HEAD_OFFICE,
        )  # fmt: skip
        branch, staff = found_unit(
            code="001", name="營業部", kind=Unit.Kind.BRANCH, parent=it_unit, password=PASSWORD,
            now=now,
            people=[
                PersonSpec("branch001", "何佩珊", "branch.business.maker"),
                PersonSpec("branch003", "羅國強", "branch.business.maker"),
                PersonSpec("branch011", "葉秀蘭", "branch.business.checker"),
                PersonSpec("branch012", "方志遠", "branch.business.checker"),
                PersonSpec("branchsec1", "姚婉如", "branch.security.maker"),
                PersonSpec("branchsec2", "丁守仁", "branch.security.checker"),
            ],
        )  # fmt: skip
        other, more = found_unit(
            code="002", name="信義分行", kind=Unit.Kind.BRANCH, parent=it_unit, password=PASSWORD,
            now=now,
            people=[
                PersonSpec("branch002", "曾志偉", "branch.business.maker"),
                PersonSpec("branch022", "江怡萱", "branch.business.checker"),
            ],
        )  # fmt: skip
        first = found_company(FIRST, branch=branch, granted_by=None, password=PASSWORD, now=now)
        second = found_company(SECOND, branch=other, granted_by=None, password=PASSWORD, now=now)
    return World(branch, head | staff | more, first, second, now)


def bring_bank_flows(now: datetime) -> None:
    """Bring back the bank's own flows, which a migration seeds and emptying the tables takes."""
    seeds = [
        import_module(f"branch_ops.migrations.{name}") for name in ("0002_counter", "0003_door")
    ]
    for code, name, role, kinds in [flow for seed in seeds for flow in seed.FLOWS]:
        if Flow.objects.filter(company=None, code=code).exists():
            continue
        stages = [StageSpec(1, "release", role, 0, 1, ())]
        flow = approvals.define_flow(
            company=None, code=code, name=name, stages=stages, actor="system", now=now
        )
        for kind in kinds:
            approvals.define_rule(
                flow=flow, kind=kind, minimum=Decimal(0), maximum=None, actor="system", now=now
            )


def enrol(holder: Holder, now: datetime) -> None:
    """Give a person a card: letter, key, request, certificate, confirmed by its first signature."""
    letter = certificates.issue_letter(holder_id=holder.user.pk, actor=None, now=now)
    card = TestCard()
    actor = holder.act_as(now)
    nonce = certificates.begin_enrolment(actor=actor, session_key_sha256=holder.session, now=now)
    result = certificates.enrol(
        actor=actor,
        session_key_sha256=holder.session,
        audience=AUDIENCE,
        letter_number=letter.number,
        secret=letter.secret,
        request_der=card.make_request(nonce),
        authentication_request_der=card.companion.make_request(nonce),
        pin=PIN,
        made_on=KeyStorage.BROWSER,
        now=now,
    )
    assert result.challenge is not None
    certificate_sha256 = bytes.fromhex(result.challenge.certificate_sha256)
    certificates.confirm(
        actor=actor,
        session_key_sha256=holder.session,
        certificate_sha256=result.challenge.certificate_sha256,
        signature_der=card.sign_statement(result.challenge.statement, certificate_sha256, now),
        signing_time=now,
        now=now,
    )
    holder.card, holder.certificate_sha256 = card, certificate_sha256


def draft(
    world: World,
    maker: Holder,
    amount: int | str = 5_000,
    *,
    now: datetime | None = None,
    payee: str = PAYEE,
    currency: str = "TWD",
    from_account: str = FROM,
    memo: str = "11 月材料款",
) -> str:
    """Keep a transfer as a draft and return its reference."""
    moment = now or world.now
    fields = OrderFields(
        from_account=from_account,
        payee_account=payee,
        payee_name=SECOND.name,
        money=Money(Decimal(amount), currency),
        value_date=business_date(moment),
        memo=memo,
    )
    return create_order(actor=maker.act_as(moment), fields=fields, form_key=ids.token(), now=moment)


def submit(world: World, maker: Holder, amount: int | str = 5_000, **options: str) -> str:
    """Submit a fresh transfer and return its reference."""
    reference = draft(world, maker, amount, **options)
    return approvals.submit(
        actor=maker.act_as(world.now), reference=reference, form_key=ids.token(), now=world.now
    )


def sign(world: World, holder: Holder, reference: str, act: Act, reason: str = "") -> Signed:
    """Have a decision's statement shown, unlocked by PIN and signed on the holder's card."""
    now = world.now
    actor = holder.act_as(now)
    shown = approvals.prepare_decision(
        actor=actor, reference=reference, act=act, reason=reason,
        revision=Request.objects.get(reference=reference).revision_number,
        session_key_sha256=holder.session, audience=AUDIENCE, now=now,
    )  # fmt: skip
    if shown.needs_pin:
        unlocked = certificates.unlock(
            actor=actor, session_key_sha256=holder.session, sign_request_id=shown.id, pin=PIN,
            now=now,
        )  # fmt: skip
        assert unlocked.ok
    assert holder.card is not None
    signature = holder.card.sign_statement(shown.statement, holder.certificate_sha256, now)
    return Signed(shown.id, signature, now, holder.session, AUDIENCE)


def decide(
    world: World, holder: Holder, reference: str, act: Act, reason: str = "", key: str = ""
) -> str:
    """Sign and take a decision."""
    signed = sign(world, holder, reference, act, reason)
    options = {"reason": reason} if act in (Act.RETURN, Act.REJECT) else {}
    verb = {
        Act.REVIEW: approvals.review,
        Act.RELEASE: approvals.release,
        Act.RETURN: approvals.return_,
        Act.REJECT: approvals.reject,
    }[act]
    return verb(
        actor=holder.act_as(world.now), reference=reference, signed=signed,
        form_key=key or ids.token(), now=world.now, **options,
    )  # fmt: skip
