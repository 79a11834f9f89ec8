"""What lies in an old Office file (.xls, or a workbook with a password): the names in its directory, as [MS-CFB] lays it out."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

MOST_ENTRIES = 10_000
_LAST = 0xFFFFFFFA  # sector numbers from here on end a chain
_ENTRY = 128


def names_in(path: Path) -> set[str]:
    """Names of all streams and storages, such as Workbook, EncryptedPackage or _VBA_PROJECT_CUR; ValueError for broken files."""
    with path.open("rb") as file:
        head = file.read(512)
        try:
            size = 1 << struct.unpack_from("<H", head, 30)[0]
            (first,) = struct.unpack_from("<I", head, 48)
            if not 512 <= size <= 4096:
                raise ValueError("sector size")
            table = list(_table(file, head, size))
            return set(_entries(file, size, first, table))
        except (struct.error, IndexError) as fault:
            raise ValueError(str(fault)) from None


def _table(file: BinaryIO, head: bytes, size: int) -> Iterator[int]:
    """Which sectors hold the allocation table: the first 109 stand in the header, the others in a chain of their own."""
    yield from (number for number in struct.unpack_from("<109I", head, 76) if number < _LAST)
    number, left = struct.unpack_from("<II", head, 68)
    for _ in range(left):
        if number >= _LAST:
            return
        *listed, number = struct.unpack(f"<{size // 4}I", _sector(file, size, number))
        yield from (one for one in listed if one < _LAST)


def _entries(file: BinaryIO, size: int, number: int, table: list[int]) -> Iterator[str]:
    seen = 0
    while number < _LAST:
        sector = _sector(file, size, number)
        for at in range(0, size, _ENTRY):
            (length,) = struct.unpack_from("<H", sector, at + 64)
            if 2 <= length <= 64:
                yield sector[at : at + length - 2].decode("utf-16-le", "replace")
        seen += size // _ENTRY
        if seen > MOST_ENTRIES:
            raise ValueError("endless directory")
        holder = _sector(file, size, table[number // (size // 4)])
        (number,) = struct.unpack_from("<I", holder, number % (size // 4) * 4)


def _sector(file: BinaryIO, size: int, number: int) -> bytes:
    file.seek((number + 1) * size)
    return file.read(size)
