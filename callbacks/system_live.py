"""The System tab's view of the running service: lake, ingestion, questions, processes, jobs.

These panels ask again every few seconds while the page is looked at, and redraw only what changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from dash import Dash, Input, Output, State, html
from dash.exceptions import PreventUpdate

from callbacks import guard
from callbacks.guard import Ask, Manager
from callbacks.options.system import LISTS
from callbacks.service import ProcessFacts, QueryFacts, Service
from callbacks.work import RUNNING, WAITING
from data_layer.audit.findings import TITLES
from data_layer.errors import DataLayerError
from data_layer.lake import KIND_AEMO
from data_layer.lake_report import LakeReport
from layouts import controls, formats
from layouts import system as tab
from layouts import system_audit as audit_page
from layouts import system_service as page
from layouts.controls import Choice
from layouts.panel import Content

AEST: Final = timedelta(hours=10)
STALE: Final = timedelta(minutes=15)
"""AEMO's newest interval older than this is worth a warning."""

NEAR: Final = 0.8
"""Part of a memory limit from which on there is a warning."""

Tell = Callable[[Ask], Content]
Now = Callable[[], datetime]


def market_time(moment: datetime) -> datetime:
    """A moment with a zone as naive market time."""
    return moment.astimezone(UTC).replace(tzinfo=None) + AEST


def _now() -> datetime:
    return market_time(datetime.now(UTC))


def connect(app: Dash, manager: Manager, service: Service) -> None:
    """Fill the live panels and the warnings."""
    panels: Mapping[str, Tell] = {
        "system-lake": lambda ask: lake(ask, service),
        "system-ingestion": lambda ask: ingestion(ask, service),
        "system-audit": lambda ask: audit(ask, service),
        "system-queries": lambda ask: queries(ask, service),
        "system-memory": lambda ask: memory(ask, service),
        "system-jobs": lambda ask: jobs(ask, service),
    }
    for panel_id, tell in panels.items():
        _follow(app, manager, panel_id, tell)
    seen = "system-warnings-seen"

    @app.callback(
        Output("system-warnings", "children"),
        Output(seen, "data"),
        *guard.VALUES,
        Input("system-beat", "data"),
        State(seen, "data"),
    )
    def warn(
        search: object, _version: object, chosen: object, pathname: object, _beat: object, known: object
    ) -> list[Any]:
        """What an operator should look at now."""
        try:
            guard.asked(manager, "system", search, chosen, pathname)
            found = warnings(service)
        except PreventUpdate:
            raise
        except Exception as error:
            found = [guard.explain(error)]
        return _changed([tab.notes(found)], known)


def _follow(app: Dash, manager: Manager, panel_id: str, tell: Tell) -> None:
    def fill(
        search: object, _version: object, chosen: object, pathname: object, _beat: object, known: object
    ) -> list[Any]:
        try:
            values = guard.filled(tell(guard.asked(manager, "system", search, chosen, pathname)), chart=False)
        except PreventUpdate:
            raise
        except Exception as error:
            values = guard.failed(guard.explain(error), chart=False)
        return _changed(values, known)

    fill.__name__ = fill.__qualname__ = f"follow_{panel_id.replace('-', '_')}"
    app.callback(
        [*guard.outputs(panel_id, chart=False), Output(f"{panel_id}-seen", "data")],
        *guard.VALUES,
        Input("system-beat", "data"),
        State(f"{panel_id}-seen", "data"),
    )(fill)


def _changed(values: list[Any], known: object) -> list[Any]:
    """The values and what they amount to; PreventUpdate where the page shows them already."""
    digest = hashlib.sha256(repr(values).encode()).hexdigest()[:16]
    if digest == known:
        raise PreventUpdate
    return [*values, digest]


# -- warnings ---------------------------------------------------------------------------------------


def warnings(service: Service, now: Now = _now) -> list[str]:
    """What asks for somebody's attention, in words that say what to do."""
    found: list[str] = []
    try:
        late = _late(service.lake(), now())
        if late:
            found.append(late)
        retry = service.ingestion().retry
        if retry:
            found.append(
                f"{len(retry)} of AEMO's files could not be fetched: the next `python -m app update` asks "
                "for them again."
            )
        odd = [one for lines in (service.audit() or {}).values() for one in lines]
        if odd:
            found.append(
                f"The audit of what was ingested found {len(odd)} odd thing{'' if len(odd) == 1 else 's'} in "
                f"AEMO's data, the latest {odd[-1].month}: {odd[-1].text}; see Audit below."
            )
    except DataLayerError as error:
        found.append(str(error))
    found += [_near(one) for one in service.processes() if _is_near(one)]
    facts = service.jobs()
    if facts is not None:
        if not facts.get("runner"):
            found.append("The job runner is not running: it starts with the next job.")
        waiting = sum(job.get("state") == WAITING for job in facts.get("jobs", ()))
        most = facts.get("most_waiting")
        if most and waiting >= most:
            found.append(f"The queue of jobs is full ({waiting} wait): further ones are refused.")
    if not service.logs():
        found.append(
            "Questions cannot be logged: the cache folder (NEMDESK_CACHE_DIR) is gone or not writable. "
            "Answers do not suffer from it."
        )
    return found


