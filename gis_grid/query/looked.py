"""What people type into one box, and how fresh a record is: conditions that look into several columns at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from gis_grid.addresses.actions import match_addresses
from gis_grid.areas.placing import today
from gis_grid.buildings.models import Room
from gis_grid.freshness import rules
from gis_grid.people.models import Household, Resident, ResidentKey
from gis_grid.query.rules import BadQuery, Fresh, Words
from gis_grid.register import Register
from gis_grid.sealed import fingerprint, tail_mark

_LIVES_IN: dict[str, Any] = {  # rooms -> the condition on a register's rows
    "rooms": Room.id.in_,
    "households": Household.room_id.in_,
    "residents": lambda rooms: Resident.household_id.in_(sa.select(Household.id).where(Household.room_id.in_(rooms))),
}


def fits_words(register: Register, node: Words) -> Any:
    """Names that contain the words (residents: that begin with them, or their initials), whole numbers, a home's address."""
    model, text = register.model, node.text
    if register.name == "residents":
        return _of_a_resident(node)
    found = [getattr(model, name).contains(text, autoescape=True) for name in register.search]
    if hasattr(model, "phone_hash") and node.is_number:
        found.append(model.phone_hash == fingerprint(text))
    if register.name == "households":
        found.append(Household.id.in_(sa.select(Resident.household_id).where(Resident.name.startswith(text, autoescape=True))))
    return sa.or_(sa.false(), *found, *_at_address(register.name, node))


def _of_a_resident(node: Words) -> Any:
    """Each way through its own index, together by number of the resident."""
    if node.is_number:
        mark = fingerprint(node.text)
        numbered = sa.select(Resident.id).join(ResidentKey, ResidentKey.resident_id == Resident.id)
        return Resident.id.in_(
            sa.union(  # the unique index of numbers does not hold those who left
                numbered.where(ResidentKey.id_number_tail == tail_mark("id_number", node.text), Resident.id_number_hash == mark),
                sa.select(ResidentKey.resident_id).where(ResidentKey.phone_hash == mark),
            )
        )
    named = Resident.name.startswith(node.text, autoescape=True)
    ways = [sa.select(Resident.id).where(lives) for lives in _at_address("residents", node)]
    if node.text.isascii() and node.text.isalpha():
        initials = ResidentKey.initials.startswith(node.text.lower(), autoescape=True)
        ways.append(sa.select(ResidentKey.resident_id).where(initials))
    return Resident.id.in_(sa.union(sa.select(Resident.id).where(named), *ways)) if ways else named


def _at_address(register: str, node: Words) -> list[Any]:
    """Homes that the words may be the address of, when they name at least a room."""
    lives_in = _LIVES_IN.get(register)
    if lives_in is None or node.is_number or not any(char.isdigit() for char in node.text):
        return []
    match = match_addresses([node.text])[0]
    places = [match.decided] if match.decided else match.candidates
    rooms = [place.room_id for place in places if place.room_id]
    return [lives_in(rooms)] if rooms else []


def is_fresh(register: Register, node: Fresh) -> Any:
    """Verified and due later than soon, soon due, overdue, or never verified."""
    due = getattr(register.model, "due_on", None)
    if due is None:
        raise BadQuery(f"{register.title}没有核实期限，不能按 fresh 查询。")
    now, soon = today(), today() + timedelta(days=rules().soon_days)
    states = {"never": due.is_(None), "overdue": due < now, "soon": sa.and_(due >= now, due <= soon), "fresh": due > soon}
    return sa.or_(*(sa.and_(due.is_not(None), states[one]) if one != "never" else states[one] for one in node.states))
