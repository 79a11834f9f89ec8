"""How a cell that people typed becomes a value: dates in all Chinese forms, codes by name or synonym, numbers Excel spoilt."""

from __future__ import annotations

import csv
import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

_DIGITS = {char: str(value) for value, chars in enumerate(("〇零○", *"一二三四五六七八九")) for char in chars}
_SERIAL = date(1899, 12, 30)  # day 0 of Excel's calendar (its 1900 is no leap year, but nobody was born before March 1900)
_OLDEST, _LATEST = 1850, 2200
_WHOLE_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T ]?\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?")
_MONTH = re.compile(r"\d{4}[-/.年]\d{1,2}月?")
_CODE_BEFORE = re.compile(r"^[0-9]{1,3}[-.、:_ ]*(?=[一-龥A-Za-z])")
_ENDINGS = ("族", "教育", "毕业", "户口", "房", "户", "人员", "证")
_NEUTRALISED = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # our own sheets put a quote before these
_CHINESE = re.compile("[一-龥]")
_WIDE = {ord("　"): " ", **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F) if chr(code - 0xFEE0).isalnum()}}
_NOTHING = ("无", "没有", "暂无", "不详", "未知", "不清楚", "无号码", "NULL", "N/A")
_AMOUNT = re.compile(r"(-?\d+(?:\.\d+)?)(万)?(?:元|平方米|平方|平米|平|M2|M|米|层|楼|户|间|个|人)?")
_BELOW = re.compile(r"(?:负|地下|B)(\d{1,2})(?:层|楼)?")
EXACT_INTEGER = 10**15  # beyond this a spreadsheet's number has lost digits


def plain_text(cell: Any) -> str:
    """A cell as text to be compared: whole numbers without .0, full-width as half-width, no blanks at the ends."""
    return _unquoted(unicodedata.normalize("NFKC", _written(cell)).strip())


def kept_text(cell: Any) -> str:
    """A cell as text to be kept: as plain_text, but what is written in Chinese keeps its own punctuation: 物业（代管）."""
    text = _written(cell)
    return _unquoted(text.translate(_WIDE).strip()) if _CHINESE.search(text) else plain_text(cell)


