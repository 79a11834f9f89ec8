"""Which names a plan wants, how important each is, and the spots it may take. Pure; millimetres."""

from __future__ import annotations

from typing import Any

import shapely

from gis_grid.notices import spots
from gis_grid.notices.font import width_em
from gis_grid.notices.ground import Ground, Patch, Street
from gis_grid.notices.labels import Name
from gis_grid.notices.style import Letters


class Naming:
    """The names of one plan: its ground on paper, the frame it must stay in, how wide a street is drawn."""

    def __init__(self, ground: Ground, frame: Any, letters: Letters, street_width: Any) -> None:
        self.ground, self.frame, self.letters, self.street_width = ground, frame, letters, street_width

    def names(self) -> list[Name]:
        """Every name with its spots."""
        return [*self._house_names(), *self._area_names(), *self._street_names(), *self._mark_names()]

    def _house_names(self) -> list[Name]:
        usual, least = self.letters.building, self.letters.least
        grown, edge = usual * self._growth(), shapely.boundary(self.ground.area)
        found = []
        for number, house in enumerate(self.ground.houses):
            if house.names:
                must = house.use != "07"  # bicycle sheds and the like are named where their name fits
                size = usual if shapely.intersects(edge, house.shape) else grown  # small enough to step aside from the edge
                ways = spots.house_spots(house, size, least, number)
                if not must:
                    ways = [spot for spot in ways if spot.cost < 2]
                found.append(Name(house.names[0], "house", 3 if must else 8, ways, must))
        return found

    def _growth(self) -> float:
        """How much larger than wanted the houses' names may be: on a plan of few and large houses, most have room."""
        named = [house for house in self.ground.houses if house.names and house.use != "07"]
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
        found = [self._within(each, "neighbour", 5, shapely.intersection(each.shape, outside)) for each in ground.neighbours]
        found += [self._within(each, "water", 6, each.shape) for each in ground.waters if each.name]
        found += [self._within(each, "green", 6, each.shape) for each in ground.greens if each.name]
        for patch in ground.inner:
            seen = shapely.buffer(shapely.intersection(patch.shape, self.frame), -0.2 * letters.least)
            ways = spots.area_spots(patch.name, seen, 1.1 * letters.area, letters.least, beyond=True)
            found.append(Name(patch.name, "inner", 1, ways))
        for patch in ground.estates:
            at = shapely.point_on_surface(patch.shape)
            found.append(Name(patch.name, "estate", 7, spots.loose_spots(patch.name, at.x, at.y, letters.area), False))
        return found

    def _within(self, patch: Patch, style: str, priority: int, shape: Any) -> Name:
        """A name for what is seen of a shape; left out when that is too small."""
        seen = shapely.buffer(shapely.intersection(shape, self.frame), -0.25 * self.letters.least)
        return Name(patch.name, style, priority, spots.area_spots(patch.name, seen, self.letters.area, self.letters.least), False)

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
            wanted = self.letters.street * (1.25 if width > 2.2 * self.letters.street else 1.0)
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
