"""What changes of the sign-in pages are called in the bank's words."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

PUBLISHED_EVENTS: Mapping[str, Promise] = {
    "alerts.bulletin.published": _("News published"),
    "alerts.bulletin.withdrawn": _("News withdrawn"),
    "alerts.contact.changed": _("Contact changed"),
    "alerts.publication.published": _("File published for download"),
    "alerts.publication.withdrawn": _("File withdrawn from download"),
}
