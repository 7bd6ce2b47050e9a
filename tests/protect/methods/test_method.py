import pyarrow as pa
import pytest

from protect.ring import RING, column
from strongroom.protect import protector
from strongroom.protect.methods.method import once_per_value
from support.opened import decrypt

FEW = pa.array(["a", "b", None, "a"] * 500)


def counted(col):
    seen = []

    def kernel(array):
        seen.append(len(array))
        return array

    return once_per_value(kernel, column=col), seen


@pytest.mark.parametrize(
    ("array", "type_", "rows", "why"),
    [
        (FEW, "string", 2, "few distinct values: each once, and no null"),
        (FEW.dictionary_encode(), "string", 2, "a dictionary: its values"),
        (pa.array([str(number) for number in range(2000)]), "string", 2000, "many distinct values: the plain way"),
        (pa.array([0.0, -0.0] * 500), "double", 1000, "a dictionary would take the zeros for one"),
        (FEW.dictionary_encode()[:1], "string", 1, "a slice smaller than its dictionary"),
        (pa.array([], pa.string()), "string", 0, "nothing"),
    ],
)
def test_distinct_values_are_worked_on_once(array, type_, rows, why):
    protect, seen = counted(column(type_, "hash"))
    out = protect(array)
    assert seen == [rows], why
    assert out.to_pylist() == array.to_pylist(), why


@pytest.mark.parametrize("method", ["hash", "encrypt", "mask"])
def test_the_dictionary_way_gives_what_the_plain_way_gives(method):
    protect = protector(column("string", method), table="t", keyring=RING)
    alone = [protect(pa.array([value]))[0].as_py() for value in ("a", "b")] if method != "mask" else ["*", "*"]
    want = [alone[0], alone[1], None, alone[0]] * 500
    for array in (FEW, FEW.dictionary_encode(), FEW.cast(pa.string_view())):
        assert protect(array).to_pylist() == want


def test_an_encrypted_dictionary_opens():
    col = column("string", "encrypt")
    sealed = protector(col, table="t", keyring=RING)(FEW)
    for array in (sealed, sealed.dictionary_encode(), sealed.dictionary_encode()[:2]):
        back, opened = decrypt(array, col, table="t", keyring=RING)
        assert back.equals(FEW[: len(array)])
        assert opened.to_pylist() == [True] * len(array)


def test_a_false_value_in_a_dictionary_is_false_in_every_row():
    col = column("string", "encrypt")
    sealed = protector(col, table="t", keyring=RING)(FEW).to_pylist()
    false = pa.array([value and value[:-1] + b"?" if place % 4 == 1 else value for place, value in enumerate(sealed)])
    back, opened = decrypt(false, col, table="t", keyring=RING)
    assert opened.to_pylist() == [True, False, True, True] * 500
    assert back.to_pylist() == ["a", None, None, "a"] * 500
