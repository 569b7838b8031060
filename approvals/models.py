"""What is stored of requests: what was asked, in which revisions, who decided what."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, FSMModelMixin, transition

from approvals.states import DECISIONS, REQUEST_VERBS, Act, RequestState
from identity.models import Company, Unit, User
from identity.policies import Home
from kernel.machines import sources
from kernel.money import Money


class Flow(models.Model):
    """Hold one approval flow, such as edit → first review → release (FLOW-1).

    A flow of no company is the bank's own, for what its units decide among themselves (DUAL-6).
    """

    company = models.ForeignKey(
        Company, models.PROTECT, null=True, blank=True, related_name="flows"
    )
    code = models.CharField(max_length=20)
    name = models.CharField(max_length=60)

    class Meta:
        verbose_name = _("approval flow")
        verbose_name_plural = _("approval flows")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["company", "code"], nulls_distinct=False, name="approvals_flow_code"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def owner_code(self) -> str:
        """Return the code of the company it belongs to; `bank` where it is the bank's own."""
        return "bank" if self.company is None else self.company.code


class FlowStage(models.Model):
    """Hold one stage of a flow: how many people of which role, level and groups."""

    flow = models.ForeignKey(Flow, models.PROTECT, related_name="stages")
    number = models.PositiveSmallIntegerField()
    act = models.CharField(max_length=10, choices=[("review", "review"), ("release", "release")])
    role = models.CharField(max_length=40)
    level = models.PositiveSmallIntegerField(default=0)
    needed = models.PositiveSmallIntegerField(default=1)
    groups = ArrayField(models.CharField(max_length=8), default=list, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["flow", "number"], name="approvals_stage_number"),
            models.CheckConstraint(
                condition=Q(needed__gte=1, number__gte=1, groups__len__lte=F("needed")),
                name="approvals_stage_sane",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.flow_id}/{self.number} {self.act}"


class FlowRule(models.Model):
    """Hold one row of a rule table: kind × account × currency × band × importance → flow.

    Empty text and null mean 'any'; a rule of no company is the bank's own. The band is
    `minimum <= amount < maximum`; what has no amount counts as 0 (FLOW-2).
    """

    company = models.ForeignKey(
        Company, models.PROTECT, null=True, blank=True, related_name="flow_rules"
    )
    kind = models.CharField(max_length=40)
    account = models.ForeignKey(
        "ledger.Account", models.PROTECT, null=True, blank=True, related_name="+"
    )
    currency = models.CharField(max_length=3, blank=True)
    importance = models.CharField(max_length=10, blank=True)
    minimum = models.DecimalField(max_digits=20, decimal_places=4, default=0)
    maximum = models.DecimalField(max_digits=20, decimal_places=4, null=True, blank=True)
    flow = models.ForeignKey(Flow, models.PROTECT, related_name="rules")

    class Meta:
        verbose_name = _("approval rule")
        verbose_name_plural = _("approval rules")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(minimum__gte=0)
                & (Q(maximum__isnull=True) | Q(maximum__gt=F("minimum"))),
                name="approvals_rule_band",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.company_id} {self.kind} {self.minimum}"


