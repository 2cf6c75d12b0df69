"""The roles of the service and of the public site.

Both are logins without a password: usable where the server trusts the connection (a private
socket), elsewhere once an administrator gives them one, or through a login that is a member.
Roles belong to the whole server, so an existing one is kept and going back only takes its rights.
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    for role in ("tracker_app", "tracker_public"):
        op.execute(
            f"""
            DO $$ BEGIN
                IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
                    CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;
                END IF;
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;  -- another database of this server was migrated at the same moment
            END $$
            """
        )
        # A single login for everything steps down to the roles. Creating a role alone does not allow that
        # since PostgreSQL 16; a superuser, or one whom an administrator made a member, needs no grant.
        op.execute(
            f"""
            DO $$ BEGIN
                GRANT {role} TO CURRENT_USER;
            EXCEPTION WHEN insufficient_privilege OR unique_violation OR invalid_grant_operation THEN
                NULL;
            END $$
            """
        )
        op.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
    op.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    op.execute(
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public"
        " GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO tracker_app"
    )
    op.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO tracker_app")


def downgrade() -> None:
    op.execute(
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public"
        " REVOKE SELECT, INSERT, UPDATE, DELETE ON TABLES FROM tracker_app"
    )
    op.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE USAGE ON SEQUENCES FROM tracker_app")
    for role in ("tracker_app", "tracker_public"):
        op.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}")
        op.execute(f"REVOKE USAGE ON SCHEMA public FROM {role}")
