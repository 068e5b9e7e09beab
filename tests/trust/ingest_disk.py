"""A disk that fills at any step, a folder that may not be written, two ingests at once, a clock that jumps.

    python -m tests.trust.ingest_disk

Asked of each: the command ends with a message for people and an exit code, never with a stack trace; the
lake is in a state that undisturbed work publishes; nothing that nobody needs is left in it; and the same
command, run again with room, ends with the content of undisturbed work.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import io
import os
import random
import re
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from app import cli
from data_layer import lake as lake_module
from data_layer.ingest import ledger as ledger_module
from data_layer.ingest import pipeline
from tests.trust import ingest_kills as kills
from tests.trust import ingest_lakes as lakes
from tests.trust.ingest_figures import Figure, write
from tests.trust.ingest_steps import Steps

MEBIBYTE = 1 << 20
TMPFS = 24 * MEBIBYTE
DAY = 86_400.0
TEN_MINUTES = 600.0


@dataclass
class Said:
    """What a command printed, and how it ended."""

    code: int
    text: str


def command(ground: kills.Ground, *arguments: str) -> Said:
    """``python -m app <arguments>`` on a ground's lake, in this process."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        code = cli.main([*arguments, "--lake", str(ground.root)])
    return Said(code, out.getvalue())


def ingest(ground: kills.Ground) -> Said:
    said = Said(0, "")
    for year, month in kills.MONTHS:
        name = f"{year}-{month:02d}"
        arguments = [
            "ingest",
            "--source",
            ground.address,
            "--from",
            name,
            "--to",
            name,
            "--tables",
            *kills.TABLES,
        ]
        said = command(ground, *arguments, "--spacing", "0")
        if said.code != cli.OK:
            break
    return said


def rebuild(ground: kills.Ground) -> Said:
    return command(ground, "rebuild")


def rollback(ground: kills.Ground) -> Said:
    return command(ground, "rollback", next((ground.root / "versions").glob("000001-*")).stem)


def cases() -> list[kills.Case]:
    """Commands, as a person types them."""
    kept = {case.name: case for case in kills.cases()}
    return [
        kills.Case("ingest", None, ingest, 60),  # type: ignore[arg-type]
        kills.Case("rebuild", kept["rebuild"].prepare, rebuild, 25),  # type: ignore[arg-type]
        kills.Case("rollback", kept["rollback"].prepare, rollback, 15),  # type: ignore[arg-type]
    ]


@dataclass
class Tally:
    """Runs by kind, and every broken promise in words."""

    runs: Counter[str] = field(default_factory=Counter)
    codes: Counter[int] = field(default_factory=Counter)
    places: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)


def check(case: kills.Case, ground: kills.Ground, ended: lakes.Ended, what: str, tally: Tally) -> None:
    """The promises, right after the fault."""
    said = ended.value
    if ended.error or ended.killed:
        tally.problems.append(f"{what}: {ended.error[:1500] or 'killed'}")
    else:
        tally.codes[said.code] += 1
        if "Traceback" in said.text or said.code not in (cli.OK, cli.FAILED, cli.INCOMPLETE, cli.BUSY):
            tally.problems.append(f"{what}: exit code {said.code}, {said.text[-300:]}")
        if said.code == cli.FAILED and not re.search(
            r"no room left|[Rr]ead-only|could not be written", said.text
        ):
            tally.problems.append(f"{what}: the message does not help: {said.text[-300:]}")
    state = lakes.in_fork(lambda: lakes.state(ground.root))
    if state.error or state.value not in case.states:
        tally.problems.append(f"{what}: {state.error[:600] or 'a state that nobody published'}; {said}")
    if (ground.root / "staging").exists():
        tally.problems.append(f"{what}: staging is left")


def complete(case: kills.Case, ground: kills.Ground, what: str, tally: Tally) -> None:
    """The same command with room ends where undisturbed work ends."""
    again = lakes.in_fork(lambda: case.act(ground))
    final = lakes.in_fork(lambda: lakes.state(ground.root))
    if again.error or final.error or final.value != case.end:
        tally.problems.append(f"{what}: then {again.error or final.error or again.value}")
    swept = lakes.in_fork(lambda: lakes.leftovers(ground.root, ground.folder / "downloads"))
    if swept.error or swept.value:
        tally.problems.append(f"{what}: left {swept.error or swept.value}")


def no_room() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/the/disk")


