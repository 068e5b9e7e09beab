"""The short form of tests.trust.bombs: bodies that are quickly made, each read in a process of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_layer.ingest import archives, registration
from data_layer.ingest.archives import ArchiveRefused
from tests.data_layer.ingest.mms_text import zipped
from tests.trust import bombs


def test_small_lists_that_would_unpack_to_much_cost_nothing() -> None:
    lists = {
        "shared texts of 50 MB": bombs._strings(b"<si><t>a</t></si>", 3_000_000),
        "a sheet of 40 MB": bombs._sheet(b'<row r="1"><c r="A1"/></row>', 1_500_000),
        "entities in entities": bombs._strings(b"<si><t>&a9;</t></si>", 1, bombs._laughs()),
        "rows as wide as a sheet can be": bombs._sheet(b'<row><c r="XFD1"><v>1</v></c></row>', 2_000),
    }
    found = bombs.judged(lists, ".xlsx")
    assert [one for one in found if not one.met] == [] and len(found) == 4
    assert "zip bomb" in found[0].reason and "zip bomb" in found[1].reason
    assert "entities" in found[2].reason


def test_a_directory_of_very_many_members_is_not_read() -> None:
    (found,) = bombs.judged({"100,000 members": bombs._directory(100_000)}, ".zip")
    assert found.met and "lists its members" in found.reason


REFUSED = {
    "a part too large": (
        lambda: bombs.with_part(bombs.STYLES, b"<a>", bytes(range(32, 60)) * 40, 300, b"</a>"),
        "styles.xml",
    ),
    "too many members": (lambda: zipped({**bombs.workbook(), **{f"m/{n}": b"" for n in range(500)}}), "510"),
    "no zip": (lambda: b"PK but nothing else", "damaged"),
    "an entity of the machine": (
        lambda: bombs._strings(b"<si/>", 1, '<!DOCTYPE sst [<!ENTITY f SYSTEM "file:///etc/passwd">]>'),
        "entities",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_workbook_is_refused_before_it_is_unpacked(name: str, tmp_path: Path) -> None:
    make, reason = REFUSED[name]
    path = tmp_path / "list.xlsx"
    path.write_bytes(make())
    with pytest.raises(ArchiveRefused, match=reason):
        registration.read(path)


def test_a_sound_list_with_shared_texts_is_read(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    path.write_bytes(zipped(bombs.workbook()))
    archives.check_workbook(path)
    assert registration.read(path).rows["duid"].to_pylist() == ["X1"]
