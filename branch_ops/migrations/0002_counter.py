"""Let the bank's own changes be released by the role that answers for them (DUAL-1, DUAL-6)."""

from decimal import Decimal

from django.db import migrations

CHECKER = "branch.business.checker"
FLOWS = [
    (
        "counter", "經辦編輯 → 主管放行", CHECKER,
        [
            "certificates.application",
            "certificates.withdrawal",
            "certificates.scope",
            "certificates.unsuspension",
            "certificates.revocation",
            "certificates.reprint",
            "fees.waiver",
            "fees.refund",
            "equipment.write_off",
        ],
    ),
    ("pki", "憑證管理經辦 → 憑證管理主管放行", "bank.pki.checker", ["certificates.external"]),
]  # fmt: skip


def seed(apps, schema_editor):
    seed_flows(apps, schema_editor, FLOWS)


def seed_flows(apps, schema_editor, flows):
    """Write flows of one releasing stage, each with the kinds it is for."""
    database = schema_editor.connection.alias
    flow_model = apps.get_model("approvals", "Flow")
    stage_model = apps.get_model("approvals", "FlowStage")
    rule_model = apps.get_model("approvals", "FlowRule")
    for code, name, role, kinds in flows:
        flow = flow_model.objects.using(database).create(company=None, code=code, name=name)
        stage_model.objects.using(database).create(flow=flow, number=1, act="release", role=role)
        for kind in kinds:
            rule_model.objects.using(database).create(
                company=None, kind=kind, minimum=Decimal(0), flow=flow
            )


class Migration(migrations.Migration):
    dependencies = [("branch_ops", "0001_stock"), ("approvals", "0004_homes")]
    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
