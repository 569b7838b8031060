"""The customers' site as it is deployed, without what only prepares a release.

Unlocking the card and signing in happen before a slice and are not measured, so passwords are
hashed at the cheapest cost; static files are never asked for.
"""

from corpbank.settings import base
from corpbank.settings.enterprise import *  # noqa: F403 -- Django's own way of sharing settings

ARGON2_COST = (1, 8, 1)
STORAGES = base.STORAGES | {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
}
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
