"""Which room, household or building the rows of a sheet belong to: by number, by place, or by the row above."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import sqlalchemy as sa

from gis_grid.access.guard import scope_clause, scope_patterns
from gis_grid.addresses.actions import Candidate, Gazetteer, Match, gazetteer, match_addresses
from gis_grid.addresses.spelling import plain_part
from gis_grid.db import session, sql
from gis_grid.people.models import Household, Resident
from gis_grid.premises import Premises
from gis_grid.sealed import fingerprint
from gis_grid.sheets.cells import plain_text
from gis_grid.sheets.kinds import NUMBER, PLACE
from gis_grid.sheets.sites import Sites, Storeys

_KEYS = 500
_IS_NAME = re.compile("[一-龥]{2}")
CARRIED = (*PLACE, "household_number", "head")  # what rows may leave to the row above
HEAD = ("01", "02")  # GB/T 4761: 本人 or 户主


class Unresolved(ValueError):
    """A row whose place is not known; `field` is the column to look at."""

    def __init__(self, field_name: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field_name


@dataclass(frozen=True)
class Home:
    """A household: where it lives and who is its head."""

    id: int
    number: str
    room_id: int
    area_code: str | None
    head: str | None


@dataclass
class Homes:
    """What was found so far in one import; the gazetteer is read once."""

    known: Gazetteer = field(default_factory=gazetteer)
    matches: dict[str, Match] = field(default_factory=dict)
    by_number: dict[str, Home] = field(default_factory=dict)
    by_room: dict[int, list[Home]] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)  # numbers that anybody's household bears
    issued: dict[str, str | None] = field(default_factory=dict)  # first six digits of a number -> the place that issued it
    new: list[Home] = field(default_factory=list)
    keys: list[int] = field(default_factory=list)
    classes: dict[str, str | None] = field(default_factory=dict)  # class -> why it may not be given here
    made: int = 0
    carried: int = 0
    carried_buildings: int = 0
    sites: Sites = field(default_factory=Sites)
    storeys: Storeys = field(default_factory=Storeys)
    people: People = field(default_factory=lambda: People())  # noqa: PLW0108  it is declared below

    def look_up(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Everything that a batch of rows names, in a few queries."""
        texts = {place_text(row) for row in rows} - self.matches.keys() - {""}
        ordered = sorted(texts)
        self.matches.update(zip(ordered, match_addresses(ordered, self.known), strict=True))
        numbers = {str(row["household_number"]) for row in rows if row.get("household_number")} - self.by_number.keys()
        rooms = {match.decided.room_id for match in self.matches.values() if match.decided and match.decided.room_id}
        self._fetch_households(numbers, rooms - self.by_room.keys())

    def _fetch_households(self, numbers: set[str], rooms: set[Any]) -> None:
        self.by_room.update({room: [] for room in rooms})
        asked = {"numbers": list(numbers), "rooms": list(rooms), "scope": scope_patterns(), "heads": list(HEAD)}
        for row in session().execute(sql("households"), asked):
            home = Home(*row)
            self.by_number[home.number] = home
            if home.room_id in rooms:
                self.by_room[home.room_id].append(home)
        wanted = [*numbers, *(f"R{room}" for room in rooms)]
        self.taken.update(session().scalars(sa.select(Household.number).where(Household.number.in_(wanted))))

    def place(self, row: Mapping[str, Any], least: str) -> Candidate:
        """The place a row names, at least as exact as `least` (building, unit, room); otherwise Unresolved, with a reason."""
        text = place_text(row)
        if not text:
            raise Unresolved(_first_place(row), "没有住址：请填写小区、楼栋、房号，或详细地址")
        match = self.matches[text]
        if match.decided is None:
            raise Unresolved(_first_place(row), _told(match, text))
        found = self._with_only_unit(match.decided) if least in ("unit", "room") else match.decided
        if getattr(found, f"{least}_id") is None:
            if row.get(least):
                raise Unresolved(least, f"没有登记“{str(row[least])[:40]}”，或不在您的数据范围内，请核对")
            wanted = {"estate": "小区", "building": "楼栋", "unit": "单元", "room": "房号"}[least]
            raise Unresolved(_first_place(row), f"住址“{text[:40]}”没有写到{wanted}")
        return found

    def _with_only_unit(self, found: Candidate) -> Candidate:
        units = self.known.units.get(found.building_id or 0, [])
        if found.unit_id is None and len(units) == 1:
            one = units[0]
            return Candidate(**{**found.__dict__, "unit": one.name, "unit_id": one.id, "area_code": one.area_code})
        return found

    def household(self, row: Mapping[str, Any]) -> tuple[int, str | None]:
        """The household (id, area) of a person: by number, else by room; made when the room has none yet."""
        number = row.get("household_number")
        if number and str(number) in self.by_number:
            found = self.by_number[str(number)]
            return found.id, found.area_code
        if number and not place_text(row):
            raise Unresolved("household_number", "没有这个户籍编号，或不在您的数据范围内；没有编号时请填写住址")
        room = self.place(row, "room")
        there = self.by_room[room.room_id or 0]
        if number or not there:
            return self._make(room, str(number) if number else None)
        if len(there) == 1:
            return there[0].id, there[0].area_code
        head = row.get("head") or (row.get("name") if row.get("relation") in HEAD else None)
        fitting = [one for one in there if head and one.head == head]
        if len(fitting) != 1:
            told = "、".join(f"{one.number}（{one.head or '无户主'}）" for one in there[:5])
            raise Unresolved("household_number", f"该房屋有 {len(there)} 户：{told}。请填写户籍编号或户主姓名")
        return fitting[0].id, fitting[0].area_code

    def _make(self, room: Candidate, number: str | None) -> tuple[int, str | None]:
        """A new household in a room; numbered by the room when the sheet has no number."""
        taken = len(self.by_room[room.room_id or 0])
        number = number or f"R{room.room_id}" + (f"-{taken + 1}" if taken else "")
        if number in self.taken:
            raise Unresolved("household_number", f"户籍编号 {number} 已被占用（可能在您的数据范围之外，或已注销）")
        made = Home(self._next_key(), number, room.room_id or 0, room.area_code, None)
        self.new.append(made)
        self.taken.add(number)
        self.by_number[number] = made
        self.by_room[room.room_id or 0].append(made)
        return made.id, made.area_code

    def _next_key(self) -> int:
        if not self.keys:
            block = f"SELECT nextval(pg_get_serial_sequence('households', 'id')) FROM generate_series(1, {_KEYS})"
            self.keys = list(session().scalars(sa.text(block)))
        return self.keys.pop()

    def keep_new(self) -> None:
        """Write the households made since the last time; their people come after them."""
        if self.new:
            rows = [{**asdict(home), "placed_by": "room"} for home in self.new]
            session().execute(sa.insert(Household), [{k: v for k, v in row.items() if k != "head"} for row in rows])
            self.made += len(self.new)
            self.new.clear()


