"""Do the rules of signing in and of passwords allow it? Pure functions."""

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
    "PASSWORD_LONGEST",
    "STRONG_FACTORS",
    "Factor",
    "Home",
    "PasswordRules",
    "SignInFacts",
    "SignInOutcome",
    "broken_facts",
    "canonical_password",
    "judge_sign_in",
    "password_fault",
    "session_live",
    "skeleton",
    "valid_company_code",
]
