"""The areas one may make boards for, each with the state of its boards: none yet, true, out of date."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from gis_grid.access.guard import scope_clause
from gis_grid.areas.duty import all_areas
from gis_grid.areas.models import Area
from gis_grid.db import session
from gis_grid.notices.models import BoardPrint


def areas_with_boards() -> list[dict[str, Any]]:
    """Living areas in the caller's scope from the top down, with their prints in use and how many are out of date."""
    counted = sa.select(BoardPrint.area_code, sa.func.count(), sa.func.count(BoardPrint.stale))
    mine = counted.where(BoardPrint.retired_at.is_(None), scope_clause(BoardPrint.area_code)).group_by(BoardPrint.area_code)
    prints = {code: (made, stale) for code, made, stale in session().execute(mine)}
    codes = session().scalars(sa.select(Area.code).where(Area.retired_at.is_(None), scope_clause(Area.code)).order_by(Area.code))
    tree = all_areas()
    return [
        {
            "code": code,
            "name": tree[code].link["name"],
            "level": tree[code].link["level"],
            "parent": tree[code].parent,
            "prints": prints.get(code, (0, 0))[0],
            "stale": prints.get(code, (0, 0))[1],
        }
        for code in codes
        if code in tree
    ]
