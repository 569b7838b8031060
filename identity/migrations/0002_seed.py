"""Seed the bank's own roles and its first sign-in figures; afterwards they are data (DEL-7)."""

from django.db import migrations

REQUEST = "approvals.request."
INSPECT_CUSTOMERS = [
    f"{model}.inspect"
    for model in (
        "identity.unit", "identity.company", "identity.user", "identity.role", "identity.grant",
        "identity.session", "ledger.account", "ledger.posting", "ledger.accountright",
        "approvals.request", "approvals.flow", "transfers.paymentorder", "transfers.limit",
        "certificates.certificate", "certificates.letter", "alerts.message",
    )
]  # fmt: skip
INSPECT_PEOPLE = [
    f"identity.{model}.inspect" for model in ("unit", "company", "user", "role", "grant", "session")
]
INSPECT_ALL = [
    *INSPECT_CUSTOMERS,
    "identity.signinpolicy.inspect",
    "certificates.certificateauthority.inspect",
    "certificates.revocationlist.inspect",
    "audit.chain.inspect",
    "audit.entry.inspect",
]
SIGNER = ["certificates.certificate.enrol", "certificates.certificate.sign"]
FINANCE = ["transfers.account.inquire", REQUEST + "view"]
DECIDE = [REQUEST + "return", REQUEST + "reject", *SIGNER]

ROLES = [
    ("it.security.maker", "資訊處安控經辦", "IT security maker", "staff", INSPECT_PEOPLE),
    ("it.security.checker", "資訊處安控主管", "IT security checker", "staff", INSPECT_PEOPLE),
    ("branch.security.maker", "分行安控經辦", "Branch security maker", "staff", INSPECT_PEOPLE),
    ("branch.security.checker", "分行安控主管", "Branch security checker", "staff", INSPECT_PEOPLE),
    ("branch.business.maker", "分行業務經辦", "Branch business maker", "staff", INSPECT_CUSTOMERS),
    ("branch.business.checker", "分行業務主管", "Branch business checker", "staff", INSPECT_CUSTOMERS),
    ("bank.auditor", "稽核", "Auditor", "staff", INSPECT_ALL),
    ("ent.security.maker", "企業安控經辦", "Enterprise security maker", "enterprise", []),
    ("ent.security.checker", "企業安控主管", "Enterprise security checker", "enterprise", SIGNER),
    (
        "ent.finance.maker", "財務經辦", "Finance maker", "enterprise",
        [*FINANCE, "transfers.order.edit", REQUEST + "submit", REQUEST + "withdraw"],
    ),
    ("ent.finance.reviewer", "審核主管", "Finance reviewer", "enterprise",
     [*FINANCE, REQUEST + "review", *DECIDE]),
    ("ent.finance.releaser", "放行主管", "Finance releaser", "enterprise",
     [*FINANCE, REQUEST + "release", *DECIDE]),
]  # fmt: skip


def seed(apps, schema_editor):
    database = schema_editor.connection.alias
    role = apps.get_model("identity", "Role")
    role.objects.using(database).bulk_create(
        role(code=code, name=name, name_en=name_en, site=site, permissions=sorted(permissions))
        for code, name, name_en, site, permissions in ROLES
    )
    apps.get_model("identity", "SignInPolicy").objects.using(database).create(id=1)


class Migration(migrations.Migration):
    dependencies = [("identity", "0001_initial")]
    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
