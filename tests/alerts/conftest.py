"""Sinks and recorders for the tests of this room."""

from collections.abc import Iterator

import pytest
from django.conf import LazySettings

from alerts.gateways import RecordingEmailGateway, RecordingSmsGateway
from tests.alerts.sinks import MailSink, SmsSink, mail_sink, sms_sink


class Recorded:
    """Show what the recording gateways accepted."""

    emails = RecordingEmailGateway.accepted
    messages = RecordingSmsGateway.accepted


@pytest.fixture
def recorded(settings: LazySettings) -> Iterator[type[Recorded]]:
    """Let gateways record instead of send."""
    settings.ALERTS_EMAIL_GATEWAY = "alerts.gateways.RecordingEmailGateway"
    settings.ALERTS_SMS_GATEWAY = "alerts.gateways.RecordingSmsGateway"
    yield Recorded
    Recorded.emails.clear()
    Recorded.messages.clear()


@pytest.fixture
def mail(settings: LazySettings) -> Iterator[MailSink]:
    """Run a mail server and let the settings lead to it."""
    with mail_sink() as sink:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port
        settings.EMAIL_USE_TLS = False
        yield sink


@pytest.fixture
def sms(settings: LazySettings) -> Iterator[SmsSink]:
    """Run an SMS gateway and let the settings lead to it."""
    with sms_sink() as sink:
        settings.SMS_GATEWAY_URL = sink.url
        settings.SMS_GATEWAY_TOKEN = "secret-for-the-sink"
        yield sink
