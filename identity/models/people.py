"""What is stored of people, their units and companies, and what they were granted."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, FSMModelMixin, transition

from identity.policies import Home
from identity.states import STANDING_VERBS, USER_VERBS, StandingState, UserState
from kernel.machines import sources


def state_choices(states: type[StandingState] | type[UserState]) -> list[tuple[str, str]]:
    return [(str(state), str(state)) for state in states]


class Standing(FSMModelMixin, models.Model):
    """Share the machine of things that are in force, suspended or closed."""

    state = FSMField(
        default=StandingState.ACTIVE, choices=state_choices(StandingState), protected=True
    )

    class Meta:
        abstract = True

    @transition(
        field=state, source=sources(STANDING_VERBS, "suspend"), target=StandingState.SUSPENDED
    )
    def suspend(self) -> None:
        """Take out of force at once."""

    @transition(field=state, source=sources(STANDING_VERBS, "restore"), target=StandingState.ACTIVE)
    def restore(self) -> None:
        """Put back in force."""

    @transition(field=state, source=sources(STANDING_VERBS, "close"), target=StandingState.CLOSED)
    def close(self) -> None:
        """End for good."""


class Unit(Standing):
    """Hold one unit of the bank: the IT department or a branch (DEL-2)."""

    class Kind(models.TextChoices):
        IT = "IT", _("IT department")
        BRANCH = "BRANCH", _("Branch")

    code = models.CharField(max_length=8, unique=True)
    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children"
    )

    class Meta:
        verbose_name = _("unit")
        verbose_name_plural = _("units")

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Company(Standing):
    """Hold one enterprise customer, registered at one branch (ENT-1)."""

    code = models.CharField(_("company code"), max_length=8, unique=True)
    name = models.CharField(_("name"), max_length=80)
    branch = models.ForeignKey(Unit, models.PROTECT, related_name="companies")
    registered_at = models.DateTimeField()

    class Meta:
        verbose_name = _("company")
        verbose_name_plural = _("companies")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(code__regex=r"^\d{8}$"), name="identity_company_code"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Role(models.Model):
    """Hold a named bundle of permissions; the bank's own are the seed (DEL-7)."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=40)
    name_en = models.CharField(max_length=60)
    site = models.CharField(
        max_length=10, choices=[("enterprise", "enterprise"), ("staff", "staff")]
    )
    permissions = ArrayField(models.CharField(max_length=60), default=list)

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")

    def __str__(self) -> str:
        return self.name


