"""What `explore` makes of a run's metrics, without Java; tests/databricks/test_notebooks.py asks real tables."""

import pandas as pd
import pytest

from strongroom.core.errors import ConfigError, Problem, Refused
from strongroom.flows import explore

COUNTED = pd.DataFrame(
    [
        ("rows", "reviews", "read", 200.0),
        ("rows", "reviews", "good", 150.0),
        ("rule", "b.required", "failures", 0.0),
        ("rule", "a.type", "failures", 2.0),
        ("rule", "a.pattern", "failures", 2.0),
        ("rule", "c.unique", "failures", 46.0),
        ("column", "a", "nulls", 20.0),
        ("column", "a", "nulls_kept", 3.0),
        ("column", "a", "empty", 99.0),
        ("column", "b", "nulls", 0.0),
        ("column", "b", "nulls_kept", 0.0),
        ("set", "reviews.rowCount", "measured", 150.0),
    ],
    columns=["about", "name", "metric", "value"],
)


def test_rules_come_most_broken_first_and_the_others_too():
    found = explore.rule_failures(COUNTED)
    assert list(found.itertuples(index=False, name=None)) == [
        ("c.unique", 46), ("a.pattern", 2), ("a.type", 2), ("b.required", 0),
    ]  # fmt: skip


def test_nulls_are_shares_of_the_rows_read_and_of_those_that_passed():
    assert explore.nulls(COUNTED).to_dict("list") == {"column": ["a", "b"], "before": [0.1, 0.0], "after": [0.02, 0.0]}


def test_an_empty_run_has_no_shares_to_divide_by():
    empty = COUNTED.assign(value=0.0)
    assert explore.nulls(empty)["before"].tolist() == [0.0, 0.0]
    assert explore.nulls(empty[empty["about"] == "rows"]).empty


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (Refused("user:ada may not read t", where="p.yaml:3"), "Not yours: user:ada may not read t (p.yaml:3)."),
        (ConfigError([Problem("no label", "c.yaml", code="contract.missing")]), "Not here: no label (c.yaml)."),
    ],
)
def test_what_is_not_the_reader_s_is_a_line_and_nothing_is_shown(error, told):
    def question(view):
        raise error

    said, shown = [], []
    assert explore.mine(question, None, shown.append, say=said.append) is None
    assert (said, shown) == ([told], [])


def test_what_is_theirs_is_shown_and_any_other_error_is_one():
    said, shown = [], []
    assert explore.mine(lambda view: COUNTED, None, shown.append, shown.append, say=said.append) is COUNTED
    assert (said, len(shown)) == ([], 2)
    with pytest.raises(ConfigError):
        explore.mine(lambda view: (_ for _ in ()).throw(ConfigError([Problem("odd")])), None, say=said.append)
