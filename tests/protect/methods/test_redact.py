import pyarrow as pa

from protect.ring import RING, column
from strongroom.protect import output_ddl, output_type, protector


def test_what_the_row_s_redaction_left_leaves_as_it_is():
    redacted = pa.array(["[PERSON_1] came", None, ""])
    text = column("string", "redact")
    assert protector(text, table="t", keyring=RING)(redacted).equals(redacted)
    assert (output_type(text), output_ddl(text)) == (pa.string(), "string")
