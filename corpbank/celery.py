"""The Celery application: the queue wakes workers, the database holds what is to be done."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "corpbank.settings.enterprise")

app = Celery("corpbank")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
