"""The order of the checks of signing in, how long a session stands, what a company code is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from identity.policies import (
    SignInFacts,
    SignInOutcome,
    judge_sign_in,
    session_live,
    valid_company_code,
)
from identity.states import UserState

O = SignInOutcome  # noqa: E741 - the column of a table
NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
FINE = SignInFacts(
    known=True,
    password_right=True,
    live_elsewhere=False,
    user_state=UserState.ACTIVE,
    home_in_force=True,
)


@pytest.mark.req("AUTH-1")
@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({}, O.SIGNED_IN),
        ({"known": False}, O.REFUSED),
        ({"password_right": False}, O.REFUSED),
        ({"home_in_force": False}, O.REFUSED),
        ({"user_state": UserState.SUSPENDED}, O.REFUSED),
        ({"user_state": UserState.CLOSED}, O.REFUSED),
        ({"user_state": UserState.PAUSED}, O.PAUSED),
        ({"live_elsewhere": True}, O.ELSEWHERE),
        # A pause and another session are told only after a right password.
        ({"password_right": False, "user_state": UserState.PAUSED}, O.REFUSED),
        ({"password_right": False, "live_elsewhere": True}, O.REFUSED),
        # Duplicate sign-in comes before the lock state.
        ({"live_elsewhere": True, "user_state": UserState.PAUSED}, O.ELSEWHERE),
        ({"live_elsewhere": True, "user_state": UserState.SUSPENDED}, O.ELSEWHERE),
        ({"live_elsewhere": True, "home_in_force": False}, O.ELSEWHERE),
    ],
)
def test_the_checks_of_signing_in_have_one_order(
    changes: dict[str, object], outcome: SignInOutcome
) -> None:
    assert judge_sign_in(replace(FINE, **changes)) == outcome  # type: ignore[arg-type]


@given(
    st.builds(
        SignInFacts,
        known=st.booleans(),
        password_right=st.booleans(),
        live_elsewhere=st.booleans(),
        user_state=st.sampled_from(UserState),
        home_in_force=st.booleans(),
    )
)
def test_without_a_right_password_nothing_is_told_and_nobody_gets_in(facts: SignInFacts) -> None:
    outcome = judge_sign_in(facts)
    if not (facts.known and facts.password_right):
        assert outcome == O.REFUSED
    if outcome == O.SIGNED_IN:
        assert facts.user_state == UserState.ACTIVE
        assert facts.home_in_force
        assert not facts.live_elsewhere


@pytest.mark.req("SES-1")
@pytest.mark.parametrize(
    ("seen", "expires", "ended", "live"),
    [
        (timedelta(0), timedelta(hours=8), False, True),
        (timedelta(minutes=-9, seconds=-59), timedelta(hours=8), False, True),
        (timedelta(minutes=-10), timedelta(hours=8), False, False),
        (timedelta(0), timedelta(0), False, False),
        (timedelta(0), timedelta(seconds=-1), False, False),
        (timedelta(0), timedelta(hours=8), True, False),
    ],
)
def test_a_session_stands_until_idle_expired_or_ended(
    seen: timedelta, expires: timedelta, ended: bool, live: bool
) -> None:
    found = session_live(
        seen_at=NOW + seen, expires_at=NOW + expires, idle_minutes=10, ended=ended, now=NOW
    )
    assert found is live


@pytest.mark.req("ENT-1")
@pytest.mark.parametrize(
    ("code", "valid"),
    [
        ("22099131", True),
        ("04595257", True),
        ("12345675", True),
        ("24549210", True),
        ("10458575", True),  # a seven in the seventh place: its product may count one less
        ("10458574", True),
        ("00000000", True),
        ("12345670", True),  # a multiple of five that is none of ten: valid since 2023
        ("22099132", False),
        ("12345678", False),
        ("04595258", False),
        ("1234567", False),
        ("123456755", False),
        ("", False),
        ("1234567A", False),
        (" 2345675", False),
        ("１２３４５６７５", False),  # noqa: RUF001 - full-width digits are the point
        ("-2345675", False),
    ],
)
def test_a_company_code_carries_its_check(code: str, valid: bool) -> None:
    assert valid_company_code(code) is valid
