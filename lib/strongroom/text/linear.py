"""Patterns that take time in proportion to a text, whatever stands in it: RE2's."""

import re
from typing import cast

import re2


def pattern(source: bytes, *, any_case: bool = False) -> re.Pattern[bytes]:
    """A compiled pattern; used as one of the standard library, without what RE2 lacks (looking around)."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.case_sensitive = not any_case
    options.max_mem = 64 << 20
    options.log_errors = False
    return cast("re.Pattern[bytes]", re2.compile(source, options=options))
