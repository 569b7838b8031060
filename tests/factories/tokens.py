"""A software token for tests, freshly initialised, with nothing in it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LABEL, PIN = "authority", "246813"
_PLACES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)


def module() -> str:
    """Return the path of SoftHSM's library."""
    for place in _PLACES:
        if Path(place).exists():
            return place
    raise RuntimeError("SoftHSM is needed (on Debian, as root: apt-get install softhsm2)")


@contextmanager
def empty_token(directory: Path, label: str = LABEL) -> Iterator[str]:
    """Initialise a token in a directory and point this process's SoftHSM at it."""
    (directory / "tokens").mkdir()
    configuration = directory / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {directory}/tokens\nlog.level = ERROR\n")
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(configuration)
    program = shutil.which("softhsm2-util")
    if program is None:
        raise RuntimeError("softhsm2-util is needed (on Debian: apt-get install softhsm2)")
    arguments = ["--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "13572468"]
    subprocess.run([program, *arguments], check=True, capture_output=True)
    try:
        yield module()
    finally:
        if before is None:
            del os.environ["SOFTHSM2_CONF"]
        else:
            os.environ["SOFTHSM2_CONF"] = before
