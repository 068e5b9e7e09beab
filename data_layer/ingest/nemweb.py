"""Where AEMO's files are: NEMWEB's tree, over http(s) or in a local folder of the same shape.

Three places: the monthly archive (MMSDM, two eras of file names), Reports/Archive (13 months, a zip a
day or week holding the 5-minute zips) and Reports/Current (two to three days of 5-minute zips).
Directory listings are HTML of several web servers; only the href of each link is looked at.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import quote, unquote, urlsplit

from data_layer.ingest.download import LOCAL_MANNERS, Downloader, Manners

DEFAULT_BASE: Final = "https://www.nemweb.com.au"

DATA_TABLES: Final = (
    "DISPATCH_UNIT_SCADA",
    "DISPATCHPRICE",
    "DISPATCHREGIONSUM",
    "DISPATCHINTERCONNECTORRES",
    "TRADINGPRICE",
    "ROOFTOP_PV_ACTUAL",
    "DISPATCHLOAD",
)
"""Tables of the monthly archive that hold a month of data each."""

REGISTER_TABLES: Final = (
    "DUDETAILSUMMARY",
    "DUDETAIL",
    "STATION",
    "PARTICIPANT",
    "GENUNITS",
    "MARKET_PRICE_THRESHOLDS",
    "INTERCONNECTOR",
)
"""Tables whose whole history is published again every month."""

ARCHIVE_ERA: Final = (2024, 8)
"""First month with PUBLIC_ARCHIVE#... names."""

REPORT_FOLDERS: Final = (
    "Dispatch_SCADA",
    "DispatchIS_Reports",
    "TradingIS_Reports",
    "ROOFTOP_PV/ACTUAL",
    "Next_Day_Dispatch",
)
"""Folders of Reports/Archive and Reports/Current that hold the lake's tables."""

_HREF: Final = re.compile(r"""<a\s[^>]*?href\s*=\s*["']([^"'<>]+)["']""", re.IGNORECASE)
_REPORT: Final = re.compile(
    r"PUBLIC_[A-Z0-9_]*?_(\d{8,14})(?:_(\d{8,}))?(?:_[A-Z]+)?\.(?:zip|csv)", re.IGNORECASE
)
_MMSDM: Final = "Data_Archive/Wholesale_Electricity/MMSDM"
_MOST_FILES: Final = 20
"""FILE01, FILE02, ... are asked for up to this number where there is no listing."""


@dataclass(frozen=True)
class Remote:
    """A file of the tree: its path below the base, percent-encoded as the server spells it."""

    path: str

    @property
    def name(self) -> str:
        """The file's own name; a server that encodes '#' twice is decoded twice."""
        last = self.path.rsplit("/", 1)[-1]
        return unquote(unquote(last))

    @property
    def stamp(self) -> datetime | None:
        """The (first) date in a report's name, None where it has none."""
        match = _REPORT.fullmatch(self.name)
        if match is None:
            return None
        digits = match[1][:12]
        try:
            return datetime.strptime(digits, "%Y%m%d%H%M" if len(digits) == 12 else "%Y%m%d")
        except ValueError:
            return None

    @property
    def sequence(self) -> int:
        """AEMO's sequence number: a later file has a higher one."""
        match = _REPORT.fullmatch(self.name)
        return int(match[2] or match[1]) if match else -1


def parse_listing(text: str, folder: str) -> list[Remote]:
    """Links to zip and CSV files in a directory listing of ``folder``, highest sequence number first."""
    found = {}
    for href in _HREF.findall(text):
        path = urlsplit(html.unescape(href)).path
        name = path.rsplit("/", 1)[-1]
        if unquote(name).lower().endswith((".zip", ".csv")) and "/" not in unquote(unquote(name)):
            remote = Remote(f"{folder.rstrip('/')}/{name}")
            found[remote.name] = remote
    return sorted(found.values(), key=lambda remote: (remote.sequence, remote.name), reverse=True)


class Source(Protocol):
    """A tree of files like NEMWEB's."""

    label: str

    def listing(self, folder: str) -> list[Remote] | None:
        """Files of a folder, newest first; None where there is no listing."""

    def size(self, remote: Remote) -> int | None:
        """Bytes of a file without fetching it, None where unknown."""

    def fetch(self, remote: Remote) -> Path | None:
        """A local copy, or None where it is not published. FetchFailed where it cannot be had."""

    def discard(self, remote: Remote) -> None:
        """The local copy is not needed any more."""

    def close(self) -> None: ...


