"""Note from which browser, which network and at what hour somebody signs in (AUTH-6).

What is unusual is recorded with the session; nobody is told yet. Alerts of AUTH-6 will need, and
find: `Session.is_new_device`, `is_new_place` and `is_out_of_hours` of the session that has just
been opened, its address, agent and moment for the words of the message, the person's contact points
(`identity.queries.recipients`), and the earlier devices to compare with. A step-up for such a
sign-in can ask the same three marks of the live session. A person's very first device is not new:
there was none to compare it with.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address, ip_network

from django.db.models import Count, Q

from audit import operations as audit
from identity.formats import session_digest
from identity.models import CompanyPolicy, KnownDevice, User
from kernel.clock import TAIPEI

_PLACE_BITS = {4: 24, 6: 48}


@dataclass(frozen=True, slots=True)
class Marks:
    """Carry what a session keeps about the browser it was opened in, by the fields' names."""

    device_sha256: str
    is_new_device: bool
    is_new_place: bool
    is_out_of_hours: bool


def note_device_step(*, user: User, device: str, address: str, agent: str, now: datetime) -> Marks:
    """Remember a browser and its place for a person and return what is unusual; a step (AUTH-6).

    `device` is the value of the cookie this browser keeps; only its SHA-256 is stored.
    """
    audit.require_transaction()
    digest, place = session_digest(device), place_of(address)
    earlier = KnownDevice.objects.filter(user=user).aggregate(
        all=Count("pk"),
        device=Count("pk", filter=Q(device_sha256=digest)),
        place=Count("pk", filter=Q(place=place)),
    )
    KnownDevice.objects.bulk_create(
        [
            KnownDevice(
                user=user, device_sha256=digest, place=place, agent=agent[:200],
                first_seen_at=now, last_seen_at=now,
            )
        ],
        update_conflicts=True,
        unique_fields=["user", "device_sha256", "place"],
        update_fields=["agent", "last_seen_at"],
    )  # fmt: skip
    return Marks(
        device_sha256=digest,
        is_new_device=bool(earlier["all"]) and not earlier["device"],
        is_new_place=bool(earlier["all"]) and not earlier["place"],
        is_out_of_hours=_out_of_hours(user, now),
    )


def place_of(address: str) -> str:
    """Return the network an address belongs to: 24 bits of IPv4, 48 of IPv6.

    What is no address is its own place.
    """
    try:
        found = ip_address(address)
    except ValueError:
        return address[:45]
    found = getattr(found, "ipv4_mapped", None) or found
    return str(ip_network((found, _PLACE_BITS[found.version]), strict=False))


def _out_of_hours(user: User, now: datetime) -> bool:
    """Tell whether a company's person comes outside its usual hours (Asia/Taipei)."""
    if user.company_id is None:
        return False
    hours = CompanyPolicy.objects.filter(company_id=user.company_id, usual_from__isnull=False)
    found = hours.values_list("usual_from", "usual_until").first()
    if found is None or found[0] is None or found[1] is None:
        return False
    return not found[0] <= now.astimezone(TAIPEI).time() < found[1]
