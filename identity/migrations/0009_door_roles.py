"""Let people help others at the door and change its figures; nobody in use begins anew (AUTH-9)."""

from django.db import migrations
from django.db.models import F
from django.db.models.functions import Now

REQUEST = "approvals.request."
MAKE = [REQUEST + "view", REQUEST + "submit", REQUEST + "withdraw"]
SIGNER = [
    "certificates.certificate.enrol", "certificates.certificate.sign",
    "certificates.certificate.report_lost",
]  # fmt: skip
DECIDE = [
    REQUEST + "view", REQUEST + "release", REQUEST + "return", REQUEST + "reject", *SIGNER,
]  # fmt: skip
# A card of one's own as second factor: makers of the bank and security makers sign nothing, but
# show who they are by it.
HOLD = ["certificates.certificate.enrol", "certificates.certificate.report_lost"]
HELP = "identity.user.help"
FIGURES = "identity.signinpolicy.inspect"
ADMINISTRATION = "company.administration.inquire"

ADDED = {
    "it.security.maker": [
        *MAKE, *HOLD, HELP, FIGURES, "identity.policy.propose", "branches.unlock.propose",
        "branches.credentials.propose",
    ],
    "it.security.checker": [*DECIDE, HELP, FIGURES],
    "branch.security.maker": [
        *MAKE, *HOLD, HELP, "staff.unlock.propose", "staff.credentials.propose",
    ],
    "branch.security.checker": [*DECIDE, HELP],
    "branch.business.maker": [
        *HOLD, HELP, "customers.unlock.propose", "customers.credentials.propose",
    ],
    "branch.business.checker": [HELP],
    "bank.pki.maker": HOLD,
    "bank.auditor": HOLD,
    "ent.security.maker": [
        *MAKE, *HOLD, HELP, ADMINISTRATION, "people.unlock.propose", "people.credentials.propose",
        "company.policy.propose",
    ],
    "ent.security.checker": [*DECIDE, HELP, ADMINISTRATION],
}  # fmt: skip


def seed(apps, schema_editor):
    database = schema_editor.connection.alias
    role = apps.get_model("identity", "Role").objects.using(database)
    for code, added in ADDED.items():
        row = role.get(code=code)
        row.permissions = sorted({*row.permissions, *added})
        row.save()
    apps.get_model("identity", "PasswordPolicy").objects.using(database).create(id=1)
    # How old their passwords are was not kept: they count from now.
    apps.get_model("identity", "User").objects.using(database).update(
        first_used_at=F("created_at"), login_name_chosen_at=F("created_at"), password_set_at=Now()
    )


class Migration(migrations.Migration):
    dependencies = [("identity", "0008_door")]
    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