class PolicySnapshot(models.Model):
    """Hold the rule and flow in force at a submission, named by their digest; final (FLOW-3)."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    content = models.JSONField()

    def __str__(self) -> str:
        return self.sha256[:12]


class Request(FSMModelMixin, models.Model):
    """Hold one thing that needs a second person, from draft to its end.

    It is made and decided on either by people of a company or by people of a unit of the bank.
    `subject_key` names what would change, such as `certificate:12`: one open request for each
    (DUAL-5). The stage now pending stands on the row, so that 'waiting for me' is one index range.
    """

    reference = models.CharField(max_length=24, unique=True)
    company = models.ForeignKey(
        Company, models.PROTECT, null=True, blank=True, related_name="requests"
    )
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="requests")
    kind = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    subject_key = models.CharField(max_length=80)
    title = models.CharField(max_length=120)
    amount = models.DecimalField(max_digits=20, decimal_places=4, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    account = models.ForeignKey(
        "ledger.Account", models.PROTECT, null=True, blank=True, related_name="+"
    )
    maker = models.ForeignKey(User, models.PROTECT, related_name="requests_made")
    state = FSMField(
        _("state"),
        default=RequestState.DRAFT,
        choices=[(str(state), str(state)) for state in RequestState],
        protected=True,
    )
    revision_number = models.PositiveIntegerField(default=0)
    stage_number = models.PositiveSmallIntegerField(default=0)
    stage_act = models.CharField(max_length=10, blank=True)
    stage_role = models.CharField(max_length=40, blank=True)
    stage_level = models.PositiveSmallIntegerField(default=0)
    deadline = models.DateTimeField()
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("request")
        verbose_name_plural = _("requests")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(company__isnull=False, unit__isnull=True)
                | Q(company__isnull=True, unit__isnull=False),
                name="approvals_request_one_home",
            ),
            models.CheckConstraint(
                condition=(Q(amount__gt=0, account__isnull=False) & ~Q(currency=""))
                | Q(amount__isnull=True, account__isnull=True, currency=""),
                name="approvals_request_amount",
            ),
            models.CheckConstraint(
                condition=~Q(state=RequestState.PENDING)
                | Q(
                    revision_number__gte=1, stage_number__gte=1, stage_act__in=["review", "release"]
                ),
                name="approvals_request_pending_stage",
            ),
            models.UniqueConstraint(
                fields=["subject_key"],
                condition=Q(state__in=["DRAFT", "PENDING", "RETURNED"]),
                name="approvals_request_one_open",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["company", "stage_role", "stage_level", "account", "deadline", "id"],
                condition=Q(state=RequestState.PENDING),
                name="approvals_waiting",
            ),
            models.Index(
                fields=["unit", "stage_role", "stage_level", "deadline", "id"],
                condition=Q(state=RequestState.PENDING, unit__isnull=False),
                name="approvals_waiting_unit",
            ),
            models.Index(fields=["company", "-changed_at", "-id"], name="approvals_recent"),
            models.Index(fields=["unit", "-changed_at", "-id"], name="approvals_recent_unit"),
            models.Index(fields=["maker", "-changed_at", "-id"], name="approvals_mine"),
            models.Index(
                fields=["deadline"],
                condition=Q(state__in=["DRAFT", "PENDING", "RETURNED"]),
                name="approvals_due",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def hold_key(self) -> str:
        """Return the key under which the present revision reserves limits and funds."""
        return f"{self.reference}/{self.revision_number}"

    @property
    def money(self) -> Money | None:
        """Return the amount, or None where the request moves no money."""
        return None if self.amount is None else Money(self.amount, self.currency)

    @property
    def home(self) -> Home:
        """Return whose people make and decide it."""
        return Home(self.company_id, self.unit_id)

    @property
    def owner_code(self) -> str:
        """Return the code of the company or unit whose rules it goes by."""
        return self.company.code if self.company is not None else self._unit.code

    @property
    def chain(self) -> str:
        """Return the audit chain of the company or unit it belongs to."""
        return f"{'company' if self.company_id else 'unit'}:{self.owner_code}"

    @property
    def _unit(self) -> Unit:
        if self.unit is None:
            raise ValueError("a request belongs to a company or to a unit")
        return self.unit

    @transition(field=state, source=sources(REQUEST_VERBS, Act.SUBMIT), target=RequestState.PENDING)
    def submit(self) -> None:
        """Freeze a revision and ask the first stage."""

    @transition(field=state, source=sources(REQUEST_VERBS, Act.REVIEW), target=RequestState.PENDING)
    def review(self) -> None:
        """Agree at a reviewing stage."""

    @transition(
        field=state, source=sources(REQUEST_VERBS, Act.RELEASE), target=RequestState.RELEASED
    )
    def release(self) -> None:
        """Agree at the last place of the releasing stage; the subject is executed."""

    @transition(
        field=state, source=sources(REQUEST_VERBS, Act.RETURN), target=RequestState.RETURNED
    )
    def return_(self) -> None:
        """Give back for repair, with a reason."""

    @transition(
        field=state, source=sources(REQUEST_VERBS, Act.REJECT), target=RequestState.REJECTED
    )
    def reject(self) -> None:
        """Refuse for good, with a reason."""

    @transition(
        field=state, source=sources(REQUEST_VERBS, Act.WITHDRAW), target=RequestState.WITHDRAWN
    )
    def withdraw(self) -> None:
        """Take back what was submitted."""

    @transition(field=state, source=sources(REQUEST_VERBS, Act.EXPIRE), target=RequestState.EXPIRED)
    def expire(self) -> None:
        """End what can no longer be executed in time."""

    @transition(field=state, source=sources(REQUEST_VERBS, Act.DELETE), target=RequestState.DELETED)
    def delete_draft(self) -> None:
        """Drop a draft that was never submitted."""


class Proposal(models.Model):
    """Hold a change as its maker proposes it, until a second person releases it (DUAL-4).

    `content` is text by name, what holds before under names that begin with `was_`. What was
    submitted is frozen in revisions; this is only what the next revision would say.
    """

    kind = models.CharField(max_length=40)
    subject_key = models.CharField(max_length=80)
    content = models.JSONField()
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = _("proposal")
        verbose_name_plural = _("proposals")

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_key}"


class Editor(models.Model):
    """Hold that a person made or edited a request; such a person never decides on it (DUAL-2)."""

    request = models.ForeignKey(Request, models.PROTECT, related_name="editors")
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    since = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request", "user"], name="approvals_editor_once"),
        ]

    def __str__(self) -> str:
        return f"{self.request_id} {self.user_id}"


class Revision(models.Model):
    """Hold what was submitted, frozen: canonical content, digest, policy; final (DUAL-3)."""

    request = models.ForeignKey(Request, models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    content = models.JSONField()
    sha256 = models.CharField(max_length=64)
    policy = models.ForeignKey(PolicySnapshot, models.PROTECT, related_name="+")
    submitted_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    submitted_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request", "number"], name="approvals_revision_number"),
            models.CheckConstraint(condition=Q(number__gte=1), name="approvals_revision_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.request_id}/{self.number}"


class Stage(models.Model):
    """Hold one stage a revision has to pass; final: how far it is follows from the decisions."""

    revision = models.ForeignKey(Revision, models.PROTECT, related_name="stages")
    number = models.PositiveSmallIntegerField()
    act = models.CharField(max_length=10)
    role = models.CharField(max_length=40)
    level = models.PositiveSmallIntegerField()
    needed = models.PositiveSmallIntegerField()
    groups = ArrayField(models.CharField(max_length=8), default=list)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["revision", "number"], name="approvals_stage_once"),
        ]

    def __str__(self) -> str:
        return f"{self.revision_id}/{self.number} {self.act}"


class Decision(models.Model):
    """Hold one signed decision of one person on one revision; never deleted or changed (DUAL-3)."""

    revision = models.ForeignKey(Revision, models.PROTECT, related_name="decisions")
    stage = models.ForeignKey(Stage, models.PROTECT, related_name="decisions")
    user = models.ForeignKey(User, models.PROTECT, related_name="decisions")
    act = models.CharField(max_length=10, choices=[(str(act), str(act)) for act in DECISIONS])
    group = models.CharField(max_length=8, blank=True)
    reason = models.TextField(blank=True)
    signature = models.OneToOneField("certificates.Signature", models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["revision", "user"], name="approvals_decision_once"),
            models.CheckConstraint(
                condition=~Q(act__in=["return", "reject"]) | ~Q(reason=""),
                name="approvals_decision_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.revision_id} {self.act}"
