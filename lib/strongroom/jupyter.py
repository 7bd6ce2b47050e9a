"""What a notebook in Databricks' format finds around it, made in Jupyter: its first cell there asks for it.

    from strongroom.jupyter import notebook

    spark, dbutils, display, displayHTML = notebook(config="../conf/local.yaml", params={"table": "training.reviews"})

`./spark-submit.sh notebook FILE --jupyter` writes such a notebook.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from strongroom.core.settings.file import hand_on
from strongroom.databricks.dbutils import SHOWN, Dbutils, picture_of
from strongroom.python import session_of

_WIDTH = 800  # figures are drawn for the reports' page, at twice as many dots
_NOTHING: Mapping[str, str] = MappingProxyType({})


def notebook(
    *, config: str = "", params: Mapping[str, str] = _NOTHING, settings: Mapping[str, str] = _NOTHING
) -> tuple[Any, Dbutils, Callable[..., None], Callable[[str], None]]:
    """`spark`, `dbutils`, `display` and `displayHTML`, in this order.

    Args:
        config: the settings file, for the session and a widget of that name; empty takes the nearest.
        params: widget → value; the others have the notebook's own defaults.
        settings: `section.key` → value, instead of what any settings file says that the notebook reads.

    Raises:
        ConfigError: the settings are not sound, or are not to be found.
        EnvironmentFault: Spark, Java or Delta's jars are missing, with the command that brings them.
    """
    hand_on([f"{key}={value}" for key, value in settings.items()])
    given = {**({"config": config} if config else {}), **params}
    return session_of(config), Dbutils(given), display, display_html


def display(value: Any, *_: Any, **__: Any) -> None:
    """A table of Spark (its first rows, as pandas), a figure, whatever Jupyter shows."""
    from IPython.display import Image
    from IPython.display import display as show

    if hasattr(value, "savefig"):  # drawn here: Jupyter draws those of pyplot only, and at a cell's end again
        show(Image(data=picture_of(value).png, format="png", width=_WIDTH))
        if (pyplot := sys.modules.get("matplotlib.pyplot")) is not None:
            pyplot.close(value)
    elif type(value).__module__.partition(".")[0] == "pyspark" and hasattr(value, "toPandas"):
        show(value.limit(SHOWN).toPandas())
    else:
        show(value)


def display_html(text: str) -> None:
    """HTML as it is."""
    from IPython.display import HTML
    from IPython.display import display as show

    show(HTML(text))
