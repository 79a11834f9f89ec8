"""Abstract tests of OGC API Features Part 1 Core (17-069r4, annex A.2.7): pages of features and the parameters they take."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import shapely
from shapely.geometry import shape

from tests.factories import SIDE, SOUTH, WEST
from tests.maps.ets.conftest import EVENTS, FIRST_DAY, Engine, link
from tests.maps.ets.test_core import check_self_and_alternate


def check_response(engine: Engine, name: str, page: dict) -> None:
    """/ats/core/fc-response: type, features, links, timeStamp, numberMatched, numberReturned; geometries in CRS84."""
    assert page["type"] == "FeatureCollection"
    assert isinstance(page["features"], list)
    check_self_and_alternate(page, "application/geo+json")
    assert datetime.fromisoformat(page["timeStamp"]) <= datetime.now(UTC) + timedelta(seconds=1)
    assert page["numberReturned"] == len(page["features"])
    if following := link(page, "next"):
        assert page["features"]
        assert engine.get(following["href"].removeprefix("http://localhost")).status_code == 200
    for one in page["features"]:
        assert one["type"] == "Feature"
        assert one["id"] is not None
        if one["geometry"]:
            west, south, east, north = shapely.bounds(shape(one["geometry"]))
            assert -180 <= west <= east <= 180
            assert -90 <= south <= north <= 90
            assert WEST - 1 < west < WEST + 1, name  # longitude first


class TestFeatures:
    """A.2.7 Features: the plain operation."""

    def test_every_collection_answers_its_features(self, engine: Engine) -> None:
        for name in engine.names:
            answer = engine.get(f"/collections/{name}/items")
            assert answer.status_code == 200
            assert answer.mimetype == "application/geo+json"
            assert answer.json["features"], name
            check_response(engine, name, answer.json)

    def test_number_matched_is_the_number_of_features_of_all_pages(self, engine: Engine) -> None:
        for name in engine.names:
            found = engine.all_items(name)
            assert engine.items(name)["numberMatched"] == len(found), name
            assert len({one["id"] for one in found}) == len(found)

    def test_the_next_link_keeps_every_parameter(self, engine: Engine) -> None:
        asked = {"limit": 4, "status": "reported", "datetime": "2026-03-01/2026-03-20", "bbox": "100,20,110,40"}
        found = engine.all_items("events", **asked)
        assert {one["properties"]["status"] for one in found} == {"reported"}
        assert len(found) == engine.items("events", **asked)["numberMatched"] == 11  # ten days, and one without time


class TestFeaturesBBox:
    """A.2.7 Features: bounding box."""

    def test_bounding_box_parameter_definition(self, engine: Engine) -> None:
        for name in engine.names:
            told = engine.parameter("bbox", name)
            assert (told["in"], told["required"], told["style"], told["explode"]) == ("query", False, "form", False)
            assert (told["schema"]["type"], told["schema"]["items"]["type"]) == ("array", "number")
            assert (told["schema"]["minItems"], told["schema"]["maxItems"]) == (4, 6)

    @pytest.mark.parametrize(
        "box",
        [
            (-1.5, 50.0, 1.5, 53.0),  # across the meridian
            (-80.0, -5.0, -70.0, 5.0),  # across the equator
            (177.0, 65.0, -177.0, 70.0),  # across 180 degrees
            (-180.0, 85.0, 180.0, 90.0),  # polar
            (-180.0, -90.0, 180.0, -85.0),
        ],
        ids=str,
    )
    def test_boxes_elsewhere_are_answered_with_nothing(self, engine: Engine, box: tuple[float, ...]) -> None:
        for name in engine.names:
            page = engine.items(name, bbox=",".join(map(str, box)))
            check_response(engine, name, page)
            assert page["features"] == []

    def test_the_whole_extent_answers_everything(self, engine: Engine) -> None:
        for one in engine.collections:
            box = ",".join(map(str, one["extent"]["spatial"]["bbox"][0]))
            page = engine.items(one["id"], bbox=box)
            check_response(engine, one["id"], page)
            assert page["numberMatched"] == engine.items(one["id"])["numberMatched"], one["id"]

    def test_a_box_across_180_degrees_meets_both_sides(self, engine: Engine) -> None:
        everything = engine.items("grids")["numberMatched"]
        assert engine.items("grids", bbox="100,-90,-100,90")["numberMatched"] == everything
        assert engine.items("grids", bbox="170,-90,107,90")["numberMatched"] == everything
        assert engine.items("grids", bbox="170,-90,100,90")["numberMatched"] == 0

    def test_exactly_what_meets_the_box_is_answered(self, engine: Engine) -> None:
        box = shapely.box(WEST + 0.2 * SIDE, SOUTH, WEST + 0.3 * SIDE, SOUTH + SIDE)
        for name in engine.names:
            everything = engine.all_items(name)
            found = engine.all_items(name, bbox=",".join(map(str, box.bounds)))
            meant = {one["id"] for one in everything if one["geometry"] is None or shape(one["geometry"]).intersects(box)}
            assert {one["id"] for one in found} == meant, name

    def test_features_without_a_shape_match_every_box(self, engine: Engine) -> None:
        for name in engine.names:
            without = {one["id"] for one in engine.all_items(name) if one["geometry"] is None}
            assert {one["id"] for one in engine.all_items(name, bbox="0,0,1,1")} == without, name

    def test_six_numbers_are_a_box_with_heights(self, engine: Engine) -> None:
        flat, tall = f"{WEST},{SOUTH},107,30", f"{WEST},{SOUTH},-10,107,30,9000"
        for name in ("grids", "events"):
            assert engine.items(name, bbox=tall)["features"] == engine.items(name, bbox=flat)["features"]


class TestFeaturesLimit:
    """A.2.7 Features: limit."""

    def test_limit_parameter_definition(self, engine: Engine) -> None:
        for name in engine.names:
            told = engine.parameter("limit", name)
            assert (told["in"], told["required"], told["style"], told["explode"]) == ("query", False, "form", False)
            assert told["schema"]["type"] == "integer"
            assert told["schema"]["minimum"] == 1
            assert told["schema"]["minimum"] <= told["schema"]["default"] <= told["schema"]["maximum"]

    @pytest.mark.parametrize("limit", [1, 7, 100, 10_000, 10_001, 10**12])
    def test_no_more_than_the_limit_are_answered(self, engine: Engine, limit: int) -> None:
        for name in engine.names:
            page = engine.items(name, limit=limit)
            check_response(engine, name, page)
            assert len(page["features"]) == min(
                limit, engine.parameter("limit", name)["schema"]["maximum"], page["numberMatched"]
            )

    def test_without_a_limit_the_default_holds(self, engine: Engine) -> None:
        page = engine.items("events")
        assert len(page["features"]) == engine.parameter("limit", "events")["schema"]["default"] < EVENTS


class TestFeaturesTime:
    """A.2.7 Features: datetime. Events of the town have one time each, a day apart; one has none."""

    def test_time_parameter_definition(self, engine: Engine) -> None:
        for name in engine.names:
            told = engine.parameter("datetime", name)
            assert (told["in"], told["required"], told["style"], told["explode"]) == ("query", False, "form", False)
            assert told["schema"]["type"] == "string"

    @pytest.mark.parametrize(
        ("asked", "days"),
        [
            ("2026-03-05T08:00:00Z", {4}),
            ("2026-03-05T16:00:00+08:00", {4}),
            ("2026-03-05t08:00:00z", {4}),
            ("2026-03-05T08:00:01Z", set()),
            ("2026-03-05", {4}),
            ("2026-03-05T08:00:00Z/2026-03-07T08:00:00Z", {4, 5, 6}),
            ("2026-03-05T08:00:00.001Z/2026-03-07T07:59:59.999Z", {5}),
            ("2026-03-05/2026-03-07", {4, 5, 6}),
            ("../2026-03-02T08:00:00Z", {0, 1}),
            ("/2026-03-02T08:00:00Z", {0, 1}),
            ("2026-03-31T00:00:00Z/..", {30, 31}),
            ("2026-03-31T00:00:00Z/", {30, 31}),
        ],
    )
    def test_what_happened_then_and_what_has_no_time_is_answered(self, engine: Engine, asked: str, days: set[int]) -> None:
        found = engine.all_items("events", datetime=asked)
        times = [one["properties"]["reported_at"] for one in found]
        assert times.count(None) == 1
        assert {(datetime.fromisoformat(at) - FIRST_DAY).days for at in times if at} == days

    def test_collections_without_times_answer_everything(self, engine: Engine) -> None:
        for name in set(engine.names) - {"events", "tracks"}:
            page = engine.items(name, datetime="2001-01-01T00:00:00Z")
            check_response(engine, name, page)
            assert page["numberMatched"] == engine.items(name)["numberMatched"]
