"""shifts, swaps, and days that are not what their weekday says"""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0060"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "shifts",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("worker", sa.String(50), nullable=False, comment="巡查人"),
        sa.Column("weekdays", sa.String(7), server_default="12345", nullable=False, comment="星期（1-7）"),
        sa.Column("starts", sa.String(5), nullable=False, comment="上班时刻"),
        sa.Column("ends", sa.String(5), nullable=False, comment="下班时刻"),
        sa.Column("since", sa.Date(), nullable=True, comment="自"),
        sa.Column("until", sa.Date(), nullable=True, comment="至（含）"),
        sa.Column("on_holidays", sa.Boolean(), server_default="false", nullable=False, comment="节假日照常"),
        sa.Column("area_code", sa.String(32), nullable=True, comment="所属网格"),
        sa.Column("placed_by", sa.String(12), nullable=True, comment="定位方式"),
        sa.Column("created_at", moment, server_default=sa.text("now()"), nullable=False, comment="登记时间"),
        sa.Column("updated_at", moment, server_default=sa.text("now()"), nullable=False, comment="更新时间"),
        sa.Column("retired_at", moment, nullable=True, comment="注销时间"),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False, comment="版本"),
        sa.ForeignKeyConstraint(["area_code"], ["areas.code"], name=op.f("fk_shifts_area_code"), onupdate="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shifts")),
        comment="排班",
    )
    op.create_index("ix_shifts_area", "shifts", ["area_code"], postgresql_ops={"area_code": "text_pattern_ops"})
    op.create_table(
        "calendar_days",
        sa.Column("day", sa.Date(), nullable=False, comment="日期"),
        sa.Column("is_workday", sa.Boolean(), nullable=False, comment="上班"),
        sa.Column("name", sa.String(40), nullable=False, comment="名称"),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_calendar_days")),
        comment="节假日与调休",
    )
    op.create_table(
        "shift_swaps",
        sa.Column("shift_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False, comment="日期"),
        sa.Column("worker", sa.String(50), nullable=True, comment="接班人"),
        sa.ForeignKeyConstraint(["shift_id"], ["shifts.id"], name=op.f("fk_shift_swaps_shift_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("shift_id", "day", name=op.f("pk_shift_swaps")),
        comment="换班",
    )


def downgrade() -> None:
    op.drop_table("shift_swaps")
    op.drop_table("calendar_days")
    op.drop_table("shifts")
