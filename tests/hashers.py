"""The real password algorithm at its cheapest."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class QuickArgon2PasswordHasher(Argon2PasswordHasher):
    """Hash with argon2 in a fraction of a millisecond."""

    time_cost = 1
    memory_cost = 8
    parallelism = 1
