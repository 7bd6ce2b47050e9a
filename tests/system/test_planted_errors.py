"""Real rows with errors of every kind planted in them: all of them are found, and nothing else is."""

import json
import shutil
from collections import Counter

import duckdb
import pytest

from strongroom.core.contract.file import load_contract
from strongroom.flows import prepare
from support.lakes import ROOT, install
from system.contents import quarantined

DATA = ROOT.parent / "shared/data"
CONTRACTS = ROOT / "tests/contracts/planted"
NAMES = ("age", "workclass", "weight", "education", "education_num", "marital", "occupation", "relation", "race", "sex",
         "gain", "loss", "hours", "country", "income")  # fmt: skip
WORK = (
    "'Private', 'Self-emp-not-inc', 'Self-emp-inc', 'Federal-gov', 'Local-gov', 'State-gov', 'Without-pay', "
    "'Never-worked'"
)
KINDS = {
    # rule: (the row it is planted in, what is changed there, DuckDB's words for a row that breaks it)
    "id.required": (11, {"id": None}, "id IS NULL"),
    "id.pattern": (12, {"id": "b-00012"}, "NOT regexp_full_match(id, 'a-[0-9]{5}')"),
    "id.minLength": (13, {"id": "a-1"}, "length(id) < 7"),
    "id.unique": (14, {"id": "a-00015"}, "id IN (SELECT id FROM people GROUP BY id HAVING count(*) > 1)"),
    "age.type": (21, {"age": "old"}, "age IS NOT NULL AND try_cast(age AS TINYINT) IS NULL"),
    "age.required": (22, {"age": None}, "age IS NULL"),
    "age.minimum": (23, {"age": 16}, "try_cast(age AS INT) < 17"),
    "age.maximum": (24, {"age": 91}, "try_cast(age AS INT) > 90"),
    "workclass.invalidValues": (31, {"workclass": "Pirate"}, f"workclass NOT IN ({WORK})"),
    "weight.exclusiveMinimum": (41, {"weight": 0}, "weight::BIGINT <= 0"),
    "weight.exclusiveMaximum": (42, {"weight": 10_000_000}, "weight::BIGINT >= 10000000"),
    "education.minLength": (51, {"education": "BA"}, "length(education) < 3"),
    "education.maxLength": (52, {"education": "Kindergarten1"}, "length(education) > 12"),
    "occupation.reference": (61, {"occupation": "Poet"}, "occupation NOT IN (SELECT unnest(?::VARCHAR[]))"),
    "sex.missingValues": (71, {"sex": "unknown"}, "sex IS NULL OR sex = 'unknown'"),
    "minutes.multipleOf": (81, {"minutes": 61}, "minutes::INT % 60 <> 0"),
    "either": (91, {"gain": 1, "loss": 1}, "gain::INT <> 0 AND loss::INT <> 0"),
    "mail.format": (101, {"mail": "nobody at example.org"}, "mail NOT LIKE '%_@_%'"),
    "mail.unique": (102, {"mail": "p103@example.org"},
                    "mail IN (SELECT mail FROM people GROUP BY mail HAVING count(*) > 1)"),
    "day.minimum": (111, {"day": "2023-12-31"}, "try_cast(day AS DATE) < '2024-01-01'"),
    "day.maximum": (112, {"day": "2025-01-01"}, "try_cast(day AS DATE) > '2024-12-31'"),
    "day.type": (113, {"day": "2024-02-30"}, "day IS NOT NULL AND try_cast(day AS DATE) IS NULL"),
    "codes.minItems": (121, {"codes": []}, "len(codes) < 1"),
    "codes.maxItems": (122, {"codes": [1, 2, 3, 4]}, "len(codes) > 3"),
    "codes.uniqueItems": (123, {"codes": [2, 2]}, "len(codes) <> len(list_distinct(codes))"),
    "codes[].minimum": (124, {"codes": [-1]}, "len(list_filter(coalesce(codes, []), lambda c: c < 0)) > 0"),
}  # fmt: skip
PAIR = "people.duplicateValues"
"""Id and mail together: planted as a whole row that stands twice, which breaks both `unique` as well."""
WARNED = (72, {"sex": "male"})
SET_RULES = {
    # rule: DuckDB's words for the number, over the rows kept
    "workclass.nullValues": "100.0 * count(*) FILTER (workclass IS NULL) / count(*)",
    "education.invalidValues": "100.0 * count(*) FILTER (NOT regexp_matches(education, '^[A-Z]')) / count(*)",
    "occupation.missingValues": "count(*) FILTER (occupation IS NULL OR occupation = 'Armed-Forces')",
    "people.rowCount": "count(*)",
    "many": "count(DISTINCT occupation)",
}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    if not DATA.is_dir():
        pytest.skip(f"LOUD: {DATA} is missing, so nothing is shown on real data here")
    made = install(tmp_path_factory.mktemp("planted") / "a", None)
    for file in CONTRACTS.glob("*.yaml"):
        shutil.copy(file, made.root / "contracts")
    return made


