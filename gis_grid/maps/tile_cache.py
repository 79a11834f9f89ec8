"""Tiles once made: in memory, the least used go first; on disk for all workers. A name stands for one body, for ever.

The name is made of all that decides the body (data, scope, fields, day), so nothing here is ever stale, only unused.
"""

from __future__ import annotations

import gzip
import os
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from gis_grid.config import settings
from gis_grid.jobs.actions import now_and_then

_HELPS = 1400  # bytes; what fits one packet gains nothing by compression


@dataclass
class Tile:
    """One body and its name; compressed when first asked so."""

    tag: str
    body: bytes
    _packed: bytes | None = field(default=None, repr=False)

    def packed(self) -> bytes | None:
        """The body compressed with gzip, where that helps."""
        if self._packed is None and len(self.body) > _HELPS:
            self._packed = gzip.compress(self.body, 1, mtime=0)
        return self._packed


class Memory:
    """The tiles used last, up to the size the setting names."""

    def __init__(self) -> None:
        self._tiles: OrderedDict[str, Tile] = OrderedDict()
        self._lock = Lock()
        self._held = 0

    def get(self, tag: str) -> Tile | None:
        with self._lock:
            found = self._tiles.get(tag)
            if found is not None:
                self._tiles.move_to_end(tag)
            return found

    def keep(self, tile: Tile) -> Tile:
        with self._lock:
            if tile.tag not in self._tiles:
                self._held += len(tile.body)
            self._tiles[tile.tag] = tile
            while self._held > settings().tile_memory_mb * 1_000_000 or len(self._tiles) > 50_000:
                _, gone = self._tiles.popitem(last=False)
                self._held -= len(gone.body)
        return tile

    def clear(self) -> None:
        with self._lock:
            self._tiles.clear()
            self._held = 0


memory = Memory()


def get(tag: str, make: Callable[[], bytes]) -> Tile:
    """The tile of this name, from memory, from disk, or made now."""
    found = memory.get(tag)
    if found is not None:
        return found
    body = _read(tag)
    if body is None:
        body = make()
        _write(tag, body)
    return memory.keep(Tile(tag, body))


def _path(tag: str) -> Path:
    return settings().home / "tiles" / tag[:2] / tag[2:]


def _read(tag: str) -> bytes | None:
    if not settings().tile_disk_mb:
        return None
    try:
        return _path(tag).read_bytes()
    except OSError:
        return None


def _write(tag: str, body: bytes) -> None:
    """Written beside and renamed, so that no other worker reads half a tile. A full disk only makes things slower."""
    if not settings().tile_disk_mb or len(body) < _HELPS:
        return
    path = _path(tag)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside.write_bytes(body)
        beside.rename(path)
    except OSError:
        beside.unlink(missing_ok=True)


@now_and_then
def tidy() -> None:
    """Remove from disk what was written longest ago, down to the size the setting names."""
    folder = settings().home / "tiles"
    found = [(entry.stat(), entry) for part in _folders(folder) for entry in os.scandir(part)]
    over = sum(stat.st_size for stat, _ in found) - settings().tile_disk_mb * 1_000_000
    for stat, entry in sorted(found, key=lambda pair: pair[0].st_mtime):
        if over <= 0 and stat.st_mtime > time.time() - 30 * 86400:
            return
        os.unlink(entry.path)
        over -= stat.st_size


def _folders(folder: Path) -> list[os.DirEntry[str]]:
    return [entry for entry in os.scandir(folder) if entry.is_dir()] if folder.is_dir() else []
