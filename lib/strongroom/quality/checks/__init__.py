"""The checks of one column's values: one family, one file. A new one gets its function there and its line here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from strongroom.quality.checks import bounds, formats, items, lengths, multiples, patterns, presence, values
from strongroom.quality.checks.check import Check, MakeCheck

CHECKS: Mapping[str, MakeCheck] = MappingProxyType(
    {
        "required": presence.required,
        "missingValues": presence.missing_values,
        "minLength": lengths.min_length,
        "maxLength": lengths.max_length,
        "minimum": bounds.minimum,
        "maximum": bounds.maximum,
        "exclusiveMinimum": bounds.exclusive_minimum,
        "exclusiveMaximum": bounds.exclusive_maximum,
        "multipleOf": multiples.multiple_of,
        "pattern": patterns.pattern,
        "format": formats.format_of,
        "validValues": values.valid_values,
        "minItems": items.min_items,
        "maxItems": items.max_items,
        "uniqueItems": items.unique_items,
    }
)
"""Check's name in `core.contract.Rule` → what makes it. `type`, `unique` and `expression` look beyond one column."""

__all__ = ["CHECKS", "Check", "MakeCheck"]
