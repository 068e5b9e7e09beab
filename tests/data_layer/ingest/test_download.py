"""Downloads from a server that misbehaves in every way AEMO's has, and some it has not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from data_layer.ingest.download import Downloader, FetchFailed, Manners
from tests.data_layer.ingest import server as web
from tests.data_layer.ingest.mms_text import SCADA_HEADER, scada, zipped
from tests.data_layer.ingest.mms_text import mms as text
from tests.data_layer.ingest.server import FaultyServer, serving

PATH = "/DATA/A.zip"
BODY = zipped({"A.CSV": text(SCADA_HEADER, *(scada("2025/01/01 00:05:00", f"U{n}", n) for n in range(999)))})
QUICK = Manners(spacing=0, read_timeout=0.3, pause=0.01, total=10)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FaultyServer]:
    (tmp_path / "tree" / "DATA").mkdir(parents=True)
    (tmp_path / "tree" / "DATA" / "A.zip").write_bytes(BODY)
    with serving(tmp_path / "tree") as running:
        yield running


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def downloader(server: FaultyServer, pauses: list[float]) -> Iterator[Downloader]:
    found = Downloader(server.url, QUICK, sleep=pauses.append)
    yield found
    found.close()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "A.zip"


def leftovers(target: Path) -> list[str]:
    return sorted(path.name for path in target.parent.iterdir() if path.is_file())


@pytest.mark.parametrize(
    "faults",
    [
        [],
        [web.status(403)],
        [web.status(500), web.status(500)],
        [web.status(503), web.status(429), web.status(502)],
        [web.cut_off],
        [web.cut_off, web.status(416)],
        [web.page],
        [web.stall],
        [web.hang_up, web.hang_up],
    ],
    ids=[
        "none",
        "403",
        "500 twice",
        "503 429 502",
        "cut off",
        "cannot resume",
        "web page",
        "stall",
        "hang-ups",
    ],
)
def test_what_may_pass_is_tried_again(
    faults: list[web.Fault], server: FaultyServer, downloader: Downloader, target: Path
) -> None:
    server.faults[PATH] += faults
    assert downloader.file(PATH, target)
    assert target.read_bytes() == BODY
    assert leftovers(target) == ["A.zip"]
    assert server.asked(PATH) == len(faults) + 1


def test_a_body_that_was_cut_off_is_resumed(
    server: FaultyServer, downloader: Downloader, target: Path
) -> None:
    server.faults[PATH] += [web.cut_off]
    assert downloader.file(PATH, target)
    ranges = [headers.get("Range") for _, path, headers in server.requests if path == PATH]
    assert ranges == [None, f"bytes={len(BODY) // 2}-"]


def test_a_part_left_by_a_killed_run_is_resumed(
    server: FaultyServer, downloader: Downloader, target: Path
) -> None:
    target.with_name("A.zip.part").write_bytes(BODY[:100])
    target.with_name("A.zip.part.tag").write_text("Mon, 06 Jan 2025 00:00:00 GMT")
    assert downloader.file(PATH, target)
    assert target.read_bytes() == BODY
    assert server.requests[0][2]["Range"] == "bytes=100-"


def test_a_file_that_is_not_published_is_no_error(
    downloader: Downloader, server: FaultyServer, target: Path
) -> None:
    assert not downloader.file("/DATA/B.zip", target)
    assert downloader.text("/NOWHERE/") is None
    assert server.asked("/DATA/B.zip") == 1
    assert leftovers(target) == []


@pytest.mark.parametrize("fault", [web.status(403), web.status(500), web.page, web.hang_up])
def test_it_gives_up_after_five_tries(
    fault: web.Fault, server: FaultyServer, downloader: Downloader, target: Path
) -> None:
    server.faults[PATH] += [fault] * 9
    with pytest.raises(FetchFailed, match="gave up after 5 tries"):
        downloader.file(PATH, target)
    assert server.asked(PATH) == 5
    assert "A.zip" not in leftovers(target)


def test_pauses_are_jittered_bounded_and_as_long_as_the_server_asks(
    server: FaultyServer, pauses: list[float], target: Path
) -> None:
    manners = Manners(spacing=0, pause=2, total=1_000)
    downloader = Downloader(server.url, manners, sleep=pauses.append)
    server.faults[PATH] += [
        web.status(429, Retry_After="7"),
        web.status(503, Retry_After="9999"),
        web.status(500),
    ]
    assert downloader.file(PATH, target)
    downloader.close()
    assert pauses[:2] == [7, 60]
    assert 0 <= pauses[2] <= 8


def test_requests_keep_their_distance(server: FaultyServer, pauses: list[float], target: Path) -> None:
    downloader = Downloader(server.url, Manners(spacing=1), sleep=pauses.append)
    for _ in range(3):
        downloader.file(PATH, target)
    downloader.close()
    assert len(pauses) == 2
    assert all(0.5 < pause <= 1 for pause in pauses)


def test_a_client_error_is_not_tried_again(
    server: FaultyServer, downloader: Downloader, target: Path
) -> None:
    server.faults[PATH] += [web.status(401)]
    with pytest.raises(FetchFailed, match="401"):
        downloader.file(PATH, target)
    assert server.asked(PATH) == 1


def test_another_host_is_not_followed(server: FaultyServer, downloader: Downloader, target: Path) -> None:
    server.faults[PATH] += [web.redirect("http://127.0.0.2:9/evil.zip")]
    with pytest.raises(FetchFailed, match="another host"):
        downloader.file(PATH, target)


def test_the_same_host_is_followed_but_not_for_ever(
    server: FaultyServer, downloader: Downloader, target: Path
) -> None:
    server.faults[PATH] += [web.redirect("/DATA/A.zip")]
    assert downloader.file(PATH, target)
    server.faults[PATH] += [web.redirect("/DATA/A.zip")] * 9
    with pytest.raises(FetchFailed, match="without end"):
        downloader.file(PATH, target)


def test_a_dripping_body_is_ended(server: FaultyServer, target: Path) -> None:
    server.faults[PATH] += [web.drip] * 5
    downloader = Downloader(server.url, Manners(spacing=0, read_timeout=5, pause=0.01, total=1))
    started = time.monotonic()
    with pytest.raises(FetchFailed):
        downloader.file(PATH, target)
    downloader.close()
    # Not a measurement: without the watchdog it would take three hours.
    assert time.monotonic() - started < 60


def test_a_body_larger_than_allowed_is_not_stored(server: FaultyServer, target: Path) -> None:
    downloader = Downloader(server.url, Manners(spacing=0, largest_body=1_000))
    with pytest.raises(FetchFailed, match="larger than is allowed"):
        downloader.file(PATH, target)
    downloader.close()
    assert all(path.stat().st_size <= 1_000 for path in target.parent.iterdir() if path.is_file())


def test_an_address_must_be_one() -> None:
    with pytest.raises(ValueError, match="address"):
        Downloader("ftp://example.org")
