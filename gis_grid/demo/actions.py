"""Load the demo town by COPY, community by community in bounded memory, placed by the product's own index; remove it again."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import shapely
import sqlalchemy as sa

from gis_grid import audit
from gis_grid.access.actions import create_user
from gis_grid.areas.cells import refresh_cells
from gis_grid.areas.models import DEMO_PREFIX, Area, has_demo
from gis_grid.config import settings
from gis_grid.db import raw_connection, session
from gis_grid.demo.belongings import add_belongings
from gis_grid.demo.community import CommunityRows
from gis_grid.demo.people import IdNumbers
from gis_grid.demo.staff import patrols, shift_rows, staff_rows
from gis_grid.demo.town import Town, hexed, make_town, stored
from gis_grid.errors import Conflict
from gis_grid.patrol.actions import record_track
from gis_grid.patrol.targets import refresh_targets
from gis_grid.photos.actions import OWNERS

PREFIX, MARK = DEMO_PREFIX, "演示数据"
SINCE = date(2020, 1, 1)
DISTRICTS = {"community": 1, "district": 1, "city": 10}  # a city may be asked for with fewer
Progress = Callable[[str, int, int], None]


@dataclass
class Report:
    """Rows per table, seconds, and the accounts with their one-time passwords, which are shown only here."""

    scale: str
    seed: int
    already_there: bool = False
    rows: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    accounts: list[tuple[str, str, str, str]] = field(default_factory=list)

    def lines(self) -> list[str]:
        """What the command prints."""
        if self.already_there:
            return [f"演示数据（{self.scale}，种子 {self.seed}）已在，未作改动。重新加载请用 --reset（会给出新的演示账号密码）。"]
        told = [f"演示数据（{self.scale}，种子 {self.seed}）已生成，用时 {self.seconds:.0f} 秒："]
        told.append("  ".join(f"{name} {count:,}" for name, count in self.rows.items()))
        told.append("演示账号（一次性密码，首次登录须修改）/ demo accounts with one-time passwords:")
        told += [f"  {username:<18} {password}   {name}，{scope}" for username, name, scope, password in self.accounts]
        return told


# What of each table the demo made, in dependency order; rows that users added in demo grids are not its own.
_OWN = {
    "valuables": f"resident_id IN (SELECT id FROM residents WHERE remark = '{MARK}')",
    "premises_staff": "premises_id IN (SELECT id FROM premises WHERE code LIKE 'DP%')",
    "residents": f"remark = '{MARK}'",
    "households": f"remark = '{MARK}' AND NOT EXISTS (SELECT 1 FROM residents r WHERE r.household_id = households.id)",
    "premises": "code LIKE 'DP%'",
    "rooms": """building_id IN (SELECT id FROM buildings WHERE code LIKE 'DB9901%')
        AND NOT EXISTS (SELECT 1 FROM households h WHERE h.room_id = rooms.id)
        AND NOT EXISTS (SELECT 1 FROM premises p WHERE p.room_id = rooms.id)""",
    "units": "NOT EXISTS (SELECT 1 FROM rooms r WHERE r.unit_id = units.id)",
    "buildings": """code LIKE 'DB9901%' AND NOT EXISTS (SELECT 1 FROM units u WHERE u.building_id = buildings.id)
        AND NOT EXISTS (SELECT 1 FROM premises p WHERE p.building_id = buildings.id)""",
    "estates": "code LIKE 'DE9901%' AND NOT EXISTS (SELECT 1 FROM buildings b WHERE b.estate_id = estates.id)",
    "staff": "true",
    "boundaries": "true",
}


def load_town(scale: str, seed: int, progress: Progress, now: datetime | None = None, districts: int | None = None) -> Report:
    """Generate and load; a town that is there already is left alone, another one is refused. `districts`: of a city, 2 to 10."""
    now = now or datetime.now(ZoneInfo(settings().time_zone))
    count = districts or DISTRICTS[scale] if scale == "city" else DISTRICTS[scale]
    size = f"，{count} 区" if count != DISTRICTS[scale] else ""
    mark = f"{MARK}（生成）：{scale}{size}，种子 {seed}"
    there = session().scalar(sa.select(Area.remark).where(Area.code == f"{PREFIX}01"))
    if there == mark:
        return Report(scale, seed, already_there=True)
    if has_demo():
        raise Conflict("已有另一份演示数据：请加 --reset 先清除再加载。", code="other_demo")
    report, began = Report(scale, seed), time.monotonic()
    numbers, taken = IdNumbers(), set[str]()
    towns = [make_town(seed, number, scale == "community") for number in range(count)]
    for town in towns:
        town.taken = taken
        _load_district(town, mark, report, numbers, now, progress)
    refresh_cells(None)
    session().execute(sa.text("SELECT refresh_statistics(NULL)"))
    _make_accounts(towns[0], report)
    report.seconds = time.monotonic() - began
    audit.record("demo", "areas", PREFIX, after={"scale": scale, "seed": seed, "rows": dict(report.rows)})
    return report


# Work done in the demo town: it hangs on demo accounts, rooms and grids and goes with them.
_DEVICES = f"SELECT id FROM devices WHERE code LIKE 'demo-{PREFIX}%' OR user_id IN (SELECT id FROM users WHERE demo)"
_WORK = (
    f"DELETE FROM fixes WHERE device_id IN ({_DEVICES})",
    f"DELETE FROM devices WHERE id IN ({_DEVICES})",
    f"""UPDATE premises_staff SET resident_id = NULL
        WHERE resident_id IN (SELECT id FROM residents WHERE area_code LIKE '{PREFIX}%' AND remark = '{MARK}')""",
    "DELETE FROM visit_evidence WHERE user_id IN (SELECT id FROM users WHERE demo)",
    f"DELETE FROM visits WHERE area_code LIKE '{PREFIX}%'",
    f"DELETE FROM spot_checks WHERE area_code LIKE '{PREFIX}%' OR user_id IN (SELECT id FROM users WHERE demo)",
    f"DELETE FROM group_messages WHERE area_code LIKE '{PREFIX}%'",
    f"DELETE FROM patrol_routes WHERE area_code LIKE '{PREFIX}%'",
    f"DELETE FROM patrol_targets WHERE area_code LIKE '{PREFIX}%'",
    f"DELETE FROM shifts WHERE area_code LIKE '{PREFIX}%'",
)


def remove_town() -> int:
    """Delete everything the demo made, in dependency order; answers how many rows of others lost their (demo) grid by it."""
    for work in _WORK:
        session().execute(sa.text(work))
    session().execute(sa.text("DELETE FROM events WHERE source LIKE '演示：%'"))
    session().execute(sa.text(f"UPDATE plans SET undo_of = NULL WHERE area_code LIKE '{PREFIX}%'"))
    session().execute(sa.text(f"DELETE FROM plans WHERE area_code LIKE '{PREFIX}%'"))
    for table, own in _OWN.items():
        session().execute(sa.text(f"DELETE FROM {table} WHERE area_code LIKE '{PREFIX}%' AND {own}"))
    for table in ("estates", "buildings"):  # what stays because others hang on it must not stand in the next town's way
        session().execute(sa.text(f"UPDATE {table} SET code = code || '-' || id WHERE code LIKE 'D_9901%'"))
    for table in OWNERS:  # nobody's picture stays without its row; the files go with the next sweep
        gone = f"NOT EXISTS (SELECT 1 FROM {table} t WHERE t.id = photos.owner_id)"
        session().execute(sa.text(f"DELETE FROM photos WHERE owner_kind = '{table}' AND {gone}"))
    session().execute(sa.text("DELETE FROM base_map WHERE source = 'demo'"))
    session().execute(sa.text("DELETE FROM users WHERE demo"))
    others = sum(_unplace(table) for table in ("estates", "buildings", "units", "rooms", "households", "residents"))
    others += sum(_unplace(table) for table in ("premises", "premises_staff", "valuables", "events", "tracks", "devices"))
    session().execute(sa.text(f"UPDATE track_areas SET area_code = NULL WHERE area_code LIKE '{PREFIX}%'"))
    for length in (15, 12, 9, 6):
        session().execute(sa.text(f"DELETE FROM areas WHERE code LIKE '{PREFIX}%' AND length(code) = {length}"))
    refresh_cells(None)
    return others


def _unplace(table: str) -> int:
    left = f"UPDATE {table} SET area_code = NULL, placed_by = NULL WHERE area_code LIKE '{PREFIX}%'"
    return int(session().execute(sa.text(left)).rowcount)  # type: ignore[attr-defined]


def _load_district(town: Town, mark: str, report: Report, numbers: IdNumbers, now: datetime, progress: Progress) -> None:
    _load_areas(town, mark, report)
    _load_ground(town, report)
    total = len(town.wanted)
    doors: dict[str, list[tuple[float, float]]] = {}
    for done, community in enumerate(town.communities(), 1):
        rows = CommunityRows(town, community, numbers, now, _next_ids())
        for table, columns, values in rows.tables():
            report.rows[table] += copy(table, columns, values)
        doors[community.code] = rows.doors
        _keep_ids(rows)
        progress(f"{community.name}", done, total)
    report.rows["staff"] += copy("staff", "area_code, name, post, duty_phone, duty, since", staff_rows(town))
    report.rows["shifts"] += copy("shifts", "area_code, placed_by, worker, weekdays, starts, ends", shift_rows(town))
    if town.only is not None:  # a district has too many: there `gis-grid patrol targets` does it when it is wanted
        report.rows["targets"] += sum(refresh_targets().values())
        report.rows.update(add_belongings(town.plan.seed, town.district, MARK, now.date()))
    for track in patrols(town, now):
        record_track(track)
        report.rows["tracks"] += 1


def _load_areas(town: Town, mark: str, report: Report) -> None:
    areas = town.areas()
    top = f"{PREFIX}{town.plan.number + 1:02d}"
    remark = {top: mark}
    rows = [(a.code, a.name, a.level, a.parent, a.kind, a.extent or None, remark.get(a.code, MARK)) for a in areas]
    report.rows["areas"] += copy("areas", "code, name, level, parent_code, kind, extent, remark", rows)
    until = f"[{SINCE},)"
    bounds = [
        (a.code, hexed(shapely.multipolygons([a.shape]) if a.shape.geom_type == "Polygon" else a.shape), until, a.kind)
        for a in areas
    ]
    report.rows["boundaries"] += copy("boundaries", "area_code, geom, valid, kind", bounds)


def _load_ground(town: Town, report: Report) -> None:
    rows: list[tuple[Any, ...]] = [
        ("demo", "road", road.rank, road.name, road.width_m, hexed(stored(town, road.line))) for road in town.roads
    ]
    around = shapely.union_all([town.plan.lot(c) for n in town.wanted for c in town.plan.members(n)]).buffer(120)
    water = town.water if town.only is None else town.water.intersection(around)
    if not water.is_empty:
        rows.append(("demo", "water", None, "云江", None, hexed(stored(town, water))))
    for cell in town.plan.cells:
        if cell.use == "park" and cell.community in town.wanted:
            green = town.plan.lot(cell).buffer(-8).difference(town.water)
            if not green.is_empty:
                rows.append(("demo", "green", None, "公园", None, hexed(stored(town, green))))
    report.rows["base_map"] += copy("base_map", "source, kind, rank, name, width_m, geom", rows)


def _make_accounts(town: Town, report: Report) -> None:
    community = town.community_codes[town.wanted[0]]
    grid = min(code for code in town.codes.values() if code.startswith(community))
    wanted = (
        ("demo_admin", "演示管理员", "administrator", ""),
        ("demo_auditor", "演示审计员", "auditor", ""),
        ("demo_district", "演示区县", "district", town.district),
        ("demo_street", "演示街道", "street", community[:9]),
        ("demo_community", "演示社区", "community", community),
        ("demo_worker", "演示网格员", "grid_worker", grid),
    )
    for username, name, role, scope in wanted:
        password = create_user(username, name, [role], [scope], demo=True)
        report.accounts.append((username, name, scope or "全部区域", password))


def copy(table: str, columns: str, rows: Iterable[Sequence[Any]]) -> int:
    """COPY rows in; answers how many."""
    count = 0
    with raw_connection().cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as stream:
        for row in rows:
            stream.write_row(row)
            count += 1
    return count


_WITH_IDS = ("estates", "buildings", "units", "rooms", "households")


def _next_ids() -> dict[str, int]:
    """The next free id of each table whose rows others refer to."""
    return {
        table: int(session().scalar(sa.text(f"SELECT nextval(pg_get_serial_sequence('{table}', 'id'))")) or 1)
        for table in _WITH_IDS
    }


def _keep_ids(rows: CommunityRows) -> None:
    for table, last in rows.ids.items():
        session().execute(sa.text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {max(last, 1)})"))
