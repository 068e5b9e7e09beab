"""What a person reads when a question is refused, word for word, and the last value that is not refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from data_layer.errors import RequestError
from data_layer.market import NEM, REGIONS, Resolution
from data_layer.period import (
    Period,
    allowed_resolutions,
    auto_resolution,
    check_resolution,
    preset_period,
    resolve_resolution,
)
from data_layer.requests import (
    analysis,
    base,
    batteries,
    core,
    curtailment,
    prices,
    quality,
    regions,
    stations,
    trends,
)

JULY = datetime(2025, 7, 1)
FIVE = timedelta(minutes=5)
DAY = timedelta(days=1)
WEEK = Period(JULY, JULY + 7 * DAY)
OF_REGIONS = "choose from NSW1, QLD1, SA1, TAS1, VIC1."
OF_FUELS = (
    "choose from Coal, Biomass, CCGT, Gas other, OCGT, Distillate, Water, Battery Storage, Wind, Solar, "
    "Rooftop Solar, Other, Unmapped."
)
ANY: Any = None
"""Wrong on purpose: what a browser may send is of any type."""


def days(count: float) -> Period:
    return Period(JULY, JULY + count * DAY)


def series(resolution: Any, period: Period = WEEK) -> Any:
    return core.GenerationMix(period, NEM, resolution)


ITEMS = (
    "Choose one to 6 units or stations: "
    "a DUID such as BW01, or station: and a name such as station:Bayswater."
)
DATES = "Dates must lie between 1998-12-01 and 2100-01-01."
EVENTS = "must be a number of $/MWh."
EDGES = "Every edge must be a number of $/MWh."
BAND_EDGES = "The edges are one to 8 ascending prices in $/MWh."
GROUPS = "Unknown group: choose from region, fuel, owner, station, technology, duid."
TREE = "Group by one to 3 of region, fuel, owner, station, technology, each once."
GRAINS = "Integrated data comes at 5min or 30min."
NAMED = "A name has 1 to 200 characters."
BATTERY_GROUPS = "Unknown group: choose one of unit, station, owner, region."
MATCH = "The match must be a text of at most 80 characters."
LINE = "It takes an interconnector's id, such as VIC1-NSW1."
APART = "Prices may be apart by 0 to 40000 $/MWh."
ONE_REGION = "Unknown region: choose one of NEM, NSW1, QLD1, SA1, TAS1, VIC1."
POINTS = "max_points must be a whole number from 10 to 4000."
TOP = "top must be a whole number from 1 to 500."
PRESET = "Unknown period: choose 1d, 7d, 30d, 90d, 1y, all, or a start and an end."
RESOLUTION = "Unknown resolution: choose 5min, 30min, hour, day, month."
SUN_OR_WIND = "Unknown fuel: choose from Solar, Wind."
THREE = "Group by one to three different columns."
LETTERS = "Unknown letters: choose from a, b, c."
DEFINITION = "Unknown definition: choose one of demand, generation, gross, utility."
REGION = f"Unknown region: {OF_REGIONS}"
FUEL = f"Unknown fuel: {OF_FUELS}"
NUMBER = "The top must be a number."


@pytest.mark.parametrize(
    ("make", "message", "field"),
    [
        # Periods and resolutions
        (
            lambda: Period.parse("now", "2025-07-02"),
            "The start must be a date such as 2026-06-30 (or 2026-06-30T17:30, AEST).",
            "start",
        ),
        (
            lambda: Period.parse("2025-07-01", None),
            "The end must be a date such as 2026-06-30 (or 2026-06-30T17:30, AEST).",
            "end",
        ),
        (
            lambda: Period(JULY.replace(tzinfo=UTC), JULY),
            "The start must be a date and time without a time zone (AEST).",
            "start",
        ),
        (lambda: Period(JULY, ANY), "The end must be a date and time without a time zone (AEST).", "end"),
        (lambda: Period(datetime(1998, 11, 30, 23, 55), JULY), DATES, "start"),
        (lambda: Period(JULY, datetime(2100, 1, 1, 0, 5)), DATES, "end"),
        (lambda: Period.parse("2100-01-01", "2100-01-02"), DATES, "end"),
        (
            lambda: Period(JULY + timedelta(microseconds=1), JULY + DAY),
            "The start must fall on a 5-minute boundary.",
            "start",
        ),
        (
            lambda: Period(JULY, JULY + timedelta(minutes=6)),
            "The end must fall on a 5-minute boundary.",
            "end",
        ),
        (
            lambda: Period(JULY, JULY),
            "The period ends before it starts: choose a start before the end.",
            "start",
        ),
        (
            lambda: resolve_resolution("2min", WEEK),
            "Unknown resolution: choose auto, 5min, 30min, hour, day, month.",
            "resolution",
        ),
        (lambda: series("hour"), RESOLUTION, "resolution"),
        (lambda: check_resolution(ANY, WEEK), RESOLUTION, "resolution"),
        (
            lambda: series(Resolution.FIVE_MINUTES, days(60)),
            (
                "5-minute resolution is for periods up to 15 days: "
                "shorten the period or choose 30min, hour, day, month."
            ),
            "resolution",
        ),
        (
            lambda: resolve_resolution("30min", days(94)),
            (
                "30-minute resolution is for periods up to 93 days: "
                "shorten the period or choose hour, day, month."
            ),
            "resolution",
        ),
        (
            lambda: series(Resolution.HOUR, days(188)),
            "Hourly resolution is for periods up to 187 days: shorten the period or choose day, month.",
            "resolution",
        ),
        (lambda: preset_period("2w", JULY, JULY + DAY), PRESET, "range"),
        (lambda: preset_period(7, JULY, JULY + DAY), PRESET, "range"),
        # What all questions share
        (lambda: base.Request(ANY), "A request needs a period with a start and an end.", "start"),
        (lambda: core.RegionSummary.from_query(ANY), "A request comes as named parameters.", ""),
        (
            lambda: core.FuelSummary.from_query({"start": "2025-07-01", "end": "2025-07-02", "region": 3}),
            "The region must be text.",
            "region",
        ),
        (lambda: base.check_region("WEM"), ONE_REGION, "region"),
        (
            lambda: base.check_region(NEM, allow_nem=False),
            "Unknown region: choose one of NSW1, QLD1, SA1, TAS1, VIC1.",
            "region",
        ),
        (lambda: base.sorted_choice("abc", "abc", "letters"), "The letters must be a list.", "letters"),
        (lambda: base.sorted_choice(ANY, "abc", "letters"), "The letters must be a list.", "letters"),
        (lambda: base.sorted_choice(["a", "d"], "abc", "letters"), LETTERS, "letters"),
        (lambda: base.sorted_choice([ANY], "abc", "letters"), LETTERS, "letters"),
        (lambda: base.number("ten", "top"), NUMBER, "top"),
        (lambda: base.number("nan", "top"), NUMBER, "top"),
        (lambda: base.number("1000000001", "top"), NUMBER, "top"),
        (lambda: base.number("-1000000001", "top"), NUMBER, "top"),
        # Dashboard and notebook
        (lambda: core.RegionSeries(WEEK, ("NEM",)), REGION, "region"),
        (lambda: core.PriceEnvelope(WEEK, ("NEM",)), REGION, "region"),
        (lambda: core.PriceEvents(WEEK, ("NEM",)), REGION, "region"),
        (lambda: core.FuelSummary(WEEK, "WEM"), ONE_REGION, "region"),
        (lambda: core.TimeOfDay(WEEK, "WEM"), ONE_REGION, "region"),
        (lambda: core.PriceEnvelope(WEEK, REGIONS, 9), POINTS, "max_points"),
        (lambda: core.PriceEnvelope(WEEK, REGIONS, 4_001), POINTS, "max_points"),
        (lambda: core.PriceEnvelope(WEEK, REGIONS, ANY), POINTS, "max_points"),
        (lambda: core.PriceEvents(WEEK, REGIONS, "300"), f"high_aud_per_mwh {EVENTS}", "high_aud_per_mwh"),
        (lambda: core.PriceEvents(WEEK, REGIONS, 300, True), f"low_aud_per_mwh {EVENTS}", "low_aud_per_mwh"),
        (
            lambda: core.PriceEvents(WEEK, REGIONS, 1_000_001),
            f"high_aud_per_mwh {EVENTS}",
            "high_aud_per_mwh",
        ),
        (
            lambda: core.PriceEvents(WEEK, REGIONS, 300, -1_000_001),
            f"low_aud_per_mwh {EVENTS}",
            "low_aud_per_mwh",
        ),
        (
            lambda: core.PriceEvents(WEEK, order="best"),
            "Choose one of newest, highest, lowest, longest.",
            "order",
        ),
        (lambda: core.AggregateByGroup(WEEK, ("rrp",)), GROUPS, "group_by"),
        (lambda: core.AggregateByGroup(WEEK, ("fuel", ANY)), GROUPS, "group_by"),
        (lambda: core.AggregateByGroup(WEEK, "fuel"), THREE, "group_by"),
        (lambda: core.AggregateByGroup(WEEK, ("fuel", "fuel")), THREE, "group_by"),
        (lambda: core.AggregateByGroup(WEEK, ("fuel", "region", "owner", "duid")), THREE, "group_by"),
        (lambda: core.AggregateByGroup(WEEK, ("fuel",), ("NEM",)), REGION, "region"),
        (lambda: core.AggregateByGroup(WEEK, ("fuel",), (), ("Gas",)), FUEL, "fuel"),
        (lambda: core.IntegratedData(WEEK, Resolution.HOUR), GRAINS, "resolution"),
        (lambda: core.IntegratedData(WEEK, "5min"), GRAINS, "resolution"),
        (
            lambda: core.IntegratedData.from_query(
                {"start": "2025-07-01", "end": "2025-07-02", "resolution": "2min"}
            ),
            GRAINS,
            "resolution",
        ),
        (lambda: core.IntegratedData(WEEK, regions=("NEM",)), REGION, "region"),
        (lambda: core.IntegratedData(WEEK, fuels=("Gas",)), FUEL, "fuel"),
        (
            lambda: core.IntegratedData(WEEK, columns=("mw",)),
            (
                "Unknown columns: choose from settlementdate, duid, scadavalue, station_name, owner, "
                "fuel_type, region, nameplate_capacity, rrp, energy_mwh, revenue_aud, capacity_factor_pct."
            ),
            "columns",
        ),
        # Prices
        (lambda: prices.PriceBands(WEEK, ("NEM",)), REGION, "region"),
        (lambda: prices.PriceBands(WEEK, REGIONS, "30"), "The edges must be a list of numbers.", "edges"),
        (lambda: prices.PriceBands(WEEK, REGIONS, ()), "Give 1 to 8 edges.", "edges"),
        (lambda: prices.PriceBands(WEEK, REGIONS, tuple(range(9))), "Give 1 to 8 edges.", "edges"),
        (lambda: prices.PriceBands(WEEK, REGIONS, (1, "2")), EDGES, "edges"),
        (lambda: prices.PriceBands(WEEK, REGIONS, (True,)), EDGES, "edges"),
        (lambda: prices.PriceBands(WEEK, REGIONS, (1_000_001,)), EDGES, "edges"),
        (lambda: prices.PriceBands(WEEK, REGIONS, (1, 1.0)), "The edges must ascend.", "edges"),
        (lambda: prices.TopIntervals(WEEK, REGIONS, 0), TOP, "top"),
        (lambda: prices.TopIntervals(WEEK, REGIONS, 501), TOP, "top"),
        (lambda: prices.TopIntervals(WEEK, REGIONS, True), TOP, "top"),
        (lambda: prices.TopIntervals(WEEK, REGIONS, 2.0), TOP, "top"),
        (
            lambda: prices.PriceProfile(WEEK, REGIONS, "year"),
            "Choose one of time_of_day, weekday, month.",
            "by",
        ),
        # Price analysis
        (lambda: analysis.PriceAnalysis(WEEK, ()), TREE, "group_by"),
        (lambda: analysis.PriceAnalysis(WEEK, "fuel"), TREE, "group_by"),
        (lambda: analysis.PriceAnalysis(WEEK, ("fuel", "duid")), TREE, "group_by"),
        (lambda: analysis.PriceAnalysis(WEEK, ("fuel", "fuel")), TREE, "group_by"),
        (lambda: analysis.PriceAnalysis(WEEK, ("fuel", "region", "owner", "station")), TREE, "group_by"),
        (lambda: analysis.PriceAnalysis(WEEK, regions=("NEM",)), f"Unknown regions: {OF_REGIONS}", "regions"),
        (lambda: analysis.PriceAnalysis(WEEK, fuels=("Gas",)), f"Unknown fuels: {OF_FUELS}", "fuels"),
        (lambda: analysis.PriceAnalysis(WEEK, match="x" * 81), MATCH, "match"),
        (lambda: analysis.PriceAnalysis(WEEK, match="\t"), MATCH, "match"),
        (lambda: analysis.PriceAnalysis(WEEK, match=ANY), MATCH, "match"),
        # Stations
        (lambda: stations.StationSummary(WEEK, ()), ITEMS, "units"),
        (lambda: stations.StationSummary(WEEK, "BW01"), ITEMS, "units"),
        (lambda: stations.StationSummary(WEEK, tuple("abcdefg")), ITEMS, "units"),
        (lambda: stations.StationSummary(WEEK, ("BW01", ANY)), ITEMS, "units"),
        (lambda: stations.UnitFacts(WEEK, ("x" * 81,)), ITEMS, "units"),
        (lambda: stations.StationPriceBands(WEEK, ("A",), ()), BAND_EDGES, "edges"),
        (lambda: stations.StationPriceBands(WEEK, ("A",), [1.0]), BAND_EDGES, "edges"),
        (lambda: stations.StationPriceBands(WEEK, ("A",), tuple(range(9))), BAND_EDGES, "edges"),
        (lambda: stations.StationPriceBands(WEEK, ("A",), (1, 1)), BAND_EDGES, "edges"),
        (lambda: stations.StationPriceBands(WEEK, ("A",), (0, True)), BAND_EDGES, "edges"),
        (lambda: stations.StationPriceBands(WEEK, ("A",), (1_000_001,)), BAND_EDGES, "edges"),
        (lambda: stations.StationPriceBands(WEEK, ("A",), (-1_000_001,)), BAND_EDGES, "edges"),
        (lambda: stations.StationPeers(WEEK, "owner"), "Choose one of unit, station.", "by"),
        (lambda: stations.StationPeers(WEEK, "unit", ("NEM",)), REGION, "region"),
        (lambda: stations.UnitSearch(WEEK, fuels=("Gas",)), FUEL, "fuel"),
        (lambda: stations.UnitSearch(WEEK, "x" * 81), "Search for at most 80 characters.", "text"),
        (lambda: stations.UnitSearch(WEEK, ANY), "Search for at most 80 characters.", "text"),
        (lambda: stations.UnitSearch(WEEK, most=0), "A search gives 1 to 50 rows.", "most"),
        (lambda: stations.UnitSearch(WEEK, most=51), "A search gives 1 to 50 rows.", "most"),
        (lambda: stations.UnitSearch(WEEK, most=True), "A search gives 1 to 50 rows.", "most"),
        (lambda: stations.UnitSearch(WEEK, most=ANY), "A search gives 1 to 50 rows.", "most"),
        # Regions
        (lambda: regions.FlowDuration(WEEK, "V SA"), LINE, "line"),
        (lambda: regions.FlowDuration(WEEK, ANY), LINE, "line"),
        (lambda: regions.InterconnectorSeries(WEEK, "V-SA"), "The lines must be a list.", "lines"),
        (lambda: regions.InterconnectorSeries(WEEK, ANY), "The lines must be a list.", "lines"),
        (
            lambda: regions.InterconnectorSeries(WEEK, tuple(f"L{n}" for n in range(21))),
            "It takes at most 20 interconnectors.",
            "lines",
        ),
        (lambda: regions.PriceSeparation(WEEK, -0.01), APART, "above_aud_per_mwh"),
        (lambda: regions.PriceSeparation(WEEK, 40_001), APART, "above_aud_per_mwh"),
        (lambda: regions.PriceSeparation(WEEK, True), APART, "above_aud_per_mwh"),
        (lambda: regions.PriceSeparation(WEEK, ANY), APART, "above_aud_per_mwh"),
        # Trends
        (
            lambda: trends.FuelTrend(WEEK, NEM, "week"),
            "Unknown bucket: choose one of month, quarter, season, year, fy.",
            "bucket",
        ),
        (lambda: trends.ShareTrend(WEEK, definition="best"), DEFINITION, "definition"),
        (lambda: trends.ShareRecords(WEEK, definition=ANY), DEFINITION, "definition"),
        (lambda: trends.EveningRamp(WEEK, of="price"), "Unknown of: choose one of residual, demand.", "of"),
        (lambda: trends.DemandExtremes(WEEK, "WEM"), ONE_REGION, "region"),
        (lambda: trends.DailyRolling(WEEK, fuels=("Gas",)), f"Unknown fuels: {OF_FUELS}", "fuels"),
        (
            lambda: trends.DailyRolling(WEEK, window_days=8),
            "A window is one of 7, 30, 90 days long.",
            "window_days",
        ),
        # Batteries
        (lambda: batteries.BatterySummary(WEEK, "fuel"), BATTERY_GROUPS, "group_by"),
        (lambda: batteries.BatterySeries(WEEK, "fuel"), BATTERY_GROUPS, "group_by"),
        (lambda: batteries.BatterySummary(WEEK, region="WEM"), ONE_REGION, "region"),
        (
            lambda: batteries.BatterySeries(WEEK, chosen="HPR1"),
            "The chosen batteries must be a list.",
            "chosen",
        ),
        (lambda: batteries.BatterySeries(WEEK, chosen=ANY), "The chosen batteries must be a list.", "chosen"),
        (
            lambda: batteries.BatterySeries(WEEK, chosen=tuple("abcdefghijklm")),
            "Choose at most 12.",
            "chosen",
        ),
        (lambda: batteries.BatteryTimeOfDay(WEEK, chosen=("",)), NAMED, "chosen"),
        (lambda: batteries.BatteryTimeOfDay(WEEK, chosen=("x" * 201,)), NAMED, "chosen"),
        (lambda: batteries.BatteryTimeOfDay(WEEK, chosen=(ANY,)), NAMED, "chosen"),
        (lambda: batteries.StorageLevel(WEEK, ("NEM",)), REGION, "region"),
        # Curtailment and quality
        (lambda: curtailment.CurtailmentSeries(WEEK, fuels=("Coal",)), SUN_OR_WIND, "fuel"),
        (lambda: curtailment.CurtailmentTimeOfDay(WEEK, fuels=("Coal",)), SUN_OR_WIND, "fuel"),
        (lambda: curtailment.CurtailmentSummary(WEEK, ("Coal",)), SUN_OR_WIND, "fuel"),
        (lambda: curtailment.UnitCurtailment(WEEK, fuels=("Coal",)), SUN_OR_WIND, "fuel"),
        (
            lambda: quality.DataGaps(WEEK, NEM),
            "Unknown region: choose one of NSW1, QLD1, SA1, TAS1, VIC1.",
            "region",
        ),
        (
            lambda: quality.DataGaps(Period(JULY, JULY + 31 * DAY + FIVE)),
            "Gaps are listed for at most 31 days.",
            "end",
        ),
    ],
)
def test_a_refusal_says_this(make: Any, message: str, field: str) -> None:
    with pytest.raises(RequestError) as refused:
        make()
    assert (str(refused.value), refused.value.field) == (message, field)


@pytest.mark.parametrize(
    "resolution",
    [
        lambda period: core.GenerationMix(period, NEM, Resolution.HOUR),
        lambda period: core.RegionSeries(period, REGIONS, Resolution.HOUR),
        lambda period: stations.StationSeries(period, ("A",), Resolution.HOUR),
        lambda period: regions.RegionSteps(period, Resolution.HOUR),
        lambda period: regions.InterconnectorSeries(period, (), Resolution.HOUR),
        lambda period: batteries.BatterySeries(period, resolution=Resolution.HOUR),
        lambda period: batteries.StorageLevel(period, REGIONS, Resolution.HOUR),
        lambda period: curtailment.CurtailmentSeries(period, resolution=Resolution.HOUR),
    ],
)
def test_every_question_over_time_is_held_to_4500_buckets(resolution: Any) -> None:
    # 187.5 days are 4,500 hours.
    assert resolution(days(187.5)).resolution is Resolution.HOUR
    with pytest.raises(RequestError, match="Hourly resolution is for periods up to 187 days"):
        resolution(Period(JULY, JULY + 187.5 * DAY + FIVE))


def test_the_last_value_that_is_not_refused() -> None:
    assert Period(datetime(1998, 12, 1), datetime(2100, 1, 1)).start == datetime(1998, 12, 1)
    assert Period.parse("2099-12-31T00:00", "2100-01-01").end == datetime(2100, 1, 1)
    assert {core.PriceEnvelope(WEEK, REGIONS, n).max_points for n in (10, 4_000)} == {10, 4_000}
    edge = core.PriceEvents(WEEK, REGIONS, 1_000_000, -1_000_000)
    assert (edge.high_aud_per_mwh, edge.low_aud_per_mwh) == (1e6, -1e6)
    edge = core.PriceEvents(WEEK, REGIONS, -1_000_000, 1_000_000)
    assert (edge.high_aud_per_mwh, edge.low_aud_per_mwh) == (-1e6, 1e6)
    assert core.AggregateByGroup(WEEK, ("fuel", "region", "owner")).group_by == ("fuel", "region", "owner")
    assert len(analysis.PriceAnalysis(WEEK, ("fuel", "region", "owner"), match="x" * 80).match) == 80
    assert prices.PriceBands(WEEK, REGIONS, (-1_000_000, 1_000_000)).edges == (-1e6, 1e6)
    assert prices.PriceBands(WEEK, REGIONS, tuple(range(8))).edges == tuple(map(float, range(8)))
    assert prices.PriceBands(WEEK, REGIONS, [7]).edges == (7.0,)  # type: ignore[arg-type]
    assert {prices.TopIntervals(WEEK, REGIONS, n).top for n in (1, 500)} == {1, 500}
    assert stations.StationPriceBands(WEEK, ("A",), (-1_000_000, 1_000_000)).edges == (-1e6, 1e6)
    assert len(stations.StationPriceBands(WEEK, ("A",), tuple(range(8))).edges) == 8
    assert stations.StationSummary(WEEK, tuple("abcdef")).units == tuple("abcdef")
    assert stations.StationSummary(WEEK, ("b", "a", "b")).units == ("b", "a"), "the order given, each once"
    assert stations.UnitFacts(WEEK, ("x" * 80,)).units == ("x" * 80,)
    assert stations.UnitFacts(WEEK).units == ()
    assert stations.UnitSearch(WEEK, "  Hornsdale   POWER " + "x" * 60).text == "hornsdale power " + "x" * 60
    assert len(stations.UnitSearch(WEEK, "x" * 80).text) == 80
    assert {stations.UnitSearch(WEEK, most=n).most for n in (1, 50)} == {1, 50}
    assert {regions.PriceSeparation(WEEK, v).above_aud_per_mwh for v in (0, 40_000)} == {0.0, 40_000.0}
    assert len(regions.InterconnectorSeries(WEEK, tuple(f"L{n}" for n in range(20))).lines) == 20
    assert regions.InterconnectorSeries(WEEK, ("V-SA", "", "N-Q-MNSP1", "V-SA")).lines == (
        "N-Q-MNSP1",
        "V-SA",
    )
    assert regions.FlowDuration(WEEK, "").line == ""
    assert batteries.BatterySeries(WEEK, chosen=("b", "x" * 200, "a", "b")).chosen == ("a", "b", "x" * 200)
    assert len(batteries.BatterySeries(WEEK, chosen=tuple("abcdefghijkl")).chosen) == 12
    assert quality.DataGaps(days(31)).region == "NSW1"
    assert base.number("1e9", "x") == 1e9
    assert base.number("-1e9", "x") == -1e9


def test_none_chosen_means_all_and_a_choice_keeps_the_usual_order() -> None:
    for cls in (
        core.RegionSeries,
        core.PriceEnvelope,
        core.PriceEvents,
        prices.PriceStatistics,
        batteries.StorageLevel,
    ):
        assert cls(WEEK, ()).regions == REGIONS
        assert cls(WEEK, ("VIC1", "SA1", "VIC1")).regions == ("SA1", "VIC1")
    for cls in (core.AggregateByGroup, core.IntegratedData, analysis.PriceAnalysis, stations.StationPeers):
        assert cls(WEEK, regions=("VIC1", "SA1"), fuels=("Wind", "Coal")).regions == ("SA1", "VIC1")
        assert cls(WEEK, regions=("VIC1", "SA1"), fuels=("Wind", "Coal")).fuels == ("Coal", "Wind")
        assert (cls(WEEK).regions, cls(WEEK).fuels) == ((), ())
    for cls in (
        curtailment.CurtailmentSeries,
        curtailment.CurtailmentTimeOfDay,
        curtailment.CurtailmentSummary,
    ):
        assert cls(WEEK, fuels=()).fuels == ("Solar", "Wind")
        assert cls(WEEK, fuels=("Wind",)).fuels == ("Wind",)
    assert curtailment.UnitCurtailment(WEEK, fuels=("Wind", "Solar")).fuels == ("Solar", "Wind")
    assert trends.DailyRolling(WEEK, fuels=()).fuels == ("Biomass", "Water", "Wind", "Solar", "Rooftop Solar")
    assert trends.DailyRolling(WEEK, fuels=("Wind", "Coal")).fuels == ("Coal", "Wind")
    listed: Any = ["fuel", "region"]
    assert core.AggregateByGroup(WEEK, listed).group_by == ("fuel", "region")
    assert analysis.PriceAnalysis(WEEK, listed).group_by == ("fuel", "region")
    chosen = core.IntegratedData(WEEK, columns=("duid", "settlementdate"))
    assert chosen.columns == ("settlementdate", "duid")
    assert len(core.IntegratedData(WEEK).columns) == 12
    assert analysis.PriceAnalysis(WEEK, match=" agl ").match == "agl"


def test_a_link_is_spelled_like_this() -> None:
    """Links that people keep must go on working: the names and the spelling of values are fixed."""
    events = core.PriceEvents(Period(JULY, JULY + FIVE), ("SA1", "NSW1"), 300, -0.0)
    assert events.to_query() == {
        "start": "2025-07-01T00:00",
        "end": "2025-07-01T00:05",
        "regions": "NSW1,SA1",
        "high_aud_per_mwh": "300.0",
        "low_aud_per_mwh": "0.0",
        "order": "newest",
    }
    assert events.key() == (
        "price_events?end=2025-07-01T00:05&high_aud_per_mwh=300.0&low_aud_per_mwh=0.0&order=newest"
        "&regions=NSW1,SA1&start=2025-07-01T00:00"
    )
    mix = core.GenerationMix(WEEK, "SA1", Resolution.HOUR)
    assert mix.key() == "generation_mix?end=2025-07-07&region=SA1&resolution=hour&start=2025-07-01"
    named = {"start": "2025-07-01", "end": "2025-07-07"}
    assert core.GenerationMix.from_query({**named, "region": "SA1", "resolution": "hour"}) == mix
    assert core.GenerationMix.from_query(named).region == NEM  # type: ignore[attr-defined]
    bands = prices.PriceBands.from_query({**named, "edges": "-10,0,1e3", "regions": ""})
    assert bands == prices.PriceBands(WEEK, REGIONS, (-10.0, 0.0, 1_000.0))
    assert prices.TopIntervals.from_query({**named, "top": "7"}) == prices.TopIntervals(WEEK, REGIONS, 7)
    long = core.IntegratedData.from_query({"start": "2020-01-01", "end": "2025-12-31", "resolution": "5min"})
    assert long == core.IntegratedData(
        Period(datetime(2020, 1, 1), datetime(2026, 1, 1)), Resolution.FIVE_MINUTES
    )


@pytest.mark.parametrize(
    ("cls", "field"),
    [(core.PriceEvents, "high_aud_per_mwh"), (prices.TopIntervals, "top"), (prices.PriceBands, "edges")],
)
def test_a_link_with_a_word_for_a_number_is_refused(cls: type[base.Request], field: str) -> None:
    with pytest.raises(RequestError) as refused:
        cls.from_query({"start": "2025-07-01", "end": "2025-07-07", field: "ten"})
    assert (str(refused.value), refused.value.field) == (f"The {field} must be a number.", field)


def test_a_link_with_a_parameter_named_period_is_not_taken_at_its_word() -> None:
    asked = core.RegionSummary.from_query({"start": "2025-07-01", "end": "2025-07-07", "period": "all"})
    assert asked == core.RegionSummary(WEEK)


def test_names_with_commas_and_percent_signs_come_back() -> None:
    assert base.join(["a,b", "50%", "%2C"]) == "a%2Cb,50%25,%252C"
    assert base.split("a%2Cb,50%25,,%252C") == ("a,b", "50%", "%2C")
    assert base.split("") == ()


def test_resolutions_at_the_last_period_that_they_are_for() -> None:
    # 1,200 five-minute intervals are 100 hours, 1,200 half-hours 25 days, 1,200 hours 50 days.
    assert auto_resolution(Period(JULY, JULY + timedelta(hours=100))) is Resolution.FIVE_MINUTES
    assert auto_resolution(Period(JULY, JULY + timedelta(hours=100) + FIVE)) is Resolution.HALF_HOUR
    assert auto_resolution(days(25)) is Resolution.HALF_HOUR
    assert auto_resolution(Period(JULY, JULY + 25 * DAY + FIVE)) is Resolution.HOUR
    assert auto_resolution(days(50)) is Resolution.HOUR
    assert auto_resolution(days(51)) is Resolution.DAY
    assert auto_resolution(days(1_201)) is Resolution.MONTH
    # 4,500 five-minute intervals are 15 days and 15 hours.
    most = timedelta(days=15, hours=15)
    assert allowed_resolutions(Period(JULY, JULY + most))[0] is Resolution.FIVE_MINUTES
    assert allowed_resolutions(Period(JULY, JULY + most + FIVE))[0] is Resolution.HALF_HOUR
    for text in (None, "", "auto"):
        assert resolve_resolution(text, WEEK) is Resolution.HALF_HOUR
    assert resolve_resolution("5min", WEEK) is Resolution.FIVE_MINUTES


def test_periods_of_the_trends_and_quality_tabs_are_whole_market_days() -> None:
    """00:00 closes the day before, so that the stamp 00:05 opens a day and 00:00 does not."""
    ragged = Period(datetime(2025, 7, 1, 13, 5), datetime(2025, 7, 3, 0, 5))
    whole = Period(datetime(2025, 7, 1), datetime(2025, 7, 4))
    one = Period(datetime(2025, 7, 1), datetime(2025, 7, 2))
    for made in (trends.whole_days, quality.whole_days):
        assert made(ragged) == whole
        assert made(WEEK) == WEEK
        assert made(Period(JULY, JULY + FIVE)) == one
        assert made(Period(JULY + DAY - FIVE, JULY + DAY)) == one
    assert trends.FuelTrend(ragged).period == whole
    assert trends.ShareRecords(ragged).period == whole


def test_one_of_what_may_be_several_is_enough() -> None:
    assert analysis.PriceAnalysis(WEEK, ("fuel",)).group_by == ("fuel",)
    assert stations.StationPriceBands(WEEK, ("A",), (300.0,)).edges == (300.0,)
    assert prices.PriceBands(WEEK, edges=(300.0,)).edges == (300.0,)


@pytest.mark.parametrize("given", [5, None, {"fuel": 1}.items(), "fuel"])
def test_what_is_no_list_of_groups_is_refused(given: Any) -> None:
    with pytest.raises(RequestError, match="Group by one to 3 of"):
        analysis.PriceAnalysis(WEEK, given)


@pytest.mark.parametrize("given", [5, None, {300.0}, "300"])
def test_what_is_no_list_of_edges_is_refused(given: Any) -> None:
    with pytest.raises(RequestError, match="The edges must be a list of numbers"):
        prices.PriceBands(WEEK, edges=given)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (regions.PriceSeparation(WEEK, 0), regions.PriceSeparation(WEEK, -0.0)),
        (regions.PriceSeparation(WEEK, 300), regions.PriceSeparation(WEEK, 300.0)),
        (prices.PriceBands(WEEK, edges=(0, 300)), prices.PriceBands(WEEK, edges=(-0.0, 300.0))),
        (
            stations.StationPriceBands(WEEK, ("A",), (0, 300)),
            stations.StationPriceBands(WEEK, ("A",), (-0.0, 300.0)),
        ),
    ],
)
def test_a_number_has_one_spelling(one: base.Request, other: base.Request) -> None:
    assert one.key() == other.key()
    assert "=-0" not in one.key() and "300" not in one.key().replace("300.0", "")


def test_choices_that_are_known_are_taken() -> None:
    assert batteries.BatterySummary(WEEK, "owner", "SA1").region == "SA1"
    assert [trends.ShareTrend(WEEK, definition=one).definition for one in trends.DEFINITIONS] == list(
        trends.DEFINITIONS
    )
    assert [trends.EveningRamp(WEEK, of=one).of for one in trends.LOADS] == list(trends.LOADS)


@pytest.mark.parametrize("question", [stations.StationSummary, stations.StationPriceBands])
def test_items_side_by_side_are_questions_of_their_own(question: Any) -> None:
    asked = question(WEEK, ("B", "station:A", "C"))
    assert [one.units for one in asked.divided()] == [("B",), ("C",), ("station:A",)]
    assert {(type(one), one.period) for one in asked.divided()} == {(question, WEEK)}
    edges = stations.StationPriceBands(WEEK, ("B", "A"), (0.0, 50.0)).divided()
    assert [one.edges for one in edges] == [(0.0, 50.0)] * 2  # type: ignore[attr-defined]
    series = stations.StationSeries(WEEK, ("B", "A"))
    assert series.divided() == (series,), "its rows are in the order of time"
