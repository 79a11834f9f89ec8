"""Record tracks: admit, put in order, place, clean, store once however often they come; say what became of every fix."""

from __future__ import annotations

import gzip
import hashlib
import io
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo

import numpy as np
import psycopg
import sqlalchemy as sa
from numpy.typing import NDArray

from gis_grid import audit
from gis_grid.access.guard import caller, check_area
from gis_grid.areas.placing import current_index
from gis_grid.config import settings
from gis_grid.db import raw_connection, session
from gis_grid.errors import GridError, Invalid
from gis_grid.geo import crs
from gis_grid.imports.actions import Progress
from gis_grid.imports.offers import Importable, Options
from gis_grid.imports.report import Report
from gis_grid.patrol.devices import device_called
from gis_grid.patrol.digest import day_of, is_archived, keep_track, keep_tracks, limits_now, make_track, place_fixes
from gis_grid.patrol.fixes import Fixes, Part, TrackInput, arrays, joined
from gis_grid.patrol.formats import FORMATS
from gis_grid.patrol.formats.streams import Limited, ahead
from gis_grid.patrol.models import Device, DueDay, Track, TrackArea, Upload
from gis_grid.patrol.rules import Limits, admit, clean, in_order
from gis_grid.patrol.shifts import Who, off_shift
from gis_grid.patrol.store import change_flags, copy_fixes, day_bounds, days_of, keep_last, make_days, read_fixes

MOST_BYTES = 1024**3  # of one track file, unpacked
LEAST_UNPACKED = 64 * 1024**2  # bytes that any packed file may unpack to
BLOCK = 200_000  # fixes held before whole days of them are written
PATIENCE = "10min"  # a slow machine may read and place a block for longer than a transaction may lie idle otherwise
THOROUGH = 20_000  # so many fixes have their visits found at once; more are left to the worker
_LOCK = 0x747261  # first half of the advisory lock on a device whose file is being stored
_FOREIGN = 0.2  # fewer than this share inside any area: perhaps another coordinate system


@dataclass
class _Told:
    """What the answer says, gathered while the file is read."""

    received: int = 0
    stored: int = 0
    repeated: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    tracks: dict[int, dict[str, Any]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def record_track(source: TrackInput) -> dict[str, Any]:
    """Store one track from memory; answers as record_file does."""
    return _record([Part(source.device, source.fixes)], source)


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
        parts = reader(unpacked, ZoneInfo(settings().time_zone))
        source = TrackInput(_nothing(), kind, name[:200], device, worker, crs_name or "")
        return _record(parts, source)
    except ValueError as fault:
        raise Invalid(f"轨迹文件 {name[:100]} 未能读取：{fault}。", code="bad_track") from None
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise Invalid(f"轨迹文件 {name[:100]} 的压缩数据已损坏。", code="bad_track") from None


def _nothing() -> Fixes:
    return arrays(np.zeros(0), np.zeros(0), np.zeros(0))


def _reader_of(name: str) -> tuple[str, Any]:
    kind = name.lower().removesuffix(".gz").rpartition(".")[2]
    if kind not in FORMATS:
        raise Invalid(f"不支持的轨迹格式“{kind[:10]}”，可用：{'、'.join(FORMATS)}（可再压成 .gz）。", code="bad_format")
    return kind, FORMATS[kind]


def _unpacked(stream: IO[bytes], name: str) -> Any:
    """What unpacks to a hundred times its size is no track: it would be read for minutes before the limit ends it."""
    if not name.lower().endswith(".gz"):
        return Limited(stream, MOST_BYTES)
    if isinstance(stream, zipfile.ZipExtFile):  # its end is found only by reading it
        return Limited(gzip.open(stream), MOST_BYTES)
    stream.seek(0, io.SEEK_END)
    most = min(MOST_BYTES, max(LEAST_UNPACKED, 100 * stream.tell()))
    stream.seek(0)
    return Limited(gzip.open(stream), most)


def _record(parts: Iterable[Part], source: TrackInput) -> dict[str, Any]:
    told, limits = _Told(), limits_now()
    session().execute(sa.text(f"SET LOCAL idle_in_transaction_session_timeout = '{PATIENCE}'"))
    waiting: dict[str, list[Fixes]] = {}
    unnamed: str | None = None
    for part in ahead(parts):
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
            waiting[code] = _store(code, joined(held), source, limits, told, last=False)
    for code, held in waiting.items():
        if held:
            _store(code, joined(held), source, limits, told, last=True)
    if not told.tracks:
        reasons = "、".join(f"{reason} {count}" for reason, count in told.refused.items()) or "没有任何点"
        raise Invalid(f"轨迹没有可用的定位点（{reasons}）。", code="empty_track", refused=dict(told.refused))
    return _answer(source, told)


def _name_for(source: TrackInput, fixes: Fixes) -> str:
    """A device for a file that names none: its worker's, or one that is known again by how the track begins."""
    if source.worker:
        return f"worker-{source.worker}"[:64]
    begin = np.column_stack([fixes.at, fixes.lon, fixes.lat])[:4]
    return "file-" + hashlib.sha256(np.ascontiguousarray(begin).tobytes()).hexdigest()[:24]


def _store(code: str, fixes: Fixes, source: TrackInput, limits: Limits, told: _Told, *, last: bool) -> list[Fixes]:
    """Write the days that are complete (all, when `last`); answers what is held back."""
    device = device_called(code, source.worker)
    session().execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK, device.id % 2**31)))
    who = Who(device.user_id, device.worker)
    if settings().track_only_in_shifts and (who.name or who.user_id):
        outside = off_shift(who, fixes.at)
        told.refused.update({"不在班次内": int(outside.sum())} if outside.any() else {})
        fixes = fixes.take(~outside)
        if not len(fixes):
            return []
    fixes, again = in_order(fixes)
    told.repeated += again
    days = days_of(fixes.at)
    if not last and days[0] != days[-1]:
        cut = int(np.searchsorted(days, days[-1]))
        fixes, rest, days = fixes.part(0, cut), [fixes.part(cut, len(fixes))], days[:cut]
    else:
        rest = []
    fixes = _stored(fixes, source.crs or device.crs)
    fixes, codes = place_fixes(fixes)
    if len(told.warnings) < 1:
        told.warnings.extend(_suspect_datum(fixes, codes, source.crs or device.crs))
    _write(device, fixes, codes, days, limits, told)
    return rest


