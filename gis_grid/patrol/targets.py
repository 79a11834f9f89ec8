"""What patrols should pass: checkpoints and key places made by hand, entrances and pieces of street taken from the map."""

from __future__ import annotations

from typing import Any

import numpy as np
import sqlalchemy as sa

from gis_grid.areas.actions import place
from gis_grid.areas.reassign import Progress, Touched, changed
from gis_grid.db import session, sql
from gis_grid.errors import Invalid
from gis_grid.patrol.digest import place_codes
from gis_grid.patrol.models import Target

MADE_BY_HAND = ("checkpoint", "key_place")


def prepare_target(target: Target, extra: dict[str, Any]) -> None:
    """A checkpoint or key place lies where its point lies."""
    if target.kind not in MADE_BY_HAND:
        raise Invalid(f"类别应为 {'、'.join(MADE_BY_HAND)} 之一；街道与入口由系统从地图生成。", code="bad_kind")
    if target.point is None:
        raise Invalid("请给出目标的位置。", code="no_point")
    for name, least, most in (("radius_m", 1, 500), ("weight", 0, 1000), ("dwell_seconds", 0, 86_400)):
        value = getattr(target, name)
        if value is not None and not least <= value <= most:
            raise Invalid(f"{Target.__table__.c[name].comment}应在 {least} 到 {most} 之间。", code="out_of_range")
    target.area_code, target.placed_by = place(target.point)


def refresh_targets() -> dict[str, int]:
    """Take entrances (units, buildings without units) and 50 m pieces of streets from the map anew; what is gone is retired.

    Answers how many of each kind there are. What was passed before keeps counting for those that stay.
    """
    session().execute(sql("targets_of_the_map"))
    _place_again(None)
    query = sa.select(Target.kind, sa.func.count()).where(Target.retired_at.is_(None)).group_by(Target.kind)
    return {kind: int(count) for kind, count in session().execute(query)}


def _place_again(touched: Touched) -> None:
    middle = sa.func.coalesce(Target.point, sa.func.ST_LineInterpolatePoint(Target.line, 0.5))
    query = sa.select(Target.id, sa.func.ST_X(middle), sa.func.ST_Y(middle), Target.area_code).where(Target.retired_at.is_(None))
    for box in [None] if touched is None else touched:
        shape = sa.func.coalesce(Target.point, Target.line)
        rows = session().execute(query if box is None else query.where(shape.op("&&")(sa.func.ST_MakeEnvelope(*box, 4490)))).all()
        if not rows:
            continue
        codes = place_codes(np.array([row[1] for row in rows]), np.array([row[2] for row in rows]))
        moves = [(row[0], code) for row, code in zip(rows, codes.tolist(), strict=True) if code != row[3]]
        if moves:
            keys, found = (list(each) for each in zip(*moves, strict=True))
            session().execute(
                sa.text(
                    "UPDATE patrol_targets t SET area_code = n.code, placed_by = CASE WHEN n.code IS NOT NULL THEN 'inside' END "
                    "FROM unnest(CAST(:keys AS bigint[]), CAST(:codes AS text[])) AS n (id, code) WHERE n.id = t.id"
                ),
                {"keys": keys, "codes": found},
            )


@changed.connect
def place_targets_again(sender: object, touched: Touched, progress: Progress) -> None:
    """Boundaries changed: targets lie where they lie."""
    _place_again(touched)
