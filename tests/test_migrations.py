"""Migrations: the models are what the database is; down to empty and up again; the service's role only adds to the audit log."""

from __future__ import annotations

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command

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
