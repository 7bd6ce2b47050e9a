"""The house rules of ARCHITECTURE.md, read off the code itself: imports point one way, and each word has one path."""

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from strongroom.core.contract.formats import FORMATS
from strongroom.core.jobs import JOBS

ROOT = Path(__file__).parents[1]
LIB = ROOT / "lib"

# Who may import whom. A name covers what lies in it, unless a longer name of this table does.
MAY = {
    # entries
    "run_job": "audit console core core.audit_event core.run core.settings reports.attempts reports.feeds run_all "
    "stores stores.identity stores.spark",
    "run_all": "console core core.run stores.spark",
    "__main__": "launcher",
    "launcher": "console core core.settings setup stores stores.identity stores.spark",
    "console": "core core.run",
    "notebook": "console core core.run run_job stores.spark",
    "task": "console core run_job",
    "jupyter": "core.settings databricks python",
    "python": "console core.settings flows.read notebook setup stores stores.identity stores.spark",
    "functions": "arrow core core.contract core.keys core.policy core.settings protect protect.methods stores.keys "
    "stores.spark",
    # words
    "core": "",
    "core.expression": "core",
    "core.keys": "core",
    "core.settings": "core core.keys",
    "core.run": "core.settings",
    "core.policy": "core core.expression core.keys",
    "core.audit_event": "core core.policy core.run",
    "core.contract": "core core.expression",
    "core.report": "core core.contract core.run",
    # kernels
    "arrow": "core.contract",
    "protect.cipher": "arrow core core.contract core.keys",
    "protect.methods": "arrow core core.contract core.keys protect.cipher text",
    "protect": "arrow core core.contract core.keys protect.cipher protect.methods",
    "quality.reading": "arrow core core.contract",
    "quality.checks": "arrow core core.contract quality.reading",
    "quality.counts": "arrow core.contract",
    "quality.query": "core core.contract",
    "quality.profile": "arrow core core.contract quality.checks quality.reading text",
    "quality": "arrow core core.contract core.expression core.report quality.checks quality.counts quality.reading",
    "text": "core",
    "curation": "core core.contract core.keys protect protect.cipher",
    "learn": "",
    "learn.features": "core",
    "sample": "core",
    # decisions
    "govern.engine": "core core.contract core.policy",
    "govern": "core core.contract core.policy govern.engine",
    "govern.levels": "core core.keys core.policy govern.engine",
    "govern.sql": "core core.expression core.policy",
    "govern.review": "core core.contract core.expression core.policy core.report govern govern.engine govern.levels",
    "govern.export": "core core.expression core.policy govern govern.engine govern.review govern.sql",
    # what is outside
    "stores": "core core.settings",
    "stores.identity": "core core.policy core.run core.settings stores",
    "stores.spark": "core core.settings stores.identity",
    "stores.keys": "core core.keys stores stores.identity stores.spark",
    "stores.lake": "core core.report core.run stores stores.spark",
    "stores.sources": "core core.contract core.run stores.lake",
    "stores.sources.kinds": "core core.contract quality.reading stores.lake stores.sources",
    "stores.artefacts": "core stores stores.lake",
    "audit": "core core.audit_event core.settings stores",
    "proof": "arrow audit core stores.lake",
    "setup": "core core.settings stores stores.identity stores.spark",
    "reports": "core core.report",
    "reports.page": "core core.policy core.report reports",
    "reports.feeds": "core core.report core.run reports",
    "reports.send": "reports stores",
    "reports.attempts": "core core.contract core.settings reports.feeds reports.send stores.artefacts stores.spark",
    "reports.write": "core core.report reports.feeds reports.page stores.artefacts stores.lake",
    "databricks": "core core.run reports reports.page stores",
}
# A flow may import every room; of the flows, what stands here.
FLOWS = {
    "flows.foundation": "",
    "flows.row_pass": "flows.foundation",
    "flows.cross_row": "flows.foundation flows.row_pass",
    "flows.read": "flows.foundation",
    "flows.curate": "flows.foundation flows.read",
    "flows.erase": "flows.foundation flows.quarantine flows.row_pass",
    "flows.keys": "flows.foundation",
    "flows.prepare": "flows.cross_row flows.foundation flows.keys flows.row_pass",
    "flows.quarantine": "flows.cross_row flows.foundation flows.prepare flows.row_pass",
    "flows.retain": "flows.erase flows.foundation flows.quarantine flows.row_pass",
    "flows.vectorize": "flows.foundation flows.read",
    "flows.explore": "flows.foundation flows.read flows.vectorize",
    "flows.access": "flows.foundation",
    "flows.audit": "flows.foundation",
    "flows.contract": "flows.foundation flows.prepare",
    "flows.profile": "flows.foundation flows.row_pass",
    "flows.project": "flows.foundation",
    "flows.reveal": "flows.foundation",
    "flows": "flows.foundation",  # jobs of one file: check, init, lineage, notebook, sample
    "flows.incident": "flows.foundation",
    "flows.person": "flows.foundation flows.quarantine flows.row_pass",
    "flows.report": "flows.foundation",
    "flows.consent": "flows.foundation flows.prepare",
}
# The face of a package: of its modules, those that others use, beside the names that its __init__ gives. A package that
# stands here not at all is open as a whole.
FACES = {
    "core.contract": "conditions curation file formats legal_basis model operators overlay protection redaction "
    "references retention shown standard subject",
    "core.report": "columns distribution front paper processing redaction",
    "core.settings": "file proven storage values",
    "curation": "contamination judge language marks ordered",
    "flows": "",
    "flows.access": "",
    "flows.audit": "",
    "flows.contract": "",
    "flows.curate": "",
    "flows.doctor": "",
    "flows.erase": "finding left_files places tables",
    "flows.explore": "",
    "flows.foundation": "authorise consents contract_survey contracts derived erased hidden_folders incidents "
    "keyring known_tables lake_map lake_tables people_rows projections provenance reporting role_keys "
    "run_rows strays subject_counts subjects table_plans tagged_rows thawed",
    "flows.keys": "rewrap",
    "flows.prepare": "evolution evolve gate_facts owner_rules unfinished_retry",
    "flows.profile": "",
    "flows.project": "",
    "flows.quarantine": "sealed_feed",
    "flows.read": "listing",
    "flows.retain": "",
    "flows.reveal": "",
    "flows.row_pass": "correcting engines feeds inputs part_reader passing people person_gates probe process "
    "redacting road row_json shape_check source_positions",
    "govern.export": "iceberg ranger scope unity",
    "learn.features": "labels tfidf vocabulary",
    "protect": "consents equality_marks fingerprints key_coverage rekey rewrap subject_tags tag_sets",
    "protect.cipher": "aes blocks byte_rows encoding framing siv",
    "protect.methods": "encrypt hash method row_key",
    "quality": "gate min_distinct row_rules",
    "quality.checks": "check formats presence",
    "quality.counts": "failures hll kmv labels redactions sketch_states sketches tally",
    "quality.profile": "arrow_types csv_guess evidence meaning proposal propose shape tally tree",
    "quality.query": "",
    "quality.reading": "blocks columns csv_header csv_machine csv_records csv_rows datetimes dialect encodings "
    "json_document json_lines json_strict lines numbers parquet_pairs parquet_rows parquet_types",
    "reports.page": "front layout lineage page paper person pictures style",
    "sample": "lake",
    "setup": "home jars java own_session probes spark_submit steps variables",
    "stores.identity": "settings_file trust",
    "stores.keys": "handed_out_file role_files tink_format",
    "stores.keys.providers": "local",
    "stores.lake": "clear_tables commits file_rewrite listing log_files old_timestamps others owners parquet_sink "
    "projections properties publication reader_features staging table_files text_columns",
    "stores.sources": "delta files hive_folders manifest origins work_items",
    "stores.sources.kinds": "",
    "text": "block canaries cells leaks letters lexicon linear model redaction runs spans",
    "text.recognisers": "addresses capitals dates descriptions facts identities labelled names numbers organisations "
    "quantities secrets web",
    "stores.spark": "connect error_translation package_zip run_folder session settings sockets sql",
    "flows.incident": "",
    "flows.person": "",
    "flows.report": "",
    "flows.consent": "",
}
ENTRIES = (
    "__main__",
    "run_job",
    "run_all",
    "launcher",
    "console",
    "notebook",
    "task",
    "jupyter",
    "python",
    "functions",
)
ROOMS = set(MAY) - set(ENTRIES)
NO_SPARK = ("core", "arrow", "protect", "quality", "text", "curation", "govern", "audit", "proof",
            "reports", "sample")  # fmt: skip
