"""Tables as whoever asks the policy knows them: which columns, how the values of each lie, and what is not known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from strongroom.core.contract import Column, Contract
from strongroom.core.contract.protection import METHODS
from strongroom.core.contract.subject import TAG, subject_of
from strongroom.core.names import canonical, folded, matcher, means
from strongroom.core.policy import Deny, Grant, Policy
from strongroom.govern.engine.selectors import classification_of, is_encrypted, tags_of

IN_CLEAR, ENCRYPTED, UNKNOWN = METHODS["keep"].lies, METHODS["encrypt"].lies, "unknown"
"""How values lie: as they came, as ciphertexts, or nobody knows."""
NOT_MADE, UNREADABLE = "not made yet", "cannot be read"
"""States of a table that is not known from the lake; the empty text is one that lies there."""
OTHERS, EVERY = "other columns", "every column"
"""Stand for the columns of a table whose columns are not known: besides those that rules name, or all of them."""
STAND_IN = "0zq"
"""A name that a pattern without any known table stands for."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table's columns, as the policy needs to know them, and as its values lie.

    Args:
        name: for example `training.reviews`.
        columns: at the top level, in order; empty where they are not known.
        classifications: column → classification; missing where it is not known, like tags.
        tags: column → tags.
        encrypted: columns that lie encrypted as a whole.
        inside: paths of the fields inside columns, as they are compared.
        lies: column → how its values lie, as the contract's methods say it; missing where it is not known.
        state: empty, `NOT_MADE` or `UNREADABLE`.
    """

    name: str
    columns: tuple[str, ...]
    classifications: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    encrypted: frozenset[str] = frozenset()
    inside: frozenset[str] = frozenset()
    lies: Mapping[str, str] = field(default_factory=dict)
    state: str = ""

    @property
    def paths(self) -> frozenset[str]:
        """Every column and every field inside one, as they are compared."""
        return self.inside.union(folded(name)[0] for name in self.columns)

    def top(self, path: str) -> str:
        """The column that a path is, or is in; empty where there is none of that name."""
        below = folded(path)[0]
        while True:
            found = next((column for column in self.columns if folded(column)[0] == below), "")
            if found or "." not in below:
                return found
            below = below.rpartition(".")[0]

    def way(self, column: str) -> str:
        """How a column's values lie; a field inside a column is told by the column."""
        return self.lies.get(column) or self.lies.get(self.top(column), UNKNOWN)

    def notes_of(self, names: Iterable[str]) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
        """Classifications and tags of columns and of fields inside them; a field has those of its column."""
        above = {name: self.top(name) for name in names}
        classifications = {
            name: self.classifications[top] for name, top in above.items() if top in self.classifications
        }
        return classifications, {name: self.tags[top] for name, top in above.items() if top in self.tags}


def ways(methods: Iterable[str]) -> str:
    """How what these methods made lies, for example `in clear and token`; what is dropped does not lie anywhere."""
    found = {METHODS[method].lies for method in methods if method in METHODS and METHODS[method].lies}
    return " and ".join(sorted(found)) or UNKNOWN


def methods_of(column: Column) -> tuple[str, ...]:
    """The methods of a contract's column, leaf by leaf, but for what is dropped."""
    found = {leaf.method for leaf in column.leaves() if METHODS[leaf.method].lies}
    return tuple(sorted(found))


def fields_inside(column: Column) -> Iterator[str]:
    """The paths of everything inside a contract's column, as they are compared."""
    inner = column.type.fields or ((column.type.item,) if column.type.item is not None else ())
    for each in inner:
        yield folded(each.path)[0]
        yield from fields_inside(each)


def table_of(contract: Contract, name: str, *, protected: bool, state: str = "") -> Table:
    """A contract's columns as a table has them: `protected` as the training table, else in clear, as they come in."""
    columns = contract.columns if protected else contract.as_read.columns
    kept = [column for column in columns if not protected or methods_of(column)]
    subject = subject_of(contract) if protected else None
    tag = {} if subject is None else {TAG: subject.classification or "personal"}
    return Table(
        name,
        (*(column.name for column in kept), *tag),
        {**{column.name: classification_of(column) for column in kept}, **tag},
        {column.name: found for column in kept if (found := tags_of(column)) is not None},
        frozenset(column.name for column in kept if protected and is_encrypted(column)),
        frozenset(path for column in kept for path in fields_inside(column)),
        {column.name: ways(methods_of(column)) if protected else IN_CLEAR for column in kept}
        | dict.fromkeys(tag, METHODS["hash"].lies),
        state,
    )


def described(table: Table, policies: Sequence[Policy]) -> Table:
    """The table; where its columns are not known, with those that rules about it speak of, and one for all others."""
    if table.columns:
        return table
    names: dict[str, None] = {}
    for rule in (rule for policy in policies for rule in policy.rules):
        if about(rule, table.name):
            names |= dict.fromkeys(name for name in selectors(rule) if name != "*")
    if not names:
        return replace(table, columns=(EVERY,))
    known = {
        name: name.partition(":")[2] if name.startswith("classification:") else "" for name in names if ":" in name
    }
    tags = {name: (name.partition(":")[2],) if name.startswith("tag:") else () for name in names if ":" in name}
    return replace(table, columns=(*names, OTHERS), classifications=known, tags=tags)


def unknown(tables: Sequence[Table], policies: Sequence[Policy]) -> Iterator[Table]:
    """A table for every pattern that means none of the known ones."""
    patterns = dict.fromkeys(pattern for policy in policies for rule in policy.rules for pattern in rule.tables)
    for pattern in patterns:
        if not any(means(matcher(pattern), canonical(table.name)) for table in tables):
            yield described(Table(pattern.replace("*", STAND_IN), (), state=NOT_MADE), policies)


def about(rule: Grant | Deny, table: str) -> bool:
    """Whether a rule is about a table."""
    deny = isinstance(rule, Deny)
    if isinstance(rule, Deny) and any(means(matcher(pattern), canonical(table)) for pattern in rule.spares):
        return False
    return any(means(matcher(pattern, deny=deny), canonical(table)) for pattern in rule.tables)


def selectors(rule: Grant | Deny) -> Iterable[str]:
    """Every selector of columns in a rule."""
    if isinstance(rule, Deny):
        return rule.columns
    return (*rule.columns.allow, *rule.columns.deny, *rule.columns.mask)
