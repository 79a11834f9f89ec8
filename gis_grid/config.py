"""Settings, one commented field each; the only reader of the environment."""

from __future__ import annotations

import json
import os
import secrets
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """What a deployment may decide. Every field is also an environment variable: GIS_GRID_<NAME> (or the alias)."""

    model_config = SettingsConfigDict(env_prefix="GIS_GRID_", env_file=PROJECT / ".env", extra="ignore")

    # -- where things lie
    home: Path = PROJECT / ".gis-grid"  # private cluster, secrets, uploads; never committed
    database_url: str | None = Field(default=None, validation_alias="DATABASE_URL")  # none: the private cluster
    owner_database_url: str | None = Field(default=None, validation_alias="OWNER_DATABASE_URL")  # migrations; none: database_url
    db_port: int | None = None  # port of the private cluster; none: the first free one from 55432, then kept

    # -- the service
    host: str = "127.0.0.1"
    port: int = 8700
    workers: int = max(1, (os.cpu_count() or 1))  # processes answering requests
    threads: int = 2  # requests worked on at once in each of them; more only wait for each other and for the database
    phones_port: int = 0  # a port of their own for phones that send single fixes, hundreds at once; 0: they use the service's
    log_format: Literal["json", "text"] = "json"
    public_url: str | None = None  # https://... behind a proxy: then cookies are Secure
    max_upload_mb: int = 512
    statement_timeout_ms: int = 30_000  # one request never holds the database longer
    time_zone: str = "Asia/Shanghai"  # what a day means

    # -- areas
    area_code_lengths: dict[str, int] = {"district": 6, "street": 9, "community": 12, "grid": 15}
    nearest_m: float = 15.0  # a point outside all areas but this near takes the nearest one, and says so
    grid_households: tuple[int, int] = (200, 500)  # soft rule for the size of ordinary grids; JSON: [200, 500]

    # -- people
    sensitive_classes: list[str] = []  # those this office may keep by law; JSON: ["disabled"]; none by default

    # -- tiles once made
    tile_memory_mb: int = 64  # kept by each worker
    tile_disk_mb: int = 1000  # kept in home/tiles for all workers; 0: none

    # -- sign-in (GB/T 22239-2019: limited failures, time-out, complexity)
    session_idle_minutes: int = 30
    session_hours: int = 12
    idle_lock_minutes: int = 10  # so long without input, the console covers itself and asks the password; 0: never
    second_factor: Literal["off", "administrators", "everyone"] = "off"  # who must have a one-time code besides the password
    max_failures: int = 5
    lock_minutes: int = 20
    password_length: int = 10
    token_days: int = 365  # the longest a bearer token may live

    # -- tracks (domain: ingest rules)
    track_max_accuracy_m: float = 50.0
    track_max_speed_mps: float = 40.0
    track_gap_minutes: float = 5.0
    track_oldest_days: int = 18_250  # refuse fixes older than this: a phone that lost its clock says 1970
    track_future_minutes: float = 5.0
    track_stay_m: float = 30.0  # who keeps within so many metres ...
    track_stay_minutes: float = 3.0  # ... for so long, stands there
    track_flap_seconds: float = 20.0  # who is back in an area so soon was not away: jitter at its edge

    # -- signs that a track was made up; they are shown with a score, nothing is dropped for them
    track_even_pace: float = 0.08  # a walk whose speeds differ less than this share of their mean
    track_straight_share: float = 0.8  # more than this share of fixes exactly on the line of their neighbours
    track_together_share: float = 0.8  # more than this share of the time within 15 m of another device
    track_clock_seconds: float = 120.0  # a phone's clock that is farther ahead

    # -- shifts and daily duty
    track_only_in_shifts: bool = False  # positions outside a worker's shifts are not taken in at all
    duty_grace_minutes: float = 10.0  # so much later or earlier is neither late nor early
    duty_hours: float = 2.0  # tracked so long ...
    duty_patrols: int = 1  # ... in at least so many walks, the daily duty is met
    duty_pause_minutes: float = 30.0  # who was not heard of for so long begins another walk

    message_webhook: str | None = None  # https://...: messages to a grid's workers are posted there, signed (X-Signature-256)

    # -- how long tracks are kept (个人信息保护法第二十八条：行踪轨迹): gis-grid retention run
    track_thin_days: int = 90  # then single fixes go, ten-minute lines become a few bytes a fix
    track_keep_days: int = 365  # then lines go too; totals per area and coverage stay

    # -- printing
    print_processes: int = 1  # children that write boards of a batch; each takes about 280 MB and makes three a second

    # -- the map page (地图管理条例: shown lower-left when set)
    map_review_number: str | None = None
    map_source: str | None = None
    map_publisher: str | None = None
    basemap_tiles: list[str] = []  # a tile service below our own layers, WGS 84 / CGCS2000 in Web Mercator, bottom first; JSON:
    # ["https://t{0-7}.tianditu.gov.cn/vec_w/wmts?SERVICE=WMTS&...&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk=..."]
    basemap_pmtiles: Path | None = None  # or one PMTiles file, which needs no other host
    basemap_maxzoom: int = 18  # the deepest tiles the service has; deeper views enlarge them
    basemap_title: str = "底图"
    gauss_kruger_epsg: int | None = None  # CGCS2000 zone offered to other systems, 4534-4554; none: that of the map's middle

    @property
    def uploads(self) -> Path:
        """Where uploaded files and rejects files wait."""
        return self.home / "uploads"


@cache
def settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()


def secret(name: str) -> str:
    """A random secret of this installation, made at first need and stored 0600 in `home/secrets.json`.

    GIS_GRID_SECRET_<NAME> in the environment wins, for several hosts that must share it.
    """
    given = os.environ.get(f"GIS_GRID_SECRET_{name.upper()}")
    if given:
        return given
    return _stored_secret(settings().home / "secrets.json", name)


@cache
def _stored_secret(path: Path, name: str) -> str:
    import fcntl

    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        text = file.read()
        known: dict[str, str] = json.loads(text) if text.strip() else {}
        if name not in known:
            known[name] = secrets.token_urlsafe(48)
            file.seek(0)
            file.truncate()
            json.dump(known, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
    return known[name]
