"""What the private cluster decides before any server runs: sizes, the socket, which programs it needs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gis_grid.cluster import data, system
from gis_grid.errors import Unavailable


def test_the_size_follows_the_memory_within_bounds() -> None:
    record = data.Record("/x", "postgres", 1, "a", "b")
    megabytes = int(data.configuration(record).split("shared_buffers = '")[1].split("MB")[0])
    assert 64 <= megabytes <= 2048


def test_a_folder_whose_path_is_too_long_for_a_socket_is_asked_over_the_network() -> None:
    record = data.Record("/深" * 40, "postgres", 1, "a", "b")
    assert record.socket is None
    assert "unix_socket_directories = ''" in data.configuration(record)


def test_missing_postgresql_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(Path, "glob", lambda self, pattern: [])
    with pytest.raises(Unavailable, match="postgresql-15-postgis-3"):
        system.programs(None)