WITHOUT = {
    # of whatever lies in a room: what nothing in it imports, whoever brings it
    **dict.fromkeys(NO_SPARK, ("pyspark", "delta", "py4j")),
    "core": ("pyspark", "delta", "py4j", "pyarrow", "numpy", "pandas", "deltalake"),
}
NAMES_THAT_SAY_NOTHING = {"utils", "util", "common", "helpers", "manager", "base", "misc"}
CONNECT_HAS_NONE = re.compile(r"\.rdd\b|sparkContext|\b_jvm\b|\b_jdf\b|\b_jsc\b|\.broadcast\(")


def modules() -> dict[str, Path]:
    """Every module of the package by its name below `strongroom`."""
    found = {}
    for path in (LIB / "strongroom").rglob("*.py"):
        parts = path.relative_to(LIB / "strongroom").with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


@cache
def nodes(text: str) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(text)))


@pytest.fixture(scope="module", autouse=True)
def _read():
    for path in MODULES.values():
        imports(path.read_text(encoding="utf-8"))


@cache
def imports(text: str) -> tuple[tuple[int, str], ...]:
    """Line and module of each import, as far as it is a module; relative imports are refused."""
    return tuple(_imports(text))


def _imports(text: str) -> Iterator[tuple[int, str]]:
    for node in nodes(text):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"line {node.lineno}: a relative import"
            for alias in node.names:
                full = f"{node.module}.{alias.name}".removeprefix("strongroom.")
                yield node.lineno, f"strongroom.{full}" if full in MODULES else str(node.module)