class People:
    """Whom a row of property or of shop staff means, within the caller's scope."""

    def by_number(self, number: str | None) -> int | None:
        """Who has this identity number; None when nobody here has it."""
        found = self._people(Resident.id_number_hash == fingerprint(number)) if number else []
        return found[0].id if found else None

    def owner(self, row: Mapping[str, Any], homes: Homes) -> tuple[int, str | None]:
        """The owner (id, area): by the identity number, otherwise by name within the household of the number or the address."""
        if number := row.get(NUMBER):
            found = self._people(Resident.id_number_hash == fingerprint(number))
            if not found:
                raise Unresolved(NUMBER, "没有这个证件号码的居民，或不在您的数据范围内")
            return found[0].id, found[0].area_code
        name = row.get("person")
        if not name:
            raise Unresolved("person", "请填写所有人的身份证号，或姓名和户籍编号（或住址）")
        known = homes.by_number.get(str(row.get("household_number")))
        households = [known] if known else homes.by_room[homes.place(row, "room").room_id or 0]
        found = self._people(sa.and_(Resident.household_id.in_([one.id for one in households]), Resident.name == name))
        if len(found) != 1:
            told = f"该住处有 {len(found)} 位{name}，请填写身份证号" if found else f"该住处没有名叫{str(name)[:20]}的居民"
            raise Unresolved("person", told)
        return found[0].id, found[0].area_code

    def shop(self, row: Mapping[str, Any]) -> tuple[int, str | None]:
        """The shop (id, area): by its code, otherwise the only one of its name."""
        code, name = row.get("premises_code"), row.get("premises")
        if not code and not name:
            raise Unresolved("premises_code", "请填写场所编号或场所名称")
        which = Premises.code == str(code) if code else Premises.name.in_({str(name), plain_text(name)})
        query = sa.select(Premises.id, Premises.area_code).where(
            which, Premises.retired_at.is_(None), scope_clause(Premises.area_code)
        )
        found = session().execute(query.limit(2)).all()
        if len(found) != 1:
            told = "有几个同名场所，请填写场所编号" if found else "没有这个场所，或不在您的数据范围内"
            raise Unresolved("premises_code" if code else "premises", told)
        return found[0].id, found[0].area_code

    def _people(self, condition: Any) -> list[Any]:
        query = sa.select(Resident.id, Resident.area_code).where(
            condition, Resident.retired_at.is_(None), scope_clause(Resident.area_code)
        )
        return list(session().execute(query.order_by(Resident.id).limit(5)))


