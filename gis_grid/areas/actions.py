"""Keep areas and their boundaries; answer which area a point lies in, who is responsible, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import numpy as np
import shapely
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm.attributes import set_committed_value

from gis_grid import audit
from gis_grid.access.guard import caller, check_area, scope_clause
from gis_grid.areas.duty import chain, names_on, responsible, starts_on, successors, vacancy
from gis_grid.areas.models import Area, Boundary, ReplacedBoundary
from gis_grid.areas.placing import current_index, today
from gis_grid.areas.reassign import Bounds, reassign
from gis_grid.areas.rules import KINDS, LEVEL_CODES, code_fault, longest_prefix, parent_fault, since_fault, touched_by
from gis_grid.config import settings
from gis_grid.db import session
from gis_grid.errors import Conflict, Forbidden, Invalid, NotFound
from gis_grid.geo import crs, shapes
from gis_grid.geo.locate import AreaIndex, Placed, Reason

_TOLERATED_M2 = 1.0  # rounding at a shared edge
_ON_EDGE_M = 0.01
RULE = "边界覆盖该点者；多个覆盖时专属网格优先，其次编码小者；都不覆盖时取设定距离内最近者"


def prepare_area(area: Area, extra: dict[str, Any]) -> None:
    """Check code, level and parent of a new or changed area; take its boundary when one is given."""
    if area.level not in LEVEL_CODES:
        raise Invalid(f"层级应为 {'、'.join(LEVEL_CODES)} 之一。", code="bad_level")
    if (area.kind or "ordinary") not in KINDS:
        raise Invalid(f"网格性质应为 {'、'.join(KINDS)} 之一。", code="bad_kind")
    is_new = bool(sa.inspect(area).transient)
    is_other_kind = not is_new and sa.inspect(area).attrs.kind.history.has_changes()  # asked before anything is flushed
    called = None if is_new else sa.inspect(area).attrs.name.history.deleted
    fault = code_fault(area.code, area.level, settings().area_code_lengths) if is_new else None
    if fault:
        raise Invalid(f"{fault}。", code="bad_code")
    if is_new and session().scalar(sa.select(Area.code).where(Area.code == area.code)):
        raise Conflict(f"编码 {area.code} 已被使用；编码不能重复使用，注销的也不行。", code="code_taken")
    area.parent_code = area.parent_code or nearest_parent(area.code, area.level)
    _check_parent(area)
    boundary = extra.get("boundary")
    if boundary is not None:
        check_extent([shapes.from_stored(boundary)])
        check_since(area.code, extra.get("since"))
        session().add(area)
        session().flush()
        touched = set_boundary(area.code, boundary, extra.get("since"))
        area.version = area.version + 1 if area.version else 1
        audit.record("boundary", "areas", area.code, after={"since": str(extra.get("since") or today())}, area_code=area.code)
        reassign(touched)
    elif is_other_kind:
        session().flush()
        reassign(follow_kind(area.code))
    if called:
        session().flush()
        follow_name(area.code, called[0])
        reassign([])  # nothing moves; the cells count for the boundaries as they are numbered now


def follow_kind(code: str) -> list[Bounds]:
    """The area's kind changed: where it overlaps another, who wins is another from today on, and stays what it was before."""
    shape = boundary_of(code)
    if shape is None:
        return []
    set_boundary(code, shapes.to_column(shape))
    return touched_by(None, shape)


def follow_name(code: str, was: str) -> None:
    """The area is called otherwise from today on, and on the days before what it was called then.

    The boundary of today keeps its number, so that a draft made from it still stands."""
    day = today()
    now = session().scalar(sa.select(Boundary).where(Boundary.area_code == code, Boundary.valid.op("@>")(sa.cast(day, sa.Date))))
    if now is not None:
        since, until = now.valid.lower, now.valid.upper
        kept = ("area_code", "geom", "kind", "name", "source_crs", "created_at")
        before = Boundary(**{name: getattr(now, name) for name in kept}, valid=Range(since, day, bounds="[)"))
        now.name = None
        if since is None or since < day:
            now.valid = Range(day, until, bounds="[)")
            session().flush()
            session().add(before)
        session().flush()
    keep_name(code, was, day)


