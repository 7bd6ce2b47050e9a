"""What other columns of a row say is found in its texts, in every form; in the texts of no other row."""

import sys

import numpy as np
import pyarrow as pa
import pytest

from strongroom.text.redaction import Known, Redacted, Text, redact

ROWS = np.arange(1)


def done(text: str, *values: str | None, entity: str = "person", shared=False, **settings) -> Redacted:
    known = Known(pa.array(values, pa.string()), np.zeros(len(values), int), entity, np.full(len(values), shared))
    settings.setdefault("find", (entity,))
    return redact([Text(pa.array([text]), ROWS, **settings)], [known])


def found(text: str, *values: str | None, **settings) -> list[str]:
    spans = done(text, *values, **settings).spans[0]
    return [text[start:end] for start, end in zip(spans["start"].to_pylist(), spans["end"].to_pylist(), strict=True)]


@pytest.mark.parametrize(
    ("text", "letters", "why"),
    [
        ("so Thrandiwe Quorvala wrote", "Thrandiwe Quorvala", "whole"),
        ("so quorvala wrote", "quorvala", "the surname, in any case from six letters"),
        ("so Thrandiwe wrote", "Thrandiwe", "the first name"),
        ("QUORVALA, late again", "QUORVALA", "capitals"),
        ("Quorvala, Thrandiwe wrote", "Quorvala, Thrandiwe", "turned"),
        ("it was Quorvala's", "Quorvala", "a possessive"),
        ("bei Quorvalas war", "Quorvalas", "an ending"),
        ("signed T. Quorvala", "T. Quorvala", "an initial"),
        ("so T.Q. it was", "T.Q.", "initials"),
        ("so Q.T. it was", "Q.T.", "turned"),
        ("so T.Q. I. was", "T.Q.", "before another letter"),
        ("to quorvala.t@mail.example", "quorvala.t", "the local part of an e-mail"),
        ("ask tquorvala about it", "tquorvala", "as a user name"),
        ("ask thrandiwequorvala99 about it", "thrandiwequorvala99", "and with digits"),
        ("so Quórvala wrote", "Quórvala", "another accent"),
        ("so Quo\u0301rvala wrote", "Quo\u0301rvala", "marks of their own"),
        ("so Quor\u00advala wrote", "Quor\u00advala", "a soft hyphen"),
        ("so Ｑｕｏｒｖａｌａ wrote", "Ｑｕｏｒｖａｌａ", "wide letters"),
        ("so Thrandiwe  Quorvala wrote", "Thrandiwe  Quorvala", "two blanks"),
    ],
)
def test_a_person(text, letters, why):
    assert found(text, "Dr. Thrandiwe Quorvala") == [letters], why


@pytest.mark.parametrize(
    ("text", "value", "letters", "why"),
    [
        ("so Quor wrote", "Ann Quor", ["Quor"], "four letters"),
        ("so quor wrote", "Ann Quor", [], "in small letters from six on"),
        ("so quor wrote", "ann quor", ["quor"], "or as it is written"),
        ("so QUOR wrote", "Ann Quor", ["QUOR"], "capitals"),
        ("so quorva wrote", "Ann Quorva", ["quorva"], "six"),
        ("quorvaling is no word", "Ann Quorva", [], "at word borders"),
        ("Young people. So Young came, a young man.", "Ann Young", ["Young"], "a common word in mid-sentence"),
        ("Young came.", "Ann Young", [], "not where a sentence begins"),
        ("Ann Young came.", "Ann Young", ["Ann Young"], "unless beside another part"),
        ("Mr Young came.", "Ann Young", ["Mr Young"], "or a title"),
        ("I LOVE YOUNG PEOPLE", "Ann Young", [], "nor where all is in capitals"),
        ("Li came. Qu Li came.", "Qu Li", ["Qu Li"], "two letters beside the other part only"),
        ("Vop came. So Vop left, vop.", "Qux Vop", ["Vop"], "three letters as a common word"),
        (
            "Consuelo came and it was very good for us",
            "Consuelo Vop",
            ["Consuelo"],
            "a common word of another language",
        ),
        ("Consuelo para todos en la casa y nada de eso", "Consuelo Vop", [], "of this one"),
        ("so young quorva wrote", "Young Quorva", ["young quorva"], "in the order of the name, in any case"),
        ("so young grace wrote", "Young Grace", [], "not two common words"),
        ("Владимир и Всеволод", "Владимир", ["Владимир"], "another script, and no word as long"),
    ],
)
def test_what_counts_for_a_name(text, value, letters, why):
    assert found(text, value) == letters, why


