"""Open what offices send: GeoJSON (.gz), zipped Shapefile, GeoPackage, FlatGeobuf, CSV, Excel; batch by batch.

Row numbers count data rows from 1. Memory holds one batch, not the file (Excel excepted: its format must be read whole).
"""

from __future__ import annotations

import csv
import gzip
import shutil
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gis_grid.errors import Invalid, TooLarge, Unavailable
from gis_grid.imports.probe import TOO_LARGE, fault_of

BATCH = 10_000
MOST_CELLS = 60_000_000
MOST_UNPACKED = 4 * 1024**3
VECTOR = (".geojson", ".json", ".shp", ".gpkg", ".fgb")
TABLES = (".csv", ".txt", ".xlsx", ".xls")
LON = ("lon", "lng", "longitude", "x", "经度")
LAT = ("lat", "latitude", "y", "纬度")
_DAMAGED = (OSError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError)
WKT = ("wkt", "geom", "geometry", "the_geom")


@dataclass(frozen=True)
class Batch:
    """Some rows: their numbers, columns by name, and shapes (None where a row has none or a bad one)."""

    rows: NDArray[np.int64]
    columns: Mapping[str, list[Any]]
    shapes: NDArray[np.object_]
    faults: Mapping[int, str]  # position in the batch -> why its shape cannot be read


@dataclass(frozen=True)
class Source:
    """An opened file: its batches, the number of rows where known, and the coordinate system it claims."""

    batches: Iterator[Batch]
    count: int | None
    crs: str | None
    names: list[str]


def open_source(path: Path, work: Path, encoding: str | None = None, columns: Mapping[str, str] | None = None) -> Source:
    """The rows of a file. `work` is an empty folder for unpacking; `columns` may name lon, lat or wkt."""
    if not path.is_file():
        raise Invalid(f"文件不存在：{path.name}。", code="no_file")
    inner = _unpack(path, work)
    suffix = inner.suffix.lower()
    if suffix in (".csv", ".txt"):
        return _open_csv(inner, encoding, columns or {})
    if suffix in (".xlsx", ".xls"):
        return _open_excel(inner, columns or {})
    if suffix in VECTOR:
        return _open_vector(inner, encoding)
    raise Invalid(f"不支持的文件类型“{inner.suffix}”。可用：{'、'.join((*VECTOR, *TABLES))}，或其 .gz/.zip。", code="bad_type")


def _unpack(path: Path, work: Path) -> Path:
    """The file itself, or what a .gz or .zip holds, unpacked under plain names (zips carry names in any encoding)."""
    if path.suffix.lower() == ".gz":
        target = work / path.stem
        with gzip.open(path) as packed, target.open("wb") as out:
            _copy_limited(packed, out)  # type: ignore[arg-type]
        return target
    if path.suffix.lower() != ".zip":
        return path
    try:
        with zipfile.ZipFile(path) as archive:
            return _unpack_zip(archive, work)
    except _DAMAGED:
        raise Invalid("压缩包已损坏，无法打开。", code="bad_zip") from None


def _unpack_zip(archive: zipfile.ZipFile, work: Path) -> Path:
    members = [info for info in archive.infolist() if not info.is_dir() and "__MACOSX" not in info.filename]
    if sum(info.file_size for info in members) > MOST_UNPACKED:
        raise TooLarge("压缩包展开后过大。")
    wanted = [info for info in members if Path(info.filename).suffix.lower() in (*VECTOR, *TABLES)]
    if len(wanted) != 1:
        raise Invalid(f"压缩包中应恰有一个数据文件，找到 {len(wanted)} 个。", code="bad_zip")
    stem = Path(wanted[0].filename).with_suffix("").as_posix()
    for info in members:
        name = Path(info.filename)
        if name.with_suffix("").as_posix() == stem:
            with archive.open(info) as packed, (work / f"layer{name.suffix.lower()}").open("wb") as out:
                _copy_limited(packed, out)
    return work / f"layer{Path(wanted[0].filename).suffix.lower()}"


def _copy_limited(packed: IO[bytes], out: IO[bytes]) -> None:
    try:
        shutil.copyfileobj(_Limited(packed), out, 1 << 20)
    except _DAMAGED:
        raise Invalid("压缩文件已损坏或有密码，无法展开。", code="bad_zip") from None


class _Limited:
    """Reads no more than MOST_UNPACKED bytes: a small archive may hold a very large file."""

    def __init__(self, inner: IO[bytes]) -> None:
        self.inner, self.left = inner, MOST_UNPACKED

    def read(self, size: int = -1) -> bytes:
        data = self.inner.read(size)
        self.left -= len(data)
        if self.left < 0:
            raise TooLarge("压缩文件展开后过大。")
        return data