def keep_name(code: str, was: str, day: date) -> None:
    """Boundaries that ended by `day` remember what the area was called then."""
    ended = sa.func.upper(Boundary.valid) <= sa.cast(day, sa.Date)
    session().execute(
        sa.update(Boundary).where(Boundary.area_code == code, Boundary.name.is_(None), ended).values(name=was),
        execution_options={"synchronize_session": False},
    )


def tell_names(areas: Sequence[Area], day: date) -> None:
    """Areas of another day are told by the name they had then; nothing of this is written."""
    named = names_on(day)
    for area in areas:
        if area.code in named:
            set_committed_value(area, "name", named[area.code])


def comes_on(area: Area) -> str | None:
    """The day from which an area is in use that an approved plan makes or brings back; None for all others."""
    day = starts_on(area.code) if area.retired_at else None
    return day.isoformat() if day else None


def goes_on_in(area: Area) -> list[str]:
    """The living areas that a retired one goes on in, those with the most of it first; none for a living one."""
    return successors(area.code) if area.retired_at else []


def retire_area(area: Area) -> None:
    """A retired area has no boundary from today on."""
    touched = _where_is(area.code)
    close_boundary(area.code, today())
    reassign(touched)


def nearest_parent(code: str, level: str) -> str | None:
    """The longest code of a higher level that this code begins with."""
    higher = LEVEL_CODES[: LEVEL_CODES.index(level)]
    prefixes = [code[:end] for end in range(1, len(code))]
    known = sa.select(Area.code).where(Area.code.in_(prefixes), Area.level.in_(higher), Area.retired_at.is_(None))
    return longest_prefix(code, set(session().scalars(known)))


def set_boundary(
    code: str, shape: Any, since: date | None = None, source_crs: str = "EPSG:4490", name: str | None = None
) -> list[Bounds]:
    """The area's boundary from `since` on. The first one counts since ever; a later one ends the one before (default today).

    `name`: what the area will be called from then on, when that is not its name yet.
    Answers the bounds of what lies elsewhere from today on by it (nothing when it counts later).
    """
    before = boundary_of(code)
    known = _has_boundary(code)
    if known:
        close_boundary(code, since or today())
    valid = Range((since or today()) if known else since, None, bounds="[)")
    kind = sa.select(Area.kind).where(Area.code == code).scalar_subquery()
    session().add(Boundary(area_code=code, geom=shape, valid=valid, kind=kind, source_crs=source_crs, name=name))
    session().flush()
    return touched_by(before, shapes.from_stored(shape)) if (since or today()) <= today() else []


def check_since(code: str | None, since: date | None) -> None:
    """Refuse a boundary by hand for a later day (nothing would move on it) or, over another, for a past one. None: a new area."""
    if fault := since_fault(since, today(), has_boundary=code is not None and _has_boundary(code)):
        raise Invalid(f"{fault}。", code="bad_since")


def _has_boundary(code: str) -> bool:
    return bool(session().scalar(sa.select(sa.exists().where(Boundary.area_code == code))))


def boundary_of(code: str, at: date | None = None) -> Any:
    """The area's boundary on a day (default today) as a shape; None when it has none."""
    on = sa.select(Boundary.geom).where(Boundary.area_code == code, Boundary.valid.op("@>")(sa.cast(at or today(), sa.Date)))
    return shapes.from_stored(session().scalar(on))


def boundaries_told(code: str) -> list[dict[str, Any]]:
    """Every boundary an area ever had, the latest first: from which day until before which, and what was corrected that day."""
    check_area(code)
    area = session().get(Area, code)
    if area is None:
        raise NotFound(f"没有编码为 {code} 的区域。", code="unknown_area")
    own = sa.select(
        Boundary.id, sa.func.lower(Boundary.valid).label("since"), sa.func.upper(Boundary.valid).label("until"),
        Boundary.geom, Boundary.source_crs, Boundary.created_at, sa.func.coalesce(Boundary.name, area.name).label("name"),
    ).where(Boundary.area_code == code)  # fmt: skip
    gone = sa.select(ReplacedBoundary).where(ReplacedBoundary.area_code == code)
    rows = [{**row._mapping, "replaced_at": None, "replaced_by": None} for row in session().execute(own)]
    rows += [
        {**{name: getattr(row, name) for name in (*_REPLACED, "geom")}, "until": None, "name": None}
        for row in session().scalars(gone)
    ]
    rows.sort(key=lambda row: (row["since"] or date.min, row["id"]), reverse=True)
    return [_boundary_told(row) for row in rows]


