"""What had somebody typed into a form that was not sent?"""

from __future__ import annotations

from collections.abc import Collection

from identity.errors import DraftRefused
from identity.models import FormDraft, User
from identity.policies.drafts import is_draft_path


def drafts(actor: User, paths: Collection[str]) -> dict[str, dict[str, list[str]]]:
    """Return the person's own drafts of the forms sent to these addresses (SES-1).

    Raises DraftRefused for what is no form's address.
    """
    if not all(is_draft_path(path) for path in paths):
        raise DraftRefused()
    rows = FormDraft.objects.filter(user=actor, path__in=paths)
    return dict(rows.values_list("path", "fields"))
