"""Cells as people type them: dates, codes, numbers that Excel spoilt."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from gis_grid.sheets.cells import Codes, is_blank, kept_text, plain_text, to_amount, to_day, to_number_text


@pytest.mark.parametrize(
    "cell",
    [
        "1990-1-5",
        "1990/01/05",
        "1990.1.5",
        "19900105",
        19900105.0,
        "1990年1月5日",
        "一九九〇年一月五日",
        "１９９０－０１－０５",
        "1990-01-05 00:00:00",
        datetime(1990, 1, 5),
        date(1990, 1, 5),
        32878.0,
        "32878",
    ],
)
def test_every_form_of_a_day_is_read(cell) -> None:
    assert to_day(cell) == date(1990, 1, 5)


def test_numerals_with_ten_are_read() -> None:
    assert to_day("二〇二〇年十一月二十五日") == date(2020, 11, 25)
    assert to_day("二零二零年十二月三十日") == date(2020, 12, 30)


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        ("1990-02-30", "不存在"),
        ("1990年5月", "缺少日"),
        ("199005", "缺少日"),
        ("90-1-5", "四位"),
        ("3000-01-01", "1850 到 2200"),
        ("去年", "不是可识别的日期"),
        (7.0, "不是可识别的日期"),
    ],
)
def test_what_is_no_day_is_told(cell, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        to_day(cell)


@pytest.mark.parametrize("cell", [500103199001010019.0, "5.00103E+17", "5.00103e17"])
def test_an_identity_number_that_excel_made_a_number_is_refused(cell) -> None:
    with pytest.raises(ValueError, match="末几位已丢失"):
        to_number_text(cell)


def test_numbers_that_are_exact_stay() -> None:
    assert to_number_text(13800000000.0) == "13800000000"
    assert to_number_text(500103900101001.0) == "500103900101001"
    assert to_number_text("'50010319900101001X") == "50010319900101001X"


def test_codes_are_known_by_code_name_ending_and_synonym() -> None:
    ethnic = Codes("ethnic", {"01": "汉族", "03": "回族"})
    assert [ethnic.find(cell) for cell in ("01", 1.0, "1", "汉族", "汉", "01-汉族", "０１汉族", "火星")] == ["01"] * 7 + [None]
    relation = Codes("relation", {"02": "户主", "12": "妻", "20": "子"})
    assert [relation.find(cell) for cell in ("1户主", "户主", "老婆", "儿子")] == ["02", "02", "12", "20"]


def test_signs_for_nothing_are_blank() -> None:
    assert all(is_blank(cell) for cell in (None, "", "  ", "-", "/", "无数据"))
    assert not is_blank(0)
    assert plain_text(3.0) == "3"
    assert plain_text("'=1+1") == "=1+1"


@pytest.mark.parametrize(
    ("cell", "kept"),
    [
        ("演示物业（虚构），二期 ", "演示物业（虚构），二期"),
        ("Ａ座１２号　东门", "A座12号 东门"),
        ("ＪＨ－００１", "JH-001"),  # a number, not a sentence
        (12.0, "12"),
        ("'＝甲", "＝甲"),
    ],
)
def test_chinese_text_keeps_its_punctuation(cell, kept: str) -> None:
    assert kept_text(cell) == kept


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        *(("89.5㎡", 89.5), ("88 平方米", 88), ("12.5万", 125_000), ("1,250元", 1_250), ("１２", 12), ("-1", -1)),
        *(("18层", 18), ("负1层", -1), ("地下2层", -2), ("b1", -1), (7, 7), ("约90", "约90"), ("3-5", "3-5")),
    ],
)
def test_numbers_are_read_with_their_units(cell, amount) -> None:
    assert to_amount(cell) == amount
