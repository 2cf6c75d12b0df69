"""Row-level security: the service reaches the rows of one operator at a time.

`tracker_web` is the service's role. It may do what `tracker_app` may, which workers and commands use, but
only to rows on its side of the wall: the setting `tracker.operator` names an operator's id, 'none' for rows
that belong to no operator, or 'all'; unset, nothing is on its side.

Two functions stay for later migrations: `wall_in(table)` for a new table with an operator_id, and
`copy_rights_to_web()` after rights of tracker_app were changed. tests/system/test_walls.py tells whoever
forgets.
"""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

# The values are written once here. A subquery is evaluated once for a statement and not once for each row;
# an index is found by the question's own operator, this only checks what was found.
_SETTING = "current_setting('tracker.operator', true)"
_OWN = (
    f"operator_id = (SELECT nullif(nullif(nullif({_SETTING}, ''''), ''all''), ''none'')::smallint)"
    f" OR (SELECT {_SETTING} = ''all'')"
).replace("'tracker.operator'", "''tracker.operator''")
_NOBODYS = f" OR (operator_id IS NULL AND (SELECT {_SETTING} = ''none''))".replace(
    "'tracker.operator'", "''tracker.operator''"
)

# What operators may read beyond their own rows; nobody writes across the wall.
_READABLE = {
    # A row of no operator is one for all of them.
    "calendar_days": "operator_id IS NULL",
    "saved_templates": "operator_id IS NULL",
    "template_approvals": "operator_id IS NULL",
    # Revisions are counted over all operators, and the next one follows from the last.
    "calendar_changes": "true",
}


def upgrade() -> None:
    _make_role()
    readable = " ".join(f"WHEN '{name}' THEN '{which}'" for name, which in _READABLE.items())
    op.execute(
        f"""
        CREATE FUNCTION wall_in(walled regclass) RETURNS void LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
        DECLARE
            own text := '{_OWN}';
            others text := CASE walled::text {readable} END;
        BEGIN
            IF EXISTS (SELECT FROM pg_attribute
                       WHERE attrelid = walled AND attname = 'operator_id' AND NOT attnotnull) THEN
                own := own || '{_NOBODYS}';
            END IF;
            EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', walled);
            -- What the other roles may do is what they were granted.
            EXECUTE format('CREATE POLICY granted ON %s USING (true)', walled);
            IF others IS NOT NULL THEN
                EXECUTE format('CREATE POLICY wall_read ON %s AS RESTRICTIVE FOR SELECT TO tracker_web'
                    ' USING (%s OR %s)', walled, others, own);
                EXECUTE format('CREATE POLICY wall_insert ON %s AS RESTRICTIVE FOR INSERT TO tracker_web'
                    ' WITH CHECK (%s)', walled, own);
                EXECUTE format('CREATE POLICY wall_update ON %s AS RESTRICTIVE FOR UPDATE TO tracker_web'
                    ' USING (%s)', walled, own);
                EXECUTE format('CREATE POLICY wall_delete ON %s AS RESTRICTIVE FOR DELETE TO tracker_web'
                    ' USING (%s)', walled, own);
            ELSE
                EXECUTE format('CREATE POLICY wall ON %s AS RESTRICTIVE TO tracker_web USING (%s)',
                    walled, own);
            END IF;
        END $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION copy_rights_to_web() RETURNS void LANGUAGE plpgsql
        SET search_path = public, pg_temp AS $$
        DECLARE
            one record;
        BEGIN
            FOR one IN
                SELECT oid::regclass AS name, CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind
                FROM pg_class
                WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')
            LOOP
                EXECUTE format('REVOKE ALL ON %s %s FROM tracker_web', one.kind, one.name);
            END LOOP;
            FOR one IN
                SELECT c.oid::regclass AS name, granted.privilege_type AS may,
                       CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind
                FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) AS granted
                WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
                  AND granted.grantee = 'tracker_app'::regrole
            LOOP
                EXECUTE format('GRANT %s ON %s %s TO tracker_web', one.may, one.kind, one.name);
            END LOOP;
            FOR one IN
                SELECT c.oid::regclass AS name, a.attname AS part, granted.privilege_type AS may
                FROM pg_class c
                JOIN pg_attribute a ON a.attrelid = c.oid
                CROSS JOIN LATERAL aclexplode(a.attacl) AS granted
                WHERE c.relnamespace = 'public'::regnamespace AND granted.grantee = 'tracker_app'::regrole
            LOOP
                EXECUTE format('GRANT %s (%I) ON %s TO tracker_web', one.may, one.part, one.name);
            END LOOP;
            FOR one IN
                SELECT p.oid::regprocedure AS name
                FROM pg_proc p CROSS JOIN LATERAL aclexplode(p.proacl) AS granted
                WHERE p.pronamespace = 'public'::regnamespace AND granted.grantee = 'tracker_app'::regrole
                  -- Forgetting is a worker's business, and looks at no wall.
                  AND NOT starts_with(p.proname, 'anonymise_') AND p.proname <> 'delete_unbooked_slots'
            LOOP
                EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO tracker_web', one.name);
            END LOOP;
        END $$
        """
    )
    for function in ("wall_in(regclass)", "copy_rights_to_web()"):
        op.execute(f"REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC")
    op.execute("SELECT copy_rights_to_web()")
    op.execute(
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public"
        " GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO tracker_web"
    )
    op.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO tracker_web")
    op.execute(
        """
        SELECT wall_in(c.oid::regclass)
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
          AND a.attname = 'operator_id' AND NOT a.attisdropped
        """
    )


