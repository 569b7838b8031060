"""The staff window on people, companies, units, roles, grants and sign-ins."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet

from identity.models import Company, Grant, Role, Session, SignInPolicy, Unit, User
from identity.queries import visible_companies, visible_users


@admin.register(Unit)
class UnitAdmin(admin.ModelAdmin):
    list_display = ("code", "name", "kind", "state")
    list_filter = ("kind", "state")
    search_fields = ("code", "name")

    def visible(self, actor: User, rows: QuerySet[Unit]) -> QuerySet[Unit]:
        """Return all units: the list of branches is no secret within the bank."""
        return rows

    def audit_target(self, row: Unit) -> str:
        """Return the name the audit log knows a unit by."""
        return f"unit:{row.code}"


@admin.register(Company)
class CompanyAdmin(admin.ModelAdmin):
    list_display = ("code", "name", "branch", "state", "registered_at")
    list_filter = ("state", "branch")
    list_select_related = ("branch",)
    search_fields = ("code", "name")

    def visible(self, actor: User, rows: QuerySet[Company]) -> QuerySet[Company]:
        """Return the companies of the reader's branch, or all for the bank's own units."""
        return rows.filter(pk__in=visible_companies(actor).values("pk"))

    def audit_target(self, row: Company) -> str:
        """Return the name the audit log knows a company by."""
        return f"company:{row.code}"


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
    list_display = ("display_name", "public_id", "company", "unit", "state", "created_at")
    list_filter = ("state", "unit")
    list_select_related = ("company", "unit")
    search_fields = ("display_name", "public_id", "company__code", "company__name")
    exclude = ("password", "authorisation_code")

    def visible(self, actor: User, rows: QuerySet[User]) -> QuerySet[User]:
        """Return the people of the reader's unit and of its companies."""
        return rows.filter(pk__in=visible_users(actor).values("pk"))

    def audit_target(self, row: User) -> str:
        """Return the name the audit log knows a person by."""
        return f"user:{row.public_id}"


@admin.register(Role)
class RoleAdmin(admin.ModelAdmin):
    list_display = ("code", "name", "name_en", "site")
    list_filter = ("site",)

    def visible(self, actor: User, rows: QuerySet[Role]) -> QuerySet[Role]:
        """Return all roles."""
        return rows


@admin.register(Grant)
class GrantAdmin(admin.ModelAdmin):
    list_display = ("user", "role", "level", "group", "state", "valid_from", "valid_until")
    list_filter = ("role", "state")
    list_select_related = ("user", "role")
    search_fields = ("user__display_name", "user__public_id")

    def visible(self, actor: User, rows: QuerySet[Grant]) -> QuerySet[Grant]:
        """Return the grants of people the reader may see."""
        return rows.filter(user__in=visible_users(actor))


@admin.register(Session)
class SessionAdmin(admin.ModelAdmin):
    list_display = ("user", "site", "address", "started_at", "seen_at", "ended_at", "ended_why")
    list_filter = ("site", "ended_why")
    list_select_related = ("user",)
    exclude = ("key_sha256", "data")
    search_fields = ("user__display_name", "user__public_id")

    def visible(self, actor: User, rows: QuerySet[Session]) -> QuerySet[Session]:
        """Return the sign-ins of people the reader may see."""
        return rows.filter(user__in=visible_users(actor))


@admin.register(SignInPolicy)
class SignInPolicyAdmin(admin.ModelAdmin):
    list_display = ("id", "pause_after", "alarm_after", "idle_minutes", "absolute_hours")

    def visible(self, actor: User, rows: QuerySet[SignInPolicy]) -> QuerySet[SignInPolicy]:
        """Return the one row."""
        return rows
