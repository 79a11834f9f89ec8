"""patrol: devices, fixes partitioned by day, tracks of a day, segments, stays, visits, targets, last positions"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0040"
down_revision = "0050"
branch_labels = None
depends_on = None

FUNCTIONS = Path(__file__).parent.parent / "functions"
AREA = {"area_code": "text_pattern_ops"}


def stamps() -> list[sa.Column]:
    moment = sa.DateTime(timezone=True)
    return [
        sa.Column("created_at", moment, server_default=sa.text("now()"), nullable=False, comment="登记时间"),
        sa.Column("updated_at", moment, server_default=sa.text("now()"), nullable=False, comment="更新时间"),
        sa.Column("retired_at", moment, nullable=True, comment="注销时间"),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False, comment="版本"),
    ]


def located(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("area_code", sa.String(32), nullable=True, comment="所属网格"),
        sa.Column("placed_by", sa.String(12), nullable=True, comment="定位方式"),
        sa.ForeignKeyConstraint(["area_code"], ["areas.code"], name=op.f(f"fk_{table}_area_code"), onupdate="CASCADE"),
    ]


def upgrade() -> None:
    for table, names in (("tracks", "old_tracks"), ("track_fixes", "old_fixes"), ("track_areas", "old_areas")):
        op.rename_table(table, names)
        op.execute(f"ALTER INDEX pk_{table} RENAME TO pk_{names}")
    for name in ("ix_track_areas_area", "ix_track_areas_track_id", "ix_tracks_area", "idx_tracks_geom"):
        op.execute(f"DROP INDEX {name}")
    for name in ("fk_track_areas_area_code", "fk_track_areas_track_id"):
        op.execute(f"ALTER TABLE old_areas DROP CONSTRAINT {name}")
    op.execute("ALTER TABLE old_tracks DROP CONSTRAINT fk_tracks_area_code")
    make_devices()
    make_fixes()
    make_tracks()
    make_pieces()
    make_targets()
    for table, comment in (("patrol_targets", "巡查目标"), ("track_segments", "轨迹段"), ("track_stays", "停留")):
        op.create_table_comment(table, comment)  # create_geospatial_table forgets it
    run_script((FUNCTIONS / "fix_days.sql").read_text(encoding="utf-8"))
    for table in ("devices", "patrol_targets"):
        op.execute(
            f"CREATE TRIGGER bump_{table} AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION bump_data_version('{table}')"
        )
        op.execute(f"INSERT INTO data_versions (name, version) VALUES ('{table}', nextval('data_version_numbers'))")
    carry_over()
    for table in ("old_areas", "old_fixes", "old_tracks"):
        op.drop_table(table)


def run_script(text: str) -> None:
    """Several statements as they are: without parameters psycopg leaves % alone."""
    op.get_bind().connection.driver_connection.execute(text)


def make_devices() -> None:
    op.create_table(
        "devices",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("code", sa.String(64), nullable=False, comment="设备编号"),
        sa.Column("name", sa.String(100), nullable=True, comment="设备名称"),
        sa.Column("worker", sa.String(50), nullable=True, comment="巡查人"),
        sa.Column("user_id", sa.BigInteger(), nullable=True, comment="登录账号"),
        sa.Column("crs", sa.String(20), server_default="wgs84", nullable=False, comment="坐标系"),
        sa.Column("speed_unit", sa.String(8), server_default="knots", nullable=False, comment="速度单位"),
        sa.Column("key_hash", sa.LargeBinary(), nullable=True, comment="密钥摘要"),
        *located("devices"),
        *stamps(),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_devices_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_devices")),
        sa.UniqueConstraint("code", name=op.f("uq_devices_code")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_devices_key_hash")),
        comment="巡查设备",
    )
    op.create_index("ix_devices_area", "devices", ["area_code"], postgresql_ops=AREA)


def make_fixes() -> None:
    op.create_table(
        "fixes",
        sa.Column("device_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        *(sa.Column(name, sa.REAL(), nullable=True) for name in ("accuracy_m", "speed_mps", "course_deg", "ele_m", "battery")),
        sa.Column("flags", sa.Integer(), nullable=False),
        sa.Column("area_code", sa.String(32), nullable=True),
        sa.PrimaryKeyConstraint("device_id", "at", name=op.f("pk_fixes")),
        comment="定位点",
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index("ix_fixes_at", "fixes", ["at"], postgresql_using="brin")
    op.execute(
        "CREATE TABLE fixes_before_2020 PARTITION OF fixes FOR VALUES FROM (MINVALUE) TO (TIMESTAMPTZ '2020-01-01 00:00:00+00')"
    )
    op.create_table(
        "track_uploads",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="上传时间"),
        sa.Column("by", sa.String(120), nullable=False, comment="上传人"),
        sa.Column("format", sa.String(16), nullable=False, comment="格式"),
        sa.Column("file_name", sa.String(200), nullable=True, comment="文件名"),
        sa.Column("received", sa.Integer(), nullable=False, comment="收到定位点数"),
        sa.Column("stored", sa.Integer(), nullable=False, comment="新存定位点数"),
        sa.Column("refused", JSONB(), server_default="{}", nullable=False, comment="拒收点数及原因"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_track_uploads")),
        comment="轨迹上传",
    )
    op.create_table(
        "last_positions",
        sa.Column("device_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, comment="时间"),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("accuracy_m", sa.REAL(), nullable=True, comment="精度（米）"),
        sa.Column("speed_mps", sa.REAL(), nullable=True, comment="速度（米/秒）"),
        sa.Column("battery", sa.REAL(), nullable=True, comment="电量（%）"),
        sa.Column("flags", sa.Integer(), nullable=False),
        sa.Column("area_code", sa.String(32), nullable=True, comment="网格"),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="收到时间"),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_last_positions_device_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_last_positions")),
        comment="最新位置",
    )
    op.execute("ALTER TABLE last_positions SET (fillfactor = 50)")  # updated all the time: room for it on the same page
    op.create_table(
        "track_days_due",
        sa.Column("device_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_track_days_due_device_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("device_id", "day", name=op.f("pk_track_days_due")),
    )


def make_tracks() -> None:
    op.execute("DROP INDEX ix_tracks_started_at")
    op.create_table(
        "tracks",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("device_id", sa.BigInteger(), nullable=False, comment="设备"),
        sa.Column("day", sa.Date(), nullable=False, comment="日期"),
        sa.Column("device", sa.String(64), nullable=False, comment="设备编号"),
        sa.Column("worker", sa.String(50), nullable=True, comment="巡查人"),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True, comment="开始时间"),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True, comment="结束时间"),
        sa.Column("fixes", sa.Integer(), nullable=False, comment="定位点数"),
        sa.Column("flagged", JSONB(), server_default="{}", nullable=False, comment="标记点数及原因"),
        sa.Column("length_m", sa.Float(), nullable=False, comment="里程（米）"),
        sa.Column("minutes", sa.Float(), nullable=False, comment="时长（分钟）"),
        sa.Column("doubt", sa.SmallInteger(), server_default="0", nullable=False, comment="可疑程度（0-100）"),
        sa.Column("doubts", JSONB(), server_default="{}", nullable=False, comment="可疑之处"),
        sa.Column("shape_key", sa.BigInteger(), nullable=True, comment="形状摘要"),
        *located("tracks"),
        *stamps(),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_tracks_device_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tracks")),
        sa.UniqueConstraint("device_id", "day", name=op.f("uq_tracks_device_id_day")),
        comment="巡查轨迹",
    )
    op.create_index("ix_tracks_area", "tracks", ["area_code"], postgresql_ops=AREA)
    op.create_index("ix_tracks_day", "tracks", ["day"])
    op.create_index("ix_tracks_shape_key", "tracks", ["shape_key"])
    op.create_table(
        "track_areas",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("track_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.String(32), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("fixes", sa.Integer(), nullable=False),
        sa.Column("length_m", sa.Float(), nullable=False),
        sa.Column("minutes", sa.Float(), nullable=False),
        sa.Column("targets", ARRAY(sa.BigInteger()), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(["area_code"], ["areas.code"], name=op.f("fk_track_areas_area_code"), onupdate="CASCADE"),
        sa.ForeignKeyConstraint(["track_id"], ["tracks.id"], name=op.f("fk_track_areas_track_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_track_areas")),
    )
    op.create_index("ix_track_areas_area", "track_areas", ["area_code", "day"], postgresql_ops=AREA)
    op.create_index("ix_track_areas_track_id", "track_areas", ["track_id"])


def make_pieces() -> None:
    def track(table: str) -> sa.ForeignKeyConstraint:
        return sa.ForeignKeyConstraint(["track_id"], ["tracks.id"], name=op.f(f"fk_{table}_track_id"), ondelete="CASCADE")

    moment = sa.DateTime(timezone=True)
    op.create_geospatial_table(
        "track_segments",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("track_id", sa.BigInteger(), nullable=False),
        sa.Column("device_id", sa.BigInteger(), nullable=False),
        sa.Column("started_at", moment, nullable=False),
        sa.Column("ended_at", moment, nullable=False),
        sa.Column("fixes", sa.Integer(), nullable=False),
        sa.Column("area_code", sa.String(32), nullable=True),
        sa.Column("geom", Geometry("LINESTRINGM", srid=4490, dimension=3, spatial_index=False), nullable=False),
        track("track_segments"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_track_segments")),
        comment="轨迹段",
    )
    op.create_geospatial_index("idx_track_segments_geom", "track_segments", ["geom"], postgresql_using="gist")
    op.create_index("ix_track_segments_device_id", "track_segments", ["device_id", "started_at"])
    op.create_index("ix_track_segments_started_at", "track_segments", ["started_at"], postgresql_using="brin")
    op.create_index("ix_track_segments_track_id", "track_segments", ["track_id"])
    op.create_table(
        "track_archive",
        sa.Column("track_id", sa.BigInteger(), nullable=False),
        sa.Column("started_at", moment, nullable=False),
        sa.Column("fixes", sa.Integer(), nullable=False),
        sa.Column("twkb", sa.LargeBinary(), nullable=False),
        track("track_archive"),
        sa.PrimaryKeyConstraint("track_id", "started_at", name=op.f("pk_track_archive")),
    )
    op.create_geospatial_table(
        "track_stays",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("track_id", sa.BigInteger(), nullable=False),
        sa.Column("started_at", moment, nullable=False, comment="开始"),
        sa.Column("ended_at", moment, nullable=False, comment="结束"),
        sa.Column("area_code", sa.String(32), nullable=True, comment="网格"),
        sa.Column("point", Geometry("POINT", srid=4490, spatial_index=False), nullable=False, comment="位置"),
        track("track_stays"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_track_stays")),
        comment="停留",
    )
    op.create_geospatial_index("idx_track_stays_point", "track_stays", ["point"], postgresql_using="gist")
    op.create_index("ix_track_stays_track_id", "track_stays", ["track_id"])


def make_targets() -> None:
    op.create_geospatial_table(
        "patrol_targets",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False, comment="类别"),
        sa.Column("source", sa.String(60), nullable=True, comment="来源"),
        sa.Column("name", sa.String(100), nullable=True, comment="名称"),
        sa.Column("weight", sa.Float(), server_default="1", nullable=False, comment="权重"),
        sa.Column("radius_m", sa.Float(), server_default="25", nullable=False, comment="半径（米）"),
        sa.Column("dwell_seconds", sa.Integer(), server_default="0", nullable=False, comment="最短停留（秒）"),
        sa.Column("point", Geometry("POINT", srid=4490, spatial_index=False), nullable=True, comment="位置"),
        sa.Column("line", Geometry("LINESTRING", srid=4490, spatial_index=False), nullable=True, comment="线"),
        *located("patrol_targets"),
        *stamps(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patrol_targets")),
        sa.UniqueConstraint("kind", "source", name=op.f("uq_patrol_targets_kind_source")),
        comment="巡查目标",
    )
    op.create_geospatial_index("idx_patrol_targets_point", "patrol_targets", ["point"], postgresql_using="gist")
    op.create_geospatial_index("idx_patrol_targets_line", "patrol_targets", ["line"], postgresql_using="gist")
    op.create_index("ix_patrol_targets_area", "patrol_targets", ["area_code"], postgresql_ops=AREA)
    op.create_table(
        "track_visits",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("track_id", sa.BigInteger(), nullable=False),
        sa.Column("target_id", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False, comment="开始"),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False, comment="结束"),
        sa.Column("nearest_m", sa.REAL(), nullable=False, comment="最近距离（米）"),
        sa.ForeignKeyConstraint(["track_id"], ["tracks.id"], name=op.f("fk_track_visits_track_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["target_id"], ["patrol_targets.id"], name=op.f("fk_track_visits_target_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_track_visits")),
        comment="到访",
    )
    op.create_index("ix_track_visits_target_id", "track_visits", ["target_id", "started_at"])
    op.create_index("ix_track_visits_track_id", "track_visits", ["track_id"])


def carry_over() -> None:
    """What was stored so far: each old track's device, its fixes, a receipt; the tracks of each day are made from the fixes."""
    device = "coalesce(nullif(t.device, ''), 'track-' || t.id)"
    op.execute(
        f"INSERT INTO devices (code, worker, area_code, placed_by) "
        f"SELECT DISTINCT ON ({device}) {device}, t.worker, t.area_code, CASE WHEN t.area_code IS NOT NULL THEN 'manual' END "
        f"FROM old_tracks t ORDER BY {device}, t.id DESC"
    )
    op.execute(
        'INSERT INTO track_uploads (at, "by", format, file_name, received, stored, refused) '
        "SELECT created_at, '系统升级', format, file_name, fixes, fixes, dropped FROM old_tracks ORDER BY id"
    )
    op.execute(
        "SELECT make_fix_days(coalesce(array_agg(DISTINCT (at AT TIME ZONE 'UTC')::date), '{}')) "
        "FROM old_fixes WHERE at IS NOT NULL"
    )
    op.execute(
        f"INSERT INTO fixes (device_id, at, lon, lat, accuracy_m, speed_mps, flags, area_code) "
        f"SELECT d.id, f.at, f.lon, f.lat, f.accuracy_m, f.speed_mps, "
        f"CASE f.placed_by WHEN 'edge' THEN 128 WHEN 'nearest' THEN 256 ELSE 0 END, f.area_code "
        f"FROM old_fixes f JOIN old_tracks t ON t.id = f.track_id JOIN devices d ON d.code = {device} "
        "WHERE f.at IS NOT NULL ON CONFLICT DO NOTHING"
    )
    op.execute(
        "INSERT INTO track_days_due (device_id, day) SELECT DISTINCT device_id, "
        "(at AT TIME ZONE coalesce((SELECT time_zone FROM place_rule WHERE id = 1), 'Asia/Shanghai'))::date FROM fixes"
    )


