"""The service is killed while phones send: every fix that was answered with 200 is there, once."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import threading
import time

import pytest
import requests
import sqlalchemy as sa

from gis_grid import db
from gis_grid.access.guard import acting
from gis_grid.access.rules import COMMAND
from gis_grid.patrol.devices import device_called, new_key
from tests.conftest import HOME
from tests.live import ROOT, free_port, running, wait_ready

BEGAN = 1_714_957_200


def wait_for_phones(url: str) -> None:
    """Until the phones' port answers; whatever is no phone's address is told so."""
    for _ in range(300):
        with contextlib.suppress(requests.RequestException):
            answer = requests.get(f"{url}/api/locate", timeout=2)
            assert answer.status_code == 404
            assert "手机" in answer.text
            break
        time.sleep(0.2)
    assert requests.post(f"{url}/ingest/owntracks", data=b"x" * 70_000, timeout=10).status_code == 413
    assert requests.get(f"{url}/ingest/osmand/none?id=p9&lat=1&lon=1&timestamp=1714957200", timeout=20).status_code == 400


@pytest.mark.parametrize("own_port", [False, True])
def test_what_was_answered_survives_a_kill(database, own_port: bool, monkeypatch) -> None:
    port = free_port() if own_port else 0
    monkeypatch.setenv("GIS_GRID_PHONES_PORT", str(port))
    with running(HOME, f"live_phones_{own_port:d}") as (service, _):
        url = f"http://127.0.0.1:{port}" if own_port else service.url
        engine = sa.create_engine(service.environment["DATABASE_URL"], poolclass=sa.pool.NullPool)
        with sa.orm.Session(engine) as own, own.begin(), db.bound(own), acting(COMMAND):
            keys = {code: new_key(device_called(code).id)[1] for code in ("p1", "p2", "p3", "p4")}
        if own_port:
            wait_for_phones(url)
        told: list[tuple[str, int]] = []
        enough = threading.Event()

        def send(code: str) -> None:
            with requests.Session() as phone, contextlib.suppress(requests.RequestException):
                for n in range(5_000):
                    asked = {"id": code, "lat": "29.5", "lon": "106.5", "timestamp": str(BEGAN + n)}
                    if phone.get(f"{url}/ingest/osmand/{keys[code]}", params=asked, timeout=20).status_code == 200:
                        told.append((code, BEGAN + n))
                        if len(told) > 60:
                            enough.set()

        phones = [threading.Thread(target=send, args=(code,)) for code in keys]
        for phone in phones:
            phone.start()
        assert enough.wait(150)
        service.process.send_signal(signal.SIGKILL)
        service.process.wait(60)
        for phone in phones:
            phone.join(30)
        query = "SELECT d.code, extract(epoch FROM f.at)::bigint FROM fixes f JOIN devices d ON d.id = f.device_id"
        with engine.connect() as connection:
            stored = [tuple(row) for row in connection.execute(sa.text(query))]
        assert set(told) <= set(stored)
        assert len(stored) == len(set(stored)) <= len(told) + len(phones)
        service.process = subprocess.Popen(list(service.process.args), env=service.environment, cwd=ROOT)
        wait_ready(service)
