"""What is stored of a message to one person, and of what the bank tells everybody at the door."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, FSMModelMixin, transition

from alerts.formats import MediaType
from alerts.render import Channel
from alerts.states import MESSAGE_VERBS, MessageState
from kernel.machines import sources


class Message(FSMModelMixin, models.Model):
    """Hold one finished message for one reader on one channel (ALR-2).

    The row is the truth and the queue only a hint: it is done when the other side has accepted
    the message, never when something was published. The words of a message that `is_secret` are
    forgotten with its delivery. `message_key` is the Message-ID of the mail
    and the idempotency key of the SMS, the same at every attempt.
    """

    class ChannelName(models.TextChoices):
        EMAIL = Channel.EMAIL.value, _("e-mail")
        SMS = Channel.SMS.value, _("SMS")

    channel = models.CharField(_("channel"), max_length=5, choices=ChannelName.choices)
    recipient_key = models.CharField(_("recipient"), max_length=64)
    company_key = models.CharField(_("company"), max_length=64, blank=True)
    address = models.CharField(_("address"), max_length=120)
    language = models.CharField(_("language"), max_length=8)
    event = models.CharField(_("event"), max_length=80)
    cause = models.CharField(_("cause"), max_length=120)
    subject = models.CharField(_("subject"), max_length=120)
    body = models.TextField(_("text"))
    is_secret = models.BooleanField(default=False)
    state = FSMField(
        _("state"),
        default=MessageState.PENDING.value,
        choices=[(state.value, state.value) for state in MessageState],
        protected=True,
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"))
    claimed_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(_("created"))
    delivered_at = models.DateTimeField(_("delivered"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=80, blank=True)
    message_key = models.CharField(max_length=160, unique=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.UniqueConstraint(
                fields=["event", "cause", "recipient_key", "channel"], name="alerts_message_once"
            ),
            models.CheckConstraint(
                condition=Q(channel__in=[channel.value for channel in Channel]),
                name="alerts_message_channel",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in MessageState]),
                name="alerts_message_state",
            ),
            models.CheckConstraint(
                condition=Q(state=MessageState.DELIVERED.value, delivered_at__isnull=False)
                | (~Q(state=MessageState.DELIVERED.value) & Q(delivered_at__isnull=True)),
                name="alerts_message_delivered_at",
            ),
            models.CheckConstraint(
                condition=~Q(subject__regex=r"[\r\n]"), name="alerts_message_subject_one_line"
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at", "id"],
                condition=Q(state=MessageState.PENDING.value),
                name="alerts_message_pending",
            ),
            models.Index(
                fields=["id"],
                condition=Q(state=MessageState.DEAD.value),
                name="alerts_message_dead",
            ),
            models.Index(fields=["recipient_key", "-id"], name="alerts_message_reader"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.channel} {self.state}"

    @transition(
        field=state, source=sources(MESSAGE_VERBS, "deliver"), target=MessageState.DELIVERED
    )
    def deliver(self) -> None:
        """Note that the other side has accepted the message."""

    @transition(field=state, source=sources(MESSAGE_VERBS, "postpone"), target=MessageState.PENDING)
    def postpone(self) -> None:
        """Try again later."""

    @transition(field=state, source=sources(MESSAGE_VERBS, "bury"), target=MessageState.DEAD)
    def bury(self) -> None:
        """Give up; the message is listed as a dead letter."""

    @transition(field=state, source=sources(MESSAGE_VERBS, "replay"), target=MessageState.PENDING)
    def replay(self) -> None:
        """Take a dead letter up again."""


class Publication(models.Model):
    """Hold one file the bank hands out at its door: a form, an agreement or a manual (KEY-3).

    What was handed out never changes and never goes away; a file is withdrawn once, and another
    takes its place. `sha256` is that of the bytes, in lower-case hexadecimal, and names the file.
    """

    class Kind(models.TextChoices):
        FORM = "FORM", _("form")
        AGREEMENT = "AGREEMENT", _("agreement")
        MANUAL = "MANUAL", _("manual")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    title_zh = models.CharField(_("title (Chinese)"), max_length=80)
    title_en = models.CharField(_("title (English)"), max_length=120)
    content = models.BinaryField()
    media_type = models.CharField(max_length=80)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField(_("size in bytes"))
    published_at = models.DateTimeField(_("published"))
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)

    class Meta:
        verbose_name = _("publication")
        verbose_name_plural = _("publications")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["sha256"],
                condition=Q(withdrawn_at__isnull=True),
                name="alerts_publication_once",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["FORM", "AGREEMENT", "MANUAL"]),
                name="alerts_publication_kind",
            ),
            models.CheckConstraint(
                condition=Q(media_type__in=[str(kind) for kind in MediaType]),
                name="alerts_publication_media_type",
            ),
            models.CheckConstraint(
                condition=Q(sha256__regex=r"^[0-9a-f]{64}$", size__gt=0),
                name="alerts_publication_digest",
            ),
            models.CheckConstraint(
                condition=~Q(title_zh="") & ~Q(title_en=""), name="alerts_publication_named"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.sha256[:8]}"


class Bulletin(models.Model):
    """Hold one piece of news on the sign-in pages, in both languages (KEY-3).

    It stands from one business date to another, the last included, and never changes: it is
    withdrawn, and another takes its place. It may lead to one of the bank's own files.
    """

    title_zh = models.CharField(_("title (Chinese)"), max_length=80)
    title_en = models.CharField(_("title (English)"), max_length=120)
    text_zh = models.TextField(_("text (Chinese)"), max_length=2000)
    text_en = models.TextField(_("text (English)"), max_length=4000)
    publication = models.ForeignKey(
        Publication, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    from_date = models.DateField(_("from"))
    until_date = models.DateField(_("until"), null=True, blank=True)
    is_pinned = models.BooleanField(_("stays on top"), default=False)
    published_at = models.DateTimeField(_("published"))
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)

    class Meta:
        verbose_name = _("bulletin")
        verbose_name_plural = _("bulletins")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(title_zh="") & ~Q(title_en="") & ~Q(text_zh="") & ~Q(text_en=""),
                name="alerts_bulletin_in_both_languages",
            ),
            models.CheckConstraint(
                condition=Q(until_date__isnull=True) | Q(until_date__gte=F("from_date")),
                name="alerts_bulletin_dates",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_date} {self.title_en}"


class ContactLine(models.Model):
    """Hold one line of how to reach the bank, as the sign-in pages show it (KEY-3)."""

    order = models.PositiveSmallIntegerField(unique=True)
    label_zh = models.CharField(max_length=40)
    label_en = models.CharField(max_length=60)
    value = models.CharField(max_length=120)

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contact")
        ordering: ClassVar = ["order"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(label_zh="") & ~Q(label_en="") & ~Q(value=""),
                name="alerts_contact_said",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order} {self.label_en}"
