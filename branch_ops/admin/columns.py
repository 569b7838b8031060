"""Columns, filters and pages of the window, in the reader's words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import BinaryField, Field, ForeignKey, Model
from django.utils.functional import Promise, cached_property

from branch_ops.render import event_word, label_of, value_text, word_of

Column = Callable[[Any], object]
Choice = Any  # a dict that Django types for itself alone
Unread = Any  # arguments that only pass through to Django

# Nobody reads these on a page, whatever an admin class says.
SECRETS = frozenset(
    {
        "password",
        "key_sha256",
        "session_key_sha256",
        "secret_hmac",
        "pin_hash",
        "nonce",
        "data",
        "authorisation_code",
    }
)


class CountedPages(Paginator):
    """Count no further than anyone turns pages: who looks for one row of many, searches."""

    most = 10_000

    @cached_property
    def count(self) -> int:
        """Return how many rows there are, at most 10,000."""
        rows: Any = self.object_list
        return int(rows[: self.most].count())


def column(field: Field) -> Column:
    """Return a column of a list or of a row's page that shows a field in the reader's words."""

    @admin.display(description=label_of(field), ordering=field.name)  # type: ignore[arg-type]
    def shown(row: Model) -> object:
        return value_text(field, row)

    # The style sheet aligns amounts by the column's name.
    shown.__name__ = field.name
    return shown


def is_secret(name: str) -> bool:
    """Tell whether a column, or one it leads through, is nobody's to read."""
    return any(part in SECRETS for part in name.split("__"))


def shown_fields(model: type[Model], excluded: Sequence[str]) -> list[Field]:
    """Return the stored fields a row's page shows: no secrets, no raw bytes, no bare row number."""
    return [
        field
        for field in model._meta.concrete_fields
        if field.name not in excluded
        and not is_secret(field.name)
        and not isinstance(field, BinaryField)
        and not (field.primary_key and field.name == "id")
    ]


class CodesFilter(admin.ChoicesFieldListFilter):
    """Offer the choices of a column in the reader's words."""

    def __init__(self, field: Field, *arguments: Unread, **options: Unread) -> None:
        super().__init__(field, *arguments, **options)
        self.title = str(label_of(field))

    def choices(self, changelist: ChangeList) -> Iterator[Choice]:
        """Return the links: all, then each code."""
        yield from _in_words(self.field, super().choices(changelist))


class ValuesFilter(admin.AllValuesFieldListFilter):
    """Offer the values that occur in a column, in the reader's words."""

    def __init__(self, field: Field, *arguments: Unread, **options: Unread) -> None:
        super().__init__(field, *arguments, **options)
        self.title = str(label_of(field))

    def choices(self, changelist: ChangeList) -> Iterator[Choice]:
        """Return the links: all, then each value."""
        yield from _in_words(self.field, super().choices(changelist))


class SeenFilter(admin.RelatedOnlyFieldListFilter):
    """Offer only what rows the reader may see lead to."""

    def __init__(self, field: Field, *arguments: Unread, **options: Unread) -> None:
        super().__init__(field, *arguments, **options)
        self.title = str(label_of(field))


def _in_words(field: Field, choices: Iterator[Choice]) -> Iterator[Choice]:
    word = event_word if field.name == "event" else partial(word_of, field)
    for choice in choices:
        if not isinstance(choice["display"], Promise):
            choice["display"] = word(choice["display"])
        yield choice


def filter_for(field: Field) -> type[admin.FieldListFilter]:
    """Return the filter that suits a column."""
    if isinstance(field, ForeignKey):
        return SeenFilter
    return CodesFilter if field.choices else ValuesFilter


def lookups_of(field: Field) -> frozenset[str]:
    """Return the parameters a filter on a column may put into the address; nothing else is asked.

    Whoever may put any lookup there could guess a hidden column letter by letter.
    """
    name = field.name
    if isinstance(field, ForeignKey):
        return frozenset({f"{name}__{field.target_field.name}__exact", f"{name}__isnull"})
    dates = {f"{name}__{part}" for part in ("year", "month", "day", "gte", "lt")}
    return frozenset({name, f"{name}__exact", f"{name}__isnull", *dates})
