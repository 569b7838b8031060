"""What the figures were measured on, without names and paths of the machine."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sysconfig
from collections.abc import Mapping
from pathlib import Path

import psycopg

CORES = 2
PACKAGES = ("Django", "psycopg", "cryptography", "gunicorn", "django-guardian", "django-hordak")


def pin_cores() -> list[int]:
    """Bind this process and all it will start to two cores, and return them."""
    cores = sorted(os.sched_getaffinity(0))[:CORES]
    os.sched_setaffinity(0, cores)
    return cores


def machine(
    cores: list[int], database: Mapping[str, str], loads: tuple[float, float]
) -> list[tuple[str, str]]:
    """Return the facts of the machine and of everything that was measured, each with its name.

    `loads` is the load average of one minute before the run and at its end.
    """
    return [
        ("processor", f"{_processor()}, {len(cores)} of {os.cpu_count()} cores used by all"),
        (
            "other load",
            "{:.1f} processes wanted a core before it began, {:.1f} at its end".format(*loads),
        ),
        ("memory", f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"),
        ("system", f"{platform.system()} {platform.release().split('-')[0]}"),
        ("interpreter", _interpreter()),
        (
            "database",
            f"PostgreSQL {database['server_version'].split(' ')[0]}, fsync {database['fsync']},"
            f" synchronous_commit {database['synchronous_commit']},"
            f" shared_buffers {database['shared_buffers']}",
        ),
        ("libpq", f"psycopg {psycopg.pq.__impl__}, libpq {psycopg.pq.version()}"),
        ("packages", ", ".join(_versions())),
    ]


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            return " ".join(line.partition(":")[2].split())
    return platform.machine()


def _interpreter() -> str:
    options = sysconfig.get_config_var("CONFIG_ARGS") or ""
    profiled = "with" if "--enable-optimizations" in options else "without"
    name = platform.python_implementation()
    return f"{name} {platform.python_version()}, built {profiled} profile-guided optimisation"


def _versions() -> list[str]:
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            found.append(f"{name} absent")
    return found
