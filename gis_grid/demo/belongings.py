"""What the demo's people own and who works in its shops: a few rows of each, so that these registers are not met empty."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

import sqlalchemy as sa

from gis_grid.db import session

# kind, name, brand, whether it has a plate, yuan from, to; brands nobody has
_THINGS = (
    ("car", "小型轿车", "虚构牌 A3", True, 60_000, 240_000),
    ("ebike", "电动自行车", "虚构牌 E1", True, 1_800, 5_200),
    ("computer", "笔记本电脑", "虚构牌 N14", False, 3_000, 9_000),
    ("appliance", "中央空调", "虚构牌 K5", False, 8_000, 30_000),
)
_POSTS = ("负责人", "店员", "收银员", "仓管员")
OWNERS_SHARE = 0.08
_ADULTS = """
SELECT id FROM residents WHERE area_code LIKE :under AND remark = :mark AND retired_at IS NULL
  AND birth_date BETWEEN :oldest AND :youngest ORDER BY id
"""
_OWNED = """
INSERT INTO valuables (resident_id, kind, name, brand, number, value_yuan, bought_on, remark, area_code, placed_by)
SELECT r.id, t.kind, t.name, t.brand, t.number, t.yuan, t.bought_on, :mark, r.area_code, 'room'
FROM json_to_recordset(:rows) AS t (id bigint, kind text, name text, brand text, number text, yuan float, bought_on date)
JOIN residents r ON r.id = t.id
"""
_WORKING = """
INSERT INTO premises_staff (premises_id, resident_id, name, post, phone, since, remark, area_code, placed_by)
SELECT p.id, r.id, r.name, t.post, r.phone, t.since, :mark, p.area_code, 'premises'
FROM json_to_recordset(:rows) AS t (id bigint, premises bigint, post text, since date)
JOIN residents r ON r.id = t.id JOIN premises p ON p.id = t.premises
"""
_LED = """
UPDATE premises p SET owner = s.name FROM premises_staff s WHERE s.premises_id = p.id AND s.post = :post AND s.remark = :mark
"""


def add_belongings(seed: int, under: str, mark: str, day: date) -> dict[str, int]:
    """Give people below the area `under` things and posts; answers how many rows each table got."""
    random = Random(f"belongings-{seed}")
    years = {"oldest": day - timedelta(days=60 * 365), "youngest": day - timedelta(days=20 * 365)}
    adults = list(session().scalars(sa.text(_ADULTS), {"under": f"{under}%", "mark": mark, **years}))
    shops = session().scalars(sa.text("SELECT id FROM premises WHERE area_code LIKE :under ORDER BY id"), {"under": f"{under}%"})
    owned = [_thing(random, owner, day) for owner in adults if random.random() < OWNERS_SHARE]
    working = [
        {"id": worker, "premises": shop, "post": post, "since": str(day - timedelta(days=random.randrange(30, 3000)))}
        for shop in shops
        for post, worker in zip(_POSTS, random.sample(adults, random.randint(1, 3)), strict=False)
    ]
    for text, rows in ((_OWNED, owned), (_WORKING, working)):
        session().execute(sa.text(text).bindparams(sa.bindparam("rows", type_=sa.JSON)), {"rows": rows, "mark": mark})
    session().execute(sa.text(_LED), {"post": _POSTS[0], "mark": mark})
    return {"valuables": len(owned), "premises_staff": len(working)}


def _thing(random: Random, owner: int, day: date) -> dict[str, Any]:
    kind, name, brand, plate, least, most = random.choice(_THINGS)
    return {
        "id": owner,
        "kind": kind,
        "name": name,
        "brand": brand,
        "number": f"演{random.choice('ABCDEFGH')}{random.randrange(10**5):05d}" if plate else None,
        "yuan": random.randrange(least, most, 100),
        "bought_on": str(day - timedelta(days=random.randrange(60, 3600))),
    }
