"""Settings of a worker started by a test: the test's own database, queue and sinks."""

import os

from corpbank.settings import base
from corpbank.settings.test import *  # noqa: F403 -- Django's own way of sharing settings

DATABASES = base.databases(os.environ["DATABASE_URL"], "", pool_size=4)
REDIS_URL = CELERY_BROKER_URL = os.environ["REDIS_URL"]
CACHES = base.caches(REDIS_URL)
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
SMS_GATEWAY_URL = os.environ["SMS_URL"]
ALERTS_LEASE_SECONDS = 3
CELERY_BEAT_SCHEDULE = {"alerts.sweep": {"task": "alerts.sweep", "schedule": 0.5}}
