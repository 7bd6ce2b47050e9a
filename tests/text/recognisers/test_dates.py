"""Dates in figures and words, of birth where that is said, and ages."""

import pytest

from support.finding import found, of


@pytest.mark.parametrize(
    ("entity", "text", "letters", "why"),
    [
        ("date", "on 2020-06-20 14:11:22 it", "2020-06-20 14:11:22", "ISO, with its time"),
        ("date", "am 31.12.2019 in", "31.12.2019", "German"),
        ("date", "12 June 2000", "12 June 2000", ""),
        ("date", "June 12th, 2000", "June 12th, 2000", "American"),
        ("date", "el 3 de marzo de 2016", "3 de marzo de 2016", "Spanish"),
        ("date", "3. März 2016", "3. März 2016", "German"),
        ("date", "le 1er août 2016", "1er août 2016", "French"),
        ("date", "it was founded in 1977. Since", "1977", "a year after its word"),
        ("date", "on Monday morning", "Monday", "a day of the week"),
        ("date_of_birth", "Fecha de nacimiento: 10/10/1963.", "10/10/1963", "Spanish"),
        ("date_of_birth", "born on 12 March 1980", "12 March 1980", ""),
        ("age", "a 42 year old man", "42", "the number alone"),
        ("age", "I just turned 65", "65", ""),
        ("age", "varón de 53 años con", "53 años", "Spanish, with its unit"),
        ("age", "ein 47-jähriger Mann", "47", "German"),
    ],
)
def test_is_found_as_it_stands(entity, text, letters, why):
    assert letters in of(text, entity), why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("13.13.2020", "no such month"),
        ("may I 5 times", "a word that is a month"),
        ("we sold 1977 units", "a count"),
        ("after 2 years it broke", "a duration"),
        ("tras dos años de uso", "a duration"),
        ("1.2.3.2020", "a version"),
    ],
)
def test_stays(text, why):
    assert found(text) == [], why
