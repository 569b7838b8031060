"""The demo's bank: two branches, three companies, their people and a year of movements."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from approvals import operations as approvals
from branch_ops.operations import designate_fee_account_step
from certificates import operations as certificates
from certificates.queries import own_certificates
from corpbank.demo.bank import (
    AccountSpec,
    CompanySpec,
    Founded,
    PersonSpec,
    found_company,
    found_unit,
    four_flows,
)
from corpbank.demo.counter import load_counter, waits_at_the_counter
from corpbank.demo.publications import load_publications
from identity.models import Company, Unit, User
from identity.policies import Factor
from identity.queries import company_by_code, permissions_of
from kernel.clock import business_date
from kernel.money import Money
from ledger import queries as ledger
from ledger.gateways import LegLine
from ledger.operations import post
from transfers.operations import OrderFields, create_order

PASSWORD = "Harbour-2026-Light"  # noqa: S105 - the demo's own; load_demo refuses elsewhere
DAYS = 365
SEED = 20_261_122


def _people(suffix: str, names: list[str], *, english: int) -> list[PersonSpec]:
    roles = [
        ("maker", "ent.finance.maker", 0),
        ("maker2", "ent.finance.maker", 0),
        ("review1", "ent.finance.reviewer", 1),
        ("review2", "ent.finance.reviewer", 2),
        ("review3", "ent.finance.reviewer", 3),
        ("release", "ent.finance.releaser", 0),
        ("release2", "ent.finance.releaser", 0),
        ("security", "ent.security.maker", 0),
        ("security2", "ent.security.checker", 0),
        ("newmaker", "ent.finance.maker", 0),
        ("newrelease", "ent.finance.releaser", 0),
    ]
    return [
        PersonSpec(
            f"{login}.{suffix}",
            names[index],
            role,
            level,
            language="en" if index == english else "zh-hant",
            is_new=login.startswith("new"),
        )
        for index, (login, role, level) in enumerate(roles[: len(names)])
    ]


LIMITS = {
    "TWD": (Decimal(3_000_000), Decimal(10_000_000)),
    "USD": (Decimal(100_000), Decimal(300_000)),
}
COMPANIES = [
    CompanySpec(
        code="22099131",
        name="大同精密股份有限公司",
        accounts=[
            AccountSpec("100200300011", "TWD", "營運帳戶", Decimal(8_400_120)),
            AccountSpec("100200300029", "TWD", "薪資帳戶", Decimal(3_150_000)),
            AccountSpec("100200300037", "USD", "外幣帳戶", Decimal("182500.75")),
        ],
        people=_people(
            "datong",
            [
                "林雅婷",
                "張家豪",
                "黃淑芬",
                "陳志明",
                "李美玲",
                "王大同",
                "Grace Wang",
                "周怡君",
                "許文龍",
            ],
            english=6,
        ),
        flows=four_flows(50_000, 300_000, 1_000_000),
        limits=LIMITS,
    ),
    CompanySpec(
        code="04595257",
        name="新竹半導體材料有限公司",
        accounts=[
            AccountSpec("200300400012", "TWD", "營運帳戶", Decimal(5_260_000)),
            AccountSpec("200300400020", "USD", "外幣帳戶", Decimal("96000.00")),
        ],
        people=_people(
            "hsinchu",
            [
                "蔡佩君",
                "郭俊傑",
                "楊惠如",
                "劉文彬",
                "曾雅雯",
                "賴明宏",
                "Henry Lai",
                "江淑惠",
                "簡志強",
            ],
            english=6,
        ),
        flows=four_flows(50_000, 300_000, 1_000_000),
        limits=LIMITS,
    ),
    CompanySpec(
        code="12345675",
        name="高雄綠能科技股份有限公司",
        accounts=[AccountSpec("300400500013", "TWD", "營運帳戶", Decimal(2_980_000))],
        people=_people(
            "kaohsiung",
            [
                "鄭雅文",
                "何建志",
                "邱淑珍",
                "葉文傑",
                "潘美惠",
                "洪國華",
                "Vivian Hung",
                "施怡婷",
                "魏宏達",
                "Nina Shih",
                "丘永福",
            ],
            english=6,
        ),
        flows=four_flows(50_000, 300_000, 1_000_000),
        limits=LIMITS,
    ),
]
SAMPLES = [
    (28_000, "辦公用品", "新竹半導體材料有限公司"),
    (128_500, "11 月材料款", "新竹半導體材料有限公司"),
    (1_234_567, "設備尾款", "新竹半導體材料有限公司"),
]


@dataclass(frozen=True, slots=True)
class SignIn:
    """Name one way into the demo; letter and secret where a card waits to be taken into use."""

    company: str
    company_name: str
    login: str
    person: str
    role: str
    letter: str = ""
    secret: str = ""


def load(now: datetime) -> bool:
    """Found the demo's bank where there is none, and see that today something waits.

    Tells whether it was founded now.
    """
    fresh = company_by_code(COMPANIES[0].code) is None
    if fresh:
        certificates.prepare_authority(now=now)
        _found(now - timedelta(days=DAYS), now)
        load_counter(now)
    # One that an earlier edition founded, or that has stood for long, needs them to sign.
    certificates.rotate_service_keys(now=now)
    _publish(now)
    _submit_samples(now)
    return fresh


def sign_ins(now: datetime) -> list[SignIn]:
    """Return every sign-in of the demo, with a new letter for each signer without a card."""
    people = User.objects.select_related("company", "unit").prefetch_related("grants__role")
    return [_sign_in(person, now) for person in people.order_by("unit_id", "company_id", "pk")]


@transaction.atomic(durable=True)
def _found(then: datetime, now: datetime) -> None:
    it_unit, _ = found_unit(
        code="000", name="資訊處", kind=Unit.Kind.IT, parent=None, password=PASSWORD, now=then,
        used_at=now,
        people=[
            PersonSpec("security.it", "方俊宏", "it.security.maker"),
            PersonSpec("security2.it", "唐雅琪", "it.security.checker"),
            PersonSpec("auditor.it", "石美華", "bank.auditor"),
            PersonSpec("pki.it", "溫美惠", "bank.pki.maker"),
            PersonSpec("pki2.it", "康正雄", "bank.pki.checker"),
        ],
    )  # fmt: skip
    branches = [
        found_unit(
            code=code, name=name, kind=Unit.Kind.BRANCH, parent=it_unit, password=PASSWORD,
            now=then, used_at=now,
            people=[
                PersonSpec(f"maker.{code}", maker, "branch.business.maker"),
                PersonSpec(f"checker.{code}", checker, "branch.business.checker"),
                PersonSpec(f"security.{code}", security, "branch.security.maker"),
                PersonSpec(f"security2.{code}", second, "branch.security.checker"),
            ],
        )[0]
        for code, name, maker, checker, security, second in [
            ("001", "營業部", "何佩珊", "曾志偉", "姚婉如", "丁守仁"),
            ("002", "竹科分行", "范雅惠", "彭建國", "湯慧玲", "侯文彥"),
        ]
    ]  # fmt: skip
    founded = [
        found_company(
            spec,
            branch=branches[index % 2],
            granted_by=None,
            password=PASSWORD,
            now=then,
            used_at=now,
        )
        for index, spec in enumerate(COMPANIES)
    ]
    for one in founded:
        designate_fee_account_step(
            company_id=one.company.pk, account_id=next(iter(one.accounts.values())), actor=None,
            now=then,
        )  # fmt: skip
    _movements(founded, then, now)


@transaction.atomic(durable=True)
def _publish(now: datetime) -> None:
    load_publications(now)


def _movements(founded: list[Founded], then: datetime, now: datetime) -> None:
    """Post a year of payments between the companies, without ever drawing an account dry."""
    dice = random.Random(SEED)  # noqa: S311 - scenery, not secrets
    memos = ["材料款", "運費", "模具費", "維修費", "租金", "電費分攤", "設備款", "顧問費"]
    accounts = [next(iter(one.accounts.values())) for one in founded]
    balances = [spec.accounts[0].balance for spec in COMPANIES]
    for day in range(1, DAYS):
        moment = then + timedelta(days=day, hours=dice.randrange(9) - 4)
        if moment >= now or moment.weekday() >= 5:
            continue
        payer, payee = dice.sample(range(len(accounts)), 2)
        amount = Decimal(dice.randrange(4_000, 160_000))
        if balances[payer] < amount * 4:
            payer, payee = payee, payer
        balances[payer] -= amount
        balances[payee] += amount
        post(
            reference=f"D{business_date(moment):%Y%m%d}-{day:04d}",
            kind="transfer",
            value_date=business_date(moment),
            narrative=dice.choice(memos),
            legs=[
                LegLine(accounts[payer], -amount, "TWD"),
                LegLine(accounts[payee], amount, "TWD"),
            ],
            hold_key=None,
            now=moment,
        )


def _submit_samples(now: datetime) -> None:
    """Let the first company's maker submit today's transfers, once a day."""
    company = Company.objects.get(code=COMPANIES[0].code)
    maker = User.objects.select_related("company").get(
        company=company, login_name=COMPANIES[0].people[0].login
    )
    maker.granted = permissions_of(maker.pk, now=now)
    maker.factor = Factor.PASSWORD
    today = business_date(now)
    for amount, memo, payee in SAMPLES:
        key = f"demo-{today}-{amount}"
        source, target = COMPANIES[0].accounts[0].number, COMPANIES[1].accounts[0].number
        account = ledger.account_by_number(source)
        if account is None or account.available < amount:
            continue
        reference = create_order(
            actor=maker,
            fields=OrderFields(source, target, payee, Money(Decimal(amount), "TWD"), today, memo),
            form_key=key,
            now=now,
        )
        approvals.submit(actor=maker, reference=reference, form_key=f"{key}-submit", now=now)


def _sign_in(person: User, now: datetime) -> SignIn:
    permissions = permissions_of(person.pk, now=now)
    role = ", ".join(f"{grant.role.name}{grant.level or ''}" for grant in person.grants.all())
    letter = secret = ""
    in_use = {"ACTIVE", "SUSPENDED", "UNSUSPENDING", "REVOKED"}
    signs = "certificates.certificate.enrol" in permissions and not waits_at_the_counter(person)
    if signs and not in_use & {row.state for row in own_certificates(person.pk)}:
        printed = certificates.issue_letter(holder_id=person.pk, actor=None, now=now)
        letter, secret = printed.number, printed.secret
    return SignIn(
        company=person.company.code if person.company else "",
        company_name=person.company.name if person.company else str(person.unit),
        login=person.login_name, person=person.display_name, role=role,
        letter=letter, secret=secret,
    )  # fmt: skip