_REPLACED = ("id", "since", "source_crs", "created_at", "replaced_at", "replaced_by")


def _boundary_told(row: dict[str, Any]) -> dict[str, Any]:
    shape = shapes.from_stored(row.pop("geom"))
    points = int(shapely.get_num_coordinates(shape))
    return {**row, "area_m2": round(shapes.area_m2(shape), 1), "points": points, "geometry": shapes.to_geojson(shape)}


def had_boundary(day: date) -> Any:
    """The condition for areas that had a boundary on a day."""
    return sa.exists().where(Boundary.area_code == Area.code, Boundary.valid.op("@>")(sa.cast(day, sa.Date)))


def _index_of(at: date | None) -> AreaIndex:
    """The index of a day; a day before any boundary is refused, since every answer would be nowhere."""
    index = current_index(at)
    if at is not None and not index.size:
        first = session().scalar(sa.select(sa.func.min(sa.func.lower(Boundary.valid))))
        known = f"最早的边界自 {first} 起" if first else "还没有任何边界"
        raise Invalid(f"{at} 没有任何区域边界（{known}）。", code="before_boundaries")
    return index


def _where_is(code: str) -> list[Bounds]:
    return touched_by(None, boundary_of(code))


def check_extent(new: Sequence[Any]) -> None:
    """Refuse boundaries that reach beyond the caller's own area: whoever draws a grid must not draw in another's rows."""
    if caller().covers(None):
        return
    own = session().scalars(
        sa.select(Boundary.geom).where(scope_clause(Boundary.area_code), Boundary.valid.op("@>")(sa.cast(today(), sa.Date)))
    )
    extent = shapely.make_valid(shapely.union_all([shapes.from_stored(shape) for shape in own]))
    for shape in new:
        beyond = shapely.difference(shapely.make_valid(shape), extent)
        if not beyond.is_empty and shapes.area_m2(beyond) > _TOLERATED_M2:
            raise Forbidden("边界超出了您的数据范围，请由上级单位划定。", code="other_area")


def place(point: Any) -> tuple[str | None, str | None]:
    """area_code and placed_by of a stored point (a geometry column's value); None, None when it lies nowhere."""
    shape = shapes.from_stored(point)
    if shape is None:
        return None, None
    reason = current_index().explain(shape.x, shape.y)
    return reason.code, reason.placed_by


def place_many(lon: np.ndarray, lat: np.ndarray, at: date | None = None) -> Placed:
    """area_code and placed_by of many CGCS2000 points: the way in of every bulk door."""
    return _index_of(at).place(lon, lat)


def locate(x: float, y: float, datum: str, at: date | None = None, accuracy_m: float | None = None) -> dict[str, Any]:
    """The chain of areas over one point, the responsible people and why. x/y: longitude and latitude, or easting, northing."""
    lon, lat = _stored(x, y, datum)
    day = at or today()
    reason = _index_of(at).explain(lon, lat, accuracy_m)
    mine = caller().covers(reason.code)
    links = chain(reason.code, at)
    answer: dict[str, Any] = {
        "code": reason.code,
        "level": reason.level,
        "placed_by": reason.placed_by,
        "at": day.isoformat(),
        "lon": round(lon, 8),
        "lat": round(lat, 8),
        "chain": links,
        "responsible": responsible([link["code"] for link in links], day) if mine else [],
        "vacancy": vacancy(links, day) if mine else None,
        "in_scope": mine,
        "why": _why(reason, links, at),
    }
    if at is not None and at < today():
        answer["successors"] = successors(reason.code) if reason.code else []
    return answer


def locate_many(x: np.ndarray, y: np.ndarray, datum: str, at: date | None = None) -> Placed:
    """The area of each of many points given in `datum`."""
    crs.check_plausible(x, y, datum)
    return place_many(*crs.to_stored(x, y, datum), at)


def _stored(x: float, y: float, datum: str) -> tuple[float, float]:
    if datum in ("wgs84", "cgcs2000") and abs(x) <= 180 and abs(y) <= 90:
        return x, y
    xs, ys = np.array([x]), np.array([y])
    crs.check_plausible(xs, ys, datum)
    lon, lat = crs.to_stored(xs, ys, datum)
    return float(lon[0]), float(lat[0])


