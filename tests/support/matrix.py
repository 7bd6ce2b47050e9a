"""The lines of an access matrix's page, as its script finds them."""

import json
from typing import NamedTuple


class Line(NamedTuple):
    """What a line says, without what stands small beside it."""

    roles: str
    people: str
    may: str
    table: str
    columns: list[str]
    shown: str
    rows: str
    purposes: str
    until: str
    kept: str


def lines_of(page: str) -> list[Line]:
    """Every line of the page."""
    found = json.loads(page.partition('id="cells">')[2].partition("</script>")[0])
    return [
        Line(*role[:2], may[0], table[0], table[2], *how[:2], aims[0], *until[:2])
        for role, may, table, how, aims, until in found
    ]
