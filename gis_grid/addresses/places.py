"""Names found inside a text: exactly, or with one character wrong, missing or too many; pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Generic, TypeVar

Key = TypeVar("Key")
EXACT, NEARLY = 1.0, 0.8
LEAST = 2  # characters of a name that is looked for
LEAST_FUZZY = 3  # shorter names with one wrong character are other names


class Names(Generic[Key]):
    """Many names, each with what bears it."""

    def __init__(self, named: Iterable[tuple[str, Key]]) -> None:
        self._bearers: dict[str, list[Key]] = defaultdict(list)
        for name, key in named:
            if len(name) >= LEAST:
                self._bearers[name].append(key)
        self._by_pair: dict[str, list[str]] = defaultdict(list)
        for name in self._bearers:
            for pair in set(_pairs(name)):
                self._by_pair[pair].append(name)
        self.find = lru_cache(maxsize=20_000)(self._find)

    def _find(self, text: str) -> Sequence[tuple[Key, float]]:
        """Bearers of the longest names in the text with their score; with no exact name, of names that nearly are there."""
        near = {name for pair in set(_pairs(text)) for name in self._by_pair.get(pair, ())}
        exact = [name for name in near if _is_in(name, text)]
        if exact:
            longest = [name for name in exact if not any(name != other and name in other for other in exact)]
            return [(key, EXACT) for name in sorted(longest) for key in self._bearers[name]]
        nearly = [name for name in near if len(name) >= LEAST_FUZZY and name.isalpha() and is_nearly_in(name, text)]
        return [(key, NEARLY) for name in sorted(nearly) for key in self._bearers[name]]


def _is_in(name: str, text: str) -> bool:
    """Whether the text holds the name; 商铺1 is not in 商铺12."""
    at = text.find(name)
    while at >= 0:
        end = at + len(name)
        if not (name[-1].isdigit() and text[end : end + 1].isdigit()):
            return True
        at = text.find(name, at + 1)
    return False


def is_nearly_in(name: str, text: str) -> bool:
    """Whether the text holds the name with one character replaced, left out or added."""
    size = len(name)
    for start in range(len(text)):
        if sum(a == b for a, b in zip(name, text[start : start + size], strict=False)) >= size - 1:
            return True
        if _one_out(name, text[start : start + size - 1]) or _one_out(text[start : start + size + 1], name):
            return True
    return False


def _one_out(longer: str, shorter: str) -> bool:
    """Whether leaving one inner or outer character out of `longer` gives `shorter`."""
    if len(longer) != len(shorter) + 1 or not shorter:
        return False
    same = next((i for i, (a, b) in enumerate(zip(longer, shorter, strict=False)) if a != b), len(shorter))
    return longer[same + 1 :] == shorter[same:]


def _pairs(text: str) -> list[str]:
    return [text[i : i + 2] for i in range(len(text) - 1)]
