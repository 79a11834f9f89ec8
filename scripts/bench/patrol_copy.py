"""The rows of an upload by a bare COPY, beside what their days held already."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import numpy as np
from measuring import Report, Took

_HELD = """INSERT INTO bench_bare SELECT f.* FROM fixes f WHERE f.at >= :since AND f.at < :until
    AND f.device_id NOT IN (SELECT id FROM devices WHERE code LIKE :ours)"""


def bare_copy(report: Report, first: datetime, at: np.ndarray, lon: np.ndarray, lat: np.ndarray, ours: str) -> None:
    """The same rows by COPY BINARY alone until they are kept for good, in a table of its own that holds what those days held
    before the run (all but the devices called like `ours`), with the same two indexes as the fixes have (key; BRIN of time), and
    with the key only; the best of three each. Needs the rate of the CSV upload.
    """
    from sqlalchemy import create_engine, text

    from gis_grid.areas.placing import current_index
    from gis_grid.db import database_urls, session, transaction
    from gis_grid.patrol.digest import place_fixes
    from gis_grid.patrol.fixes import arrays
    from gis_grid.patrol.store import copy_fixes

    count = len(at)
    owner = create_engine(database_urls()[0])  # the service makes no tables
    with transaction(owner):
        whole = arrays(first.timestamp() + at, lon, lat, accuracy_m=np.full(count, 5.0))
        fixes, codes = place_fixes(whole, current_index())
    days = {"since": first.date(), "until": (first + timedelta(seconds=float(at[-1]), days=1)).date(), "ours": ours}
    for name, indexes in (("ratio_bare_copy", "INCLUDING INDEXES"), ("ratio_bare_copy_key", ", PRIMARY KEY (device_id, at)")):
        with transaction(owner):
            session().execute(text(f"CREATE TABLE bench_bare (LIKE fixes {indexes})"))
            held = session().execute(text(_HELD), days).rowcount  # type: ignore[attr-defined]
        took = []
        for attempt in range(3):
            began = time.perf_counter()
            with transaction(owner):  # committed, as an upload is before it is answered
                copy_fixes(np.full(count, -1 - attempt, np.int64), fixes, codes, "bench_bare")
            took.append(time.perf_counter() - began)
        with transaction(owner):
            session().execute(text("DROP TABLE bench_bare"))
        kind = "key only" if name.endswith("key") else "key and BRIN"
        report.add("upload", f"bare COPY, {kind}", count, Took(0, min(took)), f"beside {held:,} fixes", known_cpu=False)
        points = report.metrics["csv_points_per_s"]
        report.metrics[name] = round(points / (count / min(took)), 2) if points else None
