"""The least that django-hordak needs to post."""

import os

from corpbank.settings import environment

SECRET_KEY = "only-for-measuring-only-for-measuring-only"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "mptt", "hordak"]
# The same connection options as the bank's: prepared statements on, no pool.
DATABASES = {"default": environment.database(os.environ["HORDAK_DATABASE_URL"])}
USE_TZ = True
TIME_ZONE = "Asia/Taipei"
# Its table of exchange rates knows no other internal currency.
DEFAULT_CURRENCY = HORDAK_INTERNAL_CURRENCY = "EUR"
HORDAK_CURRENCIES = CURRENCIES = ["EUR"]
HORDAK_DECIMAL_PLACES = 4
HORDAK_MAX_DIGITS = 20
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
