"""JT/T 808 position frames from a file: binary, or as hexadecimal text, one frame a line.

Frame: 7E, header, body, XOR, 7E; 7D02 stands for 7E and 7D01 for 7D. 0x0200 is a position, 0x0704 a batch of them.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from functools import reduce
from operator import xor
from typing import IO
from zoneinfo import ZoneInfo

from gis_grid.patrol.fixes import NAN, Fix, Part, make_fixes
from gis_grid.patrol.formats.streams import whole

MOST_BYTES = 64 * 1024**2
_BEIJING = timezone(timedelta(hours=8))
_POSITION, _BATCH = 0x0200, 0x0704
_KMH10 = 36.0  # tenths of km/h in a m/s


def read(stream: IO[bytes], zone: ZoneInfo) -> Iterator[Part]:
    """One part per device, in the order of the file. Damaged frames are counted; positions without satellite fix are no fix."""
    data = whole(stream, MOST_BYTES)
    found: dict[str, list[Fix]] = {}
    unread = frames = 0
    for frame in _frames(data):
        frames += 1
        try:
            device, fixes = decode(frame)
        except (ValueError, struct.error, IndexError):
            unread += 1
            continue
        found.setdefault(device, []).extend(fixes)
    if not frames:
        raise ValueError("没有 JT/T 808 数据帧（7E … 7E）")
    for device, fixes in found.items():
        yield Part(device, make_fixes(fixes), unread)
        unread = 0
    if unread:
        yield Part(None, make_fixes([]), unread)


def _frames(data: bytes) -> Iterator[bytes]:
    """What lies between the 7E."""
    if data[:1] != b"\x7e":
        lines = (line.partition(b"#")[0].strip() for line in data.splitlines())
        hexed = [line for line in lines if re.fullmatch(rb"(?:[0-9A-Fa-f]{2})+", line)]
        data = b"".join(bytes.fromhex(line.decode()) for line in hexed)
    yield from (part for part in data.split(b"\x7e") if part)


def decode(frame: bytes) -> tuple[str, list[Fix]]:
    """The device (its phone number as digits) and positions of one frame without its 7E; ValueError when it is damaged."""
    raw = frame.replace(b"\x7d\x02", b"\x7e").replace(b"\x7d\x01", b"\x7d")
    if len(raw) < 13 or reduce(xor, raw[:-1]) != raw[-1]:
        raise ValueError("checksum")
    kind, properties = struct.unpack_from(">HH", raw)
    is_2019 = bool(properties & 0x4000)
    phone = raw[5:15] if is_2019 else raw[4:10]
    begin = (17 if is_2019 else 12) + (4 if properties & 0x2000 else 0)
    body = raw[begin:-1]
    if len(body) != properties & 0x3FF:
        raise ValueError("length")
    bodies = [body] if kind == _POSITION else list(_batched(body)) if kind == _BATCH else []
    return phone.hex(), [fix for one in bodies if (fix := _position(one)) is not None]


def _batched(body: bytes) -> Iterator[bytes]:
    count, _ = struct.unpack_from(">HB", body)
    at = 3
    for _ in range(count):
        (length,) = struct.unpack_from(">H", body, at)
        yield body[at + 2 : at + 2 + length]
        at += 2 + length


def _position(body: bytes) -> Fix | None:
    _, status, lat, lon, height, speed, course = struct.unpack_from(">IIIIhHH", body)
    if not status & 2:
        return None
    try:
        moment = datetime.strptime(body[22:28].hex(), "%y%m%d%H%M%S").replace(tzinfo=_BEIJING).astimezone(UTC).timestamp()
    except ValueError:
        moment = NAN
    south, west = status & 4, status & 8
    return Fix(
        moment,
        -lon / 1e6 if west else lon / 1e6,
        -lat / 1e6 if south else lat / 1e6,
        speed_mps=speed / _KMH10,
        course_deg=float(course),
        ele_m=float(height),
    )