def placer(datum: str, at: date | None = None) -> Callable[[np.ndarray, np.ndarray], Placed]:
    """A function that places points in `datum` by the boundaries as they are now; needs no transaction later."""
    crs.datum(datum)
    index = _index_of(at)
    return lambda x, y: index.place(*crs.to_stored(x, y, datum))


def _check_parent(area: Area) -> None:
    if area.parent_code is None:
        return
    parent = session().get(Area, area.parent_code)
    if parent is None or parent.retired_at:
        raise Invalid(f"上级编码 {area.parent_code} 不存在或已注销。", code="bad_parent")
    if fault := parent_fault(area.code, area.level, parent.code, parent.level):
        raise Invalid(f"{fault}。", code="bad_parent")


def close_boundary(code: str, end: date) -> None:
    """The area has no boundary from `end` on. One that began that very day is corrected: it goes to ReplacedBoundary."""
    open_now = Boundary.valid.op("@>")(sa.cast(end, sa.Date))
    same_day = sa.and_(Boundary.area_code == code, sa.func.lower(Boundary.valid) == end)
    kept = ("id", "area_code", "geom", "since", "source_crs", "created_at", "replaced_by")
    was = (
        Boundary.id,
        Boundary.area_code,
        Boundary.geom,
        sa.func.lower(Boundary.valid),
        Boundary.source_crs,
        Boundary.created_at,
    )
    session().execute(sa.insert(ReplacedBoundary).from_select(kept, sa.select(*was, sa.literal(caller().name)).where(same_day)))
    session().execute(sa.delete(Boundary).where(same_day))
    starts = sa.func.lower(Boundary.valid)
    later = session().scalar(sa.select(sa.func.min(starts)).where(Boundary.area_code == code, starts > end))
    if later:
        raise Conflict(
            f"{code} 已定于 {later} 换用新边界（已批准、待生效），不能在 {end} 更换；请先撤回那个方案，或等它生效。",
            code="boundary_later",
        )
    session().execute(
        sa.update(Boundary)
        .where(Boundary.area_code == code, open_now)
        .values(valid=sa.func.daterange(sa.func.lower(Boundary.valid), end, "[)"))
    )


def _why(reason: Reason, links: list[dict[str, str]], at: date | None) -> dict[str, Any]:
    rivals = reason.candidates[1:] if reason.placed_by == "edge" else reason.could_be if reason.uncertain else ()
    others = "、".join(_called(code, links, at) for code in rivals if code != reason.code)
    return {
        "rule": RULE,
        "case": _case(reason),
        "candidates": reason.candidates,
        "losers": reason.candidates[1:],
        "edge_m": None if reason.edge_m is None else round(reason.edge_m, 2),
        "distance_m": None if reason.distance_m is None else round(reason.distance_m, 2),
        "uncertain": reason.uncertain,
        "could_be": reason.could_be,
        "sentence": _sentence(reason, links[-1]["name"] if links else "", others),
    }


def _called(code: str, links: list[dict[str, str]], at: date | None) -> str:
    """An area's name beside the one at the end of `links`: with the area above it where that is another."""
    its = chain(code, at) or [{"code": code, "name": code}]
    return its[-1]["name"] if its[:-1] == links[:-1] else "".join(link["name"] for link in its[-2:])


def _case(reason: Reason) -> str:
    """inside, edge (shared edge or corner), overlap (deep within several), nearest, unplaced."""
    if reason.placed_by == "edge" and reason.edge_m is not None and reason.edge_m > _ON_EDGE_M:
        return "overlap"
    return reason.placed_by or "unplaced"


def _sentence(reason: Reason, name: str, others: str) -> str:
    if reason.code is None:
        return f"该点不在任何区域内，{settings().nearest_m:g} 米内也没有区域。"
    if reason.placed_by == "nearest":
        return f"该点不在任何区域内，按就近原则归入 {reason.distance_m:.1f} 米外的 {name}。"
    if reason.placed_by == "edge":
        if _case(reason) == "overlap":
            return f"{name} 与 {others} 在此重叠（各边界都覆盖该点），按“专属网格优先、编码小者优先”归入 {name}。"
        return f"该点在 {name} 与 {others} 的共同边界上，按“专属网格优先、编码小者优先”归入 {name}。"
    doubt = f"；定位精度不足，也可能属于 {others or '别处'}" if reason.uncertain else ""
    return f"该点落在 {name} 内，距最近边界 {reason.edge_m:.1f} 米{doubt}。"
