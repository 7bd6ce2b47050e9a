"""The face of the room: rows, offsets, what is asked for, and the same answer however the texts are cut."""

import pickle
from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from strongroom.text import COURT, ENTITIES, Finder, block, find
from strongroom.text.block import blocks
from strongroom.text.finder import BY_NAME, RECOGNISERS
from strongroom.text.lexicon import LANGUAGES, lexicon
from strongroom.text.spans import SCHEMA

MIXED = [
    "My name is John Smith, card 4532 0151 1283 0366.",
    None,
    "",
    "👩🏽‍⚕️ e\u0301\u0301 Dra. María García, DNI 12345678Z, el 3 de marzo de 2016",
    "\u202eKowalczyk\u202c \x00 Mr Jan Kowalczyk, +44 20 7946 0958",
    "nothing at all",
]
PIECES = [
    *(
        "Mr Jan Kowalczyk",
        "Kowalczyk",
        "4532 0151 1283 0366",
        "a@b.example",
        "\x00",
        "\n\x00\n",
        "é",
        "👩",
        "\u0301",
        " ",
    ),
    *("two years", "between", "and", "EUR 300", "the widow", "(hovrätten)", "RUC", "deputy mayor"),
    *("12 June", "2000", "calle", "Mayor 3", "born on", "phone", "655 437 108", ".", "\x84", "@", "\ud7ff", "eyJ"),
]
TEXTS = st.lists(st.one_of(st.none(), st.lists(st.sampled_from(PIECES), max_size=8).map(" ".join)), max_size=8)


def rows(table: pa.Table) -> list[tuple]:
    return list(zip(*(table[name].to_pylist() for name in table.column_names), strict=True))


def test_rows_and_offsets_are_those_of_the_array():
    table = find(pa.array(MIXED))
    assert table.schema == SCHEMA
    shown = {(row, entity, MIXED[row][start:end]) for row, start, end, entity, _, _ in rows(table)}
    assert (0, "card", "4532 0151 1283 0366") in shown
    assert (3, "person", "Dra. María García") in shown
    assert (3, "national_id", "12345678Z") in shown
    assert (4, "person", "Kowalczyk") in shown
    assert {row for row, *_ in shown} == {0, 3, 4}


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()])
def test_any_array_of_strings(kind):
    assert find(pa.array(MIXED, kind)).equals(find(pa.array(MIXED)))


def test_no_texts_no_spans():
    for texts in (pa.array([], pa.string()), pa.array([None, ""]), pa.chunked_array([], pa.string())):
        assert rows(find(texts)) == []


def test_only_what_is_asked_for():
    assert set(find(pa.array(MIXED), entities=["card"])["entity"].to_pylist()) == {"card"}


def test_settings_travel():
    finder = pickle.loads(pickle.dumps(Finder(("card",), ("en",))))
    assert rows(finder.find(pa.array(MIXED))) == rows(Finder(("card",), ("en",)).find(pa.array(MIXED)))
    assert hash(finder) == hash(Finder(("card",), ("en",)))


def test_every_entity_has_a_name_that_stays():
    wanted = (
        "person nationality religion politics age place institution address email phone date_of_birth date "
        "organisation username profile ip mac card iban bank_account national_id tax_id passport driving_licence "
        "medical_record vehicle_plate coordinates wallet secret"
    )
    assert set(wanted.split()) <= set(ENTITIES)


def test_what_describes_somebody_is_found_where_it_is_asked_for_by_name():
    told = pa.array(
        ["The widow, a police officer, was given EUR 300 and two years for fraud, had asthma and left the RUC."]
    )
    extra = {entity for each in BY_NAME for entity in each.entities}
    assert not extra & set(ENTITIES)
    assert not set(find(told)["entity"].to_pylist()) & extra, "a review keeps its numbers"
    assert extra <= set(find(told, entities=COURT)["entity"].to_pylist())


@pytest.mark.parametrize("entities", [ENTITIES, COURT], ids=["all", "court"])
@settings(max_examples=60, deadline=None)
@given(texts=TEXTS)
def test_spans_lie_in_their_texts_sorted_and_apart(entities, texts):
    table = rows(find(pa.array(texts, pa.string()), entities=entities))
    assert table == sorted(table)
    for row, start, end, entity, score, by in table:
        assert 0 <= start < end <= len(texts[row])
        assert entity in entities
        assert 0.5 <= score <= 1
        assert by
    assert all(one[0] < two[0] or one[2] <= two[1] for one, two in pairwise(table))


@example(["4532 0151 1283 0366", "calle Mr Jan Kowalczyk"], 1, 1)
@example(["1", "aa:bb:cc:dd:ee:ff fe::ab"], 1, 1)
@settings(max_examples=60, deadline=None)
@given(TEXTS, st.integers(0, 8), st.integers(1, 40))
def test_the_same_however_the_texts_are_cut(texts, cut, size):
    find = Finder(COURT).find
    whole = rows(find(pa.array(texts, pa.string())))
    chunks = pa.chunked_array([texts[:cut], texts[cut:]], pa.string())
    assert rows(find(chunks)) == whole
    alone = [(row, *rest) for row, text in enumerate(texts) for _, *rest in rows(find(pa.array([text], pa.string())))]
    assert alone == whole
    sliced = pa.array(["Mr Jan Kowalczyk", *texts], pa.string()).slice(1)
    assert rows(find(sliced)) == whole
    usual = block.SIZE
    try:
        block.SIZE = size
        assert rows(find(pa.array(texts, pa.string()))) == whole
    finally:
        block.SIZE = usual


@pytest.mark.parametrize("recogniser", [each for each in RECOGNISERS if each.needs], ids=lambda each: each.entities[0])
@settings(max_examples=100, deadline=None)
@given(
    text=st.lists(st.sampled_from([*PIECES, "passport no", "plate", "C/ de la Paz", "aged", "ms", "NIF", "/w"])).map(
        " ".join
    )
)
def test_what_a_recogniser_needs_is_in_all_that_it_finds(recogniser, text):
    """Else it would depend on the rows beside, which are in the same block, whether it looks."""
    needed = "0123456789" if recogniser.needs == "digit" else recogniser.needs
    without = text.translate({ord(sign): None for sign in needed})
    for made in blocks([without], lexicon(LANGUAGES)):
        assert list(recogniser.find(made)) == []
