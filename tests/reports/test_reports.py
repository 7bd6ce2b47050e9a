"""The report as JSON, JUnit XML and Prometheus text, and how it is written."""

from __future__ import annotations

import dataclasses
import json
import os
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from browser.report_demo import BEFORE, DEMOS, EVIL, clean, closed, demo, failed, hostile
from strongroom.core.errors import StoreError
from strongroom.core.report import Report
from strongroom.core.report.columns import AbsentColumn, ColumnFacts
from strongroom.core.run import Run
from strongroom.reports.feeds.json import document as render_json
from strongroom.reports.feeds.junit import document as render_junit
from strongroom.reports.feeds.prometheus import document as render_prometheus
from strongroom.reports.page.page import page as render_html
from strongroom.reports.write import is_written, write

SAMPLE = re.compile(r'^[a-z_]+\{[a-z]+="(?:[^"\\\n]|\\\\|\\"|\\n)*"(?:,[a-z]+="(?:[^"\\\n]|\\\\|\\"|\\n)*")*\} \S+$')


def test_json_has_every_fact_and_the_answer() -> None:
    told = json.loads(render_json(demo()))
    assert told["format"] == "strongroom.report/1"
    assert told["verdict"]["answer"] == "care"
    assert {field.name for field in dataclasses.fields(Report)} <= told.keys()
    assert {field.name for field in dataclasses.fields(ColumnFacts)} <= told["columns"][0].keys()
    assert told["run"]["started"] == "2026-03-04T02:15:03+00:00"
    assert told["shares"] == {"written": 0.994, "quarantined": 0.006, "unaccounted": 0.0}
    assert told["rules"][0] == {
        "id": "email.pattern", "check": "pattern", "columns": ["email"], "failures": 2961, "severity": "error",
        "words": "", "dimension": "conformity", "share": 0.002961,
    }  # fmt: skip
    phone = next(column for column in told["columns"] if column["path"] == "phone")
    assert (phone["nulls_after"], phone["null_share_after"], phone["null_share_before"]) == (None, None, 0.402)
    stars = next(column for column in told["columns"] if column["path"] == "stars")
    assert stars["spread"]["bins"][5] == {"low": "5", "high": "5", "now": 0.408, "before": 0.318}
    assert (stars["spread"]["of"], stars["spread"]["median"], stars["top"]) == ("values", "4", [])
    assert told["label"]["values"][4] == {"value": None, "before": 1388, "after": 0}
    assert len(told["history"]) == 12


def test_json_is_json_whatever_was_measured() -> None:
    rules = tuple(dataclasses.replace(rule, measured=float("nan")) for rule in demo().set_rules)
    told = json.loads(render_json(dataclasses.replace(demo(), set_rules=rules)), parse_constant=pytest.fail)
    assert told["set_rules"][0]["measured"] is None
    assert json.loads(render_json(hostile()))["table"] == EVIL


JUNIT = [
    (clean(), set(), "all green"),
    (demo(), set(), "warnings and quarantined rows leave it green, as the exit code does"),
    (closed(), {"prepare", "label.invalidValues", "quarantine limit"}, "what closed the gate"),
    (dataclasses.replace(clean(), status="failed", problem="the source is gone"), {"prepare"}, "a failed run"),
    (dataclasses.replace(clean(), status="dry run"), set(), "a rehearsal"),
]


@pytest.mark.parametrize(("report", "red", "why"), JUNIT, ids=[why for *_, why in JUNIT])
def test_junit_is_red_where_the_exit_code_is(report: Report, red: set[str], why: str) -> None:
    suites = ElementTree.fromstring(render_junit(report))
    cases = suites.findall("testsuite/testcase")
    assert {
        case.get("name") for case in cases if case.find("failure") is not None or case.find("error") is not None
    } == red
    suite = suites[0]
    assert int(suite.get("tests", "")) == len(cases) == 1 + len(report.rules) + len(report.set_rules) + 1
    assert int(suite.get("failures", "")) + int(suite.get("errors", "")) == len(red)


def test_junit_tells_counts_and_reasons() -> None:
    suite = ElementTree.fromstring(render_junit(closed()))
    case = {case.get("name"): case for case in suite.iter("testcase")}
    assert case["email.pattern"].findtext("system-out") == "2,961 rows (0.30\u202f%) set aside: pattern of email"
    assert case["email.pattern"].get("classname") == "training.reviews.rules"
    failure = case["label.invalidValues"].find("failure")
    assert failure is not None
    assert failure.get("message") == "4.73\u202f%; must be at most 1\u202f%"


