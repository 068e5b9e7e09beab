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

_SQL = re.compile(
    r"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|COPY|CREATE|DROP|ALTER|ATTACH|DETACH|SET|UNION ALL|WITH"
    r"|FROM|PRAGMA|INSTALL|LOAD|CALL|EXPORT|IMPORT|DESCRIBE|SUMMARIZE|PIVOT|VALUES)\s"
)
_OPENS_SQL = re.compile(
    r"\s*(FROM|PRAGMA|INSTALL|LOAD|CALL|EXPORT|IMPORT|DESCRIBE|SUMMARIZE|ATTACH|DETACH|DROP|CREATE|SET)\s+\S"
)
"""A statement that has none of SELECT's further words."""


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
        'def f(c, x): c.execute(f"FROM {x}")',
        'def f(c, x): c.execute(f"PRAGMA table_info({x})")',
        'def f(c, x): c.execute(f"INSTALL {x}")',
        'def f(c, x): c.execute("LOAD " + x)',
        'def f(c, x): c.execute("CALL %s()" % x)',
        'def f(c, x): c.execute("EXPORT DATABASE {}".format(x))',
        'def f(c, x): c.execute(f"DESCRIBE {x}")',
    ]
    assert [len(formatted_sql(kind)) for kind in kinds] == [1] * len(kinds)
    assert formatted_sql('def f(c, x): c.execute("SELECT $x", {"x": f"{x}"})') == []


