"""Questions are values: valid or refused with what is allowed, one key each, the same from any link."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from data_layer.errors import RequestError
from data_layer.market import FUELS, NEM, REGIONS, Resolution
from data_layer.period import EARLIEST, LATEST, MAX_BUCKETS, PRESETS
from data_layer.requests import (
    AUTO_BUCKETS,
    GROUP_COLUMNS,
    INTEGRATED_COLUMNS,
    REQUESTS,
    AggregateByGroup,
    FuelSummary,
    GenerationMix,
    IntegratedData,
    LatestInterval,
    Period,
    PriceEnvelope,
    PriceEvents,
    RegionSeries,
    RegionSummary,
    Request,
    TimeOfDay,
    allowed_resolutions,
    auto_resolution,
    check_region,
    parse_stamp,
    preset_period,
    resolve_resolution,
)

JULY = datetime(2025, 7, 1)
WEEK = Period(JULY, JULY + timedelta(days=7))
FIVE = timedelta(minutes=5)

STAMPS = st.integers(0, int((LATEST - EARLIEST) / FIVE)).map(lambda k: EARLIEST + k * FIVE)
PERIODS = st.one_of(
    st.tuples(STAMPS, STAMPS).filter(lambda p: p[0] != p[1]).map(lambda p: Period(min(p), max(p))),
    st.builds(
        lambda start, count: Period(start, start + count * FIVE),
        STAMPS.filter(lambda stamp: stamp < LATEST - timedelta(days=100)),
        st.integers(1, 20_000),
    ),
)


def some(values: tuple[str, ...], least: int = 0) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), min_size=least, max_size=6).map(tuple)


MONEY = st.floats(-1e6, 1e6) | st.integers(-1_000_000, 1_000_000)


@st.composite
def any_request(draw: st.DrawFn) -> Request:
    period = draw(PERIODS)
    resolution = draw(st.sampled_from(allowed_resolutions(period)))
    region = draw(st.sampled_from((NEM, *REGIONS)))
    regions, fuels = draw(some(REGIONS)), draw(some(FUELS))
    groups = draw(st.lists(st.sampled_from(GROUP_COLUMNS), min_size=1, max_size=3, unique=True))
    grain = draw(st.sampled_from([Resolution.FIVE_MINUTES, Resolution.HALF_HOUR]))
    return draw(
        st.sampled_from(
            [
                GenerationMix(period, region, resolution),
                RegionSeries(period, regions, resolution),
                PriceEnvelope(period, regions, draw(st.integers(10, 4_000))),
                RegionSummary(period),
                LatestInterval(period),
                FuelSummary(period, region),
                TimeOfDay(period, region),
                PriceEvents(period, regions, draw(MONEY), draw(MONEY)),
                AggregateByGroup(period, tuple(groups), regions, fuels),
                IntegratedData(period, grain, regions, fuels, draw(some(INTEGRATED_COLUMNS))),
            ]
        )
    )


@settings(max_examples=150, deadline=None)
@given(request=any_request())
@example(request=IntegratedData(Period(JULY, JULY + timedelta(days=365)), Resolution.FIVE_MINUTES))
@example(request=PriceEvents(WEEK, (), 300, -0.0))
def test_a_link_says_the_whole_question(request: Request) -> None:
    query = request.to_query()
    assert all(isinstance(k, str) and isinstance(v, str) for k, v in query.items())
    again = type(request).from_query({**query, "utm_source": "elsewhere"})
    assert again == request
    assert hash(again) == hash(request)
    assert again.key() == request.key()


@settings(max_examples=100, deadline=None)
@given(one=any_request(), other=any_request())
def test_keys_are_equal_exactly_for_equal_questions(one: Request, other: Request) -> None:
    assert (one.key() == other.key()) == (one == other and type(one) is type(other))


def test_the_order_and_spelling_of_a_choice_make_no_difference() -> None:
    assert RegionSeries(WEEK, ("VIC1", "NSW1", "VIC1")) == RegionSeries(WEEK, ["NSW1", "VIC1"])  # type: ignore[arg-type]
    assert RegionSeries(WEEK, ()).key() == RegionSeries(WEEK, REGIONS).key()
    assert PriceEvents(WEEK, (), 300, 0).key() == PriceEvents(WEEK, REGIONS, 300.0, -0.0).key()
    assert (
        AggregateByGroup(WEEK, ("fuel",), ("SA1", "NSW1")).key()
        == AggregateByGroup(WEEK, ("fuel",), ("NSW1", "SA1")).key()
    )
    # The order of groups is the order of the answer's columns: another question.
    assert (
        AggregateByGroup(WEEK, ("fuel", "region")).key() != AggregateByGroup(WEEK, ("region", "fuel")).key()
    )
    assert len({RegionSummary(WEEK).key(), LatestInterval(WEEK).key(), FuelSummary(WEEK).key()}) == 3


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.binary(max_size=5),
    st.dates(),
    st.datetimes(),
    st.datetimes(timezones=st.just(UTC)),
    st.lists(st.one_of(st.text(max_size=4), st.integers(), st.none(), st.lists(st.integers()))),
    st.dictionaries(st.text(max_size=3), st.integers()),
    st.sampled_from(
        [
            "NSW1", "Coal", "fuel", "30min", "2025-07-01", "2025-07-01T24:00", "0001-01-01", "9999-12-31",
            "2025-02-30", "٢٠٢٥-٠٧-٠١", "2025-07-01T00:01", "' OR 1=1 --", "\x00", "1e400", "nan", "-inf",
            object(), ("SA1",), frozenset({"SA1"}), range(3), Resolution.DAY, WEEK, float("nan"), 10**400,
        ]
    ),
)  # fmt: skip


@settings(max_examples=250, deadline=None)
@given(data=st.data(), cls=st.sampled_from(sorted(REQUESTS.values(), key=lambda c: c.name)))
def test_junk_is_refused_and_never_breaks_anything(data: st.DataObject, cls: type[Request]) -> None:
    arguments = {f.name: data.draw(JUNK, f.name) for f in fields(cls) if data.draw(st.booleans())}
    arguments.setdefault("period", WEEK)
    try:
        made = cls(**arguments)
    except RequestError:
        pass
    else:
        assert type(made).from_query(made.to_query()) == made
    query = {name: data.draw(JUNK, name) for name in ("start", "end", *(f.name for f in fields(cls)))}
    if data.draw(st.booleans()):
        query |= {"start": "2025-07-01", "end": "2025-07-02"}
    try:
        made = cls.from_query(query)
    except RequestError:
        pass
    else:
        assert type(made).from_query(made.to_query()) == made


@pytest.mark.parametrize("query", [None, 3, "start=2025-07-01", [("start", "2025-07-01")], {}])
def test_a_query_of_another_shape_is_refused(query: Any) -> None:
    with pytest.raises(RequestError):
        GenerationMix.from_query(query)


@settings(max_examples=150, deadline=None)
@given(start=JUNK, end=JUNK, name=JUNK)
def test_junk_periods_and_names_are_refused(start: Any, end: Any, name: Any) -> None:
    for make in (
        lambda: Period(start, end),
        lambda: Period.parse(start, end),
        lambda: parse_stamp(start, "start"),
        lambda: check_region(name),
        lambda: resolve_resolution(name, WEEK),
        lambda: preset_period(name, JULY, JULY + timedelta(days=30)),
    ):
        with suppress(RequestError):
            make()


def refused(make: Any) -> RequestError:
    with pytest.raises(RequestError) as failure:
        make()
    return failure.value


@pytest.mark.parametrize(
    ("make", "message", "field"),
    [
        (lambda: Period.parse("yesterday", "2025-07-02"), "start must be a date such as", "start"),
        (lambda: Period.parse("2025-07-01", "2025-02-30"), "end must be a date such as", "end"),
        (lambda: Period.parse("2025-07-02", "2025-07-01T00:00"), "ends before it starts", "start"),
        (lambda: Period(JULY, JULY), "ends before it starts", "start"),
        (lambda: Period(JULY.replace(tzinfo=UTC), JULY), "without a time zone", "start"),
        (lambda: Period(date(2025, 7, 1), JULY), "must be a date and time", "start"),  # type: ignore[arg-type]
        (lambda: Period.parse("1998-11-30", "2025-07-01"), "between 1998-12-01 and 2100-01-01", "start"),
        (lambda: Period.parse("2025-07-01", "9999-12-31"), "between 1998-12-01 and 2100-01-01", "end"),
        (lambda: Period(JULY, JULY + timedelta(minutes=7)), "5-minute boundary", "end"),
        (lambda: Period(JULY + timedelta(seconds=1), JULY + FIVE), "5-minute boundary", "start"),
        (lambda: RegionSummary("2025"), "needs a period", "start"),  # type: ignore[arg-type]
        (lambda: GenerationMix(WEEK, "WEM"), "Unknown region: choose one of NEM, NSW1, QLD1", "region"),
        (lambda: check_region(NEM, allow_nem=False), "choose one of NSW1, QLD1, SA1, TAS1, VIC1.", "region"),
        (lambda: RegionSeries(WEEK, ("NSW1", "NEM")), "Unknown region: choose from NSW1", "region"),
        (lambda: RegionSeries(WEEK, "NSW1"), "must be a list", "region"),  # type: ignore[arg-type]
        (lambda: AggregateByGroup(WEEK, ("fuel",), (), ("Nuclear",)), "Unknown fuel: choose from", "fuel"),
        (lambda: AggregateByGroup(WEEK, ()), "one to three", "group_by"),
        (lambda: AggregateByGroup(WEEK, ("fuel", "fuel")), "one to three different", "group_by"),
        (lambda: AggregateByGroup(WEEK, ("duid", "fuel", "region", "owner")), "one to three", "group_by"),
        (lambda: AggregateByGroup(WEEK, ("rrp",)), "choose from region, fuel, owner", "group_by"),
        (lambda: PriceEnvelope(WEEK, REGIONS, 5), "from 10 to 4000", "max_points"),
        (lambda: PriceEnvelope(WEEK, REGIONS, 4_001), "from 10 to 4000", "max_points"),
        (lambda: PriceEvents(WEEK, REGIONS, float("nan")), "must be a number of $/MWh", "high_aud_per_mwh"),
        (lambda: PriceEvents(WEEK, REGIONS, 300, True), "must be a number of $/MWh", "low_aud_per_mwh"),
        (lambda: IntegratedData(WEEK, Resolution.HOUR), "5min or 30min", "resolution"),
        (lambda: IntegratedData(WEEK, columns=("password",)), "choose from settlementdate", "columns"),
        (lambda: resolve_resolution("2min", WEEK), "choose auto, 5min, 30min, hour", "resolution"),
        (
            lambda: GenerationMix(Period(JULY, JULY + timedelta(days=400)), NEM, Resolution.FIVE_MINUTES),
            "5-minute resolution is for periods up to 15 days: shorten the period or choose day, month",
            "resolution",
        ),
        (lambda: preset_period("2w", JULY, JULY + FIVE), "choose 1d, 7d, 30d, 90d, 1y, all", "range"),
    ],
)  # fmt: skip
def test_each_refusal_says_what_is_allowed(make: Any, message: str, field: str) -> None:
    error = refused(make)
    assert message in str(error), str(error)
    assert error.field == field


@settings(max_examples=100, deadline=None)
@given(period=PERIODS)
def test_resolutions_keep_a_chart_within_what_a_screen_shows(period: Period) -> None:
    allowed = allowed_resolutions(period)
    assert Resolution.MONTH in allowed
    for resolution in Resolution:
        buckets = period.intervals / resolution.intervals
        assert (resolution in allowed) == (buckets <= MAX_BUCKETS)
        if resolution in allowed:
            GenerationMix(period, NEM, resolution)
        else:
            assert refused(lambda r=resolution: GenerationMix(period, NEM, r)).field == "resolution"
    chosen = auto_resolution(period)
    finer = list(Resolution)[: list(Resolution).index(chosen)]
    assert all(period.intervals / r.intervals > AUTO_BUCKETS for r in finer)
    assert resolve_resolution("auto", period) is chosen
    assert chosen in allowed


@settings(max_examples=100, deadline=None)
@given(period=PERIODS)
def test_a_period_survives_the_address(period: Period) -> None:
    assert Period.parse(*period.to_strings()) == period
    assert period.intervals * FIVE == period.end - period.start
    assert period.hours == pytest.approx(period.intervals / 12)


def test_a_plain_end_date_means_that_whole_day() -> None:
    assert Period.parse("2025-07-01", "2025-07-01") == Period(JULY, JULY + timedelta(days=1))
    assert Period.parse("2025-07-01", "2025-07-01T00:30").intervals == 6
    assert Period.of_days(date(2025, 7, 1), date(2025, 7, 7)) == WEEK
    assert WEEK.to_strings() == ("2025-07-01", "2025-07-07")
    assert WEEK.previous().next() == WEEK
    assert WEEK.previous().end == WEEK.start


@pytest.mark.parametrize(
    "last", [datetime(2026, 2, 13), datetime(2026, 2, 13, 0, 5), datetime(2026, 2, 13, 17, 25)]
)
def test_presets_end_with_the_data(last: datetime) -> None:
    first = datetime(2024, 1, 31, 0, 5)
    for name, days in PRESETS.items():
        period = preset_period(name, first, last)
        assert period.start < last <= period.end
        if name == "1d":
            assert (period.end, period.hours) == (last, 24)
        else:
            assert period.is_whole_days
            assert period.end - last < timedelta(days=1)
        if name == "all":
            assert period.start == datetime(2024, 1, 31)
        elif days > 1:
            assert period.intervals == days * 288
