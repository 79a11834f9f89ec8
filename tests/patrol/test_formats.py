"""Every format reads as the independent table says; what is no track is refused with a sentence; bombs go off nowhere."""

from __future__ import annotations

import csv
import gzip
import io
import json
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import numpy as np
import orjson
import pytest

from gis_grid.geo import crs
from gis_grid.patrol.fixes import Fix, Flag, Part, joined, make_fixes
from gis_grid.patrol.formats import FORMATS, geojson, pieces
from gis_grid.patrol.formats.jt808 import decode
from gis_grid.patrol.formats.osmand import device_of, fix_of_json, fix_of_query
from gis_grid.patrol.formats.times import epoch, epochs
from tests.conftest import VECTORS

BEIJING = ZoneInfo("Asia/Shanghai")
TRACKS = VECTORS / "tracks"
there = pytest.mark.skipif(not VECTORS.exists(), reason="the shared vectors are not here")
FILES = [
    "patrol_gpx10.gpx",
    "patrol_gpx11.gpx",
    "linestring_coordTimes.geojson",
    "multilinestring_coordTimes.geojson",
    "multilinestring_coordinateProperties.geojson",
    "gpslogger_points.geojson",
    "gpslogger.csv",
    "beijing_time_gcj02_gb18030.csv",
    "patrol_gxtrack.kml",
    "patrol.nmea",
    "jt808_0200.hex",
    "owntracks_batch.ndjson",
    "owntracks_location.json",
    "traccar_client8_requests.txt",
    "gpslogger_customurl.txt",
    "traccar_client9.json",
    "traccar_client9_unknowns_sos_mock.json",
]


def parts_of(data: bytes, kind: str) -> list[Part]:
    return list(FORMATS[kind](io.BytesIO(data), BEIJING))


def expected_rows(name: str) -> list[dict[str, str]]:
    with (TRACKS / "expected.csv").open(encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["file"] == name]


def read_sample(name: str) -> list[Part]:
    data = (TRACKS / name).read_bytes()
    if name.endswith(".txt"):
        found = []
        for line in data.decode().splitlines():
            if "lat=" in line and "%LAT" not in line:
                address = line.removeprefix("GET ").split(" HTTP")[0]
                asked = dict(parse_qsl(urlsplit(address).query))
                found.append((device_of(asked), fix_of_query(asked, BEIJING)))
        return [Part(found[0][0], make_fixes([fix for _, fix in found]))]
    if name.startswith("traccar_client9"):
        device, fix = fix_of_json(json.loads(data))
        return [Part(device, make_fixes([fix]))]
    return parts_of(data, name.rpartition(".")[2])


@there
@pytest.mark.parametrize("name", FILES)
def test_a_sample_equals_the_table(name: str) -> None:
    rows = expected_rows(name)
    parts = read_sample(name)
    if name == "jt808_0200.hex":  # its first line is another device's frame
        assert (parts[0].device, len(parts[0].fixes)) == ("051160004464", 1)
        parts = parts[1:]
    fixes = joined([part.fixes for part in parts])
    assert {part.device or "" for part in parts} == {row["device"] for row in rows}
    assert len(fixes) == len(rows)
    lon, lat = crs.to_stored(fixes.lon, fixes.lat, "gcj02" if "gcj02" in name else "wgs84")
    segments = np.cumsum((fixes.flags & Flag.CUT) != 0)
    for i, row in enumerate(rows):
        assert fixes.at[i] == datetime.fromisoformat(row["time_utc"]).timestamp()
        assert (lon[i], lat[i]) == pytest.approx((float(row["lon"]), float(row["lat"])), abs=2e-6)
        told = {"ele_m": "ele_m", "speed_mps": "speed_mps", "course_deg": "course_deg"}
        told |= {"accuracy_m": "accuracy_m", "battery": "battery_pct"}
        for ours, theirs in told.items():
            value = getattr(fixes, ours)[i]
            if row[theirs]:
                assert value == pytest.approx(float(row[theirs]), abs=1e-3), (ours, i)
            elif not (ours == "ele_m" and name.startswith("gpslogger_points")):
                assert np.isnan(value), (ours, i)
    if name.startswith(("patrol_gpx11", "multilinestring", "patrol_gxtrack")):
        assert segments.tolist() == [int(row["segment"]) for row in rows]


