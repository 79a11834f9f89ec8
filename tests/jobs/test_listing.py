"""Jobs: everybody sees his own; who manages jobs sees and stops those within his area."""

from __future__ import annotations

import pytest

from gis_grid.access.guard import acting
from gis_grid.access.rules import Caller
from gis_grid.jobs.models import Job


@pytest.fixture
def jobs(session) -> dict[str, int]:
    made = {
        name: Job(kind="import", arguments={}, owner=name, rights=["imports.run"], scopes=[scope], status="queued")
        for name, scope in (("甲", "500103001"), ("乙", "500104"), ("丙", ""))
    }
    session.add_all(made.values())
    session.flush()
    return {name: job.id for name, job in made.items()}


def test_a_manager_sees_and_stops_only_what_lies_within_his_area(client, bearer, jobs: dict[str, int]) -> None:
    scoped, whole = bearer(["jobs.manage", "audit.read"], ("500103",)), bearer(["jobs.manage", "audit.read"])
    listed = client.get("/api/jobs/all", headers=scoped).json["items"]
    assert [(job["owner"], job["title"], job["own"]) for job in listed] == [("甲", "导入数据", False)]
    assert len(client.get("/api/jobs/all", headers=whole).json["items"]) == 3
    assert client.post(f"/api/jobs/{jobs['乙']}/cancel", headers=scoped).status_code == 404
    assert client.post(f"/api/jobs/{jobs['甲']}/cancel", headers=scoped).json["status"] == "cancelled"
    assert client.get("/api/audit?target=jobs", headers=whole).json["items"][0]["after"]["owner"] == "甲"
    assert client.get("/api/jobs/all?status=cancelled", headers=whole).json["items"][0]["id"] == jobs["甲"]


def test_without_the_right_one_sees_only_his_own(jobs: dict[str, int]) -> None:
    from gis_grid.jobs.actions import list_jobs

    with acting(Caller("乙", frozenset(), ("",))):
        assert [job.id for job in list_jobs(everybodys=False)] == [jobs["乙"]]


def test_nobody_elses_job_is_found_without_the_right(client, bearer, jobs: dict[str, int]) -> None:
    headers = bearer(["imports.run"])
    assert client.get("/api/jobs", headers=headers).json["items"] == []
    assert client.get(f"/api/jobs/{jobs['甲']}", headers=headers).status_code == 404
