#!/usr/bin/env python3
"""How long 100,000 residents take in and out, how many addresses are read right, how fast somebody is found.

    scripts/bench/sheets.py [--json] [--scale community|district] [--home FOLDER] [--corpus FILE.jsonl.gz] [--rows N]
                            [--only addresses,queries,import,export]

Without --home a district is made in a private database of its own (a few minutes) and removed afterwards; with --home the
database there (its district demo) is used and the import is tried without being kept.
"""

from __future__ import annotations

import entry  # noqa: F401  first

# isort: split
import argparse
import contextlib
import gzip
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from district import ROOT, district
from entry import PYTHON

METRICS = (
    "import_100k_s",
    "import_100k_mb",
    "export_100k_s",
    "addresses_per_s",
    "addresses_matched_per_s",
    "address_exact_share",
    "query_first_page_ms",
    "search_name_ms",
    "search_id_ms",
)
LABELS = {"houseno": "building", "cellno": "unit", "roomno": "room"}
SECTIONS = ("addresses", "queries", "import", "export")
REPEATS = 9
MATCHED, PART = 60_000, 5_000  # addresses matched to rooms, and how many at once, as an import does


def addresses(corpus: Path | None) -> dict[str, float]:
    """Of rows labelled with building and room, how many have every labelled part right; and rows a second."""
    from gis_grid.addresses.rules import read_address
    from gis_grid.addresses.spelling import plain_part

    if corpus is None or not corpus.is_file():
        say("skipped addresses: no annotated corpus (--corpus)")
        return {}
    rows = [json.loads(line) for line in gzip.decompress(corpus.read_bytes()).splitlines()]
    began = time.perf_counter()
    read = [read_address(row["text"]) for row in rows]
    took = time.perf_counter() - began
    both = right = others = wrong = 0
    for row, found in zip(rows, read, strict=True):
        wanted: dict[str, set[str | None]] = {}
        for label, text in row["entities"]:
            if label in LABELS:
                wanted.setdefault(LABELS[label], set()).add(plain_part(text))
        parts = {name: plain_part(getattr(found, name)) for name in LABELS.values()}
        if {"building", "room"} <= wanted.keys():
            both += 1
            right += all(parts[name] in values for name, values in wanted.items())
        else:
            others += 1
            wrong += any(part and part not in wanted.get(name, ()) for name, part in parts.items())
    say(f"addresses: {right}/{both} right, a wrong part in {wrong}/{others} others")
    return {"addresses_per_s": len(rows) / took, "address_exact_share": right / both, "address_wrong_share": wrong / others}


def matched(rows: int = MATCHED) -> dict[str, float]:
    """Addresses of the district's rooms as an office writes them, read and matched to building, unit and room in one process."""
    import sqlalchemy as sa

    from gis_grid import db
    from gis_grid.access.guard import acting
    from gis_grid.access.rules import COMMAND
    from gis_grid.addresses.actions import gazetteer, match_addresses

    with db.transaction() as own, acting(COMMAND):
        rooms = own.execute(sa.text(_ROOMS), {"rows": rows}).all()
        texts = [spelt(*room[1:], way) for way, room in enumerate(rooms)]
        began = time.perf_counter()
        known = gazetteer()
        found = [match for at in range(0, rows, PART) for match in match_addresses(texts[at : at + PART], known)]
        took = time.perf_counter() - began
    decided = [(match.decided, room.id) for match, room in zip(found, rooms, strict=True) if match.decided]
    wrong = sum(place.room_id != key for place, key in decided)
    say(f"matched: {len(texts)} in {took:.1f} s, {len(decided) / len(texts):.1%} decided, {wrong} of them wrong, others asked")
    return {"addresses_matched_per_s": len(texts) / took}


_ROOMS = """
SELECT r.id, e.name AS estate, b.name AS building, u.name AS unit, r.number FROM rooms r JOIN units u ON u.id = r.unit_id
JOIN buildings b ON b.id = r.building_id JOIN estates e ON e.id = b.estate_id
WHERE r.retired_at IS NULL AND b.name ~ '^[0-9]+' ORDER BY r.id LIMIT :rows
"""


