"""What the pages of one certificate are made of: facts, the next step, each job or why not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _, gettext_lazy

from approvals.views.panels import Item
from branch_ops.permissions import EquipmentPermission, FeePermission
from branch_ops.queries.certificate import CertificateDetail, LetterRow, proposed_by
from branch_ops.queries.equipment import balance
from branch_ops.queries.fees import settled
from branch_ops.queries.jobs import Job, LetterFacts, why_not
from branch_ops.render import word
from branch_ops.states import EquipmentKind
from branch_ops.subjects.certificates import scope_of
from branch_ops.subjects.scopes import cap_words, function_words
from certificates.policies import SUSPENSIONS_MOST
from certificates.states import CertificateState, LetterState
from identity.permissions import PersonRequest, can

LABELS = {
    Job.APPLICATION: gettext_lazy("Apply for a new certificate"),
    Job.WITHDRAWAL: gettext_lazy("Withdraw the application"),
    Job.SCOPE: gettext_lazy("Set the usage scope"),
    Job.SUSPENSION: gettext_lazy("Suspend at once"),
    Job.UNSUSPENSION: gettext_lazy("Lift the suspension"),
    Job.REVOCATION: gettext_lazy("Revoke"),
    Job.LETTER: gettext_lazy("Print the letter"),
    Job.REPRINT: gettext_lazy("Reprint the letter"),
}
TEXTS = {
    Job.APPLICATION: gettext_lazy("For this holder; a checker releases it, a fee falls due."),
    Job.WITHDRAWAL: gettext_lazy("A checker releases it; the letter dies."),
    Job.SCOPE: gettext_lazy("Functions, highest amount and days; a checker releases it."),
    Job.SUSPENSION: gettext_lazy("You alone, from this moment on; after a preview."),
    Job.UNSUSPENSION: gettext_lazy("A checker releases it; the holder gets a new letter."),
    Job.REVOCATION: gettext_lazy("For ever; a checker releases it."),
    Job.LETTER: gettext_lazy("Once, after the fee is settled, on a form of the stationery."),
    Job.REPRINT: gettext_lazy("A new secret, the old one dies; a checker releases it."),
}
NO_ROLE = gettext_lazy("Your role does not include this.")
RED = (Job.SUSPENSION, Job.REVOCATION)


@dataclass(frozen=True, slots=True)
class JobPanel:
    """Show one job: a way on, or in one sentence why not."""

    label: str
    text: str
    url: str
    why_not: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class JobGroup:
    """Gather jobs under a heading."""

    title: str
    jobs: list[JobPanel]


@dataclass(frozen=True, slots=True)
class Step:
    """Say what comes next, and lead there where it is the reader's to do."""

    text: str
    tone: str
    url: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """Show one thing that must be so before a letter is printed."""

    text: str
    is_met: bool


def letter_facts(request: PersonRequest, certificate: CertificateDetail) -> LetterFacts:
    """Return what stands between a prepared letter and the printer; six statements."""
    return LetterFacts(
        settled=settled(certificate.target),
        in_stock=balance(request.user.unit_id or 0, EquipmentKind.STATIONERY),
        is_proposer=proposed_by(request.user, certificate),
    )


def letter_checks(facts: LetterFacts) -> list[Check]:
    """Return what must be so before a letter is printed, each met or not."""
    stock = _("Letter stationery in the branch: %(number)d") % {"number": facts.in_stock}
    return [
        Check(_("The fee is settled"), facts.settled),
        Check(stock, facts.in_stock > 0),
        Check(_("You did not ask for this letter yourself"), not facts.is_proposer),
    ]


def certificate_items(certificate: CertificateDetail) -> list[Item]:
    """Return whose certificate it is and where it stands."""
    holder = certificate.holder
    items = [
        Item(_("Holder"), f"{holder.name} ({holder.number})"),
        Item(_("Company"), f"{holder.company_name} ({holder.company_code})"),
        Item(_("Branch"), holder.branch),
        Item(_("Certificate number"), certificate.serial_number or _("not issued yet")),
        Item(_("Time of application"), _moment(certificate.applied_at)),
    ]
    if certificate.not_before and certificate.not_after:
        period = f"{_moment(certificate.not_before)} - {_moment(certificate.not_after)}"
        items.append(Item(_("Valid"), period))
    if certificate.serial_number:
        items.append(_suspensions(certificate))
    return items


def scope_items(certificate: CertificateDetail) -> list[Item]:
    """Return what the certificate may be used for."""
    scope = scope_of(certificate)
    first, last = scope.scope_from, scope.scope_until
    return [
        Item(_("Functions"), function_words(scope.functions)),
        Item(_("Highest amount"), cap_words(scope.amount_cap)),
        Item(_("First day of use"), first.isoformat() if first else _("no bound")),
        Item(_("Last day of use"), last.isoformat() if last else _("no bound")),
    ]


def card_items(certificate: CertificateDetail) -> list[Item]:
    """Return where the key is kept."""
    items = [Item(_("Key kept in"), word(certificate.storage) if certificate.storage else "-")]
    if certificate.card_serial:
        items.append(Item(_("Card number"), certificate.card_serial))
    if certificate.card_state:
        items.append(Item(_("State of the card"), certificate.card_state))
    return items