def _make_role() -> None:
    """As migration 0001 makes the others; and whoever logs in as tracker_app may step down to it too."""
    op.execute(
        """
        DO $$ BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tracker_web') THEN
                CREATE ROLE tracker_web LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;
            END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;  -- another database of this server was migrated at the same moment
        END $$
        """
    )
    op.execute(
        """
        DO $$ BEGIN
            GRANT tracker_web TO CURRENT_USER;
        EXCEPTION WHEN insufficient_privilege OR unique_violation OR invalid_grant_operation THEN
            NULL;
        END $$
        """
    )
    # It steps down, and inherits nothing: tracker_app itself stands behind no wall.
    op.execute(
        """
        DO $$ BEGIN
            IF pg_has_role('tracker_app', 'tracker_web', 'MEMBER') THEN
                NULL;
            ELSIF current_setting('server_version_num')::int >= 160000 THEN
                EXECUTE 'GRANT tracker_web TO tracker_app WITH INHERIT FALSE, SET TRUE';
            ELSE
                EXECUTE 'ALTER ROLE tracker_app NOINHERIT';
                EXECUTE 'GRANT tracker_web TO tracker_app';
            END IF;
        EXCEPTION WHEN insufficient_privilege OR unique_violation OR invalid_grant_operation THEN
            NULL;
        END $$
        """
    )
    op.execute("GRANT USAGE ON SCHEMA public TO tracker_web")


def downgrade() -> None:
    op.execute(
        """
        DO $$ DECLARE one record; BEGIN
            FOR one IN SELECT policyname, tablename FROM pg_policies WHERE schemaname = 'public' LOOP
                EXECUTE format('DROP POLICY %I ON %I', one.policyname, one.tablename);
                EXECUTE format('ALTER TABLE %I DISABLE ROW LEVEL SECURITY', one.tablename);
            END LOOP;
        END $$
        """
    )
    op.execute("DROP FUNCTION wall_in(regclass)")
    op.execute("DROP FUNCTION copy_rights_to_web()")
    op.execute(
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public"
        " REVOKE SELECT, INSERT, UPDATE, DELETE ON TABLES FROM tracker_web"
    )
    op.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE USAGE ON SEQUENCES FROM tracker_web")
    op.execute("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM tracker_web")
    op.execute("REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM tracker_web")
    op.execute("REVOKE USAGE ON SCHEMA public FROM tracker_web")