@there
def test_the_frame_of_another_decoders_test_reads_as_it_says() -> None:
    line = (TRACKS / "jt808_0200.hex").read_text(encoding="utf-8").splitlines()[1]
    device, (fix,) = decode(bytes.fromhex(line)[1:-1])
    assert device == "051160004464"
    assert (fix.lat, fix.lon) == (22.644830, 114.029380)
    assert fix.at == datetime.fromisoformat("2020-08-07T18:07:22+08:00").timestamp()


@there
def test_the_variants_of_a_query_say_the_same() -> None:
    lines = (TRACKS / "osmand_variants.txt").read_text(encoding="utf-8").splitlines()
    queries = [line.split("|")[-1].split("#")[0].split(" HTTP")[0].split("?")[-1].strip() for line in lines]
    found = [(device_of(asked := dict(parse_qsl(query))), fix_of_query(asked, ZoneInfo("UTC"))) for query in queries]
    assert [device for device, _ in found] == ["330606"] * 4 + [None]
    assert {(fix.at, fix.lon, fix.lat) for _, fix in found} == {(1_714_957_200.0, 106.577, 29.5585)}
    assert found[0][1].speed_mps == pytest.approx(1.2, abs=1e-6)
    in_beijing = fix_of_query(dict(parse_qsl(queries[2])), BEIJING)
    assert in_beijing.at == 1_714_957_200.0 - 8 * 3600  # a time without a zone is the configured zone's


@there
def test_unknown_and_mock_are_told() -> None:
    _, fix = fix_of_json(json.loads((TRACKS / "traccar_client9_unknowns_sos_mock.json").read_bytes()))
    assert np.isnan([fix.speed_mps, fix.course_deg, fix.battery]).all()
    assert fix.flags == Flag.MOCK


@there
def test_messages_that_are_no_position_are_passed_over() -> None:
    assert parts_of((TRACKS / "owntracks_other_types.ndjson").read_bytes(), "ndjson") == []


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("gpx", b""),
        ("gpx", b"<gpx><trk>"),
        ("gpx", b"<kml/>"),
        ("gpx", b"<gpx><wpt lat='1' lon='1'/></gpx>"),
        ("gpx", b'<!DOCTYPE gpx [<!ENTITY x "y">]><gpx>&x;</gpx>'),
        ("gpx", b'<!DOCTYPE gpx [<!ENTITY x SYSTEM "file:///etc/passwd">]><gpx><trk><trkseg/></trk>&x;</gpx>'),
        ("kml", b"<kml><Placemark><LineString><coordinates>1,1 2,2</coordinates></LineString></Placemark></kml>"),
        ("kml", b"<kml><Track><when>2024-05-06T01:00:00Z</when></Track></kml>"),
        ("kml", b'<!DOCTYPE kml [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><kml>&b;</kml>'),
        ("plt", b"nonsense"),
        ("csv", b"a,b\n1,2\n"),
        ("csv", b"time,lon,lat\n"),
        ("csv", b"\xff\xff"),
        ("csv", b""),
        ("nmea", b"hello\n"),
        ("hex", b"hello\n"),
        ("jt808", b""),
        ("ndjson", b"not json\n"),
        ("geojson", b"{"),
        ("geojson", b"[1]"),
        ("geojson", b'{"type":"Feature","geometry":{"type":"LineString","coordinates":[[1,1],[2,2]]}}'),
        (
            "geojson",
            b'{"type":"Feature","properties":{"coordTimes":["x"]},"geometry":{"type":"LineString","coordinates":[[1,1],[2,2]]}}',
        ),
    ],
)
def test_what_is_no_track_says_why(kind: str, data: bytes) -> None:
    with pytest.raises(ValueError, match=r"[一-鿿]"):
        parts_of(data, kind)


@pytest.mark.parametrize("name", ["gpx", "kml"])
def test_megabytes_without_a_tag_end_at_once(name: str) -> None:
    with pytest.raises(ValueError, match="没有任何标签"):
        list(FORMATS[name](io.BytesIO(b"<a " + b"a" * 100_000_000), BEIJING))


