"""One interval in a hundred is lost: each is listed, and none is made up."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data_layer.query_manager import open_manager
from data_layer.requests import FuelSummary, Period
from data_layer.requests.quality import DataGaps
from tests.data_layer.lakes import make_lake, prices, readings, stamps, unit

FIVE = timedelta(minutes=5)
START = datetime(2025, 7, 1)
DAYS = 4
FUELS = {"COAL": "Coal", "WIND": "Wind", "SUN": "Solar"}


@pytest.mark.parametrize("seed", [1, 2])
def test_gaps_are_listed_exactly_and_energy_is_not_filled_in(seed: int, tmp_path: Path) -> None:
    noise = np.random.default_rng(seed)
    when = stamps(START + FIVE, 288 * DAYS)

    def kept() -> list[datetime]:
        """The first and the last stay, so that the lake's span is the period."""
        stays = noise.random(len(when)) >= 0.01
        stays[[0, -1]] = True
        return [moment for moment, stays_here in zip(when, stays, strict=True) if stays_here]

    found = {duid: kept() for duid in FUELS}
    scada = [
        one
        for duid, at in found.items()
        for one in readings(duid, at, noise.uniform(1, 500, len(at)).tolist())
    ]
    priced = kept()
    lake = make_lake(
        tmp_path,
        units=[unit(duid, fuel=fuel) for duid, fuel in FUELS.items()],
        unit_scada=scada,
        dispatch_price=prices("NSW1", priced, noise.uniform(-50, 300, len(priced)).tolist()),
    )
    period = Period(START, START + timedelta(days=DAYS))
    lost = {("unit", duid): set(when) - set(at) for duid, at in found.items()} | {
        ("price", ""): set(when) - set(priced)
    }
    assert all(5 <= len(gone) <= 30 for gone in lost.values())
    energy = pd.DataFrame(scada).groupby("duid").scadavalue.sum() / 12
    for backend in ("duckdb", "pandas"):
        manager = open_manager(lake.root, backend=backend)
        listed: dict[tuple[str, str], set[datetime]] = {key: set() for key in lost}
        for gap in manager.answer(DataGaps(period, "NSW1")).table.to_pylist():
            if (key := (gap["kind"], gap["duid"])) in lost:
                missing = stamps(gap["start"] + FIVE, gap["intervals"])
                assert missing[-1] == gap["end"] and not listed[key] & set(missing)
                listed[key] |= set(missing)
        assert listed == lost
        rows = manager.answer(FuelSummary(period, "NSW1")).table.to_pylist()
        by_fuel = {row["fuel"]: row["generation_mwh"] for row in rows}
        for duid, fuel in FUELS.items():
            assert by_fuel[fuel] == pytest.approx(energy[duid], rel=1e-12)