def test_the_page_holds_no_sql() -> None:
    """app, callbacks and layouts ask with requests; no SQL text, finished or not."""
    statement = re.compile(r"\b(SELECT|INSERT INTO|DELETE FROM|COPY)\s.*\b(FROM|INTO|TO)\b", re.S)
    for path in python_files("app", "callbacks", "layouts"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                place = f"{path.relative_to(ROOT)}:{node.lineno}"
                assert not statement.search(node.value) and not _OPENS_SQL.match(node.value), place


_ASKS = frozenset({"execute", "executemany", "sql"})
_ASKS_OF_A_DATABASE = frozenset({"query", "query_df", "from_query", "batches", "extract_statements"})
_DATABASES = frozenset({"engine", "connection", "cursor", "duckdb"})
_BUILDING_MODULES = frozenset({"sql", "sql_writing"})

HANDED_ON = {
    (
        "data_layer/connection.py",
        "_table",
        "statement",
    ): "the door itself: what its callers give is looked at",
    ("data_layer/connection.py", "batches", "statement"): "the door itself",
    ("data_layer/backend.py", "run", "chosen.statement"): "a plan, which the planner composes",
    ("data_layer/backend.py", "run_in_parts", "one.statement"): "a plan",
    ("data_layer/notebook_calls.py", "_chunks", "statement"): "of _statement, from its two callers",
    (
        "data_layer/notebook_calls.py",
        "query",
        "statement",
    ): "of _statement: SQL of notebooks, never a browser's",
}
"""(file, function, name): the only statements that are neither written there nor asked of a builder."""


def unbuilt_statements(source: str) -> list[tuple[int, str, str]]:
    """(line, enclosing function, what is asked) of every statement that reaches a database and is no literal,
    no answer of a building module, and no local name that only stands for one."""
    found: list[tuple[int, str, str]] = []

    def is_built(node: ast.AST | None, built: frozenset[str]) -> bool:
        if isinstance(node, ast.Call):
            made = node.func
            return (
                isinstance(made, ast.Attribute)
                and isinstance(made.value, ast.Name)
                and made.value.id in _BUILDING_MODULES
            )
        is_literal = isinstance(node, ast.Constant) and isinstance(node.value, str)
        return is_literal or (isinstance(node, ast.Name) and node.id in built)

    def is_asked(call: ast.Call) -> bool:
        if not isinstance(call.func, ast.Attribute):
            return False
        receiver = ast.unparse(call.func.value).rpartition(".")[2].strip("_()")
        return call.func.attr in _ASKS or (call.func.attr in _ASKS_OF_A_DATABASE and receiver in _DATABASES)

    def built_names(function: ast.AST) -> frozenset[str]:
        """Names that the function binds to nothing but what a builder made (the first of several)."""
        good: set[str] = set()
        bad: set[str] = set()
        for node in ast.walk(function):
            targets: list[ast.expr] = []
            if isinstance(node, ast.Assign):
                targets = node.targets
            elif isinstance(node, ast.AnnAssign | ast.AugAssign | ast.For | ast.NamedExpr):
                targets = [node.target]
            elif isinstance(node, ast.arg):
                bad.add(node.arg)
            value = node.iter if isinstance(node, ast.For) else getattr(node, "value", None)
            for target in targets:
                first = target.elts[0] if isinstance(target, ast.Tuple) and target.elts else target
                bound = {name.id for name in ast.walk(target) if isinstance(name, ast.Name)}
                ours = isinstance(first, ast.Name) and is_built(value, frozenset())
                if isinstance(first, ast.Name) and ours and not isinstance(node, ast.AugAssign):
                    good.add(first.id)
                    bound.discard(first.id)
                bad |= bound
        return frozenset(good - bad)

    def visit(node: ast.AST, function: str, built: frozenset[str]) -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            function, built = node.name, built_names(node)
        if isinstance(node, ast.Call) and is_asked(node):
            named = next((word.value for word in node.keywords if word.arg in ("query", "statement")), None)
            asked = node.args[0] if node.args else named
            if not is_built(asked, built):
                found.append((node.lineno, function, ast.unparse(asked) if asked else ""))
        for child in ast.iter_child_nodes(node):
            visit(child, function, built)

    visit(ast.parse(source), "", frozenset())
    return found


def test_every_statement_is_written_out_or_built() -> None:
    met = [
        (str(path.relative_to(ROOT)), line, function, asked)
        for path in python_files(*ROOMS)
        for line, function, asked in unbuilt_statements(path.read_text(encoding="utf-8"))
    ]
    assert [one for one in met if (one[0], one[2], one[3]) not in HANDED_ON] == []
    used = {(file, function, asked) for file, _, function, asked in met}
    assert set(HANDED_ON) == used, "what is no longer handed on need not be allowed"


def test_the_rule_about_statements_sees_what_is_neither() -> None:
    offences = [
        "def f(c, text): c.execute(text)",
        'def f(c, x): c.execute(f"FROM {x}")',
        'def f(c, x): c.sql("SELECT " + x)',
        "def f(c, request): c.execute(request.args['q'])",
        "def f(c, x): c.execute(made(x))",
        "def f(c, x): c.execute(os.environ.get(x))",
        "def f(c, sql): c.execute(sql)",
        'def f(c, x):\n    text = sql.counted("t")\n    text += x\n    c.execute(text)',
        "def f(c, x):\n    text = sql.counted('t')\n    if x:\n        text = x\n    c.execute(text)",
        "def f(c, x):\n    parameters, text = sql.compose(x)\n    c.execute(text)",
        "def f(c, x):\n    for text in x:\n        c.executemany(text)",
        "def f(engine, x): engine.query(x)",
        "def f(self, x): self.engine.batches(x, {})",
        "def f(x): duckdb.query(x)",
        "def f(c, x): c.execute(query=x)",
        "def f(c): c.execute()",
        "class A:\n    def f(self, c): c.execute(self.text)",
        "execute(lambda: cursor.execute(text))",
    ]
    assert [len(unbuilt_statements(source)) for source in offences] == [1] * len(offences)
    for source in (
        'def f(c): c.execute("SELECT $x", {"x": 1})',
        "def f(c): c.execute(sql.macros())",
        "def f(c):\n    for one in sql.progress():\n        c.execute(one)",
        "def f(c, x):\n    text, bound = sql.compose(x)\n    c.sql(text, params=bound)",
        "def f(manager, request): manager.query(request)",
        "def f(query): REQUESTS['x'].from_query(query)",
    ):
        assert unbuilt_statements(source) == [], source


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
