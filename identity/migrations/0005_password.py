"""Note who has to choose a new password before anything else (CERT-10)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("identity", "0004_certificate_roles")]
    operations = [
        migrations.AddField("user", "must_change_password", models.BooleanField(default=False)),
    ]
