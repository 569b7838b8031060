"""SQL for tables whose rows are never changed, shared by the rooms' migrations."""

from __future__ import annotations

APPLICATION_ROLE = "corpbank_app"

REFUSE_FUNCTION = """
CREATE OR REPLACE FUNCTION kernel_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: its rows are final', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
"""


def revoke(rights: str, table: str) -> str:
    """Return SQL taking rights such as `UPDATE, DELETE` on a table from the application's role."""
    return f"""
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{APPLICATION_ROLE}') THEN
        REVOKE {rights} ON {table} FROM {APPLICATION_ROLE};
    END IF;
END $$;
"""  # noqa: S608 - names come from the migrations themselves


def immutable(table: str, *, truncate_only: bool = False) -> str:
    """Return SQL that makes a table append-only: triggers, and fewer rights for the application.

    With `truncate_only` single rows may still change by the room's own rules.
    """
    sql = f"""
CREATE TRIGGER {table}_keep_all BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION kernel_refuse_change();
"""
    if truncate_only:
        return REFUSE_FUNCTION + sql + revoke("TRUNCATE", table)
    sql += f"""
CREATE TRIGGER {table}_keep_rows BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();
"""
    return REFUSE_FUNCTION + sql + revoke("UPDATE, DELETE, TRUNCATE", table)


def mutable(table: str) -> str:
    """Return SQL that undoes `immutable`, for reversing a migration."""
    return f"""
DROP TRIGGER IF EXISTS {table}_keep_all ON {table};
DROP TRIGGER IF EXISTS {table}_keep_rows ON {table};
"""
