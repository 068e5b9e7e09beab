"""What holds for any AEMO file: read as written, in any order, any number of times, in any time zone."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import random
import re
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_layer.ingest import mms, pipeline
from data_layer.lake import Lake
from data_layer.loading import Loader
from tests.data_layer.ingest.mms_text import PRICE_HEADER, SCADA_HEADER, price, scada, zipped
from tests.data_layer.ingest.mms_text import mms as text

ROOT = Path(__file__).parents[3]
START = datetime(2025, 1, 1)
stamps = st.integers(1, 8_000).map(lambda n: START + timedelta(minutes=5 * n))
duids = st.text(
    st.characters(codec="utf-8", exclude_characters='\0\r\n"', exclude_categories=("Cs",)),
    min_size=1,
    max_size=12,
)
values = st.floats(-1e5, 1e5, allow_nan=False).map(lambda v: round(v, 5))
readings = st.dictionaries(st.tuples(stamps, duids), values, min_size=1, max_size=40)


def line(*cells: object) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(cells)
    return out.getvalue()


@given(
    readings, st.permutations(["SETTLEMENTDATE", "DUID", "SCADAVALUE", "LASTCHANGED", "NEW"]), st.booleans()
)
@settings(max_examples=40)
def test_what_is_written_is_read(
    found: dict[tuple[datetime, str], float], columns: list[str], quoted: bool
) -> None:
    rows = []
    for (stamp, duid), value in found.items():
        moment = f"{stamp:%Y/%m/%d %H:%M:%S}"
        cells = {
            "SETTLEMENTDATE": moment,
            "DUID": duid,
            "SCADAVALUE": repr(value),
            "LASTCHANGED": moment,
            "NEW": "a,b" if quoted else "",
        }
        rows.append(line("D", "DISPATCH", "UNIT_SCADA", 9, *(cells[name] for name in columns)))
    data = text(line("I", "DISPATCH", "UNIT_SCADA", 9, *columns), *rows)
    (reading,) = mms.read(data, "PUBLIC_DISPATCHSCADA.CSV")
    assert reading.refusals == []
    got = {
        (row["settlementdate"], row["duid"]): row["scadavalue"]
        for row in reading.rows["unit_scada"].to_pylist()
    }
    assert got == found


offers = st.lists(
    st.tuples(
        st.integers(1, 4),
        st.sampled_from(["NSW1", "SA1"]),
        st.integers(0, 1),
        st.integers(0, 3),
        st.integers(-5, 5),
    ),
    min_size=1,
    max_size=12,
)


@given(offers, st.randoms(use_true_random=False), st.integers(1, 4))
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_which_row_is_kept_does_not_depend_on_the_order(
    tmp_path: Path, found: list[tuple[int, str, int, int, int]], rng: random.Random, cuts: int
) -> None:
    """Files of several publications, with both runs and revised prices, in two orders and two groupings."""
    files = []
    for number, (step, region, intervention, published, rrp) in enumerate(found):
        stamp = f"{START + timedelta(minutes=5 * step):%Y/%m/%d %H:%M:%S}"
        row = price(stamp, region, rrp, intervention=intervention)
        data = text(PRICE_HEADER, row, published=f"2025/02/{10 + published},00:00:00")
        (reading,) = mms.read(data, f"{number}.CSV")
        files.append(reading.rows["dispatch_price"])
    outcomes = set()
    for turn in range(2):
        order = list(files)
        if turn:
            rng.shuffle(order)
        # A folder of its own each time: hypothesis calls this many times in one tmp_path.
        lake = Lake(Path(tempfile.mkdtemp(dir=tmp_path)))
        with lake.write() as writer:
            loader = Loader(writer)
            for number, rows in enumerate(order):
                loader.add("dispatch_price", rows)
                if turn and number % cuts == 0:
                    loader.flush()
            loader.flush()
            writer.publish()
        outcomes.add(tuple(entry.sha256 for entry in lake.snapshot().partitions("dispatch_price").values()))
    assert len(outcomes) == 1


@given(readings, st.integers(1, 5))
@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_three_runs_have_the_checksums_of_one(
    tmp_path: Path, found: dict[tuple[datetime, str], float], seed: int
) -> None:
    folder = Path(tempfile.mkdtemp(dir=tmp_path))
    rows = [
        line("D", "DISPATCH", "UNIT_SCADA", 1, f"{s:%Y/%m/%d %H:%M:%S}", d, repr(v), "")
        for (s, d), v in found.items()
    ]
    (folder / "PUBLIC_DISPATCHSCADA_1.zip").write_bytes(zipped({"A.CSV": text(SCADA_HEADER, *rows)}))
    lake = Lake(folder / "lake")
    sums = []
    for _ in range(3):
        pipeline.ingest_files(lake, [folder / "PUBLIC_DISPATCHSCADA_1.zip"])
        parts = lake.snapshot().files.items()
        sums.append([(table, name, entry.sha256) for table, names in parts for name, entry in names.items()])
    assert sums[0] == sums[1] == sums[2]
    kept = {
        (row["settlementdate"], row["duid"]): row["scadavalue"]
        for path in lake.snapshot().paths("unit_scada")
        for row in pq.read_table(path, partitioning=None).to_pylist()
    }
    assert kept == found


NIGHTS = (datetime(2025, 4, 6), datetime(2025, 10, 5))
"""The days in which daylight saving ends and begins where it is kept."""
ZONES = ("UTC", "Australia/Sydney", "Australia/Adelaide", "America/Los_Angeles", "Australia/Brisbane")
CHILD = """
import sys
from pathlib import Path
from app import encodings
from data_layer.ingest import pipeline
from data_layer.lake import Lake
from data_layer.market import Resolution
from data_layer.query_manager import open_manager
from data_layer.requests import GenerationMix, Period
lake = Lake(sys.argv[2])
pipeline.ingest_files(lake, [Path(sys.argv[1])])
for table, parts in sorted(lake.snapshot().files.items()):
    for name, entry in sorted(parts.items()):
        print(table, name, entry.sha256, entry.first, entry.last)