def _written(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < EXACT_INTEGER:
        cell = int(cell)
    return (str(cell) if not isinstance(cell, datetime) else cell.isoformat(sep=" ")).replace("\x00", "")


def _unquoted(text: str) -> str:
    return text[1:] if text[:1] == "'" and text[1:2] in _NEUTRALISED else text


def is_blank(cell: Any) -> bool:
    """Nothing, blanks, or one of the signs people put for nothing."""
    return cell is None or cell == "" or (isinstance(cell, str) and cell.strip() in ("", "-", "—", "/", "\\", "无数据"))


def is_nothing(cell: Any) -> bool:
    """Words for nothing where a number or a day should stand; elsewhere they may be meant (political: 无)."""
    return isinstance(cell, str) and plain_text(cell) in _NOTHING


def to_amount(cell: Any) -> Any:
    """A number as people write it with its unit, for floors, areas and money: 89.5㎡, 12.5万元, 1,250, 3层, 负1层, B1."""
    if not isinstance(cell, str):
        return cell
    text = plain_text(cell).replace(",", "").replace(" ", "").upper()
    if found := _BELOW.fullmatch(text):
        return -int(found[1])
    found = _AMOUNT.fullmatch(text)
    if found is None:
        return text
    return float(found[1]) * (10_000 if found[2] else 1)


def to_day(cell: Any) -> date:
    """The day a cell tells: 2020-1-5, 2020.01.05, 20200105, 2020年1月5日, 二〇二〇年一月五日, or Excel's number of a day."""
    if isinstance(cell, datetime):
        return _believable(cell.date())
    if isinstance(cell, date):
        return _believable(cell)
    if isinstance(cell, float | int) and not isinstance(cell, bool):
        return _from_number(cell)
    text = _with_digits(plain_text(cell))
    if found := _WHOLE_DATE.fullmatch(text):
        return _real(*map(int, found.groups()))
    if re.fullmatch(r"\d{8}", text):
        return _real(int(text[:4]), int(text[4:6]), int(text[6:]))
    if re.fullmatch(r"\d{5}", text):
        return _from_number(int(text))
    if _MONTH.fullmatch(text) or re.fullmatch(r"\d{6}", text):
        raise ValueError("只有年月，缺少日，如 2020-01-05")
    if re.fullmatch(r"\d{2}[-/.年]\d{1,2}[-/.月]\d{1,2}日?", text):
        raise ValueError("年份须写四位，如 1990-01-05")
    raise ValueError("不是可识别的日期，如 2020-01-05、2020年1月5日")


def _from_number(number: float) -> date:
    if float(number).is_integer() and 1_850_01_01 <= number <= 2_200_12_31:
        text = str(int(number))
        return _real(int(text[:4]), int(text[4:6]), int(text[6:]))
    if 61 <= number <= 109_574:  # 1900-03-01 to 2199-12-31
        return _SERIAL + timedelta(days=int(number))
    raise ValueError("不是可识别的日期，如 2020-01-05")


def _with_digits(text: str) -> str:
    """二〇二〇年十一月二十五日 with digits."""
    if not set(text) & set(_DIGITS):
        return text
    parts = re.split(r"(年|月|日)", text)
    return "".join(part if part in "年月日" else _numeral(part) for part in parts if part)


def _numeral(text: str) -> str:
    if "十" in text and set(text) <= {*_DIGITS, "十"}:
        tens, _, ones = text.partition("十")
        return str(int(_DIGITS.get(tens, "1")) * 10 + int(_DIGITS.get(ones, "0")))
    return "".join(_DIGITS.get(char, char) for char in text)


def _real(year: int, month: int, day: int) -> date:
    try:
        return _believable(date(year, month, day))
    except ValueError as fault:
        raise ValueError(str(fault) if "年份" in str(fault) else f"{year}-{month}-{day} 这一天不存在") from None


def _believable(day: date) -> date:
    if not _OLDEST <= day.year <= _LATEST:
        raise ValueError("年份应在 1850 到 2200 之间")
    return day


def to_number_text(cell: Any) -> str:
    """An identity or phone number as typed. A number that Excel turned into 5.00E+17 has lost its last digits: refused."""
    if isinstance(cell, float) and abs(cell) >= EXACT_INTEGER:
        raise ValueError("被 Excel 存成了数字，末几位已丢失：请把该列设为“文本”格式后重新填写")
    text = plain_text(cell).lstrip("'").replace(" ", "")
    if re.fullmatch(r"[0-9](?:\.[0-9]+)?E\+?[0-9]{1,2}", text.upper()):
        raise ValueError("是 Excel 的科学计数（如 5.00E+17），末几位已丢失：请把该列设为“文本”格式后重新填写")
    return text


def to_degrees(cell: Any) -> float:
    """A longitude or latitude (or easting, northing): 106.5516291."""
    try:
        number = float(plain_text(cell).rstrip("°度"))
    except ValueError:
        raise ValueError("不是坐标，应为十进制度，如 106.5516291") from None
    if not math.isfinite(number):
        raise ValueError("不是坐标，应为十进制度，如 106.5516291")
    return number


class Codes:
    """One code table as people write it: code, name, name without its ending, known synonyms, 1户主, 01-汉族."""

    def __init__(self, list_name: str, names: Mapping[str, str], own: Mapping[str, Sequence[str]] | None = None) -> None:
        self._known: dict[str, str] = {}
        for code, name in names.items():
            for ending in _ENDINGS:
                if name.endswith(ending) and len(name) > len(ending):
                    self._known.setdefault(name.removesuffix(ending).upper(), code)
        for code, name in names.items():
            self._known[name.upper()] = code
        for code, words in [*synonyms().get(list_name, ()), *(own or {}).items()]:
            if code in names:
                self._known.update(dict.fromkeys((word.upper() for word in words), code))
        self._known.update({code.upper(): code for code in names})
        self._width = max((len(code) for code in names if code.isdigit()), default=0)

    def find(self, cell: Any) -> str | None:
        """The code a cell means, or None."""
        text = plain_text(cell).upper()
        for said in (text, _CODE_BEFORE.sub("", text), text.zfill(self._width) if text.isdigit() else text):
            if said in self._known:
                return self._known[said]
        return next((self._known[text.removesuffix(end)] for end in _ENDINGS if text.removesuffix(end) in self._known), None)


@cache
def synonyms() -> dict[str, list[tuple[str, list[str]]]]:
    """list -> (code, words) from synonyms.csv."""
    found: dict[str, list[tuple[str, list[str]]]] = {}
    with (Path(__file__).parent / "synonyms.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["list"], []).append((row["code"], row["words"].split()))
    return found
