"""Hold by the database what the log promises: entries are final, heads only move forward."""

from django.db import migrations

from kernel.guards import immutable, mutable, revoke

FORWARD = """
CREATE FUNCTION audit_chain_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.name <> OLD.name OR NEW.height <> OLD.height + 1 THEN
        RAISE EXCEPTION 'the head of audit chain % only moves forward by one', OLD.name
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_chain_forward BEFORE UPDATE ON audit_chain
    FOR EACH ROW EXECUTE FUNCTION audit_chain_forward();
CREATE TRIGGER audit_chain_keep BEFORE DELETE ON audit_chain
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();
"""
BACKWARD = """
DROP TRIGGER audit_chain_keep ON audit_chain;
DROP TRIGGER audit_chain_forward ON audit_chain;
DROP FUNCTION audit_chain_forward();
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [
        migrations.RunSQL(immutable("audit_entry"), mutable("audit_entry")),
        migrations.RunSQL(
            immutable("audit_chain", truncate_only=True) + revoke("DELETE", "audit_chain"),
            mutable("audit_chain"),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
