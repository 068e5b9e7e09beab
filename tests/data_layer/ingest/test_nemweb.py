"""NEMWEB's tree: listings as its servers write them, names of both eras."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from data_layer.ingest.nemweb import (
    FolderSource,
    HttpSource,
    MonthlyArchive,
    Remote,
    month_folder,
    open_source,
    parse_listing,
)
from tests.data_layer.ingest.server import serving


@pytest.mark.real
@pytest.mark.parametrize(
    ("file", "folder", "count"),
    [
        ("nemweb_dirlisting.html", "Reports/Current/DispatchIS_Reports", 577),
        ("nemweb_dispatch_scada_dirlisting.html", "Reports/Current/Dispatch_SCADA", 578),
        ("TradingIs.html", "Reports/Current/TradingIS_Reports", 3),
    ],
)
def test_real_listings(real: Path, file: str, folder: str, count: int) -> None:
    text = (real / "samples" / file).read_text(encoding="utf-8")
    found = parse_listing(text, folder)
    assert len(found) == text.upper().count(".ZIP</A>") == count
    assert [remote.sequence for remote in found] == sorted(
        (remote.sequence for remote in found), reverse=True
    )
    assert all(remote.path.startswith(folder + "/PUBLIC_") and remote.stamp for remote in found)


@pytest.mark.real
def test_the_newest_of_a_real_listing(real: Path) -> None:
    text = (real / "samples" / "TradingIs.html").read_text(encoding="utf-8")
    newest = parse_listing(text, "Reports/Current/TradingIS_Reports/")[0]
    assert newest.name == "PUBLIC_TRADINGIS_202403120545_0000000413460679.zip"
    assert newest.stamp == datetime(2024, 3, 12, 5, 45)
    assert newest.sequence == 413460679


def test_a_listing_cannot_lead_elsewhere() -> None:
    hrefs = [
        "http://evil.example/X.zip",
        "../../etc/passwd.zip",
        "javascript:alert(1)",
        "%2e%2e%2fA.zip",
        "/B.txt",
    ]
    found = parse_listing("".join(f'<a href="{href}">x</a>' for href in hrefs), "Reports")
    assert {remote.path for remote in found} == {"Reports/X.zip", "Reports/passwd.zip"}


@pytest.mark.parametrize(
    ("name", "stamp"),
    [
        ("PUBLIC_DISPATCHSCADA_202512270005_0000000495867506.zip", datetime(2025, 12, 27, 0, 5)),
        ("PUBLIC_DISPATCHSCADA_20250101.zip", datetime(2025, 1, 1)),
        ("PUBLIC_TRADINGIS_20250105_20250111.zip", datetime(2025, 1, 5)),
        (
            "PUBLIC_ROOFTOP_PV_ACTUAL_MEASUREMENT_20240303200000_0000000412707330.zip",
            datetime(2024, 3, 3, 20),
        ),
        ("PUBLIC_DISPATCH_202403151945_20240315194011_LEGACY.zip", datetime(2024, 3, 15, 19, 45)),
        ("PUBLIC_DISPATCHSCADA_20251399.zip", None),
        ("readme.zip", None),
    ],
)
def test_dates_in_names(name: str, stamp: datetime | None) -> None:
    assert Remote(f"Reports/{name}").stamp == stamp


def tree(root: Path, year: int, month: int, *names: str) -> Path:
    folder = root / month_folder(year, month)
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_bytes(b"x")
    return root


def found(archive: MonthlyArchive, table: str) -> list[str]:
    names = []
    for spellings in archive.candidates(table):
        here = [remote for remote in spellings if archive.source.fetch(remote)]
        if not here:
            break
        names.append(here[0].name)
    return names


ERAS = {
    "dvd": (2024, 7, ["PUBLIC_DVD_DISPATCHPRICE_202407010000.zip"]),
    "archive": (2024, 8, ["PUBLIC_ARCHIVE#DISPATCHPRICE#FILE01#202408010000.zip"]),
    "many files": (2025, 1, [f"PUBLIC_ARCHIVE#DISPATCHPRICE#FILE0{n}#202501010000.zip" for n in (1, 2, 3)]),
    "literal %23": (2025, 2, ["PUBLIC_ARCHIVE%23DISPATCHPRICE%23FILE01%23202502010000.zip"]),
    "new name early": (2024, 2, ["PUBLIC_ARCHIVE#DISPATCHPRICE#FILE01#202402010000.zip"]),
    "old name late": (2024, 9, ["PUBLIC_DVD_DISPATCHPRICE_202409010000.zip"]),
    "nothing": (2025, 3, ["PUBLIC_ARCHIVE#DISPATCHPRICE_EXTRA#FILE01#202503010000.zip", "readme.txt"]),
}


@pytest.mark.parametrize("listed", [True, False], ids=["from the listing", "by asking"])
@pytest.mark.parametrize(("year", "month", "names"), ERAS.values(), ids=ERAS.keys())
def test_names_of_both_eras(
    year: int, month: int, names: list[str], listed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = FolderSource(tree(tmp_path, year, month, *names))
    if not listed:
        monkeypatch.setattr(source, "listing", lambda folder: None)
    expected = [] if "readme.txt" in names else [name.replace("%23", "#") for name in names]
    assert found(MonthlyArchive(source, year, month), "DISPATCHPRICE") == expected


@pytest.mark.parametrize(
    "spelling",
    [
        "PUBLIC_ARCHIVE#DISPATCHPRICE#FILE01#202501010000.zip",
        "PUBLIC_ARCHIVE%23DISPATCHPRICE%23FILE01%23202501010000.zip",
    ],
)
@pytest.mark.parametrize("listed", [True, False])
def test_hashes_in_names_survive_http(spelling: str, listed: bool, tmp_path: Path) -> None:
    root = tree(tmp_path / "tree", 2025, 1)
    from tests.data_layer.ingest.mms_text import zipped

    (root / month_folder(2025, 1) / spelling).write_bytes(zipped({"A.CSV": b"x"}))
    with serving(root) as server:
        source = HttpSource(server.url, tmp_path / "downloads")
        if not listed:
            source.listing = lambda folder: None  # type: ignore[method-assign]
        assert found(MonthlyArchive(source, 2025, 1), "DISPATCHPRICE") == [spelling.replace("%23", "#")]
        source.close()


def test_a_month_that_is_not_published_is_not_asked_for_name_by_name(tmp_path: Path) -> None:
    with serving(tree(tmp_path / "tree", 2025, 1)) as server:
        source = HttpSource(server.url, tmp_path / "downloads")
        assert found(MonthlyArchive(source, 2030, 1), "DISPATCHPRICE") == []
        assert not [path for _, path, _ in server.requests if path.endswith(".zip")]
        source.close()
    assert found(MonthlyArchive(FolderSource(tmp_path / "empty"), 2030, 1), "DISPATCHPRICE") == []


def test_what_a_source_can_be(tmp_path: Path) -> None:
    assert isinstance(open_source(str(tmp_path), tmp_path), FolderSource)
    assert isinstance(open_source(tmp_path.as_uri(), tmp_path), FolderSource)
    assert open_source(None, tmp_path).label == "https://www.nemweb.com.au"
    with pytest.raises(ValueError, match="neither"):
        open_source(str(tmp_path / "absent"), tmp_path)
