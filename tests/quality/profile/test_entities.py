"""Entities are counted in some values of each block, by rows and by values, in typed numbers as in texts."""

import numpy as np
import pyarrow as pa
import pytest

from strongroom.core.contract import Column, Type
from strongroom.quality.profile.entities import FIRST, LATER, count
from strongroom.quality.profile.evidence import Share, shares_of
from strongroom.quality.profile.meaning import meaning_of
from strongroom.quality.profile.tally import FEW
from strongroom.quality.profile.text_tally import tally_text
from strongroom.quality.profile.tree import Tree, tree_of_batch
from support.columns import Make


def emails(number, first=0):
    return [f"q{at}@nirgends.example" for at in range(first, first + number)]


def test_a_column_is_looked_at_in_part_and_told_whole():
    values = pa.array(emails(20_000))
    first = tally_text(values)
    both = first.merge(tally_text(pa.array(emails(20_000, 20_000)), prior=first))
    assert (first.found["looked"], both.found["looked"]) == (FIRST, FIRST + LATER)
    assert shares_of("x", both) == (Share("email", 1.0, 0.0),)


def test_of_a_closed_set_every_value_is_looked_at_in_every_block():
    """What leaves in clear does: it has no more values than are looked at."""
    assert LATER >= FEW
    words = [f"{at:03d} {'word ' * 15}end" for at in range(FEW - 1)]
    for at in (0, FEW // 2, FEW - 1):
        values = pa.array([*words[:at], "ada@example.org", *words[at:]])
        assert count(values, np.ones(FEW), looked=10**6)["email"] == 1


def test_a_share_is_of_rows_not_of_different_values():
    tally = tally_text(pa.array(["ada@example.org"] * 90 + [f"word{at}" for at in range(10)] + [None] * 50))
    assert shares_of("x", tally) == (Share("email", 0.9, 0.0),)
    assert tally.found["email"] == 1


def test_a_label_counts_for_the_share_of_what_the_column_is_called_alone():
    tally = tally_text(pa.array([f"5551{at:03d}" for at in range(100)]), label="phone")
    assert shares_of("phone", tally) == (Share("phone", 1.0, 0.0),)
    assert shares_of("x", tally) == ()


@pytest.mark.parametrize("size", [10_000, 10_000_000])
def test_of_a_long_cell_the_beginning_is_looked_at(size):
    """Whose cost is bounded: what stands behind is not found."""
    found = count(pa.array(["see ada@example.org " + "x" * size + " alan@example.org"]), np.ones(1))
    assert found["email within"] == 1


def test_long_texts_are_looked_at_in_fewer_values():
    texts = pa.array([f"{at} " + "and so on " * 390 for at in range(FIRST)])
    assert FIRST / 20 < count(texts, np.ones(FIRST))["looked"] < FIRST / 10


@pytest.mark.parametrize(
    ("name", "maker", "kind"),
    [
        ("x", lambda make: make.luhn("4", 16), "card"),
        ("x", lambda make: make.bsn(), "national id"),
        ("phone", lambda make: f"49171{make.n(2, 9)}{make.digits(6)}", "phone"),
        ("x", lambda make: make.digits(9), "unplaced"),
        ("price", lambda make: make.digits(4), "harmless"),
    ],
)
def test_numbers_of_typed_sources_are_looked_at_too(name, maker, kind):
    make = Make("typed")
    batch = pa.RecordBatch.from_pydict({name: pa.array([int(maker(make)) for _ in range(60)], pa.int64())})
    tree = tree_of_batch(batch, [Column(name, name, Type("bigint"))], Tree())
    assert meaning_of(name, Type("bigint"), tree.fields[name].tally, birth_before=2016).kind == kind
