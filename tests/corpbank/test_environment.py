"""The environment is made from the lock, and says in one sentence why it cannot be."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
SCRIPT = PROJECT / "tools" / "environment.py"


def test_an_old_python_can_read_the_script() -> None:
    ast.parse(SCRIPT.read_text("utf-8"), feature_version=(3, 6))


def test_an_old_python_answers_with_one_sentence(tmp_path: Path) -> None:
    pretend = (
        "import runpy, sys; sys.version_info = (3, 9, 2); sys.argv = sys.argv[1:];"
        "runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    answer = _run("-c", pretend, str(SCRIPT), "--venv", str(tmp_path / "v"), path="/nowhere")
    assert answer.returncode == 1
    assert answer.stderr.count("\n") == 1
    assert "needs Python 3.11 or newer" in answer.stderr


def test_no_network_answers_with_one_sentence(tmp_path: Path) -> None:
    lock = tmp_path / "unreachable.lock"
    lock.write_text(f"no-such-package==1.0 --hash=sha256:{'0' * 64}\n")
    answer = _run(
        str(SCRIPT),
        *("--venv", str(tmp_path / "venv"), "--lock", str(lock)),
        PIP_CONFIG_FILE="/dev/null",
        PIP_INDEX_URL="http://127.0.0.1:9/simple",
        PIP_RETRIES="0",
    )
    assert answer.returncode == 1
    assert answer.stderr.count("\n") == 1
    assert "could not be downloaded" in answer.stderr


def test_nothing_is_done_when_the_lock_has_not_changed(tmp_path: Path) -> None:
    lock, venv = tmp_path / "empty.lock", tmp_path / "venv"
    lock.write_text("")
    options = [str(SCRIPT), "--venv", str(venv), "--lock", str(lock)]
    stamp = venv / ".locks" / "empty.lock"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(sys.executable)
    stamp.parent.mkdir()
    stamp.write_text("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    answer = _run(*options)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")


@pytest.mark.parametrize("name", ["runtime", "dev", "bench"])
def test_locks_hold_hashes_and_name_no_host(name: str) -> None:
    text = (PROJECT / "requirements" / f"{name}.lock").read_text("utf-8")
    assert "://" not in text
    assert "index" not in text
    for entry in re.split(r"\n(?=\S)", text.strip()):
        assert "==" in entry
        assert "--hash=sha256:" in entry


def _run(
    *words: str, path: str | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": path or "/usr/bin:/bin", "HOME": "/tmp", **variables}
    return subprocess.run(
        [sys.executable, *words], env=environment, capture_output=True, text=True, check=False
    )
