"""House rules that no linter knows: where SQL text is put together, how long a file gets, what is cheap."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROOMS = ("app", "callbacks", "data_layer", "layouts")
BUILDERS = ("data_layer/sql.py", "data_layer/sql_writing.py")
"""One for what readers ask, one for what writers of the lake do."""

_SQL = re.compile(r"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|COPY|CREATE|ATTACH|SET GLOBAL|UNION ALL|WITH)\s")


def python_files(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def formatted_sql(source: str) -> list[tuple[int, str]]:
    """(line, enclosing function) of every SQL text made with an f-string, +, % or .format()."""
    found: list[tuple[int, str]] = []

    def literal(node: ast.AST) -> str:
        return " ".join(
            part.value
            for part in ast.walk(node)
            if isinstance(part, ast.Constant) and isinstance(part.value, str)
        )

    def is_formatted(node: ast.AST) -> bool:
        if isinstance(node, ast.JoinedStr):
            return any(isinstance(part, ast.FormattedValue) for part in node.values)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
            return not (isinstance(node.left, ast.Constant) and isinstance(node.right, ast.Constant))
        return (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("format", "join")
        )

    def visit(node: ast.AST, function: str) -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            function = node.name
        if is_formatted(node) and _SQL.search(literal(node)):
            found.append((node.lineno, function))  # type: ignore[attr-defined]
            return
        for child in ast.iter_child_nodes(node):
            visit(child, function)

    visit(ast.parse(source), "")
    return found


def test_sql_text_is_put_together_in_its_builders() -> None:
    offences = [
        f"{name}:{line} in {function}()"
        for path in python_files(*ROOMS)
        if (name := str(path.relative_to(ROOT))) not in BUILDERS
        for line, function in formatted_sql(path.read_text(encoding="utf-8"))
    ]
    assert offences == []


def test_the_rule_about_sql_sees_every_kind_of_formatting() -> None:
    kinds = [
        'def f(c, x): c.execute(f"SELECT * FROM t WHERE a = {x}")',
        'def f(c, x): c.execute("SELECT * FROM t WHERE a = %s" % x)',
        'def f(c, x): c.execute("SELECT * FROM t WHERE a = " + x)',
        'def f(c, x): c.execute("SELECT * FROM {}".format(x))',
        'def f(c, x):\n    text = "SELECT * FROM t "\n    c.execute(" ".join(["COPY t TO", x]))',
    ]
    assert [len(formatted_sql(kind)) for kind in kinds] == [1] * len(kinds)
    assert formatted_sql('def f(c, x): c.execute("SELECT $x", {"x": f"{x}"})') == []


def test_the_page_holds_no_sql() -> None:
    """app, callbacks and layouts ask with requests; no SQL text, finished or not."""
    statement = re.compile(r"\b(SELECT|INSERT INTO|DELETE FROM|COPY)\s.*\b(FROM|INTO|TO)\b", re.S)
    for path in python_files("app", "callbacks", "layouts"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert not statement.search(node.value), f"{path.relative_to(ROOT)}:{node.lineno}"


def unescaped(source: str) -> list[tuple[int, str]]:
    """(line, what) of everything that would make HTML, Markdown or code of a text."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.keyword) and node.arg and "dangerous" in node.arg.lower():
            if not (isinstance(node.value, ast.Constant) and node.value.value is False):
                found.append((node.value.lineno, node.arg))
        elif isinstance(node, ast.Attribute | ast.Name | ast.alias):
            name = (
                node.attr
                if isinstance(node, ast.Attribute)
                else node.id
                if isinstance(node, ast.Name)
                else node.name
            )
            if name.split(".")[-1] in _UNESCAPED:
                found.append((node.lineno, name))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _RAW.search(node.value):
            found.append((node.lineno, node.value[:40]))
    return found


_UNESCAPED = {"Markdown", "DangerouslySetInnerHTML", "Iframe", "Markup", "render_template_string"}
_RAW = re.compile(
    r"srcDoc|dangerously_?allow|dangerouslySetInnerHTML|\.innerHTML|\bmarkdown\b", re.IGNORECASE
)


def test_texts_reach_the_page_as_texts() -> None:
    """Station names come from files: nothing on the page takes a text for HTML, Markdown or code."""
    offences = [
        f"{path.relative_to(ROOT)}:{line} {what}"
        for path in python_files("app", "callbacks", "layouts")
        for line, what in unescaped(path.read_text(encoding="utf-8"))
    ]
    written = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function\(")
    offences += [
        f"{path.relative_to(ROOT)}: {found[0]}"
        for path in sorted((ROOT / "assets").glob("*.js"))
        if (found := written.search(path.read_text(encoding="utf-8")))
    ]
    assert offences == []


def test_the_rule_about_texts_sees_every_way() -> None:
    ways = [
        "dcc.Markdown(name)",
        "from dash.dcc import Markdown",
        "dcc.Markdown(name, dangerously_allow_html=True)",
        "AgGrid(dangerously_allow_code=allowed)",
        "html.Iframe(srcDoc=name)",
        'options = {"dangerouslyAllowCode": True}',
        'columns = [{"field": "station", "cellRenderer": "markdown"}]',
        "markupsafe.Markup(name)",
    ]
    assert [bool(unescaped(way)) for way in ways] == [True] * len(ways)
    assert unescaped("AgGrid(dangerously_allow_code=False)\nhtml.Span(name)") == []


def test_files_stay_readable() -> None:
    """One reason to exist per file: 400 lines in the product, 600 in tests and benchmarks."""
    limits = dict.fromkeys(ROOMS, 400) | {"tests": 600, "benchmarks": 600}
    long = [
        f"{path.relative_to(ROOT)}: {lines}"
        for folder, limit in limits.items()
        for path in python_files(folder)
        if (lines := path.read_text(encoding="utf-8").count("\n")) > limit
    ]
    assert long == []


def test_no_room_for_everything() -> None:
    names = {path.stem for path in python_files(*ROOMS)}
    assert not names & {"utils", "util", "helpers", "helper", "common", "misc"}


def test_finding_the_lakes_files_costs_no_database() -> None:
    """A web worker imports lake.py to read a manifest; neither DuckDB nor pandas comes with it."""
    program = "import sys, data_layer.lake; print(sorted({'duckdb', 'pandas', 'dash'} & set(sys.modules)))"
    shown = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert shown.stdout.strip() == "[]"


def test_the_data_layer_works_without_the_page() -> None:
    page = "{'dash', 'plotly', 'app', 'layouts'}"
    program = f"import sys, data_layer.query_manager; print(sorted({page} & set(sys.modules)))"
    shown = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert shown.stdout.strip() == "[]"
