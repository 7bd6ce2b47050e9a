"""How texts are cut into words and lines."""

import pyarrow as pa
import pytest

from strongroom.curation.texts import Texts, blocks, repeated


def cut(text):
    found = Texts.of(["before", text, "after"])
    words = found.words
    return [
        found.text[start:end]
        for start, end, row in zip(words.starts, words.ends, words.row, strict=True)
        if row == 1
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "words", "why"),
    [
        ("A plain one.", ["A", "plain", "one", "."], "a sign at the end is a word of its own"),
        ('("Hi!")', ["(", '"', "Hi", "!", '"', ")"], "so is each of several"),
        ("wait... no", ["wait", "...", "no"], "a run of points is one sign"),
        ("don't it's John’s", ["do", "n't", "it", "'s", "John", "’s"], "an apostrophe begins a word"),
        ("well-known 2010-2011", ["well", "-", "known", "2010-2011"], "a dash between letters is a word"),
        ("3.50 1,000 a,b", ["3.50", "1,000", "a", ",", "b"], "numbers stay whole"),
        ("U.S. USA. end.Next", ["U.S.", "USA", ".", "end", ".", "Next"], "points of initials stay"),
        ("see http://a.b/c-d:e, now", ["see", "http://a.b/c-d:e", ",", "now"], "an address is one word"),
        ("Größe und naïve — ja", ["Größe", "und", "naïve", "—", "ja"], "letters beyond ASCII"),
        ("   ", [], "blanks alone"),
        ("", [], "nothing"),
    ],
)
def test_words(text, words, why):
    assert cut(text) == words, why


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb\n", "\n\na", "", "a\u2028b\x0bc", "a\r\r\nb", "x\n\n", "é\n\rü"])
def test_lines_are_those_of_python(text):
    found = Texts.of(["b", text, "c"])
    lines = found.split_lines
    mine = [
        found.text[start:end]
        for start, end, row in zip(lines.starts, lines.ends, lines.row, strict=True)
        if row == 1
    ]  # fmt: skip
    assert mine == text.splitlines()


def test_blocks_hold_all_rows_whatever_their_length():
    texts = ["a" * length for length in (0, 5, 300_000, 1, 270_000, 2)] + [None]
    found = [(first, len(block)) for first, block in blocks(pa.array(texts))]
    assert sum(count for _, count in found) == len(texts)
    assert [first for first, _ in found] == [0, 2, 3, 4, 5]


def test_a_hash_hangs_on_the_letters_alone_wherever_they_stand():
    found = Texts.of(["one two one", "xx one", "eno owt"])
    parts = found.words
    words = [found.text[start:end] for start, end in zip(parts.starts, parts.ends, strict=True)]
    by_word = dict(zip(words, found.hashes.tolist(), strict=True))
    assert [by_word[word] for word in words] == found.hashes.tolist()
    assert len(set(by_word.values())) == 5


def test_repeats_are_counted_within_a_row():
    texts = Texts.of(["a b a a", "a b"])
    times, again = repeated(texts.hashes, texts.words.row)
    assert times.tolist() == [3, 1, 3, 3, 1, 1]
    assert again.tolist() == [False, False, True, True, False, False]
