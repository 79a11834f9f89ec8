"""Migrations: the models are what the database is; down to empty and up again; the service's role only adds to the audit log."""

from __future__ import annotations

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

from gis_grid import cluster
from gis_grid.migrate import alembic_config
from tests.conftest import HOME


@pytest.fixture
def empty(database) -> str:
    """The owner's URL of an empty database."""
    owner = cluster.data.read(HOME).urls.owner
    plain = owner.replace("+psycopg", "")
    with psycopg.connect(plain, autocommit=True) as admin:
        admin.execute("CREATE DATABASE empty_one TEMPLATE template0")
    yield owner.rsplit("/", 1)[0] + "/empty_one"
    with psycopg.connect(plain, autocommit=True) as admin:
        admin.execute("DROP DATABASE empty_one WITH (FORCE)")


OURS = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'S', 'v') AND c.relname != 'alembic_version'
  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
"""


def test_up_from_empty_matches_the_models_and_down_leaves_nothing(empty: str) -> None:
    engine = sa.create_engine(empty, poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        command.upgrade(alembic_config(connection), "head")
        connection.commit()
    with engine.connect() as connection:
        command.check(alembic_config(connection))
    with engine.connect() as connection:
        command.downgrade(alembic_config(connection), "base")
        connection.commit()
        assert connection.scalars(sa.text(OURS)).all() == []
        command.upgrade(alembic_config(connection), "head")
        connection.commit()


def test_the_services_role_only_adds_to_the_audit_log(database) -> None:
    with psycopg.connect(database[1].replace("+psycopg", ""), autocommit=True) as service:
        for statement in (
            "UPDATE audit_log SET actor = 'x'",
            "DELETE FROM audit_log",
            "TRUNCATE audit_log",
            "DROP TABLE audit_log",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                service.execute(statement)


def test_passwords_and_keys_are_readable_to_their_owner_only(database) -> None:
    from gis_grid.config import secret

    secret("field_key")
    for name in ("postgres.json", "secrets.json"):
        assert (HOME / name).stat().st_mode & 0o777 == 0o600


OLD = """
INSERT INTO areas (code, name, level) VALUES ('500103', '区', 'district');
INSERT INTO tracks (content_key, device, worker, format, fixes, length_m, minutes, area_code, dropped)
VALUES ('a', 'd1', '小王', 'gpx', 2, 1, 1, '500103', '{"漂移": 1}'), ('b', 'd1', '小王', 'gpx', 2, 1, 1, NULL, '{}'),
       ('c', NULL, NULL, 'csv', 1, 0, 0, NULL, '{}');
INSERT INTO track_fixes (track_id, seq, segment, at, lon, lat, accuracy_m, area_code, placed_by)
SELECT id, 0, 0, TIMESTAMPTZ '2024-05-06 01:00:00+00', 106.5, 29.5, 5, '500103', 'edge' FROM tracks
  WHERE content_key IN ('a', 'b')
UNION ALL SELECT id, 1, 0, '2024-05-06 17:00:00+00', 106.5, 29.5, NULL, NULL, NULL FROM tracks WHERE content_key = 'a'
UNION ALL SELECT id, 0, 0, '2012-05-06 01:00:00+00', 106.5, 29.5, NULL, NULL, NULL FROM tracks WHERE content_key = 'c';
"""


def test_tracks_stored_before_keep_their_fixes_and_are_due_to_be_made_anew(empty: str) -> None:
    engine = sa.create_engine(empty, poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        script = ScriptDirectory.from_config(alembic_config())
        before = script.get_revision("0040").down_revision
        command.upgrade(alembic_config(connection), before)
        connection.exec_driver_sql(OLD)
        connection.commit()
    with engine.connect() as connection:
        command.upgrade(alembic_config(connection), "0040")
        fixes = connection.execute(
            sa.text("SELECT d.code, f.flags, f.area_code FROM fixes f JOIN devices d ON d.id = f.device_id ORDER BY f.at")
        ).all()
        assert [(code.split("-")[0], flags, area) for code, flags, area in fixes] == [
            ("track", 0, None),
            ("d1", 128, "500103"),
            ("d1", 0, None),
        ]
        assert connection.scalar(sa.text("SELECT count(*) FROM track_uploads")) == 3
        days = connection.scalars(sa.text("SELECT day::text FROM track_days_due ORDER BY day")).all()
        assert days == ["2012-05-06", "2024-05-06", "2024-05-07"]
