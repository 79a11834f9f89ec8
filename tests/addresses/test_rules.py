"""Reading addresses: the forms people write, and what is left out rather than guessed."""

from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis_grid.addresses.rules import read_address
from gis_grid.addresses.spelling import normal, plain_part, same_part
from tests.conftest import DATA

LABELS = {"houseno": "building", "cellno": "unit", "roomno": "room"}
CORPUS = DATA / "addresses_cn_ner" / "dev.jsonl.gz"


@pytest.mark.parametrize(
    ("text", "building", "unit", "room"),
    [
        ("幸福路12号阳光小区3幢2单元501室", "3", "2", "501"),
        ("阳光小区3号楼2单元501", "3", "2", "501"),
        ("阳光小区 3 栋 501", "3", None, "501"),
        ("阳光小区3-2-501", "3", "2", "501"),
        ("阳光小区３－２－５０１室", "3", "2", "501"),
        ("阳光小区3一2一501", "3", "2", "501"),
        ("阳光小区十二幢三单元六零五", "12", "3", "605"),
        ("阳光小区8座1门102", "8", "1", "102"),
        ("阳光小区8号楼三门502室", "8", "3", "502"),
        ("阳光小区第二十三栋1208号", "23", None, "1208"),
        ("阳光小区3懂2单园501", "3", "2", "501"),
        ("阳光小区甲幢501", "甲", None, "501"),
        ("星河大厦B座1203室", "B", None, "1203"),
        ("星河大厦b座12层1203", "B", None, "1203"),
        ("人民路88弄12号501室", "12", None, "501"),
        ("阳光小区12号301室", "12", None, "301"),
        ("阳光小区9号楼3-42", "9", "3", "42"),
        ("阳光小区5-1204", "5", None, "1204"),
        ("人民路66-5-2-301", "5", "2", "301"),
        ("阳光小区121号6单元1404", "121", "6", "1404"),
        ("创意园A5-11-399", "A5", "11", "399"),
        ("阳光小区9单元8栋1256", "8", "9", "1256"),
        ("阳光小区26-1栋2单元101", "26-1", "2", "101"),
    ],
)
def test_the_usual_forms_are_read(text: str, building: str, unit: str | None, room: str) -> None:
    found = read_address(text)
    assert (found.building, found.unit, found.room) == (building, unit, room)


@pytest.mark.parametrize(
    ("text", "room"),
    [
        ("幸福路12号", None),
        ("幸福路12-18号", None),  # a range of street numbers
        ("幸福路12号星河大厦1203室", "1203"),
        ("幸福路12号1203室", "1203"),
        ("星河大厦A489", None),  # building A or room A489
        ("320国道旁100米", None),
        ("", None),
        ("💥\x00路-弄-号", None),
    ],
)
def test_what_is_not_said_is_not_guessed(text: str, room: str | None) -> None:
    found = read_address(text)
    assert (found.building, found.unit, found.room) == (None, None, room)


def test_a_building_with_a_number_behind_it_is_a_unit_or_a_room_and_left_open() -> None:
    found = read_address("阳光小区5幢9号")
    assert (found.building, found.unit, found.room) == ("5", None, None)


def test_street_lane_and_head_are_told() -> None:
    found = read_address("桐花街道人民路88弄12号501室")
    assert (found.lane, found.head) == ("88", "桐花街道人民路88弄")
    assert read_address("幸福路12号阳光小区3幢501").number == "12"


def test_different_spellings_are_the_same_part() -> None:
    assert same_part("3幢", "3号楼")
    assert same_part("三栋", "03")
    assert not same_part("3幢", "13幢")
    assert plain_part(None) is None
    assert plain_part("一百零八号") == "108"
    assert normal("１５０６九楼") == "1506_9楼"


@given(st.text(max_size=120))
def test_no_text_breaks_it(text: str) -> None:
    read_address(text)


@given(st.lists(st.sampled_from("一二三十百零甲A9幢栋号楼单元室-－层弄路()区 "), max_size=60).map("".join))
def test_no_address_like_text_breaks_it(text: str) -> None:
    read_address(text)


@pytest.mark.skipif(not CORPUS.is_file(), reason="the annotated addresses are not here")
def test_annotated_addresses_are_read_as_the_issue_asks() -> None:
    rows = [json.loads(line) for line in gzip.decompress(CORPUS.read_bytes()).splitlines()]
    right = both = wrong = others = 0
    for row in rows:
        wanted: dict[str, set[str | None]] = {}
        for label, text in row["entities"]:
            if label in LABELS:
                wanted.setdefault(LABELS[label], set()).add(plain_part(text))
        found = read_address(row["text"])
        parts = {name: plain_part(getattr(found, name)) for name in LABELS.values()}
        if {"building", "room"} <= wanted.keys():
            both += 1
            right += all(parts[name] in values for name, values in wanted.items())
        else:
            others += 1
            wrong += any(part and part not in wanted.get(name, ()) for name, part in parts.items())
    assert right / both >= 0.90
    assert wrong / others < 0.03
