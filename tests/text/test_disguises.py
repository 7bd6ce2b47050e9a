"""Names in spaced and look-alike letters and in entities of HTML are found, and gone where they stand."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.text.disguises import plainly
from strongroom.text.redaction import Known, Text, redact


@pytest.mark.parametrize(
    ("text", "without", "starts", "ends", "why"),
    [
        ("Gаrcia", "Garcia", [0, 1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 6], "a Cyrillic letter in a Latin word"),
        ("G&iacute;a", "Gía", [0, 1, 9], [1, 9, 10], "an entity is a letter"),
        ("&#74;o", "Jo", [0, 5], [5, 6], "by its number"),
        ("J o h n", "John", [0, 2, 4, 6], [1, 3, 5, 7], "spaced"),
        ("a&shy;b", "ab", [0, 6], [1, 7], "what cannot be seen"),
    ],
)
def test_as_a_reader_sees_it(text, without, starts, ends, why):
    seen_of, places = plainly(text)
    assert (seen_of, places[0].tolist(), places[1].tolist()) == (without, starts, ends), why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Владимир was here", "a word of another script"),
        ("AT&T; R&D and a&b", "no entities"),
        ("it is a b", "two letters"),
        ("plan A B", "no more than three"),
    ],
)
def test_is_left_as_it_is(text, why):
    assert plainly(text) == (text, None), why


@given(
    st.lists(st.sampled_from(["J o h n", "а", "a", "&amp;", "&#74;", " ", "\u0301", "ﬁ", "&", ";", "o "])).map("".join)
)
def test_each_letter_has_its_place(text):
    seen_of, places = plainly(text)
    if places is None:
        assert seen_of == text
        return
    first, last = places
    assert len(first) == len(last) == len(seen_of)
    assert (first < last).all()
    assert (np.diff(first) >= 0).all()
    assert len(text) == 0 or last.max(initial=0) <= len(text)


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("then J o h n left", "then [PERSON_1] left"),
        ("then K o w a l c z y k left", "then [PERSON_1] left"),
        ("then J-o-h-n K_o_w_a_l_c_z_y_k left", "then [PERSON_1] left"),
        ("then Kоwаlczyk left", "then [PERSON_1] left"),
        ("then Ko&#119;alczyk left", "then [PERSON_1] left"),
    ],
)
def test_a_known_name_is_gone_however_it_is_written(text, redacted):
    rows = np.arange(1)
    done = redact([Text(pa.array([text]), rows)], [Known(pa.array(["John Kowalczyk"]), rows)])
    assert done.texts[0].to_pylist() == [redacted]
