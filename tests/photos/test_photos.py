"""Photos: really one, upright, without what the camera wrote, in the sizes we show; bombs are refused; many matched by name."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import pytest
import sqlalchemy as sa
from PIL import Image

from gis_grid.audit import AuditEntry
from gis_grid.buildings.models import Estate
from gis_grid.config import settings
from gis_grid.people.models import Household, Resident, Valuable
from gis_grid.photos.rules import NotAPhoto, make_picture, read_name
from gis_grid.premises import Premises, PremisesStaff
from gis_grid.sealed import fingerprint
from tests.conftest import problem
from tests.factories import GRID_1, GRID_2, make_home, make_town

RIGHTS = ["areas.read", "people.read", "people.write"]
ID = "50010319000101001X"


def photo(width: int = 600, height: int = 800, form: str = "JPEG", **options) -> bytes:
    image = Image.new("RGB", (width, height), "white")
    image.paste((30, 80, 160), (0, 0, width, height // 2))  # blue above, white below
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def bomb(side: int) -> bytes:
    """A PNG of a few bytes that claims to be side x side pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\x00" * 1000)) + chunk(b"IEND", b"")


def test_a_photo_loses_what_the_camera_wrote_and_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter to the right
    exif[0x010F] = "SecretPhone"
    exif.get_ifd(0x8825)[1] = "N"
    made = make_picture(photo(800, 600, exif=exif))
    assert (made.width, made.height) == (600, 800)
    for body in made.files.values():
        assert b"SecretPhone" not in body
        assert not Image.open(io.BytesIO(body)).getexif()
    right_of_middle = Image.open(io.BytesIO(made.files["full"])).getpixel((550, 400))
    assert right_of_middle[2] > right_of_middle[0] + 60  # what was above is on the right now


def test_sizes() -> None:
    made = make_picture(photo(3000, 2400))
    sizes = {name: Image.open(io.BytesIO(body)).size for name, body in made.files.items()}
    assert sizes == {"full": (2000, 1600), "preview": (480, 384), "id": (110, 140)}
    transparent = io.BytesIO()
    Image.new("RGBA", (100, 100), (0, 0, 0, 0)).save(transparent, "PNG")
    plain = Image.open(io.BytesIO(make_picture(transparent.getvalue()).files["full"]))
    assert plain.getpixel((50, 50)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "不是照片"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "不是照片"),
        (b"GIF89a" + b"\x00" * 50, "不是照片"),
        (photo()[:3000], "已损坏"),
        (bomb(10_001), "百万像素"),
        (bomb(60_000), "像素"),
        (photo(10, 10), "太小"),
        (b"\xff\xd8\xff" + b"\x00" * (26 * 1024 * 1024), "MB"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{len(value)}-bytes",
)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_what_is_no_photo_or_too_large_is_refused(data: bytes, why: str) -> None:
    import weasyprint  # noqa: F401  it makes Pillow lenient

    with pytest.raises(NotAPhoto, match=why):
        make_picture(data)


def test_what_a_file_name_tells() -> None:
    assert read_name("C:\\照片\\王小明_50010319000101001x.JPG").id_number == "50010319000101001x"
    assert read_name("王小明（H001）.jpg").words == ("王小明", "H001")


@pytest.fixture
def people(session):
    make_town()
    room = make_home(0)
    here = {"area_code": room.area_code, "placed_by": "room"}
    household = Household(number="H001", room_id=room.id, **here)
    session.add(household)
    session.flush()
    made = [Resident(name=name, household_id=household.id, **here) for name in ("王小明", "李四", "李四")]
    made[0].id_number, made[0].id_number_hash = ID, fingerprint(ID)
    session.add_all(made)
    session.flush()
    return made


def send(client, headers, url: str, *files: tuple[str, bytes]):
    data = {"file": [(io.BytesIO(body), name) for name, body in files]}
    return client.post(url, data=data, headers=headers, content_type="multipart/form-data")


def test_a_photo_is_kept_once_shown_and_retired(client, bearer, people) -> None:
    url = f"/api/photos/residents/{people[0].id}"
    made = send(client, bearer(RIGHTS), url, ("王.jpg", photo()))
    assert made.status_code == 201, made.text
    assert send(client, bearer(RIGHTS), url, ("又.jpg", photo())).json["id"] == made.json["id"]
    assert (settings().home / "photos" / made.json["sha256"][:2]).is_dir()
    shown = client.get(f"/api/photos/{made.json['id']}/id", headers=bearer(RIGHTS))
    assert Image.open(io.BytesIO(shown.data)).size == (110, 140)
    assert shown.headers["Cache-Control"] == "private, no-store"
    assert client.get(f"/api/photos/{made.json['id']}/huge", headers=bearer(RIGHTS)).status_code == 404
    assert client.delete(f"/api/photos/{made.json['id']}", headers=bearer(RIGHTS)).status_code == 204
    assert client.get(url, headers=bearer(RIGHTS)).json["items"] == []
    assert client.get(f"/api/photos/{made.json['id']}/id", headers=bearer(RIGHTS)).status_code == 404


def test_photos_are_as_closed_as_the_rows_they_show(client, bearer, people) -> None:
    url = f"/api/photos/residents/{people[0].id}"
    made = send(client, bearer(RIGHTS), url, ("王.jpg", photo())).json
    file = f"/api/photos/{made['id']}/full"
    assert client.get(file, headers=bearer(RIGHTS, (GRID_2,))).status_code == 404
    assert client.get(file, headers=bearer(["areas.read"])).status_code == 403
    assert client.delete(f"/api/photos/{made['id']}", headers=bearer(["areas.read", "people.read"])).status_code == 403
    assert send(client, bearer(RIGHTS, (GRID_2,)), url, ("a.jpg", photo())).status_code == 404
    assert problem(send(client, bearer(RIGHTS), url, ("a.jpg", b"not a photo")))["code"] == "bad_photo"
    assert problem(send(client, bearer(RIGHTS), url))["code"] == "no_file"


