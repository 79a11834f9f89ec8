"""The current filter as a file: CSV, GeoPackage, FlatGeobuf, zipped Shapefile. Row by row into a file, never whole in memory.

CSV cells that a spreadsheet would run as a formula get an apostrophe in front. Each download is audited.
"""

from __future__ import annotations

import codecs
import csv
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import shapely
from flask import Response, send_file

from gis_grid import audit
from gis_grid.db import driver_text, raw_connection, session
from gis_grid.errors import BadRequest, Invalid
from gis_grid.geo import crs
from gis_grid.maps.asked import MOST, Asked, beyond
from gis_grid.maps.collections import DOWNLOADS, columns

BATCH = 10_000
_DRIVERS = {"gpkg": "GPKG", "fgb": "FlatGeobuf", "shp": "ESRI Shapefile"}
_ENCODINGS = {"UTF-8": "utf-8-sig", "GBK": "gb18030"}
_SHP_KINDS = {"polygon": "MultiPolygon", "line": "MultiLineString", "point": "Point"}


@dataclass
class Written:
    """How many rows went into the file, and why it is refused nevertheless."""

    rows: int = 0
    refused: str | None = None


def answer(asked: Asked, kind: str, encoding: str | None) -> Response:
    """The file with everything that matches (or `limit` of it)."""
    if encoding not in (None, *_ENCODINGS):
        raise BadRequest("encoding 只能是 UTF-8 或 GBK。", code="bad_encoding")
    layer = asked.layer
    if asked.system.shifted and kind != "csv":
        raise BadRequest(
            f"{asked.system.shifted} 没有登记编号，{kind} 文件无法注明，容易误用：请改用 csv 或 json。", code="unknown_crs"
        )
    session().connection()  # the file is read in one transaction: all of one moment
    with tempfile.TemporaryDirectory(prefix="gis-grid-") as folder:
        path = Path(folder) / f"{layer.name}.{kind}"
        if kind == "csv":
            rows = _write_csv(asked, path, _ENCODINGS[encoding or "UTF-8"])
        else:
            rows = _write_shapes(asked, path, kind, encoding or "UTF-8")
        audit.record("export", layer.name, after={"format": kind, "rows": rows, "asked": {**asked.own}})
        opened = path.open("rb")  # the name goes with the folder, the bytes stay until sent
    made = send_file(opened, mimetype=DOWNLOADS[kind], as_attachment=True, download_name=path.name)
    made.headers["Cache-Control"] = "no-store"
    return made


def _select(asked: Asked, shape: str, fields: list[str]) -> tuple[str, dict[str, Any]]:
    later, order, more = beyond(asked)
    limit = f"LIMIT {asked.limit}" if asked.limit and asked.limit < MOST else ""
    shown = ", ".join([f"l.{asked.layer.key} AS id", *fields, shape])
    text, values = asked.select(shown, f"AND {later} {order} {limit}")
    return driver_text(text), {name: value for name, value in {**values, **more}.items() if f":{name}" in text}


def _write_csv(asked: Asked, path: Path, encoding: str) -> int:
    kinds = columns(asked.layer.name).kinds
    fields = [f"{_harmless(name)} AS {name}" if kinds[name] == "text" else f"l.{name}" for name in asked.fields]
    geom = "l.geom" if asked.system.srid == 4490 else f"ST_Transform(l.geom, {asked.system.srid})"  # east first, as files have it
    shape = f"ST_AsText({geom}, {asked.system.digits}) AS wkt"
    if columns(asked.layer.name).shape == "point":
        shape = (
            f"round(ST_X({geom})::numeric, {asked.system.digits}) AS x, round(ST_Y({geom})::numeric, {asked.system.digits}) AS y"
        )
    text, values = _select(asked, shape, fields)
    encode = codecs.getincrementalencoder(encoding)().encode
    decode = codecs.getincrementaldecoder("utf-8")().decode
    rows = -1
    with path.open("wb") as file, raw_connection().cursor() as cursor:
        with cursor.copy(f"COPY ({text}) TO STDOUT WITH (FORMAT csv, HEADER)", values) as copy:
            for block in copy:
                file.write(encode(decode(bytes(block))))
        rows = cursor.rowcount
    if asked.system.shifted:
        _shift_csv(path, asked.system.shifted, encoding)
    return rows


