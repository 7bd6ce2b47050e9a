import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from strongroom import run_job
from strongroom.flows import check

ROOT = Path(__file__).parents[3]


@pytest.fixture
def conf(tmp_path, monkeypatch):
    """A copy of the settings we ship, in a project of its own."""
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "conf"


def _run(argv):
    return run_job.run(check, ["--config", "conf/local.yaml", *argv])


def test_without_files_it_checks_the_settings_and_all_they_name(conf, capsys):
    assert _run([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["ok", "conf/local.yaml"],
        ["ok", "conf/policy.yaml"],
        ["ok", "conf/contracts/customers.yaml"],
        ["ok", "conf/contracts/reviews.yaml"],
    ]


def test_what_lint_says_of_the_policy_is_noted_and_stops_nothing(conf, capsys):
    policy = conf / "policy.yaml"
    grant = "  - {role: analyst, actions: [read], tables: [training.reviews], purposes: [y], rows: lable = 'x'}\n"
    policy.write_text(policy.read_text().replace("grants:\n", f"grants:\n{grant}", 1))
    line = policy.read_text().split("\n").index(grant.rstrip()) + 1
    assert _run([]) == 0
    notes = [line for line in capsys.readouterr().out.splitlines() if line.startswith("note")]
    what = "The condition of 'rows' asks 'lable', which training.reviews does not have. Did you mean 'label'?"
    assert [note for note in notes if "lable" in note] == [f"note  conf/policy.yaml:{line}: {what}"]


def test_problems_of_every_kind_are_told_in_one_go(conf, capsys):
    """The reader's, the rules' compilers', contradictions, and what another contract says."""
    changes = (
        ("logicalTypeOptions: {minLength: 1,", "logicalTypeOptions: {minLenth: 1,"),
        ("pattern: '^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$'", "pattern: '(?i:a)\\pX'"),
        ("{metric: rowCount,", "{metric: rowCount, mustBeLessThan: 0}\n      - {metric: rowCount,"),
    )
    file = conf / "contracts/reviews.yaml"
    text = file.read_text()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    entry = "      - name: user_id\n"
    assert entry in text
    text = text.replace(entry, f"{entry}        relationships: [{{to: customers.nobody}}]\n")
    file.write_text(text)
    assert _run([str(file)]) == 3
    err = capsys.readouterr().err
    for part in ("minLenth", "pattern", "can never be met", "nobody"):
        assert part in err, err


def test_it_writes_nothing(conf):
    before = sorted(path for path in conf.parent.rglob("*"))
    _run([])
    assert sorted(path for path in conf.parent.rglob("*")) == before


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("conf/cluster.yaml", "settings"),
        ("conf/policy.yaml", "policy"),
        ("conf/contracts/reviews.yaml", "contract reviews 1.0.0"),
    ],
)
def test_the_content_tells_what_a_file_is(conf, capsys, name, kind):
    other = conf / "renamed.yml"
    shutil.copy(ROOT / name, other)
    assert _run([str(other)]) == 0
    assert f"{other}  {kind}" in capsys.readouterr().out


