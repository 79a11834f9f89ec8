"""What docs/bench-locate.md says beside its numbers."""

from __future__ import annotations

from report import Paper

METRICS = (
    "memory_points_per_cpu_s",
    "ratio_sedonadb",
    "ratio_geopandas",
    "ratio_duckdb",
    "ratio_postgis",
    "sql_ratio_gist",
    "sql_ratio_best_plain",
    "disagreements",
    "http_point_p50_ms",
    "http_point_p99_ms",
    "http_point_p99_8_ms",
    "http_point_per_s",
    "http_point_ratio_tipg",
    "bulk_100k_s",
    "reassign_district_s",
    "move_edge_s",
)
PREFACE = """\
Rates are per CPU second of the process that does the work, the median of three runs (ours in memory: of thirty, half before
and half after the peers). The cores are shared and their speed for us varies by half from minute to minute: trust ratios
rather than rates. Peers join in one thread with their own index and answer pairs; ours also decides ties. A ratio counts the
peer's fastest row: points ready-made as its own geometries, where ours begins with arrays of coordinates. First calls
(compiling, loading from numba's cache, filling what a service keeps) are made before and not counted."""
TITLES = {
    "memory": "In memory: arrays of the district's points in, codes out",
    "Tainan": "The same in a real partition: 649 villages of Tainan",
    "sql": "Inside PostgreSQL: one backend, no parallel workers, no compiler",
    "http": "Over HTTP: chain, responsible people and why, for one point; CPU of service and database together",
    "reassign": "Stored rows placed again, in one transaction; all rows that changed",
    "growth": "Growth",
}
PAPER = Paper(
    title="Locate, measured beside its peers",
    script="scripts/bench/locate.py",
    preface=PREFACE,
    titles=TITLES,
    picture="time by points and by grids",
    growth="Below 5,000 points at a time GIS Grid asks GEOS and lays no lattice. Peers: points ready-made.",
)
