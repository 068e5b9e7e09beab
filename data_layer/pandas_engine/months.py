"""Long tables in memory: one compact frame a month, made whole for the period that is asked.

A reading takes 36 bytes here, and 120 as plain columns with everything that follows from it. Names are
categories, so that a comparison or a grouping costs a number's and not a text's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data_layer import soundness
from data_layer.errors import LakeDamaged
from data_layer.pandas_engine import memory
from data_layer.period import Period
from data_layer.snapshot import Snapshot

NAMES = ["duid", "regionid", "fuel"]
"""Columns kept as categories."""


class Months:
    """The rows of a table with ``settlementdate``, NAMES and ``numbers``. ``made_whole`` adds the columns
    that follow from a row's own; it is given a new frame and may change it."""

    def __init__(
        self,
        frames: Iterable[pd.DataFrame],
        numbers: Sequence[str],
        made_whole: Callable[[pd.DataFrame], pd.DataFrame],
    ) -> None:
        self._empty = _without_rows(numbers)
        self._frames = _with_one_set_of_names([frame for frame in frames if len(frame)])
        self._spans = [(one.settlementdate.min(), one.settlementdate.max()) for one in self._frames]
        self._made_whole = made_whole

    def __len__(self) -> int:
        return sum(len(frame) for frame in self._frames)

    def within(
        self,
        period: Period,
        *,
        regions: Iterable[str] = (),
        fuels: Iterable[str] = (),
        duids: Iterable[str] | None = None,
    ) -> pd.DataFrame:
        """Rows whose interval-ending stamp lies in (start, end], of some regions, fuels or units only."""
        wanted = {"regionid": tuple(regions), "fuel": tuple(fuels)}
        limits = {name: values for name, values in wanted.items() if values}
        if duids is not None:
            limits["duid"] = tuple(duids)
        start, end = pd.Timestamp(period.start), pd.Timestamp(period.end)
        chosen = []
        for frame, (first, last) in zip(self._frames, self._spans, strict=True):
            if first > start and last <= end:
                chosen.append(frame)
            elif last > start and first <= end:
                chosen.append(frame[(frame.settlementdate > start) & (frame.settlementdate <= end)])
        for name, values in limits.items():
            chosen = [frame[frame[name].isin(values)] for frame in chosen]
        memory.check_question(sum(len(frame) for frame in chosen))
        return self._made_whole(pd.concat(chosen or [self._empty], ignore_index=True))

    def duids(self, fuel: str = "") -> set[str]:
        """Units with a reading (of a fuel)."""
        found: set[str] = set()
        for frame in self._frames:
            rows = frame[frame.fuel == fuel] if fuel else frame
            found.update(rows.duid.cat.categories[np.unique(rows.duid.cat.codes)])
        return found


def _without_rows(numbers: Sequence[str]) -> pd.DataFrame:
    columns = {"settlementdate": pd.Series(dtype="datetime64[us]")}
    columns |= {name: pd.Series(pd.Categorical([], ordered=True)) for name in NAMES}
    return pd.DataFrame(columns | {name: pd.Series(dtype="float64") for name in numbers})


def _with_one_set_of_names(frames: list[pd.DataFrame]) -> list[pd.DataFrame]:
    """Months put together stay categories only where all have the same ones."""
    for name in NAMES:
        every = sorted({value for frame in frames for value in frame[name].cat.categories})
        for frame in frames:
            # In order, so that the least of several names can be asked for, as of texts.
            frame[name] = frame[name].cat.set_categories(every, ordered=True)
    return frames


def spread(names: pd.Series, values: pd.Series) -> pd.Series:
    """Each row's value of its name, from ``values`` by name, as ``names.map(values)`` but quick: texts come
    as an ordered category, so that grouping by them costs a number's."""
    of_names = values.reindex(names.cat.categories)
    codes = names.cat.codes.to_numpy()
    if pd.api.types.is_numeric_dtype(of_names):
        numbers = np.append(of_names.to_numpy("float64", na_value=np.nan), np.nan)
        return pd.Series(numbers[codes], index=names.index)
    every = pd.Categorical(of_names, categories=sorted(of_names.dropna().unique()), ordered=True)
    taken = np.append(every.codes, -1)[codes]
    return pd.Series(pd.Categorical.from_codes(taken, dtype=every.dtype), index=names.index)


def by_name(names: pd.Series, facts: pd.Series, otherwise: str | None = None) -> pd.Series:
    """``spread`` of texts, with another text (or the name itself) where there is none."""
    categories = names.cat.categories
    values = facts.reindex(categories).astype(object)
    rest = pd.Series(categories, index=categories, dtype=object) if otherwise is None else otherwise
    return spread(names, values.where(values.notna(), rest))


