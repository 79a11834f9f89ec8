"""Areas with their boundaries from a file: codes given or numbered west to east then north to south, parents found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import shapely
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range

from gis_grid import audit
from gis_grid.access.guard import caller
from gis_grid.areas.actions import check_extent, check_since, follow_kind, follow_name, set_boundary
from gis_grid.areas.models import Area, Boundary
from gis_grid.areas.reassign import Bounds, reassign
from gis_grid.areas.rules import LEVEL_CODES, MOST_PARTS, code_fault, longest_prefix
from gis_grid.config import settings
from gis_grid.db import session
from gis_grid.errors import Invalid
from gis_grid.geo import shapes
from gis_grid.imports.actions import Progress, declared_crs
from gis_grid.imports.offers import Importable, Options, offer
from gis_grid.imports.overlap import suspect_datum
from gis_grid.imports.read import open_source
from gis_grid.imports.report import Report
from gis_grid.imports.rows import RowReader

Incoming = tuple[int, dict[str, Any], Any]  # row number, values, shape


def take_areas(importable: Importable, path: Path, work: Path, options: Options, report: Report, progress: Progress) -> None:
    """Create or change areas of one level and set their boundaries; unchanged ones are left alone."""
    if options.level not in LEVEL_CODES:
        raise Invalid(f"层级应为 {'、'.join(LEVEL_CODES)} 之一。", code="bad_level")
    check_since(None, _since(options))
    source = open_source(path, work, options.encoding, options.columns)
    datum = declared_crs(source, options, report)
    reader = RowReader(importable, source, options, report)
    incoming = list(_read(source.batches, reader, datum, report))
    if options.code_prefix is not None:
        _number(incoming, options)
    elif "code" not in reader.mapping:
        raise Invalid("文件中没有编码列：请用 code=列名 指明，或用 code_prefix 自动编号。", code="missing_column")
    report.warnings.extend(suspect_datum([(v.get("code"), shape) for _, v, shape in incoming], options.level, datum))
    known = _known([str(values.get("code")) for _, values, _ in incoming])
    good = _checked(incoming, options, report, known)
    check_extent([shape for _, _, shape in good])
    _insert([one for one in good if one[1]["code"] not in known], options, datum, report)
    touched = [shape.bounds for _, values, shape in good if values["code"] not in known]
    for done, (_, values, shape) in enumerate((one for one in good if one[1]["code"] in known), 1):
        report.counts[_change(known[values["code"]], values, shape, options, datum, touched)] += 1
        progress(done, len(good))
    if touched or report.counts["updated"]:
        reassign(touched if len(touched) <= MOST_PARTS else None, progress)


def _known(codes: list[str]) -> dict[str, Area]:
    return {area.code: area for area in session().scalars(sa.select(Area).where(Area.code.in_(codes)))}


def _read(batches: Iterator[Any], reader: RowReader, datum: str, report: Report) -> Iterator[Incoming]:
    for batch in batches:
        report.rows += len(batch.rows)
        stored, good = reader.stored_shapes(batch, datum)
        for i in np.flatnonzero(good):
            values = reader.values(batch, int(i))
            if values is not None:
                yield int(batch.rows[i]), values, stored[i]


def _number(incoming: list[Incoming], options: Options) -> None:
    """Codes by position: bands from north to south no, west to east first, as the city standards number grids."""
    prefix = options.code_prefix or ""
    length = settings().area_code_lengths.get(options.level, len(prefix) + 3)
    digits = length - len(prefix)
    if digits < 1 or len(incoming) >= 10**digits:
        raise Invalid(f"前缀 {prefix} 之后只有 {max(digits, 0)} 位，不够编 {len(incoming)} 个。", code="bad_prefix")
    centres = [shapely.centroid(shape) for _, _, shape in incoming]
    order = sorted(range(len(incoming)), key=lambda i: (round(centres[i].x, 6), -round(centres[i].y, 6)))
    for serial, i in enumerate(order, 1):
        incoming[i][1]["code"] = f"{prefix}{serial:0{digits}d}"


def _checked(incoming: Sequence[Incoming], options: Options, report: Report, known: Mapping[str, Area]) -> list[Incoming]:
    seen: dict[str, int] = {}
    good = []
    for row, values, shape in incoming:
        code = values.get("code")
        fault = _fault(code, options, seen, known)
        if fault:
            report.refuse(row, "code", code, fault)
            continue
        seen[str(code)] = row
        good.append((row, values, shape))
    return good


def _fault(code: str | None, options: Options, seen: dict[str, int], known: Mapping[str, Area]) -> str | None:
    if not code:
        return "编码为空"
    lengths = {} if options.any_code else settings().area_code_lengths
    if fault := code_fault(code, options.level, lengths):
        return fault
    if code in seen:
        return f"与第 {seen[code]} 行编码重复"
    if not caller().covers(code):
        return "不在您的数据范围内"
    there = known.get(code)
    if there is not None and there.retired_at:
        return "该编码已注销，不能再用"
    if there is not None and there.level != options.level:
        return f"该编码已是另一层级（{there.level}）"
    return None


def _insert(new: Sequence[Incoming], options: Options, datum: str, report: Report) -> None:
    """All new areas and their boundaries in two statements; the boundaries count since ever unless told otherwise."""
    if not new:
        return
    above = _codes_above(options.level)
    since = _since(options)
    filled = {name for _, values, _ in new for name in values} - {"parent_code", "name"}
    areas = [
        {
            **{name: values.get(name) for name in filled},
            "kind": values.get("kind") or "ordinary",
            "level": options.level,
            "name": values.get("name") or values["code"],
            "parent_code": longest_prefix(values["code"], above),
        }
        for _, values, _ in new
    ]
    boundaries = [
        {
            "area_code": values["code"],
            "geom": shapes.to_column(shape),
            "valid": Range(since, None, bounds="[)"),
            "kind": values.get("kind") or "ordinary",
            "source_crs": datum,
        }
        for _, values, shape in new
    ]
    session().execute(sa.insert(Area), areas)
    session().execute(sa.insert(Boundary), boundaries)
    report.counts["inserted"] += len(new)


def _codes_above(level: str) -> set[str]:
    higher = LEVEL_CODES[: LEVEL_CODES.index(level)]
    return set(session().scalars(sa.select(Area.code).where(Area.level.in_(higher), Area.retired_at.is_(None))))


def _change(area: Area, values: dict[str, Any], shape: Any, options: Options, datum: str, touched: list[Bounds]) -> str:
    """updated or unchanged; adds to `touched` where something lies elsewhere now."""
    before = audit.snapshot(area)
    for name, value in values.items():
        if value is not None:
            setattr(area, name, value)
    session().flush()
    moved = not _has_boundary(area.code, shape)
    if moved:
        check_since(area.code, _since(options))
        touched += set_boundary(area.code, shapes.to_column(shape), _since(options), datum)
    elif before.get("kind") != area.kind:
        touched += follow_kind(area.code)
    if before["name"] != area.name:
        follow_name(area.code, before["name"])
    was, now = audit.difference(before, audit.snapshot(area))
    if not now and not moved:
        return "unchanged"
    after = {**now, "boundary": moved}
    audit.record("change", "areas", area.code, before=was, after=after, area_code=area.code, version=area.version)
    return "updated"


def _has_boundary(code: str, shape: Any) -> bool:
    latest = session().scalar(
        sa.select(Boundary.geom).where(Boundary.area_code == code).order_by(sa.func.lower(Boundary.valid).desc().nulls_last())
    )
    stored = shapes.from_stored(latest)
    return stored is not None and bool(shapely.equals_exact(stored, shape, 1e-12))


def _since(options: Options) -> date | None:
    return date.fromisoformat(options.since) if options.since else None


offer(
    Importable(
        name="areas",
        model=Area,
        key="code",
        shape="polygon",
        synonyms={"code": ("编码", "网格编码"), "name": ("名称", "网格名称"), "extent": ("管辖范围",)},
        right="areas.write",
        codes={"kind": "area_kind"},
        optional=("name",),
        derived=("level", "parent_code"),
        run=take_areas,
    )
)
