"""Let the security pairs release what opens a door again, and the figures of signing in (AUTH-2).

A rule of the bank also holds for a company that has none of its own for that kind.
"""

from importlib import import_module

from django.db import migrations

counter = import_module("branch_ops.migrations.0002_counter")
FLOWS = [
    (
        "it-security", "資訊處安控經辦編輯 → 安控主管放行", "it.security.checker",
        ["identity.policy", "branches.unlock", "branches.credentials"],
    ),
    (
        "branch-security", "分行安控經辦編輯 → 安控主管放行", "branch.security.checker",
        ["staff.unlock", "staff.credentials"],
    ),
    (
        "customers", "分行業務經辦編輯 → 業務主管放行", "branch.business.checker",
        ["customers.unlock", "customers.credentials"],
    ),
    (
        "company-security", "企業安控經辦編輯 → 安控主管放行", "ent.security.checker",
        ["people.unlock", "people.credentials", "company.policy"],
    ),
]  # fmt: skip


def seed(apps, schema_editor):
    counter.seed_flows(apps, schema_editor, FLOWS)


class Migration(migrations.Migration):
    dependencies = [("branch_ops", "0002_counter")]
    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
