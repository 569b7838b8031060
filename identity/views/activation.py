"""What the doors of both sites share of an activation: counting, trying, one answer (AUTH-9)."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings

from identity import operations
from identity.errors import ActivationRefused
from identity.operations import ActivationOutcome
from identity.permissions import PersonRequest
from kernel import clock


def try_activation(request: PersonRequest, typed: Mapping[str, str]) -> None:
    """Set the password that was typed, by the code that was typed.

    `typed` holds login_name, code and new, on the customers' site company_code too. Raises
    TooManyTries, DoorShut, WeakPassword; ActivationRefused for everything else (AUTH-1, AUTH-10).
    """
    names = {
        "site": settings.SITE,
        "company_code": typed.get("company_code", ""),
        "login_name": typed["login_name"],
    }
    now = clock.now()
    operations.count_activation(**names, address=request.META.get("REMOTE_ADDR", ""), now=now)
    outcome = operations.activate(**names, code=typed["code"], new=typed["new"], now=now)
    if outcome != ActivationOutcome.ACTIVATED:
        raise ActivationRefused