def run(place, name, capsys):
    done = type(place)(place.root, capsys).run(prepare, "--contract", name)
    assert done.code == 0, done.err
    return done


def write(place, name, rows):
    folder = place.lake / "raw" / name
    folder.mkdir(parents=True)
    (folder / "a.json").write_text("".join(json.dumps(row) + "\n" for row in rows))


def census():
    """The rows of the census with what they lack to break every kind of rule."""
    lines = [line for name in ("data", "test") for line in (DATA / f"adult/adult.{name}").read_text().splitlines()]
    rows = [dict(zip(NAMES, line.rstrip(".").split(", "), strict=True)) for line in lines if line.count(", ") == 14]
    for number, row in enumerate(rows):
        row.update({name: int(row[name]) for name in ("age", "weight", "gain", "loss")})
        row.update({name: None for name in ("workclass", "occupation") if row[name] == "?"})
        row |= {"id": f"a-{number:05}", "minutes": 60 * int(row.pop("hours")), "mail": f"p{number}@example.org"}
        row |= {"day": f"2024-{number % 12 + 1:02}-{number % 28 + 1:02}", "seen": "2024-06-01T12:00:00Z"}
        row |= {"codes": [int(row.pop("education_num"))]}
        for name in ("marital", "relation", "race", "country"):
            del row[name]
    return rows


def test_every_kind_of_rule_is_planted():
    rules = load_contract(str(CONTRACTS / "people.yaml")).rules
    checks = {rule.check for rule in rules}
    assert checks == {
        "required", "type", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
        "multipleOf", "pattern", "format", "validValues", "missingValues", "minItems", "maxItems", "uniqueItems",
        "unique", "reference", "expression",
    }  # fmt: skip
    planted = {rule.check for rule in rules if rule.id in KINDS}
    assert planted == checks
    both = [*rules, *load_contract(str(CONTRACTS / "comments.yaml")).rules]
    assert {rule.severity for rule in both} >= {"error", "warning"}
    sets = [
        rule for name in ("people", "comments") for rule in load_contract(str(CONTRACTS / f"{name}.yaml")).set_rules
    ]
    assert {rule.metric for rule in sets} == {
        "rowCount", "nullValues", "missingValues", "invalidValues", "duplicateValues", "freshness", "sql",
    }  # fmt: skip
    assert len({rule.operator for rule in sets}) == 8
    assert {rule.unit for rule in sets} == {"rows", "percent", "seconds"}


def test_all_planted_errors_of_the_census_are_found_and_nothing_else(place, capsys):
    rows = census()
    jobs = sorted({row["occupation"] for row in rows if row["occupation"]})
    for number, change, _ in KINDS.values():
        rows[number] |= change
    rows[WARNED[0]] |= WARNED[1]
    rows[131] = dict(rows[132])
    write(place, "people", rows)
    write(place, "occupations", [{"occupation": job} for job in jobs])
    run(place, "occupations", capsys)
    run(place, "people", capsys)

    found = Counter()
    for line in quarantined(place, "people"):
        reasons, _, clear = json.loads(line)
        found[json.loads(clear[1:])["mail"], tuple(sorted(reasons))] += 1
    with duckdb.connect() as database:
        columns = dict.fromkeys((name for name in rows[0] if name != "codes"), "VARCHAR") | {"codes": "BIGINT[]"}
        database.execute(
            f"CREATE TABLE people AS FROM read_json('{place.lake}/raw/people/a.json', columns = {columns})"
        )
        wanted = independent(database, jobs)
        assert found == Counter(wanted.values())
        assert {mail for mail, _ in found} == {row["mail"] for row in planted(rows)}, "only where something was planted"
        kept = f"FROM people WHERE rowid NOT IN (SELECT unnest({sorted(wanted)}))"
        measured = {
            rule: database.execute(f"SELECT {words} {kept}").fetchall()[0][0] for rule, words in SET_RULES.items()
        }
    told = {row["name"]: row for row in place.rows("strongroom.metrics") if row["dataset"] == "people"}
    assert {rule: told[rule]["value"] for rule in SET_RULES} == pytest.approx(measured)
    assert told["sex.warned"]["value"] == 2, "counted: once beside an error, once in a row that stays"
    assert len(place.rows("training.people")) == len(rows) - len(wanted)


