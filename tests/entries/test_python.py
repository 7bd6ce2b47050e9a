"""`strongroom.read` and `strongroom.tables`: what they give, by which settings, and to whom."""

import os
import subprocess
import sys

import pytest

import strongroom
from strongroom import python, run_job
from strongroom.core.errors import ConfigError, EnvironmentFault, Refused, StoreError, StrongroomError
from strongroom.flows import prepare
from support.lakes import ROOT, install

TABLE = "training.reviews"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    found = install(tmp_path_factory.mktemp("python") / "a", None, sample=200)
    (found.root / "conf").mkdir()
    for name in ("local.yaml", "policy.yaml", "contracts"):
        (found.root / name).rename(found.root / "conf" / name)
    file = found.root / "conf/local.yaml"
    moved = {"lake: lake": "lake: ../lake", "audit: audit": "audit: ../audit", "keys/": "../keys/"}
    text = file.read_text()
    for old, new in moved.items():
        assert old in text
        text = text.replace(old, new)
    file.write_text(text)
    code = run_job.run(prepare, ["--config", str(found.root / "conf/local.yaml")])
    assert code == 0
    return found


@pytest.fixture
def inside(place, monkeypatch):
    """In the folder of the installation, with nothing said before."""
    monkeypatch.chdir(place.root)
    monkeypatch.delenv("STRONGROOM_CONFIG", raising=False)
    python._say.cache_clear()
    return place


def listed(**asked):
    return {(each.name, each.purpose): each for each in strongroom.tables(**asked)}


def test_tables_lists_what_each_may_read_with_its_columns(inside):
    mine = listed(principal="user:ada")
    assert {name for name, _ in mine} == {TABLE}, "no quarantine, no raw files, no tables of ours"
    assert {purpose for _, purpose in mine} == {"model_training"}
    assert "text_content" in mine[TABLE, "model_training"].columns
    assert "email" not in mine[TABLE, "model_training"].columns
    (grace,) = listed(principal="user:grace").values()
    assert (grace.purpose, grace.masks, grace.rows) == ("", {"user_id": "replace-with-null"}, ("label <> 'neutral'",))
    assert "email" not in grace.columns
    engineer = {name for name, _ in listed()}
    assert {TABLE, "quarantine.reviews", "strongroom.runs"} <= engineer, "the settings' own principal"
    assert not listed(principal="user:eve")


def test_a_purpose_that_nobody_named_gives_nothing_but_what_any_gives(inside):
    assert not listed(principal="user:ada", purpose="advertising")
    assert set(listed(principal="user:grace", purpose="advertising")) == {(TABLE, "advertising")}


def test_a_table_that_a_purpose_gives_more_of_is_listed_for_both(inside):
    policy = inside.root / "conf/policy.yaml"
    before = policy.read_text()
    more = "  - {role: analyst, actions: [read], tables: [training.reviews], purposes: [audit], reason: trying}\n"
    try:
        policy.write_text(before.replace("grants:\n", f"grants:\n{more}", 1))
        found = listed(principal="user:grace")
        assert {purpose: each.rows for (_, purpose), each in found.items()} == {
            "": ("label <> 'neutral'",),
            "audit": (),
        }
    finally:
        policy.write_text(before)


@pytest.mark.spark
@pytest.mark.parametrize("principal", ["", "user:ada", "user:grace"])
def test_read_gives_just_what_tables_says(inside, spark, principal):
    """The same question, asked before and after: columns of every table that is listed, and the session left alone."""
    before = dict(spark.conf.getAll)
    for each in strongroom.tables(principal=principal):
        shown = strongroom.read(each.name, purpose=each.purpose, principal=principal, spark=spark)
        assert tuple(shown.columns) == each.columns, each
    after = dict(spark.conf.getAll)
    assert {key: after.get(key) for key in before} == before, "Delta itself adds two of its own"


@pytest.mark.spark
def test_the_active_session_serves(inside, spark):
    shown = strongroom.read(TABLE, purpose="model_training")
    assert shown.sparkSession is spark
    assert shown.count() == len(inside.rows(TABLE))


@pytest.mark.spark
def test_a_session_that_reads_other_values_is_told_the_line_that_mends_it(inside, spark):
    key = "spark.sql.caseSensitive"
    spark.conf.set(key, "true")
    try:
        with pytest.raises(EnvironmentFault) as error:
            strongroom.read(TABLE, purpose="model_training")
        assert (error.value.where, f'spark.conf.set("{key}", "false")' in error.value.todo) == (key, True)
    finally:
        spark.conf.set(key, "false")


def test_a_refusal_is_audited_and_comes_before_any_session(inside, monkeypatch):
    with pytest.raises(Refused) as error:
        strongroom.read(TABLE, principal="user:eve", purpose="model_training", spark=object())
    assert error.value.__cause__ is None
    event = inside.audit()[-1]
    assert (event.principal, event.table, event.outcome) == ("user:eve", TABLE, "refused")


def test_a_table_that_is_not_there(inside):
    with pytest.raises(StoreError):
        strongroom.read("training.nothing", purpose="model_training", spark=object())


@pytest.mark.parametrize("way", ["argument", "variable", "found"])
def test_settings_come_by_argument_by_variable_or_are_found(inside, monkeypatch, capfd, tmp_path, way):
    file = inside.root / "conf/local.yaml"
    if way == "found":
        (inside.root / "below").mkdir(exist_ok=True)
        monkeypatch.chdir(inside.root / "below")
    else:
        monkeypatch.chdir(tmp_path)
    if way == "variable":
        monkeypatch.setenv("STRONGROOM_CONFIG", str(file))
    for _ in range(2):
        assert strongroom.tables(settings=file if way == "argument" else "")
    told = capfd.readouterr().err.count(f"strongroom: settings of {file}")
    assert told == (1 if way == "found" else 0), "what was found is told, once"


def test_settings_that_others_may_write_are_not_taken(inside):
    (inside.root / "conf").chmod(0o777)
    try:
        with pytest.raises(ConfigError, match="are not taken"):
            strongroom.read(TABLE, purpose="model_training", spark=object())
    finally:
        (inside.root / "conf").chmod(0o755)


def test_a_bug_keeps_its_message_to_itself(inside, monkeypatch):
    monkeypatch.delenv("STRONGROOM_DEBUG", raising=False)

    def broken(*_, **__):
        raise ValueError("ada@example.com")

    monkeypatch.setattr(python, "read_mine", broken)
    with pytest.raises(StrongroomError) as error:
        strongroom.read(TABLE, spark=object())
    assert "ada@example.com" not in str(error.value)
    assert error.value.__suppress_context__


def test_importing_it_loads_nothing():
    """The launcher imports it with the standard library alone, and no notebook should wait for what it may not use."""
    code = "import sys; old = set(sys.modules); import strongroom as s; print(s.__version__, *set(sys.modules) - old)"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "lib")},
    )
    version, *loaded = done.stdout.split()
    assert version == strongroom.__version__
    strange = {name for name in loaded if name.partition(".")[0] not in sys.stdlib_module_names}
    assert strange == {"strongroom"}, done.stderr


def test_there_is_no_other_name_in_it():
    with pytest.raises(AttributeError, match="reed"):
        strongroom.reed  # noqa: B018
    assert {"read", "tables"} <= set(dir(strongroom))