def read_months(snapshot: Snapshot, table: str, columns: Sequence[str]) -> Iterator[pd.DataFrame]:
    """A table's partitions one after the other, ``duid`` as a category. LakeDamaged names a bad file."""
    for partition, entry in snapshot.partitions(table).items():
        with soundness.watched([str(snapshot.root / entry.path)]):
            try:
                rows = pq.read_table(
                    snapshot.root / entry.path,
                    columns=list(columns),
                    read_dictionary=["duid"],
                    partitioning=None,
                )
            except (OSError, pa.ArrowException) as error:
                raise LakeDamaged.at(table, partition) from error
        yield rows.unify_dictionaries().to_pandas()


class Registry:
    """Region, fuel, capacity and kind of each unit over time, joined to rows by span."""

    def __init__(self, units: pd.DataFrame) -> None:
        spans = units[["duid", "valid_from", "valid_to", "capacity_mw"]].copy()
        spans["regionid"] = _category(units.regionid, "Unmapped")
        spans["fuel"] = _category(units.fuel, "Unmapped")
        spans["is_load"] = (units.dispatch_type == "LOAD").astype("float32")
        self._spans = spans

    def joined(self, rows: pd.DataFrame) -> pd.DataFrame:
        """``rows`` with the facts of the span that each lies in; a unit that is not in the registry is
        Unmapped, and so is a reading outside every span of a known one."""
        spans = self._spans.assign(code=rows.duid.cat.categories.get_indexer(self._spans.duid))
        spans = spans[spans.code >= 0].drop(columns="duid")
        coded = rows.assign(code=rows.duid.cat.codes.astype("int64"))
        joined = coded.merge(spans, on="code", how="left").drop(columns="code")
        stamps = joined.settlementdate
        inside = (stamps > joined.valid_from) & (stamps <= joined.valid_to)
        matched = joined[inside | joined.valid_from.isna()]
        if len(matched) < len(rows):  # rarely: spans of a register follow each other without a gap
            facts = [name for name in self._spans.columns if name not in ("duid", "valid_from", "valid_to")]
            outside = joined.drop(index=matched.index).drop_duplicates(["settlementdate", "duid"])
            keys = pd.MultiIndex.from_frame(matched[["settlementdate", "duid"]])
            outside = outside[~pd.MultiIndex.from_frame(outside[["settlementdate", "duid"]]).isin(keys)]
            blank = outside.drop(columns=facts).reindex(columns=matched.columns)
            matched = pd.concat([matched, blank.astype(matched.dtypes.to_dict())], ignore_index=True)
        joined = matched.drop(columns=["valid_from", "valid_to"])
        return joined.assign(regionid=joined.regionid.fillna("Unmapped"), fuel=joined.fuel.fillna("Unmapped"))


def _category(values: pd.Series, more: str) -> pd.Series:
    every = sorted({*values.dropna(), more})
    return pd.Series(pd.Categorical(values, categories=every), index=values.index)


class Prices:
    """The settlement price of a region and interval, looked up for many rows at once."""

    def __init__(self, regions: pd.DataFrame) -> None:
        priced = regions[["settlementdate", "regionid", "price"]].dropna(subset="price")
        self._codes = {name: code for code, name in enumerate(sorted(priced.regionid.unique()))}
        keys = self._keys(priced.settlementdate, priced.regionid.map(self._codes).to_numpy("int64"))
        order = np.argsort(keys)
        self._sorted, self._prices = keys[order], priced.price.to_numpy("float64")[order]

    def of(self, stamps: pd.Series, regionids: pd.Series) -> np.ndarray:
        """One price per row; NaN where there is none. ``regionids`` is a category."""
        codes = np.array([self._codes.get(name, -1) for name in regionids.cat.categories], "int64")
        of_row = codes[regionids.cat.codes] if len(codes) else np.zeros(len(stamps), "int64")
        keys = self._keys(stamps, of_row)
        if not len(self._sorted):
            return np.full(len(keys), np.nan)
        place = np.searchsorted(self._sorted, keys).clip(max=len(self._sorted) - 1)
        found = (self._sorted[place] == keys) & (of_row >= 0)
        prices: np.ndarray = np.where(found, self._prices[place], np.nan)
        return prices

    @staticmethod
    def _keys(stamps: pd.Series, codes: np.ndarray) -> np.ndarray:
        micros = stamps.to_numpy("datetime64[us]").astype("int64")
        keys: np.ndarray = micros + np.maximum(codes, 0)  # a stamp is whole minutes: the code fits below
        return keys
