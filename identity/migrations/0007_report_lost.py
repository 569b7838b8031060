"""Let the bank's own checkers report their cards lost (CERT-10)."""

from django.db import migrations

ROLES = ["branch.business.checker", "bank.pki.checker"]
REPORT_LOST = "certificates.certificate.report_lost"


def allow(apps, schema_editor):
    role = apps.get_model("identity", "Role").objects.using(schema_editor.connection.alias)
    for row in role.filter(code__in=ROLES):
        row.permissions = sorted({*row.permissions, REPORT_LOST})
        row.save()


class Migration(migrations.Migration):
    dependencies = [("identity", "0006_former_passwords")]
    operations = [migrations.RunPython(allow, migrations.RunPython.noop)]
