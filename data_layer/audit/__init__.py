"""Do the lake's numbers agree with each other, with the market's rules and with the sun?

``of_version`` looks at a whole version, a month at a time in bounded memory; ``before_publication`` at the
months that a writer changed, and refuses what would be our own fault: a rollup that is not the sum of its
rows. Findings in AEMO's data are kept with the version and never stop it.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

import duckdb

from data_layer import sql
from data_layer.audit import checks, findings
from data_layer.audit.checks import Month
from data_layer.audit.findings import UNCHECKED as UNCHECKED
from data_layer.audit.findings import Finding as Finding
from data_layer.audit.findings import kept as kept
from data_layer.audit.findings import report as report
from data_layer.errors import RollupsDiffer
from data_layer.lake import Writer
from data_layer.snapshot import LakeFile, Snapshot
from data_layer.tables import RAW_TABLES, TABLES, Partitioning

logger = logging.getLogger("nemdesk.data")

Progress = Callable[[str, int, int], None]

_MEMORY_MB: Final = 1_000
_LIMITS: Final = ("memory_limit", "temp_directory")
_Files = Mapping[str, Mapping[str, LakeFile]]


def of_version(snapshot: Snapshot, progress: Progress | None = None, threads: int = 2) -> list[Finding]:
    """Every finding of a version, month by month. LakeDamaged where a file is not sound."""
    tell = progress or (lambda text, done, total: None)
    names = _months(snapshot.files)
    found: list[Finding] = []
    with _database(threads) as connection:
        for done, name in enumerate(names):
            tell(f"audit of {name}", done, len(names))
            found += _of_month(connection, _month(snapshot.files, snapshot.root, name))
    tell("audit", len(names), len(names))
    return found


def before_publication(writer: Writer, progress: Progress | None = None, threads: int = 2) -> list[Finding]:
    """Audit the months that the writer's next version changes, and keep the findings with it.

    RollupsDiffer, and nothing may be published, where a rollup does not equal its rows.
    """
    tell = progress or (lambda text, done, total: None)
    files: _Files = {table: writer.partitions(table) for table in TABLES}
    before: _Files = writer.base.files if writer.base else {}
    names = [name for name in _months(files) if _paths_of(files, name) != _paths_of(before, name)]
    found: dict[str, list[Finding]] = {}
    with _database(threads) as connection:
        for done, name in enumerate(names):
            tell(f"audit of {name}", done, len(names))
            found[name] = _of_month(connection, _month(files, writer.lake.root, name))
    ours = [one for lines in found.values() for one in lines if one.is_ours]
    if ours:
        for one in ours:
            logger.error("audit: %s %s", one.month, one.text)
        raise RollupsDiffer(
            f"Nothing was published: {len(ours)} sums of the new version do not equal the rows they are made "
            f"of, the first {ours[0].month} {ours[0].text}. This is a fault of NEMDesk; the lake stays as it "
            "was. `python -m app rebuild` may help; please report it."
        )
    findings.keep(writer, found, _months(files))
    return [one for lines in found.values() for one in lines]


def _of_month(connection: duckdb.DuckDBPyConnection, month: Month) -> list[Finding]:
    found = _tried(connection, "tie", month)
    for name in checks.DATA_CHECKS:
        found += _tried(connection, name, month)
    return found


def _tried(connection: duckdb.DuckDBPyConnection, name: str, month: Month) -> list[Finding]:
    """A check that the database cannot make (memory, an odd value) is a finding, not the audit's end."""
    try:
        if name == "tie":
            return list(checks.ties(connection, month))
        return list(checks.data(connection, name, month))
    except duckdb.Error as error:
        logger.warning("audit: the check %s of %s failed", name, month.name, exc_info=error)
        text = f"{name}: {type(error).__name__}"
        return [Finding(UNCHECKED, "", month.name, "", 1, "", "", None, None, text)]


def _months(files: _Files) -> list[str]:
    return sorted({name for spec in RAW_TABLES for name in files.get(spec.name, {})})


def _paths_of(files: _Files, month: str) -> dict[str, str]:
    return {table: parts[month].path for table, parts in files.items() if month in parts}


def _month(files: _Files, root: Path, name: str) -> Month:
    partition = {Partitioning.MONTH: name, Partitioning.YEAR: name[:4], Partitioning.WHOLE: "all"}
    chosen = {}
    for table, parts in files.items():
        entry = parts.get(partition[TABLES[table].partitioning]) if table in TABLES else None
        if entry is not None:
            chosen[table] = [str(root / entry.path)]
    spans: dict[str, tuple[datetime, datetime]] = {}
    for spec in RAW_TABLES:
        entries = files.get(spec.name, {}).values()
        firsts = [entry.first_stamp for entry in entries if entry.first_stamp]
        lasts = [entry.last_stamp for entry in entries if entry.last_stamp]
        if firsts and lasts:
            spans[spec.name] = min(firsts), max(lasts)
    return Month(name, chosen, spans)


@contextmanager
def _database(threads: int) -> Iterator[duckdb.DuckDBPyConnection]:
    with tempfile.TemporaryDirectory(prefix="nemdesk-audit-") as spill:
        connection = duckdb.connect(config={"threads": threads})
        try:
            for name, value in zip(_LIMITS, (f"{_MEMORY_MB}MB", spill), strict=True):
                connection.execute(sql.setting(name), {"value": value})
            for statement in sql.progress():  # DuckDB's own bar would stand amid what a command prints
                connection.execute(statement)
            connection.execute(sql.macros())
            yield connection
        finally:
            connection.close()
