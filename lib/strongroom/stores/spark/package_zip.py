"""Our own package as one zip, for Pythons that do not have it: executors of a cluster, workers of a Connect server."""

from __future__ import annotations

import io
import zipfile

from strongroom.core.program import PACKAGE

NAME = "strongroom.zip"


def zipped() -> bytes:
    """The package that this very code is part of; the same sources give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(PACKAGE.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                entry = zipfile.ZipInfo(str(path.relative_to(PACKAGE.parent)))  # dated 1980, mode and owner left out
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, path.read_bytes())
    return buffer.getvalue()
