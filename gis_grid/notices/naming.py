"""Which names a plan wants, how important each is, and the spots it may take. Pure; millimetres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import shapely

from gis_grid.notices import spots
from gis_grid.notices.font import width_em
from gis_grid.notices.ground import Ground, House, Patch, Street
from gis_grid.notices.labels import Name, Spot
from gis_grid.notices.style import Letters

_ALIKE = 0.9  # of the houses of one row must have room for a longer name; else all are written by the shorter


class Naming:
    """The names of one plan: its ground on paper, the frame it must stay in, how wide a street is drawn."""

    def __init__(self, ground: Ground, frame: Any, letters: Letters, street_width: Any) -> None:
        self.ground, self.frame, self.letters, self.street_width = ground, frame, letters, street_width

    def names(self) -> list[Name]:
        """Every name with its spots."""
        return [*self._house_names(), *self._area_names(), *self._street_names(), *self._mark_names()]

    def _house_names(self) -> list[Name]:
        usual, least = self.letters.building, self.letters.least
        houses = self._alike()
        grown, edge = usual * self._growth(houses), shapely.boundary(self.ground.area)
        found = []
        for number, house in enumerate(houses):
            if house.names:
                must = house.use != "07"  # bicycle sheds and the like are named where their name fits
                if shapely.intersects(edge, house.shape):
                    ways = self._astride(house, edge, number)
                else:
                    ways = spots.house_spots(house, grown, least, number)
                ways = [*self._clear_of_marks(house, grown, number), *ways]
                if not must:
                    ways = [spot for spot in ways if spot.cost < 2]
                found.append(Name(self.ground.houses[number].names[0], "house", 3 if must else 8, ways, must))
        return found

    def _alike(self) -> Sequence[House]:
        """The houses with the names they may bear: a row is not written 41号, 42, 43号 because only some have room for 号."""
        size = max(0.85 * self.letters.building, self.letters.least)
        rows: dict[str, list[Any]] = {}
        for house in self.ground.houses:
            if len(house.names) > 1:
                rows.setdefault(spots.numbered(house.names[0]), []).append((house.names, spots.sides(house.shape)))
        told: dict[str, int] = {}
        for row, members in rows.items():
            for rank in range(max(len(names) for names, _ in members)):
                room = [size * width_em(names[min(rank, len(names) - 1)]) < 0.9 * side for names, (side, _) in members]
                told[row] = rank
                if sum(room) >= _ALIKE * len(room):
                    break
        found = []
        for house in self.ground.houses:
            rank = told.get(spots.numbered(house.names[0]), 0) if house.names else 0
            found.append(replace(house, names=house.names[rank:] or house.names[-1:]))
        return found

    def _astride(self, house: House, edge: Any, number: int) -> list[Spot]:
        """A house on the area's edge: its name stands on one side of the line, within the area if it can."""
        size, least = self.letters.building, self.letters.least
        free = shapely.difference(house.shape, shapely.buffer(edge, 0.4 * size))
        within, beyond = shapely.intersection(free, self.ground.area), shapely.difference(free, self.ground.area)
        ways = []
        for dear, part in ((dear, part) for dear, side in ((0.0, within), (0.5, beyond)) for part in shapely.get_parts(side)):
            found = spots.room_spots(house, part, size, least, number)
            ways += [replace(spot, cost=spot.cost + dear) for spot in found]
        ways += spots.house_spots(house, size, least, number)
        inside = shapely.contains_xy(self.ground.area, [spot.x for spot in ways], [spot.y for spot in ways])
        return [spot if within else replace(spot, cost=spot.cost + 0.5) for spot, within in zip(ways, inside, strict=True)]

    def _clear_of_marks(self, house: House, size: float, number: int) -> list[Spot]:
        """A house with a key place in it: its name stands left, right, above or below of that symbol."""
        away, (west, top, east, bottom) = 0.55 * self.letters.building, house.shape.bounds
        ways: list[Spot] = []
        for mark in self.ground.marks:
            if mark.kind == "entrance" or not shapely.intersects(house.shape, mark.point):
                continue
            x, y = mark.point.x, mark.point.y
            beside = (west, top, x - away, bottom), (x + away, top, east, bottom)
            above = (west, top, east, y - away), (west, y + away, east, bottom)
            for sides in (*beside, *above):
                if sides[0] >= sides[2] or sides[1] >= sides[3]:
                    continue
                part = shapely.intersection(house.shape, shapely.box(*sides))
                if part.geom_type == "Polygon":
                    ways += spots.room_spots(house, part, size, self.letters.least, number)
        return ways

    def _growth(self, houses: Sequence[House]) -> float:
        """How much larger than wanted the houses' names may be: on a plan of few and large houses, most have room."""
        named = [house for house in houses if house.names and house.use != "07"]
        sides = [spots.sides(house.shape) for house in named]
        for share in (2.0, 1.7, 1.4, 1.2):
            size = share * self.letters.building
            fits = [
                size * width_em(house.names[0]) < 0.8 * longer and size < 0.45 * shorter
                for house, (longer, shorter) in zip(named, sides, strict=True)
            ]
            if named and sum(fits) >= 0.8 * len(fits):
                return share
        return 1.0

    def _area_names(self) -> list[Name]:
        letters, ground = self.letters, self.ground
        outside = shapely.difference(self.frame, shapely.buffer(ground.area, 0.4 * letters.area))
        water = shapely.union_all([each.shape for each in ground.waters])
        found = [
            self._within(each, "neighbour", 5, shapely.intersection(each.shape, outside), (self._beds, water))
            for each in ground.neighbours
        ]
        found += [self._within(each, "water", 6, each.shape, (self._beds,)) for each in ground.waters if each.name]
        found += [self._within(each, "green", 6, each.shape, (self._beds,)) for each in ground.greens if each.name]
        for patch in ground.inner:
            seen = shapely.buffer(shapely.intersection(patch.shape, self.frame), -0.2 * letters.least)
            ways = spots.area_spots(patch.name, seen, 1.1 * letters.area, letters.least, beyond=True)
            found.append(Name(patch.name, "inner", 1, ways))
        for patch in ground.estates:
            at = shapely.point_on_surface(patch.shape)
            found.append(Name(patch.name, "estate", 7, spots.loose_spots(patch.name, at.x, at.y, letters.area), False))
        return found

    @cached_property
    def _beds(self) -> Any:
        """Where streets lie: no other name stands in the middle of one if it can help it."""
        streets = self.ground.streets
        return shapely.union_all(
            [shapely.buffer(each.line, self.street_width(each.width_m) / 2, quad_segs=2) for each in streets]
        )

    def _within(self, patch: Patch, style: str, priority: int, shape: Any, off: Sequence[Any]) -> Name:
        """A name for what is seen of a shape, rather off the shapes of `off`; left out when that is too small."""
        seen = shapely.intersection(shape, self.frame)
        for bare in (shapely.difference(seen, shapely.union_all(list(off))), seen):
            room = shapely.buffer(bare, -0.25 * self.letters.least)
            ways = spots.area_spots(patch.name, room, self.letters.area, self.letters.least)
            if ways:
                break
        return Name(patch.name, style, priority, ways, False)

    def _street_names(self) -> list[Name]:
        by_name: dict[str, list[Street]] = {}
        for street in self.ground.streets:
            if street.name:
                by_name.setdefault(street.name, []).append(street)
        near = shapely.buffer(self.ground.area, 3 * self.letters.street)
        room = shapely.buffer(self.frame, -0.4 * self.letters.least)
        found = []
        for name, parts in by_name.items():
            line = shapely.intersection(shapely.line_merge(shapely.union_all([part.line for part in parts])), room)
            width = self.street_width(max(part.width_m for part in parts))
            wanted = self.letters.street * min(max(0.4 * width / self.letters.street, 1.0), 1.8)  # wide streets, large letters
            ways = spots.street_spots(parts[0], line, width, wanted, self.letters.least)
            must = bool(shapely.intersection(line, near).length > 8 * self.letters.street)
            found.append(Name(name, "street", 2 if must else 6, ways, must))
        return found

    def _mark_names(self) -> list[Name]:
        size = self.letters.building
        known = {"here": ("here", 0, 1.0), "entrance": ("entrance", 9, 0.85)}  # style, importance, size
        found = []
        for mark in self.ground.marks:
            if mark.name:
                style, priority, share = known.get(mark.kind, ("mark", 4, 1.0))
                ways = spots.mark_spots(mark.name, mark.point.x, mark.point.y, size * share, 0.5 * size)
                found.append(Name(mark.name, style, priority, ways, style != "entrance"))
        return found
