"""May this person enrol, sign, or take a certificate out of force?"""

from __future__ import annotations

from enum import StrEnum

from certificates.errors import CertificateUnknown
from identity.models import Unit, User
from identity.permissions import check, needs_card


class Permission(StrEnum):
    ENROL = "certificates.certificate.enrol"
    SIGN = "certificates.certificate.sign"
    PRINT_LETTER = "certificates.letter.print"
    SUSPEND = "certificates.certificate.suspend"
    REVOKE = "certificates.certificate.revoke"
    INQUIRE_COMPANY = "certificates.company.inquire"
    REPORT_LOST = "certificates.certificate.report_lost"


# Taking somebody else's certificate out of force is administration. Reporting the own card lost,
# taking a first one into use and lifting by letter are not: they must work without a card (AUTH-5).
needs_card(Permission.SUSPEND, Permission.REVOKE)


def check_manage(actor: User | None, holder: User, permission: str) -> None:
    """Insist that the actor may do this to the certificates of the holder.

    Within the enterprise that is its own people; at the bank the company's branch or a unit of
    the head office. What is not theirs is unknown to them (CertificateUnknown); without the role
    PermissionMissing. None is the bank itself.
    """
    check_theirs(actor, holder)
    if actor is not None:
        check(actor, permission)


def check_theirs(actor: User | None, holder: User) -> None:
    """Insist that the holder's certificates are within the actor's reach; None is the bank itself.

    Raises CertificateUnknown.
    """
    if actor is not None and not _is_theirs(actor, holder):
        raise CertificateUnknown


def _is_theirs(actor: User, holder: User) -> bool:
    if actor.unit is None:
        return holder.company_id is not None and holder.company_id == actor.company_id
    if actor.unit.kind != Unit.Kind.BRANCH:
        return True
    home = holder.company.branch_id if holder.company is not None else holder.unit_id
    return home == actor.unit_id
