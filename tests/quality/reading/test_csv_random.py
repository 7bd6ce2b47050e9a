"""Random files against the machine of `csv_oracle`: the same rows, the same bytes, and no byte of a file lost."""

from __future__ import annotations

import os
import random
from dataclasses import replace

import pyarrow as pa
import pytest

from quality.reading import csv_oracle as oracle
from strongroom.core.contract import Column, Type
from strongroom.core.errors import StoreError
from strongroom.quality.reading import csv_parse
from strongroom.quality.reading.blocks import Seen
from strongroom.quality.reading.csv_records import csv_blocks
from strongroom.quality.reading.csv_rows import csv_again
from strongroom.quality.reading.dialect import Dialect
from strongroom.quality.reading.encodings import encoding_of, original
from strongroom.quality.reading.lines import lines_of

FUZZ = int(os.environ.get("STRONGROOM_FUZZ", "1000"))
PLAIN = [
    b"a",
    b"b",
    b",",
    b",",
    b"\n",
    b"\n",
    b"\r\n",
    b'"',
    b'"',
    b'""',
    b'","',
    b'"\n"',
    b" ",
    b"x,y\n",
    b'"p","q"\n',
]
ODD = [b"\r", b"\xff", "é".encode(), b"\\", b'\\"', b"#", b"\n#", b"\t", b"\0", b"\n\n", b"\x85", "\u2028".encode()]


def columns_of(names):
    return tuple(Column(name, name, Type("string")) for name in names)


def random_file(random_: random.Random) -> bytes:
    words = PLAIN + ODD * random_.choice([0, 0, 1])
    if random_.random() < 0.3:  # mostly well-formed
        words = [b"a,b\n", b'"a,\n""b""",c\n', b'"",\n', b"x\r\n,y\n", *words[: random_.randrange(6)]]
    return b"".join(random_.choice(words) for _ in range(random_.randrange(25)))


def random_dialect(random_: random.Random) -> Dialect:
    if random_.random() < 0.4:
        return Dialect()
    return Dialect(
        sep=random_.choice([",", ",", "\t", "b", "é"]),
        quote=random_.choice(['"', '"', '"', "", "a"]),
        comment=random_.choice(["", "", "#"]),
        escape=random_.choice(["", "", "\\"]),
        feed_only=random_.random() < 0.2,
        empty_text=random_.choice(["null", "keep"]),
        trim_left=random_.random() < 0.2,
        trim_right=random_.random() < 0.2,
    )


def arrays_of(data: bytes, random_: random.Random) -> list[pa.Array]:
    """Lines in arrays of random sizes, some of them slices."""
    lines = data.removesuffix(b"\n").split(b"\n") if data else []
    arrays, at = [], 0
    while at < len(lines):
        size = random_.randrange(1, 6)
        array = pa.array([b"before", *lines[at : at + size], b"behind"], pa.binary())
        arrays.append(array.slice(1, min(size, len(lines) - at)))
        at += size
    return arrays


def collected(blocks, names):
    rows, torn, behind = {}, {}, []
    for block in blocks:
        assert block.rows.schema == pa.schema([(name, pa.string()) for name in names])
        block.rows.validate(full=True)
        assert len(block.numbers) == len(block.raw) == block.rows.num_rows
        table = zip(*(column.to_pylist() for column in block.rows.columns), strict=True)
        for number, row, raw in zip(block.numbers.tolist(), table, block.raw.to_pylist(), strict=True):
            assert number not in rows
            rows[number] = (list(row), raw)
        if block.torn is not None:
            pairs = zip(block.torn.numbers.tolist(), block.torn.raw.to_pylist(), strict=True)
            if block.torn.untrusted:
                behind += pairs
            else:
                torn |= dict(pairs)
    return rows, torn, behind


def expected(read: oracle.Read):
    records = [item for item in read.items if item.kind in (oracle.GOOD, oracle.TORN)]
    rows = {n: (item.fields, item.raw) for n, item in enumerate(records, 1) if item.kind == oracle.GOOD}
    torn = {n: item.raw for n, item in enumerate(records, 1) if item.kind == oracle.TORN}
    return rows, torn


