"""Strongroom makes raw tables of a data lake fit and lawful to train on, and proves it.

`read` and `tables` are for a Python of one's own (`python.py`); they load what they need when they are asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from strongroom.python import Readable, read, tables

__version__ = "0.1.0"
__all__ = ["Readable", "read", "tables"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'strongroom' has no attribute {name!r}")
    from strongroom import python

    return getattr(python, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
