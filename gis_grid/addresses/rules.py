"""Read a Chinese address: lane, number, building, unit, floor, room; rules and tables only, no network.

The rules were drawn from annotated addresses (scripts/bench/sheets.py measures them). What could be read two ways is left
out rather than guessed: whoever matches asks.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gis_grid.addresses.spelling import Token, normal, tokens_of

_STREET_END = re.compile(r"(?:路|街|道|线|巷|段|胡同|[^0-9]弄)(?:东段|西段|南段|北段|中段|[东西南北中])?$")
_HOUSE_END = re.compile(r"(?:厦|心|场|寓|楼|馆|店|际|苑|城|座|府|湾|轩|邸|庭|郡|层)$|[小区区]区$")
_FILLER = re.compile(r"^(?:[东西南北]?(?:侧|边|面)?|[A-Z]区|底商|商铺|商|店面|_|-)?$")


@dataclass(frozen=True)
class Address:
    """What an address says. `head` is what stands before the building: town, road, estate."""

    text: str
    head: str
    lane: str | None = None
    number: str | None = None
    building: str | None = None
    unit: str | None = None
    floor: str | None = None
    room: str | None = None


def read_address(text: str) -> Address:
    """The parts of an address; what is not there, or could be meant in two ways, is None. Never fails."""
    plain = normal(text)
    tokens = tokens_of(plain)
    for rule in _RULES:
        parts = rule(plain, tokens)
        if parts is not None:
            break
    else:
        parts = Parts(len(plain))
    return _with_street(text, plain, tokens, parts)


@dataclass(frozen=True)
class Parts:
    """What was found, and where in the text it begins."""

    start: int
    building: str | None = None
    unit: str | None = None
    floor: str | None = None
    room: str | None = None


def _by_building(plain: str, tokens: Sequence[Token]) -> Parts | None:
    """A marked building: 3幢, B座, 12号楼; with what follows it."""
    at = max((i for i, token in enumerate(tokens) if token.kind == "building"), default=None)
    if at is None:
        return None
    last = at
    for i in range(at - 1, max(-1, at - 3), -1):  # 9号楼12楼A座: A is a part of 9
        if tokens[i].end != tokens[i + 1].start:
            break
        if tokens[i].kind == "building" and (tokens[i].value.isdigit() and not tokens[at].value.isdigit()):
            at = i
    token, before = tokens[at], tokens[at - 1] if at else None
    parts = Parts(token.start, building="-".join(token.values))
    if before and before.kind == "unit" and before.end == token.start:  # 9单元9栋1256
        parts = replace(parts, start=before.start, unit=before.value)
    return _rest(plain, tokens, last + 1 if last != at and tokens[last].kind == "building" else at + 1, parts)


def _by_unit(plain: str, tokens: Sequence[Token]) -> Parts | None:
    """A marked unit without a marked building: 121号6单元1404, 6-1单元302, 4单元1180."""
    at = next((i for i, token in enumerate(tokens) if token.kind == "unit"), None)
    if at is None:
        return None
    token, before = tokens[at], tokens[at - 1] if at else None
    parts = Parts(token.start, unit=token.value)
    if len(token.values) > 1:
        parts = replace(parts, building=token.values[-2])
    elif before and before.end == token.start and before.kind in (None, "number", "floor") and not _is_street(plain, before):
        parts = replace(parts, start=before.start, building=before.value)
    return _rest(plain, tokens, at + 1, parts)


def _by_dashes(plain: str, tokens: Sequence[Token]) -> Parts | None:
    """3-2-501 is building, unit, room; 3-501 is building and room."""
    for i, token in enumerate(tokens):
        if len(token.values) < 2 or token.kind not in (None, "room", "number"):
            continue
        values = token.values
        street = _is_street(plain, token)
        if len(values) >= 4:
            values = values[-3:]
        if len(values) == 3 and street and len(token.values) == 3:
            return Parts(token.start + len(values[0]), building=values[1], room=values[2]) if len(values[2]) > 2 else None
        if len(values) == 3:
            return Parts(token.start, building=values[0], unit=values[1], room=values[2])
        if len(values) == 2 and not street:
            return _pair(plain, tokens, i)
    return None


def _pair(plain: str, tokens: Sequence[Token], at: int) -> Parts | None:
    token = tokens[at]
    first, second = token.values
    floor = tokens[at - 1] if at and tokens[at - 1].kind == "floor" else None
    if floor and floor.end == token.start:
        return Parts(floor.start, floor=floor.value, room=f"{first}-{second}")
    if first.endswith("F"):
        return None
    if _is_range(first, second):
        return Parts(token.start, room=f"{first}-{second}") if len(first) > 2 and token.kind else None
    if len(first) > 3 or (token.kind == "number" and (len(first) > 2 or plain[token.start - 1 : token.start] == "村")):
        return None
    before = tokens[at - 1] if at else None
    if before and before.kind == "number" and before.end == token.start and len(second) > 2 and not _is_street(plain, before):
        return Parts(before.start, building=before.value, unit=first, room=second)  # 松木场河西212号5-1076
    if len(second) >= 3 or (first[0].isalpha() and len(second) == 2):
        return Parts(token.start, building=first, room=second)
    following = tokens[at + 1] if at + 1 < len(tokens) else None
    if following and following.start == token.end and token.kind == "number":
        return Parts(token.start, building=first, unit=second, room=following.value)
    return None


def _by_number(plain: str, tokens: Sequence[Token]) -> Parts | None:
    """宝塔星苑1151号1151: a number that is no street's is a building when a room follows at once."""
    for i in range(len(tokens) - 1, 0, -1):
        token, before = tokens[i], tokens[i - 1]
        if before.kind != "number" or before.end != token.start or token.kind not in (None, "room") or len(token.values) > 1:
            continue
        if token.kind is None and not (len(token.value) > 2 or (token.end >= len(plain) - 2 and len(token.value) > 1)):
            continue
        if _is_street(plain, before):
            return Parts(token.start, room=token.value)
        return Parts(before.start, building=before.value, room=token.value)
    return None


