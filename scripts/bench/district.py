"""A throw-away database with the generated district in it, the service on top, and the environment of the peers."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from measuring import say

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
REQUIREMENTS = ROOT / "requirements" / "bench.txt"
PEERS_PYTHON = ROOT / ".gis-grid" / "bench-venv" / "bin" / "python"


@dataclass(frozen=True)
class District:
    """home: the installation's folder; dsn: the owner's address of the database, for any client; seconds: to load it."""

    home: Path
    dsn: str
    environment: dict[str, str]
    loaded_s: float


@contextlib.contextmanager
def district(home: Path, scale: str, *, keep: bool, districts: int | None = None) -> Iterator[District]:
    """The demo town in a disposable cluster with `home` as its home; removed afterwards unless it is to be kept."""
    for name in ("DATABASE_URL", "OWNER_DATABASE_URL"):
        os.environ.pop(name, None)
    os.environ["GIS_GRID_HOME"] = str(home)  # before the settings are read for the first time
    from gis_grid import cluster
    from gis_grid.config import settings

    try:
        cluster.disposable(home)
        _as_installed(home)
        began = time.perf_counter()
        fewer = ("--districts", str(districts)) if districts and scale == "city" else ()
        for words in (("migrate",), ("demo", "--scale", scale, *fewer, "--if-none")):
            run_command(words, home, 3600)
        urls = cluster.urls(settings())
        assert urls
        yield District(home, urls.owner.replace("+psycopg", ""), dict(os.environ), time.perf_counter() - began)
    finally:
        if not keep:
            cluster.destroy(home)
            shutil.rmtree(home, ignore_errors=True)


def _as_installed(home: Path) -> None:
    """Give the disposable cluster the memory and the durability of a real installation: small and unsafe would not be ours."""
    from gis_grid import cluster
    from gis_grid.cluster import data
    from gis_grid.config import settings

    record = data.read(home.resolve())
    assert record
    own = record.data / "custom.conf"  # read last
    wanted = data.configuration(replace(record, throwaway=False))
    if not own.exists() or own.read_text("utf-8") != wanted:
        own.write_text(wanted, "utf-8")
        own.chmod(0o644)
        cluster.stop(settings())
        cluster.disposable(home)


def run_command(words: Sequence[str], home: Path, seconds: float = 900) -> None:
    """`gis-grid words...` on this installation; its output goes to a file there."""
    say(f"gis-grid {' '.join(words)} ...")
    log = home / "commands.log"
    with log.open("ab") as out:
        command = [sys.executable, "-m", "gis_grid.cli", *words]
        done = subprocess.run(command, cwd=ROOT, stdout=out, stderr=out, timeout=seconds, check=False)
    if done.returncode:
        raise SystemExit(f"gis-grid {words[0]} failed: {log.read_text(errors='replace')[-2000:]}")


@contextlib.contextmanager
def served(command: Sequence[str], url: str, environment: dict[str, str], log: Path) -> Iterator[int]:
    """A running service: its process id, once `url` answers; ended afterwards."""
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT)
    try:
        _wait_for(url, process, log)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  our own address
            if answer.status == 200:
                return
        time.sleep(0.2)
    raise RuntimeError(f"{url} does not answer: {log.read_text(errors='replace')[-1500:]}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def need_peers() -> str | None:
    """Make or refresh the environment of the peers; answers why there is none, or None when it is ready."""
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    folder = PEERS_PYTHON.parents[1]
    stamp = folder / "installed"
    if stamp.exists() and stamp.read_text() == wanted:
        return None
    say("installing the peers (requirements/bench.txt) ...")
    shutil.rmtree(folder, ignore_errors=True)
    made = _run([sys.executable, "-m", "venv", folder])
    if made.returncode == 0:
        made = _install(folder)
    if made.returncode:
        return f"requirements/bench.txt cannot be installed: {made.stderr[-300:]}"
    stamp.write_text(wanted)
    return None


def _install(folder: Path) -> subprocess.CompletedProcess[str]:
    """By uv when the product's environment has it (told pip's own index), by pip otherwise."""
    uv = Path(sys.executable).parent / "uv"
    install = ["install", "-q", "--require-hashes", "-r", REQUIREMENTS]
    if uv.exists():
        environment = {**os.environ, "VIRTUAL_ENV": str(folder)}
        index = os.environ.get("PIP_INDEX_URL") or _run([PEERS_PYTHON, "-m", "pip", "config", "get", "global.index-url"]).stdout
        if index.strip():
            environment.setdefault("UV_DEFAULT_INDEX", index.strip())
        done = _run([uv, "pip", *install], environment)
        if done.returncode == 0:
            return done
    return _run([PEERS_PYTHON, "-m", "pip", *install])


def ask_peers(task: str, folder: Path, *rest: object, seconds: float = 1200) -> Any:
    """What peers.py answers to a task; raises with what it said."""
    words = [PEERS_PYTHON, HERE / "peers.py", task, folder, *rest]
    done = _run(words, timeout=seconds)
    if done.returncode:
        raise RuntimeError(done.stderr[-600:])
    return json.loads(done.stdout.splitlines()[-1])


def _run(words: Sequence[object], environment: dict[str, str] | None = None, timeout: float = 900) -> Any:
    command = [str(word) for word in words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=timeout, check=False)
