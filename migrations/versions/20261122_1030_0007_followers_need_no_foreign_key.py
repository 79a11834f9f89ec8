"""followers take their leader's code and need no foreign key of their own; names are looked for within an area"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = ("rooms", "households", "residents")


def upgrade() -> None:
    for table in TABLES:
        op.drop_constraint(f"fk_{table}_area_code", table, type_="foreignkey")
    op.drop_index("ix_residents_name", "residents")


def downgrade() -> None:
    op.create_index("ix_residents_name", "residents", ["name"])
    for table in TABLES:
        op.create_foreign_key(f"fk_{table}_area_code", table, "areas", ["area_code"], ["code"], onupdate="CASCADE")
