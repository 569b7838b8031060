"""One room's rows behind glass: a list, a page for each row, and its history."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.contrib.admin.options import ModelAdmin
from django.contrib.admin.utils import display_for_value, quote, unquote
from django.db.models import Field, ForeignKey, Model, QuerySet
from django.forms.models import _get_foreign_key
from django.http import Http404, HttpRequest, HttpResponse
from django.template.defaultfilters import linebreaksbr
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.text import capfirst

from branch_ops.admin.columns import (
    CountedPages,
    column,
    filter_for,
    is_secret,
    lookups_of,
    shown_fields,
)
from branch_ops.queries import history
from branch_ops.render import MODEL_NAMES, event_word, facts_text, label_of, name_of, value_text
from identity.models import User
from identity.permissions import can

# Rows that belong to a row: their model, the path from them to it, their columns.
RelatedRows = Sequence[tuple[type[Model], str, Sequence[str]]]
View = Callable[..., HttpResponse]
Names = Any  # lists of names, columns and filters, each of which Django types for itself alone
Site = Any  # StaffSite, which imports this module
ROWS_ON_A_PAGE = 50
MOST_RELATED = 100


@dataclass(frozen=True, slots=True)
class Cell:
    """Show one value of a row, with the address it leads to or empty text."""

    name: str
    label: object
    value: object
    url: str = ""


@dataclass(frozen=True, slots=True)
class Related:
    """Show the rows that belong to a row."""

    title: object
    labels: list[tuple[str, object]]
    rows: list[list[Cell]]
    more: bool


def _shown(value: object) -> object:
    """Return a value as the page writes it: moments in the reader's time, lines as lines."""
    if value is None:
        return None
    return linebreaksbr(value) if isinstance(value, str) else display_for_value(value, "")


