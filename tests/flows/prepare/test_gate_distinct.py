"""A column whose values frequencies would tell: warned of, or stopped where the contract demands more of them."""

import pytest

from strongroom.flows import prepare
from support.lakes import install

LABEL = "{property: protect, value: {method: keep}}\n          - {property: role, value: label}"
EMAIL = "{method: encrypt, domain: email}"


@pytest.fixture
def place(tmp_path, capsys):
    return install(tmp_path, capsys, sample=400)


def test_few_values_warn_in_summary_metrics_and_report(place):
    place.edit("contracts/reviews.yaml", LABEL, LABEL.replace("keep", "hash"))
    done = place.run(prepare)
    assert done.code == 0, done.err
    assert "warning" in done.out
    assert "label has only 3 different values" in done.out
    counts = {(row["name"], row["metric"]): row for row in place.rows("strongroom.metrics")}
    assert counts["label", "distinct"]["value"] == 3
    assert counts["label.distinct", "measured"]["passed"] is False
    kept = place.rows("training.reviews")
    assert counts["email", "distinct"]["value"] == len({row["email"] for row in kept} - {None})
    assert counts["device.ip", "distinct"]["value"] == len({(row["device"] or {}).get("ip") for row in kept} - {None})
    page = next((place.lake / "reports").glob("*/*.html")).read_text()
    assert "label.distinct" in page


def test_fewer_values_than_the_contract_demands_close_the_gate(place):
    place.edit("contracts/reviews.yaml", EMAIL, "{method: encrypt, domain: email, minDistinct: 1000}")
    closed = place.run(prepare)
    assert closed.code == 6
    assert "its protection asks for at least 1,000" in closed.err
    assert place.rows("training.reviews") == []


def test_an_increment_is_judged_together_with_what_the_table_has(place):
    place.edit("contracts/reviews.yaml", EMAIL, "{method: encrypt, domain: email, minDistinct: 20}")
    assert place.run(prepare).code == 0
    raw = place.lake / "raw/reviews"
    line = next(line for line in next(raw.glob("*.json")).read_text().splitlines() if "@" in line)
    (raw / "one-more.json").write_text(line.replace('"r-', '"r-9') + "\n")
    more = place.run(prepare, "--set", "prepare.mode=append")
    assert (more.code, more.line["rows"]["read"]) == (0, 1), more.err
