"""The supervisor is killed: its workers end too, the port is free, and it starts again on the same data."""

from __future__ import annotations

import signal
import subprocess
import time

from tests.conftest import HOME
from tests.live import ROOT, running, wait_ready


def pids(port: str) -> bytes:
    return subprocess.run(["pgrep", "-f", f"serve --port {port}"], capture_output=True, check=False).stdout


def test_a_killed_service_leaves_nobody_behind_and_starts_again(database) -> None:
    with running(HOME, "live_killed") as (service, _):
        port = service.url.rsplit(":", 1)[1]
        service.process.send_signal(signal.SIGKILL)
        service.process.wait(60)
        until = time.monotonic() + 60
        while time.monotonic() < until and pids(port):
            time.sleep(0.2)
        assert pids(port) == b""
        service.process = subprocess.Popen(list(service.process.args), env=service.environment, cwd=ROOT)
        wait_ready(service)
