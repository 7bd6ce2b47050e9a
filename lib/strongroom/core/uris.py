"""Spellings of a place."""

from __future__ import annotations

import re


def plain_uri(place: str) -> str:
    """A path as it is; a URI of S3 by the scheme `s3`, whichever of Hadoop's names for it stands there."""
    return re.sub(r"^s3[an]://", "s3://", place, flags=re.IGNORECASE)
