"""How a company's security pair lets its own people in again (AUTH-2, AUTH-9)."""

from approvals.subjects import ChangeKind
from approvals.subjects.people import CredentialsKind, UnlockKind
from identity.queries import Relation


class PeopleUnlockKind(UnlockKind):
    """Lift the pause of a person of one's own company, the security pair left out."""

    code = "people.unlock"
    relation = Relation.PEOPLE


class PeopleCredentialsKind(CredentialsKind):
    """Give a person of one's own company new credentials, the security pair left out."""

    code = "people.credentials"
    relation = Relation.PEOPLE


KINDS: tuple[type[ChangeKind], ...] = (PeopleUnlockKind, PeopleCredentialsKind)
