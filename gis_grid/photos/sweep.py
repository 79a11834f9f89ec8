"""Photo files that no photo in use names any longer: told first, deleted when asked."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from gis_grid import audit
from gis_grid.config import settings
from gis_grid.db import session
from gis_grid.photos.models import Photo

KEPT_DAYS = 30  # so long a file stays after its last photo was retired: a backup may still name it
_NAME = re.compile(r"([0-9a-f]{64})-(?:full|preview|id)\.jpg")
_PART = re.compile(r"\.[0-9a-f]{16}")  # left by a writer that was ended


@dataclass(frozen=True)
class Swept:
    """files and bytes that can go, or have gone; missing: photos in use whose file is not there."""

    files: int
    bytes: int
    missing: int


def sweep_photos(*, run: bool, days: int = KEPT_DAYS) -> Swept:
    """Look through the photo folder; with `run` the files nobody names any more are deleted. Younger than `days` stays."""
    used = set(session().scalars(sa.select(Photo.sha256).where(Photo.retired_at.is_(None)).distinct()))
    late = Photo.retired_at > sa.func.now() - sa.text(f"interval '{int(days)} days'")
    used |= set(session().scalars(sa.select(Photo.sha256).where(late).distinct()))
    before = time.time() - days * 86_400
    files = size = 0
    there: set[str] = set()
    for path, sha256 in _files():
        if sha256:
            there.add(sha256)
        if sha256 in used or path.stat().st_mtime > before:
            continue
        files, size = files + 1, size + path.stat().st_size
        if run:
            path.unlink(missing_ok=True)
    in_use = set(session().scalars(sa.select(Photo.sha256).where(Photo.retired_at.is_(None)).distinct()))
    swept = Swept(files, size, len(in_use - there))
    if run:
        audit.record("sweep", "photos", after={"files": files, "bytes": size})
    return swept


def _files() -> Iterator[tuple[Path, str | None]]:
    """Our own files in the photo folder with their content hash; None for an unfinished one. Others are left alone."""
    for path in sorted((settings().home / "photos").glob("*/*")):
        named = _NAME.fullmatch(path.name)
        if named:
            yield path, named[1]
        elif _PART.fullmatch(path.name):
            yield path, None
