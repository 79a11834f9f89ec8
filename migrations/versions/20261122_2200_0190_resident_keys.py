"""resident_keys: what finds a person again stands beside the row, so that moving to another area writes four indexes less"""

import sqlalchemy as sa
from alembic import op

revision = "0190"
down_revision = "0150"
branch_labels = None
depends_on = None

KEYS = "initials, phone_hash, phone_tail, id_number_tail"
PINNED = sa.text("point IS NOT NULL")  # one household in a thousand: the others cost nothing when they move
HASHES = ("phone_hash", "phone_tail", "id_number_tail")
FUNCTIONS = {
    "add_resident_keys": f"INSERT INTO resident_keys (resident_id, {KEYS}) SELECT id, {KEYS} FROM added",
    "change_resident_keys": f"UPDATE resident_keys SET ({KEYS}) = "
    f"ROW({', '.join(f'NEW.{key.strip()}' for key in KEYS.split(','))}) WHERE resident_id = NEW.id",
    "drop_resident_keys": "DELETE FROM resident_keys USING dropped WHERE resident_id = dropped.id",
    "empty_resident_keys": "DELETE FROM resident_keys",
}
TRIGGERS = (
    "add_keys AFTER INSERT ON residents REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION add_resident_keys()",
    "change_keys AFTER UPDATE OF name, phone_hash, phone_tail, id_number_tail ON residents FOR EACH ROW "
    f"WHEN ({' OR '.join(f'OLD.{key.strip()} IS DISTINCT FROM NEW.{key.strip()}' for key in KEYS.split(','))}) "
    "EXECUTE FUNCTION change_resident_keys()",
    "drop_keys AFTER DELETE ON residents REFERENCING OLD TABLE AS dropped FOR EACH STATEMENT "
    "EXECUTE FUNCTION drop_resident_keys()",
    "empty_keys AFTER TRUNCATE ON residents FOR EACH STATEMENT EXECUTE FUNCTION empty_resident_keys()",
)


def upgrade() -> None:
    op.create_table(
        "resident_keys",
        sa.Column("resident_id", sa.BigInteger(), autoincrement=False, nullable=False, comment="居民"),
        sa.Column("initials", sa.Text(), nullable=False, comment="姓名拼音首字母"),
        sa.Column("phone_hash", sa.LargeBinary(), nullable=True),
        sa.Column("phone_tail", sa.Integer(), nullable=True),
        sa.Column("id_number_tail", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("resident_id", name=op.f("pk_resident_keys")),
        comment="居民检索键",
    )
    op.execute(f"INSERT INTO resident_keys (resident_id, {KEYS}) SELECT id, {KEYS} FROM residents ORDER BY id")
    op.create_index("ix_resident_keys_initials", "resident_keys", ["initials", "resident_id"])
    op.drop_index("ix_residents_initials", "residents")
    for column in HASHES:
        op.create_index(f"ix_resident_keys_{column}", "resident_keys", [column], postgresql_using="hash")
        op.drop_index(f"ix_residents_{column}", "residents")
    for name, body in FUNCTIONS.items():
        op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}; RETURN NULL; END $$")
    for trigger in TRIGGERS:
        op.execute(f"CREATE TRIGGER {trigger}")
    op.execute("ANALYZE resident_keys")
    op.drop_index("idx_households_point", "households")
    op.create_index("idx_households_point", "households", ["point"], postgresql_using="gist", postgresql_where=PINNED)


def downgrade() -> None:
    for trigger in TRIGGERS:
        op.execute(f"DROP TRIGGER {trigger.split()[0]} ON residents")
    for name in FUNCTIONS:
        op.execute(f"DROP FUNCTION {name}()")
    op.create_index("ix_residents_initials", "residents", ["initials"])
    for column in HASHES:
        op.create_index(f"ix_residents_{column}", "residents", [column], postgresql_using="hash")
    op.drop_table("resident_keys")
    op.drop_index("idx_households_point", "households")
    op.create_index("idx_households_point", "households", ["point"], postgresql_using="gist")
