"""Sheets as offices send them, into a small estate of two buildings."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from gis_grid.buildings.models import Estate
from gis_grid.imports.actions import run_import
from gis_grid.imports.offers import Options
from gis_grid.people.rules import check_digit
from tests.factories import GRID_1, GRID_2, make_building, make_room, make_town, make_unit


def id_number(order: int, born: str = "19900101") -> str:
    """A good identity number; odd orders are men."""
    first = f"500103{born}{order:03d}"
    return first + check_digit(first)


@pytest.fixture
def estate(session, dictionary) -> dict[str, int]:
    """阳光家园 3幢 in the first grid, 桃源华庭 3幢 in the second; the rooms' ids."""
    make_town()
    rooms = {}
    for column, name in enumerate(("阳光家园", "桃源华庭")):
        made = Estate(code=f"E{column}", name=name, area_code=(GRID_1, GRID_2)[column], placed_by="inside")
        session.add(made)
        session.flush()
        unit = make_unit(make_building(column, f"B{column}", name="3幢", estate_id=made.id))
        for number in ("101", "102", "201"):
            rooms[f"{name}{number}"] = make_room(unit, number).id
    return rooms


@pytest.fixture
def dictionary(session) -> None:
    """The code tables that ship with the service."""
    from gis_grid.dictionary import load_dictionary

    load_dictionary()
    session.flush()


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """write(rows, name=, sheet=): an .xlsx or .csv of rows, the first of which is the header."""

    def make(rows: list[list[Any]], name: str = "a.xlsx", sheet: str = "Sheet1", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        if path.suffix == ".csv":
            with path.open("w", encoding=encoding, newline="") as file:
                csv.writer(file).writerows(rows)
            return path
        with xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd"}) as book:
            page = book.add_worksheet(sheet)
            for i, row in enumerate(rows):
                page.write_row(i, 0, row)
        return path

    return make


@pytest.fixture
def load(session, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """load(kind, path, **options): the report of an import."""

    def run(kind: str, path: Path, **options: Any) -> dict[str, Any]:
        return run_import(kind, path, path.name, Options(**options), tmp_path / "remarks.csv", lambda done, total: None)

    return run
