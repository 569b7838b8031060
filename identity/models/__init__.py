"""What is stored of people, of how they sign in, and of what they were granted."""

from identity.models.factors import OneTimeCode, Passkey, PasskeyChallenge
from identity.models.people import (
    Company,
    ContactPoint,
    FormerPassword,
    Grant,
    Role,
    Standing,
    Unit,
    User,
)
from identity.models.policy import CommonPassword, CompanyPolicy, PasswordPolicy, SignInPolicy
from identity.models.sessions import FormDraft, FormPost, KnownDevice, Session

__all__ = [
    "CommonPassword",
    "Company",
    "CompanyPolicy",
    "ContactPoint",
    "FormDraft",
    "FormPost",
    "FormerPassword",
    "Grant",
    "KnownDevice",
    "OneTimeCode",
    "Passkey",
    "PasskeyChallenge",
    "PasswordPolicy",
    "Role",
    "Session",
    "SignInPolicy",
    "Standing",
    "Unit",
    "User",
]
