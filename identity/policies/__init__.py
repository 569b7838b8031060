"""Do the rules of signing in and of passwords allow it? Pure functions."""

from identity.policies.figures import (
    BOUNDS,
    SECOND_SIGN_IN,
    CompanyRules,
    PolicyFigures,
    check_company_rules,
    check_figures,
    read_company_rules,
    read_figures,
    read_words,
)
from identity.policies.passwords import (
    PASSWORD_LONGEST,
    PasswordRules,
    broken_facts,
    canonical_password,
    password_fault,
    skeleton,
)
from identity.policies.signing import (
    STRONG_FACTORS,
    Factor,
    Home,
    SignInFacts,
    SignInOutcome,
    judge_sign_in,
    session_live,
    valid_company_code,
)

__all__ = [
    "BOUNDS",
    "PASSWORD_LONGEST",
    "SECOND_SIGN_IN",
    "STRONG_FACTORS",
    "CompanyRules",
    "Factor",
    "Home",
    "PasswordRules",
    "PolicyFigures",
    "SignInFacts",
    "SignInOutcome",
    "broken_facts",
    "canonical_password",
    "check_company_rules",
    "check_figures",
    "judge_sign_in",
    "password_fault",
    "read_company_rules",
    "read_figures",
    "read_words",
    "session_live",
    "skeleton",
    "valid_company_code",
]
