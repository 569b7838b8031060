"""The Content-Security-Policy of each site."""

from typing import Any

from csp.constants import NONCE, NONE, SELF


def enterprise_policy(report_path: str) -> dict[str, Any]:
    """Return the strict policy: scripts by nonce alone, no string ever becomes script."""
    return {
        "DIRECTIVES": {
            **_shared(report_path),
            "script-src": [NONCE],
            "require-trusted-types-for": ["'script'"],
            "trusted-types": [NONE],
        }
    }


def staff_policy(report_path: str) -> dict[str, Any]:
    """Return the staff site's policy: the admin's scripts come as files and write HTML as text."""
    return {"DIRECTIVES": {**_shared(report_path), "script-src": [SELF]}}


def _shared(report_path: str) -> dict[str, Any]:
    return {
        "default-src": [NONE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "report-uri": [report_path],
    }
