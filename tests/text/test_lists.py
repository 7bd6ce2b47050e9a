"""The lists beside the code: each has a source and a licence, and says what its form promises."""

from importlib.resources import files

import pytest

from strongroom.text.letters import seen
from strongroom.text.lexicon import BESIDE_NAMES, BESIDE_NUMBERS, DESCRIBING, LANGUAGES, Word, lexicon

DATA = files("strongroom.text") / "data"


def test_every_list_has_a_source_and_a_licence():
    head, *rows = [line.split("\t") for line in (DATA / "SOURCES.tsv").read_text().splitlines()]
    assert head == ["file", "what", "source", "licence"]
    assert all(len(row) == 4 and all(row) for row in rows)
    assert {row[0] for row in rows} == {each.name for each in DATA.iterdir()} - {"SOURCES.tsv"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phrase_is_of_a_kind_that_something_reads(language):
    kinds = {
        line.split("\t")[0] for line in (DATA / f"phrases_{language}.tsv").read_text(encoding="utf-8").splitlines()
    }
    read = {*BESIDE_NAMES, *BESIDE_NUMBERS, *DESCRIBING, "title", "degree", "particle", "strong_name", "says", "street",
            "unit", "street_ending", "street_before", "org_suffix", "of_head", "month", "weekday", "never_name",
            "form_of_address", "determiner", "number_word", "about", "duration", "money", "measure",
            "counted"}  # fmt: skip
    assert kinds <= read


@pytest.mark.parametrize(
    ("word", "flag", "has", "why"),
    [
        ("maría", Word.GIVEN, True, "accents do not matter"),
        ("garcía", Word.SURNAME, True, ""),
        ("john", Word.STRONG, True, "a name that a list of words has too"),
        ("grace", Word.STRONG, False, "a word first"),
        ("battery", Word.GIVEN | Word.SURNAME, False, "words are no names"),
        ("madrid", Word.PLACE, True, ""),
        ("hospital", Word.INSTITUTION, True, ""),
    ],
)
def test_what_is_known_of_a_word(word, flag, has, why):
    known = lexicon(LANGUAGES).words.get(seen(word), 0)
    assert bool(known & flag) == has, why
