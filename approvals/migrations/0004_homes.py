"""Let units of the bank ask for second people too; one open change to a subject at a time."""

import approvals.states
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


from kernel.guards import immutable, revoke

# What has ended never changes again; naming its subject is no change of it.
NAME_SUBJECTS = """
ALTER TABLE approvals_request DISABLE TRIGGER approvals_request_final;
UPDATE approvals_request SET subject_key = kind || ':' || subject_id;
ALTER TABLE approvals_request ENABLE TRIGGER approvals_request_final;
"""
KEEP = "DROP TRIGGER IF EXISTS approvals_proposal_keep_all ON approvals_proposal;"


class Migration(migrations.Migration):
    dependencies = [
        ("approvals", "0003_keep"),
        ("identity", "0004_certificate_roles"),
        ("ledger", "0002_double_entry"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Proposal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=40)),
                ("subject_key", models.CharField(max_length=80)),
                ("content", models.JSONField()),
                ("expires_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "proposal",
                "verbose_name_plural": "proposals",
            },
        ),
        migrations.RemoveConstraint(
            model_name="flow",
            name="approvals_flow_code",
        ),
        migrations.RemoveConstraint(
            model_name="request",
            name="approvals_request_amount",
        ),
        migrations.RemoveConstraint(
            model_name="request",
            name="approvals_request_one_open",
        ),
        migrations.AddField(
            model_name="request",
            name="subject_key",
            field=models.CharField(default="", max_length=80),
            preserve_default=False,
        ),
        migrations.RunSQL(NAME_SUBJECTS, migrations.RunSQL.noop),
        migrations.AddField(
            model_name="request",
            name="unit",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="requests",
                to="identity.unit",
            ),
        ),
        migrations.AlterField(
            model_name="flow",
            name="company",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="flows",
                to="identity.company",
            ),
        ),
        migrations.AlterField(
            model_name="flowrule",
            name="company",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="flow_rules",
                to="identity.company",
            ),
        ),
        migrations.AlterField(
            model_name="request",
            name="account",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="ledger.account",
            ),
        ),
        migrations.AlterField(
            model_name="request",
            name="amount",
            field=models.DecimalField(blank=True, decimal_places=4, max_digits=20, null=True),
        ),
        migrations.AlterField(
            model_name="request",
            name="company",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="requests",
                to="identity.company",
            ),
        ),
        migrations.AlterField(
            model_name="request",
            name="currency",
            field=models.CharField(blank=True, max_length=3),
        ),
        migrations.AddIndex(
            model_name="request",
            index=models.Index(
                condition=models.Q(
                    ("state", approvals.states.RequestState["PENDING"]), ("unit__isnull", False)
                ),
                fields=["unit", "stage_role", "stage_level", "deadline", "id"],
                name="approvals_waiting_unit",
            ),
        ),
        migrations.AddIndex(
            model_name="request",
            index=models.Index(fields=["unit", "-changed_at", "-id"], name="approvals_recent_unit"),
        ),
        migrations.AddConstraint(
            model_name="flow",
            constraint=models.UniqueConstraint(
                fields=("company", "code"), name="approvals_flow_code", nulls_distinct=False
            ),
        ),
        migrations.AddConstraint(
            model_name="request",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("company__isnull", False), ("unit__isnull", True)),
                    models.Q(("company__isnull", True), ("unit__isnull", False)),
                    _connector="OR",
                ),
                name="approvals_request_one_home",
            ),
        ),
        migrations.AddConstraint(
            model_name="request",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("account__isnull", False),
                        ("amount__gt", 0),
                        models.Q(("currency", ""), _negated=True),
                    ),
                    models.Q(("account__isnull", True), ("amount__isnull", True), ("currency", "")),
                    _connector="OR",
                ),
                name="approvals_request_amount",
            ),
        ),
        migrations.AddConstraint(
            model_name="request",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["DRAFT", "PENDING", "RETURNED"])),
                fields=("subject_key",),
                name="approvals_request_one_open",
            ),
        ),
        migrations.RunSQL(
            immutable("approvals_proposal", truncate_only=True)
            + revoke("DELETE", "approvals_proposal"),
            KEEP,
        ),
    ]
