"""GeoLife .plt: six header lines, then lat, lon, 0, altitude in feet (-777: unknown), days, date, time; GMT, WGS 84."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import IO
from zoneinfo import ZoneInfo

import numpy as np

from gis_grid.patrol.fixes import NAN, Part, arrays
from gis_grid.patrol.formats.times import epochs, numbers

MOST = 100_000
_FOOT = 0.3048


def read(stream: IO[bytes], zone: ZoneInfo) -> Iterator[Part]:
    """All lines as one piece; a line that cannot be read is an unusable fix, so that it is counted."""
    lines = (line.decode("ascii", "replace") for line in stream)
    head = list(islice(lines, 6))
    if len(head) < 6 or not head[0].startswith("Geolife"):
        raise ValueError("不是 GeoLife .plt 文件")
    count = 0
    while batch := [line.strip() for line in islice(lines, MOST) if line.strip()]:
        rows = [(*line.split(","), *[""] * 7)[:7] for line in batch]
        lat, lon, _, feet, _, day, time = zip(*rows, strict=True)
        ele = numbers(feet)
        at = epochs([f"{d}T{t}" for d, t in zip(day, time, strict=True)])
        count += len(rows)
        yield Part(None, arrays(at, numbers(lon), numbers(lat), ele_m=np.where(ele == -777, NAN, ele * _FOOT)))
    if not count:
        raise ValueError("没有轨迹点")
