"""What was found is written anew: labels by row, pseudonyms by name, masks, nothing."""

import re

import numpy as np
import pyarrow as pa
import pytest

from strongroom.text import block
from strongroom.text.redaction import REPLACEMENTS, Known, Text, canonical, counted, redact

ASKED: list[str] = []


def tokens(names: pa.Array) -> pa.Array:
    """A pseudonym that can be told in a test: what it was made of, in capitals."""
    ASKED.extend(names.to_pylist())
    return pa.array([re.sub(r"\W", "-", name).upper() for name in names.to_pylist()])


def column(*texts, rows=None, **settings):
    return Text(
        pa.array(texts, pa.string()),
        np.arange(len(texts)) if rows is None else np.array(rows),
        tokens=tokens,
        **settings,
    )


def one(text, **settings):
    return redact([column(text, **settings)]).texts[0].to_pylist()[0]


MENTIONS = "Dr. María García came. Garcia, Ms García, M. García and García, María left; GARCÍA's."


def test_labels_are_numbered_in_the_row_over_all_its_texts():
    first = column("Mr Jan Kowalczyk met Anna Schmidt.", "Mr Peter Weber came.", rows=[0, 1])
    second = column("Anna Schmidt wrote.", "Kowalczyk did not.", "Dear Peter Weber", rows=[0, 0, 1])
    done = redact([first, second])
    assert done.texts[0].to_pylist() == ["[PERSON_1] met [PERSON_2].", "[PERSON_1] came."]
    assert done.texts[1].to_pylist() == ["[PERSON_2] wrote.", "[PERSON_1] did not.", "Dear [PERSON_1]"]
    assert done.spans[1]["row"].to_pylist() == [0, 1, 2]
    assert counted(done.spans[1]) == {"person": 3}


@pytest.mark.parametrize(
    ("replace", "written"),
    [
        ("label", "[PERSON_1] came. [PERSON_1], [PERSON_1], [PERSON_1] and [PERSON_1] left; [PERSON_1]'s."),
        ("mask", "**. ***** ****** came. ******, ** ******, *. ****** and ******, ***** left; ******'s."),
        ("remove", "came.,, and left;."),
    ],
)
def test_replacements(replace, written):
    assert one(MENTIONS, replace=replace) == written


def test_a_pseudonym_is_that_of_the_name_in_all_its_forms():
    text = "Dr. María García came. Garcia, Ms García, M. García left; GARCÍA's."
    made = one(text, replace="token")
    assert set(re.findall(r"\[.*?\]", made)) == {"[PERSON:GARCIA-MARIA]"}
    assert one("Here is Maria García.", replace="token") == "Here is [PERSON:GARCIA-MARIA]."
    assert one("García is here, Mr García.", replace="token") == "[PERSON:GARCIA] is here, [PERSON:GARCIA]."


def test_a_surname_that_fits_two_has_a_label_and_no_pseudonym():
    text = "Anna Schmidt and Peter Schmidt came; then Schmidt left."
    assert one(text) == "[PERSON_1] and [PERSON_2] came; then [PERSON_3] left."
    assert one(text, replace="token") == "[PERSON:ANNA-SCHMIDT] and [PERSON:PETER-SCHMIDT] came; then [PERSON_3] left."


def test_each_pseudonym_is_asked_for_once():
    ASKED.clear()
    redact([column("Mr Jan Kowalczyk", "Jan Kowalczyk, Kowalczyk", "a@b.example", replace="token")])
    assert sorted(ASKED) == ["a@b.example", "jan kowalczyk"]
    ASKED.clear()
    redact([column("nobody is here", replace="token"), column("Mr Jan Kowalczyk")])
    assert ASKED == []


def test_each_column_as_it_says():
    text = "Mr Jan Kowalczyk, kowalczyk@mail.example, 4532 0151 1283 0366"
    done = redact([column(text, find=("person",)), column(text, find=("card",), replace="mask"),
                   column(text, find=("email",), replace="remove")])  # fmt: skip
    assert [each.to_pylist()[0] for each in done.texts] == [
        "[PERSON_1], [PERSON_1]@mail.example, 4532 0151 1283 0366",
        "Mr Jan Kowalczyk, kowalczyk@mail.example, **** **** **** ****",
        "Mr Jan Kowalczyk,, 4532 0151 1283 0366",
    ]


def test_a_name_of_one_text_is_gone_from_all_of_its_row_and_from_no_other():
    names = column("Mr Cengiz Qvxwalczyk came.", "nothing", find=("email",))
    notes = column("then qvxwalczyk left", "qvxwalczyk is a word here", find=("person",))
    done = redact([names, notes])
    assert done.texts[0].to_pylist() == ["Mr Cengiz Qvxwalczyk came.", "nothing"]
    assert done.texts[1].to_pylist() == ["then [PERSON_1] left", "qvxwalczyk is a word here"]


