"""What the log of passkeys and second factors says in the staff window."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

PASSKEY_EVENTS: Mapping[str, Promise] = {
    "identity.passkey.end": _("To end a passkey"),
    "identity.passkey.ended": _("Passkey ended"),
    "identity.passkey.register": _("To register a passkey"),
    "identity.passkey.registered": _("Passkey registered"),
    "identity.passkey.registered.refused": _("New passkey refused"),
    "identity.session.step_up": _("To show the second factor"),
    "identity.session.stepped_up": _("Second factor shown"),
    "identity.session.stepped_up.refused": _("Second factor refused"),
}