def test_a_shared_name_counts_as_a_common_word_does():
    assert found("Quorvala came. So Quorvala left.", "Quorvala", shared=True) == ["Quorvala"]
    assert found("Quorvala came. So Quorvala left.", "Quorvala") == ["Quorvala", "Quorvala"]
    assert found("Acme came. So Acme left.", "Acme", entity="organisation", shared=True) == ["Acme"]


@pytest.mark.parametrize(
    ("entity", "value", "text", "letters", "why"),
    [
        ("phone", "655437108", "ring 655-437-108 now", "655-437-108", "other separators"),
        ("phone", "655437108", "ring 655 43 71 08 now", "655 43 71 08", ""),
        ("phone", "655437108", "ring +34 655 437 108 now", "+34 655 437 108", "a country's number in the text"),
        ("phone", "655437108", "ring 0034655437108 now", "0034655437108", ""),
        ("phone", "111222333", "so 0034111222333 it", "0034111222333", "that no plan knows"),
        ("phone", "111222333", "so 0111222333 it", "0111222333", ""),
        ("phone", "+34 655 437 108", "ring 655437108 now", "655437108", "or in the column"),
        ("phone", "+49 30 1234567", "ring (030) 123 45 67 now", "(030) 123 45 67", "a zero for it"),
        (
            "iban",
            "ES9121000418450200051332",
            "to es91 2100 0418 4502 0005 1332 now",
            "es91 2100 0418 4502 0005 1332",
            "",
        ),
        ("card", "4532-0151-1283-0365", "card 4532015112830365", "4532015112830365", "whatever its checksum"),
        ("national_id", "12345678Z", "dni 12.345.678-z", "12.345.678-z", "an identity"),
        ("medical_record", "000123456", "file 000123456", "000123456", ""),
        ("date_of_birth", "1980-03-12", "of 12/03/1980 it", "12/03/1980", "a day, the other way round"),
        ("date_of_birth", "1980-03-12", "of March 12, 1980 it", "March 12, 1980", "in words"),
        ("date_of_birth", "1980-03-12", "el 12 de marzo de 1980", "12 de marzo de 1980", "of another language"),
        ("email", "Qx.Vo@mail.example", "to qx.vo@MAIL.example", "qx.vo@MAIL.example", "in any case"),
        ("email", "qxvolma@mail.example", "ask Qxvolma there", "Qxvolma", "its local part"),
        ("username", "qxvo", "ask qxvo there", "qxvo", "four letters as written"),
        ("place", "Great Qux Town", "in great qux-town now", "great qux-town", "a phrase, whatever is between"),
        ("place", "Quxo", "in Quxo now", "Quxo", "four letters"),
        ("address", "12 Quxo Street, 3rd floor", "at 12 quxo street 3rd floor", "12 quxo street 3rd floor", ""),
    ],
)
def test_other_things(entity, value, text, letters, why):
    known = Known(pa.array([value]), ROWS, entity)
    made = redact([Text(pa.array([text]), ROWS, find=(entity,))], [known]).spans[0].to_pylist()
    assert [text[span["start"] : span["end"]] for span in made] == [letters], why
    assert made[0]["entity"] == entity


@pytest.mark.parametrize(
    ("entity", "value", "text", "why"),
    [
        ("phone", "655437108", "number 16554371089 is one", "within a number"),
        ("phone", "12345", "code 12345 is one", "five digits"),
        ("username", "qxv", "ask qxv there", "three letters"),
        ("username", "qxvo", "ask QXVO there", "four letters in another case"),
        ("email", "info@mail.example", "more info there", "a common word"),
        ("place", "Reading", "reading is fun. Reading too.", "a common word"),
        ("place", "Quxo", "a quxo", "four letters in another case"),
        ("organisation", "Great Qux", "great ways, qux", "words that do not follow each other"),
    ],
)
def test_what_is_no_mention(entity, value, text, why):
    known = Known(pa.array([value]), ROWS, entity)
    assert redact([Text(pa.array([text]), ROWS, find=(entity,))], [known]).texts[0].to_pylist() == [text], why


