"""See to the few programs the tests need from the system.

A browser, openssl, a reader of PDF, a software token.

Run by ``make test``. On Debian and its relatives, as root, what is missing is installed with
apt-get; elsewhere one sentence names it. Without the token the run goes on: only the tests of
keys inside a token then say what they lack.
"""

import os
import shutil
import subprocess
import sys

# The program to look for, and the Debian package that brings it.
NEEDED = {
    "chromium": "chromium",
    "openssl": "openssl",
    "pdftotext": "poppler-utils",
    "softhsm2-util": "softhsm2",
}
# What only a few tests ask for.
SPARED = {"softhsm2"}


def missing_packages() -> list[str]:
    """Return the packages whose program is not on the path."""
    return [package for program, package in NEEDED.items() if shutil.which(program) is None]


def install(packages: list[str]) -> bool:
    """Install packages with apt-get; return whether that went well."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    get = ["apt-get", "--quiet", "--quiet"]
    for command in ([*get, "update"], [*get, "install", "--yes", "--no-install-recommends"]):
        words = [*command, *packages] if "install" in command else command
        if subprocess.run(words, env=environment, check=False).returncode != 0:
            return False
    return True


def main() -> int:
    """Install what is missing, or say what it is."""
    packages = missing_packages()
    if not packages:
        return 0
    names = " ".join(packages)
    may_install = os.geteuid() == 0 and shutil.which("apt-get") is not None
    if may_install and install(packages):
        return 0
    sys.stderr.write(
        f"The tests need these programs from the system: {names}."
        f" Install them (on Debian, as root: apt-get install {names}) and try again.\n"
    )
    return 0 if set(missing_packages()) <= SPARED else 1


if __name__ == "__main__":
    sys.exit(main())
