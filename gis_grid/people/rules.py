"""Resident identity numbers (GB 11643-1999) and phones; pure.

The check is length, digits, a real date and ISO 7064 MOD 11-2. An area code nobody knows is no fault: counties come and
go, and people keep the number they were given.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from gis_grid.sealed import normal

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
OLDEST_YEARS = 130
HEAD = "02"  # GB/T 4761: head of the household


@dataclass(frozen=True)
class IdNumber:
    """What a number says. `warning` is something odd that is no fault."""

    number: str
    birth_date: date
    sex: str
    warning: str | None = None


def check_digit(first17: str) -> str:
    """The 18th character."""
    return _CHECKS[sum(int(digit) * weight for digit, weight in zip(first17, _WEIGHTS, strict=True)) % 11]


def read_id_number(text: str, today: date) -> IdNumber:
    """What an 18-digit number says; 15-digit numbers are read too and kept as they are. ValueError tells the fault."""
    number = normal(text)
    if re.fullmatch(r"[0-9]{15}", number):
        return _told(number, "19" + number[6:12], number[14], today, warning="15 位旧号码，未作换算")
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number):
        raise ValueError("身份证号码应为 18 位：17 位数字加 1 位数字或 X")
    if check_digit(number[:17]) != number[17]:
        raise ValueError("身份证号码校验位不对，请核对是否抄错")
    return _told(number, number[6:14], number[16], today)


def _told(number: str, born: str, order: str, today: date, warning: str | None = None) -> IdNumber:
    birth = _real_date(born, today)
    if today.year - birth.year > OLDEST_YEARS:
        warning = f"按号码已超过 {OLDEST_YEARS} 岁，请核对"
    return IdNumber(number, birth, "1" if int(order) % 2 else "2", warning)


def _real_date(text: str, today: date) -> date:
    try:
        birth = date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        raise ValueError(f"身份证号码中的出生日期 {text} 不存在") from None
    if birth > today:
        raise ValueError(f"身份证号码中的出生日期 {text} 在将来")
    if birth.year < 1800:
        raise ValueError(f"身份证号码中的出生日期 {text} 过早")
    return birth


def birth_fault(birth: date, today: date) -> str | None:
    """None for a day a living person can be born on, otherwise the sentence to show."""
    if birth > today:
        return f"出生日期 {birth} 在将来"
    if today.year - birth.year > OLDEST_YEARS + 20:
        return f"出生日期 {birth} 距今超过 {OLDEST_YEARS + 20} 年，请核对"
    return None


def day_fault(day: date, today: date) -> str | None:
    """None for a day something can have happened on, otherwise the sentence to show."""
    if day > today:
        return f"日期 {day} 在将来：请在发生之后登记"
    return f"日期 {day} 过早，请核对" if day.year < 1950 else None


def heads_fault(relations: Collection[str | None]) -> str | None:
    """None when exactly one of these is the head (02), otherwise the sentence to show."""
    heads = sum(relation == HEAD for relation in relations)
    if heads == 1:
        return None
    return "须有且只有一位户主（与户主关系为 02）；" + ("现在没有户主" if not heads else f"现在有 {heads} 位")


def phone_fault(text: str) -> str | None:
    """None for what can be a phone number: 5-20 digits, perhaps with +, - and blanks."""
    return None if re.fullmatch(r"\+?[0-9]{5,20}", normal(text)) else "电话号码应为 5-20 位数字"
