"""The running service: granian's workers for requests, a process for jobs, one for phones if they have a port; supervised."""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from typing import Any

from gis_grid.config import settings
from gis_grid.errors import Unavailable


def serve(host: str, port: int) -> None:
    """Serve until stopped. A job worker that dies is started again; requests go on meanwhile."""
    _check_port(host, port)
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces

    stopping = threading.Event()
    watched: list[tuple[str, Callable[..., None], tuple[Any, ...]]] = [("gis-grid-jobs", _work, ())]
    if settings().phones_port:
        _check_port(host, settings().phones_port)
        watched.append(("gis-grid-phones", _take_fixes, (host, settings().phones_port)))
    watchers = [threading.Thread(target=_watch, args=(stopping, *one), daemon=True) for one in watched]
    for watcher in watchers:
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
            blocking_threads=settings().threads,
            respawn_failed_workers=True,
            workers_kill_timeout=10,  # a worker that does not end by itself is ended
            log_enabled=True,
            log_level=_warning(),
            websockets=False,
            http=HTTPModes.http1,
        ).serve()
    finally:
        stopping.set()
        for watcher in watchers:
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


def _watch(stopping: threading.Event, name: str, work: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    """Keep one process beside the requests; one that dies is started again."""
    context = multiprocessing.get_context("spawn")
    worker: BaseProcess | None = None
    while not stopping.is_set():
        if worker is None or not worker.is_alive():
            if worker is not None:
                time.sleep(2)
            worker = context.Process(target=work, args=arguments, name=name)
            worker.start()
        stopping.wait(1)
    if worker is not None and worker.is_alive():
        worker.terminate()
        worker.join(timeout=10)
        if worker.is_alive():
            worker.kill()


def _take_fixes(host: str, port: int) -> None:
    """Granian again, for phones: one worker whose one thread waits for all of them."""
    from granian import Granian
    from granian.constants import Interfaces

    _end_with_parent()
    Granian(
        "gis_grid.serve:rsgi",
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        factory=True,
        workers=1,
        respawn_failed_workers=True,
        log_enabled=True,
        log_level=_warning(),
        websockets=False,
    ).serve()


def rsgi() -> Any:
    """What answers on the phones' port, for granian: `gis_grid.serve:rsgi` (factory)."""
    from gis_grid.app import load_features
    from gis_grid.patrol.phones import Phones

    _end_with_parent()
    load_features()
    gc.collect()
    gc.freeze()
    return Phones()


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
