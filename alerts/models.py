"""What is stored of a message: its finished words, where it goes and how far it came."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, FSMModelMixin, transition

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
