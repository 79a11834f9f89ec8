"""Times of track files to epoch seconds, many at once; a time without a zone is read in the zone given."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from gis_grid.patrol.fixes import NAN, Floats

_AS_TYPED = re.compile(
    r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?[T ]\s*(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?"
)  # as offices write
_DIGITS = (0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18)
_PUNCTUATION = {4: b"-/", 7: b"-/", 10: b"T ", 13: b":", 16: b":"}


def epochs(texts: Sequence[str | bytes] | Sequence[str] | NDArray[np.bytes_], zone: ZoneInfo | None = None) -> Floats:
    """Epoch seconds of ISO times (also with / and a blank, or epoch numbers); NaN for what is none. No zone: UTC."""
    try:
        table = np.array(texts, dtype=np.bytes_)
    except UnicodeEncodeError:
        return np.array([epoch(text if isinstance(text, str) else None, zone) for text in texts], dtype=np.float64)
    if not len(table):
        return np.zeros(0)
    width = table.dtype.itemsize
    if width >= 19:
        found = _uniform(table.view(np.uint8).reshape(len(table), width), zone)
        if found is not None:
            return found
    return np.array([epoch(text.decode("utf-8", "replace"), zone) for text in table.tolist()], dtype=np.float64)


def epoch(text: str | None, zone: ZoneInfo | None = None) -> float:
    """One time; NaN when it is none. Numbers below 2**31 are seconds, others milliseconds (as Traccar reads them)."""
    text = (text or "").strip()
    if not text or len(text) > 40:
        return NAN
    if text.replace(".", "", 1).isdigit():
        number = float(text)
        return number if number < 2**31 else number / 1000
    try:
        moment = datetime.fromisoformat(_AS_TYPED.sub(_padded, text.replace("Z", "+00:00")))
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone or UTC)).timestamp()
    except (ValueError, OverflowError):
        return NAN


def _padded(found: re.Match[str]) -> str:
    year, *rest = found.groups("0")
    month, day, hour, minute, second = (part.zfill(2) for part in rest)
    return f"{year}-{month}-{day} {hour}:{minute}:{second}"


def _uniform(chars: NDArray[np.uint8], zone: ZoneInfo | None) -> Floats | None:
    """Times that all look alike (2024-05-06T01:00:20[.000][Z]), by arithmetic on their digits; None when they do not."""
    width = chars.shape[1]
    tail = chars[:, 19:]
    utc = width > 19 and bool((tail[:, -1] == ord("Z")).all())
    fraction = tail[:, 1 : (-1 if utc else None)] if width > 20 else tail[:, :0]
    digits = chars[:, list(_DIGITS)] - np.uint8(48)
    if (digits > 9).any() or ((fraction - np.uint8(48)) > 9).any() or (not utc and 19 < width < 21):
        return None
    if fraction.shape[1] and not (tail[:, 0] == ord(".")).all():
        return None
    for place, allowed in _PUNCTUATION.items():
        if not np.isin(chars[:, place], np.frombuffer(allowed, np.uint8)).all():
            return None
    seconds = _civil_seconds(digits.astype(np.int64))
    if fraction.shape[1]:
        scale = 10.0 ** -np.arange(1, fraction.shape[1] + 1)
        seconds = seconds + (fraction - np.uint8(48)) @ scale
    return seconds if utc or zone is None else seconds - _offsets(seconds, zone)


def _civil_seconds(d: NDArray[np.int64]) -> Floats:
    """Seconds since 1970 of year, month, day, hour, minute, second given as digits; NaN for the 13th month and the like."""
    year = d[:, 0] * 1000 + d[:, 1] * 100 + d[:, 2] * 10 + d[:, 3]
    month, day, hour, minute, second = (d[:, i] * 10 + d[:, i + 1] for i in range(4, 14, 2))
    months = ((year - 1970) * 12 + np.clip(month, 1, 12) - 1).astype("M8[M]")
    days = months.astype("M8[D]").astype(np.int64) + day - 1
    long = ((months + 1).astype("M8[D]") - months.astype("M8[D]")).astype(np.int64)
    bad = (year < 1) | (month < 1) | (month > 12) | (day < 1) | (day > long) | (hour > 23) | (minute > 59) | (second > 60)
    seconds = days * 86_400.0 + hour * 3600 + minute * 60 + second
    return np.where(bad, NAN, seconds)


def _offsets(local: Floats, zone: ZoneInfo) -> Floats:
    """Seconds east of UTC at each local time; asked once per hour that occurs."""
    hours, which = np.unique(np.nan_to_num(local) // 3600, return_inverse=True)
    found = []
    for hour in hours:
        moment = datetime.fromtimestamp(hour * 3600, UTC).replace(tzinfo=zone)
        offset = moment.utcoffset()
        found.append(offset.total_seconds() if offset is not None else 0.0)
    return np.array(found)[which]


def numbers(texts: Sequence[Any]) -> Floats:
    """Numbers of texts (str, bytes or None); NaN for what is none."""
    if not any(texts):
        return np.full(len(texts), NAN)
    try:
        return np.array(texts, dtype=np.float64)
    except (ValueError, TypeError):
        return np.array([number(text) for text in texts], dtype=np.float64)


def number(text: str | bytes | None) -> float:
    """One number; NaN when it is none."""
    try:
        return float(text) if text else NAN
    except ValueError:
        return NAN
