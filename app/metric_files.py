"""The files in which every process of the service keeps its counts, and their sum.

prometheus_client leaves the counts of a process that has ended in its files, which is right for sums, but
workers are replaced for ever and every job is a process: the files of ended ones are folded into one.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Read by prometheus_client when it is first imported, and by each of its values."""

_ENDED: Final = "0"
"""In place of a process id: no process has it."""

_SUMMED: Final = ("counter", "histogram")


def begin(directory: Path) -> None:
    """Empty the directory and let this process and its children count there. Once in a service: in its
    first process, before prometheus_client is imported."""
    if os.environ.get(VARIABLE) == str(directory):
        _never_mapped()
        return  # gunicorn reads its configuration again, or a new master takes over: counts go on
    if "prometheus_client" in sys.modules:
        raise RuntimeError("prometheus_client was imported too early: it would count in no file")
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ[VARIABLE] = str(directory)
    _never_mapped()


def _never_mapped() -> None:
    from prometheus_client import values

    from app.counts_file import CountsFile

    values.MmapedDict = CountsFile  # type: ignore[assignment,attr-defined]


def ended(process: int) -> None:
    """A process has ended: what it held no longer counts, what it did still does."""
    from prometheus_client import multiprocess

    if os.environ.get(VARIABLE):
        with suppress(OSError):
            multiprocess.mark_process_dead(process)  # type: ignore[no-untyped-call]


def collected() -> list[Any]:
    """The metrics of all processes; of this one alone where no directory was begun."""
    from prometheus_client import REGISTRY, CollectorRegistry, multiprocess

    directory = os.environ.get(VARIABLE)
    if not directory:
        return [one for one in REGISTRY.collect() if one.name.startswith("nemdesk_")]
    # Somebody may have emptied the cache directory; processes that have their files open go on in vain.
    Path(directory).mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(Path(directory)):
        _fold(Path(directory))
        return list(multiprocess.MultiProcessCollector(CollectorRegistry(), directory).collect())  # type: ignore[no-untyped-call]


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """One process at a time: between the sum's appearance and the parts' removal all would count twice."""
    with open(directory / "lock", "a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _fold(directory: Path) -> None:
    """Add the files of ended processes to the one that stands for all of them."""
    for kind in _SUMMED:
        found = {path: path.stem.removeprefix(f"{kind}_") for path in directory.glob(f"{kind}_*.db")}
        gone = [path for path, process in found.items() if process != _ENDED and not _lives(process)]
        if gone:
            total = directory / f"{kind}_{_ENDED}.db"
            _write_sum(total, [path for path in (total, *gone) if path.exists()])
            for path in gone:
                path.unlink(missing_ok=True)
    for path in directory.glob("gauge_live*.db"):
        if not _lives(path.stem.rsplit("_", 1)[1]):
            path.unlink(missing_ok=True)


def _write_sum(total: Path, parts: list[Path]) -> None:
    from prometheus_client.mmap_dict import MmapedDict, mmap_key
    from prometheus_client.multiprocess import MultiProcessCollector

    made = total.with_suffix(".new")
    made.unlink(missing_ok=True)
    sums = MmapedDict(str(made))  # type: ignore[no-untyped-call]
    for metric in MultiProcessCollector.merge([str(part) for part in parts], accumulate=False):  # type: ignore[no-untyped-call]
        for sample in metric.samples:
            names = [name for name in sample.labels if name != "le"] + ["le"] * ("le" in sample.labels)
            key = mmap_key(
                metric.name, sample.name, names, [sample.labels[name] for name in names], metric.documentation
            )
            sums.write_value(key, sample.value, 0.0)  # type: ignore[no-untyped-call]
    sums.close()  # type: ignore[no-untyped-call]
    os.replace(made, total)


def _lives(process: str) -> bool:
    with suppress(PermissionError):
        try:
            os.kill(int(process), 0)
        except (ProcessLookupError, ValueError):
            return False
    return True
