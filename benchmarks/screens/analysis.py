"""Screens of the price-analysis tab that are measured, and the bare SQL of their questions."""

from benchmarks.floor import Statements
from data_layer.requests.analysis import PriceAnalysis

SCREENS: dict[str, str] = {
    "tree, 30 days": "{30d}",
    "tree, 1 year": "{1y}",
    "tree, 5 years": "{5y}",
    "owner, station and technology, 5 years": "{5y}&group=owner,station,technology&sort=-rate",
    "treemap, 1 year": "{1y}&show=treemap",
    "bubbles, 1 year, two regions": "{1y}&show=bubble&regions=SA1,VIC1",
}


def _sums(request: PriceAnalysis) -> tuple[str, str]:
    whole = request.period.is_whole_days
    during = (
        "date >= CAST($start AS DATE) AND date < CAST($end AS DATE)"
        if whole
        else "settlementdate > $start AND settlementdate <= $end"
    )
    return f"unit_{'day' if whole else '30min'}", (
        "SELECT duid, regionid, fuel, sum(generation_mwh), sum(load_mwh), sum(generation_revenue_aud),"
        " sum(load_revenue_aud), sum(capacity_mwh), sum(unit_intervals), sum(reference_hours),"
        f" sum(reference_price_aud_hours_per_mwh) FROM read_parquet($files) WHERE {during}"
        " GROUP BY duid, regionid, fuel"
    )


STATEMENTS: Statements = {PriceAnalysis: _sums}