def place_text(row: Mapping[str, Any]) -> str:
    """The place of a row as one address: what is in its columns goes before a free-text address."""
    return _place_text(row).strip()


def _place_text(row: Mapping[str, Any]) -> str:
    building, unit, room = (plain_part(str(row[key])) if row.get(key) else None for key in ("building", "unit", "room"))
    if building or row.get("estate"):
        named = _named(str(row["building"])) if building else ""
        return f"{row.get('estate') or ''}{named}" + (f"{unit}单元" if unit else "") + (f"{room}室" if room else "")
    return str(row.get("address") or "")


def _named(building: str) -> str:
    """3幢, 3号楼 and 3 by their number; a name as 综合楼 or 沿街商铺1 whole, and apart from the numbers that follow it."""
    number = plain_part(building) or ""
    return f"{building.strip()} " if _IS_NAME.search(number) else f"{number}幢"


def carry_down(rows: Sequence[dict[str, Any]], last: dict[str, Any], homes: Homes) -> dict[str, Any]:
    """People under their head often have empty cells for the home: they take it from the row above. Answers the last home."""
    for row in rows:
        if any(row.get(key) for key in CARRIED):
            last = {key: row.get(key) for key in CARRIED}
        elif last and row.get("relation") not in (None, *HEAD):
            row.update(last)
            homes.carried += 1
    return last


def carry_building(rows: Sequence[dict[str, Any]], last: dict[str, Any], homes: Homes, own: str) -> dict[str, Any]:
    """Under merged cells the rows of a building have only their unit and `own` number: they take the rest from the row above."""
    for row in rows:
        if any(row.get(key) for key in ("estate", "building", "address")):
            last = {key: row.get(key) for key in ("estate", "building", "unit")}
        elif last.get("building") and row.get(own) and not row.get("household_number"):
            if not row.get("unit"):
                row["unit"] = last["unit"]
            last["unit"] = row["unit"]
            row.update(estate=last["estate"], building=last["building"])
            homes.carried_buildings += 1
    return last


def _first_place(row: Mapping[str, Any]) -> str:
    return next((key for key in ("address", "room", "building", "estate") if row.get(key)), "address")


def _told(match: Match, text: str) -> str:
    if not match.candidates:
        return f"没有找到“{text[:40]}”：可能没有登记，或不在您的数据范围内"
    places = ["".join(filter(None, (one.estate, one.building, one.unit, one.room))) for one in match.candidates[:3]]
    return f"“{text[:40]}”{match.question} 相近的有：{'；'.join(dict.fromkeys(places))}"