def test_a_nested_entity_bomb_is_refused_at_its_declaration() -> None:
    entities = "".join(f'<!ENTITY x{n} "{f"&x{n - 1};" * 10}">' for n in range(1, 12))
    with pytest.raises(ValueError, match="ENTITY"):
        parts_of(f'<!DOCTYPE gpx [<!ENTITY x0 "ha">{entities}]><gpx>&x11;</gpx>'.encode(), "gpx")


def test_bad_values_are_unknown_not_an_end() -> None:
    (part,) = parts_of(
        b"time,lon,lat,speed\n2024-05-06T01:00:00Z,x,29.5,1\nyesterday,106.5,29.5,\n2024-13-06T01:00:00Z,1e999,nan,-\n", "csv"
    )
    assert len(part.fixes) == 3
    assert np.isnan(part.fixes.lon).tolist() == [True, False, False]
    assert np.isnan(part.fixes.at).tolist() == [False, True, True]


def test_rows_of_another_length_are_counted() -> None:
    (part,) = parts_of(b"time,lon,lat\n2024-05-06T01:00:00Z,106.5,29.5\n1,2\n", "csv")
    assert (len(part.fixes), part.unread) == (1, 1)


def test_other_delimiters_and_decimal_commas() -> None:
    (part,) = parts_of(b"time;lon;lat\n2024-05-06 09:00:00;106,5;29,5\n", "csv")
    assert (part.fixes.lon[0], part.fixes.lat[0]) == (106.5, 29.5)
    assert part.fixes.at[0] == 1_714_957_200


def test_several_devices_in_one_table_are_kept_apart() -> None:
    rows = "\n".join(f"D{n % 2},2024-05-06 09:00:{n:02},106.5,29.5" for n in range(10))
    parts = parts_of(f"设备编号,时间,经度,纬度\n{rows}\n".encode("gb18030"), "csv")
    assert [(part.device, len(part.fixes)) for part in parts] == [("D0", 5), ("D1", 5)]


def test_nmea_with_a_wrong_checksum_is_unread_and_void_is_no_fix() -> None:
    good = b"$GNRMC,010000.00,A,2933.51000,N,10634.62000,E,2.333,45.0,060524,,,A*7F\n"
    (part,) = parts_of(good + good.replace(b"*7F", b"*00") + b"$GNRMC,011700.00,V,,,,,,,060524,,,N*61\n", "nmea")
    assert (len(part.fixes), part.unread) == (1, 1)


@pytest.mark.parametrize(
    "text",
    ["2024-05-06T01:00:20Z", "2024-05-06T01:00:20.000Z", "2024-05-06T09:00:20+08:00", "2024-05-06 09:00:20",
     "2024/05/06 09:00:20", "2024/5/6 9:00:20", "2024-5-6 9:0:20", "2024年5月6日 9:00:20", "2024年05月06日 09:00:20",
     "1714957220", "1714957220000"],
)  # fmt: skip
def test_times_one_by_one_and_together(text: str) -> None:
    assert epoch(text, BEIJING) == 1_714_957_220
    assert epochs([text] * 3, BEIJING).tolist() == [1_714_957_220] * 3


def test_times_together_equal_times_one_by_one_also_where_summer_time_was_kept() -> None:
    texts = [f"{year}-07-{day:02} {day % 24:02}:30:15" for year in (1988, 1990, 2024) for day in range(1, 29)]
    assert epochs(texts, BEIJING).tolist() == [epoch(text, BEIJING) for text in texts]
    odd = ["2024-02-30T00:00:00Z", "2023-02-29T00:00:00Z", "2024-02-29T24:00:00Z"]
    assert np.isnan(epochs(odd)).all()


def test_gzip_that_unpacks_without_end_is_refused(session) -> None:
    from gis_grid.errors import TooLarge
    from gis_grid.patrol import actions

    bomb = io.BytesIO()
    with gzip.GzipFile(fileobj=bomb, mode="wb") as file:
        file.write(b"time,lon,lat\n")
        for _ in range(64):
            file.write(b"2024-05-06T01:00:00Z,106.5,x\n" * 40_000)
    bomb.seek(0)
    limit, actions.MOST_BYTES = actions.MOST_BYTES, 4 * 1024**2
    try:
        with pytest.raises(TooLarge, match="MB"):
            actions.record_file(bomb, "a.csv.gz")
    finally:
        actions.MOST_BYTES = limit


