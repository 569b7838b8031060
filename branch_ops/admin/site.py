"""The staff window's doors: who may come in, which rooms it opens on, which addresses there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import ModelAdmin
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from branch_ops.admin.columns import is_secret
from branch_ops.admin.window import Window
from branch_ops.errors import WindowReadOnly
from branch_ops.queries import visible_entries, visible_messages
from branch_ops.render import MODEL_NAMES
from identity.errors import PermissionMissing
from identity.permissions import SIGNED_IN, requires

View = Callable[..., HttpResponse]
NoLog = Any  # an empty tuple where Django expects rows of its own log

# Rooms below identity know no people: whose rows are whose is told here.
BELOW_PEOPLE: dict[str, Callable[..., Any]] = {
    "alerts.message": visible_messages,
    "audit.entry": visible_entries,
    "audit.chain": lambda actor, rows: visible_entries(actor, rows, column="name"),
}


class StaffSite(admin.AdminSite):
    """Open a read-only window on every room whose admin class says who may see what (DUAL-6)."""

    site_title = site_header = _("Branch administration")
    index_title = _("Home")
    index_template = "branch_ops/index.html"
    site_url = None
    empty_value_display = "-"

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: type[ModelAdmin] | None = None,
        **options: object,
    ) -> None:
        """Wrap an admin class so that it only shows, and open the window on its rows.

        Raises ImproperlyConfigured for a class without `visible`, or one that names a secret.
        """
        models = [model_or_iterable] if isinstance(model_or_iterable, type) else model_or_iterable
        for model in models:
            if model._meta.app_label == "auth":
                continue  # Django's own groups and users: nothing of the bank is kept there
            window = self._window(model, admin_class or ModelAdmin, options)
            if model._meta.label_lower in MODEL_NAMES:
                name = MODEL_NAMES[model._meta.label_lower]
                model._meta.verbose_name = model._meta.verbose_name_plural = name  # type: ignore[assignment]
            super().register(model, window)

    def _window(
        self, model: type[Model], admin_class: type[ModelAdmin], options: dict[str, object]
    ) -> type[Window]:
        body: dict[str, object] = dict(options)
        below = BELOW_PEOPLE.get(model._meta.label_lower)
        if below is not None:
            body["visible"] = lambda window, actor, rows: below(actor, rows)
        elif not hasattr(admin_class, "visible"):
            raise ImproperlyConfigured(f"{admin_class.__name__} does not say who may see its rows.")
        window: Any = type(f"{model.__name__}Window", (Window, admin_class), body)
        named = [window.list_display, window.list_filter, window.search_fields, window.fields or ()]
        for name in (str(name) for names in named for name in names):
            if is_secret(name.lstrip("^=@")):
                raise ImproperlyConfigured(f"{admin_class.__name__} names the secret {name}.")
        return window

    def window_on(self, model: type[Model]) -> Window | None:
        """Return the window on a room's rows, or None where there is none."""
        return self._registry.get(model)  # type: ignore[return-value]

    def has_permission(self, request: HttpRequest) -> bool:
        """Tell whether somebody of the bank is signed in."""
        return request.user.is_authenticated and bool(request.user.is_staff)

    def get_log_entries(self, request: HttpRequest) -> NoLog:
        """Return none: what happened stands in the audit log."""
        return ()

    def admin_view(  # type: ignore[override]
        self, view: View, cacheable: bool = False, permission: str = SIGNED_IN
    ) -> View:
        """Guard a view: somebody of the bank with this permission, who only looks.

        The guarded view carries its permission's name, as every address does.
        """

        @wraps(view)
        def looked_at(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
            if not self.has_permission(request):
                raise PermissionMissing(permission)
            if request.method not in ("GET", "HEAD"):
                raise WindowReadOnly()
            return view(request, *args, **kwargs)

        guarded: View = requires(permission)(looked_at)
        return guarded if cacheable else never_cache(guarded)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Return the addresses of the window: overview, rooms, lists, rows, histories."""
        rooms = {model._meta.app_label for model in self._registry}
        lists = [
            path(f"{model._meta.app_label}/{model._meta.model_name}/", include(window.urls))
            for model, window in self._registry.items()
        ]
        room = f"^(?P<app_label>{'|'.join(sorted(rooms))})/$"
        return [
            path("", self.admin_view(self.index), name="index"),
            *lists,
            re_path(room, self.admin_view(self.app_index), name="app_list"),
            # Whoever is not signed in learns nothing about which addresses exist.
            re_path(r"(?P<url>.*)$", self.admin_view(self.catch_all_view)),
        ]
