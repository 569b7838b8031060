"""What is stored of accounts, who may use them, and every movement; the books balance always."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import BigIntegerField, F, Func, Q, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, FSMModelMixin, transition
from guardian.models import UserObjectPermissionBase

from kernel.machines import sources
from kernel.money import DECIMALS
from ledger.policies import AccountFunction, AccountKind
from ledger.states import ACCOUNT_VERBS, HOLD_VERBS, AccountState, HoldState

CURRENCIES = [(code, code) for code in DECIMALS]


def _amount(**options: object) -> models.DecimalField:
    return models.DecimalField(max_digits=20, decimal_places=4, **options)  # type: ignore[arg-type]


class Account(FSMModelMixin, models.Model):
    """Hold one account of a customer, or one of the bank's own.

    Customers' accounts store their balance and what is held of it. The bank's own accounts are
    touched by nearly every posting, so they store none: theirs is the sum of their legs.
    """

    number = models.CharField(_("account number"), max_length=12, unique=True)
    company = models.ForeignKey(
        "identity.Company", models.PROTECT, null=True, blank=True, related_name="accounts"
    )
    kind = models.CharField(
        _("kind"), max_length=10, choices=[(k.value, k.value) for k in AccountKind]
    )
    currency = models.CharField(_("currency"), max_length=3, choices=CURRENCIES)
    name = models.CharField(_("name"), max_length=60)
    state = FSMField(
        _("state"),
        default=AccountState.OPEN.value,
        choices=[(state.value, state.value) for state in AccountState],
        protected=True,
    )
    balance = _amount(default=0)
    held = _amount(default=0)
    opened_at = models.DateTimeField()

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        permissions: ClassVar = [
            (AccountFunction.INQUIRE.value, "Inquire"),
            (AccountFunction.EDIT_TRANSFER.value, "Edit transfers"),
            (AccountFunction.REVIEW_TRANSFER.value, "Review transfers"),
            (AccountFunction.RELEASE_TRANSFER.value, "Release transfers"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(number__regex=r"^\d{12}$"), name="ledger_account_number"
            ),
            models.CheckConstraint(
                condition=Q(kind=AccountKind.CUSTOMER.value, company__isnull=False)
                | Q(
                    kind__in=[AccountKind.CLEARING.value, AccountKind.INTERNAL.value],
                    company__isnull=True,
                ),
                name="ledger_account_owner",
            ),
            models.CheckConstraint(
                condition=Q(kind=AccountKind.CUSTOMER.value) | Q(balance=0, held=0),
                name="ledger_account_rolled_up",
            ),
            models.CheckConstraint(
                condition=Q(held__gte=0, balance__gte=F("held")), name="ledger_account_covered"
            ),
            models.CheckConstraint(
                condition=~Q(state=AccountState.CLOSED.value) | Q(balance=0, held=0),
                name="ledger_account_closed_empty",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.currency}"

    @transition(field=state, source=sources(ACCOUNT_VERBS, "freeze"), target=AccountState.FROZEN)
    def freeze(self) -> None:
        """Let no money move."""

    @transition(field=state, source=sources(ACCOUNT_VERBS, "unfreeze"), target=AccountState.OPEN)
    def unfreeze(self) -> None:
        """Let money move again."""

    @transition(field=state, source=sources(ACCOUNT_VERBS, "close"), target=AccountState.CLOSED)
    def close(self) -> None:
        """End the account for good."""


class AccountRight(UserObjectPermissionBase):
    """Let one person use one function on one account, within a cap and a period (ENT-3).

    `cap` is per transaction in the account's currency; None means no cap of its own.
    `counterparty` narrows to one account number or company code; empty means any.
    """

    content_object = models.ForeignKey(Account, models.PROTECT, related_name="rights")
    cap = _amount(null=True, blank=True)
    counterparty = models.CharField(max_length=20, blank=True)
    grant = models.ForeignKey(
        "identity.Grant", models.PROTECT, null=True, blank=True, related_name="account_rights"
    )
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("account right")
        verbose_name_plural = _("account rights")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "permission", "content_object"], name="ledger_right_once"
            ),
            models.CheckConstraint(
                condition=Q(cap__isnull=True) | Q(cap__gt=0), name="ledger_right_cap"
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
                name="ledger_right_period",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.permission_id} {self.content_object_id}"


class Posting(models.Model):
    """Hold one double entry; written once with all its legs, never changed, never removed.

    `transaction_number` is the database transaction that wrote it: legs of any other are refused.
    """

    reference = models.CharField(_("reference"), max_length=64, unique=True)
    kind = models.CharField(_("kind"), max_length=20)
    value_date = models.DateField(_("value date"))
    posted_at = models.DateTimeField(_("posted at"))
    narrative = models.CharField(_("narrative"), max_length=140, blank=True)
    reverses = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="reversed_by"
    )
    transaction_number = BigIntegerField(
        editable=False,
        db_default=Cast(Cast(Func(function="pg_current_xact_id"), TextField()), BigIntegerField()),
    )

    class Meta:
        verbose_name = _("posting")
        verbose_name_plural = _("postings")

    def __str__(self) -> str:
        return self.reference


class Leg(models.Model):
    """Hold one side of a posting: + credits the account, - debits it; never changed."""

    posting = models.ForeignKey(Posting, models.PROTECT, related_name="legs", db_index=False)
    account = models.ForeignKey(Account, models.PROTECT, related_name="legs", db_index=False)
    amount = _amount()
    currency = models.CharField(max_length=3, choices=CURRENCIES)
    balance_after = _amount(null=True, blank=True)

    class Meta:
        verbose_name = _("leg")
        verbose_name_plural = _("legs")
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(amount=0), name="ledger_leg_amount"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["account", "-id"], name="ledger_leg_movements"),
            models.Index(fields=["posting", "id"], name="ledger_leg_posting"),
        ]

    def __str__(self) -> str:
        return f"{self.posting_id} {self.account_id} {self.amount}"


class Hold(FSMModelMixin, models.Model):
    """Hold an amount that is promised but not yet posted (LIM-2); ended once, for good."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="holds", db_index=False)
    amount = _amount()
    key = models.CharField(max_length=80, unique=True)
    state = FSMField(
        default=HoldState.HELD.value,
        choices=[(state.value, state.value) for state in HoldState],
        protected=True,
    )
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="ledger_hold_amount"),
            models.CheckConstraint(
                condition=Q(state=HoldState.HELD.value, ended_at__isnull=True)
                | Q(
                    state__in=[HoldState.CONSUMED.value, HoldState.RELEASED.value],
                    ended_at__isnull=False,
                ),
                name="ledger_hold_ended",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["account"], condition=Q(state=HoldState.HELD.value), name="ledger_hold_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.amount}"

    @transition(field=state, source=sources(HOLD_VERBS, "consume"), target=HoldState.CONSUMED)
    def consume(self) -> None:
        """End by a posting that took the money."""

    @transition(field=state, source=sources(HOLD_VERBS, "release"), target=HoldState.RELEASED)
    def release(self) -> None:
        """End by giving the money back to what is available."""