class User(FSMModelMixin, AbstractBaseUser):
    """Hold one person at one company or one unit of the bank.

    There is no superuser: `is_superuser` is False for everyone, for ever. `first_used_at` is empty
    until the person has been through the pages of first use (DEL-3); `authorisation_code` is the
    hash of a bank checker's supervisor authorisation code (DUAL-7), empty where none is set.
    """

    public_id = models.CharField(max_length=16, unique=True)
    company = models.ForeignKey(
        Company, models.PROTECT, null=True, blank=True, related_name="people"
    )
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="people")
    login_name = models.CharField(_("login name"), max_length=32)
    display_name = models.CharField(_("name"), max_length=40)
    language = models.CharField(
        max_length=8, default="zh-hant", choices=[("zh-hant", "繁體中文"), ("en", "English")]
    )
    state = FSMField(
        _("state"), default=UserState.ACTIVE, choices=state_choices(UserState), protected=True
    )
    wrong_passwords = models.PositiveIntegerField(default=0)
    guesses_told = models.BooleanField(default=False)
    must_change_password = models.BooleanField(default=False)
    password_set_at = models.DateTimeField(null=True, blank=True)
    login_name_chosen_at = models.DateTimeField(null=True, blank=True)
    first_used_at = models.DateTimeField(null=True, blank=True)
    authorisation_code = models.CharField(max_length=128, blank=True)
    wrong_codes = models.PositiveSmallIntegerField(default=0)
    start_page = models.CharField(max_length=20, default="home")
    prefers_keypad = models.BooleanField(default=False)
    prefers_number = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    USERNAME_FIELD = "public_id"
    REQUIRED_FIELDS: ClassVar = []
    is_superuser = False
    last_login = None  # sessions tell when somebody signed in
    # Set for the length of one request by the session: what the roles give, and how the person
    # has shown who they are (a Factor; empty text where nobody has) and when, beyond a password.
    granted: frozenset[str] = frozenset()
    factor: str = ""
    factor_shown_at: datetime | None = None
    objects: ClassVar = BaseUserManager()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(company__isnull=False, unit__isnull=True)
                | Q(company__isnull=True, unit__isnull=False),
                name="identity_user_one_home",
            ),
            models.UniqueConstraint(
                fields=["company", "login_name"],
                condition=Q(company__isnull=False),
                name="identity_user_login_company",
            ),
            models.UniqueConstraint(
                fields=["login_name"],
                condition=Q(unit__isnull=False),
                name="identity_user_login_staff",
            ),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def company_pk(self) -> int:
        """Return the id of this person's company; for staff a number no company has."""
        return self.company_id or 0

    @property
    def home(self) -> Home:
        """Return the company or the unit of the bank this person belongs to."""
        return Home(self.company_id, self.unit_id)

    @property
    def is_staff(self) -> bool:
        """Tell whether this person works for the bank."""
        return self.unit_id is not None

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        """Tell whether this person may sign in at all."""
        return self.state == UserState.ACTIVE

    @transition(field=state, source=sources(USER_VERBS, "pause"), target=UserState.PAUSED)
    def pause(self) -> None:
        """Stop sign-in after too many wrong passwords (AUTH-2)."""

    @transition(field=state, source=sources(USER_VERBS, "unlock"), target=UserState.ACTIVE)
    def unlock(self) -> None:
        """Let a paused person sign in again; decided by the unit above (AUTH-2)."""

    @transition(field=state, source=sources(USER_VERBS, "suspend"), target=UserState.SUSPENDED)
    def suspend(self) -> None:
        """Take every right away at once (DEL-4)."""

    @transition(field=state, source=sources(USER_VERBS, "restore"), target=UserState.ACTIVE)
    def restore(self) -> None:
        """Give a suspended person their rights back."""

    @transition(field=state, source=sources(USER_VERBS, "close"), target=UserState.CLOSED)
    def close(self) -> None:
        """End a person's use of the bank for good."""


class FormerPassword(models.Model):
    """Hold the hash of a password that was given up; never changed, never removed (PWD-1)."""

    user = models.ForeignKey(User, models.PROTECT, related_name="former_passwords")
    password = models.CharField(max_length=128)
    is_initial = models.BooleanField(default=False)
    ended_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.user_id} {self.ended_at:%Y-%m-%d %H:%M}"


class ContactPoint(models.Model):
    """Hold one registered phone or mail address of a person.

    `verified_at` is empty until somebody has typed a code that was sent there. What the person
    would like instead waits in `wanted_address` until its own code is typed; the address in use
    stays.
    """

    class Channel(models.TextChoices):
        EMAIL = "email", _("e-mail")
        SMS = "sms", _("SMS")

    user = models.ForeignKey(User, models.PROTECT, related_name="contact_points")
    channel = models.CharField(max_length=5, choices=Channel.choices)
    address = models.CharField(max_length=120)
    wanted_address = models.CharField(max_length=120, blank=True)
    verified_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "channel"], name="identity_contact_one_each"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.channel}"


class Grant(Standing):
    """Hold one role given to one person, by whom, under which grant, for how long (DEL-4).

    `level` is the reviewing level (1 to 3) or 0; `group` names a signing group such as A or B.
    """

    user = models.ForeignKey(User, models.PROTECT, related_name="grants")
    role = models.ForeignKey(Role, models.PROTECT, related_name="grants")
    level = models.PositiveSmallIntegerField(default=0)
    group = models.CharField(max_length=8, blank=True)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children"
    )
    granted_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="grants_given"
    )
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("grant")
        verbose_name_plural = _("grants")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(level__lte=3), name="identity_grant_level"),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
                name="identity_grant_period",
            ),
            models.CheckConstraint(
                condition=Q(granted_by__isnull=True) | ~Q(granted_by=F("user")),
                name="identity_grant_not_to_self",
            ),
            models.UniqueConstraint(
                fields=["user", "role", "level", "group"],
                condition=~Q(state=StandingState.CLOSED),
                name="identity_grant_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role_id}"