@pytest.mark.whole
@pytest.mark.parametrize("small", [csv_parse.SMALL, 16])
@pytest.mark.parametrize("seed", range(4))
def test_random_files(monkeypatch, seed, small):
    """With a small step too, so that blocks in which a guard fails are read in several."""
    monkeypatch.setattr(csv_parse, "SMALL", small)
    random_ = random.Random(seed)
    broken = 0
    for _ in range(FUZZ // 8):
        data, dialect = random_file(random_), random_dialect(random_)
        dialect = replace(dialect, on_broken_quote=random_.choice(["stop", "quarantineRest"]))
        names = tuple("abc"[: random_.choice([1, 2, 2, 2, 3])])
        lines = data if data.endswith(b"\n") or not data else data + b"\n"
        read = oracle.read(lines, dialect, len(names))
        seen = Seen()
        blocks = csv_blocks(
            arrays_of(lines, random_), columns_of(names), dialect, seen, names=names, first=True, last=True
        )
        rows, torn, behind = collected(blocks, names)
        assert (rows, torn) == expected(read), (lines, dialect)
        assert seen.broken == read.broken, (lines, dialect)
        assert not seen.open_quote
        assert seen.blank == sum(item.kind == oracle.BLANK for item in read.items)
        assert seen.comments == sum(item.kind == oracle.COMMENT for item in read.items)
        rest = lines[read.broken :] if read.broken is not None else b""
        if dialect.on_broken_quote == "quarantineRest":
            assert b"".join(raw + b"\n" for _, raw in behind) == rest
            assert seen.lines == lines.count(b"\n")
        else:
            assert behind == []
        numbers = [*rows, *torn, *(number for number, _ in behind)]
        assert sorted(numbers) == list(range(1, seen.records + 1))
        # Every byte: the records in their order, each with its line end, and the rest.
        given = {number: raw for number, (_, raw) in rows.items()} | torn
        texts = iter(given[number] for number in sorted(given))
        put = [next(texts) if item.kind in (oracle.GOOD, oracle.TORN) else item.raw for item in read.items]
        places = [item.begins for item in read.items] + [len(lines) - len(rest)]
        for raw, begins, ends in zip(put, places[:-1], places[1:], strict=True):
            assert lines[begins:ends] in (raw + b"\n", raw + b"\r\n")
        # What was set aside is read again as it was read first.
        order = sorted(given)
        random_.shuffle(order)
        again = csv_again(pa.array([given[n] for n in order], pa.binary()), columns_of(names), dialect, names=names)
        rows_again, torn_again, _ = collected([again], names)
        assert rows_again == {at: rows[n] for at, n in enumerate(order, 1) if n in rows}, (lines, dialect)
        assert torn_again == {at: torn[n] for at, n in enumerate(order, 1) if n in torn}
        broken += read.broken is not None
    assert FUZZ // 80 < broken < FUZZ // 9  # both kinds are there


@pytest.mark.whole
@pytest.mark.parametrize("seed", range(4))
def test_guesses_that_all_parts_confirm_are_right(seed):
    """Split at every line into two, and at random into many: parts that are all content are the file."""
    random_ = random.Random(100 + seed)
    content = refused = 0
    for _ in range(FUZZ // 16):
        data, dialect = random_file(random_), random_dialect(random_)
        lines = data if data.endswith(b"\n") or not data else data + b"\n"
        if not lines:
            continue
        read = oracle.read(lines, dialect, 2)
        begins = [0, *(at + 1 for at, byte in enumerate(lines) if byte == 10)][:-1]
        splits = [[0, begin] for begin in begins[1:]] + [begins]
        for split in splits:
            rows, torn, sound, number = {}, {}, True, 0
            for at, begin in enumerate(split):
                end = split[at + 1] if at + 1 < len(split) else len(lines)
                seen, last = Seen(), end == len(lines)
                blocks = csv_blocks(
                    arrays_of(lines[begin:end], random_), columns_of("ab"), dialect, seen,
                    names=("a", "b"), first=begin == 0, last=last,
                )  # fmt: skip
                part_rows, part_torn, _ = collected(blocks, "ab")
                assert seen.broken is None or begin == 0
                sound = sound and not seen.open_quote and seen.broken is None
                rows |= {n + number: row for n, row in part_rows.items()}
                torn |= {n + number: raw for n, raw in part_torn.items()}
                number += seen.records
                if seen.broken is not None:
                    assert seen.broken == read.broken
            if sound:
                assert read.broken is None
                assert (rows, torn) == expected(read), (lines, split)
            content += sound
            refused += not sound
    assert content > 50
    assert refused > 50


@pytest.mark.parametrize("encoding", ["UTF-16LE", "UTF-16BE", "windows-1252", "ISO-8859-15", "US-ASCII", "UTF-8"])
def test_random_files_in_every_encoding(encoding):
    """From bytes to bytes: what is set aside is what the file has, and `broken` is its byte."""
    random_ = random.Random(5)
    for _ in range(FUZZ // 12):
        data = random_file(random_)
        if encoding.startswith("UTF-16"):
            data = data.decode("latin-1").encode(encoding.lower()) + random_.choice([b"", b"", b"\n", b"\xd8"])
        marks = {"UTF-8": b"\xef\xbb\xbf", "UTF-16LE": b"\xff\xfe", "UTF-16BE": b"\xfe\xff"}
        mark = random_.choice([b"", marks.get(encoding, b"")])
        try:
            found, start = encoding_of((mark + data)[:4], encoding)
        except StoreError:
            continue  # random bytes that begin like another set
        size = random_.randrange(1, 20)
        whole = mark + data
        chunks = [whole[at : at + size] for at in range(0, len(whole), size)]
        lines = list(lines_of(chunks, encoding=encoding, most=random_.randrange(1, 50)))
        dialect = Dialect(encoding=found, on_broken_quote="quarantineRest")
        seen = Seen()
        rows, torn, behind = collected(
            csv_blocks(lines, columns_of("ab"), dialect, seen, names=("a", "b"), first=True, last=True, start=start),
            "ab",
        )
        joined = b"".join(line + b"\n" for array in lines for line in array.to_pylist())
        assert (rows, torn) == expected(oracle.read(joined, dialect, 2))
        feed = "\n".encode(found.lower()) if found.startswith("UTF-16") else b"\n"
        if seen.broken is not None:
            texts = original(pa.array([raw for _, raw in behind], pa.binary()), found).to_pylist()
            assert whole[seen.broken :] in (feed.join(texts), feed.join(texts) + feed)
        kept = original(pa.array([raw for _, raw in rows.values()] + list(torn.values()), pa.binary()), found)
        assert all(raw in whole for raw in kept.to_pylist())
