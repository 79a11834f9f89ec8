"""Record tracks: admit, put in order, place, clean, store once however often they come; say what became of every fix."""

from __future__ import annotations

import gzip
import hashlib
import io
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo

import numpy as np
import sqlalchemy as sa

from gis_grid import audit
from gis_grid.access.guard import caller, check_area
from gis_grid.areas.placing import current_index
from gis_grid.config import settings
from gis_grid.db import session
from gis_grid.errors import GridError, Invalid, TooLarge
from gis_grid.imports.actions import Progress
from gis_grid.imports.offers import Importable, Options
from gis_grid.imports.report import Report
from gis_grid.patrol.devices import device_called
from gis_grid.patrol.digest import limits_now
from gis_grid.patrol.fixes import Fixes, Part, TrackInput, arrays, joined
from gis_grid.patrol.formats import FORMATS
from gis_grid.patrol.formats.streams import Limited, TooLong, ahead
from gis_grid.patrol.models import Device, TrackArea, Upload
from gis_grid.patrol.rules import Limits, admit, in_order
from gis_grid.patrol.shifts import Who, off_shift
from gis_grid.patrol.store import days_of
from gis_grid.patrol.taking import Block, Told, make_ready, write

MOST_BYTES = 1024**3  # of one track file, unpacked
_MOST_TIMES = 50  # its size a packed file may unpack to
LEAST_UNPACKED = 16 * 1024**2  # bytes that any packed file may unpack to
BLOCK = 100_000  # fixes held before whole days of them are written
PATIENCE = "10min"  # a slow machine may read and place a block for longer than a transaction may lie idle otherwise
_LOCK = 0x747261  # first half of the advisory lock on a device whose file is being stored


def record_track(source: TrackInput) -> dict[str, Any]:
    """Store one track from memory; answers as record_file does."""
    return _record([Part(source.device, source.fixes)], source, Told())


def record_file(
    stream: IO[bytes], name: str, crs_name: str | None = None, device: str | None = None, worker: str | None = None
) -> dict[str, Any]:
    """Store a file's tracks, once however often it is sent: by device and time. In one transaction and in bounded memory.

    Answers received, stored, repeated, refused by reason, and for each track (one per device and day) fixes, flags, metres and
    minutes, also per area. Refuses what is no track with the reason.
    """
    kind, reader = _reader_of(name)
    unpacked = _unpacked(stream, name)
    try:
        told = Told()
        parts = _until_fault(reader(unpacked, ZoneInfo(settings().time_zone)), unpacked, told)
        source = TrackInput(_nothing(), kind, name[:200], device, worker, crs_name or "")
        return _record(parts, source, told)
    except TooLong as fault:
        raise TooLarge(f"轨迹文件 {name[:100]} 未能读取：{fault}。") from None
    except ValueError as fault:
        raise Invalid(f"轨迹文件 {name[:100]} 未能读取：{fault}。", code="bad_track") from None
    except (EOFError, zlib.error, gzip.BadGzipFile):  # from its first byte
        raise Invalid(f"轨迹文件 {name[:100]} 的压缩数据已损坏。", code="bad_track") from None


def _until_fault(parts: Iterator[Part], stream: Limited, told: Told) -> Iterator[Part]:
    """What can be read of a file that breaks off, and the reason in `told`; a file without any good part is refused."""
    count = 0
    try:
        for part in parts:
            count += len(part.fixes)
            yield part
    except TooLong:
        raise
    except ValueError as fault:
        if not count:
            raise
        told.broken = f"{fault}"
    if stream.is_cut:
        told.broken = "压缩数据不完整"
    if told.broken:
        told.broken = (
            f"文件只读到第 {count} 个点，其后读不下去（{told.broken}）：读到的已收下。请找到完整的文件再传一次，不会重复。"
        )


def _nothing() -> Fixes:
    return arrays(np.zeros(0), np.zeros(0), np.zeros(0))


def _reader_of(name: str) -> tuple[str, Any]:
    kind = name.lower().removesuffix(".gz").rpartition(".")[2]
    if kind not in FORMATS:
        raise Invalid(f"不支持的轨迹格式“{kind[:10]}”，可用：{'、'.join(FORMATS)}（可再压成 .gz）。", code="bad_format")
    return kind, FORMATS[kind]