class HttpSource:
    """NEMWEB itself, or a server of the same tree. Copies are kept in ``downloads``."""

    def __init__(self, base: str, downloads: Path, manners: Manners | None = None) -> None:
        local = urlsplit(base).hostname in ("127.0.0.1", "localhost", "::1")
        self.label = base
        self.downloads = downloads
        self._downloader = Downloader(base, manners or (LOCAL_MANNERS if local else Manners()))
        self._prefix = urlsplit(base).path.rstrip("/")

    def listing(self, folder: str) -> list[Remote] | None:
        text = self._downloader.text(f"{folder.rstrip('/')}/")
        return None if text is None else parse_listing(text, folder)

    def size(self, remote: Remote) -> int | None:
        return self._downloader.size(remote.path)

    def fetch(self, remote: Remote) -> Path | None:
        target = self._target(remote)
        if target.exists() and target.stat().st_size == self._downloader.size(remote.path):
            return target
        target.parent.mkdir(parents=True, exist_ok=True)
        return target if self._downloader.file(remote.path, target) else None

    def discard(self, remote: Remote) -> None:
        self._target(remote).unlink(missing_ok=True)

    def close(self) -> None:
        self._downloader.close()

    def _target(self, remote: Remote) -> Path:
        name = re.sub(r"[^A-Za-z0-9_.#-]", "_", remote.name)[:200]
        return self.downloads / name


class FolderSource:
    """A local copy of the tree; nothing in it is ever changed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.label = str(root)

    def listing(self, folder: str) -> list[Remote] | None:
        directory = self.root / folder
        if not directory.is_dir():
            return None
        links = "".join(f'<a href="{quote(path.name)}">' for path in directory.iterdir())
        return parse_listing(links, folder)

    def size(self, remote: Remote) -> int | None:
        path = self._path(remote)
        return path.stat().st_size if path.is_file() else None

    def fetch(self, remote: Remote) -> Path | None:
        path = self._path(remote)
        return path if path.is_file() else None

    def discard(self, remote: Remote) -> None:
        pass

    def close(self) -> None:
        pass

    def _path(self, remote: Remote) -> Path:
        return self.root / unquote(remote.path)


def open_source(address: str | None, downloads: Path, manners: Manners | None = None) -> Source:
    """A Source for a URL, a file:// URL or a folder; None means NEMWEB. ValueError for neither."""
    address = address or DEFAULT_BASE
    scheme = urlsplit(address).scheme.lower()
    if scheme in ("http", "https"):
        return HttpSource(address, downloads, manners)
    root = Path(unquote(urlsplit(address).path) if scheme == "file" else address).expanduser()
    if not root.is_dir():
        raise ValueError(f"The source is neither an http(s) address nor a folder: {address}")
    return FolderSource(root)


def month_folder(year: int, month: int) -> str:
    """Folder of one month of the monthly archive."""
    return f"{_MMSDM}/{year}/MMSDM_{year}_{month:02d}/MMSDM_Historical_Data_SQLLoader/DATA"


class MonthlyArchive:
    """The files of one month, found from the folder's listing, or by asking for the known names."""

    def __init__(self, source: Source, year: int, month: int) -> None:
        self.source = source
        self.year, self.month = year, month
        self.folder = month_folder(year, month)
        self._listed = source.listing(self.folder)
        # No listing of the month, but one of its parent: the month is not published, nothing to ask for.
        if self._listed is None and source.listing(_MMSDM) is not None:
            self._listed = []

    def candidates(self, table: str) -> list[list[Remote]]:
        """Spellings of the first, second, ... file of a table; the first published spelling is meant."""
        if self._listed is not None:
            chosen = [remote for remote in self._listed if self._is(table, remote.name)]
            return [[remote] for remote in sorted(chosen, key=lambda remote: remote.name)]
        stamp = f"{self.year}{self.month:02d}010000"
        dvd = Remote(f"{self.folder}/PUBLIC_DVD_{table}_{stamp}.zip")
        spelled = []
        for number in range(1, _MOST_FILES + 1):
            name = f"PUBLIC_ARCHIVE#{table}#FILE{number:02d}#{stamp}.zip"
            # A few servers hold names in which '#' was written as '%23'.
            numbered = [Remote(f"{self.folder}/{quote(name)}"), Remote(f"{self.folder}/{quote(quote(name))}")]
            if number == 1:
                numbered = [*numbered, dvd] if (self.year, self.month) >= ARCHIVE_ERA else [dvd, *numbered]
            spelled.append(numbered)
        return spelled

    def _is(self, table: str, name: str) -> bool:
        stamp = f"{self.year}{self.month:02d}01"
        pattern = rf"PUBLIC_(DVD_{table}_|ARCHIVE#{table}#FILE\d+#){stamp}\d{{4}}\.zip"
        return re.fullmatch(pattern, name, re.IGNORECASE) is not None
