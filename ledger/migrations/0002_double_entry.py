"""Hold by the database what the books promise: they balance, and what is written stays."""

from django.db import migrations

from kernel.guards import immutable, mutable, revoke

# Checked once per posting at commit, so that a batch of thousands of legs is summed once.
BALANCED = """
CREATE FUNCTION ledger_posting_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    legs bigint;
    wrong text;
BEGIN
    SELECT sum(part.legs), max(part.currency) FILTER (WHERE part.total <> 0) INTO legs, wrong
    FROM (
        SELECT currency, count(*) AS legs, sum(amount) AS total
        FROM ledger_leg WHERE posting_id = NEW.id GROUP BY currency
    ) AS part;
    IF legs IS NULL THEN
        RAISE EXCEPTION 'posting % has no legs', NEW.reference USING ERRCODE = 'check_violation';
    END IF;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'the % legs of posting % do not sum to zero', wrong, NEW.reference
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ledger_posting_balanced AFTER INSERT ON ledger_posting
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_posting_balanced();
"""
NOT_BALANCED = """
DROP TRIGGER ledger_posting_balanced ON ledger_posting;
DROP FUNCTION ledger_posting_balanced();
"""

# Checked once per statement over all legs it wrote.
BELONGING = """
CREATE FUNCTION ledger_leg_belongs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added JOIN ledger_posting AS posting ON posting.id = added.posting_id
        WHERE posting.transaction_number <> pg_current_xact_id()::text::bigint
    ) THEN
        RAISE EXCEPTION 'a posting takes no more legs after its own transaction'
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF EXISTS (
        SELECT FROM added JOIN ledger_account AS account ON account.id = added.account_id
        WHERE account.currency <> added.currency
    ) THEN
        RAISE EXCEPTION 'a leg is in its account''s currency' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER ledger_leg_belongs AFTER INSERT ON ledger_leg
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger_leg_belongs();
"""
NOT_BELONGING = """
DROP TRIGGER ledger_leg_belongs ON ledger_leg;
DROP FUNCTION ledger_leg_belongs();
"""

# Closed and ended are final; what an account or a hold is about never changes.
FINAL = """
CREATE TRIGGER ledger_account_final BEFORE UPDATE ON ledger_account FOR EACH ROW
    WHEN (OLD.state = 'CLOSED' OR (OLD.number, OLD.company_id, OLD.kind, OLD.currency)
        IS DISTINCT FROM (NEW.number, NEW.company_id, NEW.kind, NEW.currency))
    EXECUTE FUNCTION kernel_refuse_change();
CREATE TRIGGER ledger_account_keep BEFORE DELETE ON ledger_account
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();
CREATE TRIGGER ledger_hold_final BEFORE UPDATE ON ledger_hold FOR EACH ROW
    WHEN (OLD.state <> 'HELD' OR (OLD.account_id, OLD.amount, OLD.key, OLD.made_at)
        IS DISTINCT FROM (NEW.account_id, NEW.amount, NEW.key, NEW.made_at))
    EXECUTE FUNCTION kernel_refuse_change();
CREATE TRIGGER ledger_hold_keep BEFORE DELETE ON ledger_hold
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();
"""
NOT_FINAL = """
DROP TRIGGER ledger_hold_keep ON ledger_hold;
DROP TRIGGER ledger_hold_final ON ledger_hold;
DROP TRIGGER ledger_account_keep ON ledger_account;
DROP TRIGGER ledger_account_final ON ledger_account;
"""


def _not_deleted(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        immutable(table, truncate_only=True) + revoke("DELETE", table), mutable(table)
    )


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]
    operations = [
        migrations.RunSQL(immutable("ledger_posting"), mutable("ledger_posting")),
        migrations.RunSQL(immutable("ledger_leg"), mutable("ledger_leg")),
        _not_deleted("ledger_account"),
        _not_deleted("ledger_hold"),
        migrations.RunSQL(BALANCED, NOT_BALANCED),
        migrations.RunSQL(BELONGING, NOT_BELONGING),
        migrations.RunSQL(FINAL, NOT_FINAL),
    ]
