"""A device without a key cannot send: noting one, in the middle of a long file, keeps nobody from enrolling a phone"""

from alembic import op

revision = "0270"
down_revision = "0260"
branch_labels = None
depends_on = None

KNOWN = ("code", "key_hash", "crs", "speed_unit", "user_id", "worker", "retired_at")  # what the door keeps of a device
BUMP = "EXECUTE FUNCTION bump_data_version('devices')"


def upgrade() -> None:
    op.execute("DROP TRIGGER bump_devices ON devices")
    old, new = (", ".join(f"{row}.{name}" for name in KNOWN) for row in ("OLD", "NEW"))
    changed = f"(OLD.key_hash IS NOT NULL OR NEW.key_hash IS NOT NULL) AND ({old}) IS DISTINCT FROM ({new})"
    for name, event, condition in (
        ("added", "INSERT", "NEW.key_hash IS NOT NULL"),
        ("changed", "UPDATE", changed),
        ("removed", "DELETE", "OLD.key_hash IS NOT NULL"),
    ):
        op.execute(f"CREATE TRIGGER bump_devices_{name} AFTER {event} ON devices FOR EACH ROW WHEN ({condition}) {BUMP}")
    op.execute(f"CREATE TRIGGER bump_devices_emptied AFTER TRUNCATE ON devices FOR EACH STATEMENT {BUMP}")


def downgrade() -> None:
    for name in ("added", "changed", "removed", "emptied"):
        op.execute(f"DROP TRIGGER bump_devices_{name} ON devices")
    op.execute(f"CREATE TRIGGER bump_devices AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON devices FOR EACH STATEMENT {BUMP}")
