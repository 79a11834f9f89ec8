"""The rows of the maps bench: the peers' tables, which hold just what a layer of ours tells; events in any number.

The database is the bench's own: its events are thrown away.
"""

from __future__ import annotations

import math
from typing import Any

import psycopg
from psycopg import sql

SPREAD_M = 30.0  # ten thousand events lie within 3 km: they fill nine tiles of zoom 15; a million within 30 km
METRES = 111_320.0  # of a degree of latitude
SCOPED = "l.area_code LIKE ANY (SELECT code || '%%' FROM areas WHERE level = 'district' AND retired_at IS NULL)"


def connect(dsn: str) -> psycopg.Connection[Any]:
    """As the owner, each statement for itself; values are put in by the client, which CREATE TABLE AS needs."""
    return psycopg.connect(dsn, autocommit=True, cursor_factory=psycopg.ClientCursor)


def copy_layer(connection: psycopg.Connection[Any], layer: str) -> int:
    """bench.<layer>: the layer's own SELECT, flat, with a key and a GiST index, as one would prepare it for TiPg. Its rows."""
    text, values = _select(layer)
    table = sql.Identifier("bench", layer).as_string(connection)
    connection.execute("CREATE SCHEMA IF NOT EXISTS bench")
    connection.execute(f"DROP TABLE IF EXISTS {table}")
    connection.execute(f"CREATE TABLE {table} AS {text}", values)
    connection.execute(f"ALTER TABLE {table} ADD PRIMARY KEY (id)")
    connection.execute(f"CREATE INDEX ON {table} USING gist (geom)")
    connection.execute(f"VACUUM ANALYZE {table}")
    return int(connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])


def _select(layer: str) -> tuple[str, dict[str, Any]]:
    from gis_grid.areas.placing import today
    from gis_grid.config import settings
    from gis_grid.db import driver_text
    from gis_grid.maps.layers import layers

    text = f"SELECT l.* FROM ({layers()[layer].select}\n) l"
    return f"{driver_text(text)} WHERE {SCOPED}", {"at": today(), "zone": settings().time_zone}


def fill_events(connection: psycopg.Connection[Any], count: int, *, at_one_point: bool = False) -> int:
    """Exactly `count` events, around the district at a constant density or all at one point; bench.events is the same.

    They lie on a spiral, each later one further out: the inner tiles stay as they are when there are more.
    """
    present = connection.execute("SELECT count(*) FILTER (WHERE number LIKE 'BENCH-%%'), count(*) FROM events").fetchall()[0]
    if at_one_point or present[0] != present[1] or present[1] > count:
        connection.execute("TRUNCATE events CASCADE")
        present = (0, 0)
    lon, lat = middle(connection)
    wide = METRES * math.cos(math.radians(lat))
    values = {
        "lon": lon, "lat": lat, "wide": wide, "high": METRES, "spread": 0.0 if at_one_point else SPREAD_M,
        "first": present[0] + 1, "last": count, "prefix": "SAME-" if at_one_point else "BENCH-",
    }  # fmt: skip
    connection.execute(_EVENTS, values)
    connection.execute("VACUUM ANALYZE events")
    return copy_layer(connection, "events")


_EVENTS = """
INSERT INTO events (number, category, title, address, status, reported_at, point, area_code, placed_by)
SELECT
  %(prefix)s || i,
  (ARRAY['市容环境', '公共设施', '矛盾纠纷', '安全隐患', '民生服务'])[1 + i %% 5],
  '第' || i || '件：路面井盖松动，过往车辆有异响',
  '人民路' || 1 + i %% 300 || '号',
  (ARRAY['reported', 'handling', 'closed'])[1 + i %% 3],
  timestamptz '2026-01-01 00:00Z' + make_interval(mins => i %% 400000),
  ST_SetSRID(ST_Point(
    round((%(lon)s + %(spread)s * sqrt(i) * cos(i * 2.39996323) / %(wide)s)::numeric, 7),
    round((%(lat)s + %(spread)s * sqrt(i) * sin(i * 2.39996323) / %(high)s)::numeric, 7)), 4490),
  codes[1 + i %% array_length(codes, 1)],
  'manual'
FROM generate_series(%(first)s, %(last)s) i,
  (SELECT array_agg(code ORDER BY code) AS codes FROM areas WHERE level = 'grid' AND retired_at IS NULL) known
"""


def middle(connection: psycopg.Connection[Any]) -> tuple[float, float]:
    """Longitude and latitude of the middle of all buildings."""
    query = "SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_Centroid(ST_Extent(geom)::geometry) AS p FROM bench.buildings) q"
    lon, lat = connection.execute(query).fetchall()[0]
    return float(lon), float(lat)


def scans(connection: psycopg.Connection[Any], name: str) -> int:
    """How often a table of this name was read by index or as a whole, as far as the backends have told."""
    query = "SELECT sum(coalesce(idx_scan, 0) + seq_scan) FROM pg_stat_user_tables WHERE schemaname = 'public' AND relname = %s"
    return int(connection.execute(query, [name]).fetchall()[0][0])
