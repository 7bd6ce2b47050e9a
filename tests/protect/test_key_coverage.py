import pyarrow as pa
import pytest

from protect.ring import column, ring
from strongroom.protect import protector
from strongroom.protect.key_coverage import OTHERS, rows_by_key

IDS = (0x01020304, 0x01020305, 0xFFFFFFFF, 0xA0B0C0D0)
VALUES = pa.array(["a", None, "", "b" * 100])


def under(method, key_id):
    return protector(column("string", method), table="t", keyring=ring(key_id))(VALUES)


@pytest.mark.parametrize("method", ["hash", "encrypt"])
def test_rows_are_counted_by_the_key_they_carry(method):
    values = pa.concat_arrays([under(method, IDS[0]), under(method, IDS[1])[:1], under(method, IDS[2])])
    assert rows_by_key(values, IDS) == {IDS[0]: 3, IDS[1]: 1, IDS[2]: 3}
    assert rows_by_key(values[1:6], IDS[:2]) == {IDS[0]: 2, IDS[1]: 1, OTHERS: 1}


@pytest.mark.parametrize("method", ["hash", "encrypt"])
def test_values_under_a_key_that_nobody_asked_for_are_counted_by_their_form(method):
    values = pa.concat_arrays([under(method, IDS[0]), under(method, IDS[1]), under(method, IDS[2])])
    assert rows_by_key(values, [IDS[0]]) == {IDS[0]: 3, OTHERS: 6}
    assert rows_by_key(values, []) == {OTHERS: 9}
    for kind in (pa.large_string(), pa.string_view()) if method == "hash" else (pa.large_binary(), pa.binary_view()):
        assert rows_by_key(values.cast(kind)[2:], [IDS[1]]) == {IDS[1]: 3, OTHERS: 5}


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (pa.array(["x" * 28, "ä" * 14, "+" * 28, " " * 28, "", None]), "text of a token's length"),
        (pa.array(["AQ looks like a token, a bit", "AQIDBA" + "." * 22, "AQIDBA" + "x" * 23]), "as a token begins"),
        (pa.array(["A" * 28, "AgIDBA" + "x" * 22]), "the version byte is another"),
        (pa.array(["\x01\x01\x02\x03\x04" + "x" * 23]), "a key's bytes, but as text"),
        (pa.array([b"\x01\x01\x02\x03\x04", b"", None, b"\x00" * 30]), "too short, or without the version byte"),
        (pa.array([], pa.string()), "nothing"),
        (pa.nulls(3, pa.binary()), "nothing but nulls"),
    ],
)
def test_what_is_no_protected_value_is_not_counted(values, why):
    assert rows_by_key(values, IDS) == {}, why


def test_dictionaries_views_and_large_arrays_are_counted_too():
    tokens = under("hash", IDS[3])
    for values in (tokens.dictionary_encode(), tokens.cast(pa.large_string()), tokens.cast(pa.string_view())):
        assert rows_by_key(values, IDS) == {IDS[3]: 3}


@pytest.mark.parametrize(("method", "view"), [("hash", pa.string_view()), ("encrypt", pa.binary_view())])
def test_views_are_read_where_they_lie(method, view):
    """Short values, nulls and long ones that are none of ours in between; sliced, empty, and of several buffers."""
    ours, other = under(method, IDS[0]), pa.array(["x", None, "y" * 28, "z" * 300]).cast(under(method, IDS[0]).type)
    values = pa.concat_arrays([other, ours, other, under(method, IDS[1]), other])
    for made in (values.cast(view), pa.concat_arrays([values[:7].cast(view), values[7:].cast(view)])):
        assert rows_by_key(made, IDS) == rows_by_key(values, IDS) == {IDS[0]: 3, IDS[1]: 3}
        assert rows_by_key(made[5:14], IDS) == rows_by_key(values[5:14], IDS) == {IDS[0]: 2, IDS[1]: 1}
        assert rows_by_key(made[:0], IDS) == rows_by_key(pa.nulls(3, view), IDS) == {}


def test_tokens_in_texts_are_counted_where_redaction_leaves_them():
    one, other = (under("hash", key_id)[0].as_py() for key_id in IDS[:2])
    texts = [f"[PERSON:{one}] and [EMAIL:{other}] met [PERSON:{one}].", None, f"{one} alone", f"({one})", "[PERSON_1]"]
    for kind in (pa.string(), pa.large_string(), pa.string_view()):
        values = pa.array(texts, pa.string()).cast(kind)
        assert rows_by_key(values, IDS[:1]) == {IDS[0]: 2, OTHERS: 1}
        assert rows_by_key(values[1:], IDS) == {}