def fail_at_steps(case: kills.Case, folder: Path, address: str, often: int, seed: int, tally: Tally) -> None:
    """ENOSPC from the system at single steps: needs no root and no disk."""
    rng = random.Random(seed)
    numbers = rng.sample(range(1, case.steps + 1), min(often, case.steps))
    for number in sorted(numbers):
        ground = kills._copied(case, folder / "full", address)
        what = f"{case.name}: no room at step {number} of {case.steps}"

        def failing(number: int = number, ground: kills.Ground = ground) -> Said:
            Steps(number, no_room).install()
            return case.act(ground)  # type: ignore[return-value]

        ended = lakes.in_fork(failing)
        tally.runs[f"{case.name}, no room at a step"] += 1
        check(case, ground, ended, what, tally)
        complete(case, ground, what, tally)


@contextmanager
def mounted(folder: Path, size: int = TMPFS) -> Iterator[Path]:
    """A small disk of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def can_mount() -> bool:
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return False
    with tempfile.TemporaryDirectory() as folder:
        try:
            with mounted(Path(folder) / "disk"):
                return True
        except subprocess.CalledProcessError:
            return False


def full_disks(case: kills.Case, folder: Path, address: str, often: int, tally: Tally) -> None:
    """A real small disk with ever less room on it, from none to what the work needs."""
    need = used(folder / "clean") - (used(case.base) if case.base else 0)
    for number in range(often):
        with mounted(folder / "disk") as disk:
            ground = kills._copied(case, disk / "ground", address)
            # So that most are too small, and a single one is not empty.
            room = int(0.6 * need * (number / (often - 1) if often > 1 else 0.5))
            ballast = disk / "ballast"
            stats = os.statvfs(disk)
            with open(ballast, "wb") as handle:
                left = max(stats.f_bavail * stats.f_frsize - room, 0)
                while left > 0:
                    left -= handle.write(bytes(min(left, MEBIBYTE)))
            what = f"{case.name}: a disk with {room:,} bytes of room"
            ended = lakes.in_fork(lambda ground=ground: case.act(ground))
            tally.runs[f"{case.name}, full disk"] += 1
            if ended.value is not None and ended.value.code != cli.OK:
                tally.places.add(f"{case.name} {room}")
            check(case, ground, ended, what, tally)
            ballast.unlink()
            complete(case, ground, what, tally)


def used(folder: Path) -> int:
    """Bytes on a disk of pages."""
    return sum(-(-path.stat().st_size // 4096) * 4096 + 4096 for path in folder.rglob("*"))


def read_only(case: kills.Case, folder: Path, address: str, tally: Tally) -> None:
    """A disk that may not be written: said, and nothing changed."""
    with mounted(folder / "disk") as disk:
        ground = kills._copied(case, disk / "ground", address)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        what = f"{case.name}: a read-only disk"
        ended = lakes.in_fork(lambda: case.act(ground))
        tally.runs["read-only disk"] += 1
        check(case, ground, ended, what, tally)
        if ended.value is not None and ended.value.code != cli.FAILED:
            tally.problems.append(f"{what}: exit code {ended.value.code}")
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
        complete(case, ground, what, tally)


def at_once(case: kills.Case, folder: Path, address: str, processes: int, tally: Tally) -> None:
    """Several of the same command at the same moment: one writes, the others say so."""
    ground = kills._copied(case, folder / "crowd", address)
    children = []
    for number in range(processes):
        child = os.fork()
        if child == 0:
            code, text = 99, ""
            try:
                said = case.act(ground)
                code, text = said.code, said.text  # type: ignore[attr-defined]
            finally:
                (folder / f"said-{number}").write_text(text)
                os._exit(code)
        children.append(child)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    texts = [(folder / f"said-{number}").read_text() for number in range(processes)]
    tally.runs["at once"] += processes
    what = f"{processes} times {case.name} at once"
    for code, text in zip(codes, texts, strict=True):
        tally.codes[code] += 1
        if code not in (cli.OK, cli.BUSY) or (code == cli.BUSY and "Another ingest is writing" not in text):
            tally.problems.append(f"{what}: {code}: {text[-200:]}")
    if cli.OK not in codes:
        tally.problems.append(f"{what}: nobody wrote")
    complete(case, ground, what, tally)


@contextmanager
def clock(offset: Callable[[], float]) -> Iterator[None]:
    """This process's clock, set off by ``offset`` seconds at every look; files written carry the real time,
    so that they come from the future or the past. For forked children: what it patches is not put back."""
    real_datetime, real_time = lake_module.datetime, time.time

    class Shifted(real_datetime):  # type: ignore[misc, valid-type]
        @classmethod
        def now(cls, tz=None):  # type: ignore[no-untyped-def]
            return real_datetime.now(tz) + timedelta(seconds=offset())

    for module in (lake_module, ledger_module, pipeline):
        module.datetime = Shifted  # type: ignore[attr-defined]
    time.time = lambda: real_time() + offset()
    yield


def jumps(case: kills.Case, folder: Path, address: str, tally: Tally) -> None:
    """The clock jumps before and within the work, by ten minutes, a day and ten years, to and fro."""
    for seconds in (TEN_MINUTES, -TEN_MINUTES, DAY, -DAY, 3_653 * DAY, -3_653 * DAY):
        for within in (False, True):
            moment = "within" if within else "before"
            what = f"{case.name}: the clock jumps by {timedelta(seconds=seconds)} {moment}"
            ground = kills._copied(case, folder / "clock", address)
            started = time.monotonic()

            def offset(seconds: float = seconds, within: bool = within, started: float = started) -> float:
                return seconds if not within or time.monotonic() - started > case.seconds / 2 else 0.0

            def shifted(ground: kills.Ground = ground, offset: Callable[[], float] = offset) -> Said:
                with clock(offset):
                    return case.act(ground)  # type: ignore[return-value]

            ended = lakes.in_fork(shifted)
            tally.runs["clock"] += 1
            check(case, ground, ended, what, tally)
            state = lakes.in_fork(lambda ground=ground: lakes.state(ground.root))
            if state.value != case.end:
                tally.problems.append(f"{what}: another content; {ended.value}")
            complete(case, ground, what, tally)
            numbers = [int(path.stem[:6]) for path in sorted((ground.root / "versions").glob("*.json"))]
            current = int((ground.root / "CURRENT").read_text()[:6])
            if numbers and max(numbers) != current:
                tally.problems.append(f"{what}: version {current} is published, {numbers} are kept")


def run(
    steps: int, disks: int, seed: int, *, only: str = "", clocks: bool = True
) -> tuple[Tally, Tally, Tally]:
    """(full and read-only disks, commands at once, clocks)."""
    disk, crowd, time_tally = Tally(), Tally(), Tally()
    server, address = kills.serve(lakes.REAL / "nemweb")
    roomy = can_mount()
    chosen = [case for case in cases() if case.name.startswith(only)]
    whole = sum(case.share for case in chosen)
    try:
        with tempfile.TemporaryDirectory(prefix="nemdesk-disk-") as name:
            for number, case in enumerate(chosen):
                folder = Path(name) / str(number)
                kills.prepare(case, folder, address)
                fail_at_steps(case, folder, address, max(1, steps * case.share // whole), seed, disk)
                if roomy and disks:
                    full_disks(case, folder, address, max(1, disks * case.share // whole), disk)
                    read_only(case, folder, address, disk)
                at_once(case, folder, address, 3, crowd)
                if clocks:
                    jumps(case, folder, address, time_tally)
                shutil.rmtree(folder)
    finally:
        os.kill(server, 9)
        os.waitpid(server, 0)
    return disk, crowd, time_tally


def figures(disk: Tally, crowd: Tally, jumped: Tally) -> list[Figure]:
    rows = [
        (
            "a disk that fills, or may not be written",
            disk,
            f"; stopped at {len(disk.places)} places of real disks",
        ),
        ("the same command several times at once", crowd, ""),
        ("a clock that jumps ten minutes, a day or ten years, forward and back", jumped, ""),
    ]
    return [
        Figure(
            what,
            ", ".join(f"{count} {kind}" for kind, count in tally.runs.items()),
            f"{len(tally.problems)} broken promises, exit codes {dict(tally.codes)}{more} "
            f"{tally.problems[:3] or ''}".strip(),
            "0: old data served, a clear message, nothing partial, completes with room",
            not tally.problems,
        )
        for what, tally, more in rows
        if tally.runs
    ]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--steps", type=int, default=60, help="steps at which the system says that there is no room"
    )
    parser.add_argument(
        "--disks", type=int, default=50, help="real small disks, each with more room than the last"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--no-clocks", action="store_true")
    parser.add_argument("--months", type=int, default=len(kills.MONTHS), help="months that are ingested")
    parser.add_argument("--folder", type=Path, default=None)
    chosen = parser.parse_args(arguments)
    del kills.MONTHS[chosen.months :]
    tallies = run(chosen.steps, chosen.disks, chosen.seed, only=chosen.only, clocks=not chosen.no_clocks)
    for problem in [problem for tally in tallies for problem in tally.problems][:12]:
        print(problem[:1800])
    result = figures(*tallies)
    return write("ingest_disk", result, chosen.folder) if chosen.folder else write("ingest_disk", result)


if __name__ == "__main__":
    raise SystemExit(main())
