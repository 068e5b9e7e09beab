"""Text that no spreadsheet runs as a formula."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

FORMULA_START: Final = (
    "^([\\t\\r\\n]|"
    "[\\x00-\\x20\\x7f\\x{a0}\\x{ad}\\x{200b}-\\x{200f}\\x{2028}-\\x{202f}\\x{2060}-\\x{2069}\\x{3000}\\x{feff}]*"
    "[=+\\-@|%\\x{ff1d}\\x{ff0b}\\x{ff0d}\\x{ff20}\\x{2212}])"
)
"""Text that a spreadsheet would run as a formula gets an apostrophe before it; numbers are not text. Blanks
and marks without width before a sign, and the signs of full width, count: some programs drop or fold them."""


def harmless(table: pa.Table) -> pa.Table:
    """Text columns without anything that a spreadsheet would run."""
    for place, column in enumerate(table.columns):
        kind: Any = column.type
        if pa.types.is_dictionary(kind):
            column, kind = column.cast(kind.value_type), kind.value_type
        if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
            continue
        risky = pc.match_substring_regex(column, FORMULA_START)
        quoted = pc.binary_join_element_wise(pa.scalar("'", kind), column, pa.scalar("", kind))
        table = table.set_column(place, table.field(place).name, pc.if_else(risky, quoted, column))
    return table
