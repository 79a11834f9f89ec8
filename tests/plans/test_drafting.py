"""Drawing a plan: exact shapes, new areas, names, and every step undone and done again."""

from __future__ import annotations

import pytest
import shapely
import sqlalchemy as sa

from gis_grid.areas.models import Area
from gis_grid.people.models import Household, Resident
from tests.conftest import problem
from tests.factories import COMMUNITY, GRID_1, GRID_2, GRID_3, SIDE, SOUTH, WEST, make_home, make_town, square

NEW = f"{COMMUNITY}004"


@pytest.fixture
def ask(client, bearer, session):
    make_town()
    household = Household(number="H1", room_id=make_home(1).id, area_code=GRID_2, placed_by="room")
    session.add(household)
    session.flush()
    session.add(Resident(name="张三", household_id=household.id, area_code=GRID_2, placed_by="room"))
    session.flush()
    headers = bearer(["areas.read", "areas.write"], (COMMUNITY,))

    def send(method: str, path: str, body: dict | None = None):
        return client.open(path, method=method, json=body, headers=headers)

    return send


@pytest.fixture
def draft(ask) -> str:
    return f"/api/plans/{ask('POST', '/api/plans/', {'name': '调整', 'area_code': COMMUNITY}).json['id']}"


def box(west: float, east: float, low: float = 0.0, high: float = 1.0) -> dict:
    """A polygon between two columns of the town and two parts of its height."""
    x, y = (WEST + west * SIDE, WEST + east * SIDE), (SOUTH + low * SIDE, SOUTH + high * SIDE)
    return shapely.geometry.mapping(shapely.box(x[0], y[0], x[1], y[1]))


def shapes_of(ask, draft) -> dict[str, shapely.Geometry]:
    told = ask("GET", f"{draft}/division").json["features"]
    return {one["properties"]["code"]: shapely.geometry.shape(one["geometry"]) for one in told}


def ring(grid: int, x: float) -> dict:
    """A grid of the town whose edge between the first and second grid has one more vertex, moved to x."""
    middle, shape = (x, SOUTH + SIDE / 3), square(grid)
    inserted = [xy for xy in shapely.get_coordinates(shape)]
    shared = round(WEST + SIDE, 7)
    for n in range(len(inserted) - 1):
        if inserted[n][0] == shared == inserted[n + 1][0]:
            inserted.insert(n + 1, middle)
            break
    return {"type": "Polygon", "coordinates": [[[float(a), float(b)] for a, b in inserted]]}


def test_a_moved_vertex_is_kept_bit_for_bit_in_both_neighbours(ask, draft) -> None:
    x = WEST + SIDE * 1.1000000000000003
    made = ask("POST", f"{draft}/changes", {"operation": "reshape", "shapes": {GRID_1: ring(0, x), GRID_2: ring(1, x)}})
    assert made.status_code == 200, made.json
    told = shapes_of(ask, draft)
    for code in (GRID_1, GRID_2):
        assert x in shapely.get_coordinates(told[code])[:, 0].tolist()
    assert ask("GET", f"{draft}/check").json["is_seamless"]


def test_a_gap_drawn_into_a_draft_is_named_refused_and_mended_in_the_draft(ask, draft) -> None:
    ask("POST", f"{draft}/changes", {"operation": "reshape", "shapes": {GRID_2: box(1.3, 2)}})
    report = ask("GET", f"{draft}/check").json
    finding = next(one for one in report["findings"] if one["is_new"] and one["mends"])
    assert not report["is_seamless"]
    assert problem(ask("POST", f"{draft}/approve", {}))["code"] == "plan_faults"
    mended = ask("POST", f"{draft}/repair", {"key": finding["key"], "how": finding["mends"][0]["how"]})
    assert mended.status_code == 200, mended.json
    assert ask("GET", f"{draft}/check").json["is_seamless"]
    assert problem(ask("POST", f"{draft}/repair", {"key": finding["key"], "how": "snap"}))["code"] == "unknown_finding"
    ask("POST", f"{draft}/steps/undo")
    assert not ask("GET", f"{draft}/check").json["is_seamless"], "the repair is a step like others"


def test_steps_are_undone_and_done_again_to_the_last_bit(ask, draft) -> None:
    states = [shapes_of(ask, draft)]
    for change in (
        {"operation": "merge", "codes": [GRID_2], "into": GRID_1},
        {"operation": "reshape", "shapes": {GRID_3: box(2, 3, 0, 0.5)}},
        {"operation": "rename", "code": GRID_3, "name": "河边"},
    ):
        ask("POST", f"{draft}/changes", change)
        states.append(shapes_of(ask, draft))
    told = ask("GET", f"{draft}/changes").json["steps"]
    assert told == {"undo": "改名称 名003", "redo": None, "count": 3, "last": told["last"]}
    for state in reversed(states[:-1]):
        assert ask("POST", f"{draft}/steps/undo").status_code == 200
        assert shapes_of(ask, draft) == state
    assert ask("GET", f"{draft}/changes").json["features"] == []
    assert problem(ask("POST", f"{draft}/steps/undo"))["code"] == "nothing_to_undo"
    for state in states[1:]:
        assert ask("POST", f"{draft}/steps/redo").status_code == 200
        assert shapes_of(ask, draft) == state
    ask("POST", f"{draft}/steps/undo")
    ask("POST", f"{draft}/changes", {"operation": "rename", "code": GRID_3, "name": "桥头"})
    assert problem(ask("POST", f"{draft}/steps/redo"))["code"] == "nothing_to_redo"


