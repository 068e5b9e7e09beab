"""Which tab is open, the period bar, and whether the lake has a new version. Reads the URL, writes links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from dash import ClientsideFunction, Dash, Input, Output, State, no_update
from dash.exceptions import PreventUpdate

from callbacks import data_links, state
from callbacks.guard import Ask, Manager, explain, note_lasting, span
from callbacks.options import TABS
from callbacks.state import View
from callbacks.tab import Tab
from data_layer.errors import DataLayerError, LakeMissing
from data_layer.lake import KIND_DEMO
from data_layer.market import NEM, REGION_NAMES, REGIONS, Resolution, market_day
from data_layer.query_manager import LakeState
from data_layer.requests import (
    MAX_BUCKETS,
    PRESETS,
    Period,
    allowed_resolutions,
    auto_resolution,
    preset_period,
)
from layouts import controls, formats, panel, shell, theme
from layouts.controls import Choice, Option

PRESET_LABELS: Final = {"1d": "1d", "7d": "7d", "30d": "30d", "90d": "90d", "1y": "1y", "all": "All"}

NO_LAKE: Final = "no-lake"
NO_TAB: Final = "no-tab"
OFF: Final = "switched-off"


def token_of(manager: Manager) -> str | None:
    """The lake's version now, None where there is none that can be read."""
    try:
        return manager.lake_state().version
    except DataLayerError:
        return None
    except Exception as error:
        explain(error)
        return None


def register(app: Dash, manager: Manager, tabs: Sequence[Tab]) -> None:
    """Connect the shell's callbacks."""
    by_name = {tab.name: tab for tab in tabs}

    @app.callback(
        Output("page", "children"),
        Output("shown", "data"),
        Input("url", "pathname"),
        Input("version", "data"),
        State("shown", "data"),
    )
    def open_tab(pathname: object, _version: object, shown: object) -> tuple[Any, Any]:
        """The tab's empty layout; its panels ask for their data once it stands on the page. A new version
        of the lake alone does not rebuild it."""
        return _page(manager, by_name, pathname, shown)

    @app.callback(
        Output("tabs", "children"),
        Output("period-bar", "children"),
        Output("notices", "children"),
        Output("banner", "children"),
        Output("freshness", "children"),
        Output("document-title", "data"),
        Output("data-links", "children"),
        Input("url", "pathname"),
        Input("url", "search"),
        Input("version", "data"),
    )
    def draw_bar(pathname: object, search: object, _version: object) -> tuple[Any, ...]:
        """Everything of the shell that follows from the address."""
        return _bar(manager, by_name, pathname, search)

    @app.callback(Output("version", "data"), Input("poll", "n_intervals"), State("version", "data"))
    def look_for_new_version(_ticks: object, known: object) -> Any:
        """The lake's version if it changed, so that nothing is asked again for nothing."""
        token = token_of(manager)
        if token == known:
            raise PreventUpdate
        return token

    app.clientside_callback(
        ClientsideFunction("nemdesk", "theme"),
        Output("theme", "data"),
        Output("theme-name", "children"),
        Input("theme-toggle", "n_clicks"),
        Input("theme-signal", "data"),
    )
    app.clientside_callback(
        ClientsideFunction("nemdesk", "title"), Output("title-done", "data"), Input("document-title", "data")
    )


def _page(manager: Manager, tabs: Mapping[str, Tab], pathname: object, shown: object) -> tuple[Any, Any]:
    tab = state.tab_of(pathname)
    if data_links.is_help(pathname):
        same = shown == data_links.HELP
        return (no_update, no_update) if same else (data_links.help_page(manager, tabs), data_links.HELP)
    choices = [Choice(label, f"/{name}") for name, label in TABS.items() if name in tabs]
    if tab is None:
        return (no_update, no_update) if shown == NO_TAB else (shell.not_found(choices), NO_TAB)
    if tab not in tabs:
        return (no_update, no_update) if shown == OFF else (shell.switched_off(TABS[tab], choices), OFF)
    try:
        lake = manager.lake_state()
        span(lake)
    except LakeMissing as error:
        return shell.no_data(str(error)), NO_LAKE
    except Exception as error:
        return shell.no_data(explain(error)), NO_LAKE
    note_lasting(lake.version)
    return (no_update, no_update) if shown == tab else (tabs[tab].layout(), tab)


