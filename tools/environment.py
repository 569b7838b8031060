"""Make the project's virtual environment and install exactly what the lock names.

Run by ``make`` before anything else, with whatever ``python3`` the machine has. It therefore uses
the standard library alone and must still parse on Python 3.6, so that an old Python answers with
one sentence instead of a traceback.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys

NEEDED = (3, 11)
CANDIDATES = ("python3", "python3.14", "python3.13", "python3.12", "python3.11")
PROBE = "import ensurepip, sys, venv; sys.exit(sys.version_info[:2] < (3, 11))"
STAMPS = ".locks"
NO_NETWORK = (
    "NewConnectionError",
    "Failed to establish a new connection",
    "Temporary failure in name resolution",
    "Name or service not known",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "ProxyError",
    "Network is unreachable",
    "(from versions: none)",
)


class Refusal(Exception):
    """Say in one sentence why the environment cannot be made."""


def find_python():
    """Return the path of a Python new enough that can make virtual environments."""
    names = (sys.executable,) if sys.version_info[:2] >= NEEDED else ()
    for name in names + CANDIDATES:
        path = shutil.which(name)
        if path and _answers(path):
            return path
    found = "{}.{}".format(*sys.version_info[:2])
    if sys.version_info[:2] >= NEEDED:
        raise Refusal(
            "Python " + found + " is here but cannot make virtual environments: install its venv"
            " module (on Debian: apt-get install python3-venv) and try again."
        )
    raise Refusal(
        "This needs Python 3.11 or newer, and only Python " + found + " was found: install a newer"
        " one (on Debian: apt-get install python3 python3-venv) and try again."
    )


def _answers(path):
    """Return whether the Python at `path` is new enough and complete."""
    code = subprocess.call(
        [path, "-c", PROBE], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    return code == 0


def digest_of(lock):
    """Return the SHA-256 of the lock file, in hexadecimal."""
    with open(lock, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def stamp_of(venv, lock):
    """Return the path of the file that remembers which edition of `lock` is installed."""
    return os.path.join(venv, STAMPS, os.path.basename(lock))


def is_current(venv, lock):
    """Return whether the environment already holds this edition of the lock."""
    stamp = stamp_of(venv, lock)
    if not os.path.exists(os.path.join(venv, "bin", "python")) or not os.path.exists(stamp):
        return False
    with open(stamp) as file:
        return file.read() == digest_of(lock)


def install(venv, lock):
    """Create the environment when it is missing and install the lock into it."""
    if not os.path.exists(os.path.join(venv, "bin", "python")):
        print("Making the virtual environment " + venv, flush=True)
        if subprocess.call([find_python(), "-m", "venv", "--clear", venv]) != 0:
            raise Refusal("The virtual environment " + venv + " could not be made.")
    shutil.rmtree(os.path.join(venv, STAMPS), ignore_errors=True)
    print("Installing the packages named in " + lock, flush=True)
    command = [os.path.join(venv, "bin", "python"), "-m", "pip", "install", "--quiet"]
    command += ["--no-input", "--disable-pip-version-check", "--require-hashes", "--no-deps"]
    command += ["--retries", "2"]
    pip = subprocess.Popen(command + ["-r", lock], stderr=subprocess.PIPE)
    errors = pip.communicate()[1].decode("utf-8", "replace")
    if pip.returncode != 0:
        _explain(errors)


def _explain(errors):
    """Raise the sentence that fits what pip wrote."""
    if any(sign in errors for sign in NO_NETWORK):
        raise Refusal(
            "The packages could not be downloaded: check that this machine reaches a Python package"
            " index and try again."
        )
    sys.stderr.write(errors)
    raise Refusal("The packages could not be installed; what pip said stands above.")


def remember(venv, locks):
    """Write the stamp of each lock the environment now satisfies."""
    os.makedirs(os.path.join(venv, STAMPS), exist_ok=True)
    for lock in locks:
        with open(stamp_of(venv, lock), "w") as file:
            file.write(digest_of(lock))


def main():
    """Bring the environment up to date; do nothing, quickly, when it is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--venv", default=".venv", help="directory of the virtual environment")
    parser.add_argument("--lock", default="requirements/dev.lock", help="the lock to install")
    parser.add_argument(
        "--covers", action="append", default=[], help="a lock whose packages this one contains"
    )
    options = parser.parse_args()
    try:
        if not is_current(options.venv, options.lock):
            install(options.venv, options.lock)
            remember(options.venv, [options.lock] + options.covers)
    except Refusal as refusal:
        sys.stderr.write(str(refusal) + "\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
