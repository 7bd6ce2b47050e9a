"""Where text leaves us for something that obeys (SQL, a pattern, a path, a command, a page, a terminal), one function
sends it, and no other code does: read off the syntax tree. The table is that of docs/decisions/sinks.md."""

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LIB = "lib/strongroom"


@dataclass(frozen=True)
class Sink:
    """Something that obeys text.

    Args:
        name: as the page calls it.
        sends: whether a node of the tree hands text to it.
        homes: the files that may, each with a why.
    """

    name: str
    sends: Callable[[ast.AST], bool]
    homes: Mapping[str, str]


def dotted(node: ast.AST) -> str:
    """`a.b.c` of a name or an attribute; what stands before a call in it is left out."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}".lstrip(".")
    return node.id if isinstance(node, ast.Name) else ""


def called(node: ast.AST) -> str:
    return dotted(node.func) if isinstance(node, ast.Call) else ""


def last(node: ast.AST) -> str:
    return called(node).rpartition(".")[2]


def fixed(node: ast.AST) -> bool:
    """Whether a text is one of ours: a constant, or made of constants only."""
    match node:
        case ast.Constant():
            return True
        case ast.Name() | ast.Attribute():
            return dotted(node).rpartition(".")[2].lstrip("_").isupper() or dotted(node) == "__version__"
        case ast.Subscript():
            return fixed(node.value)
        case ast.JoinedStr():
            return all(fixed(each.value) for each in node.values if isinstance(each, ast.FormattedValue))
        case ast.BinOp():
            return fixed(node.left) and fixed(node.right)
    return False


def first(node: ast.Call) -> ast.AST:
    return node.args[0] if node.args else node.keywords[0].value if node.keywords else ast.Constant(None)


def pieces(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Around each filled-in value of a text that is not only ours: what stands before it, and what after it."""
    if isinstance(node, ast.JoinedStr) and not fixed(node):
        values = [each.value if isinstance(each, ast.Constant) else None for each in node.values]
        for at, value in enumerate(values):
            if value is None:
                before = values[at - 1] if at else ""
                after = values[at + 1] if at + 1 < len(values) else ""
                yield before or "", after or ""


