"""Mark messages that carry a secret, whose words nobody else may read."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("alerts", "0001_messages"),
    ]

    operations = [
        migrations.AddField(
            model_name="message",
            name="is_secret",
            field=models.BooleanField(default=False),
        ),
    ]
