"""CSV tracks: GPSLogger's columns, and those of Chinese offices (GB18030, local time, km/h); read in blocks by Arrow."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from typing import IO, Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from gis_grid.patrol.fixes import Fixes, Floats, Part, arrays
from gis_grid.patrol.formats.times import epochs, number

_BLOCK = 1 << 22
_NAMES = {
    "at": ("time", "timestamp", "时间", "定位时间", "上报时间"),
    "lon": ("lon", "lng", "longitude", "经度"),
    "lat": ("lat", "latitude", "纬度"),
    "accuracy_m": ("accuracy", "accuracy_m", "精度", "精度(m)"),
    "speed_mps": ("speed", "速度", "速度(km/h)", "speed_kmh"),
    "course_deg": ("bearing", "course", "方向", "航向"),
    "ele_m": ("elevation", "altitude", "高程", "海拔"),
    "battery": ("battery", "电量"),
    "device": ("设备编号", "设备", "device", "deviceid", "device_id"),
}
_ENCODINGS = ("utf-8-sig", "gb18030")
_KMH = ("速度", "速度(km/h)", "speed_kmh")


def read(stream: IO[bytes], zone: ZoneInfo) -> Iterator[Part]:
    """One fix a row. Times without a zone are local (`zone`); a speed under a Chinese heading is km/h, otherwise m/s."""
    head = stream.read(1 << 16)
    encoding = _encoding(head)
    line = head.decode(encoding, "ignore").splitlines()[:1]
    delimiter = max(",;\t", key=(line[0] if line else "").count)
    names = [name.strip().strip('"').lower() for name in (line[0] if line else "").split(delimiter)]
    columns = {key: next((names.index(n) for n in wanted if n in names), None) for key, wanted in _NAMES.items()}
    if columns["at"] is None or columns["lon"] is None or columns["lat"] is None:
        raise ValueError("CSV 须有时间、经度、纬度三列")
    chosen = {key: place for key, place in columns.items() if place is not None}
    kmh = "speed_mps" in chosen and names[chosen["speed_mps"]] in _KMH
    skipped: list[int] = []
    count = 0
    for batch in _batches(_Text(head, stream, encoding), delimiter, chosen, len(names), skipped):
        for part in _parts(batch, zone, kmh, decimal_comma=delimiter == ";"):
            count += len(part.fixes)
            yield part._replace(unread=len(skipped))
            skipped.clear()
    if skipped:
        yield Part(None, arrays(np.zeros(0), np.zeros(0), np.zeros(0)), len(skipped))
    elif not count:
        raise ValueError("没有轨迹点")


class _Text(io.RawIOBase):
    """The stream as UTF-8, its beginning, which was already looked at, put back. What is no text becomes U+FFFD: no number."""

    def __init__(self, head: bytes, rest: IO[bytes], encoding: str) -> None:
        self._head, self._rest, self._ready = head, rest, b""
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")

    def readable(self) -> bool:
        return True

    def read(self, size: int = _BLOCK) -> bytes:
        while not self._ready:
            piece, self._head = self._head or self._rest.read(size), b""
            self._ready = self._decoder.decode(piece, not piece).encode()
            if not piece:
                break
        given, self._ready = self._ready[:size], self._ready[size:]
        return given


def _encoding(head: bytes) -> str:
    """The first one without faults, otherwise the one with the fewest: a broken byte does not turn a file away."""
    faults = {name: codecs.getincrementaldecoder(name)("replace").decode(head).count("\ufffd") for name in _ENCODINGS}
    best = min(_ENCODINGS, key=faults.__getitem__)
    if faults[best] * 100 > len(head):
        raise ValueError("既不是 UTF-8 也不是 GB18030 编码")
    return best


def _batches(stream: Any, delimiter: str, chosen: dict[str, int], width: int, skipped: list[int]) -> Iterator[dict[str, Any]]:
    """Blocks of text columns by key; rows of another length are noted in `skipped`."""

    def skip(row: Any) -> str:
        skipped.append(1)
        return "skip"

    names = [str(place) for place in range(width)]
    options = csv.ReadOptions(block_size=_BLOCK, column_names=names, skip_rows=1, use_threads=False)
    convert = csv.ConvertOptions(
        include_columns=[str(p) for p in chosen.values()], column_types=dict.fromkeys(names, pa.string())
    )
    parse = csv.ParseOptions(delimiter=delimiter, newlines_in_values=False, invalid_row_handler=skip)
    has_rows = False
    try:
        for batch in csv.open_csv(stream, read_options=options, parse_options=parse, convert_options=convert):
            has_rows = True
            yield {key: batch.column(batch.schema.get_field_index(str(place))) for key, place in chosen.items()}
    except pa.ArrowInvalid:
        if has_rows or not skipped:  # otherwise no row is of the right length, and all are told as unreadable
            raise ValueError("CSV 读到中途出错：内容不是文字表格，或没有数据行") from None


def _parts(columns: dict[str, Any], zone: ZoneInfo, kmh: bool, decimal_comma: bool) -> Iterator[Part]:
    devices = columns.pop("device", None)
    fixes = _fixes(columns, zone, kmh, decimal_comma)
    if devices is None:
        yield Part(None, fixes)
        return
    coded = pc.dictionary_encode(pc.utf8_trim_whitespace(devices))
    which = coded.indices.to_numpy(zero_copy_only=False)
    for place, name in enumerate(coded.dictionary.to_pylist()):
        yield Part((name or "")[:64] or None, fixes if len(coded.dictionary) == 1 else fixes.take(which == place))


def _fixes(columns: dict[str, Any], zone: ZoneInfo, kmh: bool, decimal_comma: bool) -> Fixes:
    values = {key: _floats(column, decimal_comma) for key, column in columns.items() if key != "at"}
    if kmh:
        values["speed_mps"] = values["speed_mps"] / 3.6
    return arrays(_times(columns["at"], zone), values.pop("lon"), values.pop("lat"), **values)


def _floats(column: Any, decimal_comma: bool) -> Floats:
    text = pc.utf8_trim_whitespace(column)
    text = pc.replace_substring(text, ",", ".") if decimal_comma else text
    known = pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
    try:
        return np.asarray(pc.cast(known, pa.float64()).to_numpy(zero_copy_only=False))
    except pa.ArrowInvalid:
        return np.array([number(one) for one in text.to_pylist()], dtype=np.float64)


def _times(column: Any, zone: ZoneInfo) -> Floats:
    lengths = pc.binary_length(column)
    extent = pc.min_max(lengths).as_py()
    if extent["min"] is not None and extent["min"] == extent["max"] >= 19 and not column.null_count:
        width = extent["min"]
        begin = column.offset * width
        chars = np.frombuffer(column.buffers()[2], np.uint8)[begin : begin + len(column) * width]
        return epochs(chars.view(f"S{width}"), zone)
    return epochs(["" if one is None else one.strip() for one in column.to_pylist()], zone)
