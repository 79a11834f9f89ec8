"""How Chinese addresses are spelt: one form for digits, dashes, marks and frequent typing errors; values with their marks."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

MOST_CHARS = 500
_SPELLINGS = ("零〇○", "一壹", "二贰两", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖")
_DIGITS = {char: value for value, chars in enumerate(_SPELLINGS) for char in chars}
_NUMERALS = "".join(_DIGITS) + "十拾百"
_STEMS = "甲乙丙丁戊己庚辛壬癸"
_SIDES = "东西南北中"
_TYPOS = tuple(
    (wrong, right)
    for right, all_wrong in (
        ("栋", "懂 動 棟"),
        ("幢", "橦 憧 撞 偅"),
        ("单元", "單元 单园 单无"),
        ("号楼", "号摟 号搂"),
        ("号", "號"),
        ("楼", "樓"),
        ("层", "层楼"),
    )
    for wrong in all_wrong.split()
)
_MARKS = (
    ("building", ("号楼", "号写字楼", "栋楼", "幢楼", "号栋", "号幢", "栋", "幢", "座", "塔楼", "排", "#楼", "#")),
    ("unit", ("号单元", "单元", "梯", "单")),
    ("floor", ("层", "楼", "F")),
    ("room", ("号室", "号房", "室", "房", "户")),
    ("lane", ("弄", "巷", "胡同", "支弄")),
    ("number", ("号",)),
)
_DOOR = r"门(?=\d)"  # 1门102; 东门, 3号门 are none
_KIND = {mark: kind for kind, marks in _MARKS for mark in marks} | {"门": "unit"}
_MARK = "|".join([*sorted((re.escape(mark) for mark in _KIND if mark != "门"), key=len, reverse=True), _DOOR])
_NOT_A_MARK = r"(?!座山|单位|户外|房[产地屋管东]|号房[产地屋管东]|层次|巷口|座谈|梯队|座椅|楼盘)"
_WHOLE = r"(?:负|(?<![A-Z])[A-Z]{1,2})?\d+(?:[A-EG-Z](?![A-Z]))?"  # F is a floor
_VALUE = rf"(?:{_WHOLE}|(?<![A-Z])[A-Z]{{1,2}}(?=-\d|{_MARK})|[{_STEMS}](?=-|{_MARK}))"
_DASH = "-"
_TOKEN = re.compile(
    rf"(?P<first>{_VALUE})(?P<more>(?:{_DASH}+(?:{_WHOLE}|[A-Z](?![A-Z])))*)(?:{_NOT_A_MARK}(?P<mark>{_MARK}))?"
    rf"|(?<=[^{_SIDES}])(?P<side>[{_SIDES}])(?P<block>座|幢|栋)"
)
_SPACE = re.compile(r"\s+|[,，。;；、:：·.'\"“”‘’()（）\[\]【】<>《》]+")
_INNER_SPACE = re.compile(r"(?<=[0-9A-Z])\s+(?=[一-龥])|(?<=[一-龥])\s+(?=[0-9A-Z])")
_ONE_DASH = re.compile(r"[‐‑‒–—―−－~～﹣_/\\]+|-{2,}")
_BETWEEN = re.compile(r"(?<=[0-9A-Z])一(?=[0-9A-Z])")
_SPELT = re.compile(rf"([{_NUMERALS}]+)(?=号|栋|幢|座|单元|{_DOOR}|层|楼|室|弄|排|-)")
_AFTER_MARK = re.compile(rf"(?<=[栋幢座元楼层号\-])([{_NUMERALS}]{{3,6}}|[{_NUMERALS}]{{1,2}}$)")
_MIXED = re.compile(rf"(?<=[{''.join(_DIGITS)}])0(?=[{''.join(_DIGITS)}])")  # 三0一
_ZERO = re.compile(r"(?<=[0-9])O(?=[0-9])")
_ORDINAL = re.compile(r"第(?=[0-9A-Z])")
_NOT_ROOM_AFTER = re.compile(
    r"^(?:米|公里|M\b|路|国道|省道|县道|大街|街|线|区|期|组|社|村|年|月|日|元|克|店|\+|人|号线|号库|D打印|S店|队|号门)"
)


@dataclass(frozen=True)
class Token:
    """A value with its mark ("3幢"), or several joined by dashes ("3-2-501")."""

    values: tuple[str, ...]
    kind: str | None  # building, unit, floor, room, lane, number; None without a mark
    start: int
    end: int

    @property
    def value(self) -> str:
        return self.values[-1]


def normal(text: str) -> str:
    """Half-width, upper case, one kind of dash, no blanks; numerals before a mark as digits: 十二幢 is 12幢."""
    plain = unicodedata.normalize("NFKC", text[:MOST_CHARS]).upper()
    plain = _ONE_DASH.sub("-", plain)
    plain = _SPACE.sub("_", _INNER_SPACE.sub("", plain))
    for wrong, right in _TYPOS:
        if wrong in plain:
            plain = re.sub(rf"(?<=[0-9A-Z{_NUMERALS}])" + wrong, right, plain) if len(wrong) == 1 else plain.replace(wrong, right)
    plain = _MIXED.sub("〇", _ZERO.sub("0", _BETWEEN.sub("-", plain)))
    plain = _SPELT.sub(lambda found: _apart(plain, found) + _number(found[1]), plain)
    plain = _AFTER_MARK.sub(lambda found: _number(found[1]), plain)
    return _ORDINAL.sub("", plain)


def _apart(plain: str, found: re.Match[str]) -> str:
    """1506九楼 is room 1506 on floor 9, not 15069."""
    return "_" if found.start() and plain[found.start() - 1].isdigit() else ""


def _number(numeral: str) -> str:
    """十二 and 一二 are 12, 六零五 is 605."""
    if not set(numeral) & set("十拾百"):
        return "".join(str(_DIGITS[char]) for char in numeral)
    total, digit = 0, None
    for char in numeral:
        if char in "十拾百":
            total += (100 if char == "百" else 10) * (1 if digit is None else digit)
            digit = 0
        else:
            digit = _DIGITS[char]
    return str(total + (digit or 0))


def same_part(one: str | None, other: str | None) -> bool:
    """3幢, 3号楼, 03 and 3 are the same."""
    return plain_part(one) == plain_part(other)


@lru_cache(maxsize=50_000)
def plain_part(text: str | None) -> str | None:
    """A part without its mark and leading zeros: "3号楼" and "三幢" are "3"; None for nothing."""
    if not text:
        return None
    plain = normal(text).strip("_-")
    bare = re.sub(rf"(?:{_MARK}|#)+$", "", plain) or plain
    bare = _number(bare) if bare and set(bare) <= set(_NUMERALS) else bare
    return re.sub(r"(?<![0-9])0+(?=[0-9])", "", bare)


def tokens_of(plain: str) -> list[Token]:
    """The values of a normal text in their order."""
    found = []
    for match in _TOKEN.finditer(plain):
        if match["side"]:
            found.append(Token((match["side"],), "building", match.start(), match.end()))
            continue
        if not match["mark"] and _NOT_ROOM_AFTER.match(plain[match.end() :]):
            continue
        values = (match["first"], *(part for part in re.split(_DASH, match["more"]) if part))
        kind = _KIND.get(match["mark"] or "")
        kind = "building" if kind == "floor" and values[-1].isalpha() else kind  # A楼
        found.append(Token(values, kind, match.start(), match.end()))
    return found
