"""How tests go about the staff window."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib import admin
from django.db import transaction
from django.db.models import Model, QuerySet
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse

from branch_ops.admin import Window
from identity import operations as identity
from identity.models import Unit
from kernel import clock
from tests.factories.world import PASSWORD


def windows() -> Iterator[tuple[type[Model], Window]]:
    """Return every window there is."""
    yield from admin.site._registry.items()


def address(window: Window, verb: str = "changelist", **named: object) -> str:
    """Return an address of a window."""
    name = f"admin:{window.opts.app_label}_{window.opts.model_name}_{verb}"
    return reverse(name, kwargs=named or None, urlconf="corpbank.urls.staff")


def listing(client: Client, window: Window) -> QuerySet[Model]:
    """Return the rows a list is made of."""
    page = client.get(address(window))
    assert page.status_code == 200, page.content.decode()
    return page.context["cl"].queryset


def patterns(tree: list[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    """Return every address of a site."""
    for item in tree:
        if isinstance(item, URLResolver):
            yield from patterns(item.url_patterns)
        else:
            yield item


def staff_of(role: str, unit: Unit) -> str:
    """Bring a person with one role into a unit and return their login name."""
    with transaction.atomic():
        user = identity.add_person(
            home=unit, login_name=role, display_name=role, language="en", password=PASSWORD,
            contacts={}, actor="system", now=clock.now(), first_used_at=clock.now(),
        )  # fmt: skip
        identity.grant_role(
            user=user, role_code=role, parent=None, granted_by=None, now=clock.now()
        )
    return role
