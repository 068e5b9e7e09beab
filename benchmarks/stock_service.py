"""What dash ships: a page with one background callback over DiskcacheManager, for bench_jobs."""

from __future__ import annotations

import os

import dash
import diskcache
from dash import DiskcacheManager, Input, Output, dcc, html

app = dash.Dash(
    "stock",
    background_callback_manager=DiskcacheManager(diskcache.Cache(os.environ["STOCK_CACHE"])),
)
app.server.secret_key = "bench" * 8
app.layout = html.Div([dcc.Store(id="order"), html.Div(id="answer")])


@app.callback(
    Output("answer", "children"), Input("order", "data"), background=True, prevent_initial_call=True
)
def work(order: object) -> str:
    return str(order)


server = app.server
