"""Set the bank's figures of signing in, and a company's own rules; steps of released requests."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from audit import operations as audit
from identity.errors import PolicyChanged
from identity.models import (
    CommonPassword,
    Company,
    CompanyPolicy,
    PasswordPolicy,
    SignInPolicy,
    User,
)
from identity.operations.people import home_chain
from identity.policies import (
    CompanyRules,
    PolicyFigures,
    check_company_rules,
    check_figures,
)
from identity.queries.passwords import common_passwords
from identity.queries.policy import figures_of, rules_of

POLICY_TARGET = "policy:sign-in"


def set_policy_step(
    *, was: PolicyFigures, figures: PolicyFigures, reference: str, actor: User, now: datetime
) -> None:
    """Put the bank's figures in force for everybody at once; a step (AUTH-2, PWD-1, DUAL-6).

    `was` is what the request's two people saw in force; `reference` is the request. Raises
    PolicyChanged where something else is in force by now, FigureRefused.
    """
    audit.require_transaction()
    check_figures(figures)
    signing = SignInPolicy.objects.select_for_update().get(pk=1)
    password = PasswordPolicy.objects.select_for_update().get(pk=1)
    if figures_of(signing, password, common_passwords()) != was:
        raise PolicyChanged()
    for row in (signing, password):
        columns = {column.name for column in row._meta.concrete_fields} - {"id"}
        for name in columns:
            value = getattr(figures, name)
            setattr(row, name, list(value) if isinstance(value, tuple) else value)
        row.save(update_fields=sorted(columns))
    _set_words(figures.common_words)
    _record(
        "identity.policy.set", POLICY_TARGET, audit.BANK, was.as_text(), figures.as_text(),
        reference, actor, now,
    )  # fmt: skip


def set_company_policy_step(
    *,
    company: Company,
    was: CompanyRules,
    rules: CompanyRules,
    reference: str,
    actor: User,
    now: datetime,
) -> None:
    """Put what a company asks of its own people in force at once; a step (AUTH-5 to AUTH-7).

    Raises PolicyChanged where something else is in force by now, FigureRefused.
    """
    audit.require_transaction()
    check_company_rules(rules)
    row = CompanyPolicy.objects.select_for_update().filter(company=company).first()
    if rules_of(row) != was:
        raise PolicyChanged()
    CompanyPolicy.objects.update_or_create(company=company, defaults=asdict(rules))
    _record(
        "identity.company_policy.set", f"company:{company.code}", home_chain(actor),
        was.as_text(), rules.as_text(), reference, actor, now,
    )  # fmt: skip


def _set_words(words: tuple[str, ...]) -> None:
    CommonPassword.objects.exclude(word__in=words).delete()
    CommonPassword.objects.bulk_create(
        [CommonPassword(word=word) for word in words], ignore_conflicts=True
    )


def _record(
    event: str,
    target: str,
    chain: str,
    before: dict[str, str],
    after: dict[str, str],
    reference: str,
    actor: User,
    now: datetime,
) -> None:
    """Write down what differs, and by which request."""
    changed = [name for name in after if before[name] != after[name]]
    audit.record(
        chain=chain, event=event, actor=actor.public_id, target=target, now=now,
        reason=reference, before={name: before[name] for name in changed},
        after={name: after[name] for name in changed},
    )  # fmt: skip
