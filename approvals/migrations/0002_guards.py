"""Hold by the database: final rows, no maker decides, numbers for references."""

from django.db import migrations

from kernel.guards import immutable, mutable

FINAL = ("approvals_revision", "approvals_stage", "approvals_decision", "approvals_policysnapshot")

DUAL = """
CREATE SEQUENCE approvals_reference;

CREATE FUNCTION approvals_decision_dual() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    of_request bigint;
BEGIN
    SELECT r.request_id INTO of_request FROM approvals_revision r WHERE r.id = NEW.revision_id;
    IF EXISTS (SELECT FROM approvals_editor e
               WHERE e.request_id = of_request AND e.user_id = NEW.user_id) THEN
        RAISE EXCEPTION 'who made or edited a request never decides on it'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'approvals_decision_dual';
    END IF;
    IF NOT EXISTS (SELECT FROM approvals_stage s
                   WHERE s.id = NEW.stage_id AND s.revision_id = NEW.revision_id) THEN
        RAISE EXCEPTION 'a decision stands at a stage of its own revision'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'approvals_decision_stage';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approvals_decision_dual BEFORE INSERT ON approvals_decision
    FOR EACH ROW EXECUTE FUNCTION approvals_decision_dual();

CREATE FUNCTION approvals_editor_dual() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM approvals_decision d JOIN approvals_revision r ON r.id = d.revision_id
               WHERE r.request_id = NEW.request_id AND d.user_id = NEW.user_id) THEN
        RAISE EXCEPTION 'who decided on a request never edits it'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'approvals_editor_dual';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approvals_editor_dual BEFORE INSERT ON approvals_editor
    FOR EACH ROW EXECUTE FUNCTION approvals_editor_dual();

CREATE FUNCTION approvals_request_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('RELEASED', 'REJECTED', 'WITHDRAWN', 'EXPIRED', 'DELETED') THEN
        RAISE EXCEPTION 'request % has ended and stays as it is', OLD.reference
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approvals_request_final BEFORE UPDATE ON approvals_request
    FOR EACH ROW EXECUTE FUNCTION approvals_request_final();
CREATE TRIGGER approvals_request_keep BEFORE DELETE ON approvals_request
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();
CREATE TRIGGER approvals_editor_keep BEFORE UPDATE OR DELETE ON approvals_editor
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();
"""
UNDO = """
DROP TRIGGER approvals_editor_keep ON approvals_editor;
DROP TRIGGER approvals_request_keep ON approvals_request;
DROP TRIGGER approvals_request_final ON approvals_request;
DROP FUNCTION approvals_request_final();
DROP TRIGGER approvals_editor_dual ON approvals_editor;
DROP FUNCTION approvals_editor_dual();
DROP TRIGGER approvals_decision_dual ON approvals_decision;
DROP FUNCTION approvals_decision_dual();
DROP SEQUENCE approvals_reference;
"""


class Migration(migrations.Migration):
    dependencies = [("approvals", "0001_initial"), ("audit", "0002_append_only")]
    operations = [
        *[migrations.RunSQL(immutable(table), mutable(table)) for table in FINAL],
        migrations.RunSQL(DUAL, UNDO),
    ]