def test_many_photos_find_their_people_and_nobody_is_guessed_at(client, bearer, people) -> None:
    files = [
        ("全部.zip", b"PK\x03\x04"),
        (f"王小明_{ID}.jpg", photo()),
        ("王小明.jpg", photo(400, 500)),
        ("H001.png", photo(form="PNG")),
        ("李四.jpg", photo()),
        ("无名.jpg", photo()),
        ("王小明_合影.jpg", b"broken"),
    ]
    tried = send(client, bearer(RIGHTS, (GRID_1,)), "/api/photos/batch?dry_run=true", *files).json["items"]
    assert [line["kept"] for line in tried] == [False] * 7
    assert client.get(f"/api/photos/residents/{people[0].id}", headers=bearer(RIGHTS)).json["items"] == []
    told = send(client, bearer(RIGHTS, (GRID_1,)), "/api/photos/batch", *files).json["items"]
    assert "压缩包" in told.pop(0)["problem"]
    assert [(line["kind"], line["kept"]) for line in told] == [
        ("residents", True), ("residents", True), ("households", True), (None, False), (None, False), ("residents", False),
    ]  # fmt: skip
    assert "2 条同名" in told[3]["problem"]
    assert "不是照片" in told[5]["problem"]


def test_names_tell_whom_a_photo_shows_and_several_are_to_be_chosen_from(client, bearer, people) -> None:
    names = [f"x_{ID}.jpg", "H001.png", "李四.jpg", "无名.jpg", "1单元101.jpg"]
    rights = [*RIGHTS, "buildings.read", "buildings.write"]
    told = client.post("/api/photos/match", json={"names": names}, headers=bearer(rights, (GRID_1,))).json["items"]
    assert [one["file"] for one in told] == names
    assert [[found["kind"] for found in one["candidates"]] for one in told[:4]] == [
        ["residents"], ["households"], ["residents", "residents"], [],
    ]  # fmt: skip
    assert told[0]["candidates"][0]["key"] == people[0].id
    assert "101" in told[2]["candidates"][0]["where"]
    hidden = client.post("/api/photos/match", json={"names": names}, headers=bearer(rights, (GRID_2,))).json["items"]
    assert [one["candidates"] for one in hidden] == [[]] * 5
    assert client.post("/api/photos/match", json={"names": names}, headers=bearer(["people.read"])).status_code == 403


def test_files_that_no_photo_names_are_told_and_then_swept(client, bearer, session, people) -> None:
    import os
    import time

    from gis_grid.photos.models import Photo
    from gis_grid.photos.store import keep_files, path_of
    from gis_grid.photos.sweep import Swept, sweep_photos

    headers = bearer(RIGHTS)
    used = send(client, headers, f"/api/photos/residents/{people[0].id}", ("a.jpg", photo())).json
    orphan = make_picture(photo(500, 500))
    keep_files(orphan)
    sha256 = session.get(Photo, used["id"]).sha256
    long_ago = time.time() - 40 * 86_400
    for path in [*(path_of(orphan.sha256, size) for size in orphan.files), path_of(sha256, "full")]:
        os.utime(path, (long_ago, long_ago))
    told = sweep_photos(run=False)
    assert (told.files, told.missing) == (3, 0)
    assert path_of(orphan.sha256, "full").exists()
    assert sweep_photos(run=True).files == 3
    assert not path_of(orphan.sha256, "full").exists()
    assert path_of(sha256, "full").exists()
    assert sweep_photos(run=True) == Swept(0, 0, 0)
    client.delete(f"/api/photos/{used['id']}", headers=headers)
    assert sweep_photos(run=False).files == 0  # retired today: a backup may still name it


@pytest.mark.parametrize("kind", ["valuables", "premises_staff", "estates"])
def test_what_people_own_who_works_where_and_estates_have_photos_too(client, bearer, session, people, kind) -> None:
    here = {"area_code": people[0].area_code, "placed_by": "room"}
    shop = Premises(code="P1", name="小面馆", **here)
    session.add(shop)
    session.flush()
    made: dict[str, Any] = {
        "valuables": Valuable(resident_id=people[0].id, kind="car", name="轿车", **here),
        "premises_staff": PremisesStaff(premises_id=shop.id, name="店员", **here),
        "estates": Estate(code="E1", name="荷塘苑", **here),
    }
    session.add(made[kind])
    session.flush()
    rights = [*RIGHTS, "premises.read", "premises.write", "buildings.read", "buildings.write"]
    url = f"/api/photos/{kind}/{made[kind].id}"
    kept = send(client, bearer(rights), url, ("a.jpg", photo()))
    assert kept.status_code == 201, kept.text
    assert client.get(f"/api/photos/{kept.json['id']}/preview", headers=bearer(rights)).status_code == 200
    assert client.get(f"/api/photos/{kept.json['id']}/preview", headers=bearer(rights, (GRID_2,))).status_code == 404
    looks = session.scalars(sa.select(AuditEntry.target).where(AuditEntry.target == f"{kind}.photo")).all()
    assert len(looks) == (kind != "estates")  # who looks at people's is kept
