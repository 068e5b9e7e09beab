"""The SQL text of whoever writes the lake: merging offered rows, COPY of a partition or a rollup, its checks.

What readers ask is put together in sql.py; both insert fixed names of tables/ only (tests/test_rules.py).
"""

from __future__ import annotations

from pathlib import Path

from data_layer.sql import type_name
from data_layer.tables import TableSpec


def merge_statement(spec: TableSpec, *, with_existing: bool) -> str:
    """One row per key out of the relation "offered" and, if there is one, the file $existing."""
    columns = ", ".join(spec.schema.names)
    source = f"SELECT {columns} FROM offered"
    if with_existing:
        source += f" UNION ALL SELECT {columns} FROM read_parquet($existing)"
    order = [spec.prefer] if spec.prefer else []
    if "published_at" in spec.schema.names:
        order.append("published_at DESC NULLS LAST")
    others = [name for name in spec.schema.names if name not in (*spec.key, "published_at")]
    order += [f"{name} DESC NULLS LAST" for name in others]
    key = ", ".join(spec.key)
    return (
        f"SELECT {columns} FROM ({source}) "
        f"QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY {', '.join(order)}) = 1 ORDER BY {key}"
    )


def write_statement(spec: TableSpec, path: Path, *, sort: bool) -> str:
    """COPY of the relation "rows_to_write" to one zstd Parquet file."""
    order = f" ORDER BY {', '.join(spec.sort)}" if sort else ""
    return _copy(f"SELECT {', '.join(spec.schema.names)} FROM rows_to_write{order}", path)


def rollup_statement(spec: TableSpec, statement: str, path: Path) -> str:
    """COPY of a rollup's rows to one zstd Parquet file, in the table's types and order."""
    casts = ", ".join(f"CAST({f.name} AS {type_name(f.type)}) AS {f.name}" for f in spec.schema)
    select = f"SELECT {casts} FROM ({statement}) ORDER BY {', '.join(spec.sort)}"
    return _copy(select, path, spec.row_group_rows)


def bounds_statement(spec: TableSpec) -> str:
    """Row count, first and last time of the file $path."""
    return f"SELECT count(*), min({spec.time}), max({spec.time}) FROM read_parquet($path)"


def duplicates_statement(spec: TableSpec) -> str:
    """How many rows of the file $path have a key that an earlier one has, and from when to when."""
    key = ", ".join(spec.key)
    groups = (
        f"SELECT min({spec.time}) AS moment, count(*) - 1 AS extra FROM read_parquet($path) "
        f"GROUP BY {key} HAVING count(*) > 1"
    )
    return f"SELECT coalesce(sum(extra), 0), min(moment), max(moment) FROM ({groups})"


def _copy(select: str, path: Path, row_group_rows: int | None = None) -> str:
    # COPY ... TO takes no parameter; the path is one of our own staging files.
    quoted = "'" + str(path).replace("'", "''") + "'"
    groups = f", ROW_GROUP_SIZE {row_group_rows}" if row_group_rows else ""
    return f"COPY ({select}) TO {quoted} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1{groups})"