def test_what_was_drawn_over_another_state_is_refused(ask, draft) -> None:
    def rename(name: str, seen: int):
        return ask("POST", f"{draft}/changes", {"operation": "rename", "code": GRID_3, "name": name, "seen": seen})

    first = rename("河边", 0).json["steps"]["last"]
    late = rename("桥头", 0)
    assert (late.status_code, problem(late)["code"]) == (409, "plan_moved")
    assert rename("桥头", first).status_code == 200


def test_a_new_area_takes_what_it_covers(ask, draft) -> None:
    body = {"operation": "found", "parent_code": COMMUNITY, "name": "新格", "shape": box(0.5, 1.5, 0.2, 0.8)}
    made = ask("POST", f"{draft}/changes", body)
    assert {one["properties"]["code"]: one["properties"]["action"] for one in made.json["features"]} == {
        GRID_1: "draw",
        GRID_2: "draw",
        NEW: "create",
    }
    assert ask("GET", f"{draft}/check").json["is_seamless"]
    outside = ask("POST", f"{draft}/changes", {**body, "shape": box(2.5, 3.5)})
    assert problem(outside)["code"] == "beyond"
    whole = ask("POST", f"{draft}/changes", {**body, "shape": box(2, 3)})
    assert problem(whole)["code"] == "nothing_left"
    below = ask("POST", f"{draft}/changes", {**body, "parent_code": GRID_3})
    assert problem(below)["code"] == "bad_parent"


def test_a_name_counts_from_approval_and_returns_with_undo(ask, draft, session) -> None:
    name = sa.select(Area.name).where(Area.code == GRID_1)
    ask("POST", f"{draft}/changes", {"operation": "rename", "code": GRID_1, "name": "桥头网格"})
    assert session.scalar(name) == "名001"
    ask("POST", f"{draft}/approve", {})
    assert session.scalar(name) == "桥头网格"
    back = ask("POST", f"{draft}/undo").json["id"]
    assert ask("POST", f"/api/plans/{back}/approve", {}).json["status"] == "done"
    assert session.scalar(name) == "名001"


def test_homes_are_told_by_their_entrances_and_only_with_the_right(ask, draft, client, bearer) -> None:
    told = ask("GET", f"{draft}/homes").json
    assert told["columns"] == ["lon", "lat", "households", "residents", "buildings", "premises"]
    assert [row[2:] for row in told["rows"]] == [[1, 1, 1, 0]]
    reader = bearer(["areas.read"], (COMMUNITY,))
    assert client.get(f"{draft}/homes", headers=reader).status_code == 403
    assert client.post(f"{draft}/steps/undo", headers=reader).status_code == 403


def test_the_desk_shows_no_area_beyond_the_callers_own(ask, draft, client, bearer) -> None:
    codes = {one["properties"]["code"] for one in ask("GET", f"{draft}/division").json["features"]}
    assert codes == {COMMUNITY, GRID_1, GRID_2, GRID_3}
    everywhere = bearer(["areas.read"])
    assert len(client.get(f"{draft}/division", headers=everywhere).json["features"]) == 6


def test_shapes_that_are_refused(ask, draft) -> None:
    bow = [[0, 0], [1e-3, 1e-3], [1e-3, 0], [0, 1e-3], [0, 0]]
    crossed = {"type": "Polygon", "coordinates": [[[WEST + x, SOUTH + y] for x, y in bow]]}
    for shapes, status in (
        ({GRID_1: crossed}, 422),
        ({GRID_1: {"type": "Point", "coordinates": [WEST, SOUTH]}}, 422),
        ({"500103001": box(0, 3)}, 422),
        ({GRID_3: box(2, 3.5)}, 403),
        ({}, 422),
    ):
        answer = ask("POST", f"{draft}/changes", {"operation": "reshape", "shapes": shapes})
        assert answer.status_code == status, answer.json
    assert ask("GET", f"{draft}/changes").json["steps"]["count"] == 0


def test_the_day_a_plan_is_meant_for(ask) -> None:
    body = {"name": "明年", "area_code": COMMUNITY, "effective": "2999-01-01"}
    made = ask("POST", "/api/plans/", body).json
    assert (made["status"], made["effective"]) == ("draft", "2999-01-01")
    assert problem(ask("POST", "/api/plans/", {**body, "effective": "2020-01-01"}))["code"] == "past_date"
