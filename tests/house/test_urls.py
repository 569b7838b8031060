"""Every address of both sites names the permission it asks for."""

from collections.abc import Iterator
from importlib import import_module

import pytest
from django.urls import URLPattern, URLResolver

SITES = ("corpbank.urls.enterprise", "corpbank.urls.staff")


def addresses(
    patterns: list[URLPattern | URLResolver], prefix: str = ""
) -> Iterator[tuple[str, URLPattern]]:
    """Yield every address below with the pattern that answers it."""
    for entry in patterns:
        path = f"{prefix}{entry.pattern}"
        if isinstance(entry, URLResolver):
            yield from addresses(entry.url_patterns, path)
        else:
            yield path, entry


def permission_of(entry: URLPattern) -> str:
    """Return the permission a view names; a view of the admin asks for its site's."""
    view = entry.callback
    own = getattr(view, "permission", "")
    site = getattr(view, "admin_site", None) or getattr(
        getattr(view, "model_admin", None), "admin_site", None
    )
    return own or getattr(site, "permission", "")


@pytest.mark.parametrize("site", SITES)
def test_every_address_names_its_permission(site: str) -> None:
    found = list(addresses(import_module(site).urlpatterns))
    assert found
    assert [path for path, entry in found if not permission_of(entry)] == []


@pytest.mark.parametrize("site", SITES)
def test_every_permission_is_one_that_roles_can_give(site: str) -> None:
    found = addresses(import_module(site).urlpatterns)
    named = {permission_of(entry) for _, entry in found}
    words = {"public", "signed in"}
    assert {name for name in named - words if name.count(".") < 2} == set()
