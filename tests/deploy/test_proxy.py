"""What stands in front: TLS, limits, and the reader's address."""

import datetime
import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deploy import wsgi
from tests.deploy import plain_yaml
from tests.deploy.nginx_syntax import Directive, NotNginx, read

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
HOSTS = ["ebank.bank.example", "staff.bank.example"]


@pytest.fixture(scope="module")
def http() -> Directive:
    return next(read((DEPLOY / "nginx" / "nginx.conf").read_text()).all("http"))


def sites(http: Directive) -> list[Directive]:
    """Return the servers that answer readers over TLS."""
    return [server for server in servers(http) if server.own("ssl_certificate")]


def servers(http: Directive) -> list[Directive]:
    """Return the doors; the word also names a neighbour in an upstream, which has no braces."""
    return [server for server in http.all("server") if server.block]


def test_the_configuration_is_whole() -> None:
    for path in (DEPLOY / "nginx").glob("*.conf"):
        assert read(path.read_text()).block, path.name


@pytest.mark.parametrize("text", ["server {", "}", "listen 80", "{ }", "listen 80 }"])
def test_a_configuration_that_is_not_whole_is_found(text: str) -> None:
    with pytest.raises(NotNginx):
        read(text)


@pytest.mark.req("PWD-3")
def test_only_modern_tls_is_spoken(http: Directive) -> None:
    assert http.own("ssl_protocols") == [["TLSv1.2", "TLSv1.3"]]
    assert http.own("ssl_session_tickets") == [["off"]]
    assert all(name.startswith("ECDHE-") for name in http.own("ssl_ciphers")[0][0].split(":"))


def test_both_hosts_are_served_over_tls_and_remembered_as_such(http: Directive) -> None:
    assert [site.own("server_name") for site in sites(http)] == [[[host]] for host in HOSTS]
    for site in sites(http):
        header = [values for values in site.own("add_header") if "Transport" in values[0]]
        assert header[0][1].startswith("max-age=31536000")
        assert header[0][2] == "always"
        assert all(place.own("add_header") == [] for place in site.all("location"))


def test_plain_http_only_leads_to_tls(http: Directive) -> None:
    plain = [s for s in servers(http) if s.own("listen")[0][0] == "8080"]
    assert [server.own("return")[0] for server in plain] == [
        ["444"],
        ["308", "https://$host$request_uri"],
    ]
    assert not any(list(server.all("proxy_pass")) for server in plain)


def test_an_unknown_name_gets_no_certificate(http: Directive) -> None:
    default = [s for s in servers(http) if ["8443", "ssl", "default_server"] in s.own("listen")]
    assert default[0].own("ssl_reject_handshake") == [["on"]]


def test_no_version_is_told(http: Directive) -> None:
    assert http.own("server_tokens") == [["off"]]


def test_headers_and_bodies_are_limited(http: Directive) -> None:
    for name in (
        *("client_max_body_size", "large_client_header_buffers", "client_header_timeout"),
        *("client_body_timeout", "limit_conn"),
    ):
        assert http.own(name), name


def test_sign_in_is_limited_by_address(http: Directive) -> None:
    zones = {values[1].split("=")[1].split(":")[0] for values in http.own("limit_req_zone")}
    for name, site in zip(("enterprise", "staff"), sites(http), strict=True):
        for path in ("/sign-in/", "/sign-in/elsewhere/", "/activate/"):
            place = next(p for p in site.all("location") if p.arguments == ["=", path])
            used = {values[0].split("=")[1] for values in place.own("limit_req")}
            assert used == {"sign_in", "pages"}
            assert used <= zones
            assert place.own("proxy_pass") == [[f"http://{name}"]]
    assert http.own("limit_req_status") == [["429"]]


def test_the_staff_site_is_for_the_banks_networks(http: Directive) -> None:
    staff = sites(http)[1]
    assert staff.own("deny") == [["all"]]
    assert sites(http)[0].own("deny") == []


def test_what_a_reader_claims_of_the_address_is_overwritten() -> None:
    said = dict(read((DEPLOY / "nginx" / "proxy.conf").read_text()).own("proxy_set_header"))
    assert said["X-Real-IP"] == said["X-Forwarded-For"] == "$remote_addr"
    assert said["X-Forwarded-Proto"] == "https"
    assert said["X-Forwarded-Host"] == said["Forwarded"] == ""


@pytest.mark.req("AUTH-8")
@pytest.mark.parametrize(
    ("headers", "address"),
    [({"HTTP_X_REAL_IP": "203.0.113.7"}, "203.0.113.7"), ({}, "10.0.0.2")],
)
def test_the_application_sees_the_readers_address(
    monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], address: str
) -> None:
    seen: list[str] = []
    monkeypatch.setattr(wsgi, "site", lambda environ, _: [seen.append(environ["REMOTE_ADDR"])])
    wsgi.application({"REMOTE_ADDR": "10.0.0.2", **headers}, lambda *_: None)
    assert seen == [address]


def test_every_site_behind_the_proxy_is_a_service_and_every_secret_is_mounted() -> None:
    text = (DEPLOY / "nginx" / "nginx.conf").read_text()
    compose = plain_yaml.read((DEPLOY / "compose.yaml").read_text())
    behind = set(re.findall(r"server ([\w-]+):8000", text))
    assert behind == {"enterprise-1", "enterprise-2", "staff"}
    assert behind <= set(compose["services"])
    assert set(re.findall(r"/run/secrets/([\w.]+)", text)) == set(
        compose["services"]["nginx"]["secrets"]
    )


def test_nginx_itself_accepts_the_configuration(tmp_path: Path) -> None:
    """Ask nginx where it is installed; elsewhere the reader above has looked already."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    text = _moved((DEPLOY / "nginx" / "nginx.conf").read_text(), tmp_path)
    (tmp_path / "nginx.conf").write_text(text)
    (tmp_path / "mime.types").write_text("types { text/html html; }")
    shutil.copy(DEPLOY / "nginx" / "proxy.conf", tmp_path)
    for name in ("enterprise", "staff"):
        _certify(tmp_path, name)
    if program is not None:
        command = [program, "-t", "-q", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")]
        found = subprocess.run(command, capture_output=True, text=True, check=False)
        assert found.returncode == 0, found.stderr
    assert read(text).block


def _moved(text: str, folder: Path) -> str:
    """Return the configuration with its files, ports and neighbours where a test may have them."""
    for there in ("/tmp/", "/etc/nginx/", "/run/secrets/"):
        text = text.replace(f" {there}", f" {folder}/")
    text = text.replace("/dev/stdout line", "off")
    text = text.replace("        http2 on;\n", "")  # Debian's nginx may be older than the word
    for name in ("enterprise-1", "enterprise-2", "staff"):
        text = text.replace(f"server {name}:8000", "server 127.0.0.1:9")
    for listen in ("8443", "8080"):
        text = re.sub(rf"listen {listen}\b", f"listen 127.0.0.1:{_free_port()}", text)
    return text.replace("127.0.0.1:8081", f"127.0.0.1:{_free_port()}")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _certify(folder: Path, name: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name}.bank.example")])
    begin = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), 1)
    builder = builder.not_valid_before(begin)
    builder = builder.not_valid_after(begin + datetime.timedelta(days=36_500))
    certificate = builder.sign(key, hashes.SHA256())
    (folder / f"{name}.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
