"""How the pages of outside certificates name what was looked at, and where keys are kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy as _

from certificates.formats.external import Check
from certificates.formats.profiles import KeyStorage
from kernel.clock import TAIPEI

CHECKS: Mapping[Check, Promise] = {
    Check.CHAIN: _("Issued by an authority the bank accepts"),
    Check.AUTHORITIES: _("Every authority in the chain may issue, and is in force"),
    Check.VALIDITY: _("Within its period of validity"),
    Check.CONSTRAINTS: _("A person's certificate, with no unknown condition"),
    Check.POLICY: _("Issued under an accepted policy"),
    Check.KEY_USAGE: _("For signing that cannot be denied"),
    Check.KEY: _("A key of accepted kind and strength"),
    Check.REVOCATION: _("Not revoked, by fresh lists of every authority"),
}
KNOWN: Promise = _("Key and certificate are new to the bank")
# What the window calls the columns, codes and events of outside certificates.
OUTSIDE_LABELS: Mapping[str, Promise] = {
    "authority": _("outside authority"),
    "configured_at": _("accepted at"),
    "external_issuer": _("outside issuer"),
    "fetched_at": _("fetched at"),
    "outside_good_until": _("known to be good until"),
    "outside_status": _("state at its authority"),
    "root_sha256": _("fingerprint of the root"),
    "withdrawn_at": _("accepted until"),
}
OUTSIDE_WORDS: Mapping[str, Promise] = {
    "certificates.certificate.outside_status:GOOD": _("Good"),
    "certificates.certificate.outside_status:ON_HOLD": _("On hold"),
    "certificates.certificate.outside_status:REVOKED": _("Revoked"),
}
OUTSIDE_EVENTS: Mapping[str, Promise] = {
    "certificates.certificate.bound": _("Outside certificate bound"),
    "certificates.external.configured": _("Outside authority accepted"),
    "certificates.external.held": _("Put on hold by its authority"),
    "certificates.external.list_taken": _("Outside revocation list taken"),
    "certificates.external.released": _("Released by its authority"),
    "certificates.external.withdrawn": _("Outside authority accepted no longer"),
}
_STORAGES: Mapping[str, Promise] = {
    KeyStorage.HARDWARE.name: _("a card or token"),
    KeyStorage.SOFTWARE.name: _("software"),
    KeyStorage.BROWSER.name: _("a browser"),
}


def storage_word(name: str) -> str:
    """Return where a key is kept, for people."""
    return str(_STORAGES.get(name, "-"))


def day_text(moment: datetime) -> str:
    """Return the day of a moment in Taipei."""
    return moment.astimezone(TAIPEI).strftime("%Y-%m-%d")


def period_text(first: str, last: str) -> str:
    """Return a period from its two days."""
    return gettext("%(first)s to %(last)s") % {"first": first, "last": last}
