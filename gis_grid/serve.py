"""The running service: granian's workers for requests and one worker process for jobs, supervised together."""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import signal
import socket
import sys
import threading
import time
from multiprocessing.process import BaseProcess
from typing import Any

from gis_grid.config import settings
from gis_grid.errors import Unavailable


def serve(host: str, port: int) -> None:
    """Serve until stopped. A job worker that dies is started again; requests go on meanwhile."""
    _check_port(host, port)
    from granian import Granian
    from granian.constants import Interfaces

    stopping = threading.Event()
    watcher = threading.Thread(target=_watch_worker, args=(stopping,), daemon=True)
    watcher.start()
    shown = host if host not in ("0.0.0.0", "::") else "127.0.0.1"  # noqa: S104  only compared
    print(f"服务地址 / Open: http://{shown}:{port}/    （按 Ctrl+C 停止）", flush=True)
    try:
        Granian(
            "gis_grid.serve:wsgi",
            address=host,
            port=port,
            interface=Interfaces.WSGI,
            factory=True,
            workers=settings().workers,
            blocking_threads=settings().threads + settings().waiting_phones,
            respawn_failed_workers=True,
            workers_kill_timeout=10,  # a worker that does not end by itself is ended
            log_enabled=True,
            log_level=_warning(),
            websockets=False,
        ).serve()
    finally:
        stopping.set()
        watcher.join(timeout=15)


def wsgi() -> Any:
    """The application, for granian and any other WSGI server: `gis_grid.serve:wsgi` (factory)."""
    from gis_grid.app import create_app

    _end_with_parent()
    app = create_app()
    gc.collect()
    gc.freeze()  # what is imported stays: looking through it for garbage again and again took 0.1 s of some requests
    return app


def _warning() -> Any:
    from granian.log import LogLevels

    return LogLevels.warning


def _watch_worker(stopping: threading.Event) -> None:
    context = multiprocessing.get_context("spawn")
    worker: BaseProcess | None = None
    while not stopping.is_set():
        if worker is None or not worker.is_alive():
            if worker is not None:
                time.sleep(2)
            worker = context.Process(target=_work, name="gis-grid-jobs", daemon=True)
            worker.start()
        stopping.wait(1)
    if worker is not None and worker.is_alive():
        worker.terminate()
        worker.join(timeout=10)
        if worker.is_alive():
            worker.kill()


def _work() -> None:
    from gis_grid.app import load_features
    from gis_grid.jobs.actions import work_forever

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _end_with_parent()
    load_features()
    work_forever()


def _end_with_parent() -> None:
    """On Linux: when the supervisor is killed, its children end too instead of keeping the port."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG; open transactions are rolled back


def _check_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as fault:
            raise Unavailable(f"端口 {port} 不能使用（{fault.strerror}）：请换一个，例如 --port {port + 1}。") from None


if __name__ == "__main__":
    sys.exit("use: gis-grid serve")
