"""The demo's sinks take every message and count each once."""

import http.client
import json
import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from corpbank.demo import sinks
from corpbank.services.processes import LOOPBACK, free_port

TOKEN = "a-token"


class Place:
    """Where one test's sinks are."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.smtp_port, self.http_port = directory, free_port(), free_port()

    def ask(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> tuple[int, str, http.client.HTTPMessage]:
        connection = http.client.HTTPConnection(LOOPBACK, self.http_port, timeout=10)
        content = None if body is None else json.dumps(body)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, content, sent)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        return response.status, text, response.headers

    def send_sms(self, key: str, text: str = "您有一筆待審核") -> tuple[int, str]:
        answer = self.ask(
            "POST",
            "/messages",
            {"to": "0912-345-678", "text": text},
            Idempotency_Key=key,
            Authorization=f"Bearer {TOKEN}",
        )
        return answer[0], answer[1]

    def send_mail(self, key: str, subject: str = "待審核") -> None:
        mail = EmailMessage()
        mail["Message-ID"], mail["Subject"], mail["From"] = key, subject, "bank@example.com"
        mail.set_content("轉帳 TWD 1,234,567\n")
        with smtplib.SMTP(LOOPBACK, self.smtp_port, timeout=10) as client:
            client.send_message(mail, to_addrs=["chen@example.com"])


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    found = Place(tmp_path)
    with sinks.running(tmp_path, smtp_port=found.smtp_port, http_port=found.http_port, token=TOKEN):
        yield found


@pytest.mark.req("ALR-2")
def test_a_repeated_message_is_kept_once_and_counted(place: Place) -> None:
    first = place.send_sms("key-1")
    assert first[0] == 202
    assert place.send_sms("key-1") == first
    place.send_mail("<one@bank>")
    place.send_mail("<one@bank>")
    kept = json.loads(place.ask("GET", "/messages")[1])
    assert [(item["channel"], item["key"], item["times"]) for item in kept] == [
        ("email", "<one@bank>", 2),
        ("sms", "key-1", 2),
    ]
    assert kept[0]["subject"] == "待審核"
    assert "1,234,567" in kept[0]["body"]


def test_messages_outlive_a_restart(place: Place) -> None:
    place.send_sms("key-1")
    place.send_sms("key-1")
    again = sinks.Store(place.directory / "messages.jsonl")
    assert [(item.key, item.times) for item in again.newest_first()] == [("key-1", 2)]


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        ({"to": "1", "text": "x"}, {"Idempotency_Key": "k"}, 401),
        ({"to": "1", "text": "x"}, {"Idempotency_Key": "k", "Authorization": "Bearer no"}, 401),
        ({"to": "1", "text": "x"}, {"Authorization": f"Bearer {TOKEN}"}, 400),
        ({"to": "1"}, {"Idempotency_Key": "k", "Authorization": f"Bearer {TOKEN}"}, 400),
        (["to"], {"Idempotency_Key": "k", "Authorization": f"Bearer {TOKEN}"}, 400),
    ],
)
def test_the_gateway_refuses_what_is_not_a_message(
    place: Place, body: object, headers: dict[str, str], status: int
) -> None:
    assert place.ask("POST", "/messages", body, **headers)[0] == status
    assert json.loads(place.ask("GET", "/messages")[1]) == []


@pytest.mark.parametrize(("query", "word"), [("", "簡訊"), ("?lang=en", "SMS")])
def test_the_page_shows_text_as_text_in_both_languages(place: Place, query: str, word: str) -> None:
    place.send_sms("key-1", text="<script>alert(1)</script>")
    status, text, headers = place.ask("GET", "/" + query)
    assert status == 200
    assert word in text
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
    assert "default-src 'none'" in headers["Content-Security-Policy"]
