"""Files beside the database, under the hash of what is in them: the same picture lies once, however often it is sent."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from gis_grid.config import settings
from gis_grid.photos.rules import Picture


def path_of(sha256: str, size: str) -> Path:
    """home/photos/ab/abcd...-size.jpg"""
    return settings().home / "photos" / sha256[:2] / f"{sha256}-{size}.jpg"


def keep_files(picture: Picture) -> None:
    """Write what is not there yet: whole or not at all, readable to the service only."""
    for size, body in picture.files.items():
        path = path_of(picture.sha256, size)
        if path.exists():
            os.utime(path)  # in use again: a sweep just now leaves it
            continue
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = path.with_name(f".{secrets.token_hex(8)}")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(body)
        part.replace(path)
