"""Pictures that boards need: photos of staff, logos of offices, boards where they hang. Kept small, without EXIF, scoped."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from gis_grid import audit
from gis_grid.access.guard import check_area, scope_clause
from gis_grid.areas.models import Staff
from gis_grid.db import session
from gis_grid.errors import BadRequest, Invalid, NotFound
from gis_grid.notices.actions import check_code
from gis_grid.notices.models import BoardPicture, BoardPrint

LARGEST = {"staff": (590, 826), "logo": (800, 800), "hung": (1600, 1600)}  # pixels kept of a picture


def keep_picture(kind: str, key: str, data: bytes) -> BoardPicture:
    """A picture made small and upright, without the place and the camera it came from (EXIF). Refuses what is no picture."""
    area_code = area_of_picture(kind, key)
    check_area(area_code)
    mime, image = _smaller(data, LARGEST[kind])
    row = session().scalar(sa.select(BoardPicture).where(BoardPicture.kind == kind, BoardPicture.key == key))
    if row is None:
        row = BoardPicture(kind=kind, key=key)
        session().add(row)
    row.area_code, row.mime, row.image, row.digest = area_code, mime, image, hashlib.sha256(image).hexdigest()
    session().flush()
    audit.record("picture", "boards", f"{kind} {key}", after={"digest": row.digest[:12]}, area_code=area_code)
    return row


def find_picture(kind: str, key: str) -> BoardPicture:
    """A kept picture within the caller's scope."""
    row = session().scalar(
        sa.select(BoardPicture).where(BoardPicture.kind == kind, BoardPicture.key == key, scope_clause(BoardPicture.area_code))
    )
    if row is None:
        raise NotFound("没有这张图片，或它不在您的数据范围内。")
    return row


def kept_pictures(kind: str, keys: Sequence[str]) -> list[str]:
    """Those of the keys whose picture is kept, within the caller's scope: nothing else needs to be asked for."""
    return list(
        session().scalars(
            sa.select(BoardPicture.key)
            .where(BoardPicture.kind == kind, BoardPicture.key.in_(keys), scope_clause(BoardPicture.area_code))
            .order_by(BoardPicture.key)
        )
    )


def drop_picture(kind: str, key: str) -> None:
    """Delete a picture for good: photos of people are not kept longer than they are shown."""
    row = find_picture(kind, key)
    session().delete(row)
    audit.record("picture deleted", "boards", f"{kind} {key}", area_code=row.area_code)


def area_of_picture(kind: str, key: str) -> str:
    """The area whose scope a picture lies in: its person's, its office's, its print's."""
    if kind not in LARGEST:
        raise NotFound(f"图片类别应为 {'、'.join(LARGEST)} 之一。")
    if kind == "logo":
        check_code(key)
        return key
    model: Any = Staff if kind == "staff" else BoardPrint
    number = int(key) if key.isdigit() and len(key) <= 18 else 0
    code = session().scalar(sa.select(model.area_code).where(model.id == number, scope_clause(model.area_code)))
    if code is None:
        raise NotFound(f"没有编号为 {key[:20]} 的{'人员' if kind == 'staff' else '印制记录'}，或不在您的数据范围内。")
    return str(code)


def _smaller(data: bytes, most: tuple[int, int]) -> tuple[str, bytes]:
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as opened:
            if opened.width * opened.height > 50_000_000:
                raise Invalid("图片超过 5000 万像素，请缩小后再传。", code="picture_too_large")
            picture = ImageOps.exif_transpose(opened)
            see_through = (picture.mode in ("RGBA", "LA", "P") and "transparency" in picture.info) or picture.mode in (
                "RGBA",
                "LA",
            )
            picture = picture.convert("RGBA" if see_through else "RGB")
            picture.thumbnail(most)
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError):
        raise BadRequest("不是可用的 JPEG、PNG 或 WebP 图片。", code="bad_picture") from None
    out = io.BytesIO()
    picture.save(out, "PNG" if see_through else "JPEG", **({} if see_through else {"quality": 88}))
    return ("image/png" if see_through else "image/jpeg"), out.getvalue()
