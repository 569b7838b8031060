"""What proves a signature later: the responder's answer, and the time stamp over its file."""

import django.db.models.deletion
from django.db import migrations, models

from kernel.guards import immutable, mutable

TIME_STAMP = "certificates_timestamp"
# Signatures made before there were time stamps wait for theirs like any other.
EARLIER = """
INSERT INTO certificates_awaitedtimestamp (signature_id, due_at, tries)
SELECT id, accepted_at, 0 FROM certificates_signature;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("certificates", "0003_authorities"),
    ]

    operations = [
        migrations.AddField(
            model_name="signature",
            name="ocsp_der",
            field=models.BinaryField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="servicekey",
            name="service",
            field=models.CharField(
                choices=[
                    ("OCSP_RESPONDER", "OCSP_RESPONDER"),
                    ("TIME_STAMPING", "TIME_STAMPING"),
                    ("EVIDENCE_SEAL", "EVIDENCE_SEAL"),
                ],
                max_length=20,
            ),
        ),
        migrations.CreateModel(
            name="AwaitedTimeStamp",
            fields=[
                (
                    "signature",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="awaited_time_stamp",
                        serialize=False,
                        to="certificates.signature",
                    ),
                ),
                ("due_at", models.DateTimeField()),
                ("tries", models.PositiveIntegerField(default=0)),
            ],
            options={
                "verbose_name": "awaited time stamp",
                "verbose_name_plural": "awaited time stamps",
                "indexes": [models.Index(fields=["due_at"], name="certificates_stamp_due")],
            },
        ),
        migrations.CreateModel(
            name="TimeStamp",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("der", models.BinaryField()),
                ("root_der", models.BinaryField()),
                ("serial", models.CharField(max_length=64)),
                ("stamped_at", models.DateTimeField()),
                ("kept_at", models.DateTimeField()),
                (
                    "signature",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="time_stamp",
                        to="certificates.signature",
                    ),
                ),
            ],
            options={
                "verbose_name": "time stamp",
                "verbose_name_plural": "time stamps",
            },
        ),
        migrations.RunSQL(immutable(TIME_STAMP), mutable(TIME_STAMP)),
        migrations.RunSQL(EARLIER, migrations.RunSQL.noop),
    ]
