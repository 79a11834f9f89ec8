"""who has a claim on an event; shops given to another grid by hand"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("premises", sa.Column("placed_reason", sa.String(200), nullable=True, comment="人工指定网格的理由"))
    op.create_table(
        "event_owners",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False, comment="类别"),
        sa.Column("area_code", sa.String(32), nullable=True, comment="网格"),
        sa.Column("estate_id", sa.BigInteger(), nullable=True, comment="小区"),
        sa.Column("name", sa.String(100), nullable=True, comment="名称"),
        sa.Column("is_responsible", sa.Boolean(), nullable=False, comment="负责"),
        sa.ForeignKeyConstraint(
            ["area_code"], ["areas.code"], name=op.f("fk_event_owners_area_code"), onupdate="CASCADE", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["estate_id"], ["estates.id"], name=op.f("fk_event_owners_estate_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_event_owners_event_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_owners")),
        comment="事件责任主体",
    )
    op.create_index("ix_event_owners_event_id", "event_owners", ["event_id"])


def downgrade() -> None:
    op.drop_table("event_owners")
    op.drop_column("premises", "placed_reason")
