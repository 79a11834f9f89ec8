"""Points as CSV: columns lon and lat in, the area of each row out, as text exactly as it came."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from gis_grid.errors import BadRequest
from gis_grid.geo.locate import Placed

Place = Callable[[Any, Any], Placed]
_PARSE = csv.ParseOptions(newlines_in_values=False)
_AS_TEXT = csv.ConvertOptions(include_columns=["lon", "lat"], column_types={"lon": pa.string(), "lat": pa.string()})
_BLOCK = 1 << 22


def read(body: bytes) -> pa.Table:
    """The columns lon and lat as text; refuses what is no such CSV, or has no rows."""
    try:
        table = csv.read_csv(io.BytesIO(body.removeprefix(b"\xef\xbb\xbf")), parse_options=_PARSE, convert_options=_AS_TEXT)
        _numbers(table)
    except (pa.ArrowInvalid, pa.ArrowKeyError):
        raise BadRequest("CSV 须为 UTF-8，首行为列名，含数值列 lon 和 lat。", code="bad_csv") from None
    if not table.num_rows:
        raise BadRequest("CSV 中没有数据行。", code="bad_csv")
    return table


def placed(table: Any, place: Place, *, header: bool) -> bytes:
    """The same rows with code and placed_by (`unplaced` when no area takes it)."""
    found = place(*_numbers(table))
    return _written(table, found.code, found.placed_by, header)


def streamed(source: IO[bytes], place: Place) -> Iterator[bytes]:
    """Blocks of rows as they come in; a row whose coordinates are no numbers is answered with `bad`."""
    options = csv.ReadOptions(block_size=_BLOCK)
    try:
        reader = csv.open_csv(source, read_options=options, parse_options=_PARSE, convert_options=_AS_TEXT)
    except (pa.ArrowInvalid, pa.ArrowKeyError):
        raise BadRequest("CSV 须为 UTF-8，首行为列名，含数值列 lon 和 lat。", code="bad_csv") from None
    return _blocks(reader, place)


def _blocks(reader: Any, place: Place) -> Iterator[bytes]:
    header = True
    try:
        for batch in reader:
            table = pa.Table.from_batches([batch])
            yield _placed_or_bad(table, place, header)
            header = False
    except pa.ArrowInvalid:
        yield "读取中断：其后的内容不是有效的 CSV,,,bad\n".encode()


def _placed_or_bad(table: Any, place: Place, header: bool) -> bytes:
    try:
        return placed(table, place, header=header)
    except pa.ArrowInvalid:
        pass
    x, y = (np.array([_number(text) for text in table[name].to_pylist()]) for name in ("lon", "lat"))
    found = place(x, y)
    bad = np.isnan(x) | np.isnan(y)
    return _written(table, found.code, np.where(bad, "bad", found.placed_by), header)


def _written(table: Any, codes: Any, hows: Any, header: bool) -> bytes:
    how = pc.fill_null(pa.array(hows, pa.string(), from_pandas=True), "unplaced")
    code = pc.fill_null(pa.array(codes, pa.string(), from_pandas=True), "")
    plain = [pc.replace_substring_regex(table[name], '[",\\r\\n]', " ") for name in ("lon", "lat")]  # no field needs quotes then
    trimmed = [pc.utf8_trim_whitespace(column) for column in plain]
    out = pa.table([*trimmed, code, how], names=["lon", "lat", "code", "placed_by"])
    sink = io.BytesIO()
    csv.write_csv(out, sink, csv.WriteOptions(include_header=header, quoting_style="none", quoting_header="none"))
    return sink.getvalue()


def _numbers(table: Any) -> tuple[Any, Any]:
    x, y = (pc.cast(pc.utf8_trim_whitespace(table[name]), pa.float64()) for name in ("lon", "lat"))
    return x.to_numpy(), y.to_numpy()


def _number(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return float("nan")
