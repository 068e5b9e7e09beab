"""A small crowd at the real server: nobody sees an error, and what many ask at once is computed once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest

from benchmarks import crowd_scenes as scenes
from benchmarks.analysts import Site, crowd
from benchmarks.crowd_service import Service, service
from data_layer.lake import Lake
from data_layer.market import market_day


@pytest.fixture(scope="module")
def running(demo_lake: Lake) -> Iterator[Service]:
    with service(demo_lake.root) as found:
        yield found


async def _site(running: Service, demo_lake: Lake) -> Site:
    span = demo_lake.snapshot().span("unit_scada")
    assert span is not None
    first, last = market_day(span[0]), market_day(span[1])
    units = ("BAYSW1", "ARWF1")  # whatever they are called: a panel without such units is no error
    return await Site.read(running.port, units, (first, last - timedelta(days=1)))


def test_analysts_are_answered_without_an_error(running: Service, demo_lake: Lake) -> None:
    async def work() -> None:
        site = await _site(running, demo_lake)
        journal = await crowd(running.port, site, 8, 8.0, 1.0, seed=7, think=(0.3, 1.0))
        assert not scenes.wrong(journal.asked)
        assert journal.actions >= 8
        assert len(journal.of("callback")) > 50
        assert {one.status for one in journal.asked if not one.waits} <= {200, 204, 304}

    asyncio.run(work())


def test_one_question_of_many_is_computed_once_in_each_process(running: Service, demo_lake: Lake) -> None:
    async def work() -> None:
        site = await _site(running, demo_lake)
        first, last = site.days
        for shift in (1, 2):
            start = first + timedelta(days=shift)
            found = await scenes.storm(
                running.port, site, 64, f"/prices?view=duration&start={start}&end={last}"
            )
            assert not scenes.wrong(found.journal.asked)
            assert found.answers == 64
            assert 1 <= found.engine <= 2

    asyncio.run(work())
