"""Settings of the machine that keeps the root: no network, no database, nothing to be served.

Only BANK_NAME, PKI_PUBLIC_URL and the PKCS11 variables are looked at; the commands make_root and
sign_with_root need nothing else.
"""

import secrets

from corpbank.settings.base import *  # noqa: F403 -- Django's own way of sharing settings

SECRET_KEY = secrets.token_urlsafe(50)
ALLOWED_HOSTS: list[str] = []
DATABASES: dict[str, object] = {}
PKI_KEY_DIRECTORY = "."
PKI_KEY_PASSPHRASE = ""
