"""Locate over HTTP: one point, many points, bad input."""

from __future__ import annotations

from datetime import date

import pytest

from tests.conftest import problem
from tests.factories import GRID_1, GRID_2, make_area, make_town, middle, square


@pytest.fixture
def headers(session, bearer) -> dict[str, str]:
    make_town()
    return bearer(["areas.read"])


def test_many_points_as_json(client, headers) -> None:
    answer = client.post("/api/locate", json={"points": [middle(0), middle(1), [0, 0], [None, None]]}, headers=headers)
    assert answer.json["code"] == [GRID_1, GRID_2, None, None]
    assert answer.json["counts"] == {"inside": 2, "edge": 0, "nearest": 0, "unplaced": 2}


def test_many_points_as_csv(client, headers) -> None:
    body = "name,lon,lat\n甲,{},{}\n乙,1,1\n".format(*middle(1))
    answer = client.post("/api/locate", data=body.encode(), content_type="text/csv", headers=headers)
    assert answer.text.splitlines()[1].endswith(f"{GRID_2},inside")
    assert answer.text.splitlines()[2] == "1,1,,unplaced"


def test_a_hundred_thousand_points_and_not_one_more(client, headers) -> None:
    lon, lat = middle(0)
    body = "lon,lat\n" + f"{lon},{lat}\n" * 100_000
    answer = client.post("/api/locate", data=body, content_type="text/csv", headers=headers)
    assert answer.text.count(GRID_1) == 100_000
    one_more = client.post("/api/locate", data=body + "1,1\n", content_type="text/csv", headers=headers)
    assert problem(one_more)["code"] == "too_many_points"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "lon=1",
        "lon=NaN&lat=1",
        "lon=inf&lat=1",
        "lon=29.5&lat=106.5",
        "lon=1e9&lat=1e9",
        "lon=a&lat=b",
        "lon=1&lat=1&crs=mars",
        "lon=1&lat=1&at=tomorrow",
        "lon=1&lat=1&more=1",
        "lon=1_0&lat=2",
        "lon=1&lat=1&lon=2",
        "lon=106.5&lat=29.5&crs=EPSG:4545",
    ],
)
def test_bad_questions_get_a_sentence(client, headers, query: str) -> None:
    answer = client.get(f"/api/locate?{query}", headers=headers)
    assert answer.status_code == 422
    assert any("\u4e00" <= letter <= "\u9fff" for letter in problem(answer)["detail"])


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"points": 1}', b'{"points": [[1]]}', b'{"points": [["a", 1]]}', b"\xff"])
def test_bad_bodies_get_a_sentence(client, headers, body: bytes) -> None:
    answer = client.post("/api/locate", data=body, content_type="application/json", headers=headers)
    assert answer.status_code in (400, 422)
    problem(answer)


@pytest.mark.parametrize(("points", "told"), [([], "“points”至少 1 个。"), ([[1]], "“points.0”须恰好 2 个。")])
def test_too_few_are_told_how_many(client, headers, points: list, told: str) -> None:
    assert problem(client.post("/api/locate", json={"points": points}, headers=headers))["detail"] == told


@pytest.mark.parametrize("body", [b"", b"a,b\n1,2\n", b"lon,lat\nx,y\n", b"\xff\xfe", b"lon,lat\n"])
def test_bad_csv_gets_a_sentence(client, headers, body: bytes) -> None:
    answer = client.post("/api/locate", data=body, content_type="text/csv", headers=headers)
    assert answer.status_code == 400
    assert problem(answer)["code"] == "bad_csv"


def test_a_day_before_any_boundary_has_no_answer_but_a_sentence(client, headers, session) -> None:
    make_area("500103001001007", "grid", square(9), since=date(2024, 1, 1))
    lon, lat = middle(9)
    assert client.get(f"/api/locate?lon={lon}&lat={lat}&at=2024-01-01", headers=headers).json["code"] == "500103001001007"
    before = client.get(f"/api/locate?lon={lon}&lat={lat}&at=2023-12-31", headers=headers).json
    assert before["code"] is None
    assert before["why"]["sentence"]


def test_a_day_before_any_boundary_at_all_is_refused(client, bearer, session) -> None:
    make_area("500103001001007", "grid", square(9), since=date(2024, 1, 1))
    session.commit()
    answer = client.get("/api/locate?lon=106.5&lat=29.5&at=1990-01-01", headers=bearer(["areas.read"]))
    assert (answer.status_code, problem(answer)["code"]) == (422, "before_boundaries")
    assert "2024-01-01" in problem(answer)["detail"]


def test_areas_of_a_day_and_rows_without_a_place(client, bearer, session) -> None:
    make_town()
    make_area("500103001001007", "grid", square(9), since=date(2024, 1, 1))
    session.commit()
    headers = bearer(["areas.read", "events.read", "events.write"])

    def grids(query: str) -> list[str]:
        return [one["code"] for one in client.get(f"/api/areas/?level=grid{query}", headers=headers).json["items"]]

    assert len(grids("")) == len(grids("&at=2024-01-01")) == 4
    assert len(grids("&at=2023-12-31")) == 3
    client.post("/api/events/", json={"number": "E1", "point": {"type": "Point", "coordinates": [1, 1]}}, headers=headers)
    assert [one["number"] for one in client.get("/api/events/?unplaced=true", headers=headers).json["items"]] == ["E1"]


def test_the_quick_way_and_the_usual_way_say_the_same(client, headers) -> None:
    lon, lat = middle(1)
    quick = client.get(f"/api/locate?lon={lon}&lat={lat}&accuracy_m=60", headers=headers)
    usual = client.get(f"/api/locate?lon={lon}&lat={lat}&accuracy_m=60&crs=wgs84", headers=headers)
    assert quick.data == usual.data
    assert quick.json["why"]["uncertain"]
    for name in ("X-Request-Id", "Content-Security-Policy", "Cache-Control", "X-Content-Type-Options"):
        assert quick.headers[name]
        assert name in usual.headers
    assert client.get(f"/api/locate?lon={lon}&lat={lat}").status_code == 401
