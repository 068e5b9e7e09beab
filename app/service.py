"""What the System tab shows of the running service: its processes, its logs and its lake put together."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from diskcache import Timeout
from flask import Flask, has_request_context

from app.cache_notes import CacheNotes
from app.processes import JOB, MIB, RUNNER, WORKER, ProcessFacts, service_processes
from app.query_log import QueryLog
from app.settings import Settings
from callbacks import guard
from callbacks.guard import Manager
from callbacks.service import CacheFacts, Ingestion, QueryFacts, Statement
from data_layer import audit, lake_report, sql
from data_layer.audit import Finding
from data_layer.errors import DataLayerError
from data_layer.ingest.ledger import Ledger
from data_layer.lake import Lake
from data_layer.lake_report import LakeReport
from data_layer.planner import plan
from data_layer.query_manager import HybridQueryManager
from data_layer.requests import REQUESTS

logger = logging.getLogger("nemdesk.service")

_SHOWN: Final = 300
"""Characters of a bound value that are shown."""

JobFacts = Callable[[], Mapping[str, Any]]


class RunningService:
    """callbacks.service.Service over this process and its siblings. Costs nothing until it is asked."""

    def __init__(self, settings: Settings, manager: Manager, jobs: JobFacts | None = None) -> None:
        self._lake = Lake(settings.lake_dir)
        self._jobs = jobs
        self._limits = _limits(settings)
        self.log = QueryLog(settings.cache_dir / "queries", request_id=_request_id)
        figures = manager.statistics if isinstance(manager, HybridQueryManager) else None
        self.notes = CacheNotes(settings.cache_dir / "workers", figures)
        self._known: dict[str, tuple[str, Any]] = {}
        """What was worked out of a version of the lake, by its name: (token, value)."""

    def watch(self, server: Flask, manager: Manager) -> None:
        """Listen to what is asked of ``manager`` and let each worker say how its cache is doing."""
        if isinstance(manager, HybridQueryManager):
            manager.observers.append(self.log)
        self.notes.install(server)

    # -- the lake ---------------------------------------------------------------------------------

    def lake(self) -> LakeReport:
        report: LakeReport = self._of_version("report", lambda: lake_report.report(self._lake.snapshot()))
        return report

    def lake_bytes(self) -> int:
        found: int = self._of_version("bytes", lambda: lake_report.bytes_on_disk(self._lake.root))
        return found

    def ingestion(self) -> Ingestion:
        def read() -> Ingestion:
            ledger = Ledger.of(self._lake.snapshot())
            return Ingestion(ledger.runs, ledger.refusals, len(ledger.files), ledger.retry)

        found: Ingestion = self._of_version("ledger", read)
        return found

    def _of_version(self, name: str, make: Callable[[], Any]) -> Any:
        token = self._lake.token()
        kept = self._known.get(name)
        if kept is None or kept[0] != token:
            kept = self._known[name] = (token, make())
        return kept[1]

    def audit(self) -> dict[str, list[Finding]] | None:
        """Month -> what the audit found in it when it was published; None where it was not audited."""
        found: dict[str, list[Finding]] | None = self._of_version(
            "audit", lambda: audit.kept(self._lake.snapshot())
        )
        return found

    # -- the processes ----------------------------------------------------------------------------

    def processes(self) -> list[ProcessFacts]:
        return service_processes(self._limits, _roles(self.jobs()))

    def caches(self) -> list[CacheFacts]:
        self.notes.write()
        return self.notes.read()

    def jobs(self) -> Mapping[str, Any] | None:
        if self._jobs is None:
            return None
        try:
            return self._jobs()
        except (OSError, sqlite3.Error, Timeout, ValueError, KeyError, TypeError) as error:
            logger.warning("the job table cannot be read (%s)", type(error).__name__)
            return None

    # -- the queries ------------------------------------------------------------------------------

    def queries(self, *, slowest: bool) -> Sequence[QueryFacts]:
        return [_facts(entry) for entry in (self.log.slowest() if slowest else self.log.recent())]

    def query(self, identity: str) -> QueryFacts | None:
        entry = self.log.entry(identity)
        return _facts(entry) if entry else None

    def logs(self) -> bool:
        return self.log.works

    def statement(self, asked: QueryFacts) -> Statement:
        """Planned again from the question itself: what the log holds is never run."""
        if asked.query is None or asked.name not in REQUESTS:
            return Statement("", {}, "The question was too long to be kept with its parameters.")
        if asked.engine != "duckdb":
            return Statement("", {}, f"The engine {asked.engine} answers without SQL.")
        try:
            chosen = plan(REQUESTS[asked.name].from_query(asked.query), self._lake.snapshot())
        except DataLayerError as error:
            return Statement("", {}, str(error))
        values = {name: _shown(value) for name, value in sorted(chosen.parameters.items())}
        return Statement(sql.ordered(chosen.statement, chosen.order), values)


def _limits(settings: Settings) -> dict[str, int]:
    """Memory that a role may hold, in bytes, as far as a setting says so."""
    values = settings.model_dump()
    named = {WORKER: values.get("worker_memory_mb"), JOB: values.get("job_memory_mb")}
    return {role: limit * MIB for role, limit in named.items() if limit}


def _roles(facts: Mapping[str, Any] | None) -> dict[int, str]:
    """Process id -> role, of the processes that the job queue says are its own."""
    if not facts:
        return {}
    jobs = {int(job["pid"]): JOB for job in facts.get("jobs", ()) if job.get("pid")}
    return jobs | ({int(facts["runner"]): RUNNER} if facts.get("runner") else {})


def _request_id() -> str:
    """The web request that a question belongs to; '' in a job or a command."""
    return guard.request_id() if has_request_context() else ""


def _shown(value: Any) -> str:
    """A bound value as text. Files by their place in the lake: where that lies is nobody's business."""
    if isinstance(value, list) and value and all(str(item).endswith(".parquet") for item in value):
        names = [str(item)[str(item).rfind("/data/") + 1 :] for item in value]
        return _short(f"{len(names)} {'file' if len(names) == 1 else 'files'}: {', '.join(names)}")
    return _short(str(value))


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def _facts(entry: Mapping[str, Any]) -> QueryFacts:
    query = entry["query"]
    return QueryFacts(
        id=entry["id"],
        when=datetime.fromisoformat(entry["when"]),
        pid=entry["pid"],
        name=entry["name"],
        query=None if query is None else {str(name): str(value) for name, value in query.items()},
        engine=entry["engine"],
        source=entry["source"],
        files=entry["files"],
        rows_read=entry["rows_read"],
        rows=entry["rows"],
        seconds=float(entry["seconds"]),
        error=entry["error"],
        request_id=entry["request_id"],
    )
