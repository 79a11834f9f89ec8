"""the first tables"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    for extension in ("postgis", "btree_gist", "pg_trgm"):
        op.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    op.create_table(
        "areas",
        sa.Column("code", sa.String(length=32), nullable=False, comment="编码"),
        sa.Column("name", sa.String(length=100), nullable=False, comment="名称"),
        sa.Column("level", sa.String(length=16), nullable=False, comment="层级"),
        sa.Column("parent_code", sa.String(length=32), nullable=True, comment="上级编码"),
        sa.Column("kind", sa.String(length=16), server_default="ordinary", nullable=False, comment="网格性质"),
        sa.Column("extent", sa.Text(), nullable=True, comment="管辖范围"),
        sa.Column("remark", sa.Text(), nullable=True, comment="备注"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="登记时间"),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="更新时间"),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True, comment="注销时间"),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False, comment="版本"),
        sa.ForeignKeyConstraint(["parent_code"], ["areas.code"], name=op.f("fk_areas_parent_code"), onupdate="CASCADE"),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_areas")),
        comment="区域",
    )
    op.create_index("ix_areas_code_prefix", "areas", ["code"], unique=False, postgresql_ops={"code": "text_pattern_ops"})
    op.create_index("ix_areas_parent_code", "areas", ["parent_code"], unique=False)
    op.create_table(
        "audit_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="时间"),
        sa.Column("actor", sa.String(length=120), nullable=False, comment="操作人"),
        sa.Column("actor_kind", sa.String(length=10), nullable=False, comment="操作人类型"),
        sa.Column("user_id", sa.BigInteger(), nullable=True, comment="用户"),
        sa.Column("action", sa.String(length=40), nullable=False, comment="操作"),
        sa.Column("target", sa.String(length=40), nullable=False, comment="对象"),
        sa.Column("key", sa.String(length=80), nullable=True, comment="对象编号"),
        sa.Column("area_code", sa.String(length=32), nullable=True, comment="所属区域"),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment="之前"),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment="之后"),
        sa.Column("version", sa.Integer(), nullable=True, comment="对象版本"),
        sa.Column("purpose", sa.String(length=200), nullable=True, comment="用途"),
        sa.Column("request_id", sa.String(length=64), nullable=True, comment="请求编号"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
        comment="审计记录",
    )
    op.create_index("ix_audit_log_at", "audit_log", ["at"], unique=False)
    op.create_index("ix_audit_log_target", "audit_log", ["target", "key"], unique=False)
    op.create_geospatial_table(
        "base_map",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False, comment="来源"),
        sa.Column("kind", sa.String(length=12), nullable=False, comment="类别"),
        sa.Column("rank", sa.String(length=12), nullable=True, comment="等级"),
        sa.Column("name", sa.String(length=100), nullable=True, comment="名称"),
        sa.Column("width_m", sa.Float(), nullable=True, comment="宽度（米）"),
        sa.Column(
            "geom",
            Geometry(srid=4490, dimension=2, spatial_index=False, from_text="ST_GeomFromEWKT", name="geometry", nullable=False),
            nullable=False,
            comment="图形",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_base_map")),
    )
    op.create_geospatial_index(
        "idx_base_map_geom", "base_map", ["geom"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_index("ix_base_map_kind", "base_map", ["kind"], unique=False)
    op.create_table(
        "data_versions",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_data_versions")),
    )
    op.create_table(
        "dictionary",
        sa.Column("list", sa.String(length=60), nullable=False, comment="代码表"),
        sa.Column("code", sa.String(length=20), nullable=False, comment="代码"),
        sa.Column("name", sa.String(length=200), nullable=False, comment="名称"),
        sa.Column("position", sa.Integer(), nullable=False, comment="顺序"),
        sa.Column("source", sa.Text(), nullable=True, comment="来源"),
        sa.Column("sensitive", sa.Boolean(), server_default="false", nullable=False, comment="敏感"),
        sa.PrimaryKeyConstraint("list", "code", name=op.f("pk_dictionary")),
        comment="代码表",
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False, comment="任务编号"),
        sa.Column("kind", sa.String(length=40), nullable=False, comment="类型"),
        sa.Column("arguments", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="参数"),
        sa.Column("status", sa.String(length=12), server_default="queued", nullable=False, comment="状态"),
        sa.Column("done", sa.BigInteger(), server_default="0", nullable=False, comment="已完成"),
        sa.Column("total", sa.BigInteger(), nullable=True, comment="总数"),
        sa.Column("message", sa.Text(), nullable=True, comment="说明"),
        sa.Column("report", postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment="结果"),
        sa.Column("starts", sa.SmallInteger(), server_default="0", nullable=False, comment="启动次数"),
        sa.Column("cancel", sa.Boolean(), server_default="false", nullable=False, comment="要求取消"),
        sa.Column("owner", sa.String(length=120), nullable=False, comment="提交人"),
        sa.Column("user_id", sa.BigInteger(), nullable=True, comment="用户"),
        sa.Column("rights", postgresql.ARRAY(sa.String(length=40)), nullable=False, comment="权限"),
        sa.Column("scopes", postgresql.ARRAY(sa.String(length=32)), nullable=False, comment="数据范围"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="提交时间"),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True, comment="开始时间"),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True, comment="结束时间"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        comment="后台任务",
    )
    op.create_table(
        "roles",
        sa.Column("code", sa.String(length=32), nullable=False, comment="编码"),
        sa.Column("name", sa.String(length=50), nullable=False, comment="名称"),
        sa.Column("rights", postgresql.ARRAY(sa.String(length=40)), server_default="{}", nullable=False, comment="权限"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="登记时间"),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="更新时间"),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True, comment="注销时间"),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False, comment="版本"),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_roles")),
        comment="角色",
    )
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("username", sa.String(length=50), nullable=False, comment="账号"),
        sa.Column("name", sa.String(length=50), nullable=False, comment="姓名"),
        sa.Column("password_hash", sa.String(length=200), nullable=False, comment="密码摘要"),
        sa.Column("must_change_password", sa.Boolean(), server_default="true", nullable=False, comment="须修改密码"),
        sa.Column("roles", postgresql.ARRAY(sa.String(length=32)), server_default="{}", nullable=False, comment="角色"),
        sa.Column("scopes", postgresql.ARRAY(sa.String(length=32)), server_default="{}", nullable=False, comment="数据范围"),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False, comment="连续失败次数"),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True, comment="锁定至"),
        sa.Column("demo", sa.Boolean(), server_default="false", nullable=False, comment="演示账号"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="登记时间"),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="更新时间"),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True, comment="注销时间"),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False, comment="版本"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("username", name=op.f("uq_users_username")),
        comment="用户",
    )
    op.create_geospatial_table(
        "boundaries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("area_code", sa.String(length=32), nullable=False, comment="区域编码"),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
            comment="边界",
        ),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False, comment="有效期"),
        sa.Column("source_crs", sa.String(length=20), nullable=True, comment="原坐标系"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="登记时间"),
        postgresql.ExcludeConstraint(
            (sa.column("area_code"), "="), (sa.column("valid"), "&&"), using="gist", name="ex_boundaries_one_at_a_time"
        ),
        sa.ForeignKeyConstraint(
            ["area_code"], ["areas.code"], name=op.f("fk_boundaries_area_code"), onupdate="CASCADE", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_boundaries")),
    )
    op.create_geospatial_index(
        "idx_boundaries_geom", "boundaries", ["geom"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_geospatial_table(
        "estates",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False, comment="小区编号"),
        sa.Column("name", sa.String(length=100), nullable=False, comment="小区名称"),
        sa.Column("address", sa.String(length=200), nullable=True, comment="地址"),
        sa.Column("property_company", sa.String(length=100), nullable=True, comment="物业公司"),
        sa.Column(
            "point",
            Geometry(
                geometry_type="POINT", srid=4490, dimension=2, spatial_index=False, from_text="ST_GeomFromEWKT", name="geometry"
            ),
            nullable=True,
            comment="位置",
        ),
        sa.Column(
            "outline",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
            comment="小区范围",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="登记时间"),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="更新时间"),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True, comment="注销时间"),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False, comment="版本"),
        sa.Column("placed_by", sa.String(length=12), nullable=True, comment="定位方式"),
        sa.Column("area_code", sa.String(length=32), nullable=True, comment="所属网格"),
        sa.ForeignKeyConstraint(["area_code"], ["areas.code"], name=op.f("fk_estates_area_code"), onupdate="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_estates")),
        sa.UniqueConstraint("code", name=op.f("uq_estates_code")),
    )
    op.create_geospatial_index(
        "idx_estates_outline", "estates", ["outline"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_geospatial_index(
        "idx_estates_point", "estates", ["point"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_index("ix_estates_area", "estates", ["area_code"], unique=False, postgresql_ops={"area_code": "text_pattern_ops"})
    op.create_geospatial_table(
        "events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False, comment="事件编号"),
        sa.Column("category", sa.String(length=50), nullable=True, comment="事件类别"),
        sa.Column("title", sa.String(length=200), nullable=True, comment="标题"),
        sa.Column("description", sa.Text(), nullable=True, comment="描述"),
        sa.Column("address", sa.String(length=300), nullable=True, comment="地址"),
        sa.Column("source", sa.String(length=50), nullable=True, comment="来源"),
        sa.Column("status", sa.String(length=16), server_default="reported", nullable=False, comment="状态"),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True, comment="上报时间"),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True, comment="结案时间"),
        sa.Column(
            "point",
            Geometry(
                geometry_type="POINT", srid=4490, dimension=2, spatial_index=False, from_text="ST_GeomFromEWKT", name="geometry"
            ),
            nullable=True,
            comment="位置",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="登记时间"),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="更新时间"),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True, comment="注销时间"),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False, comment="版本"),
        sa.Column("placed_by", sa.String(length=12), nullable=True, comment="定位方式"),
        sa.Column("area_code", sa.String(length=32), nullable=True, comment="所属网格"),
        sa.Column("source_crs", sa.String(length=20), nullable=True, comment="原坐标系"),
        sa.Column("accuracy_m", sa.Float(), nullable=True, comment="精度（米）"),
        sa.ForeignKeyConstraint(["area_code"], ["areas.code"], name=op.f("fk_events_area_code"), onupdate="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint("number", name=op.f("uq_events_number")),
    )
    op.create_geospatial_index("idx_events_point", "events", ["point"], unique=False, postgresql_using="gist", postgresql_ops={})
    op.create_index("ix_events_area", "events", ["area_code"], unique=False, postgresql_ops={"area_code": "text_pattern_ops"})
    op.create_index("ix_events_reported_at", "events", ["reported_at"], unique=False)
    op.create_table(
        "sign_ins",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sign_ins_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sign_ins")),
    )
    op.create_index(op.f("ix_sign_ins_user_id"), "sign_ins", ["user_id"], unique=False)
    op.create_table(
        "staff",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("area_code", sa.String(length=32), nullable=False, comment="负责区域"),
        sa.Column("name", sa.String(length=50), nullable=False, comment="姓名"),
        sa.Column("post", sa.String(length=16), nullable=False, comment="岗位"),
        sa.Column("duty_phone", sa.String(length=20), nullable=True, comment="值班电话"),
        sa.Column("duty", sa.Text(), nullable=True, comment="工作职责"),
        sa.Column("since", sa.Date(), nullable=True, comment="任职日期"),
        sa.Column("until", sa.Date(), nullable=True, comment="离任日期"),
        sa.Column("user_id", sa.BigInteger(), nullable=True, comment="登录账号"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="登记时间"),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="更新时间"),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True, comment="注销时间"),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False, comment="版本"),
        sa.ForeignKeyConstraint(["area_code"], ["areas.code"], name=op.f("fk_staff_area_code"), onupdate="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_staff_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        comment="网格队伍",
    )
    op.create_index("ix_staff_area", "staff", ["area_code"], unique=False, postgresql_ops={"area_code": "text_pattern_ops"})
    op.create_table(
        "tokens",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False, comment="用途"),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False, comment="令牌摘要"),
        sa.Column("rights", postgresql.ARRAY(sa.String(length=40)), nullable=False, comment="权限"),
        sa.Column("scopes", postgresql.ARRAY(sa.String(length=32)), nullable=False, comment="数据范围"),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False, comment="到期时间"),
        sa.Column("created_by", sa.BigInteger(), nullable=True, comment="签发人"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="登记时间"),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="更新时间"),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True, comment="注销时间"),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False, comment="版本"),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_tokens_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_tokens_token_hash")),
        comment="接口令牌",
    )
    op.create_geospatial_table(
        "tracks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("content_key", sa.String(length=64), nullable=False, comment="内容摘要"),
        sa.Column("device", sa.String(length=64), nullable=True, comment="设备"),
        sa.Column("worker", sa.String(length=50), nullable=True, comment="巡查人"),
        sa.Column("format", sa.String(length=16), nullable=False, comment="格式"),
        sa.Column("file_name", sa.String(length=200), nullable=True, comment="文件名"),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True, comment="开始时间"),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True, comment="结束时间"),
        sa.Column("fixes", sa.Integer(), nullable=False, comment="定位点数"),
        sa.Column(
            "dropped", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False, comment="剔除点数及原因"
        ),
        sa.Column("length_m", sa.Float(), nullable=False, comment="里程（米）"),
        sa.Column("minutes", sa.Float(), nullable=False, comment="时长（分钟）"),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="MULTILINESTRING",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
            comment="轨迹线",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="登记时间"),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="更新时间"),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True, comment="注销时间"),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False, comment="版本"),
        sa.Column("placed_by", sa.String(length=12), nullable=True, comment="定位方式"),
        sa.Column("area_code", sa.String(length=32), nullable=True, comment="所属网格"),
        sa.ForeignKeyConstraint(["area_code"], ["areas.code"], name=op.f("fk_tracks_area_code"), onupdate="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tracks")),
        sa.UniqueConstraint("content_key", name=op.f("uq_tracks_content_key")),
    )
    op.create_geospatial_index("idx_tracks_geom", "tracks", ["geom"], unique=False, postgresql_using="gist", postgresql_ops={})
    op.create_index("ix_tracks_area", "tracks", ["area_code"], unique=False, postgresql_ops={"area_code": "text_pattern_ops"})
    op.create_index("ix_tracks_started_at", "tracks", ["started_at"], unique=False)
    op.create_geospatial_table(
        "buildings",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False, comment="楼栋编号"),
        sa.Column("name", sa.String(length=100), nullable=True, comment="楼栋名称"),
        sa.Column("estate_id", sa.BigInteger(), nullable=True, comment="所属小区"),
        sa.Column("address", sa.String(length=200), nullable=True, comment="地址"),
        sa.Column("use", sa.String(length=8), nullable=True, comment="建筑用途"),
        sa.Column("floors_above", sa.SmallInteger(), nullable=True, comment="地上层数"),
        sa.Column("floors_below", sa.SmallInteger(), nullable=True, comment="地下层数"),
        sa.Column("height_m", sa.Float(), nullable=True, comment="高度（米）"),
        sa.Column(
            "point",
            Geometry(
                geometry_type="POINT", srid=4490, dimension=2, spatial_index=False, from_text="ST_GeomFromEWKT", name="geometry"
            ),
            nullable=True,
            comment="入口或代表点",
        ),
        sa.Column(
            "footprint",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
            comment="建筑轮廓",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="登记时间"),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="更新时间"),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True, comment="注销时间"),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False, comment="版本"),
        sa.Column("placed_by", sa.String(length=12), nullable=True, comment="定位方式"),
        sa.Column("area_code", sa.String(length=32), nullable=True, comment="所属网格"),
        sa.Column("source_crs", sa.String(length=20), nullable=True, comment="原坐标系"),
        sa.Column("accuracy_m", sa.Float(), nullable=True, comment="精度（米）"),
        sa.ForeignKeyConstraint(["area_code"], ["areas.code"], name=op.f("fk_buildings_area_code"), onupdate="CASCADE"),
        sa.ForeignKeyConstraint(["estate_id"], ["estates.id"], name=op.f("fk_buildings_estate_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_buildings")),
        sa.UniqueConstraint("code", name=op.f("uq_buildings_code")),
    )
    op.create_geospatial_index(
        "idx_buildings_footprint", "buildings", ["footprint"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_geospatial_index(
        "idx_buildings_point", "buildings", ["point"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_index(
        "ix_buildings_area", "buildings", ["area_code"], unique=False, postgresql_ops={"area_code": "text_pattern_ops"}
    )
    op.create_index(op.f("ix_buildings_estate_id"), "buildings", ["estate_id"], unique=False)
    op.create_table(
        "track_areas",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("track_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.String(length=32), nullable=True),
        sa.Column("fixes", sa.Integer(), nullable=False),
        sa.Column("length_m", sa.Float(), nullable=False),
        sa.Column("minutes", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["area_code"], ["areas.code"], name=op.f("fk_track_areas_area_code"), onupdate="CASCADE"),
        sa.ForeignKeyConstraint(["track_id"], ["tracks.id"], name=op.f("fk_track_areas_track_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_track_areas")),
    )
    op.create_index(
        "ix_track_areas_area", "track_areas", ["area_code"], unique=False, postgresql_ops={"area_code": "text_pattern_ops"}
    )
    op.create_index(op.f("ix_track_areas_track_id"), "track_areas", ["track_id"], unique=False)
    op.create_table(
        "track_fixes",
        sa.Column("track_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("segment", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("accuracy_m", sa.Double(), nullable=True),
        sa.Column("speed_mps", sa.Double(), nullable=True),
        sa.Column("area_code", sa.String(length=32), nullable=True),
        sa.Column("placed_by", sa.String(length=12), nullable=True),
        sa.ForeignKeyConstraint(["track_id"], ["tracks.id"], name=op.f("fk_track_fixes_track_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("track_id", "seq", name=op.f("pk_track_fixes")),
    )
    op.create_geospatial_table(
        "units",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("building_id", sa.BigInteger(), nullable=False, comment="所属楼栋"),
        sa.Column("name", sa.String(length=20), nullable=False, comment="单元名称"),
        sa.Column("position", sa.SmallInteger(), server_default="1", nullable=False, comment="排列顺序"),
        sa.Column(
            "point",
            Geometry(
                geometry_type="POINT", srid=4490, dimension=2, spatial_index=False, from_text="ST_GeomFromEWKT", name="geometry"
            ),
            nullable=True,
            comment="单元入口",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="登记时间"),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="更新时间"),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True, comment="注销时间"),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False, comment="版本"),
        sa.Column("placed_by", sa.String(length=12), nullable=True, comment="定位方式"),
        sa.Column("area_code", sa.String(length=32), nullable=True, comment="所属网格"),
        sa.ForeignKeyConstraint(["area_code"], ["areas.code"], name=op.f("fk_units_area_code"), onupdate="CASCADE"),
        sa.ForeignKeyConstraint(["building_id"], ["buildings.id"], name=op.f("fk_units_building_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_units")),
        sa.UniqueConstraint("building_id", "name", name=op.f("uq_units_building_id_name")),
    )
    op.create_geospatial_index("idx_units_point", "units", ["point"], unique=False, postgresql_using="gist", postgresql_ops={})
    op.create_index("ix_units_area", "units", ["area_code"], unique=False, postgresql_ops={"area_code": "text_pattern_ops"})
    op.create_table(
        "rooms",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("building_id", sa.BigInteger(), nullable=False, comment="所属楼栋"),
        sa.Column("unit_id", sa.BigInteger(), nullable=False, comment="所属单元"),
        sa.Column("number", sa.String(length=20), nullable=False, comment="房号"),
        sa.Column("floor", sa.SmallInteger(), nullable=False, comment="楼层"),
        sa.Column("door", sa.SmallInteger(), nullable=False, comment="户号"),
        sa.Column("door_span", sa.SmallInteger(), server_default="1", nullable=False, comment="横向合并户数"),
        sa.Column("floor_span", sa.SmallInteger(), server_default="1", nullable=False, comment="向上合并层数"),
        sa.Column("use", sa.String(length=8), nullable=True, comment="房屋类型"),
        sa.Column("area_m2", sa.Float(), nullable=True, comment="建筑面积（平方米）"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="登记时间"),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="更新时间"),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True, comment="注销时间"),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False, comment="版本"),
        sa.Column("placed_by", sa.String(length=12), nullable=True, comment="定位方式"),
        sa.Column("area_code", sa.String(length=32), nullable=True, comment="所属网格"),
        sa.ForeignKeyConstraint(["area_code"], ["areas.code"], name=op.f("fk_rooms_area_code"), onupdate="CASCADE"),
        sa.ForeignKeyConstraint(["building_id"], ["buildings.id"], name=op.f("fk_rooms_building_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_rooms_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rooms")),
        sa.UniqueConstraint("unit_id", "number", name=op.f("uq_rooms_unit_id_number")),
        comment="房屋",
    )
    op.create_index("ix_rooms_area", "rooms", ["area_code"], unique=False, postgresql_ops={"area_code": "text_pattern_ops"})
    op.create_index("ix_rooms_building_id", "rooms", ["building_id"], unique=False)
    op.create_table(
        "households",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False, comment="户籍编号"),
        sa.Column("room_id", sa.BigInteger(), nullable=True, comment="房屋"),
        sa.Column("kind", sa.String(length=8), nullable=True, comment="户别"),
        sa.Column("remark", sa.Text(), nullable=True, comment="备注"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="登记时间"),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="更新时间"),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True, comment="注销时间"),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False, comment="版本"),
        sa.Column("placed_by", sa.String(length=12), nullable=True, comment="定位方式"),
        sa.Column("area_code", sa.String(length=32), nullable=True, comment="所属网格"),
        sa.ForeignKeyConstraint(["area_code"], ["areas.code"], name=op.f("fk_households_area_code"), onupdate="CASCADE"),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"], name=op.f("fk_households_room_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_households")),
        sa.UniqueConstraint("number", name=op.f("uq_households_number")),
        comment="住户",
    )
    op.create_index(
        "ix_households_area", "households", ["area_code"], unique=False, postgresql_ops={"area_code": "text_pattern_ops"}
    )
    op.create_index(op.f("ix_households_room_id"), "households", ["room_id"], unique=False)
    op.create_geospatial_table(
        "premises",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False, comment="场所编号"),
        sa.Column("name", sa.String(length=200), nullable=False, comment="场所名称"),
        sa.Column("trade", sa.String(length=200), nullable=True, comment="行业"),
        sa.Column("credit_code", sa.String(length=18), nullable=True, comment="统一社会信用代码"),
        sa.Column("address", sa.String(length=300), nullable=True, comment="地址"),
        sa.Column("owner", sa.String(length=50), nullable=True, comment="负责人"),
        sa.Column("phone", sa.LargeBinary(), nullable=True, comment="联系电话"),
        sa.Column("building_id", sa.BigInteger(), nullable=True, comment="所在楼栋"),
        sa.Column("room_id", sa.BigInteger(), nullable=True, comment="所在房屋"),
        sa.Column(
            "point",
            Geometry(
                geometry_type="POINT", srid=4490, dimension=2, spatial_index=False, from_text="ST_GeomFromEWKT", name="geometry"
            ),
            nullable=True,
            comment="位置",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="登记时间"),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="更新时间"),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True, comment="注销时间"),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False, comment="版本"),
        sa.Column("placed_by", sa.String(length=12), nullable=True, comment="定位方式"),
        sa.Column("area_code", sa.String(length=32), nullable=True, comment="所属网格"),
        sa.Column("source_crs", sa.String(length=20), nullable=True, comment="原坐标系"),
        sa.Column("accuracy_m", sa.Float(), nullable=True, comment="精度（米）"),
        sa.ForeignKeyConstraint(["area_code"], ["areas.code"], name=op.f("fk_premises_area_code"), onupdate="CASCADE"),
        sa.ForeignKeyConstraint(["building_id"], ["buildings.id"], name=op.f("fk_premises_building_id")),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"], name=op.f("fk_premises_room_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_premises")),
        sa.UniqueConstraint("code", name=op.f("uq_premises_code")),
    )
    op.create_geospatial_index(
        "idx_premises_point", "premises", ["point"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_index("ix_premises_area", "premises", ["area_code"], unique=False, postgresql_ops={"area_code": "text_pattern_ops"})
    op.create_index(op.f("ix_premises_building_id"), "premises", ["building_id"], unique=False)
    op.create_index(op.f("ix_premises_room_id"), "premises", ["room_id"], unique=False)
    op.create_index("ix_premises_name", "premises", ["name"], unique=False)
    op.create_table(
        "residents",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.String(length=50), nullable=False, comment="姓名"),
        sa.Column("household_id", sa.BigInteger(), nullable=True, comment="住户"),
        sa.Column("relation", sa.String(length=4), nullable=True, comment="与户主关系"),
        sa.Column("id_type", sa.String(length=4), server_default="111", nullable=True, comment="证件类型"),
        sa.Column("id_number", sa.LargeBinary(), nullable=True, comment="证件号码"),
        sa.Column("id_number_hash", sa.LargeBinary(), nullable=True),
        sa.Column("sex", sa.String(length=1), nullable=True, comment="性别"),
        sa.Column("birth_date", sa.Date(), nullable=True, comment="出生日期"),
        sa.Column("ethnic", sa.String(length=2), nullable=True, comment="民族"),
        sa.Column("education", sa.String(length=2), nullable=True, comment="学历"),
        sa.Column("marital", sa.String(length=2), nullable=True, comment="婚姻状况"),
        sa.Column("phone", sa.LargeBinary(), nullable=True, comment="联系电话"),
        sa.Column("phone_hash", sa.LargeBinary(), nullable=True),
        sa.Column("classes", postgresql.ARRAY(sa.String(length=16)), server_default="{}", nullable=False, comment="人员类别"),
        sa.Column("remark", sa.Text(), nullable=True, comment="备注"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="登记时间"),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="更新时间"),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True, comment="注销时间"),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False, comment="版本"),
        sa.Column("placed_by", sa.String(length=12), nullable=True, comment="定位方式"),
        sa.Column("area_code", sa.String(length=32), nullable=True, comment="所属网格"),
        sa.ForeignKeyConstraint(["area_code"], ["areas.code"], name=op.f("fk_residents_area_code"), onupdate="CASCADE"),
        sa.ForeignKeyConstraint(["household_id"], ["households.id"], name=op.f("fk_residents_household_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_residents")),
        comment="居民",
    )
    op.create_index(
        "ix_residents_area", "residents", ["area_code"], unique=False, postgresql_ops={"area_code": "text_pattern_ops"}
    )
    op.create_index(op.f("ix_residents_household_id"), "residents", ["household_id"], unique=False)
    op.create_index(
        "ix_residents_id_number_hash",
        "residents",
        ["id_number_hash"],
        unique=True,
        postgresql_where=sa.text("retired_at IS NULL"),
    )
    op.create_index("ix_residents_name", "residents", ["name"], unique=False)
    op.create_index("ix_residents_phone_hash", "residents", ["phone_hash"], unique=False)
    # create_geospatial_table leaves table comments out
    op.create_table_comment("base_map", "底图要素")
    op.create_table_comment("boundaries", "边界")
    op.create_table_comment("buildings", "楼栋")
    op.create_table_comment("estates", "小区")
    op.create_table_comment("events", "事件")
    op.create_table_comment("premises", "营业场所")
    op.create_table_comment("tracks", "巡查轨迹")
    op.create_table_comment("units", "单元")


def downgrade() -> None:
    op.drop_index("ix_residents_phone_hash", table_name="residents")
    op.drop_index("ix_residents_name", table_name="residents")
    op.drop_index("ix_residents_id_number_hash", table_name="residents")
    op.drop_index(op.f("ix_residents_household_id"), table_name="residents")
    op.drop_index("ix_residents_area", table_name="residents", postgresql_ops={"area_code": "text_pattern_ops"})
    op.drop_table("residents")
    op.drop_index("ix_premises_name", table_name="premises")
    op.drop_index(op.f("ix_premises_room_id"), table_name="premises")
    op.drop_index(op.f("ix_premises_building_id"), table_name="premises")
    op.drop_index("ix_premises_area", table_name="premises", postgresql_ops={"area_code": "text_pattern_ops"})
    op.drop_geospatial_index("idx_premises_point", table_name="premises", postgresql_using="gist", column_name="point")
    op.drop_geospatial_table("premises")
    op.drop_index(op.f("ix_households_room_id"), table_name="households")
    op.drop_index("ix_households_area", table_name="households", postgresql_ops={"area_code": "text_pattern_ops"})
    op.drop_table("households")
    op.drop_index("ix_rooms_building_id", table_name="rooms")
    op.drop_index("ix_rooms_area", table_name="rooms", postgresql_ops={"area_code": "text_pattern_ops"})
    op.drop_table("rooms")
    op.drop_index("ix_units_area", table_name="units", postgresql_ops={"area_code": "text_pattern_ops"})
    op.drop_geospatial_index("idx_units_point", table_name="units", postgresql_using="gist", column_name="point")
    op.drop_geospatial_table("units")
    op.drop_table("track_fixes")
    op.drop_index(op.f("ix_track_areas_track_id"), table_name="track_areas")
    op.drop_index("ix_track_areas_area", table_name="track_areas", postgresql_ops={"area_code": "text_pattern_ops"})
    op.drop_table("track_areas")
    op.drop_index(op.f("ix_buildings_estate_id"), table_name="buildings")
    op.drop_index("ix_buildings_area", table_name="buildings", postgresql_ops={"area_code": "text_pattern_ops"})
    op.drop_geospatial_index("idx_buildings_point", table_name="buildings", postgresql_using="gist", column_name="point")
    op.drop_geospatial_index("idx_buildings_footprint", table_name="buildings", postgresql_using="gist", column_name="footprint")
    op.drop_geospatial_table("buildings")
    op.drop_index("ix_tracks_started_at", table_name="tracks")
    op.drop_index("ix_tracks_area", table_name="tracks", postgresql_ops={"area_code": "text_pattern_ops"})
    op.drop_geospatial_index("idx_tracks_geom", table_name="tracks", postgresql_using="gist", column_name="geom")
    op.drop_geospatial_table("tracks")
    op.drop_table("tokens")
    op.drop_index("ix_staff_area", table_name="staff", postgresql_ops={"area_code": "text_pattern_ops"})
    op.drop_table("staff")
    op.drop_index(op.f("ix_sign_ins_user_id"), table_name="sign_ins")
    op.drop_table("sign_ins")
    op.drop_index("ix_events_reported_at", table_name="events")
    op.drop_index("ix_events_area", table_name="events", postgresql_ops={"area_code": "text_pattern_ops"})
    op.drop_geospatial_index("idx_events_point", table_name="events", postgresql_using="gist", column_name="point")
    op.drop_geospatial_table("events")
    op.drop_index("ix_estates_area", table_name="estates", postgresql_ops={"area_code": "text_pattern_ops"})
    op.drop_geospatial_index("idx_estates_point", table_name="estates", postgresql_using="gist", column_name="point")
    op.drop_geospatial_index("idx_estates_outline", table_name="estates", postgresql_using="gist", column_name="outline")
    op.drop_geospatial_table("estates")
    op.drop_geospatial_index("idx_boundaries_geom", table_name="boundaries", postgresql_using="gist", column_name="geom")
    op.drop_geospatial_table("boundaries")
    op.drop_table("users")
    op.drop_table("roles")
    op.drop_table("jobs")
    op.drop_table("dictionary")
    op.drop_table("data_versions")
    op.drop_index("ix_base_map_kind", table_name="base_map")
    op.drop_geospatial_index("idx_base_map_geom", table_name="base_map", postgresql_using="gist", column_name="geom")
    op.drop_geospatial_table("base_map")
    op.drop_index("ix_audit_log_target", table_name="audit_log")
    op.drop_index("ix_audit_log_at", table_name="audit_log")
    op.drop_table("audit_log")
    op.drop_index("ix_areas_parent_code", table_name="areas")
    op.drop_index("ix_areas_code_prefix", table_name="areas", postgresql_ops={"code": "text_pattern_ops"})
    op.drop_table("areas")
