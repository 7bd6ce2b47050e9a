"""The checks of one column's values: one family, one file. A new one gets its function there and its line here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from strongroom.quality.checks import bounds, lengths, patterns, presence, values
from strongroom.quality.checks.check import Check, MakeCheck

CHECKS: Mapping[str, MakeCheck] = MappingProxyType(
    {
        "required": presence.required,
        "minLength": lengths.min_length,
        "maxLength": lengths.max_length,
        "minimum": bounds.minimum,
        "maximum": bounds.maximum,
        "exclusiveMinimum": bounds.exclusive_minimum,
        "exclusiveMaximum": bounds.exclusive_maximum,
        "pattern": patterns.pattern,
        "validValues": values.valid_values,
    }
)
"""Check's name in `core.contract.Rule` → what makes it. `type`, `unique` and `expression` look beyond one column."""

__all__ = ["CHECKS", "Check", "MakeCheck"]
