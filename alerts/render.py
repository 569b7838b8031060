"""Turn an event and its facts into the finished words for one channel and language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.template import Context, Template, TemplateDoesNotExist
from django.template.loader import get_template
from django.template.loader_tags import BlockNode
from django.utils.translation import override

from alerts.errors import UnknownEvent
from kernel.canonical import has_hidden_characters
from kernel.clock import TAIPEI


class Channel(StrEnum):
    """Name a way to reach a person."""

    EMAIL = "email"
    SMS = "sms"


class Event(StrEnum):
    """Name what people are told about; each has a template of the same name (ALR-1)."""

    REQUEST_SUBMITTED = "approvals.request.submitted"
    REQUEST_REVIEWED = "approvals.request.reviewed"
    REQUEST_RETURNED = "approvals.request.returned"
    REQUEST_REJECTED = "approvals.request.rejected"
    REQUEST_WITHDRAWN = "approvals.request.withdrawn"
    REQUEST_RELEASED = "approvals.request.released"
    CERTIFICATE_APPLIED = "certificates.certificate.applied"
    CERTIFICATE_CONFIRMED = "certificates.certificate.confirmed"
    CERTIFICATE_SUSPENDED = "certificates.certificate.suspended"
    CERTIFICATE_ACTIVATED = "certificates.certificate.activated"
    CERTIFICATE_REVOKED = "certificates.certificate.revoked"
    CERTIFICATE_EXPIRING = "certificates.certificate.expiring"
    CERTIFICATE_EXPIRED = "certificates.certificate.expired"
    LETTER_PRINTED = "certificates.letter.printed"
    USER_PAUSED = "identity.user.paused"
    USER_GUESSED = "identity.user.guessed"
    USER_SIGNED_IN_ELSEWHERE = "identity.user.signed_in_elsewhere"
    PASSKEY_REGISTERED = "identity.passkey.registered"
    PASSKEY_ENDED = "identity.passkey.ended"
    USER_UNLOCKED = "identity.user.unlocked"
    USER_CREDENTIALS_RENEWED = "identity.user.credentials_renewed"
    USER_RENEWED_BY_OPERATORS = "identity.user.renewed_by_operators"
    USER_PASSWORD_CHANGED = "identity.user.password_changed"  # noqa: S105 - the name of an event
    USER_AUTHORISATION_CODE_CHANGED = "identity.user.authorisation_code_changed"
    PASSWORD_EXPIRING = "identity.password.expiring"  # noqa: S105 - the name of an event
    USER_FIRST_USED = "identity.user.first_used"
    CONTACT_ASKED = "identity.contact.asked"
    CONTACT_CHANGED = "identity.contact.changed"
    CODE_CONTACT = "identity.code.contact"
    CODE_ACTIVATION = "identity.code.activation"
    CODE_PASSKEY = "identity.code.passkey"
    CODE_TRANSACTION = "identity.code.transaction"


@dataclass(frozen=True, slots=True)
class Recipient:
    """Name one address of one person: `key` says who, `company_key` for which company.

    `channel` is a Channel, `language` a Django language code such as `zh-hant`.
    """

    key: str
    channel: str
    address: str
    language: str
    company_key: str = ""


@dataclass(frozen=True, slots=True)
class Wording:
    """Hold a finished message; the subject of an SMS is shown in the notice centre only."""

    subject: str
    body: str


# Written by people or by other companies: they may not bring account numbers or links with them.
FREE_FACTS = (
    "payee_name", "payee_account_masked", "company_name", "unit_name", "subject_text",
    "actor_name", "reason",
)  # fmt: skip
OWN_FACTS = ("reference", "kind_name", "amount_text", "deadline", "code", "short_code")

SUBJECT_CHARACTERS = 120
FACT_CHARACTERS = 200
# Two concatenated parts: 7-bit ones of 153 characters, or 16-bit ones of 67 (3GPP TS 23.040).
SMS_SEPTET_CHARACTERS = 306
SMS_WIDE_CHARACTERS = 134
GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)

_LONG_NUMBER = re.compile(r"\d(?:[ -]?\d){8,}")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_DOMAIN_DOT = re.compile(r"(?<=\w)\.(?=[^\W\d_])")
_MASK = re.compile(r"\*{5,}")
_SPACE_AFTER_WIDE = re.compile(r"(?<=[，：。】]) ")
_SPACES = re.compile(r"[^\S\n]+")
_BLANK_LINES = re.compile(r"\n{3,}")


def render(event: str, facts: Mapping[str, object], *, channel: str, language: str) -> Wording:
    """Return the words of an event in the reader's language, ready to be stored (ALR-2).

    Facts that are not given are empty; lazily translated ones are read in the reader's language;
    moments are written in Taipei time. Raises UnknownEvent.
    """
    blocks = _blocks(event)
    with override(language):
        words = Context({name: _fact(name, facts) for name in (*OWN_FACTS, *FREE_FACTS)}, False)
        subject = _one_line(_filled(blocks, "subject", words))
        body = _filled(blocks, str(Channel(channel)), words)
    if channel == Channel.SMS:
        return Wording(subject[:SUBJECT_CHARACTERS], _short(_one_line(body)))
    return Wording(subject[:SUBJECT_CHARACTERS], _letter(body))


def _blocks(event: str) -> tuple[Template, dict[str, BlockNode]]:
    try:
        template: Template = get_template(f"alerts/{event}.txt").template  # type: ignore[attr-defined]
    except TemplateDoesNotExist as missing:
        raise UnknownEvent(event) from missing
    nodes = template.nodelist.get_nodes_by_type(BlockNode)
    return template, {node.name: node for node in nodes if isinstance(node, BlockNode)}


def _filled(blocks: tuple[Template, dict[str, BlockNode]], name: str, words: Context) -> str:
    template, nodes = blocks
    with words.render_context.push_state(template), words.bind_template(template):
        return nodes[name].nodelist.render(words)


def _fact(name: str, facts: Mapping[str, object]) -> str:
    value = facts.get(name, "")
    if isinstance(value, datetime):
        return value.astimezone(TAIPEI).strftime("%Y-%m-%d %H:%M")
    text = _one_line("" if value is None else str(value))[:FACT_CHARACTERS]
    return harmless(text) if name in FREE_FACTS else text


def harmless(text: str) -> str:
    """Return a text that shows of long numbers only the last four digits and holds no link (ALR-3).

    Mail programs make links of anything that looks like a host name; a space takes that away.
    """
    unlinked = _DOMAIN_DOT.sub(". ", _SCHEME.sub("", text))
    masked = _LONG_NUMBER.sub(lambda found: "****" + _last_digits(found.group()), unlinked)
    return _MASK.sub("****", masked)


def _last_digits(number: str) -> str:
    return "".join(character for character in number if character.isdigit())[-4:]


def _one_line(text: str) -> str:
    """Return a text on one line without hidden characters, as headers and facts must be."""
    visible = "".join(" " if has_hidden_characters(character) else character for character in text)
    return " ".join(visible.split())


def _letter(text: str) -> str:
    lines = (_SPACES.sub(" ", line).strip() for line in text.strip().splitlines())
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)) + "\n"


def _short(text: str) -> str:
    text = _SPACE_AFTER_WIDE.sub("", text)
    most = SMS_SEPTET_CHARACTERS if GSM_7.issuperset(text) else SMS_WIDE_CHARACTERS
    return text if len(text) <= most else text[: most - 3] + "..."
