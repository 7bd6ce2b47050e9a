"""What cells of a table are: whole, within, or by a label; numbers of states; names that are no names of columns."""

import pyarrow as pa
import pytest

from strongroom.text.cells import facts, held, identities, name_persons, ordinary, prose


@pytest.mark.parametrize(
    ("cell", "whole", "within", "why"),
    [
        ("ada@example.org", {"email"}, set(), "alone"),
        ("<ada@example.org>", {"email"}, set(), "signs around it count for nothing"),
        ("Ada Lovelace <ada@example.org>", {"person", "email"}, set(), "two that are all of it"),
        ("please write to ada@example.org", set(), {"email"}, "other words"),
        ("ADA LOVELACE", {"person"}, set(), "capitals alone"),
        ("ada@example.org " + "and more " * 60, set(), {"email"}, "long"),
        ("wireless mouse", set(), set(), "nothing"),
    ],
)
def test_a_cell_is_or_holds(cell, whole, within, why):
    found = held(pa.array([cell, "x"]))
    assert ({*found.whole}, {*found.within}) == (whole, within), why
    assert [*map(bool, found.personal)] == [bool(whole | within), False]


@pytest.mark.parametrize(
    ("cell", "label", "entity"),
    [
        ("86095742719", "identity number", "tax_id"),
        ("5551234", "phone", "phone"),
        ("Zwiebel", "name", "person"),
        ("wireless mouse", "name", ""),
        ("red", "name", ""),
        ("ada@example.org", "phone", ""),
    ],
)
def test_a_label_tells_what_a_cell_alone_does_not(cell, label, entity):
    assert not held(pa.array([cell])).labelled
    assert [*held(pa.array(["x", cell]), label=label).labelled] == ([entity] if entity else [])


@pytest.mark.parametrize(
    ("number", "module"),
    [
        ("44051401359", "pl.pesel"),
        ("86095742719", "de.idnr"),
        ("111222333", "nl.bsn"),
        ("255081416802538", "fr.nir"),
        ("811218-9876", "se.personnummer"),
        ("131052-308T", "fi.hetu"),
        ("529.982.247-25", "br.cpf"),
        ("756.9217.0769.85", "ch.ssn"),
    ],
)
def test_numbers_of_states_are_known_by_their_check_digits(number, module):
    digit = max(at for at, sign in enumerate(number) if sign.isdigit())
    near = f"{number[:digit]}{(int(number[digit]) + 1) % 10}{number[digit + 1 :]}"
    assert identities(pa.array([number, near]))[module].tolist() == [True, False]


def test_a_number_without_check_digits_says_nothing():
    assert "pe.cui" not in identities(pa.array(["12345678", "22345678"]))


@pytest.mark.parametrize(
    ("names", "strict", "persons"),
    [
        (["First Name", "Order Date", "Delivery Address", "größe (cm)"], True, False),
        (["Adalind Zwiebel", "x"], False, True),
        (["Mara", "x"], False, False),
        (["Mara", "x"], True, True),
        (["ada@example.org"], False, True),
        (["Wien", "2024-01-01"], True, False),
    ],
)
def test_names_of_columns_are_no_values(names, strict, persons):
    assert name_persons(names, strict=strict) is persons


def test_ordinary_words_are_no_names():
    cells = pa.array(["wireless mouse", "office chair 3", "Ada Lovelace", "x7f3a", "12"])
    assert ordinary(cells).tolist() == [True, True, False, False, False]


@pytest.mark.parametrize(
    ("words", "say"),
    [
        ("male female", True),
        ("Male Female Other", True),
        ("Catholic Muslim", True),
        ("red green", False),
        ("male", False),
    ],
)
def test_what_is_said_of_persons(words, say):
    assert facts(words.split()) is say


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        ("Ada called about the invoice and wants a refund", True),
        ("Die Lieferung kam schnell und das Gerät funktioniert", True),
        ("El producto llegó tarde y la caja estaba rota", True),
        ("5 Zorb Street, 12345 Nirgends am See, Haus 4", False),
        ("Adalind Quellmann, Torvald Zwiebel, Perpetua Osgood", False),
        ("THE CUSTOMER WANTS A REFUND", False),
    ],
)
def test_sentences_are_told_from_lists(cell, sentence):
    assert prose(pa.array([cell])).tolist() == [sentence]
