"""What an encrypted column holds, one array at a time."""

from strongroom.protect import opener
from strongroom.protect.methods.row_key import NO_ROW_KEYS


def decrypt(array, column, *, table, keyring, row_keys=NO_ROW_KEYS):
    """An array's values again, and for each row whether it could be opened."""
    return opener(column, table=table, keyring=keyring)(array, row_keys)
