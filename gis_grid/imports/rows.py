"""Rows of a file as rows of a table: mapped, converted, placed; what cannot be taken is refused with its reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import shapely
import sqlalchemy as sa
from geoalchemy2 import Geometry

from gis_grid.access.guard import caller
from gis_grid.areas.actions import place_many
from gis_grid.config import settings
from gis_grid.db import SRID
from gis_grid.dictionary import active_names
from gis_grid.errors import Invalid
from gis_grid.geo import crs, shapes
from gis_grid.imports.offers import GROUND, Importable, Options
from gis_grid.imports.read import Batch, Source
from gis_grid.imports.report import Report
from gis_grid.imports.rules import derived_key, map_columns, to_value
from gis_grid.register.actions import READ_ONLY
from gis_grid.sealed import Sealed, seal

_COMPARED = 2_000  # points held against buildings


class RowReader:
    """Turns batches into rows for COPY, refusing what cannot be taken."""

    def __init__(self, importable: Importable, source: Source, options: Options, report: Report) -> None:
        self.importable, self.options, self.report = importable, options, report
        self.zone = ZoneInfo(settings().time_zone)
        table = importable.model.__table__
        self.located = "area_code" in table.c
        self.fields = [
            column
            for column in table.columns
            if column.key not in READ_ONLY and not isinstance(column.type, Geometry | sa.LargeBinary)
        ]
        closed = {"source_crs", *importable.derived}
        self.fields = [column for column in self.fields if not column.foreign_keys and column.key not in closed]
        self.mapping = map_columns(self.fields, source.names, options.columns, importable.synonyms)
        self._check_mapping(source)
        self.codes = {
            name: {text: code for code, title in active_names(list_name).items() for text in (code, title)}
            for name, list_name in importable.codes.items()
            if name in self.mapping
        }
        report.mapping = self.mapping
        self.mapped = [c for c in self.fields if c.key in self.mapping and c.key != importable.key]
        self.shapes_in = [importable.shape_column, *(["point"] if importable.point_inside else [])]
        self.suspect = DatumSuspicion()

    @property
    def columns(self) -> list[str]:
        """The target's columns that rows fill, without the key."""
        return [column.key for column in self.mapped] + ["source_crs", *self.shapes_in, "area_code", "placed_by"]

    def read(self, batch: Batch, datum: str) -> Iterator[Sequence[Any]]:
        """Rows (row_no, key, *columns) that can be taken."""
        stored, good = self.stored_shapes(batch, datum)
        points = shapely.point_on_surface(stored) if self.importable.shape == "polygon" else stored
        lon, lat = shapely.get_x(points), shapely.get_y(points)
        placed = place_many(lon, lat)
        self.suspect.look(lon, lat, placed.code, datum)
        wkb = [shapely.to_wkb(shapely.set_srid(part, SRID), hex=True, include_srid=True) for part in (stored, points)]
        for i in np.flatnonzero(good):
            values = self.values(batch, int(i))
            if values is None or not self._may_place(batch, int(i), placed, lon, lat):
                continue
            key = values.pop(self.importable.key, None) or self._derived(wkb[0][i], values)
            located = (placed.code[i], placed.placed_by[i])
            geometry = (wkb[0][i], *([wkb[1][i]] if self.importable.point_inside else []))
            yield (int(batch.rows[i]), key, *(_stored(c, values.get(c.key)) for c in self.mapped), datum, *geometry, *located)

    def stored_shapes(self, batch: Batch, datum: str) -> tuple[Any, Any]:
        """Shapes in CGCS2000 and which of them are good; the others are refused with where and why."""
        xy = shapely.get_coordinates(batch.shapes)
        crs.check_plausible(xy[:, 0], xy[:, 1], datum)
        stored = crs.shapes_to_stored(batch.shapes, datum)
        if self.importable.shape == "polygon":
            stored = shapely_multi(stored)
        good = np.ones(len(stored), dtype=bool)
        for i, shape in enumerate(stored):
            fault = batch.faults.get(i) or self._shape_fault(int(batch.rows[i]), i, shape, stored)
            if fault:
                good[i] = False
                self.report.refuse(int(batch.rows[i]), "图形", shape.wkt[:80] if shape is not None else "", fault)
        stored[~good] = None
        return stored, good

    def warnings(self) -> list[str]:
        return self.suspect.sentences()

    def _shape_fault(self, row: int, i: int, shape: Any, stored: Any) -> str | None:
        if shape is None or shape.is_empty:
            return "没有位置"
        if not crs.possible(*np.array(shape.bounds).reshape(2, 2).T).all():
            return "坐标超出经纬度范围（经度 -180 到 180，纬度 -90 到 90）"
        wanted = ("MultiPolygon",) if self.importable.shape == "polygon" else ("Point",)
        if shape.geom_type not in wanted:
            return f"需要{'面' if self.importable.shape == 'polygon' else '点'}，实际是 {shape.geom_type}"
        fault = shapes.why_invalid(shape)
        if fault and self.options.repair:
            repaired = shapes.repair(shape)
            if not repaired.is_empty:
                stored[i] = repaired
                self.report.repaired(row, f"{fault}；面积 {shapes.area_m2(shape):.1f} → {shapes.area_m2(repaired):.1f} 平方米")
                return None
        return f"图形无效：{fault}" if fault else None

    def values(self, batch: Batch, i: int) -> dict[str, Any] | None:
        values: dict[str, Any] = {}
        for column in self.fields:
            source = self.mapping.get(column.key)
            if source is None:
                continue
            cell = batch.columns[source][i]
            try:
                value = to_value(cell, column, self.zone)
                read = self.importable.readers.get(column.key)
                values[column.key] = read(value) if read and value else value
            except ValueError as fault:
                self.report.refuse(int(batch.rows[i]), source, cell, str(fault))
                return None
            codes = self.codes.get(column.key)
            if codes is not None and values[column.key] is not None:
                values[column.key] = codes.get(values[column.key])
                if values[column.key] is None:
                    self.report.refuse(int(batch.rows[i]), source, cell, f"不是“{column.comment}”代码表中的代码或名称")
                    return None
            if values[column.key] is None and self._needs(column):
                self.report.refuse(int(batch.rows[i]), source, cell, f"{column.comment}不能为空")
                return None
        return values

    def _may_place(self, batch: Batch, i: int, placed: Any, lon: Any, lat: Any) -> bool:
        code, row, where = placed.code[i], int(batch.rows[i]), f"{lon[i]:.7f},{lat[i]:.7f}"
        if not caller().covers(code):
            self.report.refuse(row, "位置", where, f"位置在 {code or '所有网格之外'}，不在您的数据范围内")
            return False
        self.report.placed[placed.placed_by[i] or "unplaced"] += 1
        if code is None:
            self.report.unplaced(row, where)
        elif placed.placed_by[i] == "nearest":
            self.report.nearest(row, where, code, placed.distance_m[i])
        return True

    def _needs(self, column: sa.Column[Any]) -> bool:
        filled = column.nullable or column.server_default is not None
        return not filled and column.key not in (self.importable.key, *self.importable.optional)

    def _derived(self, wkb: str, values: Mapping[str, Any]) -> str:
        return derived_key(wkb.encode(), values, self.importable.identity)

    def _check_mapping(self, source: Source) -> None:
        special = {"lon", "lat", "wkt"}
        known = {column.key for column in self.fields} | special
        for name, column in self.options.columns.items():
            if name not in known:
                raise Invalid(f"没有“{name}”这个字段，可用：{'、'.join(sorted(known))}。", code="no_field")
            if column and column not in source.names and name not in special:
                raise Invalid(f"文件中没有“{column}”这一列，现有：{'、'.join(source.names)[:200]}。", code="no_column")
        for field_ in self.fields:
            if self._needs(field_) and field_.key not in self.mapping:
                raise Invalid(
                    f"缺少“{field_.comment}”：请用 {field_.key}=列名 指明。文件中的列：{'、'.join(source.names)[:200]}。",
                    code="missing_column",
                )


