"""A picture as it may be kept: really one, not too large, turned upright, without what the camera wrote, in the sizes we show.

Pure: bytes in, bytes out. The header is read before any pixel, so that a bomb is refused before it is unpacked.
"""

from __future__ import annotations

import hashlib
import io
import re
from dataclasses import dataclass
from typing import Any

FORMATS = ("JPEG", "PNG", "WEBP")
MOST_PIXELS = 50_000_000
MOST_BYTES = 25 * 1024 * 1024
ID_SIZE = (110, 140)  # the user's manual: one-inch photos
SIZES = {"full": 2000, "preview": 480, "id": 0}  # longest side, px; id is cut to ID_SIZE


class NotAPhoto(ValueError):
    """Why these bytes are not kept, as the sentence to show."""


@dataclass(frozen=True)
class Picture:
    """sha256: of the full size as kept; files: size -> JPEG without any metadata."""

    sha256: str
    width: int
    height: int
    files: dict[str, bytes]


def make_picture(data: bytes) -> Picture:
    """The picture in all sizes. NotAPhoto for what is none, is broken, or is too large."""
    from PIL import Image, ImageFile, ImageOps

    ImageFile.LOAD_TRUNCATED_IMAGES = False  # the maker of PDF pages switches it on for the whole process
    if len(data) > MOST_BYTES:
        raise NotAPhoto(f"照片不能超过 {MOST_BYTES // 1024 // 1024} MB")
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
        width, height = image.size
    except Image.DecompressionBombError:
        raise NotAPhoto("照片像素过多") from None
    except Exception:  # whatever a strange file makes the readers raise
        raise NotAPhoto("文件不是照片（支持 JPG、PNG、WebP）") from None
    if width * height > MOST_PIXELS:
        raise NotAPhoto(f"照片有 {width * height / 1e6:.0f} 百万像素，最多 {MOST_PIXELS // 1_000_000}；请先缩小")
    if min(width, height) < 20:
        raise NotAPhoto("照片太小，无法辨认")
    try:
        image.draft("RGB", (SIZES["full"], SIZES["full"]))
        upright = ImageOps.exif_transpose(image)
        plain = _on_white(upright)
        full = _fitted(plain, SIZES["full"])
        files = {"full": _jpeg(full), "preview": _jpeg(_fitted(full, SIZES["preview"])), "id": _jpeg(ImageOps.fit(full, ID_SIZE))}
    except Exception:
        raise NotAPhoto("照片已损坏，无法读取") from None
    return Picture(hashlib.sha256(files["full"]).hexdigest(), full.width, full.height, files)


def _on_white(image: Any) -> Any:
    """RGB; what is transparent becomes white."""
    from PIL import Image

    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        ground = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(ground, image.convert("RGBA")).convert("RGB")
    return image.convert("RGB")


def _fitted(image: Any, longest: int) -> Any:
    small = image.copy()
    small.thumbnail((longest, longest))
    return small


def _jpeg(image: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=86, optimize=True)  # no exif, no profile, no comment is handed on
    return out.getvalue()


@dataclass(frozen=True)
class Named:
    """What a file's name tells: a whole identity number, a household or shop number, or a name."""

    id_number: str | None
    words: tuple[str, ...]


def read_name(file_name: str) -> Named:
    """王小明_50010319000101001X.jpg, H001.jpg, 王小明.jpg: an identity number wins, other words are tried as number and name."""
    stem = file_name.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0]
    words = tuple(word for word in re.split(r"[_\s+,，()（）]+", stem.strip()) if word)
    number = next((word for word in words if re.fullmatch(r"[0-9]{17}[0-9Xx]|[0-9]{15}", word)), None)
    return Named(number, tuple(word for word in words if word != number))