def test_every_problem_of_every_file_is_told_with_file_and_line(conf, capsys):
    for name, old, new in (
        ("local.yaml", "  spark.master: local[*]", "  master: local[*]"),
        ("policy.yaml", "actions: [read]", "actions: [raed]"),
        ("contracts/reviews.yaml", "method: encrypt", "method: encrpt"),
    ):
        file = conf / name
        file.write_text(file.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    assert _run([f"conf/{name}" for name in ("local.yaml", "policy.yaml", "contracts/reviews.yaml")]) == 3
    told = capsys.readouterr().err
    for place in ("conf/local.yaml:11:", "conf/policy.yaml:", "conf/contracts/reviews.yaml:43:"):
        assert place in told
    assert "Did you mean 'encrypt'?" in told


BROKEN = [
    # file, text, part of what is told, why
    ("conf/local.yaml", "lake: x\n", "conf/local.yaml:1: The setting 'keys' is missing", "half of the settings"),
    ("conf/contracts/new.yaml", "a: 1\n", "conf/contracts/new.yaml:1: Neither a contract", "of no kind we know"),
    ("conf/contracts/new.yaml", "a: [\n", "conf/contracts/new.yaml:2: YAML", "no YAML"),
    ("conf/contracts/new.yaml", "", "conf/contracts/new.yaml:1: The file is empty", "nothing"),
]


@pytest.mark.parametrize(("name", "text", "part", "why"), BROKEN, ids=[row[3] for row in BROKEN])
def test_a_broken_file_stops_with_exit_3(conf, capsys, name, text, part, why):
    (conf.parent / name).write_text(text, encoding="utf-8")
    assert _run([]) == 3, why
    assert part in capsys.readouterr().err


def test_a_contract_that_the_settings_name_must_be_there(conf, capsys):
    assert _run(["--set", "prepare.contract=reviws"]) == 3
    assert "Did you mean 'reviews'?" in capsys.readouterr().err
    assert _run(["--contract", "nobody"]) == 2, "as every job has it"
    assert _run(["--contract", "customers"]) == 0
    shutil.rmtree(conf / "contracts")
    assert _run([]) == 3
    assert "No contract here" in capsys.readouterr().err


def test_json_tells_how_it_went(conf, capsys):
    assert _run(["--json", "conf/none.yaml"]) == 3
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["job"], told["status"], told["exit_code"]) == ("check", "ConfigError", 3)


