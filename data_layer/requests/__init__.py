"""The questions: frozen, validated, hashable values, one module for each part of the page.

A request is the cache key and the permalink. Everything from a browser becomes one of these or a
``RequestError`` whose message says what is allowed. Construction checks what can be checked without
data; ``HybridQueryManager.answer`` checks the period against the lake.
"""

from __future__ import annotations

from typing import Final

from data_layer.period import AUTO_BUCKETS as AUTO_BUCKETS
from data_layer.period import MAX_BUCKETS as MAX_BUCKETS
from data_layer.period import PRESETS as PRESETS
from data_layer.period import Period as Period
from data_layer.period import allowed_resolutions as allowed_resolutions
from data_layer.period import auto_resolution as auto_resolution
from data_layer.period import parse_stamp as parse_stamp
from data_layer.period import preset_period as preset_period
from data_layer.period import resolve_resolution as resolve_resolution
from data_layer.requests import (
    analysis,
    batteries,
    core,
    curtailment,
    prices,
    quality,
    regions,
    stations,
    trends,
)
from data_layer.requests.base import Request as Request
from data_layer.requests.base import check_region as check_region
from data_layer.requests.core import EVENT_ORDERS as EVENT_ORDERS
from data_layer.requests.core import GROUP_COLUMNS as GROUP_COLUMNS
from data_layer.requests.core import INTEGRATED_COLUMNS as INTEGRATED_COLUMNS
from data_layer.requests.core import AggregateByGroup as AggregateByGroup
from data_layer.requests.core import FuelSummary as FuelSummary
from data_layer.requests.core import GenerationMix as GenerationMix
from data_layer.requests.core import IntegratedData as IntegratedData
from data_layer.requests.core import LatestInterval as LatestInterval
from data_layer.requests.core import PriceEnvelope as PriceEnvelope
from data_layer.requests.core import PriceEvents as PriceEvents
from data_layer.requests.core import RegionSeries as RegionSeries
from data_layer.requests.core import RegionSummary as RegionSummary
from data_layer.requests.core import TimeOfDay as TimeOfDay
from data_layer.requests.prices import PriceBands as PriceBands
from data_layer.requests.prices import PriceDuration as PriceDuration
from data_layer.requests.prices import PriceProfile as PriceProfile
from data_layer.requests.prices import PriceStatistics as PriceStatistics
from data_layer.requests.prices import TopIntervals as TopIntervals

REQUESTS: Final[dict[str, type[Request]]] = {
    cls.name: cls
    for module in (core, prices, analysis, stations, regions, trends, batteries, curtailment, quality)
    for cls in module.REQUESTS
}
"""Every question by its name, as /data/<name>.csv asks it."""