def _open_vector(path: Path, encoding: str | None) -> Source:
    from gis_grid.imports.gdal import pyogrio, unexpected_drivers

    if found := unexpected_drivers():
        raise Unavailable(f"为安全起见暂停文件导入：GDAL 载入了不该有的驱动（{'、'.join(sorted(found))}）。", code="unsafe_gdal")
    try:
        info = pyogrio.read_info(path, encoding=encoding)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, UnicodeError, IndexError, RuntimeError):
        raise Invalid("文件无法打开：内容已损坏，或不是所声明的格式。", code="bad_file") from None
    count = info["features"] if info["features"] >= 0 else None
    declared = None if path.suffix.lower() == ".shp" and not path.with_suffix(".prj").exists() else info["crs"]
    names = [str(name) for name in info["fields"]]
    return Source(_vector_batches(path, encoding or _shapefile_encoding(path)), count, declared, names)


def _shapefile_encoding(path: Path) -> str | None:
    """None leaves it to GDAL (.cpg or the DBF's language byte); where neither tells, UTF-8 or GBK by the text itself."""
    table = path.with_suffix(".dbf")
    if path.suffix.lower() != ".shp" or path.with_suffix(".cpg").exists() or not table.exists():
        return None
    if table.open("rb").read(30)[29:30] != b"\x00":
        return None
    return "UTF-8" if guess_encoding(table).startswith("utf-8") else "GBK"


def _vector_batches(path: Path, encoding: str | None) -> Iterator[Batch]:
    from gis_grid.imports.gdal import pyogrio

    start = 1
    options: dict[str, Any] = {"batch_size": BATCH, "use_pyarrow": True}
    if path.suffix.lower() == ".shp":
        options["encoding"] = encoding
    try:
        with pyogrio.open_arrow(path, **options) as (meta, reader):
            shape_name = meta["geometry_name"] or "wkb_geometry"
            for batch in reader:
                names = [name for name in batch.schema.names if name != shape_name]
                wkb = batch.column(shape_name).to_pylist() if shape_name in batch.schema.names else [None] * batch.num_rows
                shapes, faults = _from_wkb(wkb)
                yield Batch(
                    np.arange(start, start + batch.num_rows),
                    {name: batch.column(name).to_pylist() for name in names},
                    shapes,
                    faults,
                )
                start += batch.num_rows
    except (pyogrio.errors.DataSourceError, RuntimeError, UnicodeError, OSError) as fault:
        raise Invalid(
            f"读到第 {start} 行之后无法继续：文件不完整或编码不符（{type(fault).__name__}）。", code="bad_file"
        ) from None


def _from_wkb(wkb: list[bytes | None]) -> tuple[NDArray[np.object_], dict[int, str]]:
    shapes = shapely.force_2d(shapely.from_wkb(wkb, on_invalid="ignore"))
    lone = (shapely.get_type_id(shapes) == 4) & (shapely.get_num_geometries(shapes) == 1)  # desktop GIS writes points so
    shapes[lone] = shapely.get_geometry(shapes[lone], 0)
    faults = {i: "图形无法读取" for i, (raw, shape) in enumerate(zip(wkb, shapes, strict=True)) if raw and shape is None}
    return shapes, faults


def _open_csv(path: Path, encoding: str | None, columns: Mapping[str, str]) -> Source:
    if not path.stat().st_size:
        raise Invalid("文件是空的。", code="empty_file")
    used = encoding or guess_encoding(path)
    with path.open(encoding=used, newline="") as file:
        try:
            header = next(csv.reader([_first_line(file)], delimiter=_delimiter(path, used)), [])
        except csv.Error:
            raise Invalid("CSV 首行过长或已损坏。", code="bad_file") from None
    return Source(_table_batches(_csv_rows(path, used), columns, header), None, None, header)


def _csv_rows(path: Path, encoding: str) -> Iterator[dict[str, Any]]:
    try:
        with path.open(encoding=encoding, newline="") as file:
            yield from csv.DictReader(file, delimiter=_delimiter(path, encoding))
    except (UnicodeDecodeError, LookupError):
        raise Invalid(f"文件不是 {encoding} 编码，请指明编码（如 gb18030）。", code="bad_encoding") from None
    except csv.Error as fault:
        raise Invalid(f"CSV 格式有误：{fault}。", code="bad_file") from None


def _first_line(file: IO[str]) -> str:
    try:
        return file.readline()
    except (UnicodeDecodeError, LookupError):
        raise Invalid("文件编码不符，请指明编码（如 gb18030）。", code="bad_encoding") from None


