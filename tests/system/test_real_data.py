"""Public data as it is, against an independent reading of the same files: every row, and what became of each oddity."""

import shutil
from collections import Counter

import duckdb
import pyarrow as pa
import pytest

from strongroom import run_job
from strongroom.core.contract.file import load_contract
from strongroom.flows import prepare
from support.lakes import ROOT, install
from support.opened import decrypt
from system.contents import keyring

DATA = ROOT.parent / "shared/data"
ADULT = (
    "age", "workclass", "fnlwgt", "education", "education_num", "marital_status", "occupation", "relationship", "race",
    "sex", "capital_gain", "capital_loss", "hours_per_week", "native_country", "income",
)  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    if not DATA.is_dir():
        pytest.skip(f"LOUD: {DATA} is missing, so nothing is shown on real data here")
    made = install(tmp_path_factory.mktemp("real") / "a", None)
    for name, folder in (("adult", "adult"), ("sentiment", "reviews")):
        shutil.copytree(DATA / folder, made.lake / "raw" / name)
        shutil.copy(ROOT / "tests/contracts" / f"{name}.yaml", made.root / "contracts")
        assert run_job.run(prepare, ["--config", str(made.settings), "--contract", name]) == 0
    return made


@pytest.fixture(scope="module")
def adult(place):
    """The census as duckdb reads it: all text, the blank after each comma and the comment line told apart by it."""
    names = ", ".join(f"'{name}': 'VARCHAR'" for name in ADULT)
    return duckdb.sql(
        f"SELECT * FROM read_csv('{place.lake}/raw/adult/adult.*', columns = {{{names}}}, delim = ', ', comment = '|', "
        "header = false, null_padding = false, auto_detect = false, quote = '', escape = '')"
    )


def counted(place, columns):
    return Counter(tuple(row[name] for name in columns) for row in place.rows("training.adult"))


def test_every_row_of_the_census_is_there_with_what_is_kept_as_it_was(place, adult):
    kept = ("workclass", "education", "education_num", "occupation", "sex", "hours_per_week", "income")
    independent = adult.select(
        "nullif(workclass, '?'), education, education_num::INT, nullif(occupation, '?'), sex, hours_per_week::INT, "
        "rtrim(income, '.')"
    ).fetchall()
    assert len(independent) == 48_842
    assert counted(place, kept) == Counter(independent)
    assert place.rows("quarantine.adult") == []


def test_a_question_mark_is_null_and_the_dot_of_the_test_file_is_gone(place):
    rows = place.rows("training.adult")
    missing = {name: sum(row[name] is None for row in rows) for name in ("workclass", "occupation", "native_country")}
    assert missing == {"workclass": 2_799, "occupation": 2_809, "native_country": 857}
    assert Counter(row["income"] for row in rows) == {"<=50K": 37_155, ">50K": 11_687}
    assert not any("?" in str(value) for row in rows for value in row.values() if isinstance(value, str))


def test_what_is_protected_keeps_only_what_the_contract_says(place, adult):
    rows = place.rows("training.adult")
    assert set(rows[0]) == set(ADULT) - {"fnlwgt", "relationship"}
    tokens = Counter(row["marital_status"] for row in rows)
    states = Counter(state for (state,) in adult.select("marital_status").fetchall())
    assert sorted(tokens.values()) == sorted(states.values()), "equal values have equal tokens, others others"
    column = next(c for c in load_contract(str(place.root / "contracts/adult.yaml")).columns if c.name == "race")
    sealed = pa.array([row["race"] for row in rows], pa.binary())
    clear, good = decrypt(sealed, column, table="training.adult", keyring=keyring(place))
    assert all(good.to_pylist())
    assert Counter(clear.to_pylist()) == Counter(race for (race,) in adult.select("race").fetchall())
    letters = Counter(land and f"{land[0]}*" for (land,) in adult.select("nullif(native_country, '?')").fetchall())
    assert Counter(row["native_country"] for row in rows) == letters


def test_ages_fall_into_their_bands(place, adult):
    def band(age):
        low = age // 10 * 10
        return "<20" if age < 20 else "80+" if age >= 80 else f"{low}-{low + 9}"

    ages = Counter(band(int(age)) for (age,) in adult.select("age").fetchall())
    assert Counter(row["age"] for row in place.rows("training.adult")) == ages


def test_every_review_sentence_is_there_as_it_was(place):
    independent = []
    for file in sorted((DATA / "reviews").glob("*_labelled.txt")):
        lines = file.read_bytes().decode().split("\n")
        assert lines[-1] == ""
        for line in lines[1:-1]:
            text, _, label = line.rpartition("\t")
            independent.append((text.strip(), int(label)))
    assert len(independent) == 3_000
    rows = place.rows("training.sentiment")
    assert Counter((row["reviews"], row["sentiment"]) for row in rows) == Counter(independent)
    assert Counter(row["sentiment"] for row in rows) == {0: 1_500, 1: 1_500}
    assert any(text.count('"') % 2 for text, _ in independent), "a quote without a partner is a character"
    assert any("\x85" in text for text, _ in independent), "a NEL is no line end"
