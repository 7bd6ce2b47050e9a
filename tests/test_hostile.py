"""Hostile texts through every field that a person can write, and each way out read by its own reader.

Whatever is written, a job ends with one of its exit codes, not with "this is a bug", and a terminal that is shown all
it says obeys nothing. A usual run takes a few texts for each field, others for the next field; a slow one all.
"""

import argparse
import importlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
import yaml
from deltalake import write_deltalake

from browser import report_demo
from strongroom import launcher, run_job
from strongroom.audit.log import AuditLog
from strongroom.core import jobs
from strongroom.core.audit_event import Event
from strongroom.core.errors import EnvironmentFault, StrongroomError
from strongroom.core.escaping import is_unicode, visible
from strongroom.core.settings import IDENTITY, JOBS, KNOWN
from strongroom.core.settings.file import load_settings
from strongroom.flows import access, audit, check, doctor, quarantine
from strongroom.flows.foundation.contracts import sound_contract
from strongroom.protect.row_sealing import seal
from strongroom.reports import write
from strongroom.stores.keys import open_keyring
from strongroom.stores.sources import list_files
from support.hostile import (
    TEXTS,
    elements,
    junit,
    last_line,
    prometheus,
    shell_words,
    spreadsheet,
    watch,
    watched,
    yaml_text,
)
from support.lakes import ROOT, install

EVERY = 80
ALL = [text for text, _ in TEXTS]
CODES = {0, 2, 3, 4, 5, 6, 7}
WRITES = {"out", "file", "files", "folder"}
"""Options whose text becomes the name of a file that is written: only names without a path are tried."""


def some(place: int, *, every: int = EVERY) -> list[str]:
    """Every so manieth text, from another one on for each field."""
    return ALL[place % every :: every]


def both(cases):
    """Each case as a usual test with some texts, and as a slow one with all."""
    cases = list(cases)
    usual = [pytest.param(case, some(place), id=str(case)) for place, case in enumerate(cases)]
    return usual + [pytest.param(case, ALL, id=f"{case}, all", marks=pytest.mark.slow) for case in cases]


@pytest.fixture
def place(tmp_path, capsys, monkeypatch):
    """An installation without a JVM: a job that needs one is told that there is none."""

    def none(*_, **__):
        raise EnvironmentFault("no Java in this test")

    monkeypatch.setattr(run_job.session, "open_session", none)
    monkeypatch.setenv("STRONGROOM_DEBUG", "0")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return install(tmp_path / "installation", capsys, engine="spark")


def said(capsys, flow, *options: str) -> tuple[int, str]:
    """Runs a job; what it ends with, and says. Nothing of that acts on a terminal, and it is no bug."""
    capsys.readouterr()
    code = run_job.run(flow, list(options))
    out, err = capsys.readouterr()
    for text in (out, err):
        watch(text)
    assert code in CODES, (options, err)
    assert "this is a bug" not in err, (options, err)
    return code, out + err


def flows():
    return {name: importlib.import_module(f"strongroom.flows.{name}") for name in jobs.JOBS}


def options():
    """Every option and word of every job that takes a text, and those of all jobs once."""
    found = []
    for name, flow in flows().items():
        for action in run_job.parser_of(name, flow)._actions:
            common = action.dest in ("config", "contract", "principal", "purpose", "overrides", "run_id")
            if action.nargs == 0 or isinstance(action, argparse._HelpAction) or (common and name != "access"):
                continue
            found.append((name, action.dest))
    return found


@pytest.mark.parametrize(("case", "texts"), both(options()))
def test_every_option_takes_any_text(place, capsys, case, texts):
    name, dest = case
    flow = flows()[name]
    action = next(each for each in run_job.parser_of(name, flow)._actions if each.dest == dest)
    words = {
        each.dest: list(each.choices)[:1] if each.choices else ["x"]
        for each in run_job.parser_of(name, flow)._actions
        if not each.option_strings and each.nargs not in ("*", "?")
    }
    verbs = {("access", "files"): "diff", ("audit", "terms"): "search"}
    for text in texts:
        if dest in WRITES and (set("/\\") & set(text) or text in ("", ".", "..")):
            continue
        told = [f"{action.option_strings[-1]}={text}"] if action.option_strings else []
        given = {**words, **({} if told else {dest: [text]})}
        given |= {"verb": [verbs.get(case, given["verb"][0] if dest != "verb" else text)]} if "verb" in given else {}
        positional = [word for each in given.values() for word in each]
        extra = ["--columns=a"] if name == "reveal" and dest != "columns" else []
        said(capsys, flow, f"--config={place.settings}" if dest != "config" else "--json", "--dry-run", *told, *extra,
             *(["--", *positional] if positional else []))  # fmt: skip


