"""The staff window on accounts, what may be done with them, and postings."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from identity.models import User
from ledger.models import Account, AccountRight, Hold, Leg, Posting
from ledger.policies import AccountFunction
from ledger.queries import rows_visible_to

FUNCTIONS = {
    AccountFunction.INQUIRE: _("Inquire"),
    AccountFunction.EDIT_TRANSFER: _("Edit transfers"),
    AccountFunction.REVIEW_TRANSFER: _("Review transfers"),
    AccountFunction.RELEASE_TRANSFER: _("Release transfers"),
}


class ReadOnlyInline(admin.TabularInline):
    """Show rows that belong to a page, to whoever may see the page; nobody changes them."""

    extra = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Leave it to the page."""
        return True

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Refuse: only operations write."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Refuse: only operations write."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Refuse: nothing is removed."""
        return False


class LegInline(ReadOnlyInline):
    model = Leg
    fields = ("account", "amount", "currency", "balance_after")
    # A posting shows both sides; what is left on an account is for those who may see the account.
    private = {"balance_after": "account"}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Leg]:
        """Load the accounts the rows name along with them."""
        return super().get_queryset(request).select_related("account").order_by("pk")


class HoldInline(ReadOnlyInline):
    model = Hold
    fields = ("key", "amount", "state", "made_at", "ended_at")
    ordering = ("-pk",)


@admin.register(Account)
class AccountAdmin(admin.ModelAdmin):
    list_display = ("number", "name", "company", "currency", "kind", "state", "balance", "held")
    list_filter = ("kind", "state", "currency")
    list_select_related = ("company",)
    search_fields = ("number", "name", "company__code", "company__name")
    inlines = (HoldInline,)

    def visible(self, actor: User, rows: QuerySet[Account]) -> QuerySet[Account]:
        """Return the accounts of companies the reader may see."""
        return rows_visible_to(actor, rows)

    def audit_target(self, row: Account) -> str:
        """Return the name the audit log knows an account by."""
        return f"account:{row.number}"


class FunctionFilter(admin.SimpleListFilter):
    """Narrow rights to one function."""

    title = _("function")
    parameter_name = "function"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        """Return the functions of accounts."""
        return [(function.value, str(FUNCTIONS[function])) for function in AccountFunction]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[AccountRight]
    ) -> QuerySet[AccountRight]:
        """Return the rights to the chosen function, or all."""
        chosen = self.value()
        return queryset.filter(permission__codename=chosen) if chosen else queryset


@admin.register(AccountRight)
class AccountRightAdmin(admin.ModelAdmin):
    list_display = ("user", "content_object", "function", "cap", "valid_from", "valid_until")
    list_filter = (FunctionFilter,)
    list_select_related = ("user", "content_object", "permission")
    fields = (
        "user", "content_object", "function", "cap", "counterparty", "grant", "valid_from",
        "valid_until",
    )  # fmt: skip
    search_fields = ("user__display_name", "user__public_id", "content_object__number")

    @admin.display(description=_("function"), ordering="permission__codename")
    def function(self, row: AccountRight) -> object:
        """Return which function the right is for."""
        return FUNCTIONS[AccountFunction(row.permission.codename)]

    def visible(self, actor: User, rows: QuerySet[AccountRight]) -> QuerySet[AccountRight]:
        """Return the rights on accounts the reader may see."""
        return rows.filter(content_object__in=rows_visible_to(actor, Account.objects.all()))


@admin.register(Posting)
class PostingAdmin(admin.ModelAdmin):
    list_display = ("reference", "kind", "value_date", "posted_at", "narrative")
    list_filter = ("kind",)
    search_fields = ("reference", "legs__account__number")
    date_hierarchy = "value_date"
    inlines = (LegInline,)

    def visible(self, actor: User, rows: QuerySet[Posting]) -> QuerySet[Posting]:
        """Return the postings that touch an account the reader may see."""
        seen = rows_visible_to(actor, Account.objects.all())
        return rows.filter(Exists(Leg.objects.filter(posting=OuterRef("pk"), account__in=seen)))
