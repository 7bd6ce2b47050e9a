"""Files of contracts and overlays by name: one that could be meant twice, or is meant by nobody, is refused by name."""

import pytest

from strongroom.core.contract.file import contracts_in, load_contract
from strongroom.core.contract_files import file_of, misnamed
from strongroom.core.errors import ConfigError

HEAD = """apiVersion: v3.1.0
kind: DataContract
id: shop
version: '1'
status: active
servers: [{server: raw, type: local, path: raw/x/*.json, format: json}]
schema:
"""
TABLE = "  - {name: %s, properties: [{name: a, logicalType: string}]}\n"
OVERLAY = "pattern: {'*': drop}\n"
FILES = [
    # data sets, the one asked for, overlays beside, codes or how its column leaves, files that are named, why
    (["users"], "", ["shop.yaml"], "drop", [], "one overlay"),
    (["users"], "", ["shop.odcs.yml"], "drop", [], "endings do not count"),
    (["users"], "", ["shop.yaml", "shop.odcs.yaml"], "contract.twice", ["shop.yaml", "shop.odcs.yaml"], "two of one"),
    (["users"], "", ["shop.yaml", "Shop.yaml"], "contract.twice", ["shop.yaml", "Shop.yaml"], "another case"),
    (["users"], "", ["SHOP.yaml"], "contract.unknown-name", ["SHOP.yaml"], "only another case"),
    (["users"], "", ["shop#users.yaml"], "contract.unknown-name", ["shop#users.yaml"], "of one there is no part"),
    (["users", "x"], "users", ["shop.yaml", "shop#users.yaml"], "drop", [], "its own goes before"),
    (["users", "x"], "x", ["shop.yaml", "shop#users.yaml"], "drop", [], "that of the file is for the others"),
    (["users", "x"], "users", ["shop#users.yaml", "shop#users.yml"], "contract.twice", ["shop#users.yml"], "twice"),
    (["users", "x"], "users", ["shop.yaml", "shop#Users.yaml"], "contract.unknown-name", ["shop#Users.yaml"], "case"),
    (["users", "x"], "x", ["shop.yaml", "shop#user.yaml"], "contract.unknown-name", ["shop#user.yaml"], "of nothing"),
]  # fmt: skip


@pytest.mark.parametrize(("tables", "part", "files", "wanted", "named", "why"), FILES, ids=[row[-1] for row in FILES])
def test_an_overlay_belongs_to_one_contract(tmp_path, tables, part, files, wanted, named, why):
    contracts, protection = tmp_path / "contracts", tmp_path / "protection"
    contracts.mkdir(), protection.mkdir()
    (contracts / "shop.yaml").write_text(HEAD + "".join(TABLE % name for name in tables))
    for file in files:
        (protection / file).write_text(OVERLAY)
    try:
        found, told = next(load_contract(str(contracts / "shop.yaml"), part).leaves()).method, ""
    except ConfigError as error:
        found, told = error.problems[0].code, str(error)
    assert found == wanted, why
    assert all(name in told for name in named), why


def test_two_contracts_of_one_name_are_refused_wherever_they_are_named(tmp_path):
    for name in ("aa.yaml", "aa.odcs.yaml", "b.yaml"):
        (tmp_path / name).write_text("")
    assert file_of(tmp_path, "b") == tmp_path / "b.yaml"
    assert file_of(tmp_path, "c") is None
    with pytest.raises(ConfigError) as refused:
        file_of(tmp_path, "aa")
    assert "aa.odcs.yaml and aa.yaml" in str(refused.value)
    assert [problem.where for problem in misnamed(tmp_path)] == [
        str(tmp_path / f"aa{end}") for end in (".odcs.yaml", ".yaml")
    ]
    with pytest.raises(ConfigError):
        contracts_in(tmp_path)


def test_a_mark_is_for_parts_of_files(tmp_path):
    (tmp_path / "a#b.yaml").write_text("")
    assert [problem.code for problem in misnamed(tmp_path)] == ["contract.name"]
