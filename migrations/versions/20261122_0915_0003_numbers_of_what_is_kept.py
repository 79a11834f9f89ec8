"""numbers of what is kept in memory: access, staff, code tables"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# seen_at of a session is written every minute and changes no right
PARTS = {
    "users": ("access", "INSERT OR UPDATE OR DELETE OR TRUNCATE"),
    "roles": ("access", "INSERT OR UPDATE OR DELETE OR TRUNCATE"),
    "tokens": ("access", "INSERT OR UPDATE OR DELETE OR TRUNCATE"),
    "sign_ins": ("access", "INSERT OR UPDATE OF token_hash, user_id, expires_at OR DELETE OR TRUNCATE"),
    "staff": ("staff", "INSERT OR UPDATE OR DELETE OR TRUNCATE"),
    "dictionary": ("dictionary", "INSERT OR UPDATE OR DELETE OR TRUNCATE"),
}


def upgrade() -> None:
    for table, (part, when) in PARTS.items():
        op.execute(
            f"CREATE TRIGGER bump_{part} AFTER {when} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION bump_data_version('{part}')"
        )


def downgrade() -> None:
    for table, (part, _) in PARTS.items():
        op.execute(f"DROP TRIGGER bump_{part} ON {table}")