def next_step(certificate: CertificateDetail, facts: LetterFacts) -> Step:
    """Return what comes next in the life of a certificate."""
    letter = certificate.open_letter
    if letter is not None and letter.state == LetterState.PREPARED:
        return _to_print(certificate, facts)
    if letter is not None:
        return _to_use(certificate, letter)
    texts = {
        CertificateState.APPLIED: (
            _("Its letter ran out or was locked. Propose a reprint, or withdraw the application."),
            "warn",
        ),
        CertificateState.ISSUED: (
            _("The holder has made the key and confirms it with a first signature."), "info",
        ),
        CertificateState.ACTIVE: (_("In force: the holder can sign with it."), "good"),
        CertificateState.SUSPENDED: (
            _("On hold for everybody. Propose lifting it, or revoke it."), "warn",
        ),
    }  # fmt: skip
    ended = (_("It has ended for good. Apply for a new one where it is needed."), "neutral")
    text, tone = texts.get(CertificateState(certificate.state), ended)
    return Step(text, tone)


def job_groups(
    request: PersonRequest, certificate: CertificateDetail, facts: LetterFacts
) -> list[JobGroup]:
    """Return the counter's twelve jobs, with printing and withdrawing beside them (CERT-7)."""

    def panel(job: Job) -> JobPanel:
        url = (
            reverse("counter:application", args=[certificate.holder.number])
            if job == Job.APPLICATION
            else reverse(f"counter:{job}", args=[certificate.id])
        )
        reason = why_not(job, certificate, actor=request.user, letter=facts)
        tone = "bad" if job in RED else ""
        return JobPanel(str(LABELS[job]), str(TEXTS[job]), "" if reason else url, reason, tone)

    query = JobPanel(
        _("Query certificates"),
        _("All certificates of this company."),
        f"{reverse('counter:certificates')}?company={certificate.holder.company_code}",
    )
    on_it = (Job.APPLICATION, Job.SCOPE, Job.SUSPENSION, Job.UNSUSPENSION, Job.REVOCATION)
    on_letter = (Job.LETTER, Job.REPRINT, Job.WITHDRAWAL)
    return [
        JobGroup(_("Certificate"), [query, *map(panel, on_it)]),
        JobGroup(
            _("Application and letter"), [*map(panel, on_letter), _fees(request, certificate)]
        ),
        JobGroup(_("Equipment"), _equipment(request, certificate)),
    ]


def _fees(request: PersonRequest, certificate: CertificateDetail) -> JobPanel:
    url = f"{reverse('fees:items')}?text={certificate.target}"
    return _open_to(
        request, FeePermission.INQUIRE, _("Fees: inquiry and collection"),
        _("From the fee account or at the counter; waived by two people."), url,
    )  # fmt: skip


def _equipment(request: PersonRequest, certificate: CertificateDetail) -> list[JobPanel]:
    inquire = EquipmentPermission.INQUIRE
    panels = [
        _open_to(
            request, inquire, _("Stock"), _("Cards, readers and stationery of the branch."),
            reverse("equipment:stock"),
        ),
        _open_to(
            request, inquire, _("Consumption"), _("What was given out, to whom and for what."),
            reverse("equipment:movements") + "?kind=ISSUE",
        ),
        _open_to(
            request, EquipmentPermission.REQUISITION, _("Requisition"),
            _("Ask head office for more."), reverse("equipment:requisitions"),
        ),
    ]  # fmt: skip
    label, text = _("Equipment history"), _("Every movement of this certificate's card.")
    if not certificate.card_serial:
        return [*panels, JobPanel(label, text, "", _("No card of the stock belongs to it."))]
    history = reverse("equipment:item", args=[certificate.card_serial])
    return [*panels, _open_to(request, inquire, label, text, history)]


def _open_to(request: PersonRequest, permission: str, label: str, text: str, url: str) -> JobPanel:
    if can(request.user, permission):
        return JobPanel(label, text, url)
    return JobPanel(label, text, "", str(NO_ROLE))


def _to_print(certificate: CertificateDetail, facts: LetterFacts) -> Step:
    if not facts.settled:
        return Step(
            _("The fee is due. Take it or have it waived, then the letter can be printed."),
            "warn",
            f"{reverse('fees:items')}?text={certificate.target}",
            _("Go to the fee"),
        )
    return Step(
        _("The letter waits to be printed."), "info",
        reverse(f"counter:{Job.LETTER}", args=[certificate.id]), _("Go to the letter"),
    )  # fmt: skip


def _to_use(certificate: CertificateDetail, letter: LetterRow) -> Step:
    until = _moment(letter.expires_at) if letter.expires_at else "-"
    if certificate.state == CertificateState.UNSUSPENDING:
        text = _("Still on hold. The holder lifts it with letter and card by %(until)s.")
    else:
        text = _("The holder takes the card into use with the letter by %(until)s.")
    return Step(text % {"until": until}, "info")


def _suspensions(certificate: CertificateDetail) -> Item:
    text = _("%(number)d of %(most)d used") % {
        "number": certificate.suspensions, "most": SUSPENSIONS_MOST,
    }  # fmt: skip
    if certificate.is_last_suspension:
        return Item(_("Suspensions"), text, _("The next suspension is permanent."), "warn")
    return Item(_("Suspensions"), text)


def _moment(moment: datetime) -> str:
    return f"{localtime(moment):%Y-%m-%d %H:%M}"
