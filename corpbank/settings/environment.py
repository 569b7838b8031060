"""Read settings from environment variables, with one sentence when one is missing or wrong."""

import ipaddress
import os
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE, FALSE = {"1", "true", "yes", "on"}, {"", "0", "false", "no", "off"}


def required(name: str) -> str:
    """Return the value of a variable that has no default."""
    value = os.environ.get(name, "")
    if not value:
        raise ImproperlyConfigured(f"Set the environment variable {name}.")
    return value


def text(name: str, default: str = "") -> str:
    """Return the value of a variable, or its default."""
    return os.environ.get(name, default)


def number(name: str, default: int) -> int:
    """Return the value of a variable as a whole number, or its default."""
    value = os.environ.get(name, "")
    try:
        return int(value) if value else default
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from None


def flag(name: str) -> bool:
    """Return whether a variable says yes; unset means no."""
    value = os.environ.get(name, "").strip().lower()
    if value not in TRUE | FALSE:
        raise ImproperlyConfigured(f"{name} must be 1 or 0, not {value!r}.")
    return value in TRUE


def words(name: str, default: str = "") -> list[str]:
    """Return the comma-separated values of a variable."""
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


def last_host_name(hosts: list[str]) -> str:
    """Return the last of these hosts that has a full name, or empty text.

    Authenticators know a site by its name alone: an address in numbers or a pattern is none.
    """
    return next((host for host in reversed(hosts) if _is_name(host)), "")


def _is_name(host: str) -> bool:
    if host.startswith((".", "*", "[")):
        return False
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return True
    return False


def database(url: str, *, pool_size: int = 0) -> dict[str, Any]:
    """Return Django's settings for one PostgreSQL address.

    `url` is ``postgresql://user:password@host:port/name?option=value``; options go to libpq.
    `pool_size` is how many connections this process may hold open; 0 means no pool.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"} or not parts.path.strip("/"):
        # The address itself is not repeated: a password may be in it.
        raise ImproperlyConfigured("A database address must look like postgresql://…/name.")
    # Prepared statements need both of the first two; psycopg prepares a statement it sees again.
    options: dict[str, Any] = {"server_side_binding": True, "prepare_threshold": 1}
    options |= dict(parse_qsl(parts.query))
    if pool_size:
        options["pool"] = {"min_size": 1, "max_size": pool_size, "timeout": 5}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        # The pool keeps connections open by itself; keeping them per thread as well would leak.
        "CONN_MAX_AGE": 0,
        "ATOMIC_REQUESTS": False,
        "OPTIONS": options,
    }