def unit(name: str) -> str:
    """The name of the tables that covers a module."""
    parts = name.split(".")
    known = [".".join(parts[:end]) for end in range(len(parts), 0, -1)]
    return next((one for one in known if one in MAY or one in FLOWS), name)


def used(name: str, text: str) -> Iterator[tuple[int, str, str]]:
    """What a module imports of ours: line, module, and the unit that it belongs to."""
    for line, full in imports(text):
        if full.startswith("strongroom."):
            other = full.removeprefix("strongroom.")
            if unit(other) != unit(name):
                yield line, other, unit(other)


def allowed(mine: str) -> set[str]:
    if mine in FLOWS:
        return ROOMS | set(FLOWS[mine].split())
    return set(MAY[mine].split())


def wrong_imports(name: str, text: str) -> list[str]:
    mine = unit(name)
    found = [f"{name}:{line}: imports {other}" for line, other, one in used(name, text) if one not in allowed(mine)]
    gone = next((WITHOUT[room] for room in (mine, mine.split(".")[0]) if room in WITHOUT), ())
    return found + [f"{name}:{line}: imports {full}" for line, full in imports(text) if full.split(".")[0] in gone]


def test_imports_point_one_way():
    read = {name: path.read_text(encoding="utf-8") for name, path in MODULES.items()}
    assert [wrong for name, text in read.items() if name for wrong in wrong_imports(name, text)] == []


def test_the_table_says_nothing_that_is_not_so():
    """A line that nobody needs any more would let an arrow grow that nobody has decided."""
    real: dict[str, set[str]] = {name: set() for name in (*MAY, *FLOWS)}
    for name, path in MODULES.items():
        if name:
            real[unit(name)].update(one for _, _, one in used(name, path.read_text(encoding="utf-8")))
    told = {name: set((MAY | FLOWS)[name].split()) for name in real}
    assert {name: told[name] - real[name] for name in real if told[name] - real[name]} == {}


def test_no_circle():
    steps = {name: (set(MAY[name].split()) if name in MAY else allowed(name) - {name}) for name in (*MAY, *FLOWS)}
    while free := {name for name, needs in steps.items() if not needs & steps.keys()}:
        steps = {name: needs for name, needs in steps.items() if name not in free}
    assert not steps, f"these need each other: {sorted(steps)}"


