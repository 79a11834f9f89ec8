"""What of a person a typed text may be."""

from __future__ import annotations

import pytest

from gis_grid.maps.typed import Person, people_meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("王小明", [Person("name", "王小明")]),
        ("wxm", [Person("initials", "wxm")]),
        ("138 0000 0001", [Person("phone", "13800000001")]),
        ("5577", [Person("phone_tail", "5577"), Person("id_tail", "5577")]),
        ("123x", [Person("id_tail", "123X")]),
        ("尾号 5577", [Person("phone_tail", "5577"), Person("id_tail", "5577")]),
        ("手机尾号5577", [Person("phone_tail", "5577")]),
        ("身份证后四位：123x", [Person("id_tail", "123X")]),
        ("557", []),
        ("1幢", []),
    ],
)
def test_what_of_a_person_a_text_may_be(text: str, meant: list[Person]) -> None:
    assert people_meant(text) == meant