@pytest.mark.parametrize(("case", "texts"), both(["--as", "--purpose", "--run-id", "--table", "--columns"]))
def test_what_is_typed_stands_in_the_log_and_is_found_there(place, capsys, case, texts):
    """Without --dry-run, so that each run is an event; then the log is searched and reported."""
    for text in texts:
        asked = [f"{case}={text}"] if case in ("--as", "--purpose", "--run-id") else []
        table = text if case == "--table" else "training.reviews"
        columns = [f"--columns={text}"] if case == "--columns" else []
        said(capsys, access, f"--config={place.settings}", "explain", f"--table={table}", *asked, *columns)
    raw = (place.root / "audit").rglob("*")
    for file in raw:
        if file.is_file():
            watch(file.read_bytes().decode())
    auditor = (f"--config={place.settings}", "--set", "principal=user:pia")
    for options in (("search",), ("report", "--month", f"{datetime.now(UTC):%Y-%m}")):
        code, _ = said(capsys, audit, *auditor, *options)
        assert code == 0
    for line in said(capsys, audit, *auditor, "search", "--limit", "0")[1].splitlines():
        assert json.loads(line.partition("  {")[2].join(["{", ""]) if "  {" in line else "{}") is not None


def test_events_of_others_are_shown_and_reported_as_plain_lines(place, capsys):
    """A log may hold what somebody else's version wrote into it."""
    log = AuditLog.open(load_settings(str(place.settings)))
    now = datetime.now(UTC)
    for text in (text for text in ALL if text):
        log.append(
            Event(time=now, run=text, job=text, principal=text, action="read", outcome="refused", actor=text,
                  roles=(text,), table=text, columns=(text,), purpose=text,
                  facts={text: text[:900], "rules": [text[:900]], "masks": {text[:900]: text[:900]}})
        )  # fmt: skip
    auditor = (f"--config={place.settings}", "--set", "principal=user:pia")
    code, shown = said(capsys, audit, *auditor, "search", "--limit", "0")
    assert code == 0
    assert shown.count("\n") >= len(ALL) - 1
    month = f"{now:%Y-%m}"
    assert said(capsys, audit, *auditor, "report", "--month", month)[0] == 0
    assert said(capsys, audit, *auditor, "report", "--month", month, "--out", "report.md")[0] == 0
    watch(Path("report.md").read_text())


CONTRACT = yaml.safe_load((ROOT / "conf/contracts/reviews.yaml").read_text())


