"""What a check is."""

from __future__ import annotations

from collections.abc import Callable

from strongroom.arrow.buffers import Mask
from strongroom.arrow.leaves import Flat
from strongroom.core.contract import Column

Check = Callable[[Flat], Mask | None]
"""Which values fail, or None when none does. A null fails nothing but `required`."""

MakeCheck = Callable[[object, Column], Check]
"""A rule's argument and its column become a check, once per task; ValueError says what is wrong with them."""


def whole(argument: object) -> int:
    """The argument as a count.

    Raises:
        ValueError: it is no whole number from 0 up.
    """
    if isinstance(argument, bool) or not isinstance(argument, int) or argument < 0:
        raise ValueError("needs a whole number from 0 up")
    return argument
