"""Lower case, the same in rules, row filters and features: as Unicode has it, and so Python's `str.lower`.

Java's, and with it Spark's `lower` of a text that is not all ASCII, asks the machine's locale: on a Turkish one `I`
becomes `ı`. A collation of its own answers the same everywhere. Why: docs/decisions/one-meaning.md.
"""

from __future__ import annotations

SPARK = "collate(lower(collate({0}, 'UNICODE')), 'UTF8_BINARY')"
"""As Spark SQL, over an expression."""
