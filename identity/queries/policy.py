"""Which figures are in force: the bank's own, and what a company asks of its people?"""

from __future__ import annotations

from identity.models import CompanyPolicy, PasswordPolicy, SignInPolicy
from identity.policies import CompanyRules, PolicyFigures
from identity.queries.passwords import common_passwords
from identity.queries.sessions import password_policy, sign_in_policy


def policy_figures() -> PolicyFigures:
    """Return every figure of signing in and of passwords as it is in force; three queries."""
    return figures_of(sign_in_policy(), password_policy(), common_passwords())


def figures_of(signing: SignInPolicy, password: PasswordPolicy, words: list[str]) -> PolicyFigures:
    """Return the figures that these rows hold."""
    return PolicyFigures(
        pause_after=signing.pause_after,
        alarm_after=signing.alarm_after,
        second_sign_in=str(signing.second_sign_in),
        idle_minutes=signing.idle_minutes,
        warning_seconds=signing.warning_seconds,
        absolute_hours=signing.absolute_hours,
        address_limit=signing.address_limit,
        account_limit=signing.account_limit,
        limit_minutes=signing.limit_minutes,
        code_tries=signing.code_tries,
        code_minutes=signing.code_minutes,
        activation_hours=signing.activation_hours,
        keypad_offered=signing.keypad_offered,
        keypad_seconds=signing.keypad_seconds,
        keypad_sign_milliseconds=signing.keypad_sign_milliseconds,
        number_offered=signing.number_offered,
        shortest=password.shortest,
        shortest_staff=password.shortest_staff,
        run_length=password.run_length,
        remembered=password.remembered,
        days_valid=password.days_valid,
        notice_days=tuple(password.notice_days),
        common_words=tuple(sorted(words)),
    )


def company_rules(company_id: int) -> CompanyRules:
    """Return what a company asks of its own people; the least where it has said nothing."""
    return rules_of(CompanyPolicy.objects.filter(pk=company_id).first())


def rules_of(row: CompanyPolicy | None) -> CompanyRules:
    """Return the rules that a company's row holds."""
    if row is None:
        return CompanyRules()
    return CompanyRules(
        submit_with_card=row.submit_with_card,
        code_from=row.code_from,
        usual_from=row.usual_from,
        usual_until=row.usual_until,
    )
