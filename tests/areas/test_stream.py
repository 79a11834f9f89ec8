"""CSV in, CSV out: as many points as one likes, row by row, nothing lost."""

from __future__ import annotations

import pytest

from tests.conftest import problem
from tests.factories import GRID_1, GRID_2, make_town, middle


@pytest.fixture
def post(client, bearer, session):
    make_town()
    headers = bearer(["areas.read"])
    return lambda body, query="": client.post(f"/api/locate/stream{query}", data=body, content_type="text/csv", headers=headers)


def test_more_than_a_hundred_thousand(post) -> None:
    lines = "".join("{},{}\n".format(*middle(n % 2)) for n in range(250_000))
    answer = post("lon,lat\n" + lines)
    rows = answer.text.splitlines()
    assert (answer.status_code, len(rows)) == (200, 250_001)
    assert rows[0] == "lon,lat,code,placed_by"
    assert rows[1] == "{},{},{},inside".format(*middle(0), GRID_1)
    assert rows[-1].endswith(f"{GRID_2},inside")


def test_rows_that_are_no_numbers_are_told_in_their_place(post) -> None:
    answer = post('name,lon,lat\n甲,{},{}\n乙,"x,y",2\n丙,,\n丁,1,1\n'.format(*middle(0)))
    assert [row.split(",")[-2:] for row in answer.text.splitlines()[1:]] == [
        [GRID_1, "inside"],
        ["", "bad"],
        ["", "bad"],
        ["", "unplaced"],
    ]


@pytest.mark.parametrize("body", [b"", b"a,b\n1,2\n", b"\xff\xfe\x00"])
def test_what_is_no_csv_is_refused(post, body: bytes) -> None:
    answer = post(body)
    assert (answer.status_code, problem(answer)["code"]) == (400, "bad_csv")


def test_another_datum(post) -> None:
    from gis_grid.geo import crs

    lon, lat = crs.from_stored([middle(1)[0]], [middle(1)[1]], "gcj02")
    assert GRID_2 in post(f"lon,lat\n{lon[0]},{lat[0]}\n", "?crs=gcj02").text
    assert problem(post("lon,lat\n1,2\n", "?crs=mars"))["code"] == "unknown_crs"