def _late(report: LakeReport, now: datetime) -> str:
    """Why the newest interval is too old; '' where it is not, or the data is made up."""
    if report.kind != KIND_AEMO or report.last is None or now - report.last <= STALE:
        return ""
    return (
        f"The newest interval is {_ago(now - report.last)} old: check that `python -m app update --watch` "
        "runs and that NEMWEB can be reached."
    )


def _ago(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} days"


def _memory(one: ProcessFacts) -> int:
    return one.rss if one.pss is None else one.pss


def _is_near(one: ProcessFacts) -> bool:
    return bool(one.limit) and _memory(one) >= NEAR * (one.limit or 0)


def _near(one: ProcessFacts) -> str:
    limit = one.limit or 1
    return (
        f"The {one.role} {one.pid} holds {page.mib(_memory(one))} of {page.mib(limit)} MiB "
        f"({_memory(one) / limit:.0%} of its limit)."
    )


# -- panels -----------------------------------------------------------------------------------------


def lake(ask: Ask, service: Service, now: Now = _now) -> Content:
    """The published version and its tables."""
    report = service.lake()
    kind = "AEMO's data" if report.kind == KIND_AEMO else "synthetic demonstration data"
    entries = [
        ("Version", report.version),
        ("Kind", kind),
        ("Published", f"{formats.stamp(market_time(report.created))} AEST"),
        ("Data", _span(report)),
        ("Size", f"{page.mib(report.bytes)} MiB in {report.files:,} files"),
        ("On disk", f"{page.mib(service.lake_bytes())} MiB with older versions that are still kept"),
    ]
    if report.last is not None and report.kind == KIND_AEMO:
        entries.insert(4, ("Newest interval", f"{_ago(now() - report.last)} old"))
    tables = page.lake_table([asdict(table) for table in report.tables])
    return Content(
        title="Lake", subtitle="The version that is served", body=html.Div([page.facts(entries), tables])
    )


def _span(report: LakeReport) -> str:
    if report.first is None or report.last is None:
        return "none"
    return f"{formats.stamp(report.first)} to {formats.stamp(report.last)}"


def ingestion(ask: Ask, service: Service) -> Content:
    """Runs and refusals, as the ledger of the published version has them."""
    found = service.ingestion()
    title, subtitle = "Ingestion", f"{found.files:,} files ingested · AEST · newest first"
    if not found.runs and not found.refusals:
        why = "Nothing has been ingested into this lake: demonstration data is made, not read."
        return Content(title=title, subtitle=subtitle, empty=why)
    body: list[Any] = [page.runs_table([_run(run) for run in found.runs])] if found.runs else []
    if found.refusals:
        rows = [{**refusal, "when": _moment(refusal["when"])} for refusal in found.refusals]
        body += [html.H3("Refused"), page.refusals_table(rows)]
    else:
        body.append(html.P("No row and no file was refused.", className="muted"))
    return Content(title=title, subtitle=subtitle, body=html.Div(body))


def audit(ask: Ask, service: Service) -> Content:
    """What the audit of each published month found; it runs with every ingest, before anything is shown."""
    found = service.audit()
    title = "Audit"
    if not found:
        why = (
            "No month of this lake was audited when it was published. `python -m app audit` compares every "
            "rollup with its rows and the data with itself."
        )
        return Content(title=title, empty=why)
    lines = [
        {**asdict(one), "title": TITLES[one.check], "ours": one.is_ours} for m in found.values() for one in m
    ]
    subtitle = f"{len(found):,} months, {min(found)} to {max(found)}, as they were published · newest first"
    if not any(line["ours"] for line in lines):
        subtitle += " · every rollup equals its rows"
    if not lines:
        return Content(title=title, subtitle=subtitle, empty="Nothing odd was found in any of them.")
    body: list[Any] = [audit_page.findings_table(lines)]
    if len(lines) > audit_page.MOST:
        more = f"The newest {audit_page.MOST} of {len(lines):,}: `python -m app audit` lists all."
        body.append(html.P(more, className="muted"))
    return Content(title=title, subtitle=subtitle, body=html.Div(body))


