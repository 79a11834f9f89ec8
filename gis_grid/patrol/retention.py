"""How long tracks are kept: fixes, then thinned lines, then totals only. Always tried first, told, and audited.

PIPL Art. 28 calls whereabouts sensitive: keep them as short as the purpose allows. Totals per area and coverage stay.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from gis_grid import audit
from gis_grid.areas.placing import today
from gis_grid.config import settings
from gis_grid.db import session
from gis_grid.errors import Invalid

_OF_TRACKS = "SELECT count(*) FROM {} s JOIN tracks t ON t.id = s.track_id WHERE t.day < :"
_COUNTS = {
    "fixes": "SELECT count(*) FROM fixes WHERE at < CAST(:whole AS date)::timestamp AT TIME ZONE 'UTC'",
    "segments_to_thin": _OF_TRACKS.format("track_segments") + "thin AND t.day >= :keep",
    "segments_to_drop": _OF_TRACKS.format("track_segments") + "keep",
    "archived_to_drop": _OF_TRACKS.format("track_archive") + "keep",
    "stays": _OF_TRACKS.format("track_stays") + "keep",
}
_ARCHIVE = """
INSERT INTO track_archive (track_id, started_at, fixes, twkb)
SELECT s.track_id, min(s.started_at), sum(s.fixes), ST_AsTWKB(s.geom, 6, 0, 0)
FROM track_segments s JOIN tracks t ON t.id = s.track_id
WHERE t.day < :thin AND t.day >= :keep
GROUP BY s.id ON CONFLICT DO NOTHING
"""
_DROPS = (
    "DELETE FROM track_segments s USING tracks t WHERE t.id = s.track_id AND t.day < :thin",
    "DELETE FROM track_archive a USING tracks t WHERE t.id = a.track_id AND t.day < :keep",
    "DELETE FROM track_stays s USING tracks t WHERE t.id = s.track_id AND t.day < :keep",
    "DELETE FROM track_days_due WHERE day < :thin",
)


def retention(*, dry_run: bool = True, on: date | None = None) -> dict[str, Any]:
    """What is past its time, counted; and unless `dry_run` done away with. Answers the days and the counts."""
    conf, day = settings(), on or today()
    if conf.track_keep_days < conf.track_thin_days:
        raise Invalid("track_keep_days 不能小于 track_thin_days。", code="bad_settings")
    days = {"thin": day - timedelta(days=conf.track_thin_days), "keep": day - timedelta(days=conf.track_keep_days)}
    days["whole"] = days["thin"] - timedelta(days=1)  # fixes go by whole days of UTC: the last of them is past its time, too
    told: dict[str, Any] = {
        name: int(session().scalar(sa.text(query), _used(query, days)) or 0) for name, query in _COUNTS.items()
    }
    told = {"thin_before": days["thin"].isoformat(), "drop_before": days["keep"].isoformat(), **told, "dry_run": dry_run}
    if dry_run:
        return told
    session().execute(sa.text(_ARCHIVE), _used(_ARCHIVE, days))
    for query in _DROPS:
        session().execute(sa.text(query), _used(query, days))
    session().execute(sa.text("SELECT drop_fix_days(:before)"), {"before": days["whole"]})
    audit.record("retention", "tracks", after=told)
    return told


def _used(query: str, days: dict[str, date]) -> dict[str, date]:
    return {name: day for name, day in days.items() if f":{name}" in query}
