"""Keep, list, show and retire photos of rows the caller may see; match many files to people, households and shops by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from gis_grid import audit
from gis_grid.access.guard import caller, check_right, scoped
from gis_grid.addresses.actions import match_addresses
from gis_grid.buildings.api import BUILDINGS, ESTATES, ROOMS
from gis_grid.db import session
from gis_grid.errors import Conflict, Invalid, NotFound
from gis_grid.people.registers import HOUSEHOLDS, RESIDENTS, VALUABLES
from gis_grid.photos.models import Photo
from gis_grid.photos.rules import SIZES, Named, NotAPhoto, make_picture, read_name
from gis_grid.photos.store import keep_files, path_of
from gis_grid.premises import PREMISES, STAFF
from gis_grid.register import Register
from gis_grid.register.actions import find
from gis_grid.sealed import fingerprint

OWNERS: dict[str, Register] = {  # others add theirs
    one.name: one for one in (RESIDENTS, HOUSEHOLDS, VALUABLES, PREMISES, STAFF, ESTATES, BUILDINGS, ROOMS)
}
PERSONAL = ("residents", "households", "valuables", "premises_staff")  # who looks at these is kept in the audit log
MOST_PER_OWNER = 20


def keep_photo(kind: str, key: int, data: bytes, name: str | None) -> Photo:
    """A photo of one row. Refused: what is no photo, one too large, a row of another area; the same picture twice is one."""
    return attach_photo(kind, _owner(kind, key, write=True), data, name)


def attach_photo(kind: str, owner: Any, data: bytes, name: str | None) -> Photo:
    """A photo of a row that the caller has just written, or may write."""
    key = owner.id
    if owner.retired_at:
        raise Conflict(f"该{OWNERS[kind].title}已注销，不能添加照片。", code="already_retired")
    try:
        picture = make_picture(data)
    except NotAPhoto as fault:
        raise Invalid(f"{fault}。", code="bad_photo") from None
    known = _photos_of(kind, key)
    if same := next((one for one in known if one.sha256 == picture.sha256), None):
        return same
    if len(known) >= MOST_PER_OWNER:
        raise Conflict(f"一条记录最多 {MOST_PER_OWNER} 张照片，请先删除旧的。", code="too_many_photos")
    keep_files(picture)
    photo = Photo(
        owner_kind=kind,
        owner_id=key,
        sha256=picture.sha256,
        name=(name or "")[-150:] or None,
        width=picture.width,
        height=picture.height,
        made_by=caller().name,
    )
    session().add(photo)
    session().flush()
    audit.record("photo", kind, key, after={"photo": photo.id, "sha256": photo.sha256}, area_code=owner.area_code)
    return photo


def list_photos(kind: str, key: int) -> list[Photo]:
    """The photos of one row, the newest first: the first is the one that stands for it."""
    _owner(kind, key)
    return _photos_of(kind, key)


def _photos_of(kind: str, key: int) -> list[Photo]:
    mine = sa.and_(Photo.owner_kind == kind, Photo.owner_id == key, Photo.retired_at.is_(None))
    return list(session().scalars(sa.select(Photo).where(mine).order_by(Photo.id.desc())))


def photo_file(photo_id: int, size: str) -> Path:
    """The file of a photo in one size: full, preview or id (110 x 140)."""
    if size not in SIZES:
        raise NotFound(f"没有“{size[:20]}”这种尺寸，可用：{'、'.join(SIZES)}。")
    photo, owner = _photo(photo_id)
    path = path_of(photo.sha256, size)
    if not path.is_file():
        raise NotFound("照片文件不在存储目录中，请联系管理员从备份恢复。", code="file_missing")
    if photo.owner_kind in PERSONAL:
        audit.record("view", f"{photo.owner_kind}.photo", photo.owner_id, after={"photo": photo.id}, area_code=owner.area_code)
    return path


def retire_photo(photo_id: int) -> None:
    """The photo is no longer shown; its file stays while another row shows it or a backup refers to it."""
    photo, owner = _photo(photo_id, write=True)
    photo.retired_at = datetime.now(UTC)
    session().flush()
    audit.record("retire_photo", photo.owner_kind, photo.owner_id, before={"photo": photo.id}, area_code=owner.area_code)


def keep_many(files: Iterable[tuple[str, bytes]], *, dry_run: bool) -> list[dict[str, Any]]:
    """Each file to whom its name tells; one line per file: kept, would be kept, or why not. Nobody is guessed at."""
    check_right("people.write")
    report = []
    for name, data in files:
        line: dict[str, Any] = {"file": name, "kind": None, "key": None, "who": None, "kept": False, "problem": None}
        kind, rows = _told_by(name)
        if len(rows) != 1:
            line["problem"] = f"有 {len(rows)} 条同名记录，请在文件名中加上证件号码或编号" if rows else _unmatched(data)
        else:
            line |= {"kind": kind, "key": rows[0][0], "who": rows[0][1]}
            line |= _kept(kind, rows[0][0], name, data, dry_run)
        report.append(line)
    return report


def match_names(file_names: Sequence[str]) -> list[dict[str, Any]]:
    """Whom each file's name may tell (kind, key, who, where): one is certain, of several somebody has to choose."""
    check_right("people.write")
    found: list[dict[str, Any]] = []
    told = 0
    for name in file_names:
        kind, rows = _told_by(name)
        where = _addresses(kind, [key for key, _ in rows])
        candidates = [{"kind": kind, "key": key, "who": who, "where": where.get(key)} for key, who in rows]
        found.append({"file": name, "candidates": candidates})
        told += len(candidates)
    audit.record("find", "photos", after={"files": len(found), "found": told})
    return found


