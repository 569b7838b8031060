"""The figures within their bounds: as the rules judge them, and as the database holds them."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import time
from decimal import Decimal
from typing import Any

import pytest
from django.db import DataError, IntegrityError, transaction
from hypothesis import given, strategies as st

from audit.operations import OutsideTransaction
from identity.errors import FigureReason as F, FigureRefused
from identity.models import CommonPassword, CompanyPolicy, PasswordPolicy, SignInPolicy
from identity.operations import set_company_policy_step, set_policy_step
from identity.policies import (
    BOUNDS,
    CompanyRules,
    PolicyFigures,
    check_company_rules,
    check_figures,
    read_company_rules,
    read_figures,
    read_words,
)
from identity.queries import company_rules, policy_figures
from tests.factories.world import World

pytestmark = pytest.mark.req("AUTH-2", "PWD-1", "SES-1", "DUAL-6")
USUAL = PolicyFigures(
    pause_after=3, alarm_after=20, second_sign_in="take over", idle_minutes=10,
    warning_seconds=120, absolute_hours=8, address_limit=100, account_limit=30, limit_minutes=10,
    code_tries=3, code_minutes=5, activation_hours=24, keypad_offered=False, keypad_seconds=120,
    keypad_sign_milliseconds=80, number_offered=False, shortest=8, shortest_staff=12,
    run_length=4, remembered=3, days_valid=180, notice_days=(14, 7, 1), common_words=(),
)  # fmt: skip
# What one figure at its least or most asks of another.
COMPANIONS: dict[str, dict[str, int]] = {
    "pause_after": {"alarm_after": 50},
    "alarm_after": {"pause_after": 1},
    "idle_minutes": {"warning_seconds": 20},
    "warning_seconds": {"idle_minutes": 30},
    "shortest": {"shortest_staff": 32},
    "shortest_staff": {"shortest": 6},
}
# A figure beyond these would switch its rule off.
LOOSEST = {
    "account_limit": 200, "address_limit": 5000, "keypad_sign_milliseconds": 40, "remembered": 3,
    "run_length": 5,
}  # fmt: skip


def faults(figures: PolicyFigures) -> tuple[F, str] | None:
    try:
        check_figures(figures)
    except FigureRefused as refused:
        return refused.reason, refused.field
    return None


def with_changes(changes: dict[str, Any]) -> PolicyFigures:
    return replace(USUAL, **changes)


@pytest.mark.parametrize("name", sorted(BOUNDS))
def test_a_figure_stays_within_its_bounds(name: str) -> None:
    least, most = BOUNDS[name]
    for value in (least, most):
        assert faults(with_changes(COMPANIONS.get(name, {}) | {name: value})) is None, value
    for value in (least - 1, most + 1):
        found = faults(with_changes(COMPANIONS.get(name, {}) | {name: value}))
        assert found == (F.BOUNDS, name), value


def test_no_figure_switches_its_rule_off() -> None:
    assert {name: bound for name, bound in LOOSEST.items() if bound not in BOUNDS[name]} == {}


@pytest.mark.parametrize(
    ("changes", "reason", "field"),
    [
        ({"alarm_after": 3}, F.ALARM, "alarm_after"),
        ({"warning_seconds": 301}, F.WARNING, "warning_seconds"),
        ({"shortest": 13}, F.STAFF, "shortest_staff"),
        ({"second_sign_in": "both"}, F.CHOICE, "second_sign_in"),
        ({"notice_days": ()}, F.NOTICES, "notice_days"),
        ({"notice_days": (7, 7)}, F.NOTICES, "notice_days"),
        ({"notice_days": (0,)}, F.NOTICES, "notice_days"),
        ({"notice_days": (61,)}, F.NOTICES, "notice_days"),
        ({"notice_days": (6, 5, 4, 3, 2, 1)}, F.NOTICES, "notice_days"),
        ({"common_words": ("abc",)}, F.WORDS, "common_words"),
        ({"common_words": ("a" * 65,)}, F.WORDS, "common_words"),
        ({"common_words": tuple(f"word{n}" for n in range(201))}, F.WORDS, "common_words"),
    ],
)
def test_figures_go_together(changes: dict[str, Any], reason: F, field: str) -> None:
    assert faults(USUAL) is None
    assert faults(with_changes(changes)) == (reason, field)


@pytest.mark.parametrize(
    ("rules", "reason", "field"),
    [
        (CompanyRules(), None, ""),
        (CompanyRules(True, Decimal(0), time(0, 0), time(23, 59)), None, ""),
        (CompanyRules(code_from=Decimal(-1)), F.AMOUNT, "code_from"),
        (CompanyRules(usual_from=time(8, 0)), F.BOTH_HOURS, "usual_until"),
        (CompanyRules(usual_until=time(8, 0)), F.BOTH_HOURS, "usual_from"),
        (CompanyRules(usual_from=time(8, 0), usual_until=time(8, 0)), F.HOURS, "usual_until"),
    ],
)
def test_a_companys_rules_make_sense(rules: CompanyRules, reason: F | None, field: str) -> None:
    if reason is None:
        check_company_rules(rules)
        assert read_company_rules(rules.as_text("was_"), "was_") == rules
        return
    with pytest.raises(FigureRefused) as refused:
        check_company_rules(rules)
    assert (refused.value.reason, refused.value.field) == (reason, field)


NUMBERS = {name: st.integers(least, most) for name, (least, most) in BOUNDS.items()}
FIGURES = st.builds(
    PolicyFigures,
    **NUMBERS,
    second_sign_in=st.sampled_from(["take over", "refuse"]),
    keypad_offered=st.booleans(),
    number_offered=st.booleans(),
    notice_days=st.lists(st.integers(1, 60), max_size=5).map(tuple),
    common_words=st.text(max_size=60).map(read_words),
)


@given(FIGURES)
def test_figures_come_back_from_the_text_of_a_request(figures: PolicyFigures) -> None:
    text = figures.as_text("was_")
    assert {type(value) for value in text.values()} == {str}
    assert read_figures(text, "was_") == figures


def test_words_are_kept_once_and_as_they_are_compared() -> None:
    typed = "Formosa\nＦｏｒｍｏｓａ  café\tcafe\u0301 銀行銀行"  # noqa: RUF001 - full-width letters
    assert read_words(typed) == ("cafe", "formosa", "銀行銀行")


# --- what the database holds itself --------------------------------------------------------------
def broken(model: type[SignInPolicy | PasswordPolicy], **changes: Any) -> bool:
    try:
        with transaction.atomic():
            model.objects.update(**changes)
            transaction.set_rollback(True)
    except (IntegrityError, DataError):
        return True
    return False


@pytest.mark.django_db
def test_the_database_holds_the_same_bounds(world: World) -> None:
    columns = {field.name for field in SignInPolicy._meta.concrete_fields}
    for name, (least, most) in BOUNDS.items():
        model = SignInPolicy if name in columns else PasswordPolicy
        beside = COMPANIONS.get(name, {})
        for value in (least, most):
            assert not broken(model, **beside | {name: value}), (name, value)
        for value in (least - 1, most + 1):
            assert broken(model, **beside | {name: value}), (name, value)
    assert broken(SignInPolicy, pause_after=5, alarm_after=5)
    assert broken(SignInPolicy, idle_minutes=5, warning_seconds=151)
    assert broken(PasswordPolicy, shortest=13, shortest_staff=12)
    assert broken(PasswordPolicy, id=2)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("identity_company_policy_amount", {"code_from": Decimal(-1)}),
        ("identity_company_policy_hours", {"usual_from": time(18), "usual_until": time(8)}),
        ("identity_company_policy_hours", {"usual_from": time(8), "usual_until": time(8)}),
        ("", {"usual_from": time(8), "usual_until": time(18), "code_from": Decimal(0)}),
    ],
)
def test_the_database_holds_a_companys_rules(
    world: World, constraint: str, changes: dict[str, Any]
) -> None:
    row = CompanyPolicy(company=world.company, **changes)
    if not constraint:
        row.save(force_insert=True)
        assert company_rules(world.company.pk).code_from == 0
        return
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        row.save(force_insert=True)


@pytest.mark.django_db
def test_a_common_password_is_a_word(world: World) -> None:
    with pytest.raises(IntegrityError, match="identity_common_password"), transaction.atomic():
        CommonPassword.objects.create(word="")


@pytest.mark.django_db
def test_every_figure_is_a_column_and_every_column_a_figure(world: World) -> None:
    names = {one.name for one in fields(PolicyFigures)}
    columns = {
        column.name
        for model in (SignInPolicy, PasswordPolicy)
        for column in model._meta.concrete_fields
    }
    assert names - {"common_words"} == columns - {"id"}
    assert policy_figures() == USUAL


@pytest.mark.django_db(transaction=True)
def test_policies_are_set_inside_a_larger_act_alone(open_world: World) -> None:
    actor, now = open_world.staff["security02"], open_world.now
    with pytest.raises(OutsideTransaction):
        set_policy_step(was=USUAL, figures=USUAL, reference="P1", actor=actor, now=now)
    rules = CompanyRules()
    with pytest.raises(OutsideTransaction):
        set_company_policy_step(
            company=open_world.company, was=rules, rules=rules, reference="P1", actor=actor,
            now=now,
        )  # fmt: skip
