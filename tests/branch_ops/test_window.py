"""The staff window only shows, and shows each person only what is theirs to see (DUAL-6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.contrib import admin
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.db.models import Model, QuerySet
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils.translation import override

from alerts.models import Message
from approvals.models import Request
from approvals.states import Act
from audit.models import Chain, Entry
from branch_ops.admin import StaffSite, Window
from branch_ops.render import label_of
from certificates.models import Certificate, Letter
from identity import operations as identity
from identity.models import Company, Role, Session, Unit, User
from identity.permissions import SIGNED_IN
from kernel import clock
from ledger.models import Account, AccountRight, Posting
from tests.factories.world import PASSWORD, World, decide, submit
from transfers.models import Limit, LimitCounter, PaymentOrder

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


@pytest.fixture
def busy(world: World) -> World:
    """Return a bank where each customer has made transfers and one was released."""
    for company in (world.first, world.second):
        maker = world.holder("maker01", company, card=False)
        source = "100000000011" if company is world.first else "200000000012"
        payee = "200000000012" if company is world.first else "100000000011"
        amount = 5_000 if company is world.first else 50
        references = [
            submit(world, maker, amount, from_account=source, payee=payee) for _ in range(3)
        ]
        decide(world, world.holder("release1", company), references[0], Act.RELEASE)
    return world


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
            contacts={}, actor="system", now=clock.now(),
        )  # fmt: skip
        identity.grant_role(
            user=user, role_code=role, parent=None, granted_by=None, now=clock.now()
        )
    return role


def counted() -> dict[str, int]:
    """Return how many rows each table holds that looking must not change."""
    changed_by_looking = {Session, Entry, Chain}
    return {
        model._meta.label: model._default_manager.count()
        for model, _window in windows()
        if model not in changed_by_looking
    }


# --- who sees what -------------------------------------------------------------------------------
@pytest.mark.req("DUAL-6", "DEL-4")
def test_a_branch_sees_its_own_customers_and_nobody_elses(
    staff_client: ComeIn, busy: World
) -> None:
    client = staff_client("branch001")
    own, other = busy.first.company, busy.second.company
    of_company = {
        Company: "pk", User: "company", Account: "company", Request: "company", Limit: "company",
        PaymentOrder: "company", LimitCounter: "company", AccountRight: "content_object__company",
        Certificate: "holder__company", Letter: "holder__company",
    }  # fmt: skip
    for model, route in of_company.items():
        window = admin.site.window_on(model)
        theirs = model._default_manager.filter(**{route: other.pk}).first()
        mine = model._default_manager.filter(**{route: own.pk}).first()
        assert theirs is not None
        assert mine is not None
        listed = listing(client, window)
        assert set(listed.values_list(route, flat=True)) <= {own.pk, None}, model
        assert client.get(address(window, "change", object_id=mine.pk)).status_code == 200
        assert client.get(address(window, "change", object_id=theirs.pk)).status_code == 404
        if hasattr(window, "audit_target"):
            assert client.get(address(window, "history", object_id=mine.pk)).status_code == 200
            assert client.get(address(window, "history", object_id=theirs.pk)).status_code == 404


def test_a_branch_does_not_see_the_people_of_another_branch(
    staff_client: ComeIn, world: World
) -> None:
    page = staff_client("branch001").get("/identity/user/").content.decode()
    assert "何佩珊" in page
    assert "曾志偉" not in page
    assert "稽核員" not in page


def test_messages_are_seen_by_the_branch_of_their_readers(
    staff_client: ComeIn, busy: World
) -> None:
    client = staff_client("branch002")
    listed = client.get("/alerts/message/").context["cl"].queryset
    assert Message.objects.filter(company_key=busy.first.company.code).exists()
    assert {row.company_key for row in listed} == {busy.second.company.code}


@pytest.mark.req("AUD-1")
def test_the_auditor_reads_the_audit_log_of_everyone(staff_client: ComeIn, busy: World) -> None:
    client = staff_client("auditor001")
    listed = client.get("/audit/entry/").context["cl"].queryset
    assert listed.count() == Entry.objects.count()
    entry = Entry.objects.filter(event="approvals.request.released").first()
    assert entry is not None
    page = client.get(f"/audit/entry/{entry.pk}/").content.decode()
    assert bytes(entry.hash).hex() in page
    assert client.get("/audit/chain/").status_code == 200


@pytest.mark.req("AUD-1")
def test_a_branch_maker_does_not_read_the_audit_log(staff_client: ComeIn, busy: World) -> None:
    client = staff_client("branch001")
    assert client.get("/audit/entry/").status_code == 403
    assert client.get("/audit/").status_code == 404
    assert "/audit/" not in client.get("/").content.decode()
    refused = Entry.objects.get(event="audit.entry.inspect", outcome="refused")
    assert refused.actor == busy.staff["branch001"].public_id


@pytest.mark.req("AUD-1")
def test_a_branch_auditor_would_read_the_chains_of_the_branch_alone(
    staff_client: ComeIn, busy: World
) -> None:
    login_name = staff_of("bank.auditor", busy.branch)
    listed = staff_client(login_name).get("/audit/entry/").context["cl"].queryset
    chains = set(listed.values_list("chain", flat=True))
    assert chains == {f"company:{busy.first.company.code}", "unit:001"}


def test_a_rows_history_comes_from_the_audit_log(staff_client: ComeIn, busy: World) -> None:
    request = Request.objects.filter(company=busy.first.company, state="RELEASED").get()
    client = staff_client("branch001")
    row = client.get(f"/approvals/request/{request.pk}/")
    assert f"/approvals/request/{request.pk}/history/" in row.content.decode()
    history = client.get(f"/approvals/request/{request.pk}/history/").content.decode()
    assert "Submitted" in history
    assert "林雅婷" in history


def test_a_row_leads_only_to_rows_the_reader_may_see(staff_client: ComeIn, busy: World) -> None:
    """A grant names who gave it; a branch may not see people of other units."""
    giver, user = busy.staff["branch002"], busy.first.people["maker02"]
    with transaction.atomic():
        grant = identity.grant_role(
            user=user, role_code="ent.security.maker", parent=None, granted_by=giver,
            now=clock.now(),
        )  # fmt: skip
    page = staff_client("branch001").get(f"/identity/grant/{grant.pk}/")
    urls = {cell.name: cell.url for cell in page.context["cells"]}
    assert urls["user"] == f"/identity/user/{user.pk}/"
    assert urls["granted_by"] == ""


def test_a_posting_does_not_tell_the_balance_of_an_account_one_may_not_see(
    staff_client: ComeIn, busy: World
) -> None:
    """Both sides of a transfer between two branches' customers see it; each its own balance."""
    paid = PaymentOrder.objects.get(company=busy.first.company, executed_at__isnull=False)
    posting = Posting.objects.get(reference=paid.reference)
    balances = {}
    for login_name in ("branch001", "branch002", "auditor001"):
        page = staff_client(login_name).get(f"/ledger/posting/{posting.pk}/")
        [legs] = page.context["related"]
        balances[login_name] = [
            cell.value is not None
            for row in legs.rows
            for cell in row
            if cell.name == "balance_after"
        ]
    assert balances == {
        "branch001": [True, False],
        "branch002": [False, True],
        "auditor001": [True, True],
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


# --- what the site refuses to open ---------------------------------------------------------------
def test_a_class_that_does_not_say_who_may_see_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="who may see"):
        StaffSite().register(Company, admin.ModelAdmin)


