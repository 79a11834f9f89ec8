"""The guard of the house: who may import whom, how long a file may be, who may commit. ARCHITECTURE.md shows the picture."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "gis_grid"
ORDER = [
    "errors",
    "config",
    "logs",
    "printed",
    "geo",
    "cluster",
    "db",
    "kept",
    "choices",
    "sealed",
    "access",
    "audit",
    "dictionary",
    "register",
    "jobs",
    "areas",
    "imports",
    "freshness",
    "buildings",
    "addresses",
    "people",
    "premises",
    "visits",
    "photos",
    "pins",
    "events",
    "patrol",
    "maps",
    "house_status",
    "plans",
    "query",
    "stats",
    "sheets",
    "notices",
    "system",
    "demo",
    "problems",
    "pages",
    "migrate",
    "app",
    "serve",
    "cli",
]
COMMITS = {"app.py", "cli.py", "db.py", "migrate.py", "jobs/actions.py"}  # db opens transactions for the others


def modules() -> Iterator[tuple[str, Path, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        relative = path.relative_to(PACKAGE)
        yield relative.parts[0].removesuffix(".py"), relative, ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            if node.module == "gis_grid":
                yield from (f"gis_grid.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_every_part_has_its_place() -> None:
    assert {part for part, _, _ in modules()} - {"__init__"} == set(ORDER)


def test_a_part_imports_only_what_stands_to_its_left() -> None:
    wrong = []
    for part, path, tree in modules():
        if part in ("__init__",):
            continue
        for name in imported(tree):
            other = name.removeprefix("gis_grid.").split(".")[0] if name.startswith("gis_grid.") else part
            is_route = path.name.endswith("api.py") and other in ("register", "dictionary")  # every api builds on these two
            if other in ORDER and ORDER.index(other) > ORDER.index(part) and not is_route:
                wrong.append((str(path), name))
    assert wrong == []


def test_rules_are_pure_and_verbs_know_no_web() -> None:
    wrong = [
        (str(path), name)
        for _, path, tree in modules()
        for name in imported(tree)
        if (path.name == "actions.py" and name.split(".")[0] in ("flask", "werkzeug", "flask_smorest"))
        or (path.name == "rules.py" and name.startswith(("flask", "gis_grid.db", "gis_grid.config")))
    ]
    assert wrong == []


def test_only_app_command_line_and_jobs_commit() -> None:
    for _, path, tree in modules():
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
        commits = [node for node in calls if node.func.attr == "commit"]  # type: ignore[union-attr]
        assert not commits or path.as_posix() in COMMITS | {f"cluster/{name}.py" for name in ("__init__", "data")}, path


def test_only_config_reads_the_environment() -> None:
    for _, path, tree in modules():
        reads = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")]
        assert not reads or path.as_posix() in ("config.py", "imports/gdal.py") or path.parts[0] == "cluster", path


def test_datum_names_stay_at_the_door() -> None:
    for _, path, _ in modules():
        text = (PACKAGE / path).read_text(encoding="utf-8").lower()
        allowed = path.as_posix() in ("geo/crs.py", "geo/typed.py", "cli/__init__.py") or path.parts[0] in (
            "imports",
            "patrol",
            "areas",
            "demo",
        )
        assert "gcj" not in text or allowed, path


def test_no_file_is_too_long() -> None:
    names = [*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.sql"), *(ROOT / "scripts").rglob("*.py")]
    names += [path for path in (ROOT / "web" / "src").rglob("*") if path.suffix in (".ts", ".vue") and path.name != "schema.d.ts"]
    long = {str(path): count for path in names if (count := len(path.read_text(encoding="utf-8").splitlines())) > 400}
    assert long == {}


def test_no_function_is_too_long() -> None:
    long = [
        (str(path), node.name, length)
        for _, path, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and (length := (node.end_lineno or 0) - node.lineno + 1) > 50
    ]
    assert long == []


def test_no_drawer_for_odds_and_ends() -> None:
    bad = {"utils", "helpers", "common", "base", "manager", "services", "misc"}
    assert not [path for _, path, _ in modules() if bad & {part.removesuffix(".py") for part in path.parts}]


def test_every_module_says_what_it_is_for() -> None:
    assert [str(path) for _, path, tree in modules() if not ast.get_docstring(tree)] == []
