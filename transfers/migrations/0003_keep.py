"""Keep what was counted against the limits: no counter and no reservation is ever taken away."""

from django.db import migrations

from kernel.guards import immutable, revoke

TABLES = ("transfers_limitcounter", "transfers_reservation")
KEEP = """
CREATE TRIGGER {table}_keep BEFORE DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();
"""
UNDO = """
DROP TRIGGER {table}_keep ON {table};
DROP TRIGGER {table}_keep_all ON {table};
"""


class Migration(migrations.Migration):
    dependencies = [("transfers", "0002_guards")]
    operations = [
        migrations.RunSQL(
            immutable(table, truncate_only=True)
            + KEEP.format(table=table)
            + revoke("DELETE", table),
            UNDO.format(table=table),
        )
        for table in TABLES
    ]
