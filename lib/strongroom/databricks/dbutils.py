"""What a notebook finds around it on Databricks, stood in for here: `dbutils`, `display`, `displayHTML`, its output.

Only the calls that work in both places are there; any other says so. On Databricks none of this is used.
"""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any, NoReturn

from strongroom.core.errors import KeyFault, UsageError
from strongroom.core.suggest import did_you_mean

SHOWN = 100
"""Most rows of a table that are shown; the rest is neither drawn nor fetched."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows to look at, every cell as text; `figures` tells which are numbers, `cut` whether rows are missing."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    figures: tuple[bool, ...]
    cut: bool = False

    @classmethod
    def of(cls, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> Table:
        found = [tuple(row) for row in islice(rows, SHOWN + 1)]
        shown = found[:SHOWN]
        figures = [
            all(_is_number(row[place]) for row in shown if row[place] is not None) for place in range(len(heads))
        ]
        texts = tuple(tuple(_as_text(value) for value in row) for row in shown)
        return cls(tuple(map(str, heads)), texts, tuple(figures), len(found) > SHOWN)


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure as PNG, and its title for whoever cannot see it."""

    png: bytes
    title: str


@dataclass(frozen=True, slots=True)
class Html:
    """A piece of HTML that the notebook made itself."""

    text: str


Output = str | Table | Picture | Html
"""Text is plain text as it was printed."""


class Widgets:
    """The parameters of a notebook: what was given, else the default it names itself."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = dict(given)
        self._values: dict[str, str] = {}

    def text(self, name: str, defaultValue: str, label: str = "") -> None:  # noqa: ARG002, N803  Databricks' own words
        """A parameter of any text."""
        self._values[name] = self._given.get(name, defaultValue)

    def dropdown(self, name: str, defaultValue: str, choices: Sequence[str], label: str = "") -> None:  # noqa: ARG002, N803
        """A parameter with a list of what it may be. Raises UsageError when it is none of these."""
        value = self._given.get(name, defaultValue)
        if value not in choices:
            raise UsageError(f"the parameter {name!r} may not be {value!r}", todo=did_you_mean(value, choices))
        self._values[name] = value

    def get(self, name: str) -> str:
        """The value. Raises UsageError when the notebook has made no such widget yet."""
        if name not in self._values:
            raise UsageError(f"there is no widget {name!r}", todo=did_you_mean(name, self._values))
        return self._values[name]


class Secrets:
    """Secrets of a scope, out of the environment: STRONGROOM_SECRET_<SCOPE>_<KEY>, in capitals.

    What was handed out here never reaches the page: `redact` takes it out of every text, as Databricks does.
    """

    def __init__(self) -> None:
        self._told: set[str] = set()

    def get(self, scope: str, key: str) -> str:
        """The secret's text. Raises KeyFault when it is not there."""
        name = re.sub(r"[^A-Z0-9]", "_", f"STRONGROOM_SECRET_{scope}_{key}".upper())
        value = os.environ.get(name, "")
        if not value:
            raise KeyFault(
                "there is no such secret",
                where=f"{scope}/{key}",
                todo=f"Set {name} in the environment.",
                code="key.missing",
            )
        self._told.add(value)
        return value

    def redact(self, text: str) -> str:
        """The text with every secret that was handed out replaced."""
        for value in self._told:
            text = text.replace(value, "[REDACTED]")
        return text


class Dbutils:
    """`dbutils` with its widgets and secrets. Anything else of it exists on Databricks only."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self.widgets, self.secrets = Widgets(given), Secrets()

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_"):  # what Python itself looks for
            raise AttributeError(name)
        raise UsageError(f"dbutils.{name} is on Databricks only", todo="Use dbutils.widgets and dbutils.secrets.")


class Screen(io.TextIOBase):
    """Takes what the cells print and display, cell by cell, in order."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self.cells: list[list[Output]] = []
        self._said: list[str] = []
        self._drawn: set[int] = set()

    def next_cell(self) -> None:
        """What comes now belongs to the next cell."""
        self.cells.append([])
        self._drawn = set()

    def end_cell(self) -> None:
        """Shows the figures that pyplot still holds, as a notebook does, and lets go of them."""
        self._show()
        pyplot = sys.modules.get("matplotlib.pyplot")
        for figure in [pyplot.figure(number) for number in pyplot.get_fignums()] if pyplot else []:
            if id(figure) not in self._drawn:
                self.display(figure)
        if pyplot:
            pyplot.close("all")

    def write(self, text: str) -> int:
        """Printed text; the pieces of all prints in a row are one output."""
        self._said.append(text)
        return len(text)

    def display(self, value: Any, *_: Any, **__: Any) -> None:
        """A table of Spark or pandas, a figure, whatever can say itself as HTML, else its text."""
        kind = type(value).__module__.partition(".")[0]
        if hasattr(value, "savefig"):
            self._drawn.add(id(value))
            self._show(picture_of(value))
        elif kind == "pyspark" and hasattr(value, "collect"):
            self._show(self._table(value.columns, value.limit(SHOWN + 1).collect()))
        elif kind == "pandas" and hasattr(value, "itertuples"):
            first = value.head(SHOWN + 1).astype(object)
            rows = first.where(first.notna(), None).itertuples(index=False, name=None)  # NaT and NaN are missing, too
            self._show(self._table(value.columns, rows))
        elif callable(getattr(value, "_repr_html_", None)):
            self.display_html(value._repr_html_())
        else:
            self.write(f"{value}\n")

    def display_html(self, text: str) -> None:
        """HTML as it is. The page runs no script and loads nothing, whatever it says."""
        self._show(Html(self._secrets.redact(text)))

    def _show(self, *outputs: Output) -> None:
        """Outputs of the cell, after what was printed before them."""
        if said := self._secrets.redact("".join(self._said)):
            self.cells[-1].append(said)
        self._said.clear()
        self.cells[-1] += outputs

    def _table(self, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> Table:
        found = Table.of(heads, rows)
        texts = tuple(tuple(self._secrets.redact(text) for text in row) for row in found.rows)
        return Table(found.heads, texts, found.figures, found.cut)


def picture_of(figure: Any) -> Picture:
    """A figure of matplotlib, drawn."""
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=160, metadata={"Software": None})
    titles = [figure.get_suptitle(), *(axes.get_title(loc=at) for axes in figure.axes for at in ("left", "center"))]
    return Picture(png.getvalue(), next((title for title in titles if title), "A figure"))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _as_text(value: Any) -> str:
    """A cell as text. Bytes are ciphertext or a file, so only their number is of use."""
    if value is None:
        return ""
    if isinstance(value, bytes | bytearray):
        return f"{len(value):,} B"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}"
    return f"{value:,}" if _is_number(value) else str(value)
