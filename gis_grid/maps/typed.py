"""What of a person a text typed into the search may be: a name, its initials, a number or the end of one; pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

TAIL = 4
_TAIL_OF = {"手机": ("phone_tail",), "电话": ("phone_tail",), "身份证": ("id_tail",), "证件": ("id_tail",)}
_TAIL_SAID = re.compile(r"(手机|电话|身份证|证件)?号?码?(?:尾号|后4位|后四位)是?[:：]?(\d{3}[\dX])")


@dataclass(frozen=True)
class Person:
    """By what a text may find residents: one of name, initials, phone, id_number (whole), phone_tail, id_tail."""

    by: str
    value: str


def people_meant(text: str) -> list[Person]:
    """What of a person the text may be; letters are initials, Chinese characters a name or its beginning."""
    plain = unicodedata.normalize("NFKC", text).upper().replace(" ", "")
    if re.fullmatch(r"[㐀-鿿·]{1,15}", plain):
        return [Person("name", plain)]
    if re.fullmatch(r"[A-Z]{2,6}", plain):
        return [Person("initials", plain.lower())]
    if re.fullmatch(r"1\d{10}", plain):
        return [Person("phone", plain)]
    if re.fullmatch(r"\d{17}[\dX]|\d{15}", plain):
        return [Person("id_number", plain)]
    said = _TAIL_SAID.fullmatch(plain)
    if said:  # 尾号1234, 身份证后四位 123X
        ways = _TAIL_OF.get(said[1] or "", ("phone_tail", "id_tail"))
        return [Person(by, said[2]) for by in ways if by == "id_tail" or said[2].isdigit()]
    if re.fullmatch(rf"\d{{{TAIL}}}", plain):
        return [Person("phone_tail", plain), Person("id_tail", plain)]
    if re.fullmatch(rf"\d{{{TAIL - 1}}}X", plain):
        return [Person("id_tail", plain)]
    return []
