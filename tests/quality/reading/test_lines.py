"""Bytes to lines and back, whatever the pieces, the ranges and the character set."""

from __future__ import annotations

import io
import os
import random

import numpy as np
import pyarrow as pa
import pytest

from strongroom.core.contract.formats import ENCODINGS
from strongroom.core.errors import StoreError
from strongroom.quality.reading import lines as module
from strongroom.quality.reading.encodings import WIDE, encoding_of, original, size_in
from strongroom.quality.reading.lines import lines_of, range_lines

FUZZ = int(os.environ.get("STRONGROOM_FUZZ", "300"))
MARKS = {"UTF-8": b"\xef\xbb\xbf", "UTF-16LE": b"\xff\xfe", "UTF-16BE": b"\xfe\xff"}
NARROW = [name for name in ENCODINGS if not name.startswith("UTF-16")]


def pieces(data: bytes, size: int):
    return [data[at : at + size] for at in range(0, len(data), size)]


def lines(data: bytes, encoding: str, size: int = 1 << 20, **more: object) -> list[bytes]:
    arrays = list(lines_of(pieces(data, size), encoding=encoding, **more))
    assert all(len(array) and array.null_count == 0 and array.type == pa.binary() for array in arrays)
    return [line for array in arrays for line in array.to_pylist()]


def plain(data: bytes) -> list[bytes]:
    """The lines by Python alone."""
    found = data.split(b"\n")
    return found if found[-1] else found[:-1]


@pytest.mark.parametrize(
    ("data", "expected", "why"),
    [
        (b"", [], "no byte, no line"),
        (b"\n", [b""], "one empty line"),
        (b"a\nb\n", [b"a", b"b"], "a lone empty end is none"),
        (b"a\nb", [b"a", b"b"], "the last line may have no line feed"),
        (b"a\r\nb\r", [b"a\r", b"b\r"], "carriage returns stay"),
        (b"a\x0b\xc2\x85\xe2\x80\xa8\x0cb", [b"a\x0b\xc2\x85\xe2\x80\xa8\x0cb"], "nothing else ends a line"),
        (b"\xef\xbb\xbfa\n\xef\xbb\xbfb", [b"a", b"\xef\xbb\xbfb"], "a mark at the start, and only there"),
        (b"\xef\xbb\xbf", [], "a mark alone"),
        (b"\xff\x00\n\xc0\xaf", [b"\xff\x00", b"\xc0\xaf"], "bad bytes stay for the reader to find"),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 100])
@pytest.mark.parametrize("most", [1, 4, 1000])
def test_lines(data, expected, why, size, most):
    assert lines(data, "UTF-8", size, most=most) == expected, why


