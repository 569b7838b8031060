"""How the pages of outside certificates name what was looked at, and where keys are kept."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from certificates.formats.external import Check
from certificates.formats.profiles import KeyStorage

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
_STORAGES: Mapping[str, Promise] = {
    KeyStorage.HARDWARE.name: _("a card or token"),
    KeyStorage.SOFTWARE.name: _("software"),
    KeyStorage.BROWSER.name: _("a browser"),
}


def storage_word(name: str) -> str:
    """Return where a key is kept, for people."""
    return str(_STORAGES.get(name, "-"))
