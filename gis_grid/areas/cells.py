"""The table of cells that SQL places points by (`grid_of`, `grids_of`), kept in step with the boundaries.

The cells count for one number of the boundaries and for the days until the next boundary begins or ends; otherwise SQL asks the
boundaries themselves, slower and with the same answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import shapely
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range, insert

from gis_grid.areas.models import AreaCell, Boundary, EdgeCell, PlaceRule
from gis_grid.areas.placing import current_index, today
from gis_grid.areas.rules import LEVEL_CODES
from gis_grid.config import settings
from gis_grid.db import raw_connection, session
from gis_grid.geo.lattice import STEPS, LatticeCells, cell_degrees, coarse_cells, lay_lattice
from gis_grid.kept import committed_versions, versions

Bounds = tuple[float, float, float, float]
ROWS = 18_000_041  # as in cell_of.sql: more than there are rows


def keep_rule() -> None:
    """What the settings say of the rule, for SQL; cells that were made under another rule are made anew."""
    told = {"levels": list(reversed(LEVEL_CODES)), "nearest_m": settings().nearest_m, "time_zone": settings().time_zone}
    row = insert(PlaceRule).values(id=1, **told)
    session().execute(row.on_conflict_do_update(index_elements=["id"], set_=told))
    if not cells_count():
        refresh_cells(None)


def cells_count() -> bool:
    """Whether the cells are those of today's boundaries."""
    rule = session().get(PlaceRule, 1, populate_existing=True)
    known = rule is not None and rule.cells_valid is not None and rule.cells_version == versions().get("placing")
    return bool(known and rule and rule.cells_valid and today() in rule.cells_valid)


def refresh_cells(touched: Sequence[Bounds] | None) -> None:
    """Cells within `touched` (bounds in degrees; None: all) are made anew from today's boundaries, in this transaction."""
    rule = session().get(PlaceRule, 1, populate_existing=True, with_for_update=True)
    if rule is None:
        return  # before the first `migrate` has ended
    codes, shapes = current_index().lowest
    if not len(codes):
        _forget_all()
        rule.cell_degrees, rule.cells_valid = None, None
        return
    side = cell_degrees(shapes)
    in_step = rule.cells_version is not None and rule.cells_version == committed_versions().get("placing")
    if touched is None or not in_step or rule.cell_degrees != side or rule.cells_valid is None:
        bounds = np.array([_around(shapes)])
        _forget_all()
    else:
        bounds = np.array(touched).reshape(-1, 4)
    cells = lay_lattice(shapes, side, bounds)
    if touched is not None:
        _forget(bounds, side)
    _copy(cells, codes)
    rule.cell_degrees, rule.cells_version, rule.cells_valid = side, versions().get("placing"), _valid()
    session().flush()


def _around(shapes: np.ndarray) -> Bounds:
    west, south, east, north = shapely.total_bounds(shapes)
    return west, south, east, north


def _forget_all() -> None:
    for model in (AreaCell, EdgeCell):
        session().execute(sa.delete(model))


def _forget(bounds: np.ndarray, side: float) -> None:
    """The rows of every coarse cell that lay_lattice makes anew."""
    column, row = coarse_cells(bounds, side)
    values = {"rows_above": ROWS, "columns": column.tolist(), "rows": row.tolist(), "last": STEPS[0] - 1}
    for table in ("area_cells", "edge_cells"):
        session().execute(
            sa.text(
                f"DELETE FROM {table} USING unnest(CAST(:columns AS bigint[]), CAST(:rows AS bigint[])) AS c (col, lowest), "
                "generate_series(0, :last) AS step "
                "WHERE cell BETWEEN (c.col + step) * :rows_above + c.lowest AND (c.col + step) * :rows_above + c.lowest + :last"
            ),
            values,
        )


def _copy(cells: LatticeCells, codes: np.ndarray) -> None:
    numbers = cells.column * ROWS + cells.row
    core = cells.core >= 0
    with raw_connection().cursor() as cursor:
        with cursor.copy("COPY area_cells (cell, area_code) FROM STDIN") as copy:
            for row in zip(numbers[core].tolist(), codes[cells.core[core]], strict=True):
                copy.write_row(row)
        with cursor.copy("COPY edge_cells (cell, one, other, more) FROM STDIN") as copy:
            for cell, claims in zip(numbers[~core].tolist(), cells.claims, strict=True):
                named = [codes[rank] for rank in claims]
                copy.write_row((cell, None, None, named) if len(named) > 2 else (cell, *named, *[None] * (3 - len(named))))


def _valid() -> Range[date]:
    """From today until the next boundary begins or ends."""
    edges = sa.union_all(sa.select(sa.func.lower(Boundary.valid).label("day")), sa.select(sa.func.upper(Boundary.valid)))
    day = edges.subquery().c.day
    return Range(today(), session().scalar(sa.select(sa.func.min(day)).where(day > today())), bounds="[)")