def test_a_value_is_looked_for_in_its_own_row():
    texts = ["quorvala", "quorvala", "quxo town", "4711 0815"]
    column = Text(pa.array(texts), np.array([0, 1, 1, 2]), find=("person", "place", "bank_account"))
    known = [
        Known(pa.array(["Quorvala", "Nobody Else"]), np.array([0, 1])),
        Known(pa.array(["Quxo Town"]), np.array([0]), "place"),
        Known(pa.array(["47110815"]), np.array([1]), "bank_account"),
    ]
    assert redact([column], known).texts[0].to_pylist() == ["[PERSON_1]", *texts[1:]]


def test_a_value_is_replaced_where_its_entity_is_asked_for():
    text = Text(pa.array(["Quorvala, 655437108"]), ROWS, find=("phone",))
    known = [Known(pa.array(["Quorvala"]), ROWS), Known(pa.array(["655437108"]), ROWS, "phone")]
    assert redact([text], known).texts[0].to_pylist() == ["Quorvala, [PHONE_1]"]


def test_a_mention_has_the_pseudonym_of_the_known_name():
    def tokens(names):
        return pa.array([name.upper().replace(" ", "-") for name in names.to_pylist()])

    made = done("so quorvala, T. Quorvala and tquorvala", "Thrandiwe Quorvala", replace="token", tokens=tokens)
    assert made.texts[0].to_pylist() == [
        "so [PERSON:QUORVALA-THRANDIWE], [PERSON:QUORVALA-THRANDIWE] and [PERSON:QUORVALA-THRANDIWE]"
    ]


def test_values_that_are_too_short_are_counted():
    columns = [
        (["Kim Lee", "Ann Quorvala", "Quorvala de la Vega", None, " ", "Al"], "person"),
        (["12345", "123456"], "phone"),
        (["abc", "abcd"], "place"),
        (["ab@mail.example"], "email"),
    ]
    known = [Known(pa.array(values), np.zeros(len(values), int), entity) for values, entity in columns]
    assert redact([Text(pa.array(["x"]), ROWS)], known).short == (3, 1, 1, 1)
    assert redact([Text(pa.array(["x"]), ROWS, find=("phone",))], known).short == (0, 1, 0, 0), "looked for at all"


def test_rows_without_known_values_and_columns_without_any():
    texts = Text(pa.array(["Mr Jan Kowalczyk", None]), np.arange(2))
    known = [Known(pa.array([None, None], pa.string()), np.arange(2)), Known(pa.array([], pa.string()), np.arange(0))]
    made = redact([texts], known)
    assert made.texts[0].to_pylist() == ["[PERSON_1]", None]
    assert made.short == (0, 0)


@pytest.mark.parametrize(
    ("entity", "value", "text"),
    [
        ("person", lambda at: f"Anna Q{at}x", "Anna "),
        ("person", lambda at: f"A{at} B", "A. B. "),
        ("email", lambda at: f"a@b{at}.example", "a@b "),
        ("place", lambda at: "a " * (at % 40), "a "),
        ("place", lambda at: f"a b{at}", "a b"),
        ("phone", lambda at: f"1{at:06}", "1 "),
        ("phone", lambda at: f"+{at:07}", "+1 0"),
        ("iban", lambda at: f"1{at:06}", "1"),
    ],
)
def test_work_grows_with_what_is_known_and_what_is_read(entity, value, text):
    def calls(size):
        count = 0

        def counted(frame, event, argument):
            nonlocal count
            count += event in ("call", "c_call")

        known = [Known(pa.array([value(at) for at in range(size)]), np.zeros(size, int), entity)]
        texts = [Text(pa.array([text * size]), ROWS, find=(entity,))]
        sys.setprofile(counted)
        try:
            redact(texts, known)
        finally:
            sys.setprofile(None)
        return count

    assert calls(1_000) <= 2.2 * calls(500) + 3_000
