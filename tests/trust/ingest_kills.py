"""kill -9 of everything that writes a lake, at random moments: nothing torn, nothing lost, nothing left.

    python -m tests.trust.ingest_kills --kills 200

Each kill works on a copy of a prepared lake of AEMO's real files. After it the lake must be in one of the
states that undisturbed work publishes (every checksum, every row, the record of files, answers); the same
command run again must end where undisturbed work ends, and leave nothing behind.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from data_layer import rollups
from data_layer.ingest import nemweb, pipeline
from data_layer.lake import KIND_AEMO, Lake
from data_layer.lake_versions import go_back
from data_layer.tables import RAW_TABLES, STATIC_TABLES
from tests.trust import ingest_lakes as lakes
from tests.trust.ingest_figures import Figure, write
from tests.trust.ingest_steps import Steps, kill

TABLES = ("DISPATCH_UNIT_SCADA", "DISPATCHPRICE")
MONTHS = [(2021, 5), (2022, 1)]
UPDATED = (2026, 3)
NOW = datetime(2026, 5, 16, 8)


@dataclass
class Ground:
    """Where a piece of work is done: the lake, the downloads beside it, and the server's address."""

    folder: Path
    address: str

    @property
    def root(self) -> Path:
        return self.folder / "lake"

    @property
    def lake(self) -> Lake:
        return Lake(self.root)

    def source(self) -> nemweb.Source:
        return nemweb.open_source(self.address, self.folder / "downloads")


def ingest(ground: Ground) -> None:
    pipeline.ingest(ground.lake, ground.source(), MONTHS, TABLES)


def ingest_again(ground: Ground) -> None:
    pipeline.ingest(ground.lake, ground.source(), MONTHS[:1], TABLES, again=True)


def update(ground: Ground) -> None:
    pipeline.update(ground.lake, ground.source(), NOW)


def rebuild(ground: Ground) -> None:
    with ground.lake.write(KIND_AEMO) as writer:
        rollups.build(writer)
        writer.publish()


def rollback(ground: Ground) -> None:
    go_back(ground.lake, next((ground.root / "versions").glob("000001-*")).stem)


def collect(ground: Ground) -> None:
    with ground.lake.write(KIND_AEMO):
        ground.lake.collect_garbage(timedelta(0))


def _without_rollups(ground: Ground) -> None:
    ingest(ground)
    kept = {spec.name for spec in (*RAW_TABLES, *STATIC_TABLES)} | {"units", "unit_loss_factors"}
    with ground.lake.write(KIND_AEMO) as writer:
        for table in set(ground.lake.snapshot().files) - kept:
            for name in list(writer.partitions(table)):
                writer.drop(table, name)
        writer.publish()


def _before_update(ground: Ground) -> None:
    pipeline.ingest(ground.lake, ground.source(), [UPDATED], TABLES)


def _with_litter(ground: Ground) -> None:
    _without_rollups(ground)
    rebuild(ground)


@dataclass
class Case:
    """One command: how its lake is prepared, what is done, how often of a hundred it is killed."""

    name: str
    prepare: Callable[[Ground], None] | None
    act: Callable[[Ground], None]
    share: int
    base: Path | None = None
    clean: Path | None = None
    versions: dict[str, str] = field(default_factory=dict)
    states: set[str] = field(default_factory=set)
    end: str = ""
    seconds: float = 0.0
    steps: int = 0
    litter: int = 0


def cases() -> list[Case]:
    return [
        Case("ingest", None, ingest, 40),
        Case("rollback", ingest, rollback, 10),
        Case("ingest --again", ingest, ingest_again, 10),
        Case("update", _before_update, update, 15),
        Case("rebuild", _without_rollups, rebuild, 15),
        Case("garbage collection", _with_litter, collect, 10),
    ]


def _copied(case: Case, folder: Path, address: str) -> Ground:
    shutil.rmtree(folder, ignore_errors=True)
    if case.base is not None:
        shutil.copytree(case.base, folder)
    else:
        folder.mkdir(parents=True)
    return Ground(folder, address)


def _counted(case: Case, ground: Ground) -> int:
    steps = Steps().install()
    case.act(ground)
    return steps.count


def prepare(case: Case, folder: Path, address: str, earlier: Sequence[Case] = ()) -> None:
    """The prepared lake, and what undisturbed work makes of it. What one of the ``earlier`` commands ends
    with is not made a second time."""
    before = next((one for one in earlier if one.act is case.prepare), None)
    if before is not None and before.clean is not None:
        case.base, case.states, case.versions = before.clean, {before.end}, dict(before.versions)
    elif case.prepare is not None:
        ground = Ground(folder / "base", address)
        _must(lakes.in_fork(lambda: case.prepare(ground)))  # type: ignore[misc]
        case.states.add(_must(lakes.in_fork(lambda: lakes.state(ground.root))))
        case.base = ground.folder
    else:
        case.states.add(lakes.NOTHING)
    clean = _copied(case, folder / "clean", address)
    ended = lakes.in_fork(lambda: _counted(case, clean))
    case.steps, case.seconds = _must(ended), ended.seconds
    case.versions |= _must(lakes.in_fork(lambda: lakes.legal_states(clean.root, case.versions)))
    case.states |= {case.versions[path.stem] for path in (clean.root / "versions").glob("*.json")}
    case.clean, case.end = clean.folder, case.versions[(clean.root / "CURRENT").read_text().strip()]
    case.litter = sum(path.stat().st_size for path in clean.root.rglob("*.parquet"))