def test_it_loads_nothing_heavy(conf):
    code = (
        "import sys\n"
        "from strongroom import run_job as launch; from strongroom.flows import check\n"
        "code = launch.run(check, ['--config', sys.argv[1]])\n"
        "print(code, sorted({'pyspark', 'deltalake', 'pydantic', 'jwt', 'datasketches'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "conf/local.yaml"],
        env={"PYTHONPATH": str(ROOT / "lib")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "0 []"


SHOP = """apiVersion: v3.0.2
kind: DataContract
id: shop
version: 2.1.0
status: in production
servers: [{server: warehouse, type: postgres, host: db, port: 5432, database: shop, schema: public}]
schema:
  - name: orders
    properties:
      - {name: order_id, logicalType: integer, physicalType: int8}
      - {name: email, logicalType: string, classification: restricted}
    quality:
      - {name: fresh, type: custom, engine: soda, implementation: "freshness(placed) < 1d"}
"""
OVERLAY = """servers: [{server: raw, type: local, path: raw/orders/*.json, format: json}]
purposes: [model_training]
classification: {restricted: {method: hash, domain: person}}
pattern: {'*': drop}
leave: {engines: [soda]}
"""


@pytest.fixture
def shop(conf):
    (conf / "protection").mkdir()
    (conf / "protection/shop.yaml").write_text(OVERLAY)
    (conf / "contracts/shop.yaml").write_text(SHOP)
    return conf


def test_what_is_understood_is_shown_line_by_line_with_where_it_came_from(shop, capsys):
    assert _run(["--contract", "shop", "--show", "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)["answer"]["files"]
    shown = {line["what"].partition(":")[0]: (line["what"], line["places"]) for line in told["shown"]}
    at, by = "conf/contracts/shop.yaml", "conf/protection/shop.yaml"
    assert shown["column email"][1] == [f"{at}:11", f"{by}:3 by classification 'restricted'"]
    assert "hash (domain person" in shown["column email"][0]
    assert shown["column order_id"] == ("column order_id: bigint, drop", [f"{at}:10", f"{by}:4 by pattern '*'"])
    assert shown["source raw"][1] == [f"{by}:1"]
    assert shown["left"] == ("left: Not checked: 'fresh', a rule of soda.", [f"{at}:13"])


def test_each_data_set_of_a_file_is_checked_or_the_one_that_is_named(shop, capsys):
    file = shop / "contracts/shop.yaml"
    file.write_text(SHOP + "  - {name: visits, properties: [{name: at, logicalType: date}]}\n")
    assert _run(["--contract", "shop"]) == 0
    assert "contract orders 2.1.0" in (told := capsys.readouterr().out)
    assert "contract visits 2.1.0" in told
    assert _run(["--contract", "shop#visits"]) == 0
    assert "contract orders" not in capsys.readouterr().out
    assert _run(["--contract", "shop#vists"]) == 3
    assert "Did you mean 'visits'?" in capsys.readouterr().err


def test_an_overlay_is_checked_and_one_of_no_contract_is_told(shop, capsys):
    (shop / "protection/elsewhere.yaml").write_text(OVERLAY)
    assert _run([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "ok  conf/protection/shop.yaml  protection of shop: 2 words" in lines
    assert len([line for line in lines if line.startswith("note  conf/protection/elsewhere.yaml: There is no")]) == 1
    (shop / "protection/elsewhere.yaml").rename(shop / "protection/shpo.yaml")
    assert _run([]) == 3, "one that is nearly the name of a contract was meant for it"
    assert "shpo.yaml: There is no contract 'shpo' for this overlay. Did you mean 'shop'?" in capsys.readouterr().err
    (shop / "protection/shop.yaml").write_text(OVERLAY.replace("'*': drop", "'*': keep"))
    assert _run(["conf/protection/shop.yaml"]) == 3
    assert "conf/protection/shop.yaml:4" in capsys.readouterr().err


def test_a_reference_finds_a_data_set_among_several_of_another_file(shop, capsys):
    (shop / "contracts/shop.yaml").write_text(
        SHOP + "  - {name: visits, properties: [{name: at, logicalType: date}]}\n"
    )
    (shop / "protection/shop.yaml").write_text(OVERLAY.replace("'*': drop", "'*': {method: hash, domain: person}"))
    other = shop / "contracts/reviews.yaml"
    key = "      - name: user_id\n"
    assert key in other.read_text()
    other.write_text(other.read_text().replace(key, f"{key}        relationships: [{{to: orders.order_id}}]\n", 1))
    assert _run(["conf/contracts/reviews.yaml"]) == 0, capsys.readouterr().err
    other.write_text(other.read_text().replace("orders.order_id", "orders.order_no"))
    assert _run(["conf/contracts/reviews.yaml"]) == 3
    assert "'orders' has no column 'order_no'" in capsys.readouterr().err


def test_one_of_several_servers_is_named(shop, capsys):
    file, overlay = shop / "contracts/shop.yaml", shop / "protection/shop.yaml"
    more = "{server: files, type: local, path: raw/files/*.json, format: json}"
    file.write_text(SHOP.replace("schema: public}]", f"schema: public}}, {more}]"))
    overlay.write_text(OVERLAY.partition("\n")[2])
    assert _run(["--contract", "shop"]) == 3
    assert "'postgres' is not read" in capsys.readouterr().err
    assert _run(["--contract", "shop", "--server", "files", "--show"]) == 0
    assert "source files: raw/files/*.json (json)" in capsys.readouterr().out
    assert _run(["--contract", "shop", "--server", "flies"]) == 3
    assert "Did you mean 'files'?" in capsys.readouterr().err


def test_a_folder_of_contracts_is_counted(shop, tmp_path, capsys):
    folder = tmp_path / "theirs"
    folder.mkdir()
    (folder / "shop.yaml").write_text(SHOP)
    (folder / "typo.yaml").write_text(SHOP.replace("apiVersion", "apiVersoin"))
    (folder / "nothing.yaml").write_text(SHOP.partition("servers:")[0])
    (folder / "other.yaml").write_text(SHOP.replace("engine: soda", "engine: unheard-of"))
    (folder / "broken.yaml").write_text("a: [")
    assert _run(["--contracts", "theirs", "--protection", "shop", "--json"]) == 3, "as check of one of them does"
    answer = json.loads(capsys.readouterr().out)["answer"]
    found = {Path(one["file"]).stem: one for one in answer["files"]}
    assert {name for name, one in found.items() if one["loads"]} == {"shop"}
    assert found["other"]["codes"] == ["contract.not-run"]
    assert [problem["where"] for problem in found["other"]["problems"]] == ["theirs/other.yaml:13"]
    assert {name for name, one in found.items() if one["sound"]} == {"shop", "nothing", "other"}
    assert (answer["sound"], answer["empty"], answer["soundThatLoad"]) == (3, 1, 1)
    assert _run(["--contracts", "theirs", "--protection", "shpo"]) == 2
    assert _run(["--contracts", "nowhere"]) == 2
    for name in ("typo", "nothing", "other", "broken"):
        (folder / f"{name}.yaml").unlink()
    assert _run(["--contracts", "theirs", "--protection", "shop"]) == 0
    (folder / "shop.odcs.yaml").write_text(SHOP)
    assert _run(["--contracts", "theirs", "--protection", "shop"]) == 3
    assert capsys.readouterr().out.count("shop.odcs.yaml and shop.yaml are called alike") == 2, "each is told"
    (folder / "empty").mkdir()
    assert _run(["--contracts", "theirs/empty"]) == 3


def test_words_of_an_overlay_that_nothing_has_are_warned_of(shop, capsys):
    overlay = shop / "protection/shop.yaml"
    overlay.write_text(OVERLAY + "tag: {secret: drop}\n")
    assert _run(["--json", "conf/contracts/shop.yaml"]) == 0
    (note,) = json.loads(capsys.readouterr().out)["answer"]["notes"]
    assert (note["code"], note["where"]) == ("contract.means-nothing", "conf/protection/shop.yaml:6")
    more = SHOP + "  - {name: visits, properties: [{name: at, logicalType: date}]}\n"
    (shop / "contracts/shop.yaml").write_text(more)
    assert _run(["--json", "conf/contracts/shop.yaml"]) == 0
    assert len(json.loads(capsys.readouterr().out)["answer"]["notes"]) == 1, "once, of two data sets"
    broken = more.replace("date}", "dates}").replace("order_id, ", "order_id, logicalTyp: x, ")
    (shop / "contracts/shop.yaml").write_text(broken)
    assert _run(["conf/contracts/shop.yaml"]) == 3
    (shop / "contracts/shop.yaml").write_text(SHOP)
    overlay.write_text(OVERLAY + "tag: {secret: drop}\ncolumns: {order_di: drop}\n")
    assert _run(["conf/contracts/shop.yaml"]) == 3
    assert "Did you mean 'order_id'?" in capsys.readouterr().err


def test_two_files_of_one_name_are_told_by_name(shop, capsys):
    (shop / "protection/shop.odcs.yaml").write_text(OVERLAY)
    for words in ([], ["conf/contracts/shop.yaml"], ["--contract", "shop"]):
        assert _run(words) == 3
        assert "shop.odcs.yaml and shop.yaml are called alike" in capsys.readouterr().err
    (shop / "protection/shop.odcs.yaml").unlink()
    (shop / "contracts/shop#orders.yaml").write_text(SHOP)
    assert _run([]) == 3
    assert "'shop#orders.yaml' cannot be the file of a contract" in capsys.readouterr().err


def test_where_somebody_elses_contract_is_protected_is_told_once(shop, capsys):
    (shop / "protection/shop.yaml").rename(shop / "kept.yaml")
    assert _run(["conf/contracts/shop.yaml"]) == 3
    assert capsys.readouterr().err.count("conf/protection/shop.yaml") == 1
    text = (shop / "contracts/reviews.yaml").read_text()
    at = "          - {property: protect, value: {method: keep}}\n"
    assert at in text
    (shop / "contracts/reviews.yaml").write_text(text.replace(at, "          - {property: mine, value: 1}\n", 1))
    assert _run(["conf/contracts/reviews.yaml"]) == 3
    assert "conf/protection" not in capsys.readouterr().err, "one's own, of which one column was forgotten"
