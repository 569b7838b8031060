"""Keep who made, edited and submitted a request, and the requests themselves, from being emptied."""

from django.db import migrations

from kernel.guards import immutable, revoke

UNDO = "DROP TRIGGER IF EXISTS {table}_keep_all ON {table};"


class Migration(migrations.Migration):
    dependencies = [("approvals", "0002_guards")]
    operations = [
        migrations.RunSQL(
            immutable("approvals_editor", truncate_only=True)
            + revoke("UPDATE, DELETE", "approvals_editor"),
            UNDO.format(table="approvals_editor"),
        ),
        migrations.RunSQL(
            immutable("approvals_request", truncate_only=True)
            + revoke("DELETE", "approvals_request"),
            UNDO.format(table="approvals_request"),
        ),
    ]
