"""triggers, grants and the queue"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

FUNCTIONS = Path(__file__).parent.parent / "functions"
APP = "gis_grid_app"


def upgrade() -> None:
    op.execute("CREATE SEQUENCE data_version_numbers")
    for name in ("bump_data_version", "refuse_change"):
        run_script((FUNCTIONS / f"{name}.sql").read_text(encoding="utf-8"))
    for table in ("areas", "boundaries"):
        op.execute(
            f"CREATE TRIGGER bump_boundaries AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION bump_data_version('boundaries')"
        )
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    run_script(SchemaManager.get_schema())
    grant()


def run_script(text: str) -> None:
    """Several statements as they are: without parameters psycopg leaves % alone."""
    op.get_bind().connection.driver_connection.execute(text)


def grant() -> None:
    """The service's role reads and writes, but owns nothing and only adds to the audit log."""
    bind = op.get_bind()
    if not bind.scalar(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": APP}):
        return  # a database of one's own with one role: the trigger still guards the audit log
    for what in ("TABLES", "SEQUENCES", "FUNCTIONS"):
        rights = {"TABLES": "SELECT, INSERT, UPDATE, DELETE", "SEQUENCES": "USAGE, SELECT, UPDATE", "FUNCTIONS": "EXECUTE"}[what]
        op.execute(f"GRANT {rights} ON ALL {what} IN SCHEMA public TO {APP}")
        op.execute(f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {rights} ON {what} TO {APP}")
    op.execute(f"GRANT TEMPORARY ON DATABASE {bind.dialect.identifier_preparer.quote(database(bind))} TO {APP}")
    op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON audit_log FROM {APP}")
    op.execute(f"REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON alembic_version FROM {APP}")


def database(bind: sa.Connection) -> str:
    return str(bind.scalar(sa.text("SELECT current_database()")))


def downgrade() -> None:
    bind = op.get_bind()
    for table in ("areas", "boundaries"):
        op.execute(f"DROP TRIGGER bump_boundaries ON {table}")
    op.execute("DROP TRIGGER append_only ON audit_log")
    op.execute("DROP FUNCTION bump_data_version(), refuse_change()")
    op.execute("DROP SEQUENCE data_version_numbers")
    for (name,) in bind.execute(
        sa.text("SELECT relname FROM pg_class WHERE relname LIKE 'procrastinate%' AND relkind = 'r'")
    ).all():
        op.execute(f"DROP TABLE IF EXISTS {name} CASCADE")
    for (signature,) in bind.execute(
        sa.text("SELECT oid::regprocedure::text FROM pg_proc WHERE proname LIKE 'procrastinate%'")
    ).all():
        op.execute(f"DROP FUNCTION IF EXISTS {signature} CASCADE")
    for (name,) in bind.execute(
        sa.text("SELECT typname FROM pg_type WHERE typname LIKE 'procrastinate%' AND typtype IN ('e', 'c')")
    ).all():
        op.execute(f"DROP TYPE IF EXISTS {name} CASCADE")
    if bind.scalar(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": APP}):
        for what in ("TABLES", "SEQUENCES", "FUNCTIONS"):
            op.execute(f"ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON {what} FROM {APP}")