def test_what_unpacks_to_fifty_times_its_size_is_refused_early(session, monkeypatch) -> None:
    from gis_grid.errors import TooLarge
    from gis_grid.patrol import actions

    monkeypatch.setattr(actions, "LEAST_UNPACKED", 1024**2)
    bomb = gzip.compress(b"time,lon,lat\n" + b"2024-05-06T01:00:00Z,106.5,x\n" * 200_000)
    with pytest.raises(TooLarge, match=r"超过 \d MB"):
        actions.record_file(io.BytesIO(bomb), "a.csv.gz")


def _walk(count: int) -> tuple[list[list[float]], list[str]]:
    places = [[106.5 + n / 1e6, 29.5, 250.5] if n % 3 else [106.5 + n / 1e6, 29.5] for n in range(count)]
    return places, [f"2024-05-06T{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}{'Z' if n % 2 else '+00:00'}" for n in range(count)]


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("several", [False, True])
def test_a_long_line_reads_in_pieces_as_it_does_whole(monkeypatch, indent: int | None, several: bool) -> None:
    places, times = _walk(9_000)
    odd = {"type": "Feature", "properties": {"times": ["]", "x"], "name": '"coordinates":[[1,2]]'}, "geometry": None}
    line: dict = {"coordinates": [places[:4_000], places[4_000:4_001], places[4_001:]]} if several else {"coordinates": places}
    beside = [times[:4_000], times[4_000:4_001], times[4_001:]] if several else times
    line["type"] = "MultiLineString" if several else "LineString"
    feature = {"type": "Feature", "properties": {"coordTimes": beside, "n": [1, 2]}, "geometry": line}
    data = json.dumps({"type": "FeatureCollection", "features": [odd, feature]}, indent=indent).encode()
    monkeypatch.setattr(pieces, "LEAST", 10**9)
    whole = parts_of(data, "geojson")
    monkeypatch.setattr(pieces, "LEAST", 1_000)
    monkeypatch.setattr(pieces, "_PIECE", 5_000)
    read = parts_of(data, "geojson")
    short, found = pieces.set_aside(data)
    assert len(found) == 2
    assert len(list(geojson._parts(orjson.loads(short), found))) == (3 if several else 1)
    assert len(read) == len(whole)
    for one, other in zip(read, whole, strict=True):
        for name, values in vars(one.fixes).items():
            np.testing.assert_array_equal(values, vars(other.fixes)[name], name)


@pytest.mark.parametrize("indent", [None, 1])
def test_many_points_read_in_pieces_as_they_do_whole(monkeypatch, indent: int | None) -> None:
    def point(n: int, seen: object = 0) -> dict:
        told = {"time": f"2024-05-06T01:{n // 60:02}:{n % 60:02}Z", "accuracy": n, "seen": seen}
        return {"type": "Feature", "geometry": {"type": "Point", "coordinates": [106.5 + n / 1e6, 29.5]}, "properties": told}

    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    features = [*map(point, range(300)), None, {"type": "Feature", "geometry": None}]
    cut = {"type": "FeatureCollection", "crs": crs, "features": features, "bbox": [0]}
    whole = {**cut, "features": [point(n, [{"a": 1}, {"b": "}, {"}]) for n in range(300)]}  # the guess ends within "seen"
    for document, is_cut in ((cut, True), (whole, False)):
        data = json.dumps(document, indent=indent).encode()
        monkeypatch.setattr(pieces, "_PIECE", 10**9)
        (one,) = parts_of(data, "geojson")
        monkeypatch.setattr(pieces, "_PIECE", 1_000)
        (other,) = parts_of(data, "geojson")
        for name, values in vars(one.fixes).items():
            np.testing.assert_array_equal(values, vars(other.fixes)[name], name)
        if is_cut:
            assert len(found := list(pieces.features_of(data))) > 10
            assert sum(map(len, found)) == 302


