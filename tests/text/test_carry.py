"""A name found once in a text is found everywhere in it, in every form; in no other text."""

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from strongroom.text import Finder
from support.finding import of

HEAD = "The applicant was Mr Cengiz Kowalczyk. "


@pytest.mark.parametrize(
    ("text", "letters", "why"),
    [
        ("Then Kowalczyk left.", "Kowalczyk", "the surname alone"),
        ("Then Cengiz left.", "Cengiz", "the first name alone"),
        ("It was Kowalczyk's house.", "Kowalczyk", "a possessive"),
        ("bei Kowalczyks daheim", "Kowalczyks", "an ending"),
        ("KOWALCZYK v. TURKEY", "KOWALCZYK", "a heading in capitals"),
        ("as kowalczyk wrote", "kowalczyk", "in small letters, from six on"),
        ("C. Kowalczyk spoke.", "C. Kowalczyk", "an initial and the surname"),
        ("C.K. spoke.", "C.K.", "initials"),
        ("mail to kowalczyk77@x.example now", "kowalczyk77", "the local part of an e-mail"),
        ("Kowalczýk signed.", "Kowalczýk", "another accent"),
    ],
)
def test_another_mention(text, letters, why):
    table = Finder(("person",)).find(pa.array([HEAD + text]))
    shown = [
        (HEAD + text)[start:end]
        for start, end in zip(table["start"].to_pylist(), table["end"].to_pylist(), strict=True)
    ]
    assert letters in shown, why


def test_a_common_word_only_where_a_name_may_stand():
    text = "Mr Adam Young came. Young people did not. He saw Young there, a young man."
    assert of(text, "person") == ["Mr Adam Young", "Young"]
    assert text[: text.index("there")].endswith("Young ")


def test_what_is_no_person_is_carried_as_it_was_written():
    text = "He wrote to Acme Holdings Ltd. ACME is not it; Acme Holdings Ltd answered, and a Turkish man, then Turkish."
    assert of(text, "organisation") == ["Acme Holdings Ltd", "Acme Holdings Ltd"]
    assert of(text, "nationality") == ["Turkish", "Turkish"]


def test_a_name_stays_in_its_own_text():
    texts = ["Mr Cengiz Qvxwalczyk came.", "qvxwalczyk is a word here"]
    assert set(Finder(("person",)).find(pa.array(texts))["row"].to_pylist()) == {0}


def test_an_e_mail_is_found_among_however_many_names():
    others = [f"Mr Jan Qv{first}{second}lowski came." for first in "abcdefghij" for second in "abcdefghij"]
    texts = [*others, "Mr Cengiz Kowalczyk wrote from kowalczyk77@x.example."]
    table = Finder(("person",)).find(pa.array(texts))
    last = table.filter(pc.equal(table["row"], len(texts) - 1))
    assert "kowalczyk77" in [
        texts[-1][start:end] for start, end in zip(last["start"].to_pylist(), last["end"].to_pylist(), strict=True)
    ]


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("Kowalczy\u0301k", "marks of their own"),
        ("Kowal\u00adczyk", "a soft hyphen"),
        ("Ko\u200bwal\u200dczyk", "joiners and blanks without width"),
        ("Ｋｏｗａｌｃｚｙｋ", "wide letters"),
        ("KOWALCZYK", "capitals"),
    ],
)
def test_letters_written_in_odd_ways(written, why):
    assert of(f"{HEAD}Then {written} left.", "person") == ["Mr Cengiz Kowalczyk", written], why


def test_ligatures_and_dots():
    assert of("Mr Jan Fitzﬁeld. fitzfield, FITZFIELD", "person") == ["Mr Jan Fitzﬁeld", "fitzfield", "FITZFIELD"]
    assert of("Dr. Yıldız left; YILDIZ, Yildiz", "person") == ["Dr. Yıldız", "YILDIZ", "Yildiz"]
