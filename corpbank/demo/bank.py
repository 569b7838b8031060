"""Found a bank and its customers out of the rooms' own steps: the demo's people, also the tests'.

Everything is written by the operations a bank would use; nothing here reaches into a table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from approvals import operations as approvals
from approvals.policies.rules import RELEASER, REVIEWER, StageSpec
from identity import operations as identity
from identity.models import Company, Grant, Unit, User
from kernel.clock import business_date
from ledger.operations import grant_right, open_account_step
from ledger.policies import AccountFunction
from transfers import operations as transfers
from transfers.models import Limit
from transfers.policies import KIND

MAKER = "ent.finance.maker"
RIGHTS = {
    MAKER: (AccountFunction.INQUIRE, AccountFunction.EDIT_TRANSFER),
    REVIEWER: (AccountFunction.INQUIRE, AccountFunction.REVIEW_TRANSFER),
    RELEASER: (AccountFunction.INQUIRE, AccountFunction.RELEASE_TRANSFER),
}


@dataclass(frozen=True, slots=True)
class PersonSpec:
    """Describe a person: login name, name, role with level and signing group, language.

    Whoever is new has still to go through the pages of first use.
    """

    login: str
    name: str
    role: str
    level: int = 0
    group: str = ""
    language: str = "zh-hant"
    cap: Decimal | None = None
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class AccountSpec:
    """Describe an account: 12 digits, currency, label, opening balance."""

    number: str
    currency: str
    name: str
    balance: Decimal


@dataclass(frozen=True, slots=True)
class FlowSpec:
    """Describe a flow and the band it applies to: minimum <= amount < maximum."""

    code: str
    name: str
    stages: tuple[StageSpec, ...]
    minimum: Decimal
    maximum: Decimal | None


@dataclass(frozen=True, slots=True)
class CompanySpec:
    """Describe a customer with its accounts, people, flows and limits."""

    code: str
    name: str
    accounts: Sequence[AccountSpec]
    people: Sequence[PersonSpec]
    flows: Sequence[FlowSpec]
    limits: Mapping[str, tuple[Decimal, Decimal]]


@dataclass(frozen=True, slots=True)
class Founded:
    """Name what was founded: the company, its people by login name, account ids by number."""

    company: Company
    people: dict[str, User] = field(default_factory=dict)
    accounts: dict[str, int] = field(default_factory=dict)


def review_stage(
    number: int, level: int, *, needed: int = 1, groups: tuple[str, ...] = ()
) -> StageSpec:
    """Return a reviewing stage of a level."""
    return StageSpec(number, "review", REVIEWER, level, needed, groups)


def release_stage(number: int, *, needed: int = 1, groups: tuple[str, ...] = ()) -> StageSpec:
    """Return the releasing stage."""
    return StageSpec(number, "release", RELEASER, 0, needed, groups)


def four_flows(first: int, second: int, third: int) -> tuple[FlowSpec, ...]:
    """Return the four flows of the bank's template, chosen by three thresholds (FLOW-1)."""
    names = ("編輯→放行", "編輯→初審→放行", "編輯→初審→複審→放行", "編輯→初審→複審→三審→放行")
    bounds = [0, first, second, third, None]
    return tuple(
        FlowSpec(
            code=f"review-{reviews}",
            name=names[reviews],
            stages=(
                *[review_stage(level, level) for level in range(1, reviews + 1)],
                release_stage(reviews + 1),
            ),
            minimum=Decimal(bounds[reviews] or 0),
            maximum=None if bounds[reviews + 1] is None else Decimal(bounds[reviews + 1] or 0),
        )
        for reviews in range(4)
    )


def found_unit(
    *, code: str, name: str, kind: str, parent: Unit | None, people: Sequence[PersonSpec],
    password: str, now: datetime, used_at: datetime | None = None,
) -> tuple[Unit, dict[str, User]]:  # fmt: skip
    """Open a unit of the bank and bring in its people; a step.

    They have been through first use at `used_at`, or now.
    """
    unit = identity.open_unit(code=code, name=name, kind=kind, parent=parent, now=now)
    found = {}
    for spec in people:
        user = _person(unit, spec, "bank.example", password, now, used_at or now)
        identity.grant_role(user=user, role_code=spec.role, parent=None, granted_by=None, now=now)
        found[spec.login] = user
    return unit, found


def found_company(
    spec: CompanySpec, *, branch: Unit, granted_by: User | None, password: str, now: datetime,
    used_at: datetime | None = None,
) -> Founded:  # fmt: skip
    """Register a customer with everything it needs to make transfers; a step.

    Its people have been through first use at `used_at`, or now.
    """
    actor = granted_by.public_id if granted_by else "system"
    company = identity.register_company(
        code=spec.code, name=spec.name, branch=branch, actor=actor, now=now
    )
    founded = Founded(company)
    for account in spec.accounts:
        founded.accounts[account.number] = open_account_step(
            number=account.number, company_id=company.pk, currency=account.currency,
            name=account.name, opening_balance=account.balance, actor=actor, now=now,
        )  # fmt: skip
    for currency, (per_transaction, per_day) in spec.limits.items():
        transfers.set_limit(
            company=company, source=Limit.Source.BRANCH, currency=currency,
            per_transaction=per_transaction, per_day=per_day,
            effective_from=business_date(now), actor=actor, now=now,
        )  # fmt: skip
    for person in spec.people:
        user = _person(company, person, f"c{spec.code}.example", password, now, used_at or now)
        founded.people[person.login] = user
        grant = identity.grant_role(
            user=user, role_code=person.role, level=person.level, group=person.group,
            parent=None, granted_by=granted_by, now=now,
        )  # fmt: skip
        _rights(founded, user, person, grant, actor, now)
    _flows(company, spec.flows, actor, now)
    return founded


def _person(
    home: Company | Unit, spec: PersonSpec, domain: str, password: str, now: datetime,
    used_at: datetime,
) -> User:  # fmt: skip
    digits = sum(map(ord, spec.login)) % 1_000_000
    return identity.add_person(
        home=home, login_name=spec.login, display_name=spec.name, language=spec.language,
        password=password, actor="system", now=now, first_used_at=None if spec.is_new else used_at,
        contacts={"email": f"{spec.login}@{domain}", "sms": f"+88690{digits:07d}"},
    )  # fmt: skip


def _rights(
    founded: Founded, user: User, person: PersonSpec, grant: Grant, actor: str, now: datetime
) -> None:
    for account_id in founded.accounts.values():
        for function in RIGHTS.get(person.role, ()):
            grant_right(
                account_id=account_id, user_id=user.pk, function=function, cap=person.cap,
                grant_id=grant.pk, actor=actor, now=now,
            )  # fmt: skip


def _flows(company: Company, flows: Sequence[FlowSpec], actor: str, now: datetime) -> None:
    for spec in flows:
        flow = approvals.define_flow(
            company=company,
            code=spec.code,
            name=spec.name,
            stages=spec.stages,
            actor=actor,
            now=now,
        )
        approvals.define_rule(
            flow=flow, kind=KIND, minimum=spec.minimum, maximum=spec.maximum, actor=actor, now=now
        )