def test_junit_calls_what_could_not_be_measured_an_error() -> None:
    rule = dataclasses.replace(demo().set_rules[0], measured=None, passed=False)
    suite = ElementTree.fromstring(render_junit(dataclasses.replace(demo(), status="gate closed", set_rules=(rule,))))
    error = suite.find("testsuite/testcase[@name='rows']/error")
    assert error is not None
    assert error.get("message") == "could not be measured; must be greater than 0 rows"


@pytest.mark.parametrize("word", DEMOS)
def test_prometheus_text_keeps_the_grammar(word: str) -> None:
    text = render_prometheus(DEMOS[word]())
    assert text.endswith("\n")
    seen: set[str] = set()
    family = ""
    for line in text.splitlines():
        if line.startswith("# HELP "):
            family = line.split()[2]
            assert family not in seen, "a family stands together"
            seen.add(family)
        elif line.startswith("# TYPE "):
            assert line == f"# TYPE {family} gauge"
        else:
            assert SAMPLE.match(line), line
            assert line.startswith(f"{family}{{")
            float(line.rsplit(" ", 1)[1])
    samples = [line.rsplit(" ", 1)[0] for line in text.splitlines() if not line.startswith("#")]
    assert len(samples) == len(set(samples))


def test_prometheus_has_the_figures_and_no_label_value() -> None:
    text = render_prometheus(demo())
    for line in (
        'strongroom_gate_passed{table="training.reviews"} 1.0',
        'strongroom_table_version{table="training.reviews"} 13.0',
        'strongroom_table_published_seconds{table="training.reviews"} 1772590543.0',
        'strongroom_run_started_seconds{table="training.reviews"} 1772590503.0',
        'strongroom_rows{table="training.reviews",kind="quarantined"} 6000.0',
        'strongroom_rule_failures{table="training.reviews",rule="email.pattern",severity="error"} 2961.0',
        'strongroom_set_rule_passed{table="training.reviews",rule="email.nullValues",severity="warning"} 0.0',
        'strongroom_column_nulls{table="training.reviews",column="phone"} 402000.0',
        'strongroom_source_bytes{table="training.reviews",source="raw"} 412880231.0',
    ):
        assert f"{line}\n" in text
    assert "neutral" not in text
    assert 'strongroom_gate_passed{table="training.reviews"} 0.0\n' in render_prometheus(closed())
    assert 'strongroom_table_version{table="training.reviews"} 12.0\n' in render_prometheus(closed())
    assert "strongroom_rows" not in render_prometheus(failed()), "what was not measured is not zero"


def test_a_report_is_written_in_every_format(tmp_path: Path) -> None:
    paths = write(demo(), tmp_path)
    run = "2026-03-04T021503-9c1e"
    assert [
        Path(getattr(paths, field.name)).relative_to(tmp_path).as_posix() for field in dataclasses.fields(paths)
    ] == [
        f"training.reviews/{run}.html",
        f"training.reviews/{run}.json",
        f"training.reviews/{run}.junit.xml",
        f"training.reviews/{run}.openlineage.jsonl",
        "prometheus/training.reviews.prom",
    ]
    assert Path(paths.html).read_text(encoding="utf-8") == render_html(demo())
    assert Path(paths.html).stat().st_mode & 0o777 == 0o666 & ~_umask()


def test_a_run_that_measured_nothing_leaves_the_figures_of_the_one_before(tmp_path: Path) -> None:
    write(demo(), tmp_path)
    paths = write(failed(), tmp_path)
    assert Path(paths.prometheus).read_text(encoding="utf-8") == render_prometheus(demo())
    page, told = render_html(failed()), json.loads(render_json(failed()))
    assert (told["read"], told["written"], told["quarantined"], told["shares"]["written"]) == (None,) * 4
    assert (told["readable"]["version"], told["readable"]["run"], told["versions"]) == (12, BEFORE.run, {})
    tiles = re.search(r'<dl class="tiles">.*?</dl>', page, re.DOTALL)
    assert tiles is not None
    assert re.findall(r"<dd>([^<]*)", tiles[0]) == ["–", "–", "–", "–", "–", "3.2\u202fs"]
    assert "Not measured: the run ended before its rows were counted." in page
    assert "version 12" in page


def test_every_format_names_the_version_that_it_is_about() -> None:
    assert "version 13" in render_html(demo())
    assert json.loads(render_json(demo()))["versions"] == {"training.reviews": 13, "quarantine.reviews": 14}
    properties = ElementTree.fromstring(render_junit(demo())).iter("property")
    assert {each.get("name"): each.get("value") for each in properties}["version"] == "13"


