"""Raw files: which there are, and what each is called."""

from strongroom.stores.sources.files import (
    CORRUPT,
    ENDS,
    FILE,
    LINE,
    POSITION,
    RawFile,
    fixed_of,
    list_files,
    location_of,
    place_of,
    plain_path,
    refuse_changed,
)

__all__ = [
    "CORRUPT",
    "ENDS",
    "FILE",
    "LINE",
    "POSITION",
    "RawFile",
    "fixed_of",
    "list_files",
    "location_of",
    "place_of",
    "plain_path",
    "refuse_changed",
]
