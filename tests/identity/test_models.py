"""What the database holds of people, whoever writes."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.apps import apps as django_apps
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from identity import forms as identity_forms
from identity.models import Company, ContactPoint, SignInPolicy, User
from tests.factories.world import World


def refused(constraint: str, row: Any) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        row.save(force_insert=True)


def somebody(world: World, **changes: Any) -> User:
    facts = {"public_id": "UNEW", "login_name": "new", "created_at": world.now} | changes
    return User(**facts)


def test_a_person_has_exactly_one_home(world: World) -> None:
    refused("identity_user_one_home", somebody(world))
    both = somebody(world, company=world.company, unit=world.branch)
    refused("identity_user_one_home", both)


def test_a_login_name_is_one_persons_in_its_company(world: World) -> None:
    twice = somebody(world, company=world.company, login_name="maker01")
    refused("identity_user_login_company", twice)
    somebody(world, company=world.company, login_name="maker03").save(force_insert=True)


def test_a_login_name_is_one_persons_in_the_whole_bank(world: World) -> None:
    refused("identity_user_login_staff", somebody(world, unit=world.branch, login_name="branch002"))


def test_a_company_code_is_eight_digits(world: World) -> None:
    for code in ("1234567", "1234567A", "１２３４５６７８"):  # noqa: RUF001 - full-width is the point
        company = Company(code=code, name="X", branch=world.branch, registered_at=world.now)
        refused("identity_company_code", company)


def test_a_person_has_one_address_of_each_channel(world: World) -> None:
    again = ContactPoint(
        user=world.first.people["maker01"], channel="email", address="b@c.example",
        verified_at=world.now,
    )  # fmt: skip
    refused("identity_contact_one_each", again)


@pytest.mark.parametrize(
    "figures", [{"pause_after": 0}, {"alarm_after": 3}, {"idle_minutes": 2, "warning_seconds": 30}]
)
def test_the_figures_of_signing_in_stay_sane(world: World, figures: dict[str, int]) -> None:
    with pytest.raises(IntegrityError, match="identity_policy_sane"), transaction.atomic():
        SignInPolicy.objects.update(**figures)


def test_there_is_one_row_of_figures(world: World) -> None:
    refused("identity_policy_single", SignInPolicy(id=2))


def test_there_is_no_superuser_and_no_way_to_make_one(world: World) -> None:
    assert not any(user.is_superuser for user in User.objects.all())
    with pytest.raises(CommandError):
        call_command("createsuperuser")


def test_nothing_a_person_knows_stands_in_for_their_password():
    """There are no hints and no secret questions, in no column and in no form."""
    models = django_apps.get_app_config("identity").get_models()
    columns = {field.name for model in models for field in model._meta.concrete_fields}
    fields = {
        name
        for form in vars(identity_forms).values()
        if isinstance(form, type) and issubclass(form, forms.Form)
        for name in getattr(form, "base_fields", {})
    }
    assert "password" in columns
    assert "old" in fields
    for name in columns | fields:
        assert not any(word in name for word in ("hint", "question", "answer", "maiden"))
