"""Posts callbacks as Dash's renderer does, with whatever values a test wants."""

from __future__ import annotations

import json
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

URL = "/_dash-update-component"


def dependencies(client: FlaskClient) -> list[dict[str, Any]]:
    """Every server callback, as the browser is told."""
    listed = client.get("/_dash-dependencies").get_json()
    return [entry for entry in listed if not entry.get("clientside_function")]


def outputs(text: str) -> Any:
    """What the renderer sends as 'outputs' for a callback id."""
    many = text.startswith("..")
    parts = text.strip(".").split("...") if many else [text]
    made = []
    for part in parts:
        identity, _, name = part.rpartition(".")
        made.append({"id": identity, "property": name})
    return made if many else made[0]


def payload(entry: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """A well-formed callback whose values are those of ``values`` ('id.property' -> anything)."""

    def given(parts: list[dict[str, str]]) -> list[dict[str, Any]]:
        made = []
        for part in parts:
            item = {"id": part["id"], "property": part["property"]}
            key = f"{part['id']}.{part['property']}"
            if key in values:
                item["value"] = values[key]
            made.append(item)
        return made

    return {
        "output": entry["output"],
        "outputs": outputs(entry["output"]),
        "inputs": given(entry["inputs"]),
        "state": given(entry["state"]),
        "changedPropIds": [f"{part['id']}.{part['property']}" for part in entry["inputs"][:1]],
    }


def post(client: FlaskClient, body: Any) -> TestResponse:
    return client.post(URL, json=body)


def fill(
    client: FlaskClient, panel_id: str, pathname: Any, search: Any = "", theme: Any = "light"
) -> TestResponse:
    """Ask for one panel's content."""
    entry = next(e for e in dependencies(client) if f"{panel_id}-top.children" in e["output"])
    values = {"url.search": search, "url.pathname": pathname, "version.data": "x", "theme.data": theme}
    return post(client, payload(entry, values))


def filled(
    client: FlaskClient, panel_id: str, pathname: str, search: str = "", theme: str = "light"
) -> dict[str, Any]:
    """What a panel is filled with: component -> property -> value."""
    answer = fill(client, panel_id, pathname, search, theme)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.get_json()["response"]
    return found


def table(found: dict[str, Any], panel_id: str) -> dict[str, Any]:
    """The data of a panel's table, as assets/tables.js draws it."""
    body = found[f"{panel_id}-bottom"]["children"][0]
    data: dict[str, Any] = json.loads(body["props"]["data-table"])
    return data
