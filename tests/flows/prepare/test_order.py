"""`prepare --all` takes what a contract refers to before it, and tells where contracts refer to each other."""

import pytest

from strongroom.core.errors import ConfigError
from strongroom.core.settings.file import load_settings
from strongroom.flows.prepare.order import in_order, ordered
from support.lakes import ROOT, install


@pytest.mark.parametrize(
    ("needs", "order", "circles", "why"),
    [
        ({"b": (), "a": (), "c": ()}, "abc", [], "nobody needs anybody: by name"),
        ({"a": "c", "b": "a", "c": ""}, "cab", [], "a chain"),
        ({"a": "z", "b": "", "z": ""}, "bza", [], "what is free comes first, by name"),
        ({"a": "b", "b": "a"}, "ab", [("a", "b")], "two that need each other"),
        ({"b": "c", "c": "d", "d": "b", "a": "d"}, "bdac", [("b", "d", "c")], "three, and one that needs one of them"),
        ({"a": "b", "b": "ac", "c": "b"}, None, [("a", "b"), ("b", "c")], "two circles that meet"),
    ],
)
def test_each_comes_after_those_it_needs(needs, order, circles, why):
    names, found = ordered({name: set(others) for name, others in needs.items()})
    assert sorted(names) == sorted(needs), why
    assert order is None or "".join(names) == order, why
    assert sorted(found) == sorted(circles), why


def test_the_contracts_of_a_folder_in_the_order_of_their_references(tmp_path):
    place = install(tmp_path, None)
    (tmp_path / "contracts/accounts.yaml").write_text((ROOT / "tests/contracts/visits.yaml").read_text())
    (tmp_path / "contracts/a_broken.yaml").write_text("apiVersion: [")
    settings = load_settings(str(place.settings))
    assert in_order(settings) == (("a_broken", "customers", "reviews", "accounts"), ())


def test_no_contract_is_told(tmp_path):
    place = install(tmp_path, None)
    place.edit("local.yaml", "contracts: contracts", "contracts: keys")
    with pytest.raises(ConfigError) as told:
        in_order(load_settings(str(place.settings)))
    assert told.value.code == "contract.unknown"


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("again.yaml", {"contract.doubled"}),
        ("reviews.odcs.yaml", {"contract.twice"}),
        ("Reviews.yaml", {"contract.twice"}),
        ("reviews#part.yaml", {"contract.name"}),
    ],
)
def test_two_contracts_of_one_table_or_name_are_refused(tmp_path, name, codes):
    place = install(tmp_path, None)
    (tmp_path / "contracts" / name).write_text((tmp_path / "contracts/reviews.yaml").read_text())
    with pytest.raises(ConfigError) as refused:
        in_order(load_settings(str(place.settings)))
    assert {problem.code for problem in refused.value.problems} == codes


def test_of_a_file_with_several_data_sets_each_that_is_the_lakes_is_taken(tmp_path):
    place = install(tmp_path, None)
    for name in ("customers", "reviews"):
        (tmp_path / "contracts" / f"{name}.yaml").unlink()
    column = "properties: [{name: a, logicalType: string}]"
    (tmp_path / "contracts/shop.yaml").write_text(
        "apiVersion: v3.1.0\nkind: DataContract\nid: a\nversion: '1'\nstatus: active\n"
        f"schema: [{{name: one, {column}}}, {{name: two, {column}}}]\n"
    )
    settings = load_settings(str(place.settings))
    assert in_order(settings)[0] == ("shop#one", "shop#two")
    (tmp_path / "protection").mkdir()
    (tmp_path / "protection/shop#two.yaml").write_text("pattern: {'*': drop}\n")
    assert in_order(settings)[0] == ("shop#two",)