def package(name: str) -> str:
    return name if MODULES[name].name == "__init__.py" else name.rpartition(".")[0]


def behind_a_face(name: str, text: str) -> Iterator[tuple[str, str]]:
    """Package and module of each module in another package that this one imports past its `__init__`."""
    for _, full in imports(text):
        other = full.removeprefix("strongroom.")
        if other in MODULES and (theirs := package(other)) not in (other, package(name)):
            yield theirs, other.removeprefix(theirs + ".")


def test_what_is_inside_a_package_stays_inside():
    """Every import from another package is of its face; and a face says nothing that nobody uses."""
    used_of: dict[str, set[str]] = {name: set() for name in FACES}
    for name, path in MODULES.items():
        for theirs, module in behind_a_face(name, path.read_text(encoding="utf-8")):
            if theirs in FACES:
                used_of[theirs].add(module)
    assert used_of == {name: set(modules.split()) for name, modules in FACES.items()}
    assert list(behind_a_face("run_all", "from strongroom.core.contract.columns import read")) == [
        ("core.contract", "columns")
    ]


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("core.yaml", "from strongroom.stores import whole_file", "core knows nothing of ours"),
        ("core.yaml", "from strongroom.core.contract import Contract", "strict YAML knows no contract"),
        ("core.contract.file", "import pyarrow", "core holds words, no data"),
        ("protect.methods.hash", "from strongroom.quality import row_rules", "two rooms beside each other"),
        ("protect.cipher.siv", "from strongroom.protect.methods import hash", "a cipher knows no method"),
        ("quality.reading.lines", "import pyspark.sql", "kernels run without a JVM"),
        ("stores.lake.lake", "from strongroom.flows import prepare", "upwards"),
        ("stores.lake.lake", "from strongroom.stores.sources import manifest", "the lake knows no source"),
        ("run_job", "from strongroom.flows.prepare import run", "the entry knows no flow"),
        ("flows.foundation.keyring", "from strongroom.flows import prepare", "the foundation carries the jobs"),
        ("flows.reveal.table", "from strongroom.flows.prepare import publish", "one job is not made of another"),
        ("reports.page.page", "from strongroom.stores.lake import Lake", "drawing is no store"),
    ],
)
def test_a_wrong_import_would_be_found(name, text, why):
    assert wrong_imports(name, text), why


@cache
def needed(name: str) -> frozenset[str]:
    """What importing a module needs at once, of others: through all of ours that it imports at its top."""
    found, todo, seen = set(), [name], set()
    while todo:
        here = todo.pop()
        if here in seen or here not in MODULES:
            continue
        seen.add(here)
        parts = here.split(".")
        todo += [".".join(parts[:end]) for end in range(1, len(parts))]
        tree = ast.parse(MODULES[here].read_text(encoding="utf-8"))
        top = ast.Module([node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)], [])
        for _, full in imports(ast.unparse(top)):
            if full.startswith("strongroom"):
                todo.append(full.removeprefix("strongroom").lstrip("."))
            else:
                found.add(full.split(".")[0])
    return frozenset(found)


def test_what_sets_up_needs_the_standard_library_only():
    """It runs before anything is installed, and so does the launcher."""
    names = ["launcher", *(name for name in MODULES if name.split(".")[0] == "setup")]
    assert {name: strange for name in names if (strange := needed(name) - sys.stdlib_module_names)} == {}


def test_nothing_outside_the_entry_uses_what_spark_connect_lacks():
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in [*MODULES.values(), *(ROOT / "jobs").glob("*.py"), *(ROOT / "notebooks").glob("*.py")]
        if path.name != "run_job.py"
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1)
        if CONNECT_HAS_NONE.search(line)
    ]
    assert found == []


READ_ROWS = re.compile(r"\bat_version\(|option\(.versionAsOf")
READ_AS_THEY_LIE = {
    "stores.spark.error_translation": "the reading itself",
    "stores.sources.kinds.delta": "a source, whose rows a contract of its own takes in",
    "flows.curate": "its own index, of marks that no row can be told from",
    "flows.row_pass.inputs": "keys and figures of the pass: no row of it is shown",
}


