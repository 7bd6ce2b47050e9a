"""Random JSON against a machine written from the RFC: the same rows, marks, torn records, bytes and numbers."""

import pyarrow as pa
import pytest

from quality.reading.json_cases import any_columns, any_lines, chunked, meaning, seeded
from strongroom.quality.reading import json_fast, json_lines
from strongroom.quality.reading.blocks import Seen
from strongroom.quality.reading.columns import read_columns
from strongroom.quality.reading.json_lines import json_again, json_blocks
from support.series import series

CASES = series(1000)


def outcome(blocks, columns):
    """The blocks in the form of `json_cases.meaning`, with the bytes by number."""
    batches, marks, numbers, torn, raw, rows = [], {}, [], [], {}, 0
    for block in blocks:
        block.rows.validate(full=True)
        typed = read_columns(block.rows, columns)
        typed.batch.validate(full=True)
        for found in (typed.unreadable, block.unreadable):
            for path, mask in found.items():
                marks.setdefault(path, set()).update((mask.nonzero()[0] + rows).tolist())
        batches.append(typed.batch)
        rows += typed.batch.num_rows
        numbers += block.numbers.tolist()
        raw.update(zip(block.numbers.tolist(), block.raw.to_pylist(), strict=True))
        if block.torn is not None:
            torn += block.torn.numbers.tolist()
            raw.update(zip(block.torn.numbers.tolist(), block.torn.raw.to_pylist(), strict=True))
    return batches, {path: found for path, found in marks.items() if found}, numbers, torn, raw


def check(lines, blocks, columns, unknown=None):
    batches, marks, numbers, torn, raw = outcome(blocks, columns)
    wanted, wanted_marks, wanted_numbers, wanted_unknown, wanted_torn = meaning(lines, columns)
    assert numbers == wanted_numbers
    assert torn == wanted_torn
    assert marks == wanted_marks
    found = pa.Table.from_batches(batches, wanted.schema).combine_chunks()
    assert repr(found.to_pylist()) == repr(pa.Table.from_batches([wanted]).to_pylist())  # −0 and 0 differ so
    records = [line for line in lines if line.strip(b" \t\r")]
    assert [raw[number] for number in range(1, len(records) + 1)] == records
    if unknown is not None:
        assert len(unknown) == min(20, len(wanted_unknown))
        assert {(path, number) for path, number, _ in unknown} <= {*wanted_unknown.items()}


@pytest.fixture(autouse=True)
def _small_sizes(monkeypatch):
    """So that a few hundred lines meet every border."""
    monkeypatch.setattr(json_fast, "_FEW", 4)
    monkeypatch.setattr(json_fast, "_CALL", 1)
    monkeypatch.setattr(json_fast, "_PART", 16)
    monkeypatch.setattr(json_fast, "_PATIENCE", 20)
    monkeypatch.setattr(json_lines, "_TOGETHER", 8)


@pytest.mark.whole
@pytest.mark.parametrize("share", range(10))
def test_random_lines_mean_what_the_machine_says(share, monkeypatch):
    fast = []
    read = json_fast.read
    monkeypatch.setattr(json_fast, "read", lambda *given: fast.append(read(*given)) or fast[-1])
    for number in range(share, CASES, 10):
        draw = seeded(number)
        columns = any_columns(draw)
        lines = any_lines(draw, columns, draw.choice((1, 2, 15, 16, 17, 60, 60)))
        monkeypatch.setattr(json_lines, "WINDOW", draw.choice((200, 1000, 4 << 20)))
        seen = Seen()
        check(lines, [*json_blocks(chunked(draw, lines), columns, seen)], columns, seen.unknown)
        blank = sum(not line.strip(b" \t\r") for line in lines)
        assert (seen.lines, seen.blank, seen.records) == (len(lines), blank, len(lines) - blank)
    assert sum(len(piece.places) for pieces in fast for piece in pieces) > CASES // 2, (
        "the fast way is what is tested here"
    )


def test_records_read_again_are_what_they_were():
    for number in range(0, CASES, 20):
        draw = seeded(number)
        columns = any_columns(draw)
        lines = [line for line in any_lines(draw, columns, 20) if line.strip(b" \t\r")]
        broken_up = [line.replace(b",", b",\n") if line.isascii() and b'"' not in line else line for line in lines]
        check(lines, json_again(pa.array(lines, pa.binary()), columns), columns)
        check(broken_up, json_again(pa.array(broken_up, pa.binary()), columns), columns)
