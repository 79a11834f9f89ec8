"""Record a track: clean, place, store, and say what was kept, what was dropped and why, and how much fell where."""

from __future__ import annotations

import hashlib
import time
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import shapely
import sqlalchemy as sa

from gis_grid import audit
from gis_grid.access.guard import check_area
from gis_grid.areas.actions import place_many
from gis_grid.config import settings
from gis_grid.db import raw_connection, session
from gis_grid.errors import GridError, Invalid
from gis_grid.geo import crs, shapes
from gis_grid.geo.locate import Placed
from gis_grid.imports.actions import Progress
from gis_grid.imports.offers import Importable, Options
from gis_grid.imports.report import Report
from gis_grid.patrol.fixes import Fixes, TrackInput
from gis_grid.patrol.formats import FORMATS
from gis_grid.patrol.models import Track, TrackArea
from gis_grid.patrol.rules import Limits, Share, clean, shares, step_lengths

MOST_BYTES = 100 * 1024**2  # of one track file
_FIX_COLUMNS = "track_id, seq, segment, at, lon, lat, accuracy_m, speed_mps, area_code, placed_by"


def read_track(data: bytes, name: str, datum: str = "wgs84", **who: str | None) -> TrackInput:
    """A file as a track input, by its name's ending. Refuses what is no track, with the reason."""
    kind = name.rpartition(".")[2].lower()
    reader = FORMATS.get(kind)
    if reader is None:
        raise Invalid(f"不支持的轨迹格式“{kind[:10]}”，可用：{'、'.join(FORMATS)}。", code="bad_format")
    try:
        fixes = reader(data, ZoneInfo(settings().time_zone))
    except ValueError as fault:
        raise Invalid(f"轨迹文件 {name[:100]} 未能读取：{fault}。", code="bad_track") from None
    return TrackInput(fixes, kind, name[:200], crs=datum, **who)


def record_track(source: TrackInput) -> dict[str, Any]:
    """Store one track, once however often it is sent; answers fixes kept, dropped by reason, metres, minutes, shares per area."""
    given = _stored(source)
    kept, dropped = clean(given, _limits())
    if not len(kept):
        reasons = "、".join(f"{reason} {count}" for reason, count in dropped.items())
        raise Invalid(f"轨迹没有可用的定位点（{reasons}）。", code="empty_track", dropped=dropped)
    key = _content_key(source, kept)
    known = session().scalar(sa.select(Track).where(Track.content_key == key))
    if known is not None:
        check_area(known.area_code)
        return {**_told(known, dropped), "already_there": True, "areas": []}
    placed = place_many(kept.lon, kept.lat)
    parts = shares(kept, placed.code)
    main = next((share.code for share in parts if share.code), None)
    check_area(main)
    track = _new_track(source, kept, dropped, key, main)
    session().add(track)
    session().flush()
    _copy_fixes(track.id, kept, placed)
    session().add_all(
        TrackArea(track_id=track.id, area_code=p.code, fixes=p.fixes, length_m=p.length_m, minutes=p.minutes) for p in parts
    )
    session().flush()
    answer = {**_told(track, dropped), "already_there": False}
    audit.record("record", "tracks", track.id, after=answer, area_code=main)
    return {**answer, "areas": [vars(share) for share in parts]}


def take_tracks(importable: Importable, path: Path, work: Path, options: Options, report: Report, progress: Progress) -> None:
    """Tracks of one file, or of each file in a zip; a file that is no track is refused with its reason."""
    dropped: Counter[str] = Counter()
    for row, (name, data) in enumerate(_members(path, report.file), 1):
        report.rows += 1
        try:
            answer = record_track(read_track(data, name, options.crs or "wgs84"))
        except GridError as fault:
            report.refuse(row, "文件", name, fault.detail)
            continue
        if answer["already_there"]:
            report.counts["unchanged"] += 1
            report.remark(row, "未变", name, f"与已有轨迹 {answer['id']} 完全相同")
            continue
        report.counts["inserted"] += 1
        dropped.update(answer["dropped"])
        for part in answer["areas"]:
            report.placed["inside" if part["code"] else "unplaced"] += part["fixes"]
        progress(row, None)
    if dropped:
        told = "、".join(f"{reason} {count}" for reason, count in dropped.items())
        report.warnings.append(f"共剔除 {dropped.total()} 个定位点：{told}。")


