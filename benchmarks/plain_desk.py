"""What one writes in an afternoon, for bench_throughput: Dash with one callback, one statement over the
5-minute readings, one chart of a day by the hour. No prices, no table, no limits, no checks, no theme.

It stands for the desk with which the threshold of a day was measured elsewhere (66 questions in a second).
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

import dash
import duckdb
import plotly.graph_objects as go
from dash import Input, Output, dcc, html

LAKE = Path(os.environ["PLAIN_LAKE"])
BY_HOUR = """
SELECT date_trunc('hour', s.settlementdate - INTERVAL 5 MINUTE) AS hour, u.fuel, sum(s.scadavalue) / 12 AS mwh
FROM read_parquet($readings) AS s
JOIN units AS u
    ON s.duid = u.duid AND s.settlementdate >= u.valid_from AND s.settlementdate < u.valid_to
WHERE s.settlementdate > $start AND s.settlementdate <= $end
GROUP BY ALL
ORDER BY ALL
"""

connections: dict[int, duckdb.DuckDBPyConnection] = {}
app = dash.Dash("plain")
app.layout = html.Div([dcc.Input(id="day"), dcc.Graph(id="chart")])
server = app.server


def _connection() -> duckdb.DuckDBPyConnection:
    """One database a worker, opened after the fork."""
    if os.getpid() not in connections:
        made = duckdb.connect(config={"threads": 2})
        made.execute("SET GLOBAL parquet_metadata_cache = true")
        units = [str(path) for path in LAKE.glob("units/**/*.parquet")]
        made.execute("CREATE TABLE units AS FROM read_parquet($units)", {"units": units})
        connections[os.getpid()] = made
    return connections[os.getpid()]


@app.callback(Output("chart", "figure"), Input("day", "value"))
def chart(day: str) -> go.Figure:
    start = datetime.fromisoformat(day)
    end = start + timedelta(days=1)
    months = {f"unit_scada/year={at.year}/month={at.month:02}/*.parquet" for at in (start, end)}
    with _connection().cursor() as cursor:
        frame = cursor.execute(
            BY_HOUR,
            {
                "readings": [str(path) for month in months for path in LAKE.glob(month)],
                "start": start,
                "end": end,
            },
        ).df()
    figure = go.Figure()
    for fuel, rows in frame.groupby("fuel"):
        figure.add_scatter(x=rows["hour"], y=rows["mwh"], name=str(fuel), mode="lines", stackgroup="all")
    figure.update_layout(title=f"Generation by fuel, {day}", yaxis_title="MWh")
    return figure
