"""How many units the registry does not know: what nobody should have to look for."""

from __future__ import annotations

from functools import lru_cache

import pyarrow.compute as pc
import pyarrow.parquet as pq

from data_layer import soundness
from data_layer.market import Fuel
from data_layer.snapshot import Snapshot


def count(snapshot: Snapshot) -> int:
    """Units with readings in the newest month of data whose fuel or region is shown as Unmapped.

    LakeDamaged where the file that says so is not sound.
    """
    entries = snapshot.files.get("unit_month", {})
    return _in_file(str(snapshot.root / entries[max(entries)].path)) if entries else 0


@lru_cache(maxsize=4)
def _in_file(path: str) -> int:
    """Files of a lake never change: each is read once."""
    soundness.ensure([path])
    # In this thread: Arrow would keep others for it from then on.
    with pq.ParquetFile(path, pre_buffer=False) as file:
        rows = file.read(columns=["date", "duid", "fuel", "regionid"], use_threads=False)
    newest = rows.filter(pc.equal(rows.column("date"), pc.max(rows.column("date"))))
    fuel, region = (
        pc.equal(newest.column(name).cast("string"), Fuel.UNMAPPED.value) for name in ("fuel", "regionid")
    )
    return len(pc.unique(newest.filter(pc.or_(fuel, region)).column("duid")))
