"""People cost less to move: initials are kept in the row, the index of classes leaves out who has none; quicker grids_of"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0065"
down_revision = "0041"
branch_labels = None
depends_on = None


FUNCTIONS = Path(__file__).parent.parent / "functions"


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute((FUNCTIONS / "grids_of.sql").read_text(encoding="utf-8"))
    op.drop_index("ix_residents_initials", "residents")
    op.add_column("residents", sa.Column("initials", sa.Text(), sa.Computed("pinyin_initials(name)", persisted=True)))
    op.create_index("ix_residents_initials", "residents", ["initials"])
    op.drop_index("ix_residents_classes", "residents")
    op.create_index(
        "ix_residents_classes", "residents", ["classes"], postgresql_using="gin", postgresql_where=sa.text("classes <> '{}'")
    )
    op.execute("ANALYZE residents")


def downgrade() -> None:
    op.drop_index("ix_residents_classes", "residents")
    op.create_index("ix_residents_classes", "residents", ["classes"], postgresql_using="gin")
    op.drop_index("ix_residents_initials", "residents")
    op.drop_column("residents", "initials")
    op.create_index("ix_residents_initials", "residents", [sa.text("pinyin_initials(name)")])
