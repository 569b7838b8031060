"""A person's own addresses on a page: verify one, or ask for another (both sites)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from identity import operations, queries
from identity.errors import CodeGone, CodeRefused, NotThisStep, PasswordWrong
from identity.forms import AddressForm, CodeForm, ContactActForm
from identity.operations import CodeOutcome, Purpose, mask_address
from identity.permissions import PersonRequest
from identity.policies import STRONG_FACTORS
from kernel import clock
from kernel.errors import DomainError, RuleBroken

# Which form of which channel is shown again with what is wrong in it.
Bound = dict[tuple[str, str], forms.Form]


@dataclass(frozen=True, slots=True)
class ContactCard:
    """Show one address with what can be done about it; addresses are masked."""

    channel: str
    label: str
    address: str
    waiting: str
    is_verified: bool
    may_change: bool
    opened: bool
    code_until: datetime | None
    code_form: forms.Form
    address_form: forms.Form


def contact_cards(
    request: PersonRequest, *, has_card: bool, bound: Bound | None = None
) -> list[ContactCard]:
    """Return both addresses of the person; `bound` holds the forms that were refused."""
    found = bound or {}
    contacts = queries.contacts_of(request.user.pk)
    phone = next(contact for contact in contacts if contact.channel == "sms")
    code = queries.open_code(request.user.pk, purpose=Purpose.CONTACT, now=clock.now())
    labels = {"sms": _("Mobile phone"), "email": _("E-mail address")}
    return [
        ContactCard(
            channel=contact.channel,
            label=labels[contact.channel],
            address=mask_address(contact.address) if contact.address else "",
            waiting=mask_address(contact.waiting) if contact.waiting else "",
            is_verified=contact.is_verified,
            may_change=request.user.first_used_at is not None
            or (contact.channel == "email" and phone.is_verified),
            opened=(contact.channel, ContactActForm.WANT) in found,
            code_until=code.expires_at if code and code.channel == contact.channel else None,
            code_form=found.get(
                (contact.channel, ContactActForm.TYPE), CodeForm(prefix=contact.channel)
            ),
            address_form=found.get(
                (contact.channel, ContactActForm.WANT),
                _address_form(request, contact.channel, has_card=has_card),
            ),
        )
        for contact in contacts
    ]


def contact_act(request: PersonRequest, *, has_card: bool) -> Bound:
    """Do what was asked about one address; return the form that was refused, or nothing.

    Raises NotThisStep for an act there is not.
    """
    asked = ContactActForm(request.POST)
    if not asked.is_valid():
        raise NotThisStep
    channel, act = asked.cleaned_data["channel"], asked.cleaned_data["act"]
    form: forms.Form = CodeForm({}, prefix=channel)
    try:
        if act == ContactActForm.SEND:
            operations.send_contact_code(actor=request.user, channel=channel, now=clock.now())
            return {}
        if act == ContactActForm.TYPE:
            form = CodeForm(request.POST, prefix=channel)
            done = form.is_valid() and _take(request, channel, form.cleaned_data["code"])
        else:
            form = _address_form(request, channel, has_card=has_card, data=request.POST)
            done = form.is_valid() and _want(request, channel, form, has_card=has_card)
    except RuleBroken as error:
        refuse(form, error)
        return {(channel, ContactActForm.TYPE if act == ContactActForm.SEND else act): form}
    return {} if done else {(channel, act): form}


def refuse(form: forms.Form, error: DomainError) -> None:
    """Put a broken rule beside the field it is about, or above the form."""
    if not form.data:
        form.is_valid()
        form.errors.clear()
    form.add_error(error.field if error.field in form.fields else None, str(error))


def _take(request: PersonRequest, channel: str, typed: str) -> bool:
    outcome = operations.take_contact_code(
        actor=request.user, channel=channel, typed=typed, now=clock.now()
    )
    if outcome == CodeOutcome.WRONG:
        raise CodeRefused
    if outcome == CodeOutcome.GONE:
        raise CodeGone
    return True


def _want(request: PersonRequest, channel: str, form: forms.Form, *, has_card: bool) -> bool:
    typed: dict[str, Any] = form.cleaned_data
    sent = operations.want_contact(
        actor=request.user,
        channel=channel,
        address=typed["address"],
        password=typed.get("password", ""),
        has_card=has_card,
        now=clock.now(),
    )
    if sent is None:
        raise PasswordWrong("password")
    return True


def _address_form(
    request: PersonRequest, channel: str, *, has_card: bool, data: Mapping[str, Any] | None = None
) -> AddressForm:
    user = request.user
    # A card or passkey is asked for by the step-up page, not here.
    is_weak = user.factor not in STRONG_FACTORS and not (has_card or user.is_staff)
    asks_password = is_weak and user.first_used_at is not None
    return AddressForm(data, channel=channel, asks_password=asks_password)
