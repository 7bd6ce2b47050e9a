"""Trades and offices, family, illnesses, offences; and what has capitals and is nothing else."""

import pytest

from strongroom.text import COURT
from support.finding import of


@pytest.mark.parametrize(
    ("entity", "text", "letters", "why"),
    [
        ("occupation", "she was a police officer then", "police officer", ""),
        ("occupation", "two chartered accountants came", "chartered accountants", "a trade of the list, in the plural"),
        ("occupation", "the former deputy mayor of", "former deputy mayor", "with what stands before it"),
        ("occupation", "una enfermera de Lugo", "enfermera", "Spanish"),
        ("family", "his widow and", "widow", ""),
        ("family", "Her brothers came", "brothers", "in the plural"),
        ("health", "suffers from multiple sclerosis and", "multiple sclerosis", "the longer of two"),
        ("health", "a case of spondylosis was", "spondylosis", "by its ending"),
        ("offence", "convicted of drug trafficking in", "drug trafficking", ""),
        ("other_name", "he joined the Revolutionary Way in", "Revolutionary Way", "in no list"),
        ("other_name", "members of the PKK were", "PKK", "an acronym"),
        ("other_name", "the appeal (hovrätten) was", "hovrätten", "a foreign word in brackets"),
        ("other_name", "his friend T. said", "T.", "a letter for a name"),
    ],
)  # fmt: skip
def test_is_found_as_it_stands(entity, text, letters, why):
    assert letters in of(text, entity, COURT), why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("the Court held that Article 8 of the Convention", "words of every decision"),
        ("THE CIRCUMSTANCES OF THE CASE", "a heading in capitals"),
        ("Then he left (on foot) again", "brackets with words of the language"),
        ("He has the property", "a word that ends like none of these"),
    ],
)
def test_stays(text, why):
    for entity in ("occupation", "family", "health", "offence", "other_name"):
        assert of(text, entity, COURT) == [], why
