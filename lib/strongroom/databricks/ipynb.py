"""A notebook as Jupyter opens it: the same cells, after a first one that makes there what Databricks brings.

Format: nbformat 4.5, https://nbformat.readthedocs.io/en/latest/format_description.html.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from strongroom.databricks.format import Notebook

_FIRST = """\
# What Databricks brings, made for Jupyter. Values of widgets go into `params`, settings of a run into `settings`.
from strongroom.jupyter import notebook

spark, dbutils, display, displayHTML = notebook(
    config={config},
    params={params},
    settings={settings},
)
"""


def ipynb(notebook: Notebook, *, config: str, params: Mapping[str, str], settings: Mapping[str, str]) -> str:
    """The text of an `.ipynb` file.

    Args:
        notebook: its cells.
        config: the settings file, as seen from the notebook's folder.
        params: widget → value.
        settings: `section.key` → value, as `--set` takes them.
    """
    values = {"config": config, "params": dict(params), "settings": dict(settings)}
    first = _FIRST.format(**{name: _literal(value) for name, value in values.items()})
    cells = [("code", first), *_cells(notebook)]
    document = {
        "cells": [_cell(kind, text, number) for number, (kind, text) in enumerate(cells)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(document, indent=1) + "\n"


def _literal(value: object) -> str:
    """The value as Python writes it: texts, and mappings of texts."""
    return json.dumps(value)


def _cells(notebook: Notebook) -> Iterator[tuple[str, str]]:
    for cell in notebook.cells:
        if cell.title:
            yield "markdown", f"### {cell.title}\n"
        yield ("markdown" if cell.kind == "markdown" else "code"), cell.text


def _cell(kind: str, text: str, number: int) -> dict[str, object]:
    source = text.rstrip("\n").splitlines(keepends=True)
    found: dict[str, object] = {"cell_type": kind, "id": f"cell-{number}", "metadata": {}, "source": source}
    return found if kind == "markdown" else {**found, "execution_count": None, "outputs": []}
