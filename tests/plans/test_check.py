"""What is wrong with a division or a draft, who and where, and how to mend it."""

from __future__ import annotations

import pytest
import shapely
import sqlalchemy as sa

from gis_grid.areas import actions as areas
from gis_grid.areas.models import Area, Staff
from gis_grid.areas.placing import today
from gis_grid.buildings.models import Building
from gis_grid.geo import shapes
from tests.factories import COMMUNITY, GRID_2, GRID_3, SIDE, SOUTH, STREET, WEST, middle
from tests.plans.conftest import vertical

NEW = f"{COMMUNITY}004"


def test_a_draft_names_the_building_it_would_cut(ask, draft, session) -> None:
    middle_x, middle_y = middle(1)
    footprint = shapely.box(middle_x - 1e-4, middle_y - 1e-4, middle_x + 1e-4, middle_y + 1e-4)
    building = session.scalar(sa.select(Building))
    building.footprint, building.name = shapes.to_column(shapely.multipolygons([footprint])), "3幢"
    session.flush()
    ask("POST", f"{draft}/changes", {"operation": "split", "code": GRID_2, "shape": vertical(1.52)})
    found = ask("GET", f"{draft}/check").json["findings"]
    assert [(one["kind"], one["is_new"]) for one in found] == [("cut_building", True)]
    name = session.scalar(sa.select(Area.name).where(Area.code == GRID_2))
    assert found[0]["message"].startswith(f"3幢 被边界切开（{name}"), "as people call them, not by keys and codes"
    given = ask("POST", f"{draft}/repair", {"key": found[0]["key"], "how": "give_building"})
    assert given.status_code == 200, given.json
    assert ask("GET", f"{draft}/check").json["counts"] == {}


def test_a_new_grid_that_nobody_is_responsible_for_is_told_and_who_stands_in(ask, draft, session) -> None:
    session.add(Staff(area_code=COMMUNITY, name="社区书记", post="secretary"))
    session.flush()
    ask("POST", f"{draft}/changes", {"operation": "split", "code": GRID_2, "shape": vertical(1.4), "names": ["新格"]})
    told = ask("GET", f"{draft}/dry-run").json["unstaffed"]
    assert [(one["code"], "暂由上级名001负责" in one["message"]) for one in told] == [(NEW, True)]
    assert ask("POST", f"{draft}/approve", {}).json["report"]["unstaffed"] == told
    report = ask("GET", f"/api/areas/check?area_code={COMMUNITY}").json
    assert (report["counts"]["unstaffed"], report["is_seamless"]) == (1, True)
    lon, lat = WEST + 1.2 * SIDE, SOUTH + SIDE / 2
    answer = ask("GET", f"/api/locate?lon={lon}&lat={lat}").json
    assert "新格还没有在岗的负责人，暂由上级名001负责" in answer["vacancy"]
    assert [person["name"] for person in answer["responsible"]] == ["社区书记"]
    assert ask("GET", f"/api/locate?lon={WEST}&lat={lat}").json["vacancy"] is None


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"parent_code": None}, f"没有上级。按编码应归 {COMMUNITY}"),
        ({"parent_code": GRID_2}, f"按编码应归 {COMMUNITY}"),
        ({"parent_code": STREET}, f"越过了 {COMMUNITY}"),
        ({"code": f"{COMMUNITY}9"}, "请用调整方案“改编码”"),
        ({"code": "500103002001003", "parent_code": COMMUNITY}, f"应以上级编码 {COMMUNITY} 开头"),
    ],
)
def test_a_wrong_code_or_parent_is_found_and_how_to_mend_it_told(ask, client, bearer, session, given, told: str) -> None:
    session.execute(sa.update(Area).where(Area.code == GRID_3).values(**given))
    report = client.get("/api/areas/check", headers=bearer(["areas.read"])).json
    found = [one["message"] for one in report["findings"] if one["kind"] == "code"]
    assert len(found) == 1
    assert told in found[0]


def test_check_finds_a_gap_and_the_repair_is_a_plan(ask, session) -> None:
    narrow = shapely.multipolygons([shapely.box(WEST + SIDE, SOUTH, WEST + 1.5 * SIDE, SOUTH + SIDE)])
    areas.set_boundary(GRID_2, shapes.to_column(narrow), today())
    session.commit()
    report = ask("GET", f"/api/areas/check?area_code={COMMUNITY}").json
    finding = next(one for one in report["findings"] if one["kind"] in ("gap", "uncovered"))
    assert not report["is_seamless"]
    assert finding["area_m2"] == pytest.approx(0.5 * 97 * 111, rel=0.02)
    made = ask("POST", "/api/areas/repair", {"key": finding["key"], "how": finding["mends"][0]["how"], "area_code": COMMUNITY})
    assert made.status_code == 201, made.json
    assert ask("POST", f"/api/plans/{made.json['id']}/approve", {}).json["status"] == "done"
    assert ask("GET", f"/api/areas/check?area_code={COMMUNITY}").json["is_seamless"]
    again = ask("POST", "/api/areas/repair", {"key": finding["key"], "how": "snap", "area_code": COMMUNITY})
    assert again.status_code == 404


def test_sizes_out_of_rule_are_told_softly(ask) -> None:
    report = ask("GET", f"/api/areas/check?area_code={COMMUNITY}").json
    assert report["is_seamless"]
    assert report["counts"] == {"size": 3}