def _bar(manager: Manager, tabs: Mapping[str, Tab], pathname: object, search: object) -> tuple[Any, ...]:
    tab = state.tab_of(pathname)
    named = {name: label for name, label in TABS.items() if name in tabs}
    plain = [Choice(label, f"/{name}", name == tab) for name, label in named.items()]
    try:
        lake = manager.lake_state()
        first, last = span(lake)
    except LakeMissing:
        return shell.tabs(plain), None, None, None, "No data yet", "No data · NEMDesk", None
    except Exception as error:
        return shell.tabs(plain), None, panel.error(explain(error)), None, "", "NEMDesk", None
    banner = shell.demo_banner() if lake.kind == KIND_DEMO else None
    fresh = shell.freshness(f"Data to {formats.stamp(last)} AEST", lake.version.split("-")[0])
    if tab is None or tab not in tabs:
        title = "Data · NEMDesk" if data_links.is_help(pathname) else "Not found · NEMDesk"
        return shell.tabs(plain), None, None, banner, fresh, title, None
    view = state.parse(tab, search, first, last)
    links = [Choice(label, view.href(tab=name), name == tab) for name, label in named.items()]
    ask = Ask(manager, lake, view, theme.LIGHT)
    bar = _period_bar(tabs[tab], ask) if tabs[tab].has_period else _today_bar(view, lake)
    where = f" · {REGION_NAMES[view.region]}" if tabs[tab].has_regions else ""
    title = f"{TABS[tab]}{where} · NEMDesk"
    note_lasting(ask.lasting)
    return shell.tabs(links), bar, shell.notices(view.notices), banner, fresh, title, data_links.links(view)


def _regions(view: View) -> Any:
    choices = [
        Choice(region, view.href(region=region), region == view.region, REGION_NAMES[region])
        for region in (NEM, *REGIONS)
    ]
    return controls.segmented("Region", choices, "regions")


def _today_bar(view: View, lake: LakeState) -> list[Any]:
    """Today is always the last 24 hours of the data; only the region can be chosen."""
    first, last = span(lake)
    period = preset_period("1d", first, last)
    label = controls.segmented(
        "Period",
        [
            Choice("Last 24 hours", view.href(), True, formats.span(period.start, period.end)),
            Choice(
                "Other periods",
                view.href(tab="generation"),
                title="Choose any period on the Generation tab",
            ),
        ],
    )
    return shell.period_bar(f"Last 24 hours · {view.region}", [label, _regions(view)])


def _period_bar(tab: Tab, ask: Ask) -> list[Any]:
    view = ask.view
    first, last = span(ask.lake)
    covered = Period.of_days(market_day(first), market_day(last))
    presets = [
        Choice(label, view.href(preset=name), name == view.preset, _preset_title(name))
        for name, label in PRESET_LABELS.items()
    ]
    start, end = view.period.start.date(), market_day(view.period.end)
    before, after = _steps(view, covered)
    parts = [
        controls.segmented("Period", presets, "presets"),
        controls.arrow("Previous period", "‹", before),
        controls.dates(
            start.isoformat(),
            end.isoformat(),
            covered.start.date().isoformat(),
            market_day(covered.end).isoformat(),
        ),
        controls.arrow("Next period", "›", after),
    ]
    summary = formats.span(view.period.start, view.period.end)
    if tab.has_regions:
        summary += f" · {view.region}"
    if tab.has_resolutions:
        parts.append(controls.resolution(resolution_options(view), view.resolution))
        summary += f" · {view.resolved.label}"
    if tab.bar:
        parts += tab.bar(ask)
    if tab.has_regions:
        parts.append(_regions(view))
    return shell.period_bar(summary, parts)


def _preset_title(name: str) -> str:
    if name == "all":
        return "All data"
    return "Last 24 hours" if name == "1d" else f"Last {PRESETS[name]} days of the data"


def _steps(view: View, covered: Period) -> tuple[str | None, str | None]:
    """Addresses of the period before and after, None where the data ends."""
    length = view.period.end - view.period.start
    before = after = None
    if view.period.start > covered.start:
        start = max(covered.start, view.period.start - length)
        before = view.href(period=Period(start, view.period.start))
    if view.period.end < covered.end:
        end = min(covered.end, view.period.end + length)
        after = view.href(period=Period(view.period.end, end))
    return before, after


def resolution_options(view: View) -> list[Option]:
    """Automatic (and what it chose), then each resolution; one that is too fine says for how long a
    period it may be used."""
    automatic = auto_resolution(view.period)
    options = [Option("auto", f"Auto ({automatic.label})")]
    allowed = allowed_resolutions(view.period)
    for resolution in Resolution:
        label = resolution.label.capitalize()
        if resolution not in allowed:
            most = timedelta(minutes=5 * MAX_BUCKETS * resolution.intervals)
            label += f" (up to {most.days} days)"
        options.append(Option(resolution.value, label, resolution not in allowed))
    return options
