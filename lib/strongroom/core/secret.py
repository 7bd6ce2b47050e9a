"""A secret that refuses to show itself."""

from __future__ import annotations

import hmac
from typing import NoReturn


class Secret:
    """Key bytes that cannot be printed, formatted, pickled, copied or compared in variable time.

    `reveal()` is the one way to the bytes, so that every use of a key in clear can be found by searching for its name.
    """

    __slots__ = ("__bytes",)

    def __init__(self, data: bytes) -> None:
        self.__bytes = bytes(data)

    def reveal(self) -> bytes:
        return self.__bytes

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self.__bytes, other.reveal())

    __hash__ = None  # type: ignore[assignment]

    def __getstate__(self) -> NoReturn:
        raise TypeError("a key has no state to give away")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a key does not pickle: send its wrapped form and unwrap it where it is used")
