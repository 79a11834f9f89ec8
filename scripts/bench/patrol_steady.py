"""Phones at a steady pace, whatever the service does: each fix has its moment, and its delay counts from that moment on."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

import numpy as np
from measuring import Report, Took
from patrol_kill import PHONES, stored

CONNECTIONS = 64
WINDOW_S = 30


@dataclass
class Sent:
    """Per fix the seconds until its answer (NaN: none came), and which were answered with 200."""

    delay_s: np.ndarray
    told: list[tuple[str, int]] = field(default_factory=list)
    broken: int = 0


def steady(report: Report, known: list[tuple[str, str]], rate: int, seconds: int) -> None:
    """`rate` fixes a second for so many seconds; what was answered must be stored, and the last answers as quick as the first."""
    second = int(time.time()) - 2_000_000
    sent = Sent(np.full(rate * seconds, np.nan))
    asyncio.run(_all(sent, known, rate, second))
    milliseconds = sent.delay_s * 1000
    windows = [part[np.isfinite(part)] for part in np.array_split(milliseconds, max(1, seconds // WINDOW_S))]
    middles = [float(np.median(part)) for part in windows if len(part)]
    for place, part in enumerate(windows):
        told = f"p50 {np.median(part):.1f} ms, p99 {np.percentile(part, 99):.1f} ms" if len(part) else "no answer"
        report.add(
            "steady",
            f"from second {place * seconds // len(windows)}",
            len(part),
            Took(0, seconds / len(windows)),
            told,
            known_cpu=False,
        )
    answered = milliseconds[np.isfinite(milliseconds)]
    report.metrics["steady_per_s"] = round(len(sent.told) / seconds, 1)
    report.metrics["steady_lost"] = len(set(sent.told) - stored(second))
    report.metrics["steady_p99_ms"] = round(float(np.percentile(answered, 99)), 1) if len(answered) else None
    report.metrics["steady_last_to_first"] = round(middles[-1] / middles[0], 2) if len(middles) > 1 else None
    report.facts.append(f"steady: {rate * seconds:,} fixes sent, {len(sent.told):,} stored, {sent.broken} connections broken")


async def _all(sent: Sent, known: list[tuple[str, str]], rate: int, second: int) -> None:
    began = asyncio.get_running_loop().time() + 0.5
    await asyncio.gather(*(_phone(sent, known, rate, second, began, first) for first in range(CONNECTIONS)))


async def _phone(sent: Sent, known: list[tuple[str, str]], rate: int, second: int, began: float, first: int) -> None:
    """One connection: every 64th fix, each at its moment, or late when the answer before was late."""
    loop = asyncio.get_running_loop()
    reader, writer = await asyncio.open_connection("127.0.0.1", PHONES)
    for n in range(first, len(sent.delay_s), CONNECTIONS):
        due = began + n / rate
        await asyncio.sleep(max(0.0, due - loop.time()))
        code, key = known[n % len(known)]
        at = second + n // len(known)
        place = f"lat={30 + n % 1000 * 1e-5:.6f}&lon={110 + n % 700 * 1e-5:.6f}"
        try:
            writer.write(f"GET /ingest/osmand/{key}?id={code}&timestamp={at}&{place} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())
            status = await _answer(reader)
        except (ConnectionError, asyncio.IncompleteReadError):
            sent.broken += 1
            reader, writer = await asyncio.open_connection("127.0.0.1", PHONES)
            continue
        sent.delay_s[n] = loop.time() - due
        if status == 200:
            sent.told.append((code, at))
    writer.close()


async def _answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next((int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")), 0)
    if length:
        await reader.readexactly(length)
    return int(head.split(b" ", 2)[1])
