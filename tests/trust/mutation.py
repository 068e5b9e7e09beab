"""Would a test notice? One line of the product is changed at a time, and the tests must fail.

Mutated is what every number of NEMDesk passes: market facts, periods, requests, plans and the reader of
AEMO's files. A mutant lives when its tests still pass, or when none of them runs it; at least 85 % must die,
in each module. No pattern or pragma spares a line. mutmut leaves out on its own: what runs once at import
(constants, field defaults, lambdas in tables), properties, and what has another decorator.

Each group of modules is a mutmut project of its own in var/mutation/<group>: a copy of the checkout and the
tests that are meant for these modules, because a mutant that lives costs the time of all tests that run
its line. Who died there stays dead for as long as the function is as it was; who lived is tried again. A
run may so be ended and taken up again, and a new test shows at once; ``--fresh`` begins anew. The
demonstration lake is built once (tests/conftest.py). A mutant's time is counted in processor seconds; one
that never ends counts as dead.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.trust.serving_figures import Row, write

ROOT = Path(__file__).parents[2]
WORK = ROOT / "var" / "mutation"
SURVIVORS = ROOT / "var" / "trust" / "mutation_survivors.txt"
PACKAGES = ("data_layer", "app", "callbacks", "layouts")
LEAST = 0.85
KILLED = {1, 3, 24, -24, 36, 152, 255}
"""mutmut's exit codes of a dead mutant: its tests failed, could not run, or ran into their limit."""


@dataclass(frozen=True)
class Group:
    """Modules, and the tests (pytest's arguments) that are meant to notice a change of them."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]


def _tests(*names: str) -> tuple[str, ...]:
    return tuple(f"tests/data_layer/{name}" for name in names)


_REQUESTS = ("test_requests.py", "test_refusals.py")
_PLANS = ("__init__", "core", "plan", "segments")
_TABS = ("analysis", "batteries", "curtailment", "prices", "quality", "regions", "stations", "trends")
_SLOW = "not (both_engines or any_period or every_day or not_taken)"

GROUPS = {
    "market": Group(("data_layer/market.py",), _tests("test_market.py")),
    "period": Group(("data_layer/period.py",), _tests(*_REQUESTS)),
    "requests": Group(("data_layer/requests/*.py",), _tests(*_REQUESTS)),
    "plans": Group(
        tuple(f"data_layer/planner/{name}.py" for name in _PLANS),
        (
            "-k",
            "not (envelope_keeps or not_taken or segments_cover)",
            *_tests("test_plans.py", "test_planner.py"),
        ),
    ),
    "planner": Group(
        tuple(f"data_layer/planner/{name}.py" for name in _TABS),
        ("-k", _SLOW, *_tests("test_planner.py", *(f"test_{name}.py" for name in _TABS))),
    ),
    "mms": Group(
        ("data_layer/ingest/mms.py", "data_layer/ingest/rows.py"),
        _tests(*(f"ingest/{name}.py" for name in ("test_mms", "test_mms_reader", "test_rows"))),
    ),
}


def prepare(name: str) -> Path:
    """The group's folder, as the checkout is now; files that did not change keep their times."""
    folder, group = WORK / name, GROUPS[name]
    for package in (*PACKAGES, "assets", "tests"):
        shutil.rmtree(folder / package, ignore_errors=True)
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    # mutmut only adds to its own copies: what was deleted must go there, too.
    shutil.rmtree(folder / "mutants" / "tests", ignore_errors=True)
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    settings = {
        "source_paths": PACKAGES,
        "only_mutate": group.modules,
        "also_copy": ["assets"],
        "pytest_add_cli_args": ["-p", "no:cacheprovider", "--hypothesis-profile=mutation"],
        "pytest_add_cli_args_test_selection": group.tests,
        # The tests start DuckDB's threads, which do not outlive a fork.
        "process_isolation": "forkserver",
    }
    lines = (f"{key} = {json.dumps(value)}" for key, value in settings.items())
    (folder / "pyproject.toml").write_text(
        f"{project}\n[tool.mutmut]\n" + "\n".join(lines) + "\n", encoding="utf-8"
    )
    return folder


def _try_survivors_again(folder: Path) -> None:
    for path in (folder / "mutants").rglob("*.py.meta"):
        kept = json.loads(path.read_text(encoding="utf-8"))
        codes = kept["exit_code_by_key"]
        kept["exit_code_by_key"] = {key: code if code in KILLED else None for key, code in codes.items()}
        path.write_text(json.dumps(kept, indent=4), encoding="utf-8")


def results(folder: Path) -> Iterator[tuple[str, dict[str, int | None]]]:
    """(module, mutant -> exit code; None where it is still to be tried) of a group."""
    for path in sorted((folder / "mutants").rglob("*.py.meta")):
        codes = json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"]
        if codes:
            yield str(path.relative_to(folder / "mutants")).removesuffix(".meta"), codes


def _mutmut(folder: Path, *arguments: str, quiet: bool = False) -> str:
    command = [sys.executable, "-c", "from mutmut.__main__ import cli; cli()", *arguments]
    surroundings = {**os.environ, "NEMDESK_TEST_LAKES": str(WORK / "lakes")}
    done = subprocess.run(command, cwd=folder, env=surroundings, check=False, text=True, capture_output=quiet)
    return done.stdout or ""


def _row(module: str, codes: dict[str, int | None]) -> Row:
    tried = [code for code in codes.values() if code is not None]
    killed = sum(code in KILLED for code in tried)
    share = killed / len(tried) if tried else 0.0
    untried = len(codes) - len(tried)
    return Row(
        f"A changed line in {module} is noticed by its tests",
        f"{len(tried)} mutants" + (f" of {len(codes)}" if untried else ""),
        f"{killed} died, {len(tried) - killed} lived: {share:.1%}",
        f"at least {LEAST:.0%}",
        share >= LEAST and not untried,
    )


def report() -> int:
    """Figures and survivors of all that has been tried."""
    found = [(WORK / name, *one) for name in GROUPS for one in results(WORK / name)]
    rows = [_row(module, codes) for _, module, codes in found]
    together = {mutant: code for _, _, codes in found for mutant, code in codes.items()}
    rows.append(_row("all of these modules", together))
    SURVIVORS.parent.mkdir(parents=True, exist_ok=True)
    with SURVIVORS.open("w", encoding="utf-8") as out:
        for folder, _, codes in found:
            for mutant, code in codes.items():
                if code is not None and code not in KILLED:
                    out.write(_mutmut(folder, "show", mutant, quiet=True) + "\n")
    return write("mutation", rows)


def main() -> int:
    """Try every mutant that has not been tried yet; 1 where a module misses the threshold."""
    parser = argparse.ArgumentParser(prog="python -m tests.trust.mutation", description=__doc__)
    parser.add_argument("group", nargs="*", choices=[*GROUPS, []], help="which (default: all)")
    parser.add_argument("--only", nargs="*", default=(), metavar="MUTANT", help="these again, by name or *")
    parser.add_argument("--fresh", action="store_true", help="forget what has been tried before")
    parser.add_argument("--report", action="store_true", help="only write figures and survivors")
    chosen = parser.parse_args()
    for name in [] if chosen.report else chosen.group or GROUPS:
        if chosen.fresh:
            shutil.rmtree(WORK / name, ignore_errors=True)
        folder = prepare(name)
        if not chosen.only:
            _try_survivors_again(folder)
        _mutmut(folder, "run", "--max-children", str(os.cpu_count() or 2), *chosen.only)
    return report()


if __name__ == "__main__":
    sys.exit(main())
