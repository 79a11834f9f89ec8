"""What a board says of one area, and its hash: equal contents have equal hashes. Pure; goes to child processes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

POSTS = (
    "grid_leader",
    "grid_worker",
    "mediator",
    "police",
    "building_leader",
)  # whose people a board shows unless its template says otherwise


@dataclass(frozen=True)
class Person:
    """One of the people on the board."""

    post: str
    post_name: str
    name: str
    phone: str | None
    duty: str | None
    photo: str | None = None  # digest of the picture


@dataclass(frozen=True)
class Content:
    """All that a board says of one area, without pictures; equal contents have equal hashes."""

    code: str
    name: str
    level: str
    above: tuple[str, ...]  # names of the areas above, from the top down
    people: tuple[Person, ...]
    extent: str | None
    services: str
    supervision_phone: str | None
    publisher: str | None
    heading: str
    url: str | None
    report_link: str | None
    review_number: str | None
    counts: dict[str, int] | None
    ground: str | None  # digest of the boundary, the buildings and entrances; None without boundary
    logo: str | None
    decided: dict[str, Any] = field(default_factory=dict)

    def shown(self, posts: Sequence[str]) -> list[Person]:
        """The people of these posts, in the order of the posts, the lowest area first."""
        order = {post: position for position, post in enumerate(posts)}
        return sorted((person for person in self.people if person.post in order), key=lambda person: order[person.post])

    def said(self, posts: Sequence[str]) -> dict[str, Any]:
        """What a print keeps of it: all that a reader of a board with these posts would see."""
        told = {**asdict(self), "posts": list(posts), "people": [asdict(person) for person in self.shown(posts)]}
        told.pop("decided")
        return orjson.loads(orjson.dumps(told))


def hash_of(said: Mapping[str, Any]) -> str:
    """The same for the same content, whatever the order of its parts."""
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()
