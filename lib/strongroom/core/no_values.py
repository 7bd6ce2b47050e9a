"""What foreign code says when it fails may quote a value, so it is not said."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from strongroom.core.errors import StrongroomError

_OURS = Path(__file__).parents[1]  # the package, wherever it lies


@contextmanager
def no_values(what: str) -> Iterator[None]:
    """Inside, a foreign error is replaced by its class and our own file and line; `what` says in what it happened."""
    try:
        yield
    except StrongroomError:
        raise
    except Exception as error:
        raise StrongroomError(f"{type(error).__name__} in {what}", where=_place(error), code="run.bug") from None


def _place(error: BaseException) -> str:
    """File and line of the innermost frame of our own code."""
    place, trace = "", error.__traceback__
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if file.is_relative_to(_OURS):
            place = f"{file.parent.name}/{file.name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