@pytest.mark.parametrize(
    ("data", "encoding", "expected", "why"),
    [
        ("a\nü\r\n€".encode("cp1252"), "windows-1252", ["a", "ü\r", "€"], "as Excel writes it"),
        (b"\xa4\n\x81", "ISO-8859-15", ["€", "\x81"], "the euro of ISO-8859-15; its control characters are defined"),
        (b"\xa4", "ISO-8859-1", ["¤"], "not the euro"),
        ("ਅĀ\nb".encode("utf-16-le"), "UTF-16LE", ["ਅĀ", "b"], "bytes 0A inside characters are no line ends"),
        ("\ufeffਅĀ\n😀".encode("utf-16-be"), "UTF-16", ["ਅĀ", "😀"], "the mark says big"),
        ("\ufeffa\n".encode("utf-16-le"), "UTF-16", ["a"], "the mark says little"),
        ("\ufeffa".encode("utf-16-le"), "UTF-16LE", ["a"], "said twice"),
        (b"", "UTF-16", [], "nothing needs no mark"),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_encodings(data, encoding, expected, why, size):
    assert [line.decode() for line in lines(data, encoding, size)] == expected, why


@pytest.mark.parametrize(
    ("data", "encoding", "why"),
    [
        (b"a\x81", "windows-1252", "81 is undefined, and not guessed"),
        (b"a\xe9", "US-ASCII", "ASCII has 128 characters"),
        ("a\u00e9".encode(), "US-ASCII", "even if it would be UTF-8"),
        (b"a\x00\x00\xd8", "UTF-16LE", "half a pair"),
        (b"a\x00\x00\xdc", "UTF-16LE", "the other half"),
        (b"a\x00b", "UTF-16LE", "half a character at the end"),
        (b"a\x00\n", "UTF-16LE", "half a character that looks like a line feed"),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_what_is_no_character_is_no_utf_8_and_is_not_lost(data, encoding, why, size):
    (array,) = lines_of(pieces(data, size), encoding=encoding)
    with pytest.raises(pa.ArrowInvalid):
        array.cast(pa.string())
    assert original(array, encoding).to_pylist() == [data], why


@pytest.mark.parametrize(
    ("data", "encoding", "said", "why"),
    [
        ("\ufeffa".encode("utf-16-le"), "UTF-8", "mark of UTF-16LE", "Excel's Unicode text"),
        ("\ufeffa".encode("utf-16-be"), "UTF-8", "mark of UTF-16BE", "the other order"),
        ("\ufeffa".encode("utf-32-le"), "UTF-16", "mark of UTF-32", "its mark begins like that of UTF-16"),
        (b"\xef\xbb\xbfa", "windows-1252", "mark of UTF-8", "no text begins so"),
        ("\ufeffa".encode("utf-16-be"), "UTF-16LE", "mark of UTF-16BE", "the contract says the other order"),
        ("a".encode("utf-16-le"), "UTF-16", "without a byte order mark", "the order is not guessed"),
    ],
)
@pytest.mark.parametrize("size", [1, 100])
def test_a_file_that_is_something_else_by_its_first_bytes_is_refused(data, encoding, said, why, size):
    with pytest.raises(StoreError, match=said):
        lines(data, encoding, size)


def random_bytes(random_: random.Random) -> bytes:
    kind = random_.randrange(3)
    if kind == 0:
        return random_.randbytes(random_.randrange(60))
    if kind == 1:
        return bytes(random_.choice(b"ab\n\r\x00\x81\xd8\xdc\xe9\xf0\x80") for _ in range(random_.randrange(60)))
    text = "".join(random_.choice('ab\n\r,"é€ਅĀ😀') for _ in range(random_.randrange(30)))
    return text.encode(random_.choice(["utf-8", "utf-16-le", "utf-16-be"]))


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_all_bytes_come_back(encoding):
    random_ = random.Random(7)
    for _ in range(FUZZ):
        data = random_bytes(random_)
        try:
            found, mark = encoding_of(data[:4], encoding)
        except StoreError:
            continue
        whole = lines(data, encoding, random_.randrange(1, 9), most=random_.randrange(1, 40))
        feed = "\n".encode(found.lower()) if found in WIDE else b"\n"
        back = feed.join(original(pa.array(whole, pa.binary()), found).to_pylist())
        assert data[mark:] in (back, back + feed)
        size = size_in(np.frombuffer(b"\n".join(whole), np.uint8), found)
        assert size == len(back)


@pytest.mark.parametrize("encoding", NARROW)
def test_every_line_is_in_one_range(encoding):
    random_ = random.Random(11)
    for _ in range(FUZZ):
        data = bytes(random_.choice(b'ab\n\n\r"\xe9') for _ in range(random_.randrange(40)))
        if random_.random() < 0.2 and encoding == "UTF-8":
            data = MARKS["UTF-8"] + data
        whole = lines(data, encoding)
        width = random_.randrange(1, 12)
        found, begins = [], 0
        for start in range(0, max(len(data), 1), width):
            part = range_lines(io.BytesIO(data), start, start + width, encoding=encoding, step=random_.randrange(1, 9))
            found.append([line for array in part for line in array.to_pylist()])
            firsts = [0, *(at + 1 for at, byte in enumerate(data[:-1]) if byte == 10)] if data else []
            assert len(found[-1]) == sum(start <= first < start + width for first in firsts) - (
                data == MARKS["UTF-8"] and start == 0
            )
            begins += len(found[-1])
        assert [line for part in found for line in part] == whole
        assert begins == len(whole)


def test_a_range_is_read_from_arrows_files(tmp_path):
    (tmp_path / "a").write_bytes(b"one\ntwo\nthree\n")
    with pa.OSFile(str(tmp_path / "a")) as file:
        assert [a.to_pylist() for a in range_lines(file, 4, 8, encoding="UTF-8")] == [[b"two"]]
        assert list(range_lines(file, 5, 8, encoding="UTF-8")) == []


def test_a_long_line_is_one():
    long = b"x" * 3_000_000
    assert lines(b"a\n" + long + b"\nb", "UTF-8", 1000, most=10_000) == [b"a", long, b"b"]


def test_what_has_no_line_feed_for_too_long_is_refused_before_it_fills_the_memory(monkeypatch):
    monkeypatch.setattr(module, "LONGEST", 100_000)
    read = 0

    def endless():
        nonlocal read
        while True:
            read += 1
            yield b"x" * 10_000

    with pytest.raises(StoreError):
        list(lines_of(endless(), encoding="UTF-8", most=20_000))
    assert read <= 12
    assert len(next(iter(lines_of([b"x" * 90_000, b"\n"], encoding="UTF-8", most=20_000)))[0].as_py()) == 90_000


def test_utf_16_is_not_read_by_ranges():
    with pytest.raises(ValueError, match="stream"):
        list(range_lines(io.BytesIO(b""), 0, 1, encoding="UTF-16"))