manager = open_manager(lake.root)
print(manager.query_integrated_data("2025-04-05", "2025-04-07").to_csv())
print(manager.query_integrated_data("2025-10-04", "2025-10-06").to_csv())
sys.stdout.flush()
for day in ("2025-04-06", "2025-10-05"):
    asked = GenerationMix(Period.parse(day, day), "NEM", Resolution.FIVE_MINUTES)
    for piece in encodings.csv(manager.answer(asked)):
        sys.stdout.buffer.write(piece)
"""


def test_the_host_s_time_zone_changes_no_byte(tmp_path: Path) -> None:
    """The nights in which Sydney's clocks change: 288 intervals a day, everywhere the same bytes."""
    folder = tmp_path / "files"
    folder.mkdir()
    for month, days in ((4, (5, 6, 7)), (10, (4, 5, 6))):
        first = [datetime(2025, month, day) for day in days]
        ends = [day + timedelta(minutes=5 * n) for day in first for n in range(1, 289)]
        readings = [scada(f"{end:%Y/%m/%d %H:%M:%S}", "A1", n % 97) for n, end in enumerate(ends)]
        prices = [price(f"{end:%Y/%m/%d %H:%M:%S}", "NSW1", n % 89) for n, end in enumerate(ends)]
        for name, header, rows in (
            ("DISPATCH_UNIT_SCADA", SCADA_HEADER, readings),
            ("DISPATCHPRICE", PRICE_HEADER, prices),
        ):
            full = f"PUBLIC_DVD_{name}_2025{month:02}010000"
            (folder / f"{full}.zip").write_bytes(
                zipped({f"{full}.CSV": text(header, *rows, published="2025/11/20,00:00:00")})
            )
    running = {
        zone: subprocess.Popen(
            [sys.executable, "-c", CHILD, str(folder), str(tmp_path / zone.replace("/", "-"))],
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "TZ": zone, "PYTHONPATH": str(ROOT)},
        )
        for zone in ZONES
    }
    said = {zone: process.communicate()[0] for zone, process in running.items()}
    assert all(process.returncode == 0 for process in running.values())
    assert len({hashlib.sha256(text).hexdigest() for text in said.values()}) == 1
    for table in ("unit_scada", "dispatch_price"):
        paths = Lake(tmp_path / "UTC").snapshot().paths(table)
        stamps = [s for path in paths for s in pq.read_table(path).column("settlementdate").to_pylist()]
        days = Counter((stamp - timedelta(minutes=5)).date() for stamp in stamps)
        assert days == {
            date(2025, month, day): 288 for month, n in ((4, 5), (10, 4)) for day in range(n, n + 3)
        }
    # The CSV of the two days: each interval once, in order, from 00:05 to 00:00.
    ends = [day + timedelta(minutes=5 * n) for day in NIGHTS for n in range(1, 289)]
    found = re.findall(rb'^(\S+ \S+)\.000000,"Unmapped",', said["UTC"], re.MULTILINE)
    assert found == [f"{end:%Y-%m-%d %H:%M:%S}".encode() for end in ends]


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Australia/Sydney"])
def test_the_newest_month_is_looked_for_by_market_time(zone: str) -> None:
    code = (
        "from datetime import datetime, UTC\nfrom app import cli\n"
        "for hour in (13, 14):\n    print(cli._market_day(datetime(2025, 3, 9, hour, 0, tzinfo=UTC)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "TZ": zone},
    )
    assert run.stdout.strip().split() == ["2025-03-09", "2025-03-10"]