def imported(node: ast.AST, *names: str) -> bool:
    if isinstance(node, ast.Import):
        return any(alias.name in names for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        return any(f"{node.module}.{alias.name}" in names or node.module in names for alias in node.names)
    return False


def spark_sql(node: ast.AST) -> bool:
    words = ("sql", "selectExpr", "expr", "createOrReplaceTempView", "createTempView", "createGlobalTempView",
             "createOrReplaceGlobalTempView", "SQLTransformer")  # fmt: skip
    if not isinstance(node, ast.Call) or called(node) == "self.sql" or called(first(node)) == "parse":
        return False
    if last(node) in ("where", "filter"):
        asked = first(node)
        text = isinstance(asked, ast.JoinedStr) or dotted(asked).rpartition(".")[2] in ("where", "sql", "condition")
        return text or last(asked) in ("join", "format", "predicate", "str", "text")
    return last(node) in words and not fixed(first(node))


def delta_condition(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    named = {keyword.arg for keyword in node.keywords}
    makes = called(node) == "Condition" or last(node) == "add_constraint"
    return makes or "predicate" in named or (last(node) == "delete" and bool(node.args))


def sql_name(node: ast.AST) -> bool:
    return any(before.endswith("`") and after.startswith("`") for before, after in pieces(node))


def pattern(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    if re.fullmatch(r"re\.(compile|match|fullmatch|search|sub|subn|split|findall|finditer)", called(node)):
        return not fixed(first(node))
    if re.search(r"_regex$|^rlike$|^regexp", last(node)):
        return not all(map(fixed, node.args[1:] or node.args))
    return False


def command(node: ast.AST) -> bool:
    return imported(node, "subprocess", "pty", "pexpect") or bool(
        re.fullmatch(r"os\.(system|popen|exec\w+|spawn\w+|posix_spawn\w*)", called(node))
    )


def code(node: ast.AST) -> bool:
    words = (
        "eval",
        "exec",
        "compile",
        "__import__",
        "importlib.import_module",
        "import_module",
        "yaml.load",
        "literal_eval",
    )
    return called(node) in words or imported(node, "pickle", "marshal", "shelve", "runpy")


def path(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    if last(node) in ("glob", "rglob", "iglob"):
        return not fixed(first(node))
    words = {part.attr for part in ast.walk(node.func) if isinstance(part, ast.Attribute)}
    if last(node) in ("load", "parquet", "save", "text", "csv", "json", "orc") and words & {"read", "write"}:
        asked = first(node)
        asked = asked.elt if isinstance(asked, ast.ListComp) else asked
        return last(asked) not in ("spark_path", "glob_words")
    opens = called(node) in ("DeltaTable", "DeltaTable.create", "write_deltalake") or last(node) == "from_uri"
    return opens and last(first(node)) != "folder"


def page(node: ast.AST) -> bool:
    if imported(node, "html.unescape") and [alias.name for alias in getattr(node, "names", ())] == ["unescape"]:
        return False  # it reads entities, and writes none
    if imported(node, "html.escape", "html", "markupsafe", "jinja2"):
        return True
    if called(node) == "Markup":
        return not fixed(first(node))
    around = list(pieces(node))
    tag = any(re.search(r"(?<!\w)</?([a-zA-Z!][^{]*)?$", before) for before, _ in around)
    return tag and any(">" in after for _, after in around)


def spreadsheet(node: ast.AST) -> bool:
    return called(node) in ("csv.writer", "csv.DictWriter") or last(node) in ("write_csv", "to_csv", "to_excel")


def header(node: ast.AST) -> bool:
    words = ("add_header", "add_unredirected_header", "putheader", "urlopen")
    return last(node) in words or imported(
        node, "urllib.request.Request", "requests", "httpx", "http.client.HTTPConnection"
    )


def label(node: ast.AST) -> bool:
    return any(before.endswith('="') for before, _ in pieces(node))


def terminal(node: ast.AST) -> bool:
    if called(node) in ("print", "input", "warnings.warn") or re.match(r"traceback\.print_|logging\.\w+", called(node)):
        return True
    return isinstance(node, ast.Attribute) and re.fullmatch(r"sys\.(__)?std(out|err)(__)?", dotted(node)) is not None


def arguments(node: ast.AST) -> bool:
    return called(node) == "argparse.ArgumentParser" or (
        isinstance(node, ast.ClassDef) and any(dotted(base) == "argparse.ArgumentParser" for base in node.bases)
    )


def raw_json(node: ast.AST) -> bool:
    return isinstance(node, ast.keyword) and node.arg == "ensure_ascii"


def people_file(node: ast.AST) -> bool:
    return last(node) in ("write_text", "writelines")


SINKS = (
    Sink("SQL that Spark runs", spark_sql, {
        f"{LIB}/stores/spark/sql.py": "the function",
        f"{LIB}/flows/prepare/gate_query.py": "SQL rules: written from a tree that was read by a list",
        f"{LIB}/learn/features/tokens.py": "SQLTransformer: fixed but for a quoted name",
        f"{LIB}/learn/features/tfidf.py": "SQLTransformer: columns of its own",
        f"{LIB}/setup/class_archive.py": "the warm-up of the set-up, on a table of its own",
        f"{LIB}/stores/spark/session.py": "constants that ask what a session means by them",
    }),
    Sink("conditions of delta-rs", delta_condition, {
        f"{LIB}/core/sql_text.py": "the functions, which alone make a Condition",
        f"{LIB}/stores/lake/lake.py": "hands a Condition over",
        f"{LIB}/stores/lake/commits.py": "hands a Condition over",
        f"{LIB}/stores/lake/properties.py": "a contract's checks, and the table's own constraints",
    }),
    Sink("names in SQL", sql_name, {
        f"{LIB}/core/sql_text.py": "the function",
        f"{LIB}/setup/class_archive.py": "a table of the set-up's own",
    }),
    Sink("patterns", pattern, {
        f"{LIB}/core/contract/rules.py": "the check of a contract's pattern",
        f"{LIB}/quality/checks/patterns.py": "a contract's pattern, in RE2",
        f"{LIB}/quality/checks/runs.py": "a class of characters out of such a pattern",
        f"{LIB}/quality/reading/numbers.py": "of numbers: widths only",
        f"{LIB}/quality/reading/datetimes.py": "of a time's format, each piece escaped",
        f"{LIB}/quality/reading/columns.py": "a suffix, escaped",
        f"{LIB}/core/names.py": "a policy's '*', all else escaped",
        f"{LIB}/stores/sources/files.py": "a path's '*', all else escaped",
        f"{LIB}/stores/sources/local_listing.py": "a path's '*', all else escaped",
        f"{LIB}/setup/jars.py": "a file of the lock, escaped",
        f"{LIB}/stores/whole_file.py": "a file's own name, escaped",
        f"{LIB}/stores/sources/kinds/parquet.py": "a folder's name in a path, escaped",
        f"{LIB}/quality/reading/csv_machine.py": "a dialect's signs, escaped",
        f"{LIB}/quality/reading/json_fast.py": "a contract's names and a value that Arrow refused, escaped",
        f"{LIB}/quality/profile/entities.py": "forms of personal values, from a table of ours",
        f"{LIB}/quality/profile/text_tally.py": "forms of numbers, from a table of ours",
        f"{LIB}/protect/key_coverage.py": "letters of tokens, and of a key's number",
        f"{LIB}/text/leaks.py": "a code of the row, each sign escaped",
        f"{LIB}/text/redaction.py": "words for entities, from a table of ours",
        f"{LIB}/flows/erase/quarantine.py": "values of people to be erased, each sign escaped",
    }),
    Sink("paths", path, {
        f"{LIB}/stores/lake/lake.py": "Lake.folder: a table's name has no other signs than a name's",
        f"{LIB}/flows/project/refreshing.py": "files of a version, each as glob_words has it",
        f"{LIB}/flows/read/__init__.py": "files of a version, each as glob_words has it",
        f"{LIB}/flows/row_pass/inputs.py": "files of a version or a stage, by glob_words; a table's own folder",
        f"{LIB}/flows/row_pass/passing.py": "its own stage, from stages.spark_path",
        f"{LIB}/stores/sources/kinds/parquet.py": "listed files, each as glob_words has it",
        f"{LIB}/stores/sources/kinds/delta.py": "a contract's source; files of its log, each as glob_words has it",
        f"{LIB}/stores/sources/delta.py": "a contract's source",
        f"{LIB}/stores/spark/error_translation.py": "a table at a version, from Lake.spark_path",
        f"{LIB}/stores/lake/owners.py": "a stage's own folder, looked at as a table",
        f"{LIB}/stores/artefacts/matrix_files.py": "the folder that --out names",
        f"{LIB}/stores/artefacts/policy_exports.py": "a platform of a list of ours",
        f"{LIB}/setup/packages.py": "Python's own version",
        f"{LIB}/flows/profile/typed_files.py": "the table that profile is asked about, as it was listed",
        f"{LIB}/flows/profile/schemas.py": "the table that --from names",
        f"{LIB}/setup/class_archive.py": "the set-up's own folder",
    }),
    Sink("programs", command, {
        f"{LIB}/setup/programs.py": "the functions",
        f"{LIB}/launcher.py": "becomes the job: words, no shell",
    }),
    Sink("Python", code, {
        f"{LIB}/run_job.py": "the flow of the job that was pressed: a name of ours",
        f"{LIB}/flows/notebook.py": "runs the cells of a notebook, which is what it is for",
        f"{LIB}/databricks/format.py": "compiles them",
        f"{LIB}/stores/keys/providers/__init__.py": "a module of a table of ours",
        f"{LIB}/protect/columns.py": "a module of a table of ours",
        f"{LIB}/stores/sources/kinds/__init__.py": "a module of a table of ours",
    }),
    Sink("HTML", page, {
        f"{LIB}/reports/markup.py": "the functions",
        f"{LIB}/databricks/page.py": "displayHTML of a notebook, in a page that runs and loads nothing",
    }),
    Sink("cells of CSV", spreadsheet, {f"{LIB}/stores/artefacts/matrix_files.py": "the function"}),
    Sink("headers", header, {
        f"{LIB}/stores/http.py": "the function",
        f"{LIB}/setup/jars.py": "a download without a header of ours",
    }),
    Sink("Prometheus labels", label, {
        f"{LIB}/reports/feeds/prometheus.py": "the function",
        f"{LIB}/reports/markup.py": "attributes of HTML",
    }),
    Sink("stdout, stderr", terminal, {
        f"{LIB}/console.py": "the functions",
        f"{LIB}/run_job.py": "silences what libraries log and warn of; gives the job its own stderr",
        f"{LIB}/launcher.py": "flushes before it becomes the job",
        f"{LIB}/setup/spark_submit.py": "asks whether somebody watches",
    }),
    Sink("messages of argparse", arguments, {f"{LIB}/console.py": "the class"}),
    Sink("JSON that is read by people", raw_json, {
        f"{LIB}/core/escaping.py": "the function",
        f"{LIB}/core/audit_event.py": "an entry of the audit log, its texts told as in_log has them",
        f"{LIB}/core/contract/file.py": "a fingerprint, which nobody reads",
        f"{LIB}/core/policy/file.py": "a fingerprint",
        f"{LIB}/govern/levels/physical.py": "a fingerprint",
        f"{LIB}/sample/lake.py": "the sample's own texts",
        f"{LIB}/reports/feeds/json.py": "ASCII only",
        f"{LIB}/quality/reading/json_strict.py": "looks whether a record can be encoded, and drops it",
        f"{LIB}/quality/reading/json_fast.py": "a name as a pattern of raw JSON",
    }),
    Sink("text files", people_file, {
        f"{LIB}/stores/artefacts/matrix_files.py": "the function",
        f"{LIB}/setup/jars.py": "what Ivy said",
        f"{LIB}/setup/packages.py": "a stamp",
    }),
)  # fmt: skip


def sources() -> list[Path]:
    return [*(ROOT / LIB).rglob("*.py"), *(ROOT / "jobs").glob("*.py")]


SILENT = (ast.Name, ast.Constant, ast.expr_context, ast.operator, ast.cmpop, ast.arg, ast.arguments, ast.alias,
          ast.Expr, ast.Return, ast.Assign, ast.FormattedValue, ast.Tuple)  # fmt: skip
"""What hands nothing over by itself: most nodes of a file."""


@cache
def parsed(file: Path) -> list[ast.AST]:
    """The nodes of a file that may hand something over, read once for all sinks."""
    return [node for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if not isinstance(node, SILENT)]


@pytest.fixture(scope="module", autouse=True)
def _read():
    for file in sources():
        parsed(file)


def sent(file: Path, sink: Sink) -> list[int]:
    """The lines on which a file hands text to a sink."""
    return sorted({getattr(node, "lineno", 0) for node in parsed(file) if sink.sends(node)})


@pytest.mark.parametrize("sink", SINKS, ids=lambda sink: sink.name)
def test_nothing_else_hands_text_to(sink):
    found = {str(file.relative_to(ROOT)): lines for file in sources() if (lines := sent(file, sink))}
    assert {file: lines for file, lines in found.items() if file not in sink.homes} == {}
    assert set(sink.homes) - set(found) == set(), "a file of the table that hands nothing over"


PLANTED = (
    ("SQL that Spark runs", "spark.sql(query)"),
    ("SQL that Spark runs", "session().sql(f'SELECT * FROM {table}')"),
    ("SQL that Spark runs", "rows.selectExpr(*texts)"),
    ("SQL that Spark runs", "F.expr(text)"),
    ("SQL that Spark runs", "expr(rule.condition)"),
    ("SQL that Spark runs", "rows.createOrReplaceTempView(name)"),
    ("SQL that Spark runs", "rows.where(f'a = {value}')"),
    ("SQL that Spark runs", "rows.filter(sql.where)"),
    ("SQL that Spark runs", "rows.where(predicate(text, types, where=place))"),
    ("conditions of delta-rs", "table.scan(predicate=text)"),
    ("conditions of delta-rs", "table.delete(f'id = {found}')"),
    ("conditions of delta-rs", "Condition(text)"),
    ("conditions of delta-rs", "table.alter.add_constraint({name: text})"),
    ("names in SQL", "f'SELECT `{name}`'"),
    ("patterns", "re.compile(text)"),
    ("patterns", "re.sub(f'^{name}', '', x)"),
    ("patterns", "pc.match_substring_regex(array, text)"),
    ("patterns", "column.rlike(text)"),
    ("paths", "Path(root).glob(text)"),
    ("paths", "spark.read.parquet(path)"),
    ("paths", "rows.write.format('delta').save(f'{root}/{name}')"),
    ("paths", "DeltaTable(path)"),
    ("paths", "pafs.FileSystem.from_uri(uri)"),
    ("programs", "import subprocess"),
    ("programs", "from subprocess import run"),
    ("programs", "os.system(text)"),
    ("programs", "os.execvp(words[0], words)"),
    ("Python", "eval(text)"),
    ("Python", "from pickle import loads"),
    ("HTML", "from html import escape"),
    ("HTML", "Markup(text)"),
    ("HTML", "f'<b>{name}</b>'"),
    ("HTML", "f'<{tag}>'"),
    ("cells of CSV", "csv.writer(file)"),
    ("cells of CSV", "pacsv.write_csv(rows, path)"),
    ("headers", "from urllib.request import Request"),
    ("headers", "made.add_header('X', text)"),
    ("Prometheus labels", "f'rows{{table=\"{name}\"}} 1'"),
    ("stdout, stderr", "print(text)"),
    ("stdout, stderr", "sys.stderr.write(text)"),
    ("stdout, stderr", "traceback.print_exc()"),
    ("stdout, stderr", "logging.warning(text)"),
    ("messages of argparse", "argparse.ArgumentParser()"),
    ("JSON that is read by people", "json.dumps(found, ensure_ascii=False)"),
    ("text files", "Path(out).write_text(text)"),
)


@pytest.mark.parametrize(("name", "text"), PLANTED)
def test_a_sink_that_is_planted_elsewhere_is_found(tmp_path, name, text):
    (tmp_path / "planted.py").write_text(f"def planted():\n    {text}\n")
    sink = next(sink for sink in SINKS if sink.name == name)
    assert sent(tmp_path / "planted.py", sink) == [2]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("spark.sql('SELECT 1')", "a constant"),
        ("rows.where(F.col('a') == value)", "a column is no text"),
        ("rows.where('length IS NOT NULL')", "a constant"),
        ("f'`keys {verb}` needs a file'", "a message"),
        ("re.fullmatch(_WORD, text)", "a pattern of ours"),
        ("folder.glob('*.yaml')", "a glob of ours"),
        ("spark.read.parquet(lake.spark_path(table))", "by its function"),
        ("DeltaTable(lake.folder(table))", "by its function"),
        ("Markup(f'<style>{_STYLE}</style>')", "constants"),
        ("f'{low}-<{high}'", "no element"),
        ("json.dumps(found)", "ASCII"),
    ],
)
def test_what_is_harmless_is_not_found(tmp_path, text, why):
    (tmp_path / "harmless.py").write_text(f"def harmless():\n    {text}\n")
    assert [sink.name for sink in SINKS if sent(tmp_path / "harmless.py", sink)] == [], why


def test_the_page_has_the_same_table():
    page = (ROOT / "docs/decisions/sinks.md").read_text()
    rows = [line.strip("| ").split(" | ") for line in page.split("\n") if line.startswith("| ")][1:]
    assert [row[0] for row in rows] == [sink.name for sink in SINKS]
    for name, functions, *_ in rows:
        for file, function in re.findall(r"`([\w/]+\.py): ([\w, .]+)`", functions):
            text = (ROOT / LIB / file).read_text()
            for each in function.split(", "):
                assert re.search(rf"^ *(def|class) {each.rpartition('.')[2]}\b", text, re.MULTILINE), (name, each)
        homes = next(sink.homes for sink in SINKS if sink.name == name)
        named = {f"{LIB}/{file}" for file in re.findall(r"`([\w/]+\.py)", " ".join(functions.split(" · ")))}
        assert named & set(homes) or "core/escaping" in functions, name
