"""Devices: enrolled with a key shown once, bound to a worker, revoked; phones' apps take their settings from a QR code."""

from __future__ import annotations

import base64
import hashlib
import io
import secrets
from typing import Any
from urllib.parse import quote, urlencode

import orjson
import segno
import sqlalchemy as sa

from gis_grid import audit
from gis_grid.access.guard import check_area, scoped
from gis_grid.access.models import User
from gis_grid.db import session
from gis_grid.errors import Conflict, Invalid, NotFound
from gis_grid.geo.crs import datum
from gis_grid.patrol.formats.osmand import SPEED_UNITS
from gis_grid.patrol.models import Device

APPS = ("traccar", "owntracks", "gpslogger", "osmand")


def prepare_device(device: Device, extra: dict[str, Any]) -> None:
    """Check a new or changed device; its area is the one it is bound to."""
    datum(device.crs or "wgs84")
    if (device.speed_unit or "knots") not in SPEED_UNITS:
        raise Invalid(f"速度单位应为 {'、'.join(SPEED_UNITS)} 之一。", code="bad_unit")
    if device.user_id is not None and session().get(User, device.user_id) is None:
        raise Invalid("没有这个登录账号，请重新选择。", code="unknown_user")
    taken = session().scalar(sa.select(Device.id).where(Device.code == device.code, Device.id != (device.id or 0)))
    if taken:
        raise Conflict(f"设备编号 {device.code} 已登记。", code="code_taken")
    if device.area_code:
        device.placed_by = "manual"


def revoke(device: Device) -> None:
    """A retired device can send no more; what it sent stays."""
    device.key_hash = None


def new_key(device_id: int) -> tuple[Device, str]:
    """A new key for a device, shown this once; the one before is void from now on."""
    device = find_device(device_id)
    if device.retired_at is not None:
        raise Conflict("该设备已停用，不能发放密钥。", code="already_retired")
    return device, give_key(device)


def give_key(device: Device) -> str:
    """A new key for a device that the caller may keep."""
    key = secrets.token_urlsafe(18)
    device.key_hash = key_digest(key)
    session().flush()
    audit.record("new_key", "devices", device.id, area_code=device.area_code, version=device.version)
    return key


def find_device(device_id: int) -> Device:
    """One device within the caller's scope."""
    device = session().scalar(scoped(sa.select(Device), Device).where(Device.id == device_id))
    if device is None:
        raise NotFound(f"没有编号为 {device_id} 的设备，或它不在您的数据范围内。")
    return device


def device_called(code: str, worker: str | None = None) -> Device:
    """The device with this number; a file may name one that nobody enrolled: it is noted, without a key it cannot send."""
    device = session().scalar(sa.select(Device).where(Device.code == code))
    if device is None:
        device = Device(code=code, worker=worker, crs="wgs84", speed_unit="knots")
        session().add(device)
        session().flush()
    else:
        if device.area_code is not None:
            check_area(device.area_code)
        if worker and not device.worker:
            device.worker = worker
    return device


def key_digest(key: str) -> bytes:
    """How a key is stored: keys are random and long, so a plain digest is enough."""
    return hashlib.sha256(key.encode("utf-8", "replace")).digest()


def settings_of(device: Device, key: str, base: str) -> dict[str, dict[str, str]]:
    """Per app: the address to enter, and the text of the QR code that the app (or the phone's camera) reads.

    `base` is the service's address as the phone reaches it. Traccar Client takes an http address with `id` in the query;
    OwnTracks takes owntracks:///config?inline= with its configuration in base64.
    """
    osmand = f"{base}/ingest/osmand/{key}"
    template = "lat=%LAT&lon=%LON&time=%TIME&ts=%TIMESTAMP&s=%SPD&alt=%ALT&acc=%ACC&dir=%DIR&sat=%SAT&batt=%BATT"
    logger = f"{base}/ingest/osmand/{key}?id={quote(device.code)}&{template}"
    places = "lat={0}&lon={1}&timestamp={2}&hdop={3}&altitude={4}&speed={5}&bearing={6}"
    told = {
        "_type": "configuration",
        "mode": 3,
        "url": f"{base}/ingest/owntracks",
        "auth": True,
        "username": device.code,
        "password": key,
        "deviceId": "phone",
        "tid": device.code[-2:],
        "monitoring": 1,
    }
    inline = base64.b64encode(orjson.dumps(told)).decode()
    traccar = f"{osmand}?{urlencode({'id': device.code, 'interval': 30, 'distance': 10, 'buffer': 'true'})}"
    return {
        "traccar": {"address": osmand, "qr": traccar},
        "owntracks": {"address": f"{base}/ingest/owntracks", "qr": f"owntracks:///config?inline={quote(inline, safe='')}"},
        "gpslogger": {"address": logger, "qr": logger},
        "osmand": {"address": f"{osmand}?id={quote(device.code)}&{places}", "qr": f"{osmand}?id={quote(device.code)}&{places}"},
    }


def qr_svg(text: str) -> str:
    """The QR code of a text as SVG."""
    out = io.BytesIO()
    segno.make(text, error="m").save(out, kind="svg", scale=4, border=4, xmldecl=False, omitsize=False)
    return out.getvalue().decode()