def _shift_csv(path: Path, datum: str, encoding: str) -> None:
    """The same file with its coordinates in a system that the database does not know."""
    shifted = path.with_suffix(".shifted")
    with path.open(encoding=encoding, newline="") as source, shifted.open("w", encoding=encoding, newline="") as target:
        reader, writer = csv.reader(source), csv.writer(target, lineterminator="\n")
        head = next(reader)
        writer.writerow(head)
        while rows := list(islice(reader, BATCH)):
            if head[-1] == "wkt":
                shapes = crs.shapes_from_stored(shapely.from_wkt([row.pop() or None for row in rows]), datum)
                ends: Any = [(text,) for text in shapely.to_wkt(shapes, rounding_precision=7)]
            else:
                lat, lon = (np.array([float(row.pop() or "nan") for row in rows]) for _ in range(2))
                ends = np.round(np.column_stack(crs.from_stored(lon, lat, datum)), 7).tolist()
            writer.writerows([*row, *end] for row, end in zip(rows, ends, strict=True))
    shifted.replace(path)


def _harmless(name: str) -> str:
    return f"CASE WHEN l.{name} ~ '^[-=+@\\t\\r]' THEN '''' || l.{name} ELSE l.{name} END"


def _write_shapes(asked: Asked, path: Path, kind: str, encoding: str) -> int:
    import pyarrow as pa

    from gis_grid.imports.gdal import pyogrio

    known = columns(asked.layer.name)
    schema = pa.schema(
        [("id", pa.int64() if known.whole_key else pa.string())]
        + [(name, _arrow(known.kinds[name], kind)) for name in asked.fields]
        + [("geom", pa.binary())]
    )
    told = Written()
    batches = _batches(asked, schema, kind, told, gbk=kind == "shp" and encoding == "GBK")
    target = path.with_suffix("") / path.name if kind == "shp" else path
    target.parent.mkdir(exist_ok=True)
    options = {"shp": {"encoding": encoding}, "fgb": {"SPATIAL_INDEX": "NO"}}.get(kind, {})  # an index takes longer than the rest
    pyogrio.raw.write_arrow(
        pa.RecordBatchReader.from_batches(schema, batches),
        target,
        layer=asked.layer.name,
        driver=_DRIVERS[kind],
        geometry_name="geom",
        geometry_type=_SHP_KINDS[known.shape] if kind == "shp" else "Unknown",
        crs=f"EPSG:{asked.system.srid}",
        **options,
    )
    if told.refused:
        raise Invalid(told.refused, code="not_in_gbk")
    if kind == "shp":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            for part in sorted(target.parent.iterdir()):
                packed.write(part, part.name)
    return told.rows


def _batches(asked: Asked, schema: Any, kind: str, told: Written, *, gbk: bool) -> Iterator[Any]:
    import pyarrow as pa

    geom = "l.geom" if asked.system.srid == 4490 else f"ST_Transform(l.geom, {asked.system.srid})"
    plain = kind == "shp"  # its tables know neither times nor lists
    kinds = columns(asked.layer.name).kinds
    fields = [f"l.{name}::text AS {name}" if _as_text(kinds[name], plain=plain) else f"l.{name}" for name in asked.fields]
    text, values = _select(asked, f"ST_AsBinary({geom}) AS geom", fields)
    with psycopg.ServerCursor(raw_connection(), "download") as cursor:
        cursor.itersize = BATCH
        cursor.execute(text, values, binary=True)
        while rows := cursor.fetchmany(BATCH):
            told.rows += len(rows)
            if gbk and told.refused is None:
                told.refused = _not_in_gbk(rows)
            lists = list(zip(*rows, strict=True))
            yield pa.record_batch(
                [pa.array(_plain(list_, one.type), one.type) for list_, one in zip(lists, schema, strict=True)], schema=schema
            )


def _not_in_gbk(rows: list[Any]) -> str | None:
    """The sentence about the first cell that GBK cannot write, if any: GDAL would only warn and lose the character."""
    for row in rows:
        for value in row:
            try:
                if isinstance(value, str):
                    value.encode("gbk")
            except UnicodeEncodeError as fault:
                return f"{row[0]} 的“{value[:40]}”含有 GBK 没有的字“{value[fault.start]}”，请改用 UTF-8。"
    return None


def _as_text(kind: str, *, plain: bool) -> bool:
    return kind == "array" or (plain and kind in ("timestamp", "boolean"))


def _plain(values: tuple[Any, ...], wanted: Any) -> list[Any]:
    return [float(value) if value is not None else None for value in values] if str(wanted) == "double" else list(values)


def _arrow(kind: str, file: str) -> Any:
    import pyarrow as pa

    if _as_text(kind, plain=file == "shp"):
        return pa.string()
    return {
        "integer": pa.int64(),
        "number": pa.float64(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("us", "UTC"),
    }.get(kind, pa.string())
