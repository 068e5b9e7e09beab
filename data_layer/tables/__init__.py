"""The lake's tables: columns, keys, partitioning, and which of two rows for one key is kept.

A separate room from lake.py (docs/decisions/0002) because readers, writers, the MMS reader and the
tests all need the schema, and none of them needs the others.
All stamps are naive AEST, interval-ending.
"""

from __future__ import annotations

import hashlib

from data_layer.tables.raw import RAW_TABLES as RAW_TABLES
from data_layer.tables.rollups import CURTAILMENT_MEASURES as CURTAILMENT_MEASURES
from data_layer.tables.rollups import INTERCONNECTOR_MEASURES as INTERCONNECTOR_MEASURES
from data_layer.tables.rollups import MEASURES as MEASURES
from data_layer.tables.rollups import REGION_30MIN as REGION_30MIN
from data_layer.tables.rollups import ROLLUPS as ROLLUPS
from data_layer.tables.rollups import UNIT_BY_DUID as UNIT_BY_DUID
from data_layer.tables.rollups import UNIT_MEASURES as UNIT_MEASURES
from data_layer.tables.spec import STAMP as STAMP
from data_layer.tables.spec import Partitioning as Partitioning
from data_layer.tables.spec import TableSpec as TableSpec
from data_layer.tables.static import INTERCONNECTORS as INTERCONNECTORS
from data_layer.tables.static import PRICE_THRESHOLDS as PRICE_THRESHOLDS
from data_layer.tables.static import STATIC_TABLES as STATIC_TABLES
from data_layer.tables.static import UNIT_LOSS_FACTORS as UNIT_LOSS_FACTORS
from data_layer.tables.static import UNITS as UNITS

TABLES = {spec.name: spec for spec in (*RAW_TABLES, *STATIC_TABLES, *ROLLUPS)}

_COLUMNS = ";".join(f"{spec.name}:{spec.key}:{spec.schema}" for spec in TABLES.values())
SCHEMA_VERSION = hashlib.sha256(_COLUMNS.encode()).hexdigest()[:12]
"""Changes with any table's columns, types or key; a lake written under another one needs its rollups
made again (`python -m app rebuild`)."""