@pytest.mark.parametrize("replace", REPLACEMENTS)
@pytest.mark.parametrize(
    ("raw", "written", "why"),
    [
        ("see [PERSON_1] there", "see (PERSON_1) there", "a label"),
        ("[PERSON:ABC]", "(PERSON:ABC)", "a pseudonym"),
        ("[EMAIL_12][PERSON:]", "(EMAIL_12)(PERSON:)", "another entity, an empty one"),
        ("[NOTE_1] [person_1] [PERSON] a[1]", "[NOTE_1] [person_1] [PERSON] a[1]", "what we never write"),
    ],
)
def test_a_raw_text_cannot_write_a_label(replace, raw, written, why):
    assert one(raw, replace=replace) == written, why


@pytest.mark.parametrize(
    ("raw", "written", "why"),
    [
        ("see [PERSON\u200b_1]", "see (PERSON\u200b_1)", "a blank without width"),
        ("see [PER\u00adSON_1]", "see (PER\u00adSON_1)", "a soft hyphen"),
        ("see [\u2060PERSON_1\u2060]", "see (\u2060PERSON_1\u2060)", "a joiner"),
        ("see ［PERSON_1］", "see (PERSON_1)", "wide brackets"),
        ("see [ＰＥＲＳＯＮ＿１]", "see (ＰＥＲＳＯＮ＿１)", "wide letters"),
        ("see [РЕRSОN_1]", "see (РЕRSОN_1)", "Cyrillic letters"),
        ("see [ΡΕRSΟΝ_١]", "see (ΡΕRSΟΝ_١)", "Greek letters and an Arabic digit"),
        ("see 【PERSON：X】", "see (PERSON：X)", "a pseudonym"),
        ("see ［NOTE_1］ é", "see ［NOTE_1］ é", "what we never write"),
    ],
)
@pytest.mark.parametrize("replace", REPLACEMENTS)
def test_a_raw_text_cannot_write_what_looks_like_a_label(replace, raw, written, why):
    assert one(raw, replace=replace) == written, why
    assert one(f"{raw} Mr Jan Kowalczyk", replace=replace).startswith(written), why


def test_a_phone_with_its_country_and_without_is_one_number_in_its_row():
    numbers = ["+34 655 437 108", "655437108", "0034655437108", "+49 655 437 108", "+34 655 437 108"]
    texts = column("; ".join(numbers), find=("phone",))
    known = [Known(pa.array(["655437108"]), np.arange(1), "phone")]
    assert redact([texts], known).texts[0].to_pylist() == ["[PHONE_1]; [PHONE_1]; [PHONE_1]; [PHONE_2]; [PHONE_1]"]


def test_no_label_is_left_around_what_is_gone():
    assert one("so [PERSON:Mr Jan Kowalczyk] came", replace="remove", find=("person",)) == "so (PERSON:) came"


@pytest.mark.parametrize(
    ("text", "written", "why"),
    [
        ("so Mr Jan Kowalczyk came", "so came", "one blank"),
        ("Mr Jan Kowalczyk came", "came", "at the start"),
        ("it was Mr Jan Kowalczyk", "it was", "at the end"),
        ("it was Mr Jan Kowalczyk.", "it was.", "before a full stop"),
        ("Mr Jan Kowalczyk", "", "all there is"),
        ("one\nMr Jan Kowalczyk\ntwo", "one\n\ntwo", "a line stays a line"),
        ("  two  blanks, Mr Jan Kowalczyk's  house", "  two  blanks,  house", "those of the text stay"),
    ],
)
def test_no_doubled_blanks(text, written, why):
    assert one(text, replace="remove", find=("person",)) == written, why


def test_a_mask_keeps_length_and_signs():
    text = "Mr Jean-Luc O’Brien\u0301 spoke"
    made = one(text, replace="mask", find=("person",))
    assert len(made) == len(text)
    assert made.endswith(" spoke")
    assert not any(letter.isalpha() for letter in made[:-6])


@pytest.mark.parametrize(
    ("value", "entity", "form", "why"),
    [
        ("Dr. García, María", "person", "garcia maria", "a name"),
        ("Garcia@X.org", "email", "garcia@x.org", "an e-mail"),
        ("+34 655-437-108", "phone", "+34655437108", "a number of a country"),
        ("0034 655 437 108", "phone", "+34655437108", "the same"),
        ("655.437.108", "phone", "655437108", "one without"),
        ("ES91 2100 0418", "iban", "es9121000418", "an identifier"),
        ("12345678-Z", "national_id", "12345678z", ""),
        ("1 May 2020", "date", "1 may 2020", "dates as written"),
        ("sk_Live", "secret", "sk_Live", "a secret"),
    ],
)
def test_canonical(value, entity, form, why):
    assert canonical(value, entity) == form, why


def test_a_row_is_never_cut(monkeypatch):
    monkeypatch.setattr(block, "SIZE", 10)
    texts = column("Mr Jan Qvxwalczyk came.", "nothing", "then qvxwalczyk left", "qvxwalczyk", rows=[0, 0, 0, 1])
    assert redact([texts]).texts[0].to_pylist()[2:] == ["then [PERSON_1] left", "qvxwalczyk"]


def test_no_texts():
    assert redact([]).texts == ()
    assert redact([column()]).texts[0].to_pylist() == []
    assert redact([column(None, "")]).texts[0].to_pylist() == [None, ""]
