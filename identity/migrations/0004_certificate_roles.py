"""Give the bank's roles what certificates' counter, fees and equipment ask for (DEL-7, CERT-7)."""

from django.db import migrations

REQUEST = "approvals.request."
VIEW = REQUEST + "view"
MAKE = [VIEW, REQUEST + "submit", REQUEST + "withdraw"]
DECIDE = [
    VIEW, REQUEST + "release", REQUEST + "return", REQUEST + "reject",
    "certificates.certificate.enrol", "certificates.certificate.sign",
]  # fmt: skip
COUNTER = ["certificates.certificate.inquire", "fees.item.inquire", "equipment.item.inquire"]
PROPOSE = [
    "certificates.application.propose",
    "certificates.withdrawal.propose",
    "certificates.scope.propose",
    "certificates.unsuspension.propose",
    "certificates.revocation.propose",
    "certificates.reprint.propose",
    "fees.waiver.propose",
    "fees.refund.propose",
    "equipment.write_off.propose",
]
STOCK = ["equipment.item.receive", "equipment.item.requisition", "equipment.item.return"]
INSPECT = [
    "certificates.card.inspect", "certificates.timestamp.inspect", "branch_ops.feeitem.inspect",
    "branch_ops.feetariff.inspect", "branch_ops.equipmentitem.inspect",
    "branch_ops.equipmentmovement.inspect",
]  # fmt: skip
INSPECT_PKI = [
    "certificates.certificateauthority.inspect", "certificates.revocationlist.inspect",
    "certificates.externalauthority.inspect", "certificates.certificate.inspect",
    "certificates.card.inspect", "identity.user.inspect", "identity.company.inspect",
    "identity.unit.inspect", "approvals.request.inspect",
]  # fmt: skip
SUSPEND = "certificates.certificate.suspend"
PRINT = "certificates.letter.print"

ADDED = {
    "branch.business.maker": [
        *MAKE, *COUNTER, *PROPOSE, *STOCK, *INSPECT, SUSPEND, PRINT, "fees.item.collect",
    ],
    "branch.business.checker": [*DECIDE, *COUNTER, *INSPECT, SUSPEND, PRINT],
    "bank.auditor": [VIEW, *COUNTER, *INSPECT, "certificates.externalauthority.inspect"],
    "ent.security.maker": ["certificates.company.inquire"],
    "ent.security.checker": [
        "certificates.company.inquire", SUSPEND, "certificates.certificate.revoke",
        "certificates.certificate.report_lost",
    ],
    "ent.finance.reviewer": ["certificates.certificate.report_lost"],
    "ent.finance.releaser": ["certificates.certificate.report_lost"],
}  # fmt: skip
NEW = [
    (
        "bank.pki.maker", "憑證管理經辦", "PKI officer (maker)",
        [
            *MAKE, "certificates.certificate.inquire", "certificates.external.propose",
            "equipment.item.inquire", *STOCK, "equipment.item.fulfil", *INSPECT_PKI,
        ],
    ),
    (
        "bank.pki.checker", "憑證管理主管", "PKI officer (checker)",
        [
            *DECIDE, "certificates.certificate.inquire", "equipment.item.inquire", *INSPECT_PKI,
        ],
    ),
]  # fmt: skip


def seed(apps, schema_editor):
    database = schema_editor.connection.alias
    role = apps.get_model("identity", "Role").objects.using(database)
    for code, added in ADDED.items():
        row = role.get(code=code)
        row.permissions = sorted({*row.permissions, *added})
        row.save()
    role.bulk_create(
        role.model(
            code=code, name=name, name_en=name_en, site="staff", permissions=sorted(permissions)
        )
        for code, name, name_en, permissions in NEW
    )


class Migration(migrations.Migration):
    dependencies = [("identity", "0003_formpost")]
    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