def _stored(fixes: Fixes, datum: str) -> Fixes:
    crs.check_plausible(fixes.lon, fixes.lat, datum)
    with np.errstate(invalid="ignore"):
        lon, lat = crs.to_stored(fixes.lon, fixes.lat, datum)
    return Fixes(**{**vars(fixes), "lon": lon, "lat": lat})


def _write(
    device: Device, fixes: Fixes, codes: NDArray[np.object_], days: NDArray[np.int64], limits: Limits, told: _Told
) -> None:
    """Fresh days are cleaned and copied together; a day of which something is there already is joined with it first."""
    starts = np.flatnonzero(np.append(True, np.diff(days) != 0))
    ends = np.append(starts[1:], len(days))
    known = _known_days(device.id, [day_of(int(days[start])) for start in starts])
    make_days(fixes.at)
    fresh: list[tuple[date, Fixes, NDArray[np.object_]]] = []
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        day, part, on = day_of(int(days[start])), fixes.part(start, end), codes[start:end]
        if day in known:
            _write_more(device, day, part, on, limits, told)
        else:
            fresh.append((day, clean(part, limits), on))
    if fresh and not _write_fresh(device, fresh, told):  # a phone has just sent some of the same
        for day, part, on in fresh:
            _write_more(device, day, part, on, limits, told)
    keep_last(np.full(len(fixes), device.id, np.int64), fixes, codes)


def _write_fresh(device: Device, fresh: list[tuple[date, Fixes, NDArray[np.object_]]], told: _Told) -> bool:
    """Copy days together; while the database takes them in, their tracks are made. False when a fix is there already."""
    whole, codes = joined([part for _, part, _ in fresh]), np.concatenate([on for _, _, on in fresh])
    index, connection = current_index(), raw_connection()
    try:
        with session().begin_nested(), ThreadPoolExecutor(1, "copy") as beside:
            ids = np.full(len(whole), device.id, np.int64)
            copied = beside.submit(copy_fixes, ids, whole, codes, connection=connection)
            made = [make_track(day, part, on, lambda lon, lat: index.place(lon, lat).code) for day, part, on in fresh]
            copied.result()
    except psycopg.errors.UniqueViolation:
        return False
    told.stored += len(whole)
    for track in keep_tracks(device, made, thorough=len(whole) <= THOROUGH):
        _tell(track, told)
    return True