def _told_by(file_name: str) -> tuple[str, list[tuple[int, str]]]:
    """The rows a file's name may mean: people, households and shops first, then rooms by their address."""
    kind, rows = _matches(read_name(file_name))
    if not rows and caller().may(ROOMS.write):
        return "rooms", _room_of(file_name)
    return kind, rows


def _unmatched(data: bytes) -> str:
    if data.startswith(b"PK\x03\x04"):
        return "这是压缩包：请解压后上传其中的照片，或在控制台“批量照片”页直接选择压缩包"
    return "没有找到对应的人、户、场所或房屋"


def _room_of(file_name: str) -> list[tuple[int, str]]:
    """The room a file is named by (3-2-502, 荷塘苑3幢2单元502), when the address is sure."""
    stem = file_name.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0]
    told = match_addresses([stem[:100]])[0]
    rooms = [told.decided] if told.decided else list(told.candidates)
    named = [one for one in rooms if one.room_id and not one.missing]
    return [(one.room_id, " ".join(filter(None, (one.estate, one.building, one.unit, one.room)))) for one in named if one.room_id]


_WHERE = """
SELECT t.id, concat_ws(' ', e.name, b.name, u.name, r.number) AS said
FROM {table} t {joins} JOIN rooms r ON r.id = {room} JOIN buildings b ON b.id = r.building_id
LEFT JOIN units u ON u.id = r.unit_id LEFT JOIN estates e ON e.id = b.estate_id
WHERE t.id = ANY(:ids)
"""
_HOMES = {
    "residents": _WHERE.format(table="residents", joins="JOIN households h ON h.id = t.household_id", room="h.room_id"),
    "households": _WHERE.format(table="households", joins="", room="t.room_id"),
}


def _addresses(kind: str, ids: list[int]) -> dict[int, str]:
    """Where people and households live, to tell those of one name apart; the ids are within the caller's scope already."""
    if kind not in _HOMES or not ids:
        return {}
    return {row.id: row.said for row in session().execute(sa.text(_HOMES[kind]), {"ids": ids})}


def _kept(kind: str, key: int, name: str, data: bytes, dry_run: bool) -> dict[str, Any]:
    try:
        if dry_run:
            make_picture(data)
        else:
            keep_photo(kind, key, data, name)
    except NotAPhoto as fault:
        return {"problem": str(fault)}
    except (Invalid, Conflict) as refused:
        return {"problem": refused.detail}
    return {"kept": not dry_run}


def _matches(named: Named) -> tuple[str, list[tuple[int, str]]]:
    """Rows in use within the caller's area that a file's name tells: by identity number, then by number, then by name."""
    model = RESIDENTS.model
    if named.id_number:
        return "residents", _rows(RESIDENTS, model.id_number_hash == fingerprint(named.id_number), model.name)
    for word in named.words:
        for register, column in ((HOUSEHOLDS, HOUSEHOLDS.model.number), (PREMISES, PREMISES.model.code)):
            if caller().may(register.read) and (rows := _rows(register, column == word, column)):
                return register.name, rows
    for word in named.words:
        if rows := _rows(RESIDENTS, model.name == word, model.name):
            return "residents", rows
    return "residents", []


def _rows(register: Register, condition: Any, shown: Any) -> list[tuple[int, str]]:
    model = register.model
    query = scoped(sa.select(model.id, shown), model).where(condition, model.retired_at.is_(None))
    return [(row[0], row[1]) for row in session().execute(query.order_by(model.id).limit(10))]


def _owner(kind: str, key: int, *, write: bool = False) -> Any:
    if kind not in OWNERS:
        raise NotFound(f"“{kind[:20]}”没有照片，可用：{'、'.join(OWNERS)}。")
    register = OWNERS[kind]
    check_right(register.write if write else register.read)
    return find(register, key)


def _photo(photo_id: int, *, write: bool = False) -> tuple[Photo, Any]:
    """A photo whose row the caller may see; others are not found."""
    photo = session().get(Photo, photo_id)
    if photo is None or photo.retired_at:
        raise NotFound(f"没有编号为 {photo_id} 的照片。")
    return photo, _owner(photo.owner_kind, photo.owner_id, write=write)
