"""Real SMTP and HTTP against servers on this machine."""

import smtplib
from collections.abc import Callable

import pytest
from django.conf import LazySettings
from django.core import mail as django_mail

from alerts.errors import DeliveryFailed
from alerts.gateways import HttpSmsGateway, Parcel, SmtpEmailGateway
from corpbank.services.processes import free_port
from tests.alerts.sinks import MailSink, SmsSink

LETTER = Parcel(
    "k1@bank.example", "wang@company.example", "主旨 subject", "內容\nbody\n", "zh-hant"
)
SHORT = Parcel("k2@bank.example", "+886912345678", "", "【企業網銀】待您處理", "zh-hant")


@pytest.mark.req("ALR-2")
def test_letter_arrives_with_its_key_as_message_id(mail: MailSink) -> None:
    gateway = SmtpEmailGateway()
    gateway.send(LETTER)
    gateway.close()
    (letter,) = mail.letters
    assert letter["Message-ID"] == "<k1@bank.example>"
    assert letter["Subject"] == "主旨 subject"
    assert letter["To"] == "wang@company.example"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Content-Language"] == "zh-hant"
    assert letter.get_content_type() == "text/plain"
    assert letter.get_content().splitlines() == ["內容", "body"]


def test_one_connection_carries_the_letters_of_a_batch(mail: MailSink) -> None:
    gateway = SmtpEmailGateway()
    for _ in range(3):
        gateway.send(LETTER)
    gateway.close()
    assert len(mail.letters) == 3
    assert mail.connections == 1


@pytest.mark.parametrize(
    ("refusal", "permanent"),
    [("554 no such words here", True), ("451 try again later", False)],
)
def test_refused_letter_says_whether_to_try_again_and_the_next_one_goes_out(
    mail: MailSink, refusal: str, permanent: bool
) -> None:
    gateway = SmtpEmailGateway()
    mail.refusal = refusal
    with pytest.raises(DeliveryFailed) as failed:
        gateway.send(LETTER)
    assert failed.value.permanent is permanent
    assert failed.value.reason == f"smtp {refusal[:3]}"
    assert not failed.value.unreachable
    mail.refusal = ""
    gateway.send(LETTER)
    gateway.close()
    assert len(mail.letters) == 1


@pytest.mark.parametrize(
    ("refused", "reason", "permanent"),
    [
        (smtplib.SMTPRecipientsRefused({"a@b.example": (550, b"no")}), "smtp 550", True),
        (smtplib.SMTPRecipientsRefused({"a@b.example": (450, b"busy")}), "smtp 450", False),
        (smtplib.SMTPSenderRefused(553, b"no", "bank"), "smtp 553", False),
        (smtplib.SMTPServerDisconnected("gone"), "smtp SMTPServerDisconnected", False),
        (TimeoutError(), "smtp TimeoutError", False),
    ],
)
def test_every_smtp_answer_becomes_a_reason_without_words_of_the_other_side(
    monkeypatch: pytest.MonkeyPatch, refused: Exception, reason: str, permanent: bool
) -> None:
    gateway = SmtpEmailGateway()
    connection = gateway._opened()
    monkeypatch.setattr(connection, "send_messages", _raising(refused))
    with pytest.raises(DeliveryFailed) as failed:
        gateway.send(LETTER)
    assert (failed.value.reason, failed.value.permanent) == (reason, permanent)


def _raising(error: Exception) -> Callable[[object], None]:
    def send(_: object) -> None:
        raise error

    return send


@pytest.mark.parametrize("address", ["a@b.example\nBcc: everyone@evil.example", "nobody@\udcff"])
def test_address_that_would_break_a_header_never_leaves(address: str) -> None:
    with pytest.raises(DeliveryFailed) as failed:
        SmtpEmailGateway().send(Parcel("k", address, "s", "b", "en"))
    assert failed.value.permanent
    assert not django_mail.outbox


@pytest.mark.req("ALR-2")
def test_short_message_arrives_with_its_idempotency_key(sms: SmsSink) -> None:
    gateway = HttpSmsGateway()
    gateway.send(SHORT)
    gateway.close()
    assert sms.requests == [
        {
            "to": "+886912345678",
            "text": "【企業網銀】待您處理",
            "key": "k2@bank.example",
            "authorization": "Bearer secret-for-the-sink",
        }
    ]


def test_one_connection_carries_the_short_messages_of_a_batch(sms: SmsSink) -> None:
    gateway = HttpSmsGateway()
    for _ in range(3):
        gateway.send(SHORT)
    gateway.close()
    assert len(sms.requests) == 3
    assert sms.connections == 1


@pytest.mark.parametrize(
    ("status", "permanent"), [(422, True), (400, True), (401, False), (429, False), (503, False)]
)
def test_http_status_says_whether_to_try_again(sms: SmsSink, status: int, permanent: bool) -> None:
    gateway = HttpSmsGateway()
    sms.status = status
    with pytest.raises(DeliveryFailed) as failed:
        gateway.send(SHORT)
    gateway.close()
    assert (failed.value.reason, failed.value.permanent) == (f"http {status}", permanent)


def test_servers_that_do_not_answer_are_called_unreachable(settings: LazySettings) -> None:
    settings.SMS_GATEWAY_URL = f"http://127.0.0.1:{free_port()}/messages"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    for gateway in (SmtpEmailGateway(), HttpSmsGateway()):
        with pytest.raises(DeliveryFailed) as failed:
            gateway.send(SHORT)
        assert failed.value.unreachable
        assert not failed.value.permanent


@pytest.mark.parametrize("url", ["", "ftp://127.0.0.1/x", "messages"])
def test_missing_sms_settings_hold_short_messages_back(settings: LazySettings, url: str) -> None:
    settings.SMS_GATEWAY_URL = url
    with pytest.raises(DeliveryFailed) as failed:
        HttpSmsGateway().send(SHORT)
    assert failed.value.unreachable