class DatumSuspicion:
    """Counts how many points fall into areas and onto known buildings as given, and as they would in another datum."""

    def __init__(self) -> None:
        self.seen = self.compared = 0
        self.hits = {"as_given": 0, "gcj02": 0, "bd09": 0}
        self.ground = dict(self.hits)

    def look(self, lon: Any, lat: Any, codes: Any, datum: str) -> None:
        known = np.isfinite(lon)
        if not known.any() or self.seen > 20_000 or datum not in ("EPSG:4326", "EPSG:4490"):
            return
        self.seen += int(known.sum())
        self.hits["as_given"] += sum(code is not None for code in codes[known])
        for name in ("gcj02", "bd09"):
            moved = place_many(*crs.to_stored(lon[known], lat[known], name))
            self.hits[name] += sum(code is not None for code in moved.code)
        self._look_at_ground(lon[known], lat[known])

    def _look_at_ground(self, lon: Any, lat: Any) -> None:
        """A shift of some 500 m leaves most points in some grid, but not on buildings."""
        if self.compared >= _COMPARED:
            return
        lon, lat = lon[:_COMPARED], lat[:_COMPARED]
        self.compared += len(lon)
        for name in self.ground:
            x, y = (lon, lat) if name == "as_given" else crs.to_stored(lon, lat, name)
            self.ground[name] += sum(hits(x, y) for hits in GROUND)

    def sentences(self) -> list[str]:
        by_area = self._sentence(self.hits, self.seen, "落入网格", max(3, 0.1 * self.seen), 1.0)
        return by_area or self._sentence(self.ground, self.compared, "落在已知楼栋上", max(10, 0.15 * self.compared), 1.5)

    def _sentence(self, hits: dict[str, int], seen: int, where: str, least: float, times: float) -> list[str]:
        best = max(("gcj02", "bd09"), key=lambda name: hits[name])
        if seen < 5 or hits[best] - hits["as_given"] < least or hits[best] < times * hits["as_given"]:
            return []
        return [
            f"坐标系可能有误：按声明读取有 {hits['as_given']} 个点{where}，若按 {best} 读取有 {hits[best]} 个"
            f"（共 {seen} 个）。请确认后用 crs={best} 重新导入；本次未作任何改动。"
        ]


def _stored(column: sa.Column[Any], value: Any) -> Any:
    """COPY goes past the column's own sealing."""
    return seal(value) if value is not None and isinstance(column.type, Sealed) else value


def shapely_multi(polygons: Any) -> Any:
    """Polygons as multipolygons; everything else as it is."""
    made = polygons.copy()
    for i, shape in enumerate(polygons):
        if shape is not None and shape.geom_type == "Polygon":
            made[i] = shapely.multipolygons([shape])
    return made