def test_long_arrays_that_are_something_else_are_told_as_ever(monkeypatch) -> None:
    monkeypatch.setattr(pieces, "LEAST", 100)
    places, times = _walk(50)
    line = {"type": "LineString", "coordinates": places}
    for wrong, why in ((times[1:], "个数不一致"), ([*times[1:], ["x"] * 50], None), ("x" * 200, "没有时间")):
        data = json.dumps({"type": "Feature", "properties": {"coordTimes": wrong}, "geometry": line}).encode()
        if why is None:
            assert np.isnan(parts_of(data, "geojson")[0].fixes.at[-1])
            continue
        with pytest.raises(ValueError, match=why):
            parts_of(data, "geojson")
    with pytest.raises(ValueError, match="JSON"):
        parts_of(b'{"coordTimes": [' + b'"x" ' * 100 + b'], "coordinates": [' + b"[1,2" * 100 + b"]}", "geojson")


def test_fixes_know_their_columns() -> None:
    fixes = make_fixes([Fix(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9)])
    assert (fixes.at[0], fixes.lon[0], fixes.lat[0], fixes.accuracy_m[0], fixes.battery[0], fixes.flags[0]) == (1, 2, 3, 4, 8, 9)


SEGMENT = """<trkseg><trkpt lat="29.5" lon="106.5"><ele>1</ele><time>2024-05-06T01:00:00Z</time><speed>1</speed></trkpt>
<trkpt lon='106.6' lat='29.6'/><trkpt lat="x" lon=""><time/><extensions><g:speed>2</g:speed></extensions></trkpt></trkseg>"""


def test_the_quick_scan_of_a_plain_gpx_reads_as_the_handlers_do(monkeypatch) -> None:
    inside = (
        f"<metadata><time>2020-01-01T00:00:00Z</time></metadata><wpt lat='1' lon='1'><ele>9</ele></wpt><trk>{SEGMENT * 3}</trk>"
    )
    plain = f"<?xml version='1.0'?><gpx xmlns:g='x'>{inside}</gpx>"
    odd = plain.replace("</trk>", "<!-- <trkpt lat='3' lon='3'></trkpt> --></trk>")
    prefixed = plain.replace("<trk", "<p:trk").replace("</trk", "</p:trk").replace("xmlns:g", "xmlns:p='y' xmlns:g")
    monkeypatch.setattr("gis_grid.patrol.formats.gpx.PIECE", 97)
    found = [joined([part.fixes for part in parts_of(text.encode(), "gpx")]) for text in (plain, odd, prefixed)]
    assert len(found[0]) == 9
    for other in found[1:]:
        for name, values in vars(found[0]).items():
            assert np.array_equal(values, getattr(other, name), equal_nan=True), name


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("row", [3, 120_000])  # among the first 64 kB that tell the encoding, and in a later block
@pytest.mark.parametrize("byte", [b"\xff", b"\xe9"])
def test_a_broken_byte_costs_its_row_and_no_other(encoding: str, row: int, byte: bytes) -> None:
    rows = [
        f"步行,2024-05-06 09:{n // 60 % 60:02}:{n % 60:02},106.5{n:06},29.5".encode(encoding.removesuffix("-sig"))
        for n in range(130_000)
    ]
    whole = "备注,时间,经度,纬度\n".encode(encoding) + b"\n".join(rows)
    for column in (0, 1, 2):
        cells = rows[row].split(b",")
        cells[column] = cells[column][:3] + byte + cells[column][3:]
        read = joined([part.fixes for part in parts_of(whole.replace(rows[row], b",".join(cells)), "csv")])
        expected = joined([part.fixes for part in parts_of(whole, "csv")])
        lost = np.flatnonzero(np.isnan(read.at) | np.isnan(read.lon)).tolist()
        assert lost == ([row] if column else [])
        kept = np.delete(np.arange(len(rows)), lost)
        assert len(read) == len(rows)
        assert (read.at[kept] == expected.at[kept]).all()
        assert (read.lon[kept] == expected.lon[kept]).all()


def test_neither_utf8_nor_gb18030_is_said() -> None:
    with pytest.raises(ValueError, match="UTF-8"):
        parts_of(bytes(range(128, 256)) * 100, "csv")
