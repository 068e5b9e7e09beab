"""Rows per second from a month's DISPATCH_UNIT_SCADA zip to stored rows: NEMOSIS against this project.

    .venv/bin/python -m benchmarks.ingest_vs_nemosis [--folder var/bench-ingest] [--days 30] [--repeat 3]

The month is synthetic, in AEMO's exact format and size (486 units x 288 x 30 = 4.2 M rows; units in no
order, as AEMO writes them). Both sides fetch the same zip from the same server on loopback and store it:

  (a) NEMOSIS: cache_compiler to feather (its default and fastest) and to parquet (both leave stamps as
      text), and dynamic_data_compiler (feather cache, stamps as dates, a frame in memory)
  (b) this project to a published version with the raw table alone: checked, sorted, unique, zstd Parquet
  (c) `ingest` as a user runs it: (b) with all rollups

NEMOSIS is installed from PyPI into its own environment below --folder. It is GPL-3.0: a development tool
here, never imported by the product.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import statistics
import subprocess
import sys
import time
import venv
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from data_layer.ingest import mms, nemweb, pipeline
from data_layer.lake import Lake
from data_layer.loading import Loader

YEAR, MONTH = 2024, 6
UNITS = 486
TABLE = "DISPATCH_UNIT_SCADA"
NAME = f"PUBLIC_DVD_{TABLE}_{YEAR}{MONTH:02}010000"

NEMOSIS = """
import json, os, sys, time, logging, tempfile
logging.disable(logging.CRITICAL)
from nemosis import cache_compiler, dynamic_data_compiler, defaults
import pandas
address, task, first, last = sys.argv[1:]
month = "/Data_Archive/Wholesale_Electricity/MMSDM/{}/MMSDM_{}_{}/MMSDM_Historical_Data_SQLLoader"
defaults.aemo_mms_url = address + month + "/DATA/{}.zip"
with tempfile.TemporaryDirectory() as cache:
    wall, cpu = time.perf_counter(), time.process_time()
    if task == "frame":
        rows = len(dynamic_data_compiler(first, last, "DISPATCH_UNIT_SCADA", cache, keep_csv=False))
    else:
        cache_compiler(first, last, "DISPATCH_UNIT_SCADA", cache, fformat=task)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if task != "frame":
        (name,) = [name for name in os.listdir(cache) if name.endswith(task)]
        rows = len(getattr(pandas, "read_" + task)(os.path.join(cache, name)))
print(json.dumps([wall, cpu, rows]))
"""

Taken = tuple[float, float, int]
"""(seconds, seconds of processor time over all threads, rows)"""


def synthesise(folder: Path, days: int) -> int:
    """Write the month's zip into NEMWEB's tree below ``folder`` unless it is there; returns its rows."""
    path = folder / nemweb.month_folder(YEAR, MONTH) / f"{NAME}.zip"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        rng = random.Random(1)
        letters = "ABCDEFGHKLMNPRSTVWY"
        units = [f"{rng.choice(letters)}{number:03}{rng.choice('GPSWF')}1" for number in range(UNITS)]
        rng.shuffle(units)
        partial_path = path.with_suffix(".part")
        with (
            zipfile.ZipFile(partial_path, "w", zipfile.ZIP_DEFLATED) as archive,
            archive.open(f"{NAME}.CSV", "w") as csv,
        ):
            csv.write(
                f"C,SETP.WORLD,DVD_{TABLE},AEMO,PUBLIC,2024/07/08,16:05:11,1,MONTHLY_ARCHIVE,1\r\n".encode()
            )
            csv.write(b"I,DISPATCH,UNIT_SCADA,1,SETTLEMENTDATE,DUID,SCADAVALUE\r\n")
            first = datetime(YEAR, MONTH, 1)
            for interval in range(1, days * 288 + 1):
                stamp = (first + timedelta(minutes=5 * interval)).strftime("%Y/%m/%d %H:%M:%S")
                prefix = f'D,DISPATCH,UNIT_SCADA,1,"{stamp}",'
                csv.write(
                    "".join(
                        f"{prefix}{unit},{rng.random() * 400:.5f}\r\n"
                        if unit[1] > "1"
                        else f"{prefix}{unit},0\r\n"
                        for unit in units
                    ).encode()
                )
            csv.write(f'C,"END OF REPORT",{days * 288 * UNITS + 3}\r\n'.encode())
        partial_path.rename(path)
    return days * 288 * UNITS


@contextmanager
def serving(root: Path) -> Iterator[str]:
    """A plain file server on loopback, in a process of its own; yields its address."""
    command = [
        sys.executable,
        "-u",
        "-m",
        "http.server",
        "0",
        "--bind",
        "127.0.0.1",
        "--directory",
        str(root),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        port = server.stdout.readline().split(" port ")[1].split()[0]
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def nemosis_python(folder: Path) -> Path:
    """The interpreter of an environment of its own that holds NEMOSIS."""
    python = folder / "nemosis" / "bin" / "python"
    if not python.exists():
        venv.create(folder / "nemosis", with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "nemosis"], check=True)
    return python


def run_nemosis(python: Path, address: str, task: str, days: int) -> Taken:
    """The start of the interpreter and its imports are not counted."""
    # It looks for the month before its first day, and leaves the first stamp out.
    end = datetime(YEAR, MONTH, 1) + timedelta(days=days)
    bounds = [f"{moment:%Y/%m/%d %H:%M:%S}" for moment in (datetime(YEAR, MONTH, 1), end)]
    command = [python, "-W", "ignore", "-c", NEMOSIS, address, task, *bounds]
    done = subprocess.run(command, check=True, capture_output=True)
    wall, cpu, rows = json.loads(done.stdout)
    return wall, cpu, rows


def run_raw(folder: Path, address: str) -> Taken:
    """Fetch, read, check, merge, publish: the raw table without rollups."""
    lake, source = _fresh(folder, address)
    wall, cpu = time.perf_counter(), time.process_time()
    remote = nemweb.Remote(f"{nemweb.month_folder(YEAR, MONTH)}/{NAME}.zip")
    path = source.fetch(remote)
    assert path is not None
    with lake.write() as writer:
        loader = Loader(writer)
        for reading in mms.read(path, remote.name):
            assert not reading.refusals
            for table, rows in reading.rows.items():
                loader.add(table, rows)
        loader.flush()
        snapshot = writer.publish()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    source.close()
    return wall, cpu, snapshot.rows("unit_scada")


def run_ingest(folder: Path, address: str) -> Taken:
    """The ingest command's own path, rollups and all."""
    lake, source = _fresh(folder, address)
    wall, cpu = time.perf_counter(), time.process_time()
    summary = pipeline.ingest(lake, source, [(YEAR, MONTH)], [TABLE])
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    source.close()
    assert not summary.refusals
    return wall, cpu, lake.snapshot().rows("unit_scada")


