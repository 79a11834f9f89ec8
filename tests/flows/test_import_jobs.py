"""Stories of uploads: progress, report, remarks, cancelling, a killed worker."""

from __future__ import annotations

import os
import signal
import subprocess
import time

import pytest

from tests.factories import middle

COLUMNS = "number,title,lon,lat\n"


def rows(prefix: str, count: int) -> bytes:
    lines = [f"{prefix}{n},事件{n},{middle(n % 3)[0]},{middle(n % 3)[1]}" for n in range(count)]
    return (COLUMNS + "\n".join(lines) + "\n").encode()


def upload(live, browser, data: bytes, query: str = "") -> dict:
    answer = browser.post(f"{live.url}/api/imports/events{query}", files={"file": ("事件 清单.csv", data)}, timeout=60)
    assert answer.status_code == 202, answer.text
    return answer.json()


def finished(live, browser, job: dict, seconds: float = 150) -> dict:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        told = browser.get(f"{live.url}/api/jobs/{job['id']}", timeout=60).json()
        if told["status"] not in ("queued", "running"):
            return told
        time.sleep(0.2)
    raise AssertionError(told)


def count(live, browser, prefix: str) -> int:
    found = browser.get(f"{live.url}/api/events/?q={prefix}&limit=1000", timeout=30).json()["items"]
    return len(found)


def test_an_upload_becomes_rows_with_a_report(live, sign_in) -> None:
    browser = sign_in("uploader")
    told = finished(live, browser, upload(live, browser, rows("U", 300)))
    assert told["status"] == "done", told
    assert (told["report"]["inserted"], told["report"]["placed"]) == (300, {"inside": 300})
    assert count(live, browser, "U1") > 0


def test_refused_rows_can_be_fetched_with_their_reasons(live, sign_in) -> None:
    browser = sign_in("mistaken")
    data = rows("M", 3) + b"M9,x,nonsense,1\n"
    job = upload(live, browser, data)
    told = finished(live, browser, job)
    assert (told["status"], told["report"]["refused"], told["report"]["inserted"]) == ("refused", 1, 0)
    assert "4" in told["report"]["remarks"][0].values() or told["report"]["remarks"][0]["row"] == 4
    remarks = browser.get(f"{live.url}/api/imports/{job['id']}/remarks", timeout=60).content.decode("utf-8-sig")
    assert remarks.splitlines()[1].startswith("4,拒绝")
    assert count(live, browser, "M") == 0


def test_a_job_is_its_owners_only(live, sign_in) -> None:
    browser, other = sign_in("owner"), sign_in("curious")
    job = upload(live, browser, rows("O", 3))
    finished(live, browser, job)
    assert other.get(f"{live.url}/api/jobs/{job['id']}", timeout=60).status_code == 404
    assert other.get(f"{live.url}/api/imports/{job['id']}/remarks", timeout=60).status_code == 404


def test_an_import_stays_within_the_owners_area(live, sign_in) -> None:
    browser = sign_in("narrow", "community", "500103001001002")
    told = finished(live, browser, upload(live, browser, rows("N", 9), "?keep_good=true"))
    assert (told["report"]["inserted"], told["report"]["refused"]) == (3, 6)


@pytest.mark.parametrize("query", ["?crs=mars", "?columns=[1]", "?columns={", "?encoding=x", "?nonsense=1", "?level=planet"])
def test_bad_options_are_refused_before_anything_is_stored(live, sign_in, query: str) -> None:
    browser = sign_in(f"options{abs(hash(query))}")
    answer = browser.post(f"{live.url}/api/imports/events{query}", files={"file": ("a.csv", b"x")}, timeout=60)
    assert answer.status_code in (400, 422), answer.text


def test_a_running_job_can_be_cancelled_and_leaves_nothing(live, sign_in) -> None:
    browser = sign_in("regretful")
    job = upload(live, browser, rows("C", 120_000))
    answer = browser.post(f"{live.url}/api/jobs/{job['id']}/cancel", timeout=60)
    assert answer.status_code == 200, answer.text
    assert finished(live, browser, job)["status"] == "cancelled"
    assert count(live, browser, "C1") == 0


def test_a_killed_worker_loses_nothing_and_doubles_nothing(live, sign_in) -> None:
    browser = sign_in("unlucky")
    job = upload(live, browser, rows("K", 60_000))
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if browser.get(f"{live.url}/api/jobs/{job['id']}", timeout=60).json()["done"]:
            break
        time.sleep(0.05)
    for pid in workers(live.process.pid):
        os.kill(pid, signal.SIGKILL)
    told = finished(live, browser, job)
    assert told["status"] == "done", told
    assert told["report"]["inserted"] == 60_000


def workers(parent: int) -> list[int]:
    """Child processes of the service that work on jobs: those started by multiprocessing's spawn for it."""
    listed = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(parent)], capture_output=True, text=True, check=True)
    found = [line.split(None, 1) for line in listed.stdout.splitlines()]
    return [int(pid) for pid, args in found if "spawn_main" in args and is_job_worker(int(pid))]


def is_job_worker(pid: int) -> bool:
    with open(f"/proc/{pid}/maps", encoding="utf-8", errors="replace") as file:
        return "granian" not in file.read()
