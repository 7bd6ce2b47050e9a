"""Which column a name means: the sources of one SELECT, and their columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from strongroom.core.contract import Type
from strongroom.core.suggest import did_you_mean
from strongroom.quality.query.kinds import Unfit, kind_of
from strongroom.quality.query.tree import Derived, Field, Kind, Scan, Select, Table


@dataclass(slots=True)
class QueryTable:
    """A table or a subquery of FROM, under the name that the query calls it. Names are compared without their case."""

    number: int
    alias: str
    table: Table | None = None
    query: Select | None = None
    names: tuple[str, ...] = ()
    used: dict[str, Type] = field(default_factory=dict)

    @property
    def known(self) -> Mapping[str, str]:
        """Names in lower case → as they are written where they come from."""
        return {name.lower(): name for name in (self.table.columns if self.table else self.names)}

    def field(self, name: str) -> Field | None:
        """The column of that name; a table's is read from then on."""
        found = self.known.get(name.lower())
        if found is None:
            return None
        if self.table is not None:
            self.used.setdefault(found, self.table.columns[found])
            return Field(kind_of(self.used[found]), self.number, list(self.used).index(found))
        number = [each.lower() for each in self.names].index(name.lower())
        return Field(self.kinds[number], self.number, number)

    @property
    def kinds(self) -> tuple[Kind, ...]:
        return tuple(item.kind for item in self.query.items) if self.query else ()

    def made(self) -> Scan | Derived:
        """The source as the tree has it, once all names are read."""
        if self.table is not None:
            return Scan(self.number, self.table.name, tuple(self.used.items()))
        if self.query is None:
            raise TypeError("a source is a table or a query")
        return Derived(self.number, self.query)


def resolve(parts: Sequence[str], sources: Sequence[QueryTable]) -> Field:
    """The column that a name of several parts means: `column`, `field.of.a.struct`, or either after its source's name.

    Raises:
        Unfit: none, or several.
    """
    path, first = ".".join(parts), parts[0].lower()
    mine = [source for source in sources if source.alias.lower() == first]
    found = [made for source in mine if len(parts) > 1 and (made := source.field(".".join(parts[1:])))]
    found = found or [made for source in sources if (made := source.field(path))]
    if len(found) == 1:
        return found[0]
    if found:
        raise Unfit(f"{path!r} could be of several tables", "Write which: table.column.")
    rest = ".".join(parts[1:]) if mine and len(parts) > 1 else path
    for source in mine or sources:
        why = source.table.absent.get(rest) if source.table else None
        if why:
            raise Unfit(f"{rest!r} {why}")
    known = [name for source in mine or sources for name in source.known.values()]
    raise Unfit(f"there is no column {rest!r}", did_you_mean(rest, known) if known else "")
