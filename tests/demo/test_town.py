"""The demo town: the same for the same seed, seamless, believable, and nobody real."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from random import Random
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import shapely
import sqlalchemy as sa

from gis_grid.demo.actions import load_town, remove_town
from gis_grid.demo.houses import House
from gis_grid.demo.people import IdNumbers, household
from gis_grid.demo.plan import draw_plan
from gis_grid.demo.streets import BANK_ROADS
from gis_grid.demo.town import Town, make_town, stored
from gis_grid.demo.work import happenings, walk
from gis_grid.errors import Conflict
from gis_grid.people.rules import read_id_number

NOW = datetime(2026, 11, 22, 14, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
TODAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def district() -> Town:
    return make_town(1)


@pytest.fixture(scope="module")
def houses(district: Town) -> list[House]:
    """What stands in four communities."""
    made: list[House] = []
    for number in (0, 20, 40, 70):
        made += district._community(number).houses
    return made


def test_the_same_seed_gives_the_same_town_and_another_another() -> None:
    one, same, other = (make_town(seed, only_community=True) for seed in (1, 1, 2))
    assert [area.shape.wkb for area in one.areas()] == [area.shape.wkb for area in same.areas()]
    assert one.areas()[-1].shape.wkb != other.areas()[-1].shape.wkb
    first, again = next(one.communities()), next(same.communities())
    assert [house.footprint.wkb for house in first.houses] == [house.footprint.wkb for house in again.houses]
    assert [house.rooms for house in first.houses] == [house.rooms for house in again.houses]


def test_every_level_is_seamless_and_parents_are_the_union_of_their_children(district: Town) -> None:
    areas = district.areas()
    for level in ("grid", "community", "street"):
        shapes = [area.shape for area in areas if area.level == level]
        assert shapely.is_valid(shapes).all()
        assert shapely.coverage_is_valid(shapes)
    top = areas[0].shape
    assert shapely.get_num_interior_rings(top) == 0
    grids = shapely.coverage_union_all([area.shape for area in areas if area.level == "grid"])
    assert grids.equals(top)


def test_codes_nest_and_serials_run_from_one(district: Town) -> None:
    areas = district.areas()
    assert len({area.code for area in areas}) == len(areas)
    assert all(area.parent is None or area.code.startswith(area.parent) for area in areas)
    counts = {level: sum(area.level == level for area in areas) for level in ("street", "community", "grid")}
    assert (counts["street"], counts["community"]) == (12, 77)
    assert 1400 <= counts["grid"] <= 1600


def test_grids_are_of_the_usual_size(district: Town) -> None:
    sizes = [district.plan.lot(cell).area for cell in district.plan.cells]
    vertices = [len(cell.ring) for cell in district.plan.cells]
    assert 9_000 < np.median(sizes) < 20_000
    assert 25 < np.median(vertices) < 75


def test_no_house_is_cut_by_a_grid_edge_or_overlaps_another(district: Town, houses: list[House]) -> None:
    footprints = [stored(district, house.footprint) for house in houses]
    assert shapely.is_valid(footprints).all()
    grids = [district.plan.outline(district.plan.cells[house.cell]) for house in houses]
    assert shapely.contains_properly(grids, footprints).all()
    tree = shapely.STRtree(footprints)
    pairs = tree.query(footprints, predicate="intersects")
    assert (pairs[0] == pairs[1]).all()


def test_houses_stay_out_of_the_river(district: Town, houses: list[House]) -> None:
    assert not shapely.intersects([house.footprint for house in houses], district.water).any()


def test_bridges_cross_the_river_and_a_road_runs_along_each_bank(district: Town, houses: list[House]) -> None:
    for seed in (1, 4, 6):
        assert len(draw_plan(seed).spans) >= 2
    banks = [road for road in district.roads if road.name in BANK_ROADS]
    assert len(banks) == 2
    for road in banks:
        assert road.line.length > 5000
        paved = road.line.buffer(road.width_m / 2)
        assert not paved.intersects(district.water)
        assert not shapely.intersects([house.footprint for house in houses], paved).any()


def test_houses_have_believable_sizes_and_rooms(houses: list[House]) -> None:
    kinds = {house.kind for house in houses}
    assert {"slab", "tower", "shed"} <= kinds
    for house in houses:
        numbers = [(unit, number) for unit, _, _, _, number, _ in house.rooms]
        assert len(set(numbers)) == len(numbers)
        assert all(floor != 0 for _, floor, *_ in house.rooms)
    slabs = [house.footprint.area for house in houses if house.kind == "slab"]
    assert 250 < np.median(slabs) < 1200
    assert any(number.startswith("负") for house in houses for *_, number, _ in house.rooms)
    assert any(span == 2 for house in houses for _, _, _, span, _, _ in house.rooms)
    tall = [house for house in houses if house.above > 6 and house.rooms]
    assert any(4 not in {floor for _, floor, *_ in house.rooms} for house in tall)


def test_households_make_sense() -> None:
    random = Random(3)
    homes = [household(random, rented, TODAY) for rented in (False, True) for _ in range(1500)]
    for home in homes:
        assert home[0].relation == "02"
        assert sum(person.relation == "02" for person in home) == 1
        ages = {person: (TODAY - person.birth).days / 365.25 for person in home}
        assert all(0 <= age < 101 for age in ages.values())
        children = [ages[person] for person in home if person.relation in ("20", "30")]
        parents = [ages[person] for person in home if person.relation in ("02", "11", "12")]
        assert not children or min(parents) - max(children) >= 15
        assert all(person.marital == "10" for person in home if ages[person] < 20)
    mean = np.mean([len(home) for home in homes])
    assert 2.0 < mean < 3.2


def test_only_widowed_elders_live_without_their_spouse() -> None:
    random = Random(5)
    for home in (household(random, False, TODAY) for _ in range(800)):
        mothers = [person for person in home if person.relation == "52"]
        fathers = [person for person in home if person.relation == "51"]
        assert all(person.marital == ("20" if fathers else "30") for person in mothers)


def test_events_follow_the_seasons_and_the_working_day() -> None:
    made = list(happenings(Random(2), [(0.0, 0.0), (50.0, 9.0)], 6000, NOW, "00000001"))
    assert all(date(2025, 11, 22) <= one.reported_at.date() and one.reported_at <= NOW for one in made)
    months = Counter(one.reported_at.month for one in made)
    assert months[7] + months[8] > 1.4 * (months[1] + months[2])
    assert sum(9 <= one.reported_at.hour < 18 for one in made) > 0.7 * len(made)
    assert sum((NOW - one.reported_at).total_seconds() < 36_000 for one in made) >= 7
    assert all((one.closed_at is not None) == (one.status == "closed") for one in made)
    assert all(one.closed_at is None or one.reported_at <= one.closed_at <= NOW for one in made)


def test_identity_numbers_are_right_and_nobodys() -> None:
    numbers = IdNumbers()
    given = [numbers.take(date(1980, 1, 1), sex) for sex in "12" * 200]
    assert len(set(given)) == 400
    for number, sex in zip(given, "12" * 200, strict=True):
        told = read_id_number(number, TODAY)
        assert number.startswith("990101")
        assert (told.birth_date, told.sex) == (date(1980, 1, 1), sex)


def test_walks_are_on_foot_and_have_gaps(district: Town) -> None:
    fixes = walk(district.plan, district.plan.cells[0].ring.tolist(), np.random.default_rng(1), NOW, 5400)
    lon, lat = np.diff(fixes.lon) * 97_000, np.diff(fixes.lat) * 110_800
    seconds = np.diff(fixes.at)
    assert (seconds > 0).all()
    assert seconds.max() > 290
    assert np.median(np.hypot(lon, lat)[seconds == 5] / 5) < 2.2


def test_the_community_loads_placed_by_the_products_own_index(session) -> None:
    report = load_town("community", 1, lambda *told: None, NOW)
    assert 2000 <= report.rows["households"] <= 3000
    assert len({password for *_, password in report.accounts}) == len(report.accounts) == 6
    assert min(report.rows["valuables"], report.rows["premises_staff"]) > 100
    for table in ("buildings", "units", "rooms", "households", "residents", "premises", "premises_staff", "valuables", "estates"):
        unplaced = session.scalar(sa.text(f"SELECT count(*) FROM {table} WHERE area_code IS NULL OR length(area_code) <> 15"))
        assert unplaced == 0, table
    town = make_town(1, only_community=True)
    community = next(town.communities())
    known = {f"DB{community.code}-{i + 1:04d}": town.codes[house.cell] for i, house in enumerate(community.houses)}
    placed = dict(session.execute(sa.text("SELECT code, area_code FROM buildings")).all())
    assert placed == known
    kinds = "SELECT DISTINCT a.kind, b.kind FROM areas a JOIN boundaries b ON b.area_code = a.code ORDER BY 1"
    assert session.execute(sa.text(kinds)).all() == [("exclusive", "exclusive"), ("ordinary", "ordinary")]
    today = session.scalar(
        sa.text("SELECT count(*) FROM tracks WHERE (started_at AT TIME ZONE 'Asia/Shanghai')::date = '2026-11-22'")
    )
    assert today > 5
    assert load_town("community", 1, lambda *told: None, NOW).already_there
    with pytest.raises(Conflict):
        load_town("community", 2, lambda *told: None, NOW)
    grid = next(iter(placed.values()))
    session.execute(sa.text("INSERT INTO events (number, area_code, placed_by) VALUES ('MINE', :grid, 'inside')"), {"grid": grid})
    plan = "INSERT INTO plans (name, area_code, made_by) VALUES ('方案', :grid, '测试')"
    session.execute(sa.text(plan), {"grid": grid})
    session.execute(
        sa.text("""INSERT INTO buildings (code, name, estate_id, area_code, placed_by)
        SELECT 'MINE', '自建', min(id), :grid, 'inside' FROM estates"""),
        {"grid": grid},
    )
    photo = """INSERT INTO photos (owner_kind, owner_id, sha256, width, height, made_by)
        SELECT 'residents', min(id), 'x', 1, 1, '我' FROM residents"""
    session.execute(sa.text(photo))
    assert remove_town() == 3  # the event, the building and its estate
    assert session.execute(sa.text("DELETE FROM events WHERE number = 'MINE' RETURNING area_code")).scalar() is None
    emptied = ("areas", "residents", "valuables", "tracks", "events", "base_map", "users", "premises", "premises_staff", "photos")
    assert session.scalar(sa.text("SELECT count(*) FROM estates WHERE code ~ '^DE.*-[0-9]{3}$'")) == 0  # the code is free again
    for table in emptied:
        assert session.scalar(sa.text(f"SELECT count(*) FROM {table}")) == 0, table
