"""The port for phones alone (`phones_port`): hundreds of them wait on one thread, and their fixes are stored together.

The service takes single fixes too, but each of its few threads can only wait for one phone. Here a request is read, put with the
others that wait, and answered when their transaction is on disk: one group after the other, each as large as what came meanwhile.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from gis_grid.logs import logger, where_of
from gis_grid.patrol.door import BUSY, MOST_AT_ONCE, MOST_WAITING, Entry, store_batch
from gis_grid.patrol.ingest import MOST_BYTES, READERS, TOO_LONG, Answer, Asked, Sent, headers_of

_NOT_HERE: Answer = (404, "这个端口只接收手机定位（/ingest/osmand、/ingest/owntracks）。".encode(), "text/plain; charset=utf-8")


class Phones:
    """An RSGI application for granian, one per process."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Entry, asyncio.Future[None]]] = deque()
        self._some = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        status, body, kind = await self._answer(scope, protocol)
        protocol.response_bytes(status, headers_of(status, body, kind), body)

    async def _answer(self, scope: Any, protocol: Any) -> Answer:
        read = READERS.get("/".join(scope.path.split("/", 3)[:3]))
        if read is None:
            return _NOT_HERE
        body = await _body(scope, protocol) if scope.method == "POST" else b""
        if body is None:
            return TOO_LONG
        told = scope.headers.get
        names = told("x-limit-u", ""), told("x-limit-d", "")
        sent = Sent(scope.path, scope.query_string, told("content-type", ""), told("authorization", ""), body, names)
        asked = read(sent)
        if not isinstance(asked, Asked):
            return asked
        await self._store(asked.entry)
        return asked.answer()

    async def _store(self, entry: Entry) -> None:
        """Until its outcome is known; at once, with no outcome, when too many wait."""
        if len(self._waiting) >= MOST_WAITING:
            return
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, done))
        self._some.set()
        await done

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._some.wait()
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_AT_ONCE))]
            if not self._waiting:
                self._some.clear()
            entries = [entry for entry, _ in batch]
            try:
                await loop.run_in_executor(None, store_batch, entries)
            except Exception as fault:  # the database is away, perhaps: the phones keep their fixes and come again
                logger().error("fixes_not_stored", count=len(batch), fault=type(fault).__name__, where=where_of(fault))
                for entry in entries:
                    entry.outcome = BUSY
            for _, done in batch:
                if not done.done():  # whose phone has gone away is cancelled
                    done.set_result(None)


async def _body(scope: Any, protocol: Any) -> bytes | None:
    """None when it is too long."""
    try:
        if int(scope.headers.get("content-length", "0")) > MOST_BYTES:
            return None
    except ValueError:
        pass
    parts, size = [], 0
    async for part in protocol:
        size += len(part)
        if size > MOST_BYTES:
            return None
        parts.append(part)
    return b"".join(parts)