def test_the_same_run_again_replaces_its_own_files_and_leaves_nothing_else(tmp_path: Path) -> None:
    write(demo(), tmp_path)
    paths = write(closed(), tmp_path)
    assert "did not pass its gate" in Path(paths.html).read_text(encoding="utf-8")
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 5


def test_a_file_is_exchanged_and_never_rewritten_in_place(tmp_path: Path) -> None:
    paths = write(demo(), tmp_path)
    seen = tmp_path / "somebody reads it"
    os.link(paths.html, seen)
    write(closed(), tmp_path)
    assert seen.read_text(encoding="utf-8") == render_html(demo()), "who had it open keeps the whole old page"


@pytest.mark.parametrize(
    ("run_id", "file"),
    [("../../up", "_.._up.html"), ("..", "_.html"), ("a/b\\c:d", "a_b_c_d.html"), ("x" * 500, "x" * 120 + ".html")],
)
def test_no_name_leads_out_of_the_folder(run_id: str, file: str, tmp_path: Path) -> None:
    run = demo().run
    odd = Run(run_id, run.job, run.principal, run.purpose, run.started)
    paths = write(dataclasses.replace(demo(), run=odd, table="../evil"), tmp_path)
    assert Path(paths.html) == tmp_path / "_evil" / file
    assert Path(paths.html).is_file()


def test_a_folder_that_cannot_be_written_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "training.reviews").write_text("a file where the folder should be")
    with pytest.raises(StoreError, match="cannot be written") as caught:
        write(demo(), tmp_path)
    assert caught.value.where == str(tmp_path)
    assert caught.value.todo


@pytest.mark.parametrize("scheme", ["s3", "s3a"])
def test_a_lake_in_an_object_store_holds_its_reports(bucket, scheme: str) -> None:
    client, name = bucket
    folder = f"{scheme}://{name}/strongroom/reports"
    assert not is_written(demo(), folder)
    paths = write(demo(), folder)
    assert paths.html == f"{folder}/training.reviews/2026-03-04T021503-9c1e.html"
    assert is_written(demo(), folder)
    keys = [found["Key"] for found in client.list_objects_v2(Bucket=name)["Contents"]]
    run = "strongroom/reports/training.reviews/2026-03-04T021503-9c1e"
    ends = (".html", ".json", ".junit.xml", ".openlineage.jsonl")
    assert keys == ["strongroom/reports/prometheus/training.reviews.prom", *(f"{run}{end}" for end in ends)]
    page = client.get_object(Bucket=name, Key=f"{run}.html")["Body"].read().decode()
    assert page == render_html(demo())


def test_an_object_store_that_refuses_is_said_plainly(bucket) -> None:
    with pytest.raises(StoreError, match="cannot be written") as caught:
        write(demo(), "s3://no-such-bucket/reports")
    assert caught.value.where == "s3://no-such-bucket/reports"


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_column_that_no_file_has_is_on_the_page_and_a_figure_and_a_lost_one_a_warning() -> None:
    absent = (AbsentColumn("phone", "Phone", "Phone nr"), AbsentColumn("city", "city", lost=True))
    report = dataclasses.replace(clean(), absent=absent)
    assert json.loads(render_json(clean()))["verdict"]["answer"] == "yes"
    told = json.loads(render_json(report))
    assert told["absent"] == [
        {"column": "phone", "source": "Phone", "near": "Phone nr", "lost": False},
        {"column": "city", "source": "city", "near": "", "lost": True},
    ]
    assert told["verdict"]["answer"] == "care"
    assert told["verdict"]["reasons"] == ["No file has the column city, which the last batch had."]
    quiet = dataclasses.replace(clean(), absent=absent[:1])
    assert json.loads(render_json(quiet))["verdict"]["answer"] == "yes", "one that never was there is no warning"
    figures = render_prometheus(report).splitlines()
    assert sorted(line for line in figures if line.startswith("strongroom_column_absent")) == [
        f'strongroom_column_absent{{table="{report.table}",column="city",lost="true"}} 1.0',
        f'strongroom_column_absent{{table="{report.table}",column="phone",lost="false"}} 1.0',
    ]
    page = render_html(report)
    assert "Phone nr" in page
    assert "In no file of this run, so null in every row: 2 columns." in page
    assert "In no file of this run" not in render_html(clean())
