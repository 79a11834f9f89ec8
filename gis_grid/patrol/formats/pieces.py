"""Long GeoJSON texts read a piece at a time: a million positions as lists take half a gigabyte.

Arrays are found by their keys and by what they consist of. Where one turns out to be something else there is a ValueError, and
the text is to be read the usual way.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson

LEAST = 1 << 16  # bytes of an array worth setting aside
_PIECE = 1 << 20
_BEGINNING = 200  # bytes: enough to see whether there are texts
_ARRAY = re.compile(  # the colon of the next key ends the scan of positions, a letter of it that of times
    rb'("coordinates"\s*:\s*)(\[[-+0-9.eE,\[\]\s]*\])|("(?:coordTimes|times)"\s*:\s*)(\[[-+0-9.:TZ",\[\]\s]*\])'
)
_FEATURES = re.compile(rb'"features"\s*:\s*\[')
_BETWEEN_FEATURES = re.compile(rb"\}\s*,\s*\{")
_BETWEEN_LINES = re.compile(rb"\]\s*\]\s*,\s*\[\s*\[")
_BETWEEN_TIMES = re.compile(rb'"\s*\]\s*,\s*\[\s*"')


@dataclass(frozen=True)
class Long:
    """An array in the text: of positions, of times, or of several such arrays; `end` is behind its bracket."""

    text: bytes
    begin: int
    end: int

    @property
    def _is_text(self) -> bool:
        return b'"' in self.text[self.begin : self.begin + _BEGINNING]

    def lines(self) -> list[Long]:
        """The arrays within it, one per line."""
        between = _BETWEEN_TIMES if self._is_text else _BETWEEN_LINES
        spans = [found.span() for found in between.finditer(self.text, self.begin, self.end)]
        commas = [self.text.index(b",", *span) for span in spans] + [self.end - 1]
        begins = [self.begin + 1, *(comma + 1 for comma in commas[:-1])]
        return [
            Long(self.text, self.text.index(b"[", begin, comma), self.text.rindex(b"]", begin, comma) + 1)
            for begin, comma in zip(begins, commas, strict=True)
        ]

    def pieces(self) -> Iterator[list[Any]]:
        """Its values in their order, some ten thousand at a time."""
        stop = b'"' if self._is_text else b"]"
        at, last = self.begin + 1, self.end - 1
        while at < last:
            ends = self.text.find(stop, at + _PIECE, last)
            comma = self.text.find(b",", ends, last) if ends >= 0 else -1
            cut = comma if comma >= 0 else last
            yield orjson.loads(b"[" + self.text[at:cut] + b"]")
            at = cut + 1


def set_aside(text: bytes) -> tuple[bytes, dict[str, Long]]:
    """The text with a name in the place of each long array of lines and their times, and the arrays by these names."""
    if b'"coordTimes"' not in text and b'"times"' not in text:
        return text, {}
    token, kept, at = secrets.token_hex(8), [], 0
    arrays: dict[str, Long] = {}
    for match in _ARRAY.finditer(text):
        begin, end = match.span(2 if match[2] else 4)
        if end - begin >= LEAST:
            name = f"{token}-{len(arrays)}"
            arrays[name] = Long(text, begin, end)
            kept += [text[at:begin], b'"', name.encode(), b'"']
            at = end
    return b"".join([*kept, text[at:]]), arrays


def features_of(text: bytes) -> Iterator[list[Any]]:
    """The features of a collection, some thousand at a time: a million points as dictionaries take more than a gigabyte.

    The text is cut between features, at a guess; ValueError when a guess was wrong or it is no collection.
    """
    found = _FEATURES.search(text, 0, LEAST)
    at = found.end() if found else 0
    if text.count(b"{", 0, at) - text.count(b"}", 0, at) != 1:
        raise ValueError("no collection")  # or its features lie deeper
    begin = at
    while between := _BETWEEN_FEATURES.search(text, at + _PIECE):
        yield orjson.loads(b"[" + text[at : between.start() + 1] + b"]")
        at = between.end() - 1
    document = orjson.loads(text[:begin] + text[at:])
    if not isinstance(document, dict) or not isinstance(document.get("features"), list):
        raise ValueError("no collection")
    yield document["features"]


def in_pieces(values: list[Any] | Long) -> Iterable[list[Any]]:
    """An array's values, whether it was set aside or not."""
    return values.pieces() if isinstance(values, Long) else [values]