def _fresh(folder: Path, address: str) -> tuple[Lake, nemweb.Source]:
    shutil.rmtree(folder / "work", ignore_errors=True)
    return Lake(folder / "work" / "lake"), nemweb.open_source(address, folder / "work" / "downloads")


def main() -> None:
    """Run every contestant in turn, ``--repeat`` times, and print medians and ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, default=Path("var/bench-ingest"))
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--repeat", type=int, default=3)
    chosen = parser.parse_args()
    folder = chosen.folder.absolute()
    rows = synthesise(folder / "tree", chosen.days)
    python = nemosis_python(folder)
    taken: dict[str, list[Taken]] = {}
    # The server is a process of its own: its processor time is nobody's.
    with serving(folder / "tree") as address:
        contestants: dict[str, Callable[[], Taken]] = {
            "(a) NEMOSIS cache, feather": lambda: run_nemosis(python, address, "feather", chosen.days),
            "(a) NEMOSIS cache, parquet": lambda: run_nemosis(python, address, "parquet", chosen.days),
            "(a) NEMOSIS data compiler": lambda: run_nemosis(python, address, "frame", chosen.days),
            "(b) raw table, published": lambda: run_raw(folder, address),
            "(c) ingest with rollups": lambda: run_ingest(folder, address),
        }
        for turn in range(chosen.repeat):
            for name, contestant in contestants.items():
                found = contestant()
                if found[2] != rows:
                    sys.exit(f"{name} stored {found[2]:,} of {rows:,} rows")
                taken.setdefault(name, []).append(found)
                print(f"{turn + 1}/{chosen.repeat} {name}: {found[0]:.2f} s", flush=True)
    shutil.rmtree(folder / "work", ignore_errors=True)
    medians = {
        name: (statistics.median(one[0] for one in found), statistics.median(one[1] for one in found))
        for name, found in taken.items()
    }
    print(f"\n{rows:,} rows; medians of {chosen.repeat}; 'times' are rows/s against each NEMOSIS task")
    others = [name for name in medians if name.startswith("(a)")]
    titles = "".join(f"{'x ' + name.split()[-1]:>11}" for name in others)
    print(f"{'':28}{'s':>8}{'cpu s':>8}{'rows/s':>12}{titles}")
    for name, (seconds, cpu) in medians.items():
        ratios = "".join(f"{medians[other][0] / seconds:11.1f}" for other in others)
        print(f"{name:28}{seconds:8.2f}{cpu:8.2f}{rows / seconds:12,.0f}{ratios}")


if __name__ == "__main__":
    main()