def spelt(estate: str, building: str, unit: str, room: str, way: int) -> str:
    """The address of a room in one of the ways offices write it."""
    house, door = building.rstrip("幢"), unit.removesuffix("单元")
    ways = (f"{estate}{building}{unit}{room}室", f"{estate}{house}号楼{door}单元{room}", f"{estate}{house}-{door}-{room}")
    return ways[way % len(ways)]


def queries() -> dict[str, float]:
    """The slowest first page of the indexed questions, and the searches for one person, in the whole district (medians)."""
    import sqlalchemy as sa

    from gis_grid import db
    from gis_grid.people.rules import check_digit

    with db.transaction() as own:
        text = (
            "SELECT name, area_code FROM residents WHERE area_code IS NOT NULL "
            "ORDER BY id OFFSET (SELECT count(*) / 60 FROM residents) LIMIT 1"
        )
        name, code = own.execute(sa.text(text)).one()
        initials = own.scalar(sa.text("SELECT pinyin_initials(:name)"), {"name": name})
        lon, lat = own.execute(sa.text(_SOMEWHERE)).one()
        number = "99010119500101001"
    pages: dict[str, Any] = {
        "everybody": None,
        "community": {"area": code[:12]},
        "age": is_("age", "ge", 95),
        "born": is_("birth_date", "between", ["1950-01-01", "1950-02-01"]),
        "classes": is_("classes", "in", ["elderly_alone"]),
        "near": {"near": {"lon": lon, "lat": lat, "metres": 100}},
        "within 2 km": {"near": {"lon": lon, "lat": lat, "metres": 2000}},
        "not within 500 m": {"not": {"near": {"lon": lon, "lat": lat, "metres": 500}}},
        "street, women over 60": {"all": [{"area": code[:9]}, is_("age", "ge", 60), is_("sex", "eq", "2")]},
    }
    names = {
        "name": is_("name", "starts", name[:2]),
        "whole name": is_("name", "eq", name),
        "initials": is_("initials", "starts", initials),
    }
    numbers = {"id": is_("id_number", "eq", number + check_digit(number)), "phone": is_("phone", "eq", "13800000100")}
    return {
        "query_first_page_ms": slowest(pages),
        "search_name_ms": slowest(names),
        "search_id_ms": slowest(numbers),
    }


_SOMEWHERE = """
SELECT ST_X(point), ST_Y(point) FROM buildings ORDER BY id OFFSET (SELECT count(*) / 60 FROM buildings) LIMIT 1
"""


def is_(field: str, op: str, value: Any) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


def slowest(asked: dict[str, Any]) -> float:
    """The largest of the medians, in milliseconds."""
    from gis_grid import db
    from gis_grid.access.guard import acting
    from gis_grid.access.rules import COMMAND
    from gis_grid.query.actions import ask
    from gis_grid.query.registers import REGISTERS

    medians = []
    for title, where in asked.items():
        took = []
        for _ in range(REPEATS):
            with db.transaction(), acting(COMMAND):
                began = time.perf_counter()
                found = ask(REGISTERS["residents"], {"where": where, "limit": 50})
                took.append((time.perf_counter() - began) * 1000)
        medians.append(statistics.median(took))
        say(f"query {title}: {medians[-1]:.1f} ms, {len(found.items)} rows")
    return max(medians)


