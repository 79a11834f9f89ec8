"""The container files, read as text: no engine runs here, so what can be known without one is held by these tests."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from typing import Any

import pytest
import yaml

from gis_grid.config import PROJECT

Instruction = tuple[str, str]


def _instructions() -> list[Instruction]:
    """(name, arguments) of each instruction of the Dockerfile, continued lines joined, comments dropped."""
    text = (PROJECT / "Dockerfile").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [(name.upper(), rest) for name, _, rest in (line.partition(" ") for line in joined.splitlines() if line)]


def _all(name: str) -> list[str]:
    return [arguments for found, arguments in _instructions() if found == name]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((PROJECT / "compose.yaml").read_text("utf-8"))


def test_only_known_instructions_are_used() -> None:
    known = {"FROM", "RUN", "COPY", "ENV", "WORKDIR", "USER", "VOLUME", "EXPOSE", "HEALTHCHECK", "CMD"}
    assert {name for name, _ in _instructions()} <= known  # ADD, which fetches from the network, is not among them


def test_base_images_are_pinned_and_stages_exist() -> None:
    stages: set[str] = set()
    for arguments in _all("FROM"):
        image, *rest = arguments.split()
        assert image in stages or re.fullmatch(r"[a-z/]+:\d[\w.-]*", image), image
        stages.update(rest[1:])
    used = {found for arguments in _all("COPY") for found in re.findall(r"--from=(\S+)", arguments)}
    assert used <= stages


def test_the_last_stage_does_not_run_as_root_and_says_how_it_is() -> None:
    names = [name for name, _ in _instructions()]
    last = _instructions()[len(names) - names[::-1].index("FROM") :]
    users = [arguments for name, arguments in last if name == "USER"]
    assert users
    assert users[-1] not in ("root", "0")
    assert any(f" {users[-1]}" in arguments for name, arguments in last if name == "RUN" and "useradd" in arguments)
    assert any(name == "HEALTHCHECK" and "/health/live" in arguments for name, arguments in last)
    assert last[-1][0] == "CMD"


def test_what_is_copied_exists_and_reaches_the_builder() -> None:
    ignored = (PROJECT / ".dockerignore").read_text("utf-8").split("\n")
    allowed = [line[1:] for line in ignored if line.startswith("!")]
    for arguments in _all("COPY"):
        if "--from=" in arguments:
            continue
        for source in arguments.split()[:-1]:
            if "[" in source:  # a pattern: may be absent
                continue
            assert (PROJECT / source).exists(), source
            assert any(fnmatch(source.split("/")[0], one) for one in allowed), source


def test_packages_are_checked_against_hashes_and_nothing_is_piped_into_a_shell() -> None:
    runs = _all("RUN")
    assert not [run for run in runs if re.search(r"(curl|wget).*\|", run)]
    for run in runs:
        for install in re.findall(r"pip install[^&]*", run):
            assert "--require-hashes" in install or "--no-deps -e ." in install, install
        if "apt-get install" in run:
            assert "--no-install-recommends" in run
            assert "rm -rf /var/lib/apt/lists" in run


@pytest.mark.parametrize("file", ["Dockerfile", "compose.yaml"])
def test_no_secret_is_written_down(file: str) -> None:
    text = (PROJECT / file).read_text("utf-8")
    for value in re.findall(r"(?im)^\s*\w*(?:password|secret|token)\w*\s*[:=]\s*(\S+)", text):
        assert value.startswith("${"), value
    assert ".env" not in [source for arguments in _all("COPY") for source in arguments.split()]


def test_the_database_is_not_published_keeps_its_data_and_is_waited_for(compose: dict[str, Any]) -> None:
    database, migrate, service = (compose["services"][name] for name in ("database", "migrate", "service"))
    assert "ports" not in database
    assert database["image"] == "postgis/postgis:15-3.4"
    assert "healthcheck" in database
    named = [volume.split(":")[0] for part in compose["services"].values() for volume in part["volumes"]]
    assert set(named) == set(compose["volumes"])
    assert migrate["command"] == ["gis-grid", "migrate"]
    assert migrate["depends_on"]["database"]["condition"] == "service_healthy"
    assert service["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_the_addresses_fit_the_roles_the_database_is_given(compose: dict[str, Any]) -> None:
    services = compose["services"]
    roles = compose["configs"]["roles"]["content"]
    app = re.fullmatch(
        r"postgresql\+psycopg://(\w+):\$\{(\w+)[^}]*\}@(\w+):5432/(\w+)",
        services["service"]["environment"]["DATABASE_URL"],
    )
    owner = re.fullmatch(
        r"postgresql\+psycopg://(\w+):\$\{(\w+)[^}]*\}@(\w+):5432/(\w+)",
        services["migrate"]["environment"]["OWNER_DATABASE_URL"],
    )
    assert app
    assert owner
    given = services["database"]["environment"]
    assert f"CREATE ROLE {app[1]} LOGIN PASSWORD '${{{app[2]}}}'" in roles
    assert (owner[1], owner[4]) == (given["POSTGRES_USER"], given["POSTGRES_DB"])
    assert given["POSTGRES_PASSWORD"].startswith("${" + owner[2])
    assert app[3] in services
    assert "OWNER_DATABASE_URL" not in services["service"]["environment"]  # the service never gets the owner's password


def test_every_gis_grid_command_named_in_the_container_files_exists() -> None:
    cli = pytest.importorskip("gis_grid.cli")
    commands = cli.main.commands if hasattr(cli.main, "commands") else cli.cli.commands
    text = (PROJECT / "Dockerfile").read_text("utf-8") + (PROJECT / "compose.yaml").read_text("utf-8")
    named = set(re.findall(r'"gis-grid", "(\w+)"', text)) | set(re.findall(r"service gis-grid (\w+)", text))
    assert named
    assert named <= set(commands)