def _run(run: Mapping[str, Any]) -> dict[str, Any]:
    added = sum(run["rows_added"].values())
    # Runs before rows were counted as they came say only what was new.
    offered = run.get("rows_offered")
    read = None if offered is None else sum(offered.values())
    by_table = ", ".join(f"{table}: {rows:,}" for table, rows in sorted(run["rows_added"].items()) if rows)
    return {
        "when": _moment(run["when"]),
        "command": run["command"],
        "files": run["files"],
        "added": added,
        "read": read,
        "repeated": None if read is None else read - added,
        "by_table": by_table,
    }


def _moment(text: str) -> datetime:
    return market_time(datetime.fromisoformat(text))


def queries(ask: Ask, service: Service) -> Content:
    """What the whole service had to compute lately, or what took longest."""
    view = ask.view
    asked = service.queries(slowest=view["queries"] == "slowest")
    choices = [Choice(page.LIST_LABELS[one], view.href(queries=one), one == view["queries"]) for one in LISTS]
    tools = [controls.segmented("List", choices, "views")]
    title = "Questions"
    subtitle = (
        "Of all workers and jobs, AEST · only what had to be computed: what caches answered is counted "
        "below · "
        "Click a row for its SQL"
    )
    if not asked:
        why = (
            "No question had to be computed yet."
            if service.logs()
            else "The log of questions cannot be kept now."
        )
        return Content(title=title, subtitle=subtitle, tools=tools, empty=why)
    opened = view["query"]
    body: list[Any] = [_opened(ask, service, opened)] if opened else []
    body.append(page.queries_table([_query(ask, one) for one in asked], opened))
    return Content(title=title, subtitle=subtitle, tools=tools, body=html.Div(body))


def _query(ask: Ask, one: QueryFacts) -> dict[str, Any]:
    what = (
        "too long to keep" if one.query is None else ", ".join(f"{k}={v}" for k, v in one.query.items() if v)
    )
    href = ask.view.href(query="" if ask.view["query"] == one.id else one.id)
    return {**asdict(one), "when": market_time(one.when), "what": what, "href": href}


def _opened(ask: Ask, service: Service, identity: str) -> Any:
    one = service.query(identity)
    close = controls.link("Close", ask.view.href(query=""), class_name="statement-close")
    if one is None:
        return html.P(["This question is no longer in the log. ", close], className="message message-note")
    found = service.statement(one)
    title = f"{one.name}, {market_time(one.when):%d %b %H:%M:%S}, {formats.number(one.seconds, 3)} s"
    shown = page.statement(
        title, found.text, {**(one.query or {}), **_bound(found.parameters)}, found.note, one.error
    )
    return html.Div([shown, close])


def _bound(parameters: Mapping[str, str]) -> dict[str, str]:
    """Values of the statement, as it names them."""
    return {f"${name}": value for name, value in parameters.items()}


def memory(ask: Ask, service: Service) -> Content:
    """Each process against its limit, and each worker's cache."""
    processes = service.processes()
    roles = {one.pid: one.role for one in processes}
    own = [
        {
            "role": one.role,
            "pid": one.pid,
            "memory": _memory(one),
            "limit": one.limit,
            "near": _is_near(one),
            "threads": one.threads,
            "since": market_time(one.started),
        }
        for one in processes
    ]
    # gunicorn's master answers nobody: it only tries the page once before the workers are made.
    caches = [
        {**asdict(one), "role": roles.get(one.pid, "process")}
        for one in service.caches()
        if roles.get(one.pid) != "master"
    ]
    total = page.mib(sum(_memory(one) for one in processes))
    body = [page.processes_table(own), page.caches_table(caches)]
    subtitle = f"{len(processes)} processes hold {total} MiB · AEST"
    return Content(title="Memory and caches", subtitle=subtitle, body=html.Div(body))


def jobs(ask: Ask, service: Service) -> Content:
    """Running and waiting jobs; of other visitors only that they are there."""
    facts = service.jobs()
    if facts is None:
        return Content(title="Jobs", empty="This service runs no job queue.")
    listed: Sequence[Mapping[str, Any]] = facts.get("jobs", ())
    running = sum(job["state"] == RUNNING for job in listed)
    waiting = sum(job["state"] == WAITING for job in listed)
    ended = ", ".join(
        f"{count:,} {state}" for state, count in sorted(facts.get("ended", {}).items()) if count
    )
    parts = [f"{running} of {facts.get('at_once', '–')} running", f"{waiting} waiting"]
    parts += [f"ended: {ended}"] if ended else []
    if facts.get("memory_limit_mb"):
        parts.append(f"each at most {facts['memory_limit_mb']:,} MiB")
    subtitle = " · ".join(parts)
    if not listed:
        return Content(title="Jobs", subtitle=subtitle, empty="No job runs or waits.")
    return Content(title="Jobs", subtitle=subtitle, body=page.jobs_table(listed))
