"""What the staff window calls the columns of people, sessions and figures of signing in."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

DOOR_LABELS: Mapping[str, Promise] = {
    "account_limit": _("tries for one account"),
    "activation_hours": _("hours an activation code lasts"),
    "address_limit": _("tries from one address"),
    "authorisation_code": _("supervisor authorisation code"),
    "code_minutes": _("minutes a code lasts"),
    "code_tries": _("tries for a code"),
    "device_sha256": _("mark of the browser"),
    "first_used_at": _("first use completed at"),
    "guesses_told": _("password guessing told to administrators"),
    "is_half_in": _("second factor still to be shown"),
    "is_new_device": _("from a new browser"),
    "is_new_place": _("from a new place"),
    "is_out_of_hours": _("outside the usual hours"),
    "is_secret": _("carries a secret"),
    "keypad_offered": _("keypad is offered"),
    "keypad_seconds": _("seconds a keypad lasts"),
    "keypad_sign_milliseconds": _("milliseconds for one key at least"),
    "limit_minutes": _("minutes tries are counted over"),
    "login_name_chosen_at": _("login name chosen at"),
    "number_offered": _("number in a picture is offered"),
    "password_set_at": _("password set at"),
    "prefers_keypad": _("prefers the keypad"),
    "prefers_number": _("prefers the number in a picture"),
    "second_sign_in": _("second sign-in"),
    "start_page": _("start page"),
    "stepped_up_at": _("second factor shown at"),
    "warning_seconds": _("seconds of warning before signing out"),
    "wrong_codes": _("wrong authorisation codes in a row"),
}
