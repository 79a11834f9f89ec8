"""A stranger's tool (schemathesis) throws generated requests, good and bad, at the running service: never a 5xx."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import requests
import sqlalchemy as sa

from gis_grid import db
from gis_grid.access.actions import create_token
from gis_grid.access.guard import acting
from gis_grid.access.rules import COMMAND, RIGHTS


def token(live) -> str:
    engine = sa.create_engine(live.environment["DATABASE_URL"], poolclass=sa.pool.NullPool)
    with sa.orm.Session(engine) as own, own.begin(), db.bound(own), acting(COMMAND):
        return create_token("hostile", sorted(RIGHTS), [""], 1)[1]


def test_no_generated_request_breaks_the_service(live, tmp_path) -> None:
    command = [str(Path(sys.executable).parent / "schemathesis"), "run", f"{live.url}/api/openapi.json"]
    command += ["--header", f"Authorization: Bearer {token(live)}", "--header", 'If-Match: "1"']
    command += ["--checks", "not_a_server_error", "--max-examples", "5", "--phases", "examples,coverage,fuzzing"]
    command += ["--generation-deterministic", "--mode", "all", "--request-timeout", "20", "--workers", "2"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    assert requests.get(live.url + "/health/ready", timeout=60).status_code == 200
