"""The staff window on certificates, letters, the authority and its revocation lists."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Model, QuerySet

from certificates.models import (
    Certificate,
    CertificateAuthority,
    ExternalAuthority,
    ExternalIssuer,
    ExternalList,
    Letter,
    RevocationList,
)
from certificates.queries import visible_certificates
from identity.models import User
from identity.queries import visible_users


@admin.register(Certificate)
class CertificateAdmin(admin.ModelAdmin):
    list_display = (
        "serial_number", "holder", "purpose", "storage", "state", "suspensions", "not_after",
    )  # fmt: skip
    list_filter = ("state", "purpose", "storage")
    list_select_related = ("holder",)
    search_fields = ("serial_number", "holder__display_name", "holder__public_id")
    exclude = ("der",)

    def visible(self, actor: User, rows: QuerySet[Certificate]) -> QuerySet[Certificate]:
        """Return the certificates of people the reader may see."""
        return rows.filter(pk__in=visible_certificates(actor).values("pk"))


@admin.register(Letter)
class LetterAdmin(admin.ModelAdmin):
    list_display = ("number", "holder", "purpose", "state", "tries", "prepared_at", "expires_at")
    list_filter = ("state", "purpose")
    list_select_related = ("holder",)
    search_fields = ("number", "holder__display_name", "holder__public_id")
    exclude = ("secret_hmac",)

    def visible(self, actor: User, rows: QuerySet[Letter]) -> QuerySet[Letter]:
        """Return the letters of people the reader may see; never what is in them."""
        return rows.filter(holder__in=visible_users(actor))


@admin.register(CertificateAuthority)
class CertificateAuthorityAdmin(admin.ModelAdmin):
    list_display = ("name", "reference", "kind", "state", "crl_number", "created_at")
    list_filter = ("kind", "state")
    exclude = ("certificate_der", "key_reference")

    def visible(
        self, actor: User, rows: QuerySet[CertificateAuthority]
    ) -> QuerySet[CertificateAuthority]:
        """Return all: who certifies is public."""
        return rows


@admin.register(RevocationList)
class RevocationListAdmin(admin.ModelAdmin):
    list_display = ("issuer", "number", "entries", "this_update", "next_update")
    list_filter = ("issuer",)
    list_select_related = ("issuer",)
    exclude = ("der",)

    def visible(self, actor: User, rows: QuerySet[RevocationList]) -> QuerySet[RevocationList]:
        """Return all: revocation lists are public."""
        return rows


class OfOutsideAuthorities(admin.ModelAdmin):
    """Open to whoever may look at outside authorities: whom the bank accepts is public."""

    inspected_as = "certificates.externalauthority"

    def visible(self, actor: User, rows: QuerySet[Model]) -> QuerySet[Model]:
        """Return all."""
        return rows


@admin.register(ExternalAuthority)
class ExternalAuthorityAdmin(OfOutsideAuthorities):
    list_display = ("code", "name", "configured_at", "withdrawn_at")
    search_fields = ("code", "name")
    exclude = ("root_der",)
    related = (
        (ExternalIssuer, "authority", ("subject", "crl_url")),
        (ExternalList, "issuer__authority", ("number", "entries", "this_update", "next_update")),
    )

    def audit_target(self, row: ExternalAuthority) -> str:
        """Return the name the audit log knows an authority by."""
        return f"external:{row.code}"


@admin.register(ExternalIssuer)
class ExternalIssuerAdmin(OfOutsideAuthorities):
    list_display = ("subject", "authority", "crl_url")
    list_select_related = ("authority",)
    exclude = ("certificate_der", "chain")


@admin.register(ExternalList)
class ExternalListAdmin(OfOutsideAuthorities):
    list_display = ("issuer", "number", "entries", "this_update", "next_update", "fetched_at")
    list_select_related = ("issuer",)
    exclude = ("der",)
