"""What comes to this method has been redacted with all of its row, and leaves as it is: as text."""

import pyarrow as pa

from protect.ring import RING, column
from strongroom.core.contract.protection import is_keyed, opens
from strongroom.protect import output_ddl, output_type, protector


def test_what_is_redacted_already_leaves_as_it_is():
    texts = pa.array(["[PERSON_1] wrote.", "", None])
    assert protector(column("string", "redact"), table="t", keyring=RING)(texts).equals(texts)


def test_what_leaves_is_text():
    assert (output_type(column("string", "redact")), output_ddl(column("string", "redact"))) == (pa.string(), "string")


def test_a_key_makes_its_tokens_and_nothing_of_it_opens():
    leaves = [column("string", "redact", replace=word) for word in ("label", "token")]
    assert [is_keyed(leaf) for leaf in leaves] == [False, True]
    assert [opens(leaf) for leaf in leaves] == [False, False]