def spots(value, path=()):
    """The path of every text in a tree; of the keys of mappings, too (`path` then ends with a tuple)."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from spots(inner, (*path, key))
        if path:
            yield (*path, (next(iter(value)),))
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from spots(inner, (*path, at))
    else:
        yield path


def planted(value, path, text):
    """The tree with the text at a path."""
    head, *rest = path
    if isinstance(head, tuple):
        return {text if key == head[0] else key: inner for key, inner in value.items()}
    if isinstance(value, dict):
        return {
            key: (planted(inner, rest, text) if rest else text) if key == head else inner
            for key, inner in value.items()
        }
    return [(planted(inner, rest, text) if rest else text) if at == head else inner for at, inner in enumerate(value)]


def kinds(tree):
    """One path for each kind of place: the same key under another index is the same kind."""
    found = {}
    for path in spots(tree):
        found.setdefault(tuple("*" if isinstance(step, int) else step for step in path), path)
    return found


CONTRACT_PLACES = kinds(CONTRACT)


@pytest.mark.parametrize(("case", "texts"), both(CONTRACT_PLACES))
def test_every_place_of_a_contract_takes_any_text(place, capsys, case, texts):
    file = place.root / "contracts" / "reviews.yaml"
    for text in texts:
        file.write_text(json.dumps(planted(CONTRACT, CONTRACT_PLACES[case], text)))
        code, _ = said(capsys, check, f"--config={place.settings}", str(file))
        assert code in (0, 3)
        if code == 0:
            said(capsys, access, f"--config={place.settings}", "matrix", "--dry-run")


POLICY = yaml.safe_load((ROOT / "conf/policy.yaml").read_text())
POLICY_PLACES = kinds(POLICY)


@pytest.mark.parametrize(("case", "texts"), both(POLICY_PLACES))
def test_every_place_of_a_policy_takes_any_text(place, capsys, case, texts):
    file, config = place.root / "policy.yaml", f"--config={place.settings}"
    for text in texts:
        file.write_text(json.dumps(planted(POLICY, POLICY_PLACES[case], text), default=str))
        code, _ = said(capsys, check, config, str(file))
        assert code in (0, 3)
        if code == 0:
            outward(capsys, place)


def outward(capsys, place):
    """Everything that a policy is turned into, each read by its reader."""
    dry = (f"--config={place.settings}", "--dry-run")
    said(capsys, access, *dry, "explain", "--as", "user:grace", "--table", "training.reviews")
    said(capsys, access, *dry, "lint")
    said(capsys, access, *dry, "diff", str(ROOT / "conf/policy.yaml"), str(place.root / "policy.yaml"))
    assert said(capsys, access, *dry, "matrix")[0] == 0
    assert said(capsys, access, *dry, "matrix", "--out", "m.csv")[0] == 0
    spreadsheet(Path("m.csv").read_text())
    watch(Path("m.csv").read_text())
    assert said(capsys, access, *dry, "matrix", "--out", "m.html")[0] == 0
    shape, _ = elements(Path("m.html").read_text())
    assert len(shape) == 38


EXPORTED = """
roles:
  analyst: {members: [user:grace], }
  steward: {members: [user:engineer]}
grants:
  - role: analyst
    actions: [read]
    tables: [training.odd]
    columns: {deny: [label]}
    rows: ROWS
    reason: TEXT
  - {role: steward, actions: [grant], tables: [strongroom.policy]}