def _unpacked(stream: IO[bytes], name: str) -> Any:
    """What unpacks to fifty times its size is no track: it would be read for minutes before the limit ends it."""
    if not name.lower().endswith(".gz"):
        return Limited(stream, MOST_BYTES)
    if isinstance(stream, zipfile.ZipExtFile):  # its end is found only by reading it
        return Limited(gzip.open(stream), MOST_BYTES)
    stream.seek(0, io.SEEK_END)
    most = min(MOST_BYTES, max(LEAST_UNPACKED, _MOST_TIMES * stream.tell()))
    stream.seek(0)
    return Limited(gzip.open(stream), most)


def _record(parts: Iterable[Part], source: TrackInput, told: Told) -> dict[str, Any]:
    """Three at once: a part is read, the block before it is placed and cleaned, the one before that is written."""
    limits = limits_now()
    session().execute(sa.text(f"SET LOCAL idle_in_transaction_session_timeout = '{PATIENCE}'"))
    with ThreadPoolExecutor(1, "place") as beside:
        under_way: Future[Block] | None = None
        for code, fixes in _blocks(ahead(parts), source, limits, told):
            device = device_called(code, source.worker)
            next_one = beside.submit(make_ready, device, fixes, source.crs or device.crs, current_index(), limits)
            if under_way:
                write(under_way.result(), limits, told)
            under_way = next_one
        if under_way:
            write(under_way.result(), limits, told)
    if not told.tracks:
        reasons = "、".join(f"{reason} {count}" for reason, count in told.refused.items()) or "没有任何点"
        raise Invalid(f"轨迹没有可用的定位点（{reasons}）。", code="empty_track", refused=dict(told.refused))
    if told.elsewhere:
        _check_whose(told)
    return _answer(source, told)


def _check_whose(told: Told) -> None:
    """A device that belongs here may have been anywhere; of one that nobody enrolled some day must lie in the caller's areas."""
    elsewhere = [told.tracks[number] for number in sorted(told.elsewhere)]
    here = {track["device"] for number, track in told.tracks.items() if number not in told.elsewhere}
    unsure = {track["device"]: track["area_code"] for track in elsewhere if track["device"] not in here}
    known = set(session().scalars(sa.select(Device.code).where(Device.code.in_(unsure), Device.area_code.is_not(None))))
    for device in unsure.keys() - known:
        check_area(unsure[device])
    days = sorted({track["day"] for track in elsewhere})
    told.warnings.append(f"{'、'.join(days[:5])}{' 等' if len(days) > 5 else ''}主要走在您的数据范围以外，已照样收下。")


def _blocks(parts: Iterable[Part], source: TrackInput, limits: Limits, told: Told) -> Iterator[tuple[str, Fixes]]:
    """Whole days of one device, in order of time, with the device's number; the last of its days may still be growing."""
    waiting: dict[str, list[Fixes]] = {}
    unnamed: str | None = None
    for part in parts:
        told.received += len(part.fixes) + part.unread
        told.refused.update({"无法读取": part.unread} if part.unread else {})
        fixes, refused = admit(part.fixes, limits)
        told.refused.update(refused)
        if not len(fixes):
            continue
        code = source.device or part.device or unnamed
        if code is None:
            code = unnamed = _name_for(source, fixes)
        held = waiting.setdefault(code, [])
        held.append(fixes)
        if sum(map(len, held)) >= BLOCK:
            whole, waiting[code] = _whole_days(_on_shift(code, joined(held), source, told), told)
            if len(whole):
                yield code, whole
    for code, held in waiting.items():
        whole, told_again = in_order(_on_shift(code, joined(held), source, told)) if held else (_nothing(), 0)
        told.repeated += told_again
        if len(whole):
            yield code, whole


def _on_shift(code: str, fixes: Fixes, source: TrackInput, told: Told) -> Fixes:
    """What may be kept of a device's fixes; nobody else stores a file of it until this one is done."""
    device = device_called(code, source.worker)
    session().execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK, device.id % 2**31)))
    who = Who(device.user_id, device.worker)
    if not settings().track_only_in_shifts or not (who.name or who.user_id):
        return fixes
    outside = off_shift(who, fixes.at)
    told.refused.update({"不在班次内": int(outside.sum())} if outside.any() else {})
    return fixes.take(~outside)


def _whole_days(fixes: Fixes, told: Told) -> tuple[Fixes, list[Fixes]]:
    """The days that are complete, in order, and what is held back: the last day, unless it is the only one."""
    fixes, again = in_order(fixes)
    told.repeated += again
    days = days_of(fixes.at)
    if not len(days) or days[0] == days[-1]:
        return fixes, []
    cut = int(np.searchsorted(days, days[-1]))
    return fixes.part(0, cut), [fixes.part(cut, len(fixes))]


