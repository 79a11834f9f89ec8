"""Identity numbers: GB 11643 by the book, with the vectors."""

from __future__ import annotations

import csv
from datetime import date

import pytest

from gis_grid.people.rules import phone_fault, read_id_number
from tests.conftest import VECTORS

TODAY = date(2026, 1, 1)


@pytest.mark.skipif(not VECTORS.exists(), reason="the shared vectors are not here")
def test_the_vectors() -> None:
    with (VECTORS / "id_numbers.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] in ("ric18", "hkmt_residence", "foreign_pr_new")]
    for row in rows:
        try:
            number = read_id_number(row["input"], TODAY).number
        except ValueError:
            number = None
        assert (number is not None) == (row["valid"] == "1"), row
        if number:
            assert number == (row["expected_normalised"] or row["input"])


def test_what_a_number_says() -> None:
    told = read_id_number("11010519491231002x", TODAY)
    assert (told.number, told.birth_date, told.sex, told.warning) == ("11010519491231002X", date(1949, 12, 31), "2", None)


def test_a_county_made_later_is_no_fault() -> None:
    assert read_id_number("50010319000101001X", TODAY).birth_date == date(1900, 1, 1)


def test_a_fifteen_digit_number_is_kept_as_it_is() -> None:
    told = read_id_number("110105491231002", TODAY)
    assert told.number == "110105491231002"
    assert told.warning


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        ("360426199101010072", "校验位"),
        ("620105190002290025", "出生日期"),
        ("12345", "18 位"),
        ("11010520991231003X", "校验位|将来"),
    ],
)
def test_faults_in_words(number: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        read_id_number(number, TODAY)


def test_phones() -> None:
    assert phone_fault("+86 135-1234-5577") is None
    assert phone_fault("拨打我")