@pytest.mark.parametrize("option", ["list_display", "search_fields", "fields", "list_filter"])
def test_a_class_that_names_a_secret_is_refused(option: str) -> None:
    body = {"visible": lambda self, actor, rows: rows, option: ("user__password",)}
    with pytest.raises(ImproperlyConfigured, match="secret"):
        StaffSite().register(Session, type("Careless", (admin.ModelAdmin,), body))


# --- work and words ------------------------------------------------------------------------------
def test_a_list_costs_the_same_with_one_row_and_with_three(
    staff_client: ComeIn, busy: World, monkeypatch
) -> None:
    client = staff_client("auditor001")
    full = set()
    for model, window in windows():
        costs = {}
        for rows in (1, 3):
            monkeypatch.setattr(window, "list_per_page", rows)
            with CaptureQueriesContext(connection) as queries:
                page = client.get(address(window))
            assert page.status_code == 200, (model, page.content.decode())
            costs[rows] = len(queries)
            shown = len(page.context["cl"].result_list)
        if shown == 3:
            full.add(model)
        assert costs[1] == costs[3], (model, costs)
        assert costs[3] <= 9, (model, costs)
    assert {Company, User, Account, Request, PaymentOrder, Posting, Message, Entry} - full == {
        Company
    }


def test_a_rows_page_costs_the_same_with_one_and_with_three_rows_that_belong_to_it(
    staff_client: ComeIn, busy: World
) -> None:
    client = staff_client("auditor001")
    costs = set()
    for request in Request.objects.order_by("pk")[:3]:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/approvals/request/{request.pk}/").status_code == 200
        costs.add(len(queries))
    assert len(costs) == 1
    assert costs.pop() <= 14


@pytest.mark.parametrize("path", ["/", "/identity/company/", "/identity/"])
def test_pages_are_written_in_the_readers_language(staff_client, world: World, path: str) -> None:
    assert "分行管理後台" in staff_client("auditor001", "zh-hant").get(path).content.decode()


def test_every_column_has_a_chinese_name() -> None:
    with override("zh-hant"):
        bare = [
            field
            for _model, window in windows()
            for field in window._fields.values()
            if not window.fields and field.name not in (window.exclude or ())
            if str(label_of(field)).isascii() and field.name != "id"
        ]
    assert bare == []
