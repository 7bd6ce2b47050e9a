import pyarrow as pa
import pytest

from protect.ring import RING, column
from strongroom.core.errors import ConfigError
from strongroom.protect import output_ddl, output_type, protector


@pytest.mark.parametrize(
    ("options", "value", "masked", "why"),
    [
        ({}, "secret", "******", "everything, by default"),
        ({}, "", "", "nothing to mask"),
        ({}, "é🙂", "**", "characters, not bytes"),
        ({"keepLast": 4}, "4111111111111111", "************1111", "the usual card number"),
        ({"keepFirst": 1}, "ada", "a**", "an initial"),
        ({"keepFirst": 1, "keepLast": 1}, "grace", "g***e", "both ends"),
        ({"keepFirst": 1, "keepLast": 2}, "ada", "***", "as short as what would be kept: all of it"),
        ({"keepLast": 5}, "ada", "***", "shorter than what would be kept: all of it"),
        ({"keepLast": 2, "with": "#"}, "12345", "###45", "another sign"),
        ({"keepDomain": True}, "ada@example.org", "***@example.org", "a mail address"),
        ({"keepDomain": True, "keepFirst": 1}, "ada@example.org", "a**@example.org", "with its initial"),
        ({"keepDomain": True}, "a@b@c.org", "***@c.org", "the last @ counts"),
        ({"keepDomain": True}, "no address", "**********", "no @: all of it"),
        ({"keepDomain": True}, "two\nlines@x.org", "*********@x.org", "a line break hides nothing"),
        ({"keepDomain": True}, "@x.org", "@x.org", "nothing before the @"),
        ({"keepDomain": True}, None, None, "null stays null"),
        ({"keepLast": 1}, None, None, "null stays null"),
    ],
)
def test_what_a_mask_hides(options, value, masked, why):
    protect = protector(column("string", "mask", **options), table="t", keyring=RING)
    assert protect(pa.array([value], pa.string())).to_pylist() == [masked], why


def test_a_mask_is_for_text_only():
    with pytest.raises(ConfigError, match="mask works on text only") as error:
        protector(column("int", "mask"), table="t", keyring=RING)
    assert "column c" in str(error.value)


def test_what_leaves_is_text():
    assert (output_type(column("string", "mask")), output_ddl(column("string", "mask"))) == (pa.string(), "string")
