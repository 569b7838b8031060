"""What the frame of every page of the staff site shows."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def frame(request: HttpRequest) -> dict[str, Any]:
    """Return the name of an environment that is not the real one, or empty text."""
    return {"environment_label": settings.ENVIRONMENT_LABEL}
