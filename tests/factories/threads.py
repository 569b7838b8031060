"""Several people at the same moment: threads that start together, each on its own connection."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from django.db import connection

from kernel.errors import DomainError

Result = TypeVar("Result")
PATIENCE = 60


def at_once(acts: Sequence[Callable[[], Result]]) -> list[Result | DomainError]:
    """Run these acts side by side and return, in their order, what each gave or was refused by.

    Anything but a clear refusal is raised: a race may never show a crash.
    """
    gate = Barrier(len(acts))

    def run(act: Callable[[], Result]) -> Result | DomainError:
        try:
            connection.ensure_connection()
            gate.wait(PATIENCE)
            return act()
        except DomainError as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))
