"""Through the staff window nothing changes and no secret is seen (DUAL-6)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import get_resolver

from audit.models import Chain, Entry
from identity.models import Role, Session, Unit, User
from identity.permissions import SIGNED_IN
from tests.branch_ops.walking import address, patterns, staff_of, windows
from tests.factories.world import World, submit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("staff_site")]
ComeIn = Callable[[str], Client]
STAFF_ROLES = [
    "it.security.maker",
    "it.security.checker",
    "branch.security.maker",
    "branch.security.checker",
    "branch.business.maker",
    "branch.business.checker",
    "bank.auditor",
]


def counted() -> dict[str, int]:
    """Return how many rows each table holds that looking must not change."""
    changed_by_looking = {Session, Entry, Chain}
    return {
        model._meta.label: model._default_manager.count()
        for model, _window in windows()
        if model not in changed_by_looking
    }


# --- nothing can be changed ----------------------------------------------------------------------
@pytest.mark.req("DUAL-6", "DEL-1")
@pytest.mark.parametrize("role", STAFF_ROLES)
def test_whoever_walks_the_whole_window_can_only_look(
    staff_client: ComeIn, world: World, role: str
) -> None:
    unit = Unit.objects.get(code="000") if role.startswith(("it.", "bank.")) else world.branch
    submit(world, world.holder("maker01", card=False))
    client = staff_client(staff_of(role, unit))
    permissions = set(Role.objects.get(code=role).permissions)
    before = counted()
    for model, window in windows():
        may = window.permission in permissions
        row = model._default_manager.first()
        key = row.pk if row else 1
        lists = [address(window)]
        rows = [address(window, "change", object_id=key)] if window._has_page() else []
        if hasattr(window, "audit_target"):
            rows.append(address(window, "history", object_id=key))
        for path in lists:
            assert client.get(path).status_code == (200 if may else 403), path
        for path in rows:
            assert client.get(path).status_code in ((200, 404) if may else (403,)), path
        for act in (client.put, client.patch, client.delete):
            assert act(lists[0]).status_code == 403, lists
        for path in [*lists, *rows]:
            assert client.post(path, {"_save": "1"}).status_code == 403, path
        for ending in ("add/", f"{key}/change/", f"{key}/delete/"):
            path = address(window) + ending
            assert client.get(path).status_code in (403, 404), path
            assert client.post(path, {"action": "delete_selected"}).status_code == 403, path
    assert counted() == before


def test_every_address_of_the_staff_site_names_its_permission() -> None:
    named = {}
    for pattern in patterns(get_resolver("corpbank.urls.staff").url_patterns):
        permission = getattr(pattern.callback, "permission", None)
        assert permission, pattern
        named[pattern.name] = permission
    assert named["identity_company_changelist"] == "identity.company.inspect"
    assert named["identity_company_change"] == "identity.company.inspect"
    assert named["index"] == SIGNED_IN
    assert named["sign_in"] == "public"


def test_the_admins_own_doors_do_not_exist(staff_client: ComeIn, world: World) -> None:
    client = staff_client("auditor001")
    for path in (
        "/login/", "/logout/", "/password_change/", "/password_change/done/", "/autocomplete/",
        "/jsi18n/", "/r/1/1/", "/auth/group/", "/admin/logentry/", "/auth/user/",
    ):  # fmt: skip
        assert client.get(path).status_code == 404, path
    page = client.get("/").content.decode()
    assert "recent-actions" not in page


@pytest.mark.req("DEL-1")
def test_there_is_no_superuser() -> None:
    assert not any(field.name == "is_superuser" for field in User._meta.get_fields())
    assert User.is_superuser is False


# --- no secrets ----------------------------------------------------------------------------------
def test_no_page_shows_a_secret(staff_client: ComeIn, busy: World) -> None:
    client = staff_client("auditor001")
    session = Session.objects.filter(ended_at__isnull=True).get()
    secrets = [*User.objects.values_list("password", flat=True), session.pk]
    for model, window in windows():
        pages = [client.get(address(window)).content.decode()]
        for row in model._default_manager.all()[:3] if window._has_page() else []:
            answer = client.get(address(window, "change", object_id=row.pk))
            pages.append(answer.content.decode())
        for page in pages:
            assert not any(secret in page for secret in secrets), model
            assert "secret_hmac" not in page
    assert session.pk not in client.get("/identity/session/").content.decode()
    assert client.get(f"/identity/session/{session.pk}/").status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "identity/user/?password__startswith=argon2",
        "identity/session/?user__password__contains=a",
        "identity/session/?key_sha256__gt=0",
        "certificates/letter/?secret_hmac__isnull=False",
        "alerts/message/?body__contains=a",
        "identity/grant/?user__contact_points__address__contains=a",
    ],
)
def test_a_hidden_column_cannot_be_guessed_through_the_address(
    staff_client: ComeIn, world: World, query: str
) -> None:
    assert staff_client("auditor001").get("/" + query).status_code == 400


@pytest.mark.parametrize("role", ["auditor001", "branch001"])
def test_every_filter_that_is_offered_works(staff_client: ComeIn, busy: World, role: str) -> None:
    client = staff_client(role)
    for _model, window in windows():
        path = address(window)
        page = client.get(path)
        if page.status_code == 403:
            continue
        for spec in page.context["cl"].filter_specs:
            for choice in spec.choices(page.context["cl"]):
                answer = client.get(path + choice["query_string"])
                assert answer.status_code == 200, (path, choice)
        if window.search_fields:
            assert client.get(path, {"q": "a 1"}).status_code == 200


def test_a_filter_does_not_offer_what_the_reader_may_not_see(
    staff_client: ComeIn, world: World
) -> None:
    page = staff_client("branch001").get("/identity/user/").content.decode()
    assert "信義分行" not in page
