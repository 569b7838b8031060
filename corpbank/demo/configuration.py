"""What the demo runs with: ports, secrets made once per installation, and the environment."""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from corpbank.services import Addresses, local_directory
from corpbank.services.processes import LOOPBACK, is_port_free, write_private

PROJECT = Path(__file__).resolve().parents[2]
LOCAL = local_directory()
DIRECTORY = LOCAL / "demo"
LOGS = LOCAL / "log"
STAFF_HOST = "localhost"
STATIC_ROOT = DIRECTORY / "static"
SECRETS_FILE = DIRECTORY / "secrets.json"
SECRET_NAMES = ("SECRET_KEY", "PKI_KEY_PASSPHRASE", "LETTER_HASH_KEY", "SMS_GATEWAY_TOKEN")


class Refusal(Exception):
    """Say in one sentence why the demo cannot run."""


@dataclass(frozen=True, slots=True)
class Ports:
    """The port of each door, every one of them at the loopback address."""

    enterprise: int
    staff: int
    messages: int
    smtp: int


# Field of Ports → the variable that changes it, and what it is otherwise.
PORT_VARIABLES = {
    "enterprise": ("CORPBANK_ENTERPRISE_PORT", 8000),
    "staff": ("CORPBANK_STAFF_PORT", 8001),
    "messages": ("CORPBANK_MESSAGES_PORT", 8025),
    "smtp": ("CORPBANK_SMTP_PORT", 8026),
}


def choose_ports() -> Ports:
    """Return the ports to use.

    Raises Refusal with one sentence for one that is no port, is named twice, or is taken.
    """
    chosen: dict[str, int] = {}
    for field, (variable, usual) in PORT_VARIABLES.items():
        value = os.environ.get(variable) or str(usual)
        if not value.isascii() or not value.isdecimal() or not 0 < int(value) < 65_536:
            raise Refusal(f"{variable} must be a port between 1 and 65535, not {value!r}.")
        port = int(value)
        if port in chosen.values():
            raise Refusal(f"Port {port} is wanted twice: set {variable} to another port.")
        if not is_port_free(port):
            raise Refusal(
                f"Port {port} is taken, perhaps by a demo that is already running: stop that"
                f" program, or set {variable} to another port."
            )
        chosen[field] = port
    return Ports(**chosen)


def usual_ports() -> Ports:
    """Return the ports by name alone, taken or not."""
    found = {
        field: int(os.environ.get(variable) or usual)
        for field, (variable, usual) in PORT_VARIABLES.items()
    }
    return Ports(**found)


def own_secrets() -> dict[str, str]:
    """Return this installation's secrets; they are made at the first start and kept private."""
    if not SECRETS_FILE.exists():
        made = {name: secrets.token_urlsafe(48) for name in SECRET_NAMES}
        write_private(SECRETS_FILE, json.dumps(made))
    found: dict[str, str] = json.loads(SECRETS_FILE.read_text("utf-8"))
    return found


def environment(addresses: Addresses, ports: Ports, *, site: str, owner: bool) -> Mapping[str, str]:
    """Return the environment of one process of the demo.

    Only what migrates is given the `owner` role's address; the sites and the worker are not.
    """
    settings = {
        "DJANGO_SETTINGS_MODULE": f"corpbank.settings.{site}",
        "ALLOWED_HOSTS": f"{LOOPBACK},{STAFF_HOST}",
        # Passkeys want a name: the staff site is opened as localhost.
        "WEBAUTHN_RP_ID": STAFF_HOST,
        "STAFF_ORIGINS": f"http://{STAFF_HOST}:{ports.staff}",
        "PLAIN_HTTP": "1",
        "LOG_LEVEL": os.environ.get("LOG_LEVEL", "INFO"),
        "STATIC_ROOT": str(STATIC_ROOT),
        "PKI_KEY_DIRECTORY": str(DIRECTORY / "keys"),
        "PKI_PUBLIC_URL": f"http://{LOOPBACK}:{ports.enterprise}/pki",
        # A demo has no card readers: the browser holds the card.
        "SIGNING_ALLOWED_STORAGES": "BROWSER,SOFTWARE,HARDWARE",
        "EMAIL_HOST": LOOPBACK,
        "EMAIL_PORT": str(ports.smtp),
        "SMS_GATEWAY_URL": f"http://{LOOPBACK}:{ports.messages}/messages",
        "ENVIRONMENT_LABEL": "示範 Demo",
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
    }
    found = {**os.environ, **settings, **own_secrets(), **addresses.environment()}
    if not owner:
        found.pop("OWNER_DATABASE_URL", None)
    return found
