"""Keep what somebody had typed into a form that was not sent, until they are back (SES-1)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from identity.errors import DraftRefused
from identity.models import FormDraft, User
from identity.policies.drafts import is_draft_path, may_be_kept

MOST_DRAFTS: Final = 20
"""How many forms are kept for one person; the oldest goes first."""
LONGEST_DRAFT: Final = 32 * 1024
"""How many bytes one form may hold, as JSON."""
DRAFT_LIFETIME: Final = timedelta(days=7)


@transaction.atomic(durable=True)
def keep_draft(
    *, actor: User, path: str, fields: Mapping[str, Sequence[str]], now: datetime
) -> None:
    """Keep what a person has typed into the form that is sent to `path`; the last time counts.

    `fields` names each field's values. Passwords, codes and what belongs to one page alone are
    never kept. Nothing typed means nothing kept: an older draft goes. Raises DraftRefused.
    """
    kept = {name: list(values) for name, values in fields.items() if may_be_kept(name)}
    if not _fits(path, kept):
        raise DraftRefused()
    if not kept:
        _drop(actor, path)
        return
    FormDraft.objects.update_or_create(
        user=actor, path=path, defaults={"fields": kept, "kept_at": now}
    )
    latest = FormDraft.objects.filter(user=actor).order_by("-kept_at", "-pk")
    for row in latest[MOST_DRAFTS:]:
        row.delete()


@transaction.atomic(durable=True)
def drop_draft(*, actor: User, path: str) -> None:
    """Forget what a person had typed into a form: it was sent, or they do not want it back.

    Raises DraftRefused for what is no form's address.
    """
    if not is_draft_path(path):
        raise DraftRefused()
    _drop(actor, path)


@transaction.atomic(durable=True)
def purge_drafts(*, now: datetime) -> int:
    """Forget what nobody came back to for seven days; return how many forms that were."""
    removed, _ = FormDraft.objects.filter(kept_at__lte=now - DRAFT_LIFETIME).delete()
    return removed


def _drop(actor: User, path: str) -> None:
    FormDraft.objects.filter(user=actor, path=path).delete()


def _fits(path: str, fields: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether this is a form's address and text that the database can hold."""
    if not is_draft_path(path):
        return False
    try:
        text = json.dumps([path, fields], ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half of a character
        return False
    # The database keeps no NUL; JSON writes it like this, and a typed backslash as two.
    return len(text) <= LONGEST_DRAFT and b"\\u0000" not in text
