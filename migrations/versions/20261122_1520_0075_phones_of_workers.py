"""phones of workers: what proves a visit, spot checks, messages to a grid, planned routes"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0075"
down_revision = "0080"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def _located(table: str) -> None:
    op.create_index(f"ix_{table}_area", table, ["area_code"], postgresql_ops={"area_code": "text_pattern_ops"})


def _place(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("area_code", sa.String(32), nullable=True, comment="所属网格"),
        sa.Column("placed_by", sa.String(12), nullable=True, comment="定位方式"),
        sa.ForeignKeyConstraint(["area_code"], ["areas.code"], name=op.f(f"fk_{table}_area_code"), onupdate="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]


def upgrade() -> None:
    op.create_table(
        "visit_evidence",
        sa.Column("visit_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False, comment="走访人账号"),
        sa.Column("client_id", sa.String(40), nullable=False, comment="手机端编号"),
        sa.Column("first_at", MOMENT, nullable=True, comment="到达"),
        sa.Column("last_at", MOMENT, nullable=True, comment="离开"),
        sa.Column("fixes", sa.Integer(), server_default="0", nullable=False, comment="附近定位点数"),
        sa.Column("dwell_seconds", sa.Integer(), server_default="0", nullable=False, comment="停留（秒）"),
        sa.Column("nearest_m", sa.Float(), nullable=True, comment="最近距离（米）"),
        sa.Column("photo_ids", postgresql.ARRAY(sa.BigInteger()), server_default="{}", nullable=False, comment="照片"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_visit_evidence_user_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_visit_evidence_visit_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("visit_id", name=op.f("pk_visit_evidence")),
        sa.UniqueConstraint("user_id", "client_id", name=op.f("uq_visit_evidence_user_id_client_id")),
        comment="走访佐证",
    )
    op.create_table(
        "spot_checks",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False, comment="被抽检人账号"),
        sa.Column("worker", sa.String(50), nullable=False, comment="被抽检人"),
        sa.Column("question", sa.String(200), nullable=False, comment="问题"),
        sa.Column("asked_by", sa.String(120), nullable=False, comment="发起人"),
        sa.Column("asked_at", MOMENT, server_default=sa.text("now()"), nullable=False, comment="发起时间"),
        sa.Column("answer_by", MOMENT, nullable=False, comment="限时"),
        sa.Column("answer", sa.String(500), nullable=True, comment="回答"),
        sa.Column("answered_at", MOMENT, nullable=True, comment="回答时间"),
        sa.Column("lon", sa.Double(), nullable=True, comment="回答时经度"),
        sa.Column("lat", sa.Double(), nullable=True, comment="回答时纬度"),
        sa.Column("accuracy_m", sa.REAL(), nullable=True, comment="精度（米）"),
        sa.Column("answered_in", sa.String(32), nullable=True, comment="回答时所在网格"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_spot_checks_user_id")),
        *_place("spot_checks"),
        comment="抽检",
    )
    _located("spot_checks")
    op.create_index(op.f("ix_spot_checks_user_id"), "spot_checks", ["user_id"])
    op.create_table(
        "group_messages",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("text", sa.String(500), nullable=False, comment="内容"),
        sa.Column("made_by", sa.String(120), nullable=False, comment="发送人"),
        sa.Column("made_at", MOMENT, server_default=sa.text("now()"), nullable=False, comment="发送时间"),
        sa.Column("tries", sa.SmallInteger(), server_default="0", nullable=False, comment="推送次数"),
        sa.Column("next_try_at", MOMENT, nullable=True, comment="下次推送"),
        sa.Column("pushed_at", MOMENT, nullable=True, comment="已推送"),
        *_place("group_messages"),
        comment="群发消息",
    )
    _located("group_messages")
    op.create_index(
        "ix_group_messages_next_try_at",
        "group_messages",
        ["next_try_at"],
        postgresql_where=sa.text("next_try_at IS NOT NULL"),
    )
    op.create_table(
        "group_message_reads",
        sa.Column("message_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", MOMENT, server_default=sa.text("now()"), nullable=False, comment="阅读时间"),
        sa.ForeignKeyConstraint(
            ["message_id"], ["group_messages.id"], name=op.f("fk_group_message_reads_message_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_group_message_reads_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("message_id", "user_id", name=op.f("pk_group_message_reads")),
    )
    op.create_index(op.f("ix_group_message_reads_user_id"), "group_message_reads", ["user_id"])
    op.create_table(
        "patrol_routes",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("name", sa.String(60), nullable=False, comment="名称"),
        sa.Column("worker", sa.String(50), nullable=True, comment="巡查人（不填为任何人）"),
        sa.Column("weekdays", sa.String(7), server_default="12345", nullable=False, comment="星期（1-7）"),
        sa.Column("plan", postgresql.JSONB(), nullable=False, comment="站点"),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False, comment="登记时间"),
        sa.Column("updated_at", MOMENT, server_default=sa.text("now()"), nullable=False, comment="更新时间"),
        sa.Column("retired_at", MOMENT, nullable=True, comment="注销时间"),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False, comment="版本"),
        *_place("patrol_routes"),
        comment="巡查路线",
    )
    _located("patrol_routes")


def downgrade() -> None:
    for table in ("patrol_routes", "group_message_reads", "group_messages", "spot_checks", "visit_evidence"):
        op.drop_table(table)
