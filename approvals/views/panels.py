"""Put the decision page together: what the queries found, addresses, one form for each verb."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.translation import gettext as _

from approvals.forms import ReasonForm
from approvals.kinds import Group, Line, Remarks, kind_of
from approvals.permissions import Permission, can, may_make
from approvals.queries.cards import card_problem
from approvals.queries.codes import CodeState
from approvals.queries.pages import RequestPage, request_page
from approvals.states import EDITABLE, Act, RequestState
from certificates import queries as certificates
from certificates.policies import PIN_TRIES
from identity.permissions import PersonRequest, step_up_url
from identity.policies import STRONG_FACTORS
from kernel import ids
from kernel.errors import DomainError


@dataclass(frozen=True, slots=True)
class Item:
    """Show one line of a list of names and values."""

    label: str
    value: str
    note: str = ""
    tone: str = ""
    before: str | None = None


@dataclass(frozen=True, slots=True)
class SignLine:
    """Show one line of what is signed."""

    label: str
    value: str
    strong: bool


@dataclass(frozen=True, slots=True)
class Signing:
    """Carry what the card's script needs to sign one act."""

    prepare_url: str
    unlock_url: str
    certificate_sha256: str
    certificate_state: str
    card_label: str
    needs_pin: bool
    tries_left: int
    short_code: str
    lines: list[SignLine]
    idempotency_key: str
    code: CodeState | None = None
    code_url: str = ""


@dataclass(frozen=True, slots=True)
class ActPanel:
    """Show one verb: its button, or why it is not for this person now."""

    verb: str
    label: str
    url: str
    enabled: bool
    why_not: str
    form: forms.Form | None
    revision: int
    sign: Signing | None
    idempotency_key: str
    explain: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """Carry what stopped an act, back to the page it was tried on."""

    act: Act
    error: DomainError | None
    form: forms.Form


