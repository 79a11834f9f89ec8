"""Why a household or a person belongs to its grid: with the room, by the entrance of its unit, never by a position."""

from __future__ import annotations

from gis_grid.buildings.models import Room
from gis_grid.buildings.why import Why, indoors, told
from gis_grid.db import session
from gis_grid.people.models import Household, Resident


def why_household(household: Household) -> Why:
    """With its room."""
    room = session().get(Room, household.room_id) if household.room_id else None
    return indoors(household, room, "住户") if room else told(household, "住户没有登记房屋，无从归属；请先登记住在哪里。")


def why_resident(resident: Resident) -> Why:
    """With the room of the household."""
    household = session().get(Household, resident.household_id) if resident.household_id else None
    room = session().get(Room, household.room_id) if household and household.room_id else None
    return indoors(resident, room, "居民") if room else told(resident, "居民没有登记住户或房屋，无从归属；请先登记住在哪里。")
