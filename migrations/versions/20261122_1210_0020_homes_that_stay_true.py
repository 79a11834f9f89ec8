"""homes that stay true: who verified what, tags, changes of homes, valuables, shop staff, visits, photos, pins, floor names"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "home_changes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False, comment="变动"),
        sa.Column("on_day", sa.Date(), nullable=False, comment="日期"),
        sa.Column("household_ids", postgresql.ARRAY(sa.BigInteger()), nullable=False, comment="住户"),
        sa.Column("resident_ids", postgresql.ARRAY(sa.BigInteger()), nullable=False, comment="居民"),
        sa.Column("room_ids", postgresql.ARRAY(sa.BigInteger()), nullable=False, comment="房屋"),
        sa.Column("area_code", sa.String(length=32), nullable=True, comment="所属网格"),
        sa.Column("reason", sa.String(length=200), nullable=True, comment="原因"),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False, comment="详情"),
        sa.Column("made_by", sa.String(length=120), nullable=False, comment="经办人"),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="登记时间"),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True, comment="撤销时间"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_home_changes")),
        comment="住户变动",
    )
    op.create_index(
        "ix_home_changes_area", "home_changes", ["area_code"], unique=False, postgresql_ops={"area_code": "text_pattern_ops"}
    )
    op.create_index("ix_home_changes_households", "home_changes", ["household_ids"], unique=False, postgresql_using="gin")
    op.create_index("ix_home_changes_residents", "home_changes", ["resident_ids"], unique=False, postgresql_using="gin")
    op.create_table(
        "photos",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("owner_kind", sa.String(length=12), nullable=False, comment="对象"),
        sa.Column("owner_id", sa.BigInteger(), nullable=False, comment="对象编号"),
        sa.Column("sha256", sa.String(length=64), nullable=False, comment="内容摘要"),
        sa.Column("name", sa.String(length=150), nullable=True, comment="原文件名"),
        sa.Column("width", sa.Integer(), nullable=False, comment="宽（像素）"),
        sa.Column("height", sa.Integer(), nullable=False, comment="高（像素）"),
        sa.Column("made_by", sa.String(length=120), nullable=False, comment="上传人"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="上传时间"),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True, comment="注销时间"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photos")),
        comment="照片",
    )
    op.create_index(
        "ix_photos_owner", "photos", ["owner_kind", "owner_id"], unique=False, postgresql_where=sa.text("retired_at IS NULL")
    )
    op.create_index(op.f("ix_photos_sha256"), "photos", ["sha256"], unique=False)
    op.create_geospatial_table(
        "pin_moves",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False, comment="对象"),
        sa.Column("key", sa.BigInteger(), nullable=False, comment="对象编号"),
        sa.Column(
            "was",
            Geometry(
                geometry_type="POINT", srid=4490, dimension=2, spatial_index=False, from_text="ST_GeomFromEWKT", name="geometry"
            ),
            nullable=True,
            comment="原位置",
        ),
        sa.Column(
            "now",
            Geometry(
                geometry_type="POINT", srid=4490, dimension=2, spatial_index=False, from_text="ST_GeomFromEWKT", name="geometry"
            ),
            nullable=True,
            comment="新位置",
        ),
        sa.Column("made_by", sa.String(length=120), nullable=False, comment="操作人"),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="时间"),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True, comment="撤销时间"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pin_moves")),
    )
    op.create_index("ix_pin_moves_pin", "pin_moves", ["kind", "key"], unique=False)
    op.create_table(
        "visits",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, comment="走访时间"),
        sa.Column("how", sa.String(length=12), nullable=False, comment="核实方式"),
        sa.Column("result", sa.String(length=12), nullable=False, comment="结果"),
        sa.Column("room_id", sa.BigInteger(), nullable=True, comment="房屋"),
        sa.Column("premises_id", sa.BigInteger(), nullable=True, comment="营业场所"),
        sa.Column("resident_ids", postgresql.ARRAY(sa.BigInteger()), server_default="{}", nullable=False, comment="核实的居民"),
        sa.Column("note", sa.Text(), nullable=True, comment="情况"),
        sa.Column("made_by", sa.String(length=120), nullable=False, comment="走访人"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="登记时间"),
        sa.Column("placed_by", sa.String(length=12), nullable=True, comment="定位方式"),
        sa.Column("area_code", sa.String(length=32), nullable=True, comment="所属网格"),
        sa.ForeignKeyConstraint(["premises_id"], ["premises.id"], name=op.f("fk_visits_premises_id")),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"], name=op.f("fk_visits_room_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visits")),
        comment="走访",
    )
    op.create_index("ix_visits_area", "visits", ["area_code"], unique=False, postgresql_ops={"area_code": "text_pattern_ops"})
    op.create_index(op.f("ix_visits_premises_id"), "visits", ["premises_id"], unique=False)
    op.create_index(op.f("ix_visits_room_id"), "visits", ["room_id"], unique=False)
    op.create_table(
        "premises_staff",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("premises_id", sa.BigInteger(), nullable=False, comment="营业场所"),
        sa.Column("resident_id", sa.BigInteger(), nullable=True, comment="居民"),
        sa.Column("name", sa.String(length=50), nullable=False, comment="姓名"),
        sa.Column("post", sa.String(length=40), nullable=True, comment="岗位"),
        sa.Column("phone", sa.LargeBinary(), nullable=True, comment="联系电话"),
        sa.Column("since", sa.Date(), nullable=True, comment="入职日期"),
        sa.Column("until", sa.Date(), nullable=True, comment="离职日期"),
        sa.Column("remark", sa.Text(), nullable=True, comment="备注"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="登记时间"),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="更新时间"),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True, comment="注销时间"),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False, comment="版本"),
        sa.Column("placed_by", sa.String(length=12), nullable=True, comment="定位方式"),
        sa.Column("area_code", sa.String(length=32), nullable=True, comment="所属网格"),
        sa.ForeignKeyConstraint(["premises_id"], ["premises.id"], name=op.f("fk_premises_staff_premises_id")),
        sa.ForeignKeyConstraint(["resident_id"], ["residents.id"], name=op.f("fk_premises_staff_resident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_premises_staff")),
        comment="从业人员",
    )
    op.create_index(
        "ix_premises_staff_area", "premises_staff", ["area_code"], unique=False, postgresql_ops={"area_code": "text_pattern_ops"}
    )
    op.create_index(op.f("ix_premises_staff_premises_id"), "premises_staff", ["premises_id"], unique=False)
    op.create_index(op.f("ix_premises_staff_resident_id"), "premises_staff", ["resident_id"], unique=False)
    op.create_table(
        "resident_tags",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("resident_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False, comment="类别"),
        sa.Column("since", sa.Date(), nullable=True, comment="自"),
        sa.Column("until", sa.Date(), nullable=True, comment="至"),
        sa.Column("source", sa.String(length=100), nullable=True, comment="来源"),
        sa.Column("note", sa.Text(), nullable=True, comment="说明"),
        sa.Column("made_by", sa.String(length=120), nullable=False, comment="登记人"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="登记时间"),
        sa.ForeignKeyConstraint(["resident_id"], ["residents.id"], name=op.f("fk_resident_tags_resident_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resident_tags")),
        comment="人员类别记录",
    )
    op.create_index(op.f("ix_resident_tags_resident_id"), "resident_tags", ["resident_id"], unique=False)
    op.create_index(
        "ix_resident_tags_until", "resident_tags", ["until"], unique=False, postgresql_where=sa.text("until IS NOT NULL")
    )
    op.create_table(
        "valuables",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("resident_id", sa.BigInteger(), nullable=False, comment="所有人"),
        sa.Column("kind", sa.String(length=16), nullable=False, comment="财产类别"),
        sa.Column("name", sa.String(length=100), nullable=False, comment="财产名称"),
        sa.Column("brand", sa.String(length=100), nullable=True, comment="品牌型号"),
        sa.Column("number", sa.String(length=60), nullable=True, comment="号牌或编号"),
        sa.Column("value_yuan", sa.Float(), nullable=True, comment="价值（元）"),
        sa.Column("bought_on", sa.Date(), nullable=True, comment="购置日期"),
        sa.Column("remark", sa.Text(), nullable=True, comment="备注"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="登记时间"),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="更新时间"),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True, comment="注销时间"),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False, comment="版本"),
        sa.Column("placed_by", sa.String(length=12), nullable=True, comment="定位方式"),
        sa.Column("area_code", sa.String(length=32), nullable=True, comment="所属网格"),
        sa.ForeignKeyConstraint(["resident_id"], ["residents.id"], name=op.f("fk_valuables_resident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_valuables")),
        comment="大宗财产",
    )
    op.create_index(
        "ix_valuables_area", "valuables", ["area_code"], unique=False, postgresql_ops={"area_code": "text_pattern_ops"}
    )
    op.create_index(op.f("ix_valuables_resident_id"), "valuables", ["resident_id"], unique=False)
    op.add_column(
        "buildings", sa.Column("floor_order", postgresql.ARRAY(sa.String(length=10)), nullable=True, comment="楼层自下而上")
    )
    op.add_column("buildings", sa.Column("pin_locked", sa.Boolean(), server_default="false", nullable=False, comment="锁定位置"))
    op.add_geospatial_column(
        "households",
        sa.Column(
            "point",
            Geometry(
                geometry_type="POINT", srid=4490, dimension=2, spatial_index=False, from_text="ST_GeomFromEWKT", name="geometry"
            ),
            nullable=True,
            comment="图上位置",
        ),
    )
    op.add_column("households", sa.Column("pin_locked", sa.Boolean(), server_default="false", nullable=False, comment="锁定位置"))
    op.create_geospatial_index(
        "idx_households_point", "households", ["point"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.add_column("premises", sa.Column("pin_locked", sa.Boolean(), server_default="false", nullable=False, comment="锁定位置"))
    op.add_column("premises", sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True, comment="核实时间"))
    op.add_column("premises", sa.Column("verified_by", sa.String(length=50), nullable=True, comment="核实人"))
    op.add_column("premises", sa.Column("verified_how", sa.String(length=12), nullable=True, comment="核实方式"))
    op.add_column("premises", sa.Column("due_on", sa.Date(), nullable=True, comment="应复核日期"))
    op.add_column("residents", sa.Column("former_name", sa.String(length=50), nullable=True, comment="曾用名"))
    op.add_column("residents", sa.Column("native_place", sa.String(length=100), nullable=True, comment="籍贯"))
    op.add_column("residents", sa.Column("birth_place", sa.String(length=100), nullable=True, comment="出生地"))
    op.add_column("residents", sa.Column("registered_address", sa.String(length=200), nullable=True, comment="户籍地址"))
    op.add_column("residents", sa.Column("political", sa.String(length=2), nullable=True, comment="政治面貌"))
    op.add_column("residents", sa.Column("nationality", sa.String(length=3), nullable=True, comment="国籍"))
    op.add_column("residents", sa.Column("occupation", sa.String(length=50), nullable=True, comment="职业"))
    op.add_column("residents", sa.Column("workplace", sa.String(length=100), nullable=True, comment="服务处所"))
    op.add_column("residents", sa.Column("left_on", sa.Date(), nullable=True, comment="离开日期"))
    op.add_column("residents", sa.Column("left_why", sa.String(length=12), nullable=True, comment="离开原因"))
    op.add_column("residents", sa.Column("merged_into", sa.BigInteger(), nullable=True, comment="已并入居民"))
    op.add_column("residents", sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True, comment="核实时间"))
    op.add_column("residents", sa.Column("verified_by", sa.String(length=50), nullable=True, comment="核实人"))
    op.add_column("residents", sa.Column("verified_how", sa.String(length=12), nullable=True, comment="核实方式"))
    op.add_column("residents", sa.Column("due_on", sa.Date(), nullable=True, comment="应复核日期"))
    op.add_column("rooms", sa.Column("floor_label", sa.String(length=10), nullable=True, comment="楼层名称"))
    op.add_column("rooms", sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True, comment="核实时间"))
    op.add_column("rooms", sa.Column("verified_by", sa.String(length=50), nullable=True, comment="核实人"))
    op.add_column("rooms", sa.Column("verified_how", sa.String(length=12), nullable=True, comment="核实方式"))
    op.add_column("rooms", sa.Column("due_on", sa.Date(), nullable=True, comment="应复核日期"))

    op.execute("COMMENT ON COLUMN households.point IS '图上位置'")
    op.execute("COMMENT ON TABLE pin_moves IS '图上位置变动'")


def downgrade() -> None:
    op.drop_column("rooms", "due_on")
    op.drop_column("rooms", "verified_how")
    op.drop_column("rooms", "verified_by")
    op.drop_column("rooms", "verified_at")
    op.drop_column("rooms", "floor_label")
    op.drop_column("residents", "due_on")
    op.drop_column("residents", "verified_how")
    op.drop_column("residents", "verified_by")
    op.drop_column("residents", "verified_at")
    op.drop_column("residents", "merged_into")
    op.drop_column("residents", "left_why")
    op.drop_column("residents", "left_on")
    op.drop_column("residents", "workplace")
    op.drop_column("residents", "occupation")
    op.drop_column("residents", "nationality")
    op.drop_column("residents", "political")
    op.drop_column("residents", "registered_address")
    op.drop_column("residents", "birth_place")
    op.drop_column("residents", "native_place")
    op.drop_column("residents", "former_name")
    op.drop_column("premises", "due_on")
    op.drop_column("premises", "verified_how")
    op.drop_column("premises", "verified_by")
    op.drop_column("premises", "verified_at")
    op.drop_column("premises", "pin_locked")
    op.drop_geospatial_index("idx_households_point", table_name="households", postgresql_using="gist", column_name="point")
    op.drop_column("households", "pin_locked")
    op.drop_geospatial_column("households", "point")
    op.drop_column("buildings", "pin_locked")
    op.drop_column("buildings", "floor_order")
    op.drop_index(op.f("ix_valuables_resident_id"), table_name="valuables")
    op.drop_index("ix_valuables_area", table_name="valuables", postgresql_ops={"area_code": "text_pattern_ops"})
    op.drop_table("valuables")
    op.drop_index("ix_resident_tags_until", table_name="resident_tags", postgresql_where=sa.text("until IS NOT NULL"))
    op.drop_index(op.f("ix_resident_tags_resident_id"), table_name="resident_tags")
    op.drop_table("resident_tags")
    op.drop_index(op.f("ix_premises_staff_resident_id"), table_name="premises_staff")
    op.drop_index(op.f("ix_premises_staff_premises_id"), table_name="premises_staff")
    op.drop_index("ix_premises_staff_area", table_name="premises_staff", postgresql_ops={"area_code": "text_pattern_ops"})
    op.drop_table("premises_staff")
    op.drop_index(op.f("ix_visits_room_id"), table_name="visits")
    op.drop_index(op.f("ix_visits_premises_id"), table_name="visits")
    op.drop_index("ix_visits_area", table_name="visits", postgresql_ops={"area_code": "text_pattern_ops"})
    op.drop_table("visits")
    op.drop_index("ix_pin_moves_pin", table_name="pin_moves")
    op.drop_geospatial_table("pin_moves")
    op.drop_index(op.f("ix_photos_sha256"), table_name="photos")
    op.drop_index("ix_photos_owner", table_name="photos", postgresql_where=sa.text("retired_at IS NULL"))
    op.drop_table("photos")
    op.drop_index("ix_home_changes_residents", table_name="home_changes", postgresql_using="gin")
    op.drop_index("ix_home_changes_households", table_name="home_changes", postgresql_using="gin")
    op.drop_index("ix_home_changes_area", table_name="home_changes", postgresql_ops={"area_code": "text_pattern_ops"})
    op.drop_table("home_changes")