def test_whoever_reads_rows_of_a_table_asks_whose_may_be_used():
    """No job reads around what people have said: docs/consent.md."""
    reads = {name for name, path in MODULES.items() if READ_ROWS.search(path.read_text(encoding="utf-8"))}
    asks = {
        name for name in reads if re.search(r"\b(rows_of|marked_rows)\(", MODULES[name].read_text(encoding="utf-8"))
    }
    assert reads - asks == READ_AS_THEY_LIE.keys()


def test_each_word_has_one_path():
    flows = {name.split(".")[1] for name in MODULES if name.startswith("flows.")}
    assert JOBS.keys() - flows == set(), "every job is a flow of the same name"
    assert {path.stem for path in (ROOT / "jobs").glob("*.py")} == JOBS.keys(), "and has its button"
    assert {part for name in MODULES for part in name.split(".")} & NAMES_THAT_SAY_NOTHING == set()


_GUESSED = "how files are written is guessed before a contract says it; each format has signs of its own"
ASKS_FOR_FORMATS = {
    "core.contract.formats": "the table of them",
    "setup.class_archive": "Spark's own readers, each started once",
    "flows.consent.events": "the form in which it writes events itself",
    "flows.profile": _GUESSED,
    "flows.profile.reading": _GUESSED,
    "flows.profile.schemas": _GUESSED,
    "quality.profile.proposal": _GUESSED,
}


def formats_asked_for(text: str) -> list[int]:
    """The lines that compare with a format's name, or look something up by it."""
    found = []
    for node in nodes(text):
        if isinstance(node, ast.Compare):
            asked = [each for part in (node.left, *node.comparators) for each in (part, *getattr(part, "elts", ()))]
        elif isinstance(node, ast.Dict | ast.Tuple | ast.List | ast.Set | ast.MatchValue):
            asked = [*getattr(node, "elts", ()), *getattr(node, "keys", ()), getattr(node, "value", None)]
        else:
            continue
        if any(isinstance(each, ast.Constant) and each.value in FORMATS for each in asked):
            found.append(node.lineno)
    return found


def test_only_a_kind_of_source_knows_its_format():
    """A new kind is one file and one line of the table: nobody else who asked for its name has to be found first."""
    found = {name for name, path in MODULES.items() if formats_asked_for(path.read_text(encoding="utf-8"))}
    assert {name for name in found if not name.startswith("stores.sources.kinds.")} == ASKS_FOR_FORMATS.keys()
    for text in ('a == "csv"', 'b in ("json", "csv")', 'c = {"delta": 1}[d]', 'match e:\n    case "parquet": pass'):
        assert formats_asked_for(text), text


def test_every_package_says_what_it_is_for():
    silent = [name for name, path in MODULES.items() if path.name == "__init__.py" and not said(path)]
    assert silent == []


def said(path: Path) -> str:
    return (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split("\n")[0]


def test_jobs_hold_no_logic():
    """A button starts its flow, and nothing else."""
    for path in (ROOT / "jobs").glob("*.py"):
        body = ast.parse(path.read_text(encoding="utf-8")).body[1:]
        wanted = f"from strongroom.run_job import main\nif __name__ == '__main__':\n    main({path.stem!r})"
        assert "\n".join(ast.unparse(each) for each in body) == wanted, path.name


OF_THE_WHOLE = {"browser", "bypass", "contracts", "documents", "entries", "older", "support", "system"}
"""Folders of tests that are about more than one package; `support` holds what tests share."""


def test_tests_stand_where_what_they_test_stands():
    packages = {name.replace(".", "/") for name, path in MODULES.items() if path.name == "__init__.py"}
    folders = {
        str(path.parent.relative_to(ROOT / "tests")) for path in (ROOT / "tests").rglob("test_*.py")
    } - {"."}  # fmt: skip
    strange = {each for each in folders if each.split("/")[0] not in OF_THE_WHOLE and each not in packages}
    assert strange <= {"flows/check", "flows/notebook"}, strange
