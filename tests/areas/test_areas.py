"""Areas: codes that nest, boundaries with dates, locate and its reasons."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from shapely.geometry import shape

from gis_grid.areas import actions
from gis_grid.areas.models import Boundary
from gis_grid.areas.placing import current_index, today
from gis_grid.areas.reassign import reassign
from gis_grid.audit import AuditEntry
from gis_grid.errors import Conflict
from gis_grid.events.models import Event
from gis_grid.geo import shapes
from tests.conftest import problem
from tests.factories import COMMUNITY, GRID_1, GRID_2, GRID_3, SIDE, make_area, make_home, make_town, middle, point, square


def test_locate_tells_chain_people_and_why(session) -> None:
    make_town()
    answer = actions.locate(*middle(1), "wgs84")
    assert [link["level"] for link in answer["chain"]] == ["district", "street", "community", "grid"]
    assert answer["code"] == GRID_2
    assert [person["name"] for person in answer["responsible"]] == ["网格员2"]
    assert answer["why"]["case"] == "inside"
    assert answer["why"]["edge_m"] == pytest.approx(48.5, abs=1)


def test_locate_in_another_datum_is_the_same_place(session) -> None:
    from gis_grid.geo import crs

    make_town()
    lon, lat = middle(2)
    for name in ("gcj02", "bd09", "EPSG:4545"):
        x, y = crs.from_stored([lon], [lat], name)
        assert actions.locate(float(x[0]), float(y[0]), name)["code"] == GRID_3


def test_a_later_boundary_ends_the_one_before_and_both_answer_their_day(session) -> None:
    make_town()
    tomorrow = today() + timedelta(days=1)
    actions.set_boundary(GRID_1, shapes.to_column(square(5)), tomorrow)
    assert actions.locate(*middle(0), "wgs84")["code"] == GRID_1
    assert actions.locate(*middle(0), "wgs84", at=tomorrow)["code"] == COMMUNITY
    assert actions.locate(*middle(5), "wgs84", at=tomorrow)["code"] == GRID_1
    with pytest.raises(Conflict):
        actions.set_boundary(GRID_1, shapes.to_column(square(6)), today())


def test_another_kind_counts_from_today_on_and_the_past_stays_as_it_was(session, client, bearer) -> None:
    make_town()
    beside = make_area("500103001001009", "grid", square(1), parent=COMMUNITY)  # lies over GRID_2, whose code is lower
    session.commit()
    version = client.get(f"/api/areas/{beside.code}", headers=bearer(["areas.read"])).headers["ETag"]
    changed = client.patch(
        f"/api/areas/{beside.code}", json={"kind": "exclusive"}, headers=bearer(["areas.write"]) | {"If-Match": version}
    )
    assert changed.status_code == 200, changed.json
    grid_of = "SELECT grid_of(ST_SetSRID(ST_MakePoint(:x, :y), 4490), :at)"
    x, y = middle(1)
    for day, winner in ((today(), beside.code), (today() - timedelta(days=1), GRID_2)):
        assert actions.locate(x, y, "wgs84", at=day)["code"] == winner
        assert session.scalar(sa.text(grid_of), {"x": x, "y": y, "at": day}) == winner


def test_the_database_itself_refuses_two_boundaries_at_once(session) -> None:
    make_town()
    with pytest.raises(sa.exc.IntegrityError):
        valid = sa.func.daterange(date(2020, 1, 1), None)
        session.execute(sa.insert(Boundary).values(area_code=GRID_1, geom=shapes.to_column(square(1)), valid=valid))


def test_the_index_is_never_older_than_the_boundaries(session) -> None:
    make_town()
    before = current_index()
    assert current_index() is before
    make_area("500103001001009", "grid", square(8), parent=COMMUNITY)
    assert current_index() is not before
    assert actions.locate(*middle(8), "wgs84")["code"] == "500103001001009"


def test_plain_postgis_agrees_on_random_points(session) -> None:
    import numpy as np

    make_town()
    random = np.random.default_rng(5)
    lon, lat = middle(1)[0] + random.normal(0, 1.2e-3, 2000), middle(1)[1] + random.normal(0, 5e-4, 2000)
    placed = actions.place_many(lon, lat)
    found = session.execute(
        sa.text(
            "SELECT p.n, (SELECT b.area_code FROM boundaries b JOIN areas a ON a.code = b.area_code AND a.level = 'grid' "
            "WHERE ST_Covers(b.geom, ST_SetSRID(ST_MakePoint(p.x, p.y), 4490)) ORDER BY b.area_code LIMIT 1) AS code "
            "FROM unnest(CAST(:x AS float8[]), CAST(:y AS float8[])) WITH ORDINALITY AS p(x, y, n) ORDER BY p.n"
        ),
        {"x": lon.tolist(), "y": lat.tolist()},
    ).all()
    pairs = zip(placed.code, placed.placed_by, strict=True)
    inside = [code if how in ("inside", "edge") and len(code) == 15 else None for code, how in pairs]
    assert inside == [row.code for row in found]


def test_areas_over_the_api(client, bearer, session) -> None:
    make_town()
    headers = bearer(["areas.read", "areas.write"])
    body = {"code": "500103001001004", "name": "第四网格", "level": "grid", "boundary": shapes.to_geojson(square(3))}
    made = client.post("/api/areas/", json=body, headers=headers)
    assert made.status_code == 201, made.json
    assert made.json["parent_code"] == COMMUNITY
    assert client.get("/api/locate?lon={}&lat={}".format(*middle(3)), headers=headers).json["code"] == "500103001001004"
    again = client.post("/api/areas/", json=body, headers=headers)
    assert problem(again)["code"] == "code_taken"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"code": "123"}, "bad_code"),
        ({"level": "planet"}, "invalid"),
        ({"parent_code": "999999"}, "bad_parent"),
        ({"parent_code": GRID_1}, "bad_parent"),
        ({"boundary": {"type": "Point", "coordinates": [1, 2]}}, "invalid"),
        ({"unknown": 1}, "invalid"),
    ],
)
def test_areas_that_are_refused(client, bearer, session, change: dict, code: str) -> None:
    make_town()
    body = {"code": "500103001001004", "name": "第四网格", "level": "grid"} | change
    answer = client.post("/api/areas/", json=body, headers=bearer(["areas.read", "areas.write"]))
    assert answer.status_code == 422
    assert problem(answer)["code"] == code


def test_new_boundaries_move_what_lies_there_and_only_that(client, bearer, session) -> None:
    make_town()
    room, other = make_home(2, "B3"), make_home(0, "B1")
    event = Event(number="E1", point=point(2), area_code=GRID_3, placed_by="inside")
    session.add(event)
    session.flush()
    versions = room.version, other.version
    actions.close_boundary(GRID_3, today())
    reassign(actions.set_boundary(GRID_2, shapes.to_column(square(1, width=2)), today()))
    for row in (room, other, event):
        session.refresh(row)
    assert (room.area_code, event.area_code, other.area_code) == (GRID_2, GRID_2, GRID_1)
    assert (room.version, other.version) == (versions[0] + 1, versions[1])


def test_a_retired_area_has_no_boundary_and_its_code_is_not_used_again(client, bearer, session) -> None:
    make_town()
    headers = bearer(["areas.read", "areas.write"])
    make_area("500103001001008", "grid", square(7), parent=COMMUNITY)
    answer = client.delete("/api/areas/500103001001008", headers={**headers, "If-Match": '"1"'})
    assert answer.status_code == 204, answer.data
    assert client.get("/api/locate?lon={}&lat={}".format(*middle(7)), headers=headers).json["code"] is None
    body = {"code": "500103001001008", "name": "新", "level": "grid"}
    assert problem(client.post("/api/areas/", json=body, headers=headers))["code"] == "code_taken"


def test_an_area_in_use_is_not_retired(client, bearer, session) -> None:
    make_town()
    make_home()
    answer = client.delete(f"/api/areas/{GRID_1}", headers={**bearer(["areas.read", "areas.write"]), "If-Match": '"1"'})
    assert problem(answer)["code"] == "in_use"


def test_a_scoped_caller_draws_no_boundary_over_others(client, bearer, session) -> None:
    make_town()
    headers = bearer(["areas.read", "areas.write"], (GRID_1,))
    url = f"/api/areas/{GRID_1}"
    wide = client.patch(url, json={"boundary": shapes.to_geojson(square(0, width=2))}, headers={**headers, "If-Match": '"1"'})
    assert problem(wide)["code"] == "other_area"
    same = client.patch(url, json={"boundary": shapes.to_geojson(square(0))}, headers={**headers, "If-Match": '"1"'})
    assert same.status_code == 200, same.data


def test_a_boundary_change_raises_the_version_and_may_be_corrected_the_same_day(client, bearer, session) -> None:
    make_town()
    headers = bearer(["areas.read", "areas.write"])
    url = f"/api/areas/{GRID_1}"
    first = client.patch(url, json={"boundary": shapes.to_geojson(square(5))}, headers={**headers, "If-Match": '"1"'})
    assert first.headers["ETag"] == '"2"'
    late = client.patch(url, json={"boundary": shapes.to_geojson(square(6))}, headers={**headers, "If-Match": '"1"'})
    assert late.status_code == 412
    again = client.patch(url, json={"boundary": shapes.to_geojson(square(6))}, headers={**headers, "If-Match": '"2"'})
    assert again.status_code == 200, again.data
    assert actions.locate(*middle(6), "wgs84")["code"] == GRID_1
    assert actions.locate(*middle(0), "wgs84", at=today() - timedelta(days=1))["code"] == GRID_1
    told = session.scalars(sa.select(AuditEntry.action).where(AuditEntry.target == "areas", AuditEntry.key == GRID_1)).all()
    assert told == ["boundary", "boundary"]
    kept = client.get(f"{url}/boundaries", headers=headers).json["items"]
    assert [(one["since"], one["until"], bool(one["replaced_at"])) for one in kept] == [
        (str(today()), None, False),
        (str(today()), None, True),
        (None, str(today()), False),
    ]
    west = [shape(one["geometry"]).bounds[0] for one in kept]
    assert west == pytest.approx([square(n).bounds[0] for n in (6, 5, 0)], abs=1e-6), "nothing drawn that day is lost"
    assert problem(client.get(f"{url}/boundaries", headers=bearer(["areas.read"], (GRID_2,))))["code"] == "other_area"


def test_a_boundary_by_hand_counts_from_today_and_the_past_stays(client, bearer, session) -> None:
    make_town()
    headers = bearer(["areas.read", "areas.write"])
    drawn = shapes.to_geojson(square(5))
    for away in (-1, 1):
        body = {"boundary": drawn, "since": str(today() + timedelta(days=away))}
        answer = client.patch(f"/api/areas/{GRID_1}", json=body, headers={**headers, "If-Match": '"1"'})
        assert (answer.status_code, problem(answer)["code"]) == (422, "bad_since")
    new = {"code": "500103001001004", "name": "新", "level": "grid", "boundary": drawn}
    late = client.post("/api/areas/", json={**new, "since": str(today() + timedelta(days=1))}, headers=headers)
    assert problem(late)["code"] == "bad_since"
    assert client.post("/api/areas/", json={**new, "since": "2024-01-01"}, headers=headers).status_code == 201


def test_a_point_deep_within_two_areas_is_told_as_an_overlap(session) -> None:
    make_town()
    make_area("500103001001009", "grid", square(1), parent=COMMUNITY)
    why = actions.locate(*middle(1), "wgs84")["why"]
    assert (why["case"], why["losers"]) == ("overlap", ["500103001001009"])
    assert "重叠" in why["sentence"]
    on_edge = actions.locate(middle(1)[0] + SIDE / 2, middle(1)[1], "wgs84")["why"]
    assert on_edge["case"] == "edge"
    assert "共同边界" in on_edge["sentence"]
    assert not re.search(r"\d{12}", on_edge["sentence"] + why["sentence"]), "areas are called by their names"
    doubtful = actions.locate(middle(0)[0] + SIDE / 2 - 1e-5, middle(0)[1], "wgs84", accuracy_m=5)["why"]
    assert doubtful["uncertain"] and doubtful["sentence"].count(f"名{GRID_1[-3:]}") == 1, (
        "what it lies in is not told as a rival again"
    )


def test_another_name_counts_from_today_on_and_the_past_keeps_its_own(session, client, bearer) -> None:
    make_town()
    headers = bearer(["areas.read", "areas.write"], ("",))
    yesterday = today() - timedelta(days=1)
    before = session.scalar(sa.select(Boundary.id).where(Boundary.area_code == GRID_1))
    area = client.get(f"/api/areas/{GRID_1}", headers=headers).json
    change = {"headers": {**headers, "If-Match": f'"{area["version"]}"'}, "json": {"name": "新名"}}
    assert client.patch(f"/api/areas/{GRID_1}", **change).status_code == 200

    def names(at: str) -> list[str]:
        lon, lat = middle(0)
        listed = client.get(f"/api/areas/?level=grid&at={at}", headers=headers).json["items"]
        return [
            client.get(f"/api/locate?lon={lon}&lat={lat}&at={at}", headers=headers).json["chain"][-1]["name"],
            next(row["name"] for row in listed if row["code"] == GRID_1),
            client.get(f"/area/{GRID_1}?at={at}", headers=headers).json["name"],
            client.get(f"/collections/grids/items/{GRID_1}?at={at}", headers=headers).json["properties"]["name"],
        ]

    assert set(names(str(today()))) == {"新名"}
    assert set(names(str(yesterday))) == {area["name"]}
    told = client.get(f"/api/areas/{GRID_1}/boundaries", headers=headers).json["items"]
    assert [(one["name"], one["until"]) for one in told] == [("新名", None), (area["name"], str(today()))]
    assert told[0]["geometry"] == told[1]["geometry"]
    now = sa.select(Boundary.id).where(Boundary.area_code == GRID_1, Boundary.valid.contains(today()))
    assert session.scalar(now) == before  # a draft made from it still stands
