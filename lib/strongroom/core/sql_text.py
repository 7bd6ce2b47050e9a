"""Names and texts as SQL takes them, whatever they hold: for Spark, for delta-rs, and in a file of statements."""

from __future__ import annotations

import re
from collections.abc import Iterable

from strongroom.core.escaping import visible

_PLAIN = re.compile(r"[A-Za-z0-9 _.,:;/@+-]*")


class Condition(str):
    """A condition in the SQL of delta-rs; only the functions here make one, of names of ours and quoted texts."""

    __slots__ = ()


def identifier(name: str) -> str:
    """A name in backquotes, whatever it holds: Spark's and Databricks' SQL."""
    return f"`{name.replace('`', '``')}`"


def path(*names: str) -> str:
    """Names one in the other: `catalog`.`schema`.`table`."""
    return ".".join(map(identifier, names))


def text_literal(text: str) -> str:
    """A text as Spark SQL writes it, whatever its parser is set to; what holds more than plain ASCII, as bytes."""
    return f"'{text}'" if _PLAIN.fullmatch(text) else f"CAST(X'{text.encode().hex()}' AS STRING)"


def comment(text: str) -> str:
    """A comment of one line, whatever the text holds."""
    return f"-- {visible(text)}"


def equals(name: str, text: str) -> Condition:
    """That a column of ours is this text."""
    return Condition(f"{name} = {_quoted(text)}")


def one_of(name: str, values: Iterable[str] | Iterable[int]) -> Condition:
    """That a column of ours is one of these texts or numbers, of which there is one at least."""
    return Condition(
        f"{name} in ({', '.join(_quoted(each) if isinstance(each, str) else str(each) for each in values)})"
    )


def present(name: str) -> Condition:
    """That a column of ours is not null."""
    return Condition(f"{name} is not null")


def all_of(*conditions: Condition) -> Condition:
    """That each of them holds."""
    return Condition(" and ".join(conditions))


def _quoted(text: str) -> str:
    """A text in DataFusion's SQL, where a backslash is only a backslash."""
    return "'" + text.replace("'", "''") + "'"
