"""The addresses of the staff site."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from branch_ops.views import set_language

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("branch_ops.urls")),
    path("language/", set_language, name="set_language"),
    # The window answers every other address, so it stands last.
    path("", admin.site.urls),
]