def _name_for(source: TrackInput, fixes: Fixes) -> str:
    """A device for a file that names none: its worker's, or one that is known again by how the track begins."""
    if source.worker:
        return f"worker-{source.worker}"[:64]
    begin = np.column_stack([fixes.at, fixes.lon, fixes.lat])[:4]
    return "file-" + hashlib.sha256(np.ascontiguousarray(begin).tobytes()).hexdigest()[:24]


def _answer(source: TrackInput, told: Told) -> dict[str, Any]:
    upload = Upload(
        by=caller().name,
        format=source.format,
        file_name=source.file_name,
        received=told.received,
        stored=told.stored,
        refused=dict(told.refused),
    )
    session().add(upload)
    tracks = list(told.tracks.values())
    for track in tracks:
        _bind(track)
    session().flush()
    flagged: Counter[str] = Counter()
    for track in tracks:
        flagged.update(track["flagged"])
    answer = {
        "id": upload.id,
        "received": told.received,
        "stored": told.stored,
        "repeated": told.repeated,
        "refused": dict(told.refused),
        "flagged": dict(flagged),
        "length_m": round(sum(track["length_m"] for track in tracks), 1),
        "minutes": round(sum(track["minutes"] for track in tracks), 1),
        "warnings": [*told.warnings, *([told.broken] if told.broken else [])],
    }
    main = tracks[0]["area_code"]
    audit.record("record", "tracks", upload.id, after=answer, area_code=main)
    return {**answer, "tracks": tracks, "areas": _areas([track["id"] for track in tracks])}


def _bind(track: dict[str, Any]) -> None:
    """A device that nobody enrolled belongs where it was first seen."""
    session().execute(
        sa.update(Device)
        .where(Device.code == track["device"], Device.area_code.is_(None), Device.key_hash.is_(None))
        .values(area_code=track["area_code"], placed_by="inside" if track["area_code"] else None)
    )


def _areas(track_ids: list[int]) -> list[dict[str, Any]]:
    """Fixes, metres and minutes per area over these tracks, most fixes first."""
    total = {name: sa.func.sum(getattr(TrackArea, name)) for name in ("fixes", "length_m", "minutes")}
    query = sa.select(TrackArea.area_code, *total.values()).where(TrackArea.track_id.in_(track_ids)).group_by(TrackArea.area_code)
    rows = session().execute(query.order_by(total["fixes"].desc(), TrackArea.area_code)).all()
    return [{"code": code, "fixes": int(n), "length_m": round(m, 1), "minutes": round(t, 2)} for code, n, m, t in rows]


def take_tracks(importable: Importable, path: Path, work: Path, options: Options, report: Report, progress: Progress) -> None:
    """Tracks of one file, or of each file in a zip; a file that is no track is refused with its reason."""
    flagged: Counter[str] = Counter()
    for row, (name, stream) in enumerate(_members(path, report.file), 1):
        report.rows += 1
        try:
            with session().begin_nested():
                answer = record_file(stream, name, options.crs or None)
        except GridError as fault:
            report.refuse(row, "文件", name, fault.detail)
            continue
        for warning in answer["warnings"]:
            report.remark(row, "提示", name, warning)
        if not answer["stored"]:
            report.counts["unchanged"] += 1
            report.remark(row, "未变", name, "其中的定位点都已存过")
            continue
        report.counts["inserted"] += 1
        flagged.update(answer["flagged"])
        flagged.update(answer["refused"])
        flagged.update({"重复": answer["repeated"]} if answer["repeated"] else {})
        for part in answer["areas"]:
            report.placed["inside" if part["code"] else "unplaced"] += part["fixes"]
        progress(row, None)
    if flagged:
        told = "、".join(f"{reason} {count}" for reason, count in flagged.items())
        report.warnings.append(f"{flagged.total()} 个定位点有标记或未存：{told}。")


def _members(path: Path, name: str) -> Iterator[tuple[str, IO[bytes]]]:
    if path.suffix.lower() != ".zip":
        with path.open("rb") as stream:
            yield name, stream
        return
    try:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if not info.is_dir():
                    with archive.open(info) as stream:
                        yield Path(info.filename).name[-150:], stream
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError):
        raise Invalid("压缩包已损坏或有密码，无法打开。", code="bad_zip") from None
