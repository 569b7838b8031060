"""The composition root as a Django app: it brings templates, formats and commands, no tables."""

from django.apps import AppConfig


class CorpbankConfig(AppConfig):
    """Name the composition root."""

    name = "corpbank"
