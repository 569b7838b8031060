"""Hold by the database: reserved and used never exceed the day's limit; one end per reservation."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION transfers_counter_capped() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    cap numeric;
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.reserved + NEW.used <= OLD.reserved + OLD.used THEN
        RETURN NEW;
    END IF;
    IF NEW.reserved + NEW.used = 0 THEN
        RETURN NEW;
    END IF;
    SELECT min(per_day) INTO cap FROM transfers_limit
    WHERE company_id = NEW.company_id AND currency = NEW.currency
      AND effective_from <= NEW.day AND (effective_until IS NULL OR effective_until >= NEW.day);
    IF cap IS NULL OR NEW.reserved + NEW.used > cap THEN
        RAISE EXCEPTION 'the daily limit would be exceeded'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'transfers_counter_capped';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER transfers_counter_capped BEFORE INSERT OR UPDATE ON transfers_limitcounter
    FOR EACH ROW EXECUTE FUNCTION transfers_counter_capped();

CREATE FUNCTION transfers_reservation_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'RESERVED' OR NEW.amount <> OLD.amount OR NEW.counter_id <> OLD.counter_id THEN
        RAISE EXCEPTION 'a reservation ends once and keeps its amount'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER transfers_reservation_final BEFORE UPDATE ON transfers_reservation
    FOR EACH ROW EXECUTE FUNCTION transfers_reservation_final();
"""
BACKWARD = """
DROP TRIGGER transfers_reservation_final ON transfers_reservation;
DROP FUNCTION transfers_reservation_final();
DROP TRIGGER transfers_counter_capped ON transfers_limitcounter;
DROP FUNCTION transfers_counter_capped();
"""


class Migration(migrations.Migration):
    dependencies = [("transfers", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