def downgrade() -> None:
    op.execute("DELETE FROM data_versions WHERE name IN ('devices', 'patrol_targets')")
    op.drop_table("track_visits")
    op.drop_geospatial_table("patrol_targets")
    op.drop_geospatial_table("track_stays")
    op.drop_table("track_archive")
    op.drop_geospatial_table("track_segments")
    op.drop_table("track_areas")
    op.drop_table("tracks")
    op.drop_table("track_days_due")
    op.drop_table("last_positions")
    op.drop_table("track_uploads")
    op.drop_table("fixes")
    op.execute("DROP FUNCTION make_fix_days(date[]), drop_fix_days(date)")
    op.drop_table("devices")
    before()


def before() -> None:
    """The tables as they were, empty: what is in the new ones has no place there."""
    op.create_table(
        "tracks",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("content_key", sa.String(64), nullable=False, comment="内容摘要"),
        sa.Column("device", sa.String(64), nullable=True, comment="设备"),
        sa.Column("worker", sa.String(50), nullable=True, comment="巡查人"),
        sa.Column("format", sa.String(16), nullable=False, comment="格式"),
        sa.Column("file_name", sa.String(200), nullable=True, comment="文件名"),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True, comment="开始时间"),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True, comment="结束时间"),
        sa.Column("fixes", sa.Integer(), nullable=False, comment="定位点数"),
        sa.Column("dropped", JSONB(), server_default="{}", nullable=False, comment="剔除点数及原因"),
        sa.Column("length_m", sa.Float(), nullable=False, comment="里程（米）"),
        sa.Column("minutes", sa.Float(), nullable=False, comment="时长（分钟）"),
        sa.Column("geom", Geometry("MULTILINESTRING", srid=4490, spatial_index=False), nullable=True, comment="轨迹线"),
        *located("tracks"),
        *stamps(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tracks")),
        sa.UniqueConstraint("content_key", name=op.f("uq_tracks_content_key")),
        comment="巡查轨迹",
    )
    op.create_geospatial_index("idx_tracks_geom", "tracks", ["geom"], postgresql_using="gist")
    op.create_index("ix_tracks_area", "tracks", ["area_code"], postgresql_ops=AREA)
    op.create_index("ix_tracks_started_at", "tracks", ["started_at"])
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
        sa.Column("area_code", sa.String(32), nullable=True),
        sa.Column("placed_by", sa.String(12), nullable=True),
        sa.ForeignKeyConstraint(["track_id"], ["tracks.id"], name=op.f("fk_track_fixes_track_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("track_id", "seq", name=op.f("pk_track_fixes")),
    )
    op.create_table(
        "track_areas",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("track_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.String(32), nullable=True),
        sa.Column("fixes", sa.Integer(), nullable=False),
        sa.Column("length_m", sa.Float(), nullable=False),
        sa.Column("minutes", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["area_code"], ["areas.code"], name=op.f("fk_track_areas_area_code"), onupdate="CASCADE"),
        sa.ForeignKeyConstraint(["track_id"], ["tracks.id"], name=op.f("fk_track_areas_track_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_track_areas")),
    )
    op.create_index("ix_track_areas_area", "track_areas", ["area_code"], postgresql_ops=AREA)
    op.create_index("ix_track_areas_track_id", "track_areas", ["track_id"])
