"""The packaging's promises: locked, hashed, complete, and the same names in README, Makefile and code."""

from __future__ import annotations

import ast
import os
import re
import runpy
import subprocess
import sys
import tomllib
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES: list[str] = PROJECT["tool"]["setuptools"]["packages"]
ROOMS = ("app", "callbacks", "data_layer", "layouts")


def locked(name: str) -> dict[str, set[str]]:
    """Package -> versions of a lock file (several where platforms differ)."""
    versions: dict[str, set[str]] = {}
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        found = re.match(r"([a-z0-9][a-z0-9._-]*)==([^\s;\\]+)", line)
        if found:
            versions.setdefault(canonicalize_name(found[1]), set()).add(found[2])
    return versions


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_names_versions_and_hashes_and_no_place(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    places = re.findall(r".*(?://|@|file:|--index|--extra|--find-links|--trusted).*", text)
    assert places == []
    entries = re.split(r"\n(?=[a-z0-9])", text.strip())
    assert len(entries) > 20
    for entry in entries:
        assert re.match(r"[a-z0-9._-]+==\S+", entry), entry.splitlines()[0]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry), entry.splitlines()[0]


def test_development_lock_holds_what_runs() -> None:
    """Tests run on the versions that are served; urllib3 alone differs, because selenium 4.2 needs 1.26."""
    runtime, development = locked(LOCKS[0]), locked(LOCKS[1])
    differing = {name for name, versions in runtime.items() if development.get(name) != versions}
    assert differing <= {"urllib3"}


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        (LOCKS[0], PROJECT["project"]["dependencies"]),
        (LOCKS[1], PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["dev"]),
    ],
)
def test_lock_satisfies_pyproject(lock: str, wanted: list[str]) -> None:
    versions = locked(lock)
    for text in wanted:
        requirement = Requirement(text)
        found = versions.get(canonicalize_name(requirement.name), set())
        assert found, f"{requirement.name} is not locked: run `make lock`"
        assert all(version in requirement.specifier for version in found), f"{text} but locked {found}"


def advisories() -> dict[str, Any]:
    """.ci/advisories.py, which is no package's module."""
    return runpy.run_path(str(ROOT / ".ci" / "advisories.py"))


def test_every_weakness_that_is_lived_with_is_dated_and_of_a_locked_version() -> None:
    entries = advisories()["allowed"]()
    versions = locked(LOCKS[0])
    today = datetime.now(UTC).date()
    for entry in entries:
        assert set(entry) == {"id", "package", "version", "reason", "expires"}, entry
        assert re.fullmatch(r"(CVE-\d{4}-\d+|GHSA(-[0-9a-z]{4}){3}|PYSEC-\d{4}-\d+)", entry["id"])
        assert entry["version"] in versions.get(entry["package"], set()), f"{entry['package']} is not locked"
        assert len(entry["reason"]) > 40
        assert today <= entry["expires"] <= today + timedelta(days=366), f"{entry['id']}: look again"
    assert len({(entry["id"], entry["package"]) for entry in entries}) == len(entries)


def test_what_is_known_is_reported_and_what_was_not_asked_is_no_good_news() -> None:
    judged = advisories()["judged"]
    allowed = [{"id": "CVE-1", "package": "a", "version": "1", "reason": "", "expires": date(2026, 6, 1)}]
    known = {"name": "a", "version": "1", "vulns": [{"id": "GHSA-x", "aliases": ["CVE-1"]}]}
    sound, unknown = {"name": "b", "version": "2", "vulns": []}, {"name": "c", "skip_reason": "not found"}
    early, late = date(2026, 5, 31), date(2026, 6, 2)

    def code(*found: dict[str, Any], entries: list[dict[str, Any]] = allowed, day: date = early) -> int:
        return int(judged(list(found), entries, day)[0])

    assert code(known, sound) == 0
    assert code(known, sound, entries=[]) == 1
    assert code(known, sound, day=late) == 1
    assert code({**known, "version": "1.1"}, sound) == 1
    assert code(sound, unknown) == 2
    assert code(known, unknown, entries=[]) == 1
    assert code(unknown) == code() == 2
    assert "NOTHING WAS CHECKED" in judged([unknown], allowed, early)[1][0]
    assert any("take it off" in line for line in judged([{**known, "vulns": []}], allowed, early)[1])


def test_every_import_is_declared() -> None:
    """What the product imports is a dependency of its own, not of a dependency that may drop it."""
    declared = {canonicalize_name(Requirement(text).name) for text in PROJECT["project"]["dependencies"]}
    distributions = packages_distributions()
    undeclared = set()
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            for module in imported_modules(path):
                names = {canonicalize_name(name) for name in distributions.get(module, [])}
                if module in sys.stdlib_module_names or module in ROOMS or names & declared:
                    continue
                undeclared.add(f"{module} ({path.relative_to(ROOT)})")
    assert undeclared == set()


def imported_modules(path: Path) -> set[str]:
    """Top-level names of the absolute imports of one file."""
    modules = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            modules.add(node.module.split(".")[0])
    return modules


def test_pyproject_lists_every_package() -> None:
    found = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for room in ROOMS
        for path in (ROOT / room).rglob("__init__.py")
    }
    assert found == set(PACKAGES)


def test_pyproject_lists_every_data_file() -> None:
    listed = {
        path.relative_to(ROOT)
        for package, patterns in PROJECT["tool"]["setuptools"]["package-data"].items()
        for pattern in patterns
        for path in (ROOT / package.replace(".", "/")).glob(pattern)
    }
    present = {
        path.relative_to(ROOT)
        for room in ROOMS
        for path in (ROOT / room).rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    }
    assert present - listed == set()


def test_documents_name_commands_that_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.M))
    named, subcommands = set(), set()
    for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        text = path.read_text(encoding="utf-8")
        named |= set(re.findall(r"^\s*make ([a-z][a-z-]*)|`make ([a-z][a-z-]*)", text, re.M))
        subcommands |= set(re.findall(r"python -m app ([a-z]+)", text))
    assert {first or second for first, second in named} <= targets
    shown = subprocess.run(
        [sys.executable, "-m", "app", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert subcommands
    assert {word for word in subcommands if not re.search(rf"\b{word}\b", shown)} == set()


def test_ci_runs_make_test() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0
    assert re.search(r"^make test$", script.read_text(encoding="utf-8"), re.M)


def test_a_browser_machine_without_root_is_told_what_to_type(tmp_path: Path) -> None:
    """`make browser-deps` where Chromium is missing and nothing may be installed."""
    for tool in ("bash", "make", "cmp", "uname"):
        (tmp_path / tool).symlink_to(Path("/usr/bin") / tool)
    fake_id = tmp_path / "id"
    fake_id.write_text("#!/bin/bash\necho 1000\n", encoding="utf-8")
    fake_id.chmod(0o755)
    done = subprocess.run(
        ["/usr/bin/make", "browser-deps"],
        cwd=ROOT,
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "apt-get install chromium chromium-driver" in done.stderr