def _by_joined(plain: str, tokens: Sequence[Token]) -> Parts | None:
    """10A1525 is building 10A, room 1525."""
    for one, other in itertools.pairwise(tokens):
        single = len(one.values) == len(other.values) == 1 and one.kind is None and other.kind in (None, "room")
        if single and one.end == other.start and re.fullmatch(r"\d{1,3}[A-Z]", one.value) and len(other.value) > 2:
            return Parts(one.start, building=one.value, room=other.value)
    return None


def _by_room(plain: str, tokens: Sequence[Token]) -> Parts | None:
    """Only a room: 华星科技大厦1567室, 5楼A489. (A2292 alone may be building A or a room: left out.)"""
    for token in reversed(tokens):
        if token.kind == "room" and len(token.values) == 1:
            return Parts(token.start, room=token.value)
    if tokens:
        last = tokens[-1]
        floor = tokens[-2] if len(tokens) > 1 and tokens[-2].kind == "floor" else None
        if (
            floor
            and last.kind in (None, "number")
            and len(last.values) == 1
            and len(last.value) > 2
            and last.end >= len(plain) - 3
        ):
            return Parts(floor.start, floor=floor.value, room=last.value)
        bare = last.kind is None and len(last.values) == 1 and re.fullmatch(r"\d{3,5}", last.value)
        if bare and last.end >= len(plain) - 3 and _HOUSE_END.search(plain[: last.start].rstrip("_-")):
            return Parts(last.start, room=last.value)
    return None


def _rest(plain: str, tokens: Sequence[Token], at: int, parts: Parts) -> Parts:
    """Unit, floor and room after a building or unit, as far as they follow each other."""
    end = tokens[at - 1].end
    for i in range(at, len(tokens)):
        token = tokens[i]
        if not _FILLER.match(plain[end : token.start]):
            break
        end = token.end
        if token.kind == "unit":
            parts = replace(parts, unit=token.value)
        elif token.kind == "floor":
            parts = replace(parts, floor=token.value)
        elif token.kind == "room" or token.kind is None or token.kind == "number":
            following = tokens[i + 1] if i + 1 < len(tokens) else None
            return _room(token, following, parts)
        else:
            break
    return _room_at_end(plain, tokens[at:], parts)


def _room_at_end(plain: str, tokens: Sequence[Token], parts: Parts) -> Parts:
    """51栋海西电商科技园716室: words between building and room."""
    if not tokens or len(tokens[-1].values) > 1:
        return parts
    last = tokens[-1]
    bare = last.kind is None and len(last.value) > 2 and last.end >= len(plain) - 2
    others = any(token.kind in ("building", "number", "lane") for token in tokens)
    return replace(parts, room=last.value) if (last.kind == "room" or bare) and not others else parts


def _room(token: Token, following: Token | None, parts: Parts) -> Parts:
    values = token.values
    if len(values) == 2 and _is_range(*values):
        return replace(parts, room="-".join(values))
    if len(values) > 1 and len(values[-2]) > 2 and values[-2].isdigit():
        return replace(parts, room="-".join(values[-2:]))
    if len(values) > 1 and len(values[-1]) < 2 and parts.unit is None:
        return parts
    if len(values) > 1:
        return replace(parts, unit=values[-2], room=values[-1]) if parts.unit is None else replace(parts, room="-".join(values))
    if token.kind == "number" and following is not None and following.start - token.end <= 1 and parts.unit is None:
        if following.kind in (None, "room"):
            return replace(parts, unit=token.value, room=following.value)
        if following.kind == "floor":
            return replace(parts, unit=token.value, floor=following.value)
    if token.kind != "room" and len(token.value) < 3 and parts.unit is None and parts.floor is None:
        return parts  # 5幢9号, 129栋9: a unit or a room
    return replace(parts, room=token.value)


def _with_street(text: str, plain: str, tokens: Sequence[Token], parts: Parts) -> Address:
    lane = number = None
    for token in tokens:
        if token.start >= parts.start:
            break
        if token.kind == "lane":
            lane = token.value
        elif token.kind == "number":
            number = "-".join(token.values)
    head = plain[: parts.start].strip("_-")
    return Address(text, head, lane, number, parts.building, parts.unit, parts.floor, parts.room)


def _is_street(plain: str, token: Token) -> bool:
    """Whether the value stands right behind a road, lane or village: then it is its number."""
    return bool(_STREET_END.search(plain[max(0, token.start - 6) : token.start].rstrip("_-")))


def _is_range(first: str, second: str) -> bool:
    """267-268, 021-023 and 2311-2312 are a range of rooms."""
    one, other = first.lstrip("ABCDEFGH"), second.lstrip("ABCDEFGH")
    return one.isdigit() and other.isdigit() and len(one) == len(other) > 1 and 0 < int(other) - int(one) <= 20


_RULES = (_by_building, _by_unit, _by_dashes, _by_number, _by_joined, _by_room)
