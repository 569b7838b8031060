"""The composition root as a Django app: it brings templates, formats and commands, no tables."""

from django.apps import AppConfig

# Every process that wakes the worker must know which broker: the app makes itself current.
from corpbank.celery import app as celery_app

__all__ = ["CorpbankConfig", "celery_app"]


class CorpbankConfig(AppConfig):
    """Name the composition root."""

    name = "corpbank"
