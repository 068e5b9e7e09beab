"""The address is the state: what is printed is read back, and anything else opens what can be opened."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks import TABS as BUILT
from callbacks.options import OPTIONS, TABS, default_range
from callbacks.state import View, parse, tab_of
from data_layer.market import NEM, REGIONS, Resolution
from data_layer.requests import PRESETS, Period, allowed_resolutions

FIRST = datetime(2025, 1, 1, 0, 5)
LAST = datetime(2026, 11, 23)


SAMPLES = {
    "view": ["proportion"],
    "hidden": ["coal", "wind,coal", "imports"],
    "sort": ["price", "-energy"],
    "compare": ["previous", "year", "2025-06-01"],
    "price-analysis.group": ["owner", "fuel,station,region", "region"],
    "price-analysis.regions": ["SA1", "NSW1,VIC1"],
    "price-analysis.fuels": ["coal", "wind,battery-storage"],
    "price-analysis.match": ["AGL, Ltd", "50% /&?"],
    "price-analysis.show": ["treemap", "bubble"],
    "price-analysis.columns": ["price", "energy,cf,found"],
    "price-analysis.sort": ["name", "-rate", "load-price"],
    "measure": ["flow", "renewable"],
    "at": ["2026-03-01", "2026-03-01T12:30"],
    "stations": ["off"],
    "line": ["V-SA", "VIC1-NSW1"],
    "regions.view": ["duration", "counter-price"],
    "apart": ["0", "300"],
    "regions": ["SA1", "VIC1,NSW1"],
    "prices.view": ["bands", "heat-map"],
    "prices.sort": ["-average", "cap"],
    "draw": ["extremes"],
    "scale": ["linear", "symlog"],
    "smooth": ["ma", "loess", "ewm"],
    "window": ["3h", "90d"],
    "edges": ["0", "-100,0,72.5,300"],
    "top": ["1", "500"],
    "heat": ["month"],
    "order": ["longest"],
    "units": ["BW01", "BW01,station:A%2CB", "station:Bayswater Power Station,W/HOE#1"],
    "by": ["unit"],
    "fuels": ["wind", "coal,wind"],
    "stations.view": ["revenue", "price-bands"],
    "peers": ["nem"],
    "stations.sort": ["-rate", "cf"],
    "batteries.view": ["ranking", "stored"],
    "batteries.show": ["money"],
    "batteries.by": ["owner", "region"],
    "batteries.selected": ["HPR1", "HPR1,VBB1", "Owner%2C Pty Ltd,100%25"],
    "batteries.sort": ["spread", "-cycles"],
    "curtailment.view": ["fuel", "time-of-day"],
    "curtailment.by": ["unit"],
    "curtailment.sort": ["share", "-network"],
    "curtailment.fuels": ["solar", "wind,solar"],
    "trends.view": ["overlay", "demand", "ramp"],
    "trends.bucket": ["quarter", "season", "fy"],
    "trends.as": ["share"],
    "trends.group": ["vre", "thermal-renewable"],
    "trends.definition": ["generation", "gross", "utility"],
    "trends.series": ["wind", "thermal"],
    "trends.window": ["7", "90"],
    "trends.of": ["demand"],
    "system.measure": ["rooftop", "unmapped"],
    "day": ["2026-03-01"],
    "queries": ["slowest"],
    "query": ["0123456789ab"],
}
"""Texts that an option of that name reads; a name that means other things on other tabs has a list by
tab, as "tab.name"."""


def samples(tab: str, name: str) -> list[str]:
    return SAMPLES.get(f"{tab}.{name}") or SAMPLES[name]


def reopened(view: View) -> View:
    address = urlsplit(view.href())
    tab = tab_of(address.path)
    assert tab is not None
    return parse(tab, f"?{address.query}" if address.query else "", FIRST, LAST)


@st.composite
def views(draw: st.DrawFn) -> View:
    preset = draw(st.sampled_from(["", *PRESETS]))
    if preset:
        period = parse("generation", f"?range={preset}", FIRST, LAST).period
    else:
        start = draw(st.integers(0, 180_000))
        length = draw(st.integers(1, 196_000 - start))
        begin = datetime(2025, 1, 1)
        period = Period(begin + timedelta(minutes=5 * start), begin + timedelta(minutes=5 * (start + length)))
    tab = draw(st.sampled_from(list(TABS)))
    chosen = {}
    for option in OPTIONS[tab]:
        text = draw(st.sampled_from(["", *samples(tab, option.name)]))
        value = option.read(text) if text else option.default
        if value != option.default:
            chosen[option.name] = value
    return View(
        tab=tab,
        period=period,
        preset=preset,
        region=draw(st.sampled_from([NEM, *REGIONS])),
        resolution=draw(st.sampled_from(["auto", *(r.value for r in allowed_resolutions(period))])),
        chosen=chosen,
    )


def test_every_tab_of_the_grammar_is_built() -> None:
    assert [tab.name for tab in BUILT] == list(TABS)


@given(st.sampled_from(list(TABS)), st.text())
def test_any_text_for_any_option_is_read_or_refused(tab: str, text: str) -> None:
    for option in OPTIONS[tab]:
        view = parse(tab, "?" + urlencode({option.name: text}), FIRST, LAST)
        assert view[option.name] is not None
        assert reopened(view).chosen == view.chosen


def test_another_tab_keeps_what_both_know() -> None:
    view = parse("generation", "?region=SA1&view=proportion&hidden=coal", FIRST, LAST)
    assert view.href(tab="today") == "/today?region=SA1&hidden=coal"
    assert view.href(tab="trends") == "/trends?region=SA1&hidden=coal"
    assert default_range("trends") == "all"
    week = parse("generation", "?range=90d", FIRST, LAST)
    assert week.href(tab="trends") == "/trends?range=90d"


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("previous", datetime(2026, 2, 1), datetime(2026, 3, 1)),
        ("year", datetime(2025, 3, 1), datetime(2025, 3, 29)),
        ("2025-06-01", datetime(2025, 6, 1), datetime(2025, 6, 29)),
    ],
)
def test_the_other_period_of_a_comparison_is_as_long(text: str, start: datetime, end: datetime) -> None:
    view = parse("generation", f"?start=2026-03-01&end=2026-03-28&compare={text}", FIRST, LAST)
    assert view.compared == Period(start, end)
    assert parse("generation", "", FIRST, LAST).compared is None


@given(views())
def test_an_address_opens_the_view_it_was_made_from(view: View) -> None:
    again = reopened(view)
    assert (again.period, again.preset, again.region) == (view.period, view.preset, view.region)
    assert (again.resolution, dict(again.chosen)) == (view.resolution, dict(view.chosen))
    assert again.notices == ()


@given(
    st.one_of(
        st.none(),
        st.integers(),
        st.floats(),
        st.text(),
        st.lists(st.text()),
        st.dictionaries(st.text(), st.text()),
    )
)
def test_anything_as_address_gives_a_view(search: Any) -> None:
    view = parse("generation", search, FIRST, LAST)
    assert Period.of_days(FIRST.date(), (LAST - timedelta(days=1)).date()).start <= view.period.start
    assert view.period.end <= LAST


@pytest.mark.parametrize(
    ("search", "part", "expected"),
    [
        ("?region=NSW", "region", NEM),
        ("?range=2w", "preset", "7d"),
        ("?view=pie", "view", "area"),
        ("?hidden=coal,nuclear", "hidden", ("Coal",)),
        ("?sort=colour", "sort", ""),
        ("?resolution=1min", "resolution", "auto"),
        ("?range=all&resolution=5min", "resolution", "auto"),
        ("?start=2026-06-31&end=2026-07-02", "preset", "7d"),
        ("?start=2026-08-31&end=2026-06-01", "preset", "7d"),
        ("?start=1999-01-01&end=1999-02-01", "preset", "7d"),
        ("?colour=blue", "region", NEM),
    ],
)
def test_what_is_not_allowed_is_dropped_and_named(search: str, part: str, expected: object) -> None:
    view = parse("generation", search, FIRST, LAST)
    assert (getattr(view, part) if hasattr(view, part) else view[part]) == expected
    assert len(view.notices) == 1
    assert view.notices[0].rstrip().endswith((".", "…"))


def test_the_rest_of_an_edited_address_still_opens() -> None:
    view = parse("generation", "?region=MOON&range=30d&view=proportion", FIRST, LAST)
    assert (view.region, view.preset, view["view"]) == (NEM, "30d", "proportion")
    assert "NSW1, QLD1, SA1, TAS1, VIC1" in view.notices[0]


def test_a_period_beyond_the_data_is_cut_to_it() -> None:
    view = parse("generation", "?start=2024-06-01&end=2025-01-31", FIRST, LAST)
    assert view.period == Period(datetime(2025, 1, 1), datetime(2025, 2, 1))
    assert "2025-01-01 to 2026-11-22" in view.notices[0]


def test_presets_count_back_from_the_data_not_from_the_clock() -> None:
    assert parse("generation", "?range=7d", FIRST, LAST).period == Period(datetime(2026, 11, 16), LAST)
    assert parse("generation", "?range=1d", FIRST, LAST).period == Period(LAST - timedelta(days=1), LAST)


def test_a_new_period_drops_a_resolution_that_is_too_fine_for_it() -> None:
    view = parse("generation", "?range=1d&resolution=5min", FIRST, LAST)
    assert view.resolved is Resolution.FIVE_MINUTES
    whole = Period(datetime(2025, 1, 1), LAST)
    assert "resolution" not in view.href(period=whole)
    assert "resolution" not in view.href(preset="all")
    assert "resolution=5min" in view.href(region="SA1")


def test_toggling_twice_comes_back() -> None:
    view = parse("generation", "?hidden=wind", FIRST, LAST)
    assert "hidden" not in view.toggled("hidden", "Wind")
    assert "hidden=coal,wind" in view.toggled("hidden", "Coal")


def test_sorting_goes_down_up_and_off() -> None:
    seen = []
    search = ""
    for _ in range(3):
        search = urlsplit(parse("generation", search, FIRST, LAST).sorted_by("price")).query
        seen.append(search)
    assert seen == ["sort=-price", "sort=price", ""]


@pytest.mark.parametrize("path", ["/nowhere", "/today/extra", None, 7, ["/today"], "/" * 5000 + "x"])
def test_unknown_paths_open_no_tab(path: object) -> None:
    assert tab_of(path) is None


@pytest.mark.parametrize(
    ("path", "tab"), [("/", "today"), ("/today", "today"), ("/generation/", "generation")]
)
def test_known_paths(path: str, tab: str) -> None:
    assert tab_of(path) == tab
