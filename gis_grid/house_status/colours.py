"""The colour rules of dictionary/house_status.yaml with what the office changed of them, chosen by name, each with its right."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import yaml

from gis_grid.access.rules import RIGHTS
from gis_grid.choices import newest
from gis_grid.config import PROJECT
from gis_grid.kept import Kept

FILE = PROJECT / "dictionary" / "house_status.yaml"
CHOICE = "house_status_colours"
PATTERNS = ("none", "lines", "dots", "cross", "dashes")


@dataclass(frozen=True)
class Rule:
    """How a trait looks: colour, pattern and a mark in the cell; the label stands in the legend."""

    trait: str
    label: str
    mark: str
    color: str
    pattern: str
    priority: int


@dataclass(frozen=True)
class Scheme:
    """One way to colour the diagram."""

    name: str
    title: str
    right: str
    rules: dict[str, Rule]

    def ranked(self, traits: Collection[str]) -> list[Rule]:
        """The rules of these traits, the most important first; a class the office added, without a rule, is plain."""
        known = [self.rules[trait] for trait in traits if trait in self.rules]
        if traits and not known and "plain" in self.rules:
            return [self.rules["plain"]]
        return known if len(known) < 2 else sorted(known, key=lambda rule: -rule.priority)


@dataclass(frozen=True)
class Colours:
    """All schemes; use_of: room type -> use."""

    version: int
    use_of: dict[str, str]
    schemes: dict[str, Scheme]


_kept: Kept[Colours] = Kept("choices")


def colours() -> Colours:
    """The colour rules as they hold now: the product's, with this office's over them; the version counts both."""
    return _kept.get(CHOICE, _with_own)


def _with_own() -> Colours:
    given, (version, own) = product(), newest(CHOICE)
    schemes = {name: replace(scheme, rules=_over(scheme.rules, own.get(name, {}))) for name, scheme in given.schemes.items()}
    return Colours(given.version + version, given.use_of, schemes)


def _over(rules: dict[str, Rule], own: dict[str, dict[str, Any]]) -> dict[str, Rule]:
    """The product's rules with the office's in their place; what a new release no longer knows is left out."""
    return {trait: replace(rule, **own.get(trait, {})) for trait, rule in rules.items()}


@cache
def product() -> Colours:
    """The colour rules that come with the product. ValueError names what is wrong with the file."""
    told = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    schemes = [_scheme(one) for one in told["schemes"]]
    return Colours(told["version"], told["use_of"], {scheme.name: scheme for scheme in schemes})


def _scheme(told: dict[str, Any]) -> Scheme:
    if told["right"] not in RIGHTS:
        raise ValueError(f"{FILE.name}: {told['name']}: unknown right {told['right']!r}")
    return Scheme(
        told["name"], told["title"], told["right"], {trait: _rule(trait, rule) for trait, rule in told["rules"].items()}
    )


def _rule(trait: str, told: dict[str, Any]) -> Rule:
    pattern = told.get("pattern", "none")
    if not re.fullmatch("#[0-9a-f]{6}", told["color"]) or pattern not in PATTERNS:
        raise ValueError(f"{FILE.name}: {trait}: a colour is #rrggbb, a pattern one of {', '.join(PATTERNS)}")
    return Rule(trait, told["label"], str(told["mark"]), told["color"], pattern, told["priority"])


def people_traits(cell: dict[str, Any]) -> set[str]:
    """The classes of who lives there; `plain` without any, `empty` without anybody."""
    return set(cell["tags"]) or {"plain" if cell["persons"] else "empty"}


def occupancy_traits(cell: dict[str, Any]) -> set[str]:
    """How many live there, in steps."""
    for least, trait in ((8, "crowded"), (5, "many"), (3, "few"), (2, "two"), (1, "one")):
        if cell["persons"] >= least:
            return {trait}
    return {"none"}


TRAITS: dict[str, Callable[[dict[str, Any]], set[str]]] = {
    "use": lambda cell: {cell["use"]},
    "people": people_traits,
    "occupancy": occupancy_traits,
    "freshness": lambda cell: {cell["freshness"]},
}