"""


def exported(capsys, place, text, *words):
    """The export of one table to each platform, which ends with one of these codes; what it wrote."""
    quoted = text.replace("'", "''")
    rows = yaml_text(f"name <> '{quoted}'")
    place.root.joinpath("policy.yaml").write_text(
        EXPORTED.replace("ROWS", rows).replace("TEXT", yaml_text(text or "x"))
    )
    found = []
    for platform in ("unity-catalog", "ranger", "iceberg-restrictions"):
        asked = ("export", "--to", platform, "--out", "e", "--only", "read", "--schemas", str(place.root / "schemas"))
        code, told = said(capsys, access, f"--config={place.settings}", *asked, *words)
        found.append(code)
        print(told)
        for file in Path("e").glob(f"{platform}/**/*") if code == 0 else ():
            if file.is_file():
                watch(file.read_text())
                if file.suffix == ".json":
                    json.loads(file.read_text())
                else:
                    statements(file.read_text())
    return found


@pytest.mark.parametrize(("case", "texts"), both(["rows and reasons", "--catalog", "--service", "--group"]))
def test_an_export_holds_any_text_as_a_text(place, capsys, case, texts):
    fields = [{"name": name, "id": at, "required": False} for at, name in enumerate(("name", "label"), 1)]
    (place.root / "schemas").mkdir()
    (place.root / "schemas" / "training.odd.json").write_text(json.dumps({"fields": fields}))
    empty = pa.schema([("name", pa.string()), ("label", pa.string())]).empty_table()
    write_deltalake(str(place.lake / "training" / "odd"), empty)
    assert exported(capsys, place, "plain") == [0, 0, 0]
    for text in texts:
        if case == "rows and reasons":
            codes = exported(capsys, place, text)
            taken = is_unicode(text) and "\0" not in text and len(text) <= 900 and text.strip()  # else it is no reason
            assert codes == [0, 0, 0] or not taken, text
        else:
            named = f"{case}=analyst={text}" if case == "--group" else f"{case}={text}"
            exported(capsys, place, "plain", named)


def statements(text):
    """SQL of an export: comments of one line, and statements that end where they should."""
    for line in text.split("\n"):
        assert line.startswith(("--", "GRANT ", "REVOKE ", "CREATE ", "ALTER ", "DROP ", "RETURN")) or not line, line


SETTINGS_PLACES = [
    *KNOWN, *(f"identity.{key}" for key in IDENTITY), *(f"{job}.{key}" for job, keys in JOBS.items() for key in keys),
    "spark.spark.sql.x", "KEY", "prepare.KEY", "spark.KEY",
]  # fmt: skip


@pytest.mark.parametrize(("case", "texts"), both(SETTINGS_PLACES))
def test_every_setting_takes_any_text(place, capsys, case, texts):
    """In the file, and on the command line."""
    base = yaml.safe_load(place.settings.read_text())
    for text in texts:
        section, _, key = case.partition(".")
        value = "v" if case.endswith("KEY") else text
        name = text if case.endswith("KEY") else key or section
        changed = {**base, section: {**base.get(section, {}), name: value}} if key else {**base, name: value}
        if case.startswith("identity."):
            changed.pop("principal")
        place.settings.write_text(json.dumps(changed))
        for options in (("check",), ("lint",)):
            flow, rest = (check, ()) if options == ("check",) else (access, ("lint", "--dry-run"))
            said(capsys, flow, f"--config={place.settings}", *rest)
        place.settings.write_text(json.dumps(base))
        said(capsys, check, f"--config={place.settings}", f"--set={case.replace('KEY', text)}={value}")


@pytest.mark.parametrize("text", some(3))
def test_files_of_any_name_are_checked_and_listed(place, capsys, text):
    """Contracts, policies and raw files; a name of a file has no '/' and no NUL, and may be any bytes."""
    name = text.replace("/", "_").replace("\0", "")[:60]
    try:
        raw = place.lake / "raw" / "odd" / f"n{name}.json"
        raw.parent.mkdir(parents=True)
        raw.write_text("{}")
        file = place.root / "contracts" / f"{name}.yaml"
        file.write_text("schema: 1\n")
    except (OSError, UnicodeError):
        pytest.skip("no file may be called that")
    said(capsys, check, f"--config={place.settings}")
    said(capsys, check, f"--config={place.settings}", str(file))
    said(capsys, access, f"--config={file}", "lint")
    said(capsys, doctor, f"--config={file}")
    contract = sound_contract((ROOT / "conf/contracts/reviews.yaml").read_text(), "x", (ROOT / "conf/contracts",))
    source = contract.sources[0]
    listed = list_files(type(source)("s", "json", "raw/odd", options={}, line=1), str(place.lake))
    assert [os.fsencode(found.path) for found in listed] == [os.fsencode(raw)]


def test_rows_set_aside_are_listed_and_shown_as_plain_lines(place, capsys):
    """Whatever stands in their values, and in the names of their files, reasons and runs."""
    settings = load_settings(str(place.settings))
    keyring = open_keyring(settings.keys, settings.keyring, create=True)
    texts = [text for text in ALL if is_unicode(text)]
    clear = [json.dumps({"email": text, text: [text]}).encode() for text in ALL]
    sealed = seal(pa.array(clear, pa.binary()), table="training.reviews", keyring=keyring)
    at = [texts[place % len(texts)] for place in range(len(ALL))]
    rows = pa.table({
        "run_id": at, "batch": pa.array(range(len(ALL)), pa.int64()), "reasons": [[text] for text in at],
        "source_file": [f"raw/{text}" for text in at], "source_position": pa.array([1] * len(ALL), pa.int64()),
        "row": sealed,
    })  # fmt: skip
    write_deltalake(str(place.lake / "quarantine" / "reviews"), rows)
    config = f"--config={place.settings}"
    code, listed = said(capsys, quarantine, config, "list", "--contract", "reviews")
    assert code == 0
    assert listed.count("\n") < 3 * len(ALL) + 10
    privacy = ("--set", "principal=user:pia", "--purpose", "data_subject_request", "--contract", "reviews")
    code, shown = said(capsys, quarantine, config, "show", "--limit", "1000", *privacy)
    assert code == 0
    found = [json.loads(line) for line in shown.splitlines() if line.startswith("{")]
    assert sorted(row["row"]["email"] for row in found) == sorted(ALL)
    assert {row["source_file"] for row in found} == {f"raw/{text}" for text in texts}
    for text in some(5):
        said(capsys, quarantine, config, "list", "--contract", "reviews", f"--run={text}")
        said(capsys, quarantine, config, "list", "--contract", "reviews", f"--reason={text}")


@pytest.mark.parametrize("text", [text for text in some(7) if is_unicode(text) and "\0" not in text and text.strip()])
def test_columns_of_any_name_in_a_table_of_somebody_else(place, capsys, text):
    """Such a table lies in the lake, and the policy is exported over it."""
    write_deltalake(str(place.lake / "training" / "odd"), pa.table({"name": ["x"], "label": ["x"], f"c{text}": ["x"]}))
    codes = exported(capsys, place, "plain")
    assert codes[0] == (0 if visible(text) == text else 3), codes
    said(capsys, access, f"--config={place.settings}", "matrix")


def test_names_in_a_report_stay_names_in_every_format(monkeypatch):
    monkeypatch.setattr(report_demo, "EVIL", "harmless")
    calm = report_demo.hostile(length=10)
    shape, _ = elements(write.page.page(calm))
    count = len(prometheus(write.prometheus.document(calm)))
    cases = len(junit(write.junit.document(calm)).findall(".//testcase"))
    for text in ALL:
        monkeypatch.setattr(report_demo, "EVIL", f"x{text[:50]}")
        report = report_demo.hostile(length=10)
        page = write.page.page(report)
        found, words = elements(page)
        plain = [each for each in found if each[0] != "wbr"]
        assert plain == [each for each in shape if each[0] != "wbr"], text
        watch(words.replace("\u200c", "").replace("\u200d", ""))
        told = prometheus(write.prometheus.document(report))
        assert len(told) == count
        watch(write.prometheus.document(report).replace("\u200c", "").replace("\u200d", ""))
        assert len(junit(write.junit.document(report)).findall(".//testcase")) == cases
        assert json.loads(write.json.document(report))["table"] == report.table
        for line in write.openlineage.document(report).splitlines():
            json.loads(line)
            watch(line)


def test_the_command_that_is_printed_is_the_command_that_was_meant(capsys, monkeypatch):
    texts = [text for text in ALL if "\0" not in text and is_unicode(text)]
    for at in range(0, len(texts), 40):
        part = [f"x{text}" for text in texts[at : at + 40]]
        launcher.launch(["--print", "check", *part])
        out, _ = capsys.readouterr()
        watch(out)
        assert shell_words(out)[-len(part) :] == [os.fsencode(text) for text in part]


@pytest.mark.parametrize("text", some(2))
def test_the_launcher_takes_any_word(capsys, text):
    for words in (["--print", text], ["--print", f"--master={text}", "check"], ["--print", f"--{text}", "check"]):
        with pytest.raises(SystemExit) as ended:
            launcher.main(words)
        out, err = capsys.readouterr()
        watch(out)
        watch(err)
        assert ended.value.code in CODES


@pytest.mark.parametrize("text", [text for text in some(9) if is_unicode(text) and "\0" not in text])
def test_the_environment_takes_any_text(place, capsys, monkeypatch, text):
    for name in ("STRONGROOM_HOME", "JAVA_HOME", "STRONGROOM_TOKEN", "DATABRICKS_HOST", "DATABRICKS_TOKEN", "USER"):
        with monkeypatch.context() as patch:
            patch.setenv(name, text)
            said(capsys, doctor, f"--config={place.settings}")
            said(capsys, access, f"--config={place.settings}", "lint")


@pytest.mark.parametrize("text", ALL)
def test_an_error_that_quotes_it_is_three_plain_lines(capsys, text):
    from strongroom.console import Telling

    error = StrongroomError(f"what {text}", where=f"where {text}", todo=f"do ./spark-submit.sh check {text}")
    Telling("check", "1", as_json=True, start=0.0, config=text).failed(error, code=3)
    out, err = capsys.readouterr()
    watch(err)
    assert len(err.splitlines()) == 4
    assert last_line(out)["problems"][0]["what"] == f"what {text}"
    assert f"what {text}" in watched(err) or "\n" in text or "‹" in text
    assert visible(text) in err
