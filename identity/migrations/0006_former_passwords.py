"""Remember the hashes of former passwords: the last three may not come back (PWD-1)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from kernel.guards import immutable, mutable


class Migration(migrations.Migration):
    dependencies = [("identity", "0005_password")]
    operations = [
        migrations.CreateModel(
            name="FormerPassword",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("password", models.CharField(max_length=128)),
                ("ended_at", models.DateTimeField()),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="former_passwords",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.RunSQL(immutable("identity_formerpassword"), mutable("identity_formerpassword")),
    ]
