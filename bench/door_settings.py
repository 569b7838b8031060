"""The measured site with passwords at the cost they have in production."""

from bench.settings import *  # noqa: F403 -- Django's own way of sharing settings
from corpbank.settings import base

ARGON2_COST = base.ARGON2_COST