def _must(ended: lakes.Ended):  # type: ignore[no-untyped-def]
    if ended.error or ended.killed:
        raise RuntimeError(f"undisturbed work failed: {ended.error or 'killed'}")
    return ended.value


@dataclass
class Tally:
    """What the kills did, and every broken promise in words."""

    kills: int = 0
    hit: int = 0
    by_case: Counter[str] = field(default_factory=Counter)
    landed: Counter[str] = field(default_factory=Counter)
    torn: list[str] = field(default_factory=list)
    not_completed: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    most_litter: float = 0.0


def strike(case: Case, folder: Path, address: str, rng: random.Random, tally: Tally) -> None:
    """One kill of one command on a fresh copy, and all checks after it."""
    ground = _copied(case, folder / "killed", address)
    if rng.random() < 0.5:
        moment = rng.uniform(0, case.seconds)
        what = f"{case.name} killed after {moment:.3f} s"
        ended = lakes.in_fork(lambda: case.act(ground), kill_after=moment)
    else:
        number = rng.randint(1, case.steps)
        what = f"{case.name} killed at step {number} of {case.steps}"

        def until_killed() -> None:
            Steps(number, kill).install()
            case.act(ground)

        ended = lakes.in_fork(until_killed)
    tally.kills += 1
    tally.hit += ended.killed
    tally.by_case[case.name] += 1
    if ended.error:
        tally.torn.append(f"{what}: ended by itself with {ended.error}")
    found = lakes.in_fork(lambda: lakes.state(ground.root))
    if found.error or found.value not in case.states:
        tally.torn.append(f"{what}: {found.error or 'a state that nobody published'}")
    else:
        tally.landed["after" if found.value == case.end else "as before or between two versions"] += 1
    if ground.root.exists():
        tally.most_litter = max(tally.most_litter, lakes.unnamed_bytes(ground.root) / max(case.litter, 1))

    def complete() -> tuple[str, list[str]]:
        case.act(ground)
        return lakes.state(ground.root), lakes.leftovers(ground.root, ground.folder / "downloads")

    again = lakes.in_fork(complete)
    end, left = again.value or ("", [])
    if again.error or end != case.end:
        tally.not_completed.append(f"{what}: {again.error or 'ends with another content'}")
    if left:
        tally.left.append(f"{what}: {left}")


def serve(folder: Path) -> tuple[int, str]:
    """A server of ``folder`` in a process of its own: (its id, its address)."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        from tests.data_layer.ingest.server import serving

        os.close(reading)
        with serving(folder) as server:
            os.write(writing, server.url.encode())
            os.close(writing)
            while os.getppid() != 1:
                time.sleep(0.5)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as handle:
        return child, handle.read().decode()


def run(kills: int, seed: int, only: str = "", minutes: float = 600.0) -> Tally:
    """``kills`` kills, spread over the commands by their share, or as many as ``minutes`` allow."""
    end = time.monotonic() + 60 * minutes
    rng = random.Random(seed)
    tally = Tally()
    chosen = [case for case in cases() if case.name.startswith(only)]
    server, address = serve(lakes.REAL / "nemweb")
    try:
        with tempfile.TemporaryDirectory(prefix="nemdesk-kills-") as folder:
            # Each command at least once, the rest by share.
            rest = rng.choices(chosen, [case.share for case in chosen], k=max(kills - len(chosen), 0))
            for number, case in enumerate(chosen[:kills]):
                prepare(case, Path(folder) / str(number), address, chosen[:number])
            for case in [*chosen, *rest][:kills]:
                if time.monotonic() < end:
                    strike(case, Path(folder) / str(chosen.index(case)), address, rng, tally)
    finally:
        os.kill(server, signal.SIGKILL)
        os.waitpid(server, 0)
    return tally


def figures(tally: Tally) -> list[Figure]:
    often = f"{tally.kills} kills ({tally.hit} before the work's own end): " + ", ".join(
        f"{count} {name}" for name, count in tally.by_case.items()
    )
    return [
        Figure(
            "kill -9: the lake is as before or as a whole version after",
            often,
            f"{len(tally.torn)} torn; {dict(tally.landed)} {tally.torn[:3] or ''}".strip(),
            "0 torn, 0 unreadable",
            not tally.torn,
        ),
        Figure(
            "kill -9: the next run ends with the content of undisturbed work",
            f"{tally.kills} runs",
            f"{len(tally.not_completed)} otherwise {tally.not_completed[:3] or ''}".strip(),
            "0",
            not tally.not_completed,
        ),
        Figure(
            "kill -9: leftovers",
            f"{tally.kills} runs",
            f"at most {tally.most_litter:.2f} of one run's files; not swept after {len(tally.left)} "
            f"{tally.left[:3] or ''}".strip(),
            "at most one run's files, all swept",
            not tally.left and tally.most_litter <= 1,
        ),
    ]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--only", default="")
    parser.add_argument("--minutes", type=float, default=600.0, help="stop after so long, with fewer kills")
    parser.add_argument("--folder", type=Path, default=None)
    chosen = parser.parse_args(arguments)
    found = figures(run(chosen.kills, chosen.seed, chosen.only, chosen.minutes))
    print(f"seed {chosen.seed}")
    return write("ingest_kills", found, chosen.folder) if chosen.folder else write("ingest_kills", found)


if __name__ == "__main__":
    raise SystemExit(main())
