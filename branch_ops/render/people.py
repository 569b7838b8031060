"""What people do to their own sign-in, in the words of the staff window."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

OWN_EVENTS: Mapping[str, Promise] = {
    "identity.contact.asked": _("Another address asked for"),
    "identity.contact.changed": _("Address changed"),
    "identity.contact.verified": _("Address verified"),
    "identity.user.authorisation_code_refused": _("Wrong supervisor authorisation code"),
    "identity.user.authorisation_code_set": _("Supervisor authorisation code set"),
    "identity.user.first_used": _("First use completed"),
    "identity.user.login_name_chosen": _("Login name chosen"),
    "identity.user.settings_chosen": _("Personal settings chosen"),
}