def _known_days(device_id: int, days: list[date]) -> set[date]:
    """Those of which fixes are stored: they have a track, or are due to get one."""
    query = sa.union(
        sa.select(Track.day).where(Track.device_id == device_id, Track.day.in_(days)),
        sa.select(DueDay.day).where(DueDay.device_id == device_id, DueDay.day.in_(days)),
    )
    return set(session().scalars(query))


def _copy(device_id: int, fixes: Fixes, codes: NDArray[np.object_]) -> bool:
    """False when one of them is there already."""
    try:
        with session().begin_nested():
            copy_fixes(np.full(len(fixes), device_id, np.int64), fixes, codes)
    except psycopg.errors.UniqueViolation:
        return False
    return True


def _write_more(device: Device, day: date, fixes: Fixes, codes: NDArray[np.object_], limits: Limits, told: _Told) -> None:
    """Join with what is stored of the day; only what is new is written, and flags that look different now are corrected."""
    if is_archived(device.id, day):
        told.refused["该日已归档"] += len(fixes)
        return
    there, there_codes = read_fixes(device.id, *day_bounds(day))
    new = ~np.isin(np.round(fixes.at * 1000), np.round(there.at * 1000))
    told.repeated += int((~new).sum())
    if not new.any() and session().scalar(sa.select(Track.id).where(Track.device_id == device.id, Track.day == day)):
        track = session().scalars(sa.select(Track).where(Track.device_id == device.id, Track.day == day)).one()
        _tell(track, told)
        return
    union = joined([there, fixes.take(new)])
    order = np.argsort(union.at, kind="stable")
    union, on = union.take(order), np.concatenate([there_codes, codes[new]])[order]
    cleaned = clean(union, limits)
    is_new = order >= len(there)
    if new.any() and not _copy(device.id, cleaned.take(is_new), on[is_new]):
        raise Invalid("同一设备正在上传相同的轨迹，请稍后重试。", code="try_again")
    told.stored += int(new.sum())
    differs = ~is_new & (cleaned.flags != union.flags)
    if differs.any():
        change_flags(device.id, cleaned.at[differs], cleaned.flags[differs])
    _tell(keep_track(device, day, cleaned, on, thorough=len(cleaned) <= THOROUGH), told)


def _tell(track: Track, told: _Told) -> None:
    check_area(track.area_code)
    told.tracks[track.id] = {
        "id": track.id,
        "device": track.device,
        "day": track.day.isoformat(),
        "fixes": track.fixes,
        "flagged": track.flagged,
        "length_m": round(track.length_m, 1),
        "minutes": round(track.minutes, 1),
        "area_code": track.area_code,
    }


def _answer(source: TrackInput, told: _Told) -> dict[str, Any]:
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
        "warnings": told.warnings,
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


def _suspect_datum(fixes: Fixes, codes: NDArray[np.object_], datum: str) -> list[str]:
    """A warning when hardly anything falls into areas, but would if the coordinates were of another system."""
    inside = float(np.mean([code is not None for code in codes[:: max(1, len(codes) // 500)].tolist()]))
    if inside >= _FOREIGN:
        return []
    lon, lat = (values[:: max(1, len(fixes) // 500)] for values in (fixes.lon, fixes.lat))
    x, y = crs.from_stored(lon, lat, datum)
    others = [name for name in ("wgs84", "gcj02", "bd09") if crs.datum(name).name != crs.datum(datum).name]
    for name in others:
        _, found = place_fixes(Fixes(**{**vars(fixes.part(0, len(lon))), **_as(name, x, y)}))
        if float(np.mean([code is not None for code in found.tolist()])) > max(0.5, 2 * inside):
            return [f"大多数点不在任何区域内，但按 {name} 读取则在：请核对坐标系（现按 {datum}）。"]
    return []


def _as(name: str, x: NDArray[np.float64], y: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    with np.errstate(invalid="ignore"):
        lon, lat = crs.to_stored(x, y, name)
    return {"lon": lon, "lat": lat}


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