def write_people(path: Path, rows: int) -> None:
    """A sheet of people for rooms of the district, as an office would send it."""
    import sqlalchemy as sa
    import xlsxwriter

    from gis_grid import db
    from gis_grid.people.rules import check_digit

    query = """
    SELECT e.name, b.name, u.name, r.number FROM rooms r JOIN units u ON u.id = r.unit_id
    JOIN buildings b ON b.id = r.building_id JOIN estates e ON e.id = b.estate_id
    WHERE b.name ~ '幢' AND NOT EXISTS (SELECT 1 FROM estates o WHERE o.name = e.name AND o.id <> e.id) ORDER BY r.id LIMIT 60000
    """
    with db.transaction() as own:
        rooms = own.execute(sa.text(query)).all()
    header = "姓名 与户主关系 身份证号 民族 文化程度 婚姻状况 联系电话 小区 楼号 单元 门牌号 备注".split()
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        sheet = book.add_worksheet("常住人口信息表")
        sheet.write_row(0, 0, header)
        for i in range(rows):
            first = f"500103{1940 + i % 80}{1 + i % 12:02d}{1 + i % 28:02d}{(i // 960) % 999:03d}"
            known = (("妻", "儿子", "女儿")[i % 3], first + check_digit(first), "汉族", "本科", "已婚", f"138{i:08d}")
            person = [f"测试{i:06d}", *known]
            sheet.write_row(i + 1, 0, [*person, *rooms[(i // 3) % len(rooms)], f"备注{i}"])


def take_in(folder: Path, rows: int, keep: bool) -> dict[str, float]:
    """Wall seconds and peak memory of the command that imports the sheet."""
    path = folder / "people.xlsx"
    write_people(path, rows)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    command = [str(PYTHON), "-m", "gis_grid.cli", "load", "residents", str(path), *(() if keep else ("--dry-run",))]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    took = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    say(f"import: {told.stdout.splitlines()[0]}; {took:.1f} s, {cpu:.1f} s CPU of the command")
    return {"import_100k_s": took * 100_000 / rows, "import_100k_mb": after.ru_maxrss / 1024}


def give_out(folder: Path, rows: int) -> dict[str, float]:
    """Seconds to write the first rows of the register as .xlsx."""
    import sqlalchemy as sa

    from gis_grid import db
    from gis_grid.access.guard import acting
    from gis_grid.access.rules import COMMAND
    from gis_grid.sheets.export import Wanted, export

    with db.transaction(db.long_engine()) as own, acting(COMMAND):
        last = own.scalar(sa.text("SELECT id FROM residents ORDER BY id OFFSET :rows LIMIT 1"), {"rows": rows})
        where = None if last is None else is_("id", "lt", last)
        began = time.perf_counter()
        told = export(Wanted("residents", "性能测试", where=where), folder / "out.xlsx", lambda done, total: None)
        took = time.perf_counter() - began
    say(f"export: {told['rows']} rows, {took:.1f} s")
    return {"export_100k_s": took * 100_000 / told["rows"]}


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def town(asked: argparse.Namespace) -> Iterator[None]:
    """The database to measure: the one of --home, or one made for this run and removed afterwards."""
    if asked.home is not None:
        os.environ["GIS_GRID_HOME"] = str(asked.home)
        yield
        return
    with district(ROOT / ".gis-grid" / "bench-sheets", asked.scale, keep=False) as made:
        say(f"{asked.scale} loaded in {made.loaded_s:.0f} s")
        yield


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--home", type=Path)
    parser.add_argument("--corpus", type=Path, default=ROOT.parent / "shared" / "data" / "addresses_cn_ner" / "dev.jsonl.gz")
    parser.add_argument(
        "--scale", choices=("community", "district"), default="district", help="of the database made for this run"
    )
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--only", default=",".join(SECTIONS))
    asked = parser.parse_args()
    only = set(asked.only.split(","))
    metrics: dict[str, float | None] = dict.fromkeys(METRICS)
    with tempfile.TemporaryDirectory(prefix="gis-grid-bench-") as folder:
        if "addresses" in only:
            metrics.update(addresses(asked.corpus))
        if only - {"addresses"} or asked.home:
            with town(asked):
                from gis_grid.app import load_features

                load_features()
                if "addresses" in only:
                    metrics.update(matched())
                if "queries" in only:
                    metrics.update(queries())
                if "import" in only:
                    metrics.update(take_in(Path(folder), asked.rows, keep=asked.home is None))
                if "export" in only:
                    metrics.update(give_out(Path(folder), asked.rows))
    if asked.json:
        print(json.dumps({"metrics": metrics}))
        return
    for name, value in metrics.items():
        print(f"{name:22} {'-' if value is None else f'{value:,.3f}'}")


if __name__ == "__main__":
    main()
