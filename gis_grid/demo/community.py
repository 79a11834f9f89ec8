"""The rows of one community, table by table, ready for COPY; placed by the product's own index, not by the generator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

import numpy as np
import shapely

from gis_grid.areas.placing import current_index
from gis_grid.demo.houses import House
from gis_grid.demo.names import firm_name, shop_name
from gis_grid.demo.people import IdNumbers, Person, household
from gis_grid.demo.town import Community, Town, hexed, stored
from gis_grid.demo.work import happenings
from gis_grid.freshness import due_on
from gis_grid.sealed import fingerprint, seal, tail_mark

Table = tuple[str, str, list[tuple[Any, ...]]]
Verified = tuple[datetime | None, str | None, str | None]  # at, by, how
NEVER: Verified = (None, None, None)
_SEEN = ", verified_at, verified_by, verified_how, due_on"
BUILDING_NAMES = {
    "shed": "附属用房",
    "shops": "沿街商铺",
    "school": "教学楼",
    "market": "市场",
    "office": "写字楼",
    "mall": "商场",
    "hospital": "医院楼",
    "factory": "厂房",
}
EVENTS_PER_HOUSE = 1.3
VACANT_SHOPS, UPPER_FLOORS_IN_BUSINESS = 0.1, 0.7


class CommunityRows:
    """Builds the rows; `ids` counts on from the first free id of each table."""

    def __init__(self, town: Town, community: Community, numbers: IdNumbers, now: datetime, ids: dict[str, int]) -> None:
        self.town, self.community, self.numbers, self.now, self.ids = town, community, numbers, now, ids
        self.random = Random(f"{town.plan.seed}-{community.code}")
        self.verified: dict[int, Verified] = {}  # by room
        self.doors = [house.entrances[0] for house in community.houses]

    def tables(self) -> Iterator[Table]:
        """(table, columns, rows) in dependency order."""
        estates = self._estates()
        yield "estates", "id, code, name, address, property_company, point, outline, area_code, placed_by", estates
        yield from self._buildings()
        yield from self._homes()
        yield "premises", _PREMISES, list(self._premises())
        yield "events", _EVENTS, list(self._events())

    def _estates(self) -> list[tuple[Any, ...]]:
        self.estate_ids: dict[int, int] = {}
        estates = self.community.estates
        inside = [shapely.point_on_surface(estate.outline) for estate in estates.values()]
        placed = self._place(inside)
        rows = []
        for i, (number, estate) in enumerate(estates.items()):
            self.estate_ids[number] = self._id("estates")
            code = f"DE{self.community.code}-{number:03d}"
            address = f"{estate.road}{self.random.randint(1, 300)}号"
            shapes = hexed(inside[i]), hexed(shapely.multipolygons(shapely.get_parts(estate.outline)))
            rows.append((self.estate_ids[number], code, estate.name, address, "演示物业（虚构）", *shapes, *placed[i]))
        return rows

    def _buildings(self) -> Iterator[Table]:
        houses = self.community.houses
        entrances = [[shapely.Point(xy) for xy in self._degrees(house.entrances)] for house in houses]
        placed = self._place([points[0] for points in entrances])
        footprints = [shapely.multipolygons(shapely.get_parts(stored(self.town, house.footprint))) for house in houses]
        buildings, units, rooms = [], [], []
        self.rooms: list[tuple[int, int, str, str | None, str]] = []  # room id, house, use, area, number
        self.building_ids = []
        for i, house in enumerate(houses):
            building = self._id("buildings")
            self.building_ids.append(building)
            buildings.append((building, *self._building(i, house), hexed(entrances[i][0]), hexed(footprints[i]), *placed[i]))
            where = self._place(entrances[i])
            ids = [self._id("units") for _ in house.entrances] if house.doors else []
            units += [(unit, building, f"{n}单元", n, hexed(entrances[i][n - 1]), *where[n - 1]) for n, unit in enumerate(ids, 1)]
            for unit, floor, door, span, number, use in house.rooms:
                room, area = self._id("rooms"), where[unit][0]
                self.rooms.append((room, i, use, area, number))
                size = round(self.random.gauss(88, 18) * span, 1)
                seen = self._verified(room)
                due = due_on("rooms", (use,), seen[0])
                rooms.append((room, building, ids[unit], number, floor, door, span, use, size, area, "unit", *seen, due))
        yield "buildings", _BUILDINGS, buildings
        yield "units", "id, building_id, name, position, point, area_code, placed_by", units
        yield "rooms", _ROOMS, rooms

    def _building(self, i: int, house: House) -> tuple[Any, ...]:
        code = f"DB{self.community.code}-{i + 1:04d}"
        estate = self.estate_ids.get(house.estate)
        home = house.kind not in BUILDING_NAMES
        name = f"{house.number}幢" if home else f"{BUILDING_NAMES[house.kind]}{house.number}"
        found = self.community.estates.get(house.estate)
        address = f"{found.road}{found.name}{name}" if found else f"{self.community.name}{name}"
        return code, name, estate, address, house.use, house.above, house.below, round(house.above * 2.95 + 0.6, 1)

    def _homes(self) -> Iterator[Table]:
        households, residents = [], []
        for room, _, use, area, _ in self.rooms:
            if use not in ("01", "02"):
                continue
            home = self._id("households")
            kind = "01" if use == "01" else "02"
            households.append((home, f"DH{home}", room, kind, "演示数据", area, "room"))
            people = household(self.random, use == "02", self.now.date())
            residents += [self._resident(person, home, area, self.verified[room]) for person in people]
        yield "households", "id, number, room_id, kind, remark, area_code, placed_by", households
        yield "residents", _RESIDENTS, residents

    def _verified(self, room: int) -> Verified:
        """When somebody last looked in at a room: most within the year, some long ago, every tenth never."""
        if self.random.random() < 0.1:
            self.verified[room] = NEVER
        else:
            at = self.now - timedelta(days=self.random.triangular(0, 420, 60))
            how = "visit" if self.random.random() < 0.8 else "phone"
            self.verified[room] = (at, "演示网格员", how)
        return self.verified[room]

    def _resident(self, person: Person, home: int, area: str | None, seen: Verified) -> tuple[Any, ...]:
        number = self.numbers.take(person.birth, person.sex)
        phone = f"100{self.random.randrange(10**8):08d}" if (self.now.date() - person.birth).days > 12 * 365 else None
        known = (seal(phone), fingerprint(phone), tail_mark("phone", phone)) if phone else (None, None, None)
        sealed = (seal(number), fingerprint(number), tail_mark("id_number", number), *known)
        plain = (person.name, home, person.relation, person.sex, person.birth, "01", person.education, person.marital)
        due = due_on("residents", person.classes, seen[0])
        return (*plain, *sealed, list(person.classes), "演示数据", area, "room", *seen, due)

    def _premises(self) -> Iterator[tuple[Any, ...]]:
        for room, i, use, area, number in self.rooms:
            house = self.community.houses[i]
            if use != "99" or number.startswith("负") or self.random.random() < VACANT_SHOPS or not self._is_shop(house, number):
                continue
            name, trade = firm_name(self.random) if house.kind == "office" else shop_name(self.random)
            x, y = house.entrances[0]
            spot = (x + self.random.uniform(-0.4, 0.4) * 10, y + self.random.uniform(-1, 1))
            point = shapely.Point(self._degrees([spot])[0])
            building = self.building_ids[i]
            phone = seal(f"100{self.random.randrange(10**8):08d}")
            address = f"{self.community.name}{number}号"
            seen = self.verified[room]
            due = due_on("premises", (), seen[0])
            yield f"DP{room}", name, trade, address, phone, building, room, hexed(point), area, "room", *seen, due

    def _is_shop(self, house: House, number: str) -> bool:
        ground = number.startswith("1") and len(number) == 3
        return ground or (house.use != "01" and self.random.random() < UPPER_FLOORS_IN_BUSINESS)

    def _events(self) -> Iterator[tuple[Any, ...]]:
        count = int(max(60, min(700, len(self.doors) * EVENTS_PER_HOUSE)))
        made = list(happenings(self.random, self.doors, count, self.now, self.community.code[4:12]))
        points = [shapely.Point(xy) for xy in self._degrees([one.place for one in made])]
        placed = self._place(points)
        for one, point, where in zip(made, points, placed, strict=True):
            address = self._building(one.house, self.community.houses[one.house])[3]
            source = f"演示：{one.source}"
            yield (
                one.number, one.category, one.title, one.description, address, source, one.status,
                one.reported_at, one.closed_at, hexed(point), *where,
            )  # fmt: skip

    def _place(self, points: Sequence[Any]) -> list[tuple[str | None, str | None]]:
        if not len(points):
            return []
        placed = current_index().place(shapely.get_x(points), shapely.get_y(points))
        return list(zip(placed.code, placed.placed_by, strict=True))

    def _degrees(self, metres: Sequence[tuple[float, float]]) -> np.ndarray:
        return self.town.plan.ground.degrees(np.array(metres))

    def _id(self, table: str) -> int:
        self.ids[table] += 1
        return self.ids[table] - 1


_BUILDINGS = (
    "id, code, name, estate_id, address, use, floors_above, floors_below, height_m, point, footprint, area_code, placed_by"
)
_ROOMS = "id, building_id, unit_id, number, floor, door, door_span, use, area_m2, area_code, placed_by" + _SEEN
_RESIDENTS = (
    "name, household_id, relation, sex, birth_date, ethnic, education, marital, "
    "id_number, id_number_hash, id_number_tail, phone, phone_hash, phone_tail, classes, remark, area_code, placed_by" + _SEEN
)
_PREMISES = "code, name, trade, address, phone, building_id, room_id, point, area_code, placed_by" + _SEEN
_EVENTS = "number, category, title, description, address, source, status, reported_at, closed_at, point, area_code, placed_by"
