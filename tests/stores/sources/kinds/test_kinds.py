"""The table of formats and the files that follow it are one."""

from pathlib import Path

import pytest

from strongroom.core.contract import Source
from strongroom.core.contract.formats import FORMATS
from strongroom.stores.sources import kinds
from strongroom.stores.sources.kinds import Text, kind_of, pinned


def test_every_format_has_its_file_and_every_file_its_format():
    assert {file.stem for file in Path(kinds.__file__).parent.glob("*.py")} - {"__init__"} == FORMATS.keys()


@pytest.mark.parametrize(("name", "typed", "versions"), [
    ("json", False, False), ("csv", False, False), ("parquet", True, False), ("delta", True, True),
])  # fmt: skip
def test_what_a_contract_is_told_of_a_kind_is_so(name, typed, versions):
    assert (not isinstance(kind_of(name).reader, Text), FORMATS[name].typed) == (typed, typed)
    assert pinned(Source("s", name, "raw/x")) is versions


def test_a_name_that_is_none_loads_nothing():
    with pytest.raises(KeyError):
        kind_of("..json")
