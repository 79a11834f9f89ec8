"""Streams as the readers need them: never more than is allowed, whatever a small packed file unpacks to."""

from __future__ import annotations

import gzip
import queue
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

_PIECE = 1 << 22
_LONGEST_LINE = 1 << 20
_AHEAD = 1  # part read while one is worked on


class TooLong(ValueError):
    """There is more than may be read."""


class Limited:
    """A stream that refuses to give more than `most` bytes: a small packed file may be a bomb.

    `is_cut`: its packed data broke off. What came before is given, and then a byte that no format reads, so that the value that
    was cut in two is none.
    """

    def __init__(self, stream: Any, most: int) -> None:
        self._stream, self._most, self._left = stream, most, most
        self.is_cut = False

    def read(self, size: int = -1) -> bytes:
        """At most 4 MB at a time, b"" at the end."""
        if self.is_cut:
            return b""
        try:
            piece: bytes = self._stream.read(min(size, _PIECE) if size >= 0 else _PIECE)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            if self._left == self._most:
                raise
            self.is_cut, piece = True, b"\0"
        self._left -= len(piece)
        if self._left < 0:
            raise TooLong(f"内容超过 {self._most // 1024**2} MB，请分成几个文件")
        return piece

    def __iter__(self) -> Iterator[bytes]:
        rest = b""
        while piece := self.read(1 << 18):
            lines = (rest + piece).splitlines(keepends=True)
            rest = lines.pop() if lines and not lines[-1].endswith(b"\n") else b""
            if len(rest) > _LONGEST_LINE:
                raise ValueError("有过长的行")
            yield from lines
        if rest:
            yield rest


def whole(stream: IO[bytes], most: int) -> bytes:
    """All of a stream; ValueError when it is more than `most` bytes."""
    found: list[bytes] = []
    left = most
    while piece := stream.read(_PIECE):
        left -= len(piece)
        if left < 0:
            raise TooLong(f"文件超过 {most // 1024**2} MB，请分成几个，或改用 CSV、GPX")
        found.append(piece)
    return b"".join(found)


def ahead(parts: Iterable[Any]) -> Iterator[Any]:
    """The same parts; the next are read on a thread of their own while the caller works on one, or waits for the database."""
    waiting: queue.Queue[list[Any] | None] = queue.Queue(_AHEAD)
    over = False

    def read() -> None:
        try:
            for part in parts:
                waiting.put([part])
                if over:
                    return
        finally:
            waiting.put(None)

    with ThreadPoolExecutor(1, "read") as beside:
        reading = beside.submit(read)
        try:
            while found := waiting.get():
                yield found[0]
            reading.result()  # raises what the reader raised
        finally:
            over = True
            while not reading.done():  # who gave up early lets the reader go
                try:
                    waiting.get(timeout=0.05)
                except queue.Empty:
                    continue
