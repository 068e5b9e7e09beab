"""The Price Analysis tab: which questions its panel asks."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa
from dash import dcc, html

from callbacks.guard import Ask, csv, parquet
from callbacks.options.analysis import COLUMNS, DEFAULT_COLUMNS, SHOWN
from callbacks.tab import Panel, Tab
from data_layer.market import FUELS, NEM, REGION_NAMES, REGIONS
from data_layer.requests import Request
from data_layer.requests.analysis import MAX_GROUPS, PriceAnalysis
from layouts import analysis as page
from layouts import controls, formats, graphs, price_map, tree_grid
from layouts.controls import Choice
from layouts.panel import Content

NO_BUBBLES: Final = (
    "No group here generated at a known price, so that there is no bubble to draw: choose the tree, or "
    "another period."
)


def regions(ask: Ask) -> tuple[str, ...]:
    """The regions chosen here, or the one that the address brought along from another tab."""
    chosen: tuple[str, ...] = ask.view["regions"]
    return chosen or (() if ask.view.region == NEM else (ask.view.region,))


def question(ask: Ask) -> PriceAnalysis:
    view = ask.view
    return PriceAnalysis(view.period, view["group"], regions(ask), view["fuels"], view["match"])


def panel(ask: Ask) -> Content:
    """The tree, or the same rows as a chart."""
    asked = question(ask)
    rows = ask.answer(asked).table
    base = waiting(ask)
    if not rows.num_rows:
        return Content(title=base.title, subtitle=base.subtitle, tools=base.tools, empty=_nothing(ask))
    body, note = (_tree(ask, rows), "") if ask.view["show"] == "tree" else _chart(ask, rows)
    return Content(
        title=base.title,
        subtitle=base.subtitle,
        tools=base.tools,
        body=body,
        note=" ".join(filter(None, (page.fuel_note(rows), note))) or None,
        downloads=[csv("tree", asked), parquet("tree", asked)],
        provenance=ask.provenance,
    )


def waiting(ask: Ask) -> Content:
    """Title, period and controls, which need no answer."""
    chosen = regions(ask)
    where = ", ".join(chosen) if chosen else REGION_NAMES[NEM]
    limits = [", ".join(ask.view["fuels"]), f"“{ask.view['match']}”" if ask.view["match"] else ""]
    return Content(
        title=f"Energy, revenue and prices by {page.group_name(ask.view['group'])}, {where}",
        subtitle=" · ".join(filter(None, (*limits, ask.subtitle(question(ask))))),
        tools=_tools(ask),
    )


def _tree(ask: Ask, rows: pa.Table) -> Any:
    view = ask.view
    keys = ("name", *COLUMNS)
    sorts = {key: view.href(sort=key if view["sort"] == f"-{key}" else f"-{key}") for key in keys}
    sorts["name"] = view.href(sort="-name" if view["sort"] == "name" else "name")
    first = page.GROUP_LABELS[view["group"][0]]
    headings = tree_grid.Headings(first, sorts, view["sort"])
    return tree_grid.grid(rows, view["columns"] or DEFAULT_COLUMNS, headings, ask.theme)


def _chart(ask: Ask, rows: pa.Table) -> tuple[Any, str]:
    """(graph with the totals in a line, remark)."""
    if ask.view["show"] == "treemap":
        figure, note = price_map.treemap(rows, ask.theme), ""
    else:
        groups, missing = price_map.drawable(rows)
        if not groups:
            return page.summary(rows.slice(0, 1).to_pylist()[0]), NO_BUBBLES
        figure = price_map.bubbles(rows, ask.theme)
        note = f"{missing} groups without priced generation are not drawn." if missing else ""
    graph = dcc.Graph(
        id="analysis-graph", figure=figure, config=graphs.config("price-analysis"), responsive=True
    )
    total = rows.slice(0, 1).to_pylist()[0]
    return html.Div([page.summary(total), html.Div(graph, className="graph")]), note


def _nothing(ask: Ask) -> str:
    span = formats.span(ask.view.period.start, ask.view.period.end)
    return f"No unit of this choice reported in {span}. Choose other fuels, regions or another period."


def _tools(ask: Ask) -> list[Any]:
    """Groups, filters, columns, and how it is shown."""
    view = ask.view
    fuels = [Choice(fuel, view.toggled("fuels", fuel), fuel in view["fuels"]) for fuel in FUELS]
    columns = [
        Choice(tree_grid.MEASURES[key].label, view.toggled("columns", key), key in view["columns"])
        for key in COLUMNS
    ]
    shown = [Choice(page.SHOWN_LABELS[name], view.href(show=name), name == view["show"]) for name in SHOWN]
    chosen = f"Fuels ({len(view['fuels'])})" if view["fuels"] else "All fuels"
    tools = [
        page.shown(shown, view["show"]),
        page.groups(view["group"], MAX_GROUPS),
        page.folded(chosen, [*fuels, Choice("All", view.href(fuels=()), not view["fuels"])], "fuels"),
        controls.text("Contains", "match", view["match"], "", "owner, station, unit"),
    ]
    if view["show"] == "tree":
        everything = [
            Choice("All columns", view.href(columns=COLUMNS), set(COLUMNS) == set(view["columns"])),
            Choice("Usual columns", view.href(columns=DEFAULT_COLUMNS), view["columns"] == DEFAULT_COLUMNS),
        ]
        tools += [page.folded("Columns", [*columns, *everything], "columns"), page.branches()]
    return tools


def bar(ask: Ask) -> list[Any]:
    """Regions, any number of them; none named means all."""
    chosen = regions(ask)
    entries = [Choice("All", ask.view.href(regions=(), region=NEM), not chosen)]
    for region in REGIONS:
        others = tuple(one for one in REGIONS if (one in chosen) != (one == region))
        href = ask.view.href(regions=others if len(others) < len(REGIONS) else (), region=NEM)
        entries.append(Choice(region, href, region in chosen, REGION_NAMES[region]))
    return [controls.toggles("Regions", entries, "regions")]


def datasets(ask: Ask) -> dict[str, Request]:
    """The questions behind the tab."""
    return {"tree": question(ask)}


TAB: Final = Tab(
    name="price-analysis",
    layout=page.layout,
    panels={"analysis": Panel(panel, long=waiting)},
    datasets=datasets,
    bar=bar,
    has_regions=False,
    has_resolutions=False,
)
