"""Run a command with the services behind it: ``python -m corpbank.services python manage.py …``.

Without a command the services run until Ctrl-C. When the demo is running, its services are used.
With ``--forget`` the data they keep outside the project is removed (``make clean`` does the rest).
"""

import os
import shutil
import signal
import subprocess
import sys

from corpbank.services import ServiceError, default_directory, local_directory, running
from corpbank.services.postgresql import locate


def main() -> int:
    """Run the given command with DATABASE_URL, OWNER_DATABASE_URL and REDIS_URL set."""
    if sys.argv[1:] == ["--forget"]:
        forget()
        return 0
    try:
        with running(share=True) as addresses:
            if sys.argv[1:]:
                environment = os.environ | addresses.environment()
                return subprocess.run(sys.argv[1:], env=environment, check=False).returncode  # noqa: S603 -- the command is what the developer typed
            sys.stdout.write("PostgreSQL and Valkey are running. Ctrl-C stops them.\n")
            signal.pause()
    except ServiceError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def forget() -> None:
    """Remove the clusters of the demo and the tests that live outside the project."""
    for directory in (default_directory(), *local_directory().glob("test/*")):
        home = locate(directory).home
        if home != directory:
            shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
