"""OwnTracks JSON messages: one over HTTP, or many in a file (one a line). Only `location` is a position.

tst in epoch seconds, acc in metres, vel in km/h, cog in degrees, batt in per cent (owntracks.org/booklet/tech/json).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import IO, Any
from zoneinfo import ZoneInfo

import orjson

from gis_grid.patrol.fixes import NAN, Fix, Part, make_fixes

MOST = 20_000
_KMH = 3.6


def read(stream: IO[bytes], zone: ZoneInfo) -> Iterator[Part]:
    """Parts of a file of messages, one a line; a line that is no JSON is counted."""
    seen = 0
    while batch := list(islice(stream, MOST)):
        messages: list[Any] = []
        unread = 0
        for line in batch:
            if line.strip():
                try:
                    messages.append(orjson.loads(line))
                except orjson.JSONDecodeError:
                    unread += 1
        seen += len(messages)
        yield from read_messages(messages, unread)
    if not seen:
        raise ValueError("不是 OwnTracks 消息（每行一个 JSON）")


def read_messages(messages: Iterable[Any], unread: int = 0) -> Iterator[Part]:
    """Parts per device; messages that are no location are passed over."""
    found: dict[str | None, list[Fix]] = {}
    for message in messages:
        fix = fix_of(message)
        if fix is not None:
            found.setdefault(device_of(message), []).append(fix)
    for device, fixes in found.items():
        yield Part(device, make_fixes(fixes), unread)
        unread = 0
    if unread:
        yield Part(None, make_fixes([]), unread)


def fix_of(message: Any) -> Fix | None:
    """The position of a message, or None when it is none (lwt, transition, waypoint, status, encrypted ...)."""
    if not isinstance(message, dict) or message.get("_type") != "location":
        return None
    return Fix(
        _number(message, "tst"),
        _number(message, "lon"),
        _number(message, "lat"),
        accuracy_m=_number(message, "acc"),
        speed_mps=_number(message, "vel") / _KMH,
        course_deg=_number(message, "cog"),
        ele_m=_number(message, "alt"),
        battery=_number(message, "batt"),
    )


def device_of(message: dict[str, Any]) -> str | None:
    """user/device of the topic owntracks/user/device, if the message has one."""
    topic = message.get("topic")
    parts = topic.split("/") if isinstance(topic, str) else []
    return "/".join(parts[1:3])[:64] if len(parts) >= 3 and parts[0] == "owntracks" else None


def _number(message: dict[str, Any], name: str) -> float:
    value = message.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else NAN
