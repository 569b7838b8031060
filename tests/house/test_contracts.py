"""Who imports whom, and no table without its migration."""

import shutil
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.house.tree import PROJECT


def test_rooms_import_downwards_only() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    command = [str(program if program.exists() else shutil.which("lint-imports")), "--no-cache"]
    found = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    output = StringIO()
    try:
        call_command("makemigrations", "--check", "--dry-run", stdout=output)
    except SystemExit:
        pytest.fail(output.getvalue())