class DecisionPage:
    """Offer the decision page's template everything by attribute."""

    def __init__(
        self, request: PersonRequest, reference: str, now: datetime, failure: Failure | None = None
    ) -> None:
        actor = request.user
        self._actor, self._failure = actor, failure
        self._page: RequestPage = request_page(actor, reference, now=now)
        page = self._page
        kind = kind_of(page.kind_code)
        remarks: Remarks = kind.remarks(
            reference=reference, home=page.home, user_id=actor.pk,
            content=page.content, now=now,
        )  # fmt: skip
        self.warnings = [] if page.is_decided else remarks.warnings
        self.after = [] if page.is_decided else remarks.after
        self.what = self._items(Group.WHAT)
        self.source = self._items(Group.SOURCE, "" if page.is_decided else remarks.source_note)
        self.timing = self._items(Group.TIMING)
        self._certificate = certificates.signing_certificate(actor.pk)
        self._now = now
        self.alert = self._alert()
        self.flow = self if page.flow_name else None
        self.name, self.reasons, self.version = page.flow_name, page.flow_reasons, page.flow_version
        self.evidence = self._evidence()
        has_signatures = any(entry.signature_id for entry in page.history)
        self.evidence_url = (
            reverse("approvals:evidence", args=[reference]) if has_signatures else ""
        )
        # Where a card is still to be shown, to be led there and back to this page (AUTH-5).
        self.step_up_url = ""
        self.decide, self.send_back, self.reject = self._decisions()
        # The head office reads every branch's requests; what they become is their makers' alone.
        self._makes = page.home == actor.home and may_make(actor, kind)
        self.withdraw = self._withdraw()
        may_edit = self._makes and page.state in EDITABLE and can(actor, Permission.SUBMIT)
        self.edit_url = kind.edit_url(reference) if may_edit else ""
        checked_at = kind.check_url(reference) if may_edit else ""
        here = reverse("approvals:request", args=[reference])
        self.check_url = checked_at if checked_at != here else ""
        self.submit = self._submit() if checked_at == here else None

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- whatever the query's page has
        return getattr(self._page, name)

    def _items(self, group: Group, note: str = "") -> list[Item]:
        found = [line for line in self._page.lines if line.group == group]
        return [
            Item(line.label, line.value or "-", note, before=line.before)
            for line in found
            if line.value or line.before
        ]

    def _alert(self) -> dict[str, str] | None:
        page, failure = self._page, self._failure
        if failure is not None and failure.error is not None:
            return {"text": explain(failure.error), "tone": "bad"}
        if failure is not None and "reason" not in failure.form.errors:
            # Hidden fields went missing: nothing a person could correct beside a field.
            text = _("The page did not send everything. Open it again and repeat what you did.")
            return {"text": text, "tone": "bad"}
        if page.state == RequestState.RETURNED and page.last_reason:
            text = _("Returned for repair: %(reason)s") % {"reason": page.last_reason}
            return {"text": text, "tone": "warn"}
        if page.problem and page.state in EDITABLE:
            return {"text": page.problem, "tone": "warn"}
        return None

    def _evidence(self) -> list[dict[str, str]]:
        return [
            {
                "label": f"{entry.who} · {entry.what}",
                "note": entry.short_code,
                "url": reverse(
                    "approvals:signature", args=[self._page.reference, entry.signature_id]
                ),
            }
            for entry in self._page.history
            if entry.signature_id
        ]

    def _decisions(self) -> tuple[ActPanel | None, ActPanel | None, ActPanel | None]:
        page = self._page
        decides = any(
            can(self._actor, permission) for permission in (Permission.REVIEW, Permission.RELEASE)
        )
        if page.state != RequestState.PENDING or not decides or not page.acts:
            return None, None, None
        act = Act(page.stage_act)
        labels = {Act.REVIEW: _("Sign and agree"), Act.RELEASE: _("Sign and release")}
        decide = self._signed_panel(act, labels[act])
        if not decide.enabled:
            return decide, None, None
        if self._actor.factor not in STRONG_FACTORS:
            self.step_up_url = step_up_url(reverse("approvals:request", args=[page.reference]))
            return None, None, None
        return (
            decide,
            self._signed_panel(
                Act.RETURN, _("Return for repair"),
                explain=_("The maker edits it as a new revision; earlier signatures are void."),
            ),
            self._signed_panel(
                Act.REJECT, _("Reject"), tone="bad",
                explain=_("The request ends here for good. What was reserved is freed."),
            ),
        )  # fmt: skip

    def _signed_panel(self, act: Act, label: str, *, explain: str = "", tone: str = "") -> ActPanel:
        page = self._page
        why_not = " ".join(page.acts.get(act, ()))
        if why_not:
            why_not = f"{why_not} {self._card_problem}".strip()
        failed = self._failure if self._failure and self._failure.act == act else None
        needs_reason = act in (Act.RETURN, Act.REJECT)
        blank = ReasonForm(auto_id=f"id_{act}_%s") if needs_reason else None
        form = failed.form if failed else blank
        return ActPanel(
            verb=act, label=label, url=reverse(f"approvals:{act}", args=[page.reference]),
            enabled=not why_not, why_not=why_not, form=form, revision=page.revision,
            sign=None if why_not else self._signing(act), idempotency_key=ids.token(),
            explain=explain, tone=tone,
        )  # fmt: skip

    @cached_property
    def _card_problem(self) -> str:
        """Return what stops the reader's own card, where they hold one, and what to do about it."""
        page = self._page
        return card_problem(self._actor, function=page.kind_code, amount=page.amount, now=self._now)

    def _signing(self, act: Act) -> Signing | None:
        found = self._certificate
        if found is None:
            return None
        refusal = found.refusal(function=self._page.kind_code, amount=None, now=self._now)
        virtual = found.storage == "BROWSER"
        return Signing(
            prepare_url=reverse("approvals:prepare", args=[self._page.reference, act]),
            unlock_url=reverse("certificates:unlock"),
            certificate_sha256=found.sha256,
            certificate_state="suspended" if refusal else "active",
            card_label=_("Virtual card …%(end)s") % {"end": found.serial_number[-4:].upper()},
            needs_pin=virtual,
            tries_left=PIN_TRIES - found.pin_tries,
            short_code=self._page.short_code,
            lines=[SignLine(line.label, line.text, line.emphasis) for line in self._signed_lines()],
            idempotency_key=ids.token(),
            code=self._page.code if act == Act.RELEASE else None,
            code_url=reverse("approvals:send_code", args=[self._page.reference]),
        )

    def _signed_lines(self) -> list[Line]:
        return [line for line in self._page.lines if line.value or line.before]

    def _submit(self) -> ActPanel:
        """Return the button that submits what is checked on this very page."""
        page = self._page
        return ActPanel(
            verb=Act.SUBMIT,
            label=_("Submit for review"),
            url=reverse(f"approvals:{Act.SUBMIT}", args=[page.reference]),
            enabled=not page.problem,
            why_not=page.problem,
            form=None,
            revision=page.revision,
            sign=None,
            idempotency_key=ids.token(),
            explain=_("After submitting, the request is frozen as a numbered revision."),
        )

    def _withdraw(self) -> ActPanel | None:
        """Return what its makers may do to end a request: withdraw it, or delete a draft."""
        page = self._page
        if not self._makes or not page.is_editor or not can(self._actor, Permission.WITHDRAW):
            return None
        if page.state == RequestState.DRAFT:
            return self._plain_panel(
                Act.DELETE,
                _("Delete the draft"),
                _("The draft was never submitted; it is dropped."),
            )
        if page.state not in (RequestState.PENDING, RequestState.RETURNED):
            return None
        explain = _("Ends the request. What was reserved is freed; nothing is done.")
        return self._plain_panel(Act.WITHDRAW, _("Withdraw"), explain)

    def _plain_panel(self, act: Act, label: str, explain: str) -> ActPanel:
        page = self._page
        return ActPanel(
            verb=act,
            label=label,
            url=reverse(f"approvals:{act}", args=[page.reference]),
            enabled=True,
            why_not="",
            form=None,
            revision=page.revision,
            sign=None,
            idempotency_key=ids.token(),
            explain=explain,
        )


def explain(error: DomainError) -> str:
    """Return what went wrong in the reader's language, with its facts filled in."""
    text = _(str(error.message))
    return text % error.facts if error.facts and "%(" in text else text


def add_error(form: forms.Form, error: DomainError) -> None:
    """Put a broken rule beside the field it is about, or above the form."""
    field = error.field if error.field in form.fields else None
    form.add_error(field, explain(error))