def independent(database, jobs):
    """By its row, the mail and the rules it breaks, as DuckDB finds them."""
    broken = {}
    for rule, (_, _, words) in KINDS.items():
        given = [jobs] if "?" in words else None
        for number, mail in database.execute(f"SELECT rowid, mail FROM people WHERE {words}", given).fetchall():
            broken.setdefault((number, mail), []).append(rule)
    twice = "SELECT id, mail FROM people GROUP BY id, mail HAVING count(*) > 1"
    for key in database.execute(f"SELECT rowid, mail FROM people WHERE (id, mail) IN ({twice})").fetchall():
        broken.setdefault(key, []).append(PAIR)
    return {number: (mail, tuple(sorted(rules))) for (number, mail), rules in broken.items()}


def planted(rows):
    """The rows that were changed, and their partners where one is a copy of another."""
    numbers = {number for number, _, _ in KINDS.values()} | {15, 103, 131, 132}
    return [rows[number] for number in numbers]


SPOILT = (
    ({"text": None, "stars": 1}, "text.required"), ({"text": "x" * 1001, "stars": 1}, "text.maxLength"),
    ({"text": "nine", "stars": 9}, "stars.maximum"), ({"text": "none", "stars": 0}, "stars.minimum"),
    ({"text": "many", "stars": "many"}, "stars.type"),
)  # fmt: skip
"""Reviews that break a rule, and which."""


def test_every_operator_on_the_reviews_gives_the_number_that_duckdb_gives_and_only_what_was_spoilt_is_set_aside(
    place, capsys
):
    rows = []
    for file in sorted((DATA / "reviews").glob("*_labelled.txt")):
        for number, line in enumerate(file.read_bytes().decode().split("\n")[1:-1]):
            text, _, label = line.rpartition("\t")
            rows.append({"text": text.strip(), "stars": None if number % 3 == 0 else int(label) * 4 + 1})
    write(place, "comments", rows)
    lines = (json.dumps(row) + "\n" for row, _ in SPOILT)
    (place.lake / "raw/comments/b.json").write_text("".join(lines))
    bad = sum(row["stars"] == 5 for row in rows)
    place.edit("contracts/comments.yaml", "mustBe: 1500", f"mustBe: {bad}")
    run(place, "comments", capsys)
    with duckdb.connect() as database:
        database.execute(f"CREATE TABLE t AS FROM read_json('{place.lake}/raw/comments/a.json')")
        copies = "(SELECT text FROM t GROUP BY text HAVING count(*) > 1)"
        wanted = {
            "twice": f"count(*) FILTER (text IN {copies})",
            "twice.share": f"100.0 * count(*) FILTER (text IN {copies}) / count(*)",
            "loud": "100.0 * count(*) FILTER (NOT regexp_matches(text, '[^!]$')) / count(*)",
            "blank": "count(*) FILTER (text = '')",
            "unrated": "100.0 * count(*) FILTER (stars IS NULL) / count(*)",
            "bad": "count(*) FILTER (stars <> 1)",
        }
        measured = {rule: database.execute(f"SELECT {words} FROM t").fetchall()[0][0] for rule, words in wanted.items()}
    told = {row["name"]: row for row in place.rows("strongroom.metrics") if row["dataset"] == "comments"}
    assert {rule: told[rule]["value"] for rule in wanted} == pytest.approx(measured)
    assert measured["twice"] > 0
    aside = [json.loads(line) for line in quarantined(place, "comments")]
    assert Counter((json.loads(clear[1:])["text"], *reasons) for reasons, _, clear in aside) == Counter(
        (row["text"], rule) for row, rule in SPOILT
    )
    for place_, holds in (("holds", True), ("fails", False)):
        assert [told[f"{place_}.{number}"]["passed"] for number in range(8)] == [holds] * 8
    assert len(place.rows("training.comments")) == 3_000