class Window(ModelAdmin):
    """Turn an admin class into a window: whatever it says, nobody adds, changes or deletes.

    A room's admin class brings `visible(actor, rows)`, and may bring `audit_target(row)` (whose
    history the row's page shows), `related` (rows that belong to it: model, path to it, columns)
    and `inspected_as` (another model whose permission opens it, as `app.model`). An inline may
    bring `private` (columns shown only to whoever may see the row that another column names).
    """

    actions = None
    list_per_page = ROWS_ON_A_PAGE
    list_max_show_all = ROWS_ON_A_PAGE
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = CountedPages

    admin_site: Site

    def __init__(self, model: type[Model], admin_site: Site) -> None:
        super().__init__(model, admin_site)
        # The room's class stands behind this one: a default here would hide what it says.
        opened_by = getattr(self, "inspected_as", model._meta.label_lower)
        self.permission = f"{opened_by}.inspect"
        self._related_rows: RelatedRows = getattr(self, "related", ())
        self._fields: dict[str, Field] = {
            field.name: field for field in model._meta.concrete_fields
        }
        self._columns: Names = [
            column(self._fields[name]) if name in self._fields else name
            for name in cast(Names, self.list_display)
        ]

    def _has_page(self) -> bool:
        """Tell whether rows have pages: not where the row's key is itself a secret."""
        return not is_secret(self.opts.pk.name)

    # --- who may ---------------------------------------------------------------------------------
    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Tell whether a role in force lets this person look."""
        return self.admin_site.has_permission(request) and can(
            cast(User, request.user), self.permission
        )

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Tell whether the room is listed for this person."""
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: only operations write."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse: only operations write."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse: nothing is removed."""
        return False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Return none: there is nothing to do in a window."""
        return {}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Model]:
        """Return the rows this person may see, with the rows they name."""
        seen = cast(Any, self).visible(request.user, super().get_queryset(request))
        named = [
            field.name
            for field in self._fields.values()
            if isinstance(field, ForeignKey) and not is_secret(field.name)
        ]
        return seen.select_related(*cast(Names, self.list_select_related or ()), *named)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Allow what the page's own filters ask, and nothing else."""
        filters = cast(Names, self.list_filter)
        named = [name for name in [*filters, self.date_hierarchy] if name in self._fields]
        own = {item.parameter_name for item in filters if hasattr(item, "parameter_name")}
        return lookup in own.union(*(lookups_of(self._fields[name]) for name in named))

    # --- how it looks ----------------------------------------------------------------------------
    @property
    def media(self) -> forms.Media:
        """Return no scripts: a window has no forms."""
        return forms.Media()

    def get_list_display(self, request: HttpRequest) -> Names:
        """Return the columns in the reader's words."""
        return self._columns

    def get_list_display_links(self, request: HttpRequest, list_display: Names) -> Names:
        """Let the first column lead to the row's page, where it has one."""
        return list(list_display)[:1] if self._has_page() else None

    def get_list_filter(self, request: HttpRequest) -> Names:
        """Return the filters in the reader's words; none offers what the reader may not see."""
        return [
            (item, filter_for(self._fields[item])) if item in self._fields else item
            for item in cast(Names, self.list_filter)
        ]

    # --- addresses -------------------------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        """Return the addresses of the list, of rows and of their histories; there are no others."""
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        addresses: list[tuple[str, View, str]] = [("", self.changelist_view, "changelist")]
        if hasattr(self, "audit_target"):
            addresses.append(("<path:object_id>/history/", self.history_view, "history"))
        if self._has_page():
            addresses.append(("<path:object_id>/", self.object_view, "change"))
        return [
            path(
                route,
                self.admin_site.admin_view(view, permission=self.permission),
                name=f"{name}_{verb}",
            )
            for route, view, verb in addresses
        ]

    def row_url(self, verb: str, row: Model) -> str:
        """Return the address of a row's page (`change`) or `history`."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_{verb}"
        return reverse(name, args=[quote(row.pk)], current_app=self.admin_site.name)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list; its title is its name."""
        title = capfirst(str(self.opts.verbose_name_plural))
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def object_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show one row, the rows it names and the rows that belong to it."""
        row = self._row(request, object_id)
        context = {
            "cells": list(self._cells(request, row)),
            "related": list(self._related(request, row)),
            "history_url": self.row_url("history", row) if hasattr(self, "audit_target") else "",
        }
        return self._page(request, row, "branch_ops/object.html", context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show what was done to a row, out of the audit log (AUD-1)."""
        row = self._row(request, object_id)
        lines = [
            {
                "line": line,
                "event": event_word(line.event),
                "before": facts_text(line.before),
                "after": facts_text(line.after),
            }
            for line in history(cast(Any, self).audit_target(row))
        ]
        context = {"lines": lines, "row_url": self.row_url("change", row)}
        return self._page(request, row, "branch_ops/history.html", context)

    # --- one row ---------------------------------------------------------------------------------
    def _row(self, request: HttpRequest, object_id: str) -> Model:
        row = None if "\0" in object_id else self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        return row

    def _page(
        self, request: HttpRequest, row: Model, template: str, context: dict[str, Any]
    ) -> HttpResponse:
        request.current_app = self.admin_site.name
        shared = {
            **self.admin_site.each_context(request),
            "title": name_of(row),
            "opts": self.opts,
            "list_name": capfirst(str(self.opts.verbose_name_plural)),
            "list_url": reverse(
                f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist",
                current_app=self.admin_site.name,
            ),
        }
        return TemplateResponse(request, template, {**shared, **context})

    def _cells(self, request: HttpRequest, row: Model) -> Iterable[Cell]:
        if self.fields:
            names: Sequence[Any] = [name for name in self.fields if not is_secret(str(name))]
        else:
            names = [field.name for field in shown_fields(self.model, self.exclude or ())]
        for name in names:
            field = self._fields.get(name)
            if field is None:
                method = getattr(self, name)
                yield Cell(name, method.short_description, _shown(method(row)))
            else:
                value = _shown(value_text(field, row))
                yield Cell(name, label_of(field), value, self._link(request, field, row))

    def _link(self, request: HttpRequest, field: Field, row: Model) -> str:
        """Return the address of the row a column names, where the reader may see it."""
        named = getattr(row, field.name) if isinstance(field, ForeignKey) else None
        if named is None:
            return ""
        window = self.admin_site.window_on(type(named))
        if window is None or not window.has_view_permission(request) or not window._has_page():
            return ""
        if not window.get_queryset(request).filter(pk=named.pk).exists():
            return ""
        return window.row_url("change", named)

    def _related(self, request: HttpRequest, row: Model) -> Iterable[Related]:
        for inline in self.get_inline_instances(request, row):
            key = _get_foreign_key(self.model, inline.model, fk_name=inline.fk_name)
            rows = inline.get_queryset(request).filter(**{key.name: row})
            names = [name for name in inline.fields or () if isinstance(name, str)]
            private = getattr(inline, "private", {})
            yield self._table(request, inline.model, rows, names, private)
        for model, route, listed in self._related_rows:
            rows = model._default_manager.filter(**{route: row}).order_by("pk")
            yield self._table(request, model, rows, listed, {})

    def _table(
        self,
        request: HttpRequest,
        model: type[Model],
        rows: QuerySet[Model],
        names: Sequence[str],
        private: Mapping[str, str],
    ) -> Related:
        by_name = {field.name: field for field in model._meta.concrete_fields}
        shown = [by_name[name] for name in names if name in by_name and not is_secret(name)]
        keys = [field.name for field in shown if isinstance(field, ForeignKey)]
        found = list(rows.select_related(*keys)[: MOST_RELATED + 1])
        window = self.admin_site.window_on(model)
        opens = window is not None and window._has_page() and window.has_view_permission(request)
        seen = {key: self._seen(request, by_name[key], found) for key in private.values()}

        def cell(item: Model, at: int, field: Field) -> Cell:
            hidden = field.name in private and (
                getattr(item, by_name[private[field.name]].attname) not in seen[private[field.name]]
            )
            value = None if hidden else _shown(value_text(field, item))
            url = window.row_url("change", item) if window and opens and not at else ""
            return Cell(field.name, label_of(field), value, url)

        return Related(
            title=MODEL_NAMES.get(model._meta.label_lower, model._meta.verbose_name_plural),
            labels=[(field.name, label_of(field)) for field in shown],
            rows=[
                [cell(item, at, field) for at, field in enumerate(shown)]
                for item in found[:MOST_RELATED]
            ],
            more=len(found) > MOST_RELATED,
        )

    def _seen(self, request: HttpRequest, field: Field, rows: Sequence[Model]) -> set[object]:
        """Return the keys of those rows a column names that the reader may see."""
        window = self.admin_site.window_on(field.related_model)
        if window is None or not window.has_view_permission(request):
            return set()
        named = {getattr(row, field.attname) for row in rows}
        return set(window.get_queryset(request).filter(pk__in=named).values_list("pk", flat=True))
