"""Files as Excel writes them: its own Unicode text, merged cells above the table and in its header."""

from __future__ import annotations

import pytest
import xlsxwriter

from gis_grid.errors import Invalid


def test_text_as_excel_calls_unicode_is_read(load, estate, tmp_path) -> None:
    path = tmp_path / "u.txt"
    path.write_text("姓名\t住址\n王小明\t阳光家园3-1-101\n", encoding="utf-16")
    assert load("residents", path)["inserted"] == 1


def test_merged_header_cells_are_refused_a_merged_title_above_is_not(load, estate, tmp_path) -> None:
    for first, code in ((0, "merged_header"), (1, None)):
        path = tmp_path / f"m{first}.xlsx"
        with xlsxwriter.Workbook(str(path)) as book:
            page = book.add_worksheet()
            page.merge_range(0, 0, 0, 1, "姓名" if first == 0 else "人口登记表")
            page.write_row(first, 2 if first == 0 else 0, ["住址"] if first == 0 else ["姓名", "住址"])
            page.write_row(first + 1, 0, ["王", "阳光家园3-1-101"])
        if code is None:
            assert load("residents", path)["inserted"] == 1
            continue
        with pytest.raises(Invalid) as refused:
            load("residents", path)
        assert refused.value.code == code