def _members(path: Path, name: str) -> Iterator[tuple[str, bytes]]:
    if path.suffix.lower() != ".zip":
        yield name, path.read_bytes()
        return
    try:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if info.is_dir():
                    continue
                if info.file_size > MOST_BYTES:
                    raise Invalid(f"{Path(info.filename).name[:80]} 展开后超过 {MOST_BYTES // 1024**2} MB。", code="too_large")
                yield Path(info.filename).name[-150:], archive.read(info)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError):
        raise Invalid("压缩包已损坏或有密码，无法打开。", code="bad_zip") from None


def _stored(source: TrackInput) -> Fixes:
    fixes = source.fixes
    crs.check_plausible(fixes.lon, fixes.lat, source.crs)
    with np.errstate(invalid="ignore"):
        lon, lat = crs.to_stored(fixes.lon, fixes.lat, source.crs)
    return Fixes(fixes.at, lon, lat, fixes.accuracy_m, fixes.speed_mps, fixes.segment)


def _limits() -> Limits:
    conf = settings()
    return Limits(
        now=time.time(),
        max_accuracy_m=conf.track_max_accuracy_m,
        max_speed_mps=conf.track_max_speed_mps,
        gap_seconds=conf.track_gap_minutes * 60,
        oldest_seconds=conf.track_oldest_days * 86_400.0,
        future_seconds=conf.track_future_minutes * 60,
    )


def _content_key(source: TrackInput, kept: Fixes) -> str:
    digest = hashlib.sha256(f"{source.device}\x1f{source.worker}".encode())
    for values in (kept.at, kept.lon, kept.lat):
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()


def _new_track(source: TrackInput, kept: Fixes, dropped: dict[str, int], key: str, main: str | None) -> Track:
    metres, seconds = step_lengths(kept)
    return Track(
        content_key=key,
        device=source.device,
        worker=source.worker,
        format=source.format,
        file_name=source.file_name,
        started_at=datetime.fromtimestamp(kept.at[0], UTC),
        ended_at=datetime.fromtimestamp(kept.at[-1], UTC),
        fixes=len(kept),
        dropped=dropped,
        length_m=float(metres.sum()),
        minutes=float(seconds.sum() / 60),
        geom=shapes.to_column(_lines(kept)),
        area_code=main,
        placed_by="inside" if main else None,
    )


def _lines(kept: Fixes) -> Any:
    """One line per segment of at least two fixes; none when there is no such segment."""
    size = np.bincount(kept.segment)
    long_enough = size[kept.segment] > 1
    if not long_enough.any():
        return None
    xy = np.column_stack([kept.lon, kept.lat])[long_enough]
    _, index = np.unique(kept.segment[long_enough], return_inverse=True)
    return shapely.multilinestrings(shapely.linestrings(xy, indices=index))


def _copy_fixes(track_id: int, kept: Fixes, placed: Placed) -> None:
    moments = [datetime.fromtimestamp(at, UTC) for at in kept.at]
    with raw_connection().cursor() as cursor, cursor.copy(f"COPY track_fixes ({_FIX_COLUMNS}) FROM STDIN") as copy:
        for seq, moment in enumerate(moments):
            accuracy, speed = kept.accuracy_m[seq], kept.speed_mps[seq]
            copy.write_row(
                (
                    track_id,
                    seq,
                    int(kept.segment[seq]),
                    moment,
                    float(kept.lon[seq]),
                    float(kept.lat[seq]),
                    None if np.isnan(accuracy) else float(accuracy),
                    None if np.isnan(speed) else float(speed),
                    placed.code[seq],
                    placed.placed_by[seq],
                )
            )


def _amounts(part: Share) -> dict[str, Any]:
    return {"fixes": part.fixes, "length_m": part.length_m, "minutes": part.minutes}


def _told(track: Track, dropped: dict[str, int]) -> dict[str, Any]:
    return {
        "id": track.id,
        "fixes": track.fixes,
        "dropped": dropped,
        "length_m": round(track.length_m, 1),
        "minutes": round(track.minutes, 1),
    }
