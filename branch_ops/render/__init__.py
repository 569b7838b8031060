"""How the staff window writes columns, values and events in the reader's language."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal

from django.db.models import DecimalField, Field, Model
from django.utils.formats import number_format
from django.utils.translation import get_language, gettext as _

from branch_ops.render.tables import CODED, EVENTS, LABELS, MODEL_NAMES, WORDS, Text
from kernel.errors import DomainError
from kernel.money import Money

__all__ = [
    "CODED",
    "EVENTS",
    "LABELS",
    "MODEL_NAMES",
    "WORDS",
    "Text",
    "amount_text",
    "event_word",
    "facts_text",
    "is_worded",
    "label_of",
    "name_of",
    "value_text",
    "who",
    "word",
    "word_of",
]


def word(code: str, column: str = "") -> str:
    """Return what a stored code means, for a column (`model.column`) where it has its own word."""
    return str(WORDS.get(f"{column}:{code}", WORDS.get(code, code)))


def who(name: str) -> str:
    """Return who acted, by a name out of the log; what nobody did, the system did."""
    return _("The system") if name == "system" else name


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