def _delimiter(path: Path, encoding: str) -> str:
    with path.open(encoding=encoding, newline="") as file:
        line = file.readline()
    return max(",;\t", key=line.count)


def guess_encoding(path: Path) -> str:
    """UTF-16 or UTF-8 when the first megabyte says so, otherwise GB18030, as Chinese Excel writes it."""
    with path.open("rb") as file:
        head = file.read(1 << 20)
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):  # what Excel calls Unicode text
        return "utf-16"
    for cut in range(4):
        try:
            head[: len(head) - cut].decode("utf-8")
            return "utf-8-sig"
        except UnicodeDecodeError:
            continue
    return "gb18030"


def _open_excel(path: Path, columns: Mapping[str, str]) -> Source:
    sheet = open_workbook(path).get_sheet_by_index(0)
    if sheet.height * max(sheet.width, 1) > MOST_CELLS:
        raise TooLarge("工作表过大：请只保留有数据的行列，或改用 CSV。", code="too_large")
    lines = iter(sheet.to_python(skip_empty_area=True))
    header = [str(cell).strip() for cell in next(lines, [])]
    rows = (dict(zip(header, line, strict=False)) for line in lines if any(cell not in ("", None) for cell in line))
    return Source(_table_batches(rows, columns, header), sheet.height - 1, None, header)


def open_workbook(path: Path) -> Any:
    """A workbook that has been opened elsewhere before, so that it can do no harm here."""
    from python_calamine import CalamineWorkbook

    fault = fault_of(path)
    if fault == TOO_LARGE:
        told = "工作表过大，或有内容散落在很远的行列：请删去空白和无关的行列，分成几个文件，或改用 CSV。"
        raise TooLarge(told, code="too_large")
    if fault is not None and ("password" in fault.lower() or "encrypt" in fault.lower()):
        raise Invalid("文件有密码，无法打开：请在 Excel 中取消密码后再上传。", code="encrypted")
    if fault is not None:
        raise Invalid("Excel 文件已损坏，无法打开：请用 Excel 重新保存后再上传。", code="bad_file")
    return CalamineWorkbook.from_path(str(path))


def _table_batches(rows: Iterator[dict[str, Any]], columns: Mapping[str, str], header: list[str]) -> Iterator[Batch]:
    lon, lat, wkt = (_find(header, columns.get(n), names) for n, names in (("lon", LON), ("lat", LAT), ("wkt", WKT)))
    if not (lon and lat) and not wkt:
        raise Invalid(
            f"表中没有坐标列：需要经纬度两列（如 lon、lat 或 经度、纬度）或 WKT 一列。现有列：{'、'.join(header)[:200]}。",
            code="no_coordinates",
        )
    start, held = 1, []
    for row in rows:
        held.append(row)
        if len(held) == BATCH:
            yield _table_batch(held, start, header, (lon, lat, wkt))
            start, held = start + BATCH, []
    if held:
        yield _table_batch(held, start, header, (lon, lat, wkt))


def _table_batch(rows: list[dict[str, Any]], start: int, header: list[str], where: Sequence[str | None]) -> Batch:
    lon, lat, wkt = where
    shapes = np.full(len(rows), None, object)
    faults: dict[int, str] = {}
    for i, row in enumerate(rows):
        try:
            shapes[i] = _row_shape(row, lon, lat, wkt)
        except (ValueError, TypeError, shapely.errors.GEOSException) as fault:
            faults[i] = str(fault) if str(fault).startswith("坐标") else "坐标不是数字或 WKT 无法读取"
    taken = {lon, lat} if lon and lat else {wkt}
    columns = {name: [row.get(name) for row in rows] for name in header if name not in taken}
    return Batch(np.arange(start, start + len(rows)), columns, shapes, faults)


def _row_shape(row: dict[str, Any], lon: str | None, lat: str | None, wkt: str | None) -> Any:
    if lon and lat:
        if row.get(lon) in ("", None) or row.get(lat) in ("", None):
            return None
        x, y = float(row[lon]), float(row[lat])
        if not (np.isfinite(x) and np.isfinite(y)):
            raise ValueError("坐标不是有限的数")
        return shapely.Point(x, y)
    text = row.get(wkt or "")
    return shapely.force_2d(shapely.from_wkt(text)) if text else None


def _find(header: list[str], given: str | None, names: tuple[str, ...]) -> str | None:
    if given:
        if given not in header:
            raise Invalid(f"文件中没有“{given}”这一列。", code="no_column")
        return given
    return next((name for name in header if name.strip().lower() in names), None)
