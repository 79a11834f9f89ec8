"""What docs/bench-maps.md says beside its numbers."""

from __future__ import annotations

from report import Paper

METRICS = (
    "page_ratio_tipg",
    "page_ratio_pygeoapi",
    "page_p50_ms",
    "page_p99_ms",
    "tile_mix_ratio_tipg",
    "tile_mix_p50_ms",
    "tile_mix_p99_ms",
    "tile_cached_ratio_tipg",
    "tile_low_zoom_ratio_tipg",
    "tile_z12_ms",
    "harvest_ratio_tipg",
    "p99_over_p50",
    "page_p99_over_p50",
    "tile_z16_p99_over_p50",
    "tile_mix_p99_over_p50",
    "same_point_bytes",
    "same_point_ms",
    "database_connections",
)
PREFACE = """\
All services run at once with two workers each and are asked one after the other, round by round, so that they meet the same
noise: a ratio is the median of the rounds' ratios, other figures are the medians of the rounds. A rate is requests per CPU
second of the service and the database together; the notes tell the milliseconds of each (service + database) and the mean size
of an answer with its headers. Nobody asks for compression. Ours asks with a token whose scope is the district: every row
passes the test of its area, and the estate's name is joined from a second table. The peers know no permissions and read a flat
table made from our layer's SELECT, with the same attributes, a primary key and a GiST index, in the same database, whose
settings (no compiler, modest parallelism) are ours. TiPg: uvicorn with uvloop and httptools, tile buffer 64 as ours,
30,000 features a tile, and at each zoom the attributes that ours has there. pygeoapi: its PostgreSQL provider, served by
granian as ours is. Each page has its links and numberMatched. Tiles are made anew for each request except where it says
"kept"; below zoom 14 ours merges buildings too small to see into squares with their number, TiPg draws each. `p99_over_p50` is
the worst of pages, z16 tiles and the mix, whose tiles differ by themselves. An answer under way at a run's end counts half."""
TITLES = {
    "pages": "Pages of 1,000 features: the 20,000 buildings of a district",
    "tiles": "Vector tiles of the same buildings",
    "tail": "16 connections",
    "same point": "One point, 3,540 times (one address of a real ticket table), one connection",
    "harvest": "A whole collection by GDAL (OGC API Features), wall time",
    "growth": "Growth: events at a constant density, 8 connections",
}
PAPER = Paper(
    title="Maps, measured beside their peers",
    script="scripts/bench/maps.py",
    preface=PREFACE,
    titles=TITLES,
    picture="CPU time of a page and of a tile by the number of features",
    growth=(
        "Twenty pages over the whole collection: ours by the mark in its `next` links, the peers by `offset`; "
        "the nine z15 tiles in the middle, whose events stay the same."
    ),
)
