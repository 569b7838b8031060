"""How the staff window writes columns, values and events in the reader's language.

The rooms store codes and name few of their columns; what the bank's people call them is the
window's knowledge.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal

from django.db.models import DecimalField, Field, Model
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy as _

from kernel.errors import DomainError
from kernel.money import Money

Text = str | Promise

# Columns whose room gives them no name of their own; a model's own entry goes before a bare one.
LABELS: Mapping[str, Text] = {
    "absolute_hours": _("longest session (hours)"),
    "accepted_at": _("accepted at"),
    "account": _("account"),
    "act": _("act"),
    "actor": _("actor"),
    "address": _("network address"),
    "after": _("after"),
    "agent": _("browser"),
    "alarm_after": _("alarm after wrong passwords"),
    "amount": _("amount"),
    "amount_cap": _("cap"),
    "amount_cap_currency": _("currency of the cap"),
    "applied_at": _("applied at"),
    "at": _("time"),
    "attempts": _("attempts"),
    "balance": _("balance"),
    "balance_after": _("balance after"),
    "before": _("before"),
    "branch": _("branch"),
    "cap": _("cap"),
    "card": _("card"),
    "certificate": _("certificate"),
    "chain": _("chain"),
    "changed_at": _("changed at"),
    "claimed_until": _("claimed until"),
    "code": _("code"),
    "company": _("company"),
    "content": _("content"),
    "content_object": _("account"),
    "counterparty": _("counterparty"),
    "created_at": _("created at"),
    "crl_number": _("number of the revocation list"),
    "currency": _("currency"),
    "day": _("day"),
    "deadline": _("deadline"),
    "decided_at": _("decided at"),
    "effective_from": _("in effect from"),
    "effective_until": _("in effect until"),
    "ended_at": _("ended at"),
    "ended_why": _("how it ended"),
    "entries": _("entries"),
    "event": _("event"),
    "executed_at": _("executed at"),
    "expires_at": _("expires at"),
    "factor": _("factor"),
    "flow": _("approval flow"),
    "from_account": _("from account"),
    "functions": _("functions"),
    "grant": _("grant"),
    "granted_by": _("granted by"),
    "group": _("signing group"),
    "groups": _("signing groups"),
    "height": _("length"),
    "held": _("held"),
    "holder": _("holder"),
    "idle_minutes": _("idle minutes"),
    "importance": _("importance"),
    "issued_at": _("issued at"),
    "issuer": _("issuer"),
    "key": _("key"),
    "kind": _("kind"),
    "language": _("language"),
    "level": _("level"),
    "listed_at": _("on the revocation list since"),
    "listed_reason": _("reason on the list"),
    "made_at": _("made at"),
    "maker": _("maker"),
    "maximum": _("to under"),
    "message_key": _("message key"),
    "minimum": _("from"),
    "name": _("name"),
    "name_en": _("English name"),
    "needed": _("people needed"),
    "next_update": _("next update"),
    "not_after": _("valid until"),
    "not_before": _("valid from"),
    "number": _("number"),
    "opened_at": _("opened at"),
    "outcome": _("outcome"),
    "parent": _("above it"),
    "pause_after": _("pause after wrong passwords"),
    "per_day": _("per day"),
    "per_transaction": _("per transaction"),
    "permission": _("function"),
    "permissions": _("permissions"),
    "policy": _("policy in force"),
    "position": _("position"),
    "prepared_at": _("prepared at"),
    "public_id": _("user number"),
    "public_key_sha256": _("fingerprint of the key"),
    "purpose": _("purpose"),
    "reason": _("reason"),
    "reference": _("reference"),
    "registered_at": _("registered at"),
    "request": _("request"),
    "request_number": _("request number"),
    "reserved": _("reserved"),
    "reverses": _("reverses"),
    "revision": _("revision"),
    "revision_number": _("revision"),
    "role": _("role"),
    "seen_at": _("last seen"),
    "serial_number": _("serial number"),
    "sha256": _("fingerprint"),
    "signature": _("signature"),
    "signed_at": _("signed at"),
    "site": _("site"),
    "source": _("set by"),
    "stage": _("stage"),
    "stage_act": _("pending act"),
    "stage_level": _("pending level"),
    "stage_number": _("pending stage"),
    "stage_role": _("pending role"),
    "started_at": _("started at"),
    "state": _("state"),
    "state_since": _("in this state since"),
    "storage": _("key kept in"),
    "submitted_at": _("submitted at"),
    "submitted_by": _("submitted by"),
    "target": _("target"),
    "this_update": _("issued at"),
    "title": _("title"),
    "transaction_number": _("transaction number"),
    "tries": _("tries"),
    "unit": _("unit"),
    "used": _("used"),
    "user": _("user"),
    "valid_from": _("valid from"),
    "valid_until": _("valid until"),
    "value_date": _("value date"),
    "wrong_passwords": _("wrong passwords"),
}
MODEL_NAMES: Mapping[str, Text] = {
    "audit.chain": _("audit chains"),
    "audit.entry": _("audit entries"),
    "identity.session": _("sign-ins"),
    "transfers.limitcounter": _("use of limits"),
    "approvals.decision": _("decisions"),
    "approvals.flowrule": _("approval rules"),
    "approvals.flowstage": _("stages"),
    "approvals.revision": _("revisions"),
    "approvals.stage": _("stages"),
    "transfers.reservation": _("reservations"),
}

# Columns that hold codes although they list no choices.
CODED = frozenset(
    {
        "act", "ended_why", "factor", "kind", "outcome", "role", "site", "stage_act", "stage_role",
        "state",
    }
)  # fmt: skip
# What stored codes mean; a column's own entry ("model.column:CODE") goes before a bare one.
WORDS: Mapping[str, Text] = {
    "": "-",
    "ACTIVE": _("In force"),
    "APPLIED": _("Applied for"),
    "AUTHENTICATION": _("Signing in"),
    "BROWSER": _("Browser"),
    "CANCELLED": _("Cancelled"),
    "CLEARING": _("Clearing"),
    "CLOSED": _("Closed"),
    "CONSUMED": _("Used"),
    "CURRENT": _("In force"),
    "CUSTOMER": _("Customer"),
    "DEAD": _("Given up"),
    "DELETED": _("Deleted"),
    "DELIVERED": _("Delivered"),
    "DRAFT": _("Draft"),
    "EXPIRED": _("Expired"),
    "FREED": _("Freed"),
    "FROZEN": _("Frozen"),
    "HARDWARE": _("Card"),
    "HELD": _("Held"),
    "INTERNAL": _("Internal"),
    "ISSUED": _("Issued"),
    "LETTER_PRINTED": _("Letter printed"),
    "LOCKED": _("Locked"),
    "OPEN": _("Open"),
    "OPENING": _("Opening balance"),
    "PAUSED": _("Paused"),
    "PENDING": _("Pending"),
    "PREPARED": _("Prepared"),
    "PRINTED": _("Printed"),
    "REJECTED": _("Rejected"),
    "RELEASED": _("Released"),
    "RESERVED": _("Reserved"),
    "RETIRED": _("Retired"),
    "RETURNED": _("Returned for repair"),
    "REVOKED": _("Revoked"),
    "SIGNING": _("Signing"),
    "SOFTWARE": _("Software"),
    "SUPERSEDED": _("Superseded"),
    "SUSPENDED": _("Suspended"),
    "UNSUSPENDING": _("Suspension being lifted"),
    "WITHDRAWN": _("Withdrawn"),
    "done": _("done"),
    "ent.finance.maker": _("Finance maker"),
    "ent.finance.releaser": _("Finance releaser"),
    "ent.finance.reviewer": _("Finance reviewer"),
    "enterprise": _("Enterprise site"),
    "idle": _("too long without activity"),
    "password": _("Password"),
    "refused": _("refused"),
    "reject": _("Reject"),
    "release": _("Release"),
    "replaced": _("replaced by a later sign-in"),
    "return": _("Return for repair"),
    "review": _("Review"),
    "signed out": _("signed out"),
    "staff": _("Staff site"),
    "transfers.transfer": _("Transfer"),
    "transfer": _("Transfer"),
    "alerts.message.state:PENDING": _("Waiting"),
    "certificates.certificate.state:EXPIRED": _("Run out"),
    "certificates.letter.state:EXPIRED": _("Run out"),
    "identity.company.state:CLOSED": _("Ended"),
    "identity.company.state:SUSPENDED": _("Out of force"),
    "identity.grant.state:CLOSED": _("Ended"),
    "identity.grant.state:SUSPENDED": _("Out of force"),
    "identity.session.ended_why:": _("still open"),
    "identity.unit.state:CLOSED": _("Ended"),
    "identity.unit.state:SUSPENDED": _("Out of force"),
    "identity.user.state:CLOSED": _("Ended"),
    "identity.user.state:SUSPENDED": _("Out of force"),
    "ledger.hold.state:RELEASED": _("Given back"),
}
EVENTS: Mapping[str, Text] = {
    "alerts.message.replayed": _("Messages sent again"),
    "approvals.flow.defined": _("Approval flow defined"),
    "approvals.request.deleted": _("Draft deleted"),
    "approvals.request.drafted": _("Drafted"),
    "approvals.request.edited": _("Edited"),
    "approvals.request.expired": _("Expired"),
    "approvals.request.rejected": _("Rejected"),
    "approvals.request.release_signed": _("Release signed"),
    "approvals.request.released": _("Released"),
    "approvals.request.returned": _("Returned for repair"),
    "approvals.request.reviewed": _("Reviewed"),
    "approvals.request.submitted": _("Submitted"),
    "approvals.request.withdrawn": _("Withdrawn"),
    "approvals.rule.defined": _("Approval rule defined"),
    "certificates.authority.prepared": _("Certificate authority prepared"),
    "certificates.authority.requested": _("Next issuing authority requested"),
    "certificates.authority.rotated": _("Issuing authority replaced"),
    "certificates.card.locked": _("Card locked"),
    "certificates.card.refused": _("Wrong PIN"),
    "certificates.certificate.confirmed": _("Certificate confirmed"),
    "certificates.certificate.enrolled": _("Certificate issued"),
    "certificates.certificate.revoked": _("Certificate revoked"),
    "certificates.certificate.suspended": _("Certificate suspended"),
    "certificates.letter.locked": _("Letter locked"),
    "certificates.letter.printed": _("Letter printed"),
    "certificates.letter.refused": _("Wrong letter code"),
    "certificates.letter.superseded": _("Letter superseded"),
    "certificates.revocation_list.published": _("Revocation list published"),
    "certificates.service_keys.rotated": _("Service keys replaced"),
    "identity.company.registered": _("Company registered"),
    "identity.grant.given": _("Role granted"),
    "identity.session.ended": _("Session ended"),
    "identity.session.opened": _("Session opened"),
    "identity.session.opened.refused": _("Sign-in refused"),
    "identity.unit.opened": _("Unit opened"),
    "identity.user.added": _("User added"),
    "identity.user.language_chosen": _("Language chosen"),
    "identity.user.paused": _("Paused after wrong passwords"),
    "ledger.account.opened": _("Account opened"),
    "ledger.account.frozen": _("Account frozen"),
    "ledger.account.closed": _("Account closed"),
    "ledger.account.right_granted": _("Account right granted"),
    "ledger.account.right_withdrawn": _("Account right withdrawn"),
    "transfers.limit.set": _("Limit set"),
}


def label_of(field: Field) -> Text:
    """Return what a column is called."""
    own: Text = field.verbose_name
    return LABELS.get(field.name, own) if isinstance(own, str) else own


def word_of(field: Field, value: object) -> Text:
    """Return what a stored code means, or the code itself where there is no word for it."""
    code = str(value)
    bare = WORDS.get(code, code)
    return WORDS.get(f"{field.model._meta.label_lower}.{field.name}:{code}", bare)


def event_word(event: str) -> Text:
    """Return what an event of the audit log says."""
    return EVENTS.get(event, event)


def is_worded(field: Field) -> bool:
    """Tell whether a column holds codes rather than what somebody wrote."""
    return bool(field.choices) or field.name in CODED


def value_text(field: Field, row: Model) -> object:
    """Return what a page shows for one column of one row; None where there is nothing.

    Moments and dates stay what they are: the template writes them in the reader's time and form.
    """
    value = getattr(row, field.name)
    if value is None or value in ("", [], {}):
        return None
    if isinstance(value, Model):
        return name_of(value)
    if isinstance(field, DecimalField):
        return amount_text(value, getattr(row, "currency", ""))
    if isinstance(value, dict):
        return facts_text(value)
    if isinstance(value, list):
        return ", ".join(str(word_of(field, item)) for item in value)
    if field.choices:
        own = dict(field.flatchoices).get(value, value)
        return own if own != value else word_of(field, value)
    if field.name == "event":
        return event_word(value)
    return word_of(field, value) if is_worded(field) else value


def name_of(row: Model) -> str:
    """Return a row's own name, in English where it has one and the reader reads English."""
    english = getattr(row, "name_en", "")
    reads_english = (get_language() or "").startswith("en")
    return str(english) if english and reads_english else str(row)


def amount_text(amount: Decimal, currency: str) -> str:
    """Return an amount with separators and the decimals of its currency.

    Where the row names no currency, only decimals that say nothing are left out.
    """
    try:
        return number_format(Money(amount, currency).quantised().amount, force_grouping=True)
    except (DomainError, ValueError):
        whole = amount.quantize(Decimal("0.01"))
        kept = whole if whole == amount else amount.normalize()
        return number_format(kept, force_grouping=True)


def facts_text(facts: Mapping[str, object]) -> str:
    """Return stored facts as `name: value` lines, in the order they were stored."""
    lines = []
    for name, value in facts.items():
        plain = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        lines.append(f"{name}: {plain}")
    return "\n".join(lines)
