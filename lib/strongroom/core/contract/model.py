"""The words of a contract: what a data set holds, what must be true of it, and how each column is protected.

Nouns only. `core/contract/file.py` makes them from an ODCS v3.1 file and refuses what it does not understand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from strongroom.core.findings import Note
from strongroom.core.sql_text import identifier

SCALARS = (
    "string", "boolean", "tinyint", "smallint", "int", "bigint", "float", "double", "decimal",
    "date", "timestamp", "timestamp_ntz", "binary",
)  # fmt: skip
"""Names of scalar types, in the words of Spark SQL."""


@dataclass(frozen=True, slots=True)
class Type:
    """A column's type in the words of Spark SQL: a scalar, or a `struct` of columns, or an `array` of one item."""

    name: str
    precision: int = 0
    scale: int = 0
    fields: tuple[Column, ...] = ()
    item: Column | None = None

    @property
    def ddl(self) -> str:
        """The type as Spark SQL writes it, for example `decimal(10,2)` or `struct<city:string>`."""
        if self.name == "decimal":
            return f"decimal({self.precision},{self.scale})"
        if self.name == "struct":
            return f"struct<{','.join(f'{identifier(column.name)}:{column.type.ddl}' for column in self.fields)}>"
        if self.name == "array" and self.item is not None:
            return f"array<{self.item.type.ddl}>"
        return self.name


@dataclass(frozen=True, slots=True)
class Protect:
    """How a column leaves: the method's name (a file of `protect/`) and its options, already checked.

    `file` is that of the overlay which says so, and `by` the word there; both are empty where the contract does.
    """

    method: str
    options: Mapping[str, object] = field(default_factory=dict)
    why: str = ""
    line: int = 0
    file: str = ""
    by: str = ""


ACROSS = ("unique", "reference")
"""Checks that no row answers alone: other rows, or another table, have to be asked."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What a key refers to: columns of another data set's training table, in the order of the rule's own columns."""

    table: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A row rule: a row that breaks it goes to quarantine (severity `error`) or is only counted (`warning`).

    `check` is one of: `required, type, minLength, maxLength, minimum, maximum, exclusiveMinimum, exclusiveMaximum,
    multipleOf, pattern, format, validValues, missingValues, minItems, maxItems, uniqueItems, unique, reference,
    expression`.
    `columns` are paths; a rule of one column has one, a condition on the whole row may have none. `argument` holds
    JSON's types and fits the column's type: numbers, text, ISO 8601 text for dates and timestamps, a tuple of such for
    `validValues` and `missingValues` (a null is missing anyway), a `Reference`, None where the check needs nothing.
    Severity is `error`, `warning` or `info`: only an error sends a row to quarantine.
    """

    id: str
    check: str
    columns: tuple[str, ...]
    argument: object = None
    severity: str = "error"
    dimension: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class SetRule:
    """A rule on the whole set, which gates the run.

    `metric`: `rowCount, nullValues, missingValues, invalidValues, duplicateValues, freshness, sql`. `operator`: an ODCS
    operator (`mustBe, mustNotBe, mustBeGreaterThan, mustBeGreaterOrEqualTo, mustBeLessThan, mustBeLessOrEqualTo,
    mustBeBetween, mustNotBeBetween`); `bound` is its number or pair of numbers, `unit` is `rows` or `percent`, and
    `seconds` for freshness (the age of a column's newest value). `arguments`: `validValues`, `pattern` or
    `missingValues` as in a row rule, and `query` for `sql`.
    """

    id: str
    metric: str
    columns: tuple[str, ...]
    operator: str
    bound: float | tuple[float, float]
    unit: str = "rows"
    arguments: Mapping[str, object] = field(default_factory=dict)
    severity: str = "error"
    dimension: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Read:
    """How text becomes a value: trim it, drop a suffix, and which texts mean "missing" (applied in that order).

    Of numbers, `decimal` is the sign between whole and fraction, and `thousands` the sign between groups of three
    digits of the whole, or empty: then there is none. Of booleans, `bits` says that `0` and `1` are values as well. Of
    texts, `nested` says that an object or array of JSON is its text.
    """

    trim: bool = False
    remove_suffix: str = ""
    missing: tuple[str, ...] = ()
    format: str = ""  # of a date or timestamp, in strptime's words; empty is ISO 8601
    decimal: str = "."
    thousands: str = ""
    bits: bool = False
    nested: bool = False


PERSONAL = frozenset(("personal", "sensitive", "confidential", "restricted"))
"""Classifications of what is somebody's."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column, or a field inside one.

    `path` names it from the top: `address.city`, and `tags[]` for the items of an array. `role` is what the column is
    to training: `key, text, label, time` or empty. `protect` is set on every leaf and on nothing else. `source` is what
    it is called in the source, empty where that is its name; see `source_name`. `original_of` is the path of the
    redacted column whose values, as they came, this one has; such a one is no column of the source. `special` is the
    special category (GDPR Art. 9) that its values are of. `about` is `others` where they tell of somebody else than the
    row's data subject.
    """

    name: str
    path: str
    type: Type
    line: int = 0
    required: bool = False
    unique: bool = False
    classification: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    protect: Protect | None = None
    read: Read = Read()
    subject: bool = False
    role: str = ""
    source: str = ""
    original_of: str = ""
    special: str = ""
    about: str = ""

    @property
    def method(self) -> str:
        """How a leaf is protected; what says nothing is kept."""
        return self.protect.method if self.protect else "keep"

    @property
    def personal(self) -> bool:
        """Whether the column holds personal data, so that its values must never reach statistics or reports."""
        return self.classification in PERSONAL

    def leaves(self) -> Iterator[Column]:
        """This column if it is a scalar, else the scalars inside it, in order."""
        if self.type.name == "struct":
            for column in self.type.fields:
                yield from column.leaves()
        elif self.type.item is not None:
            yield from self.type.item.leaves()
        else:
            yield self


def source_name(column: Column) -> str:
    """What a column, or a field inside one, is called in the source; exactly so, upper and lower case count."""
    return column.source or column.name


@dataclass(frozen=True, slots=True)
class Source:
    """Where raw data lies: a path (globs allowed; relative ones start at the lake root), its format, reader options.

    `format` is `json` (one object a line), `csv`, `parquet` or `delta`. `file` is that of the overlay which names it.
    """

    name: str
    format: str
    path: str
    options: Mapping[str, str | bool] = field(default_factory=dict)
    line: int = 0
    file: str = ""


def raw_table(source: Source) -> str:
    """The table the policy is asked about: `raw.NAME` for what lies under `raw/NAME`, else `elsewhere.raw`.

    So a grant on one raw folder is none on another, whatever the contract calls itself.
    """
    found = re.match(r"raw/([A-Za-z0-9_]+)(/|$)", source.path)
    return f"raw.{found[1]}" if found and ".." not in source.path.split("/") else "elsewhere.raw"


@dataclass(frozen=True, slots=True)
class Curation:
    """What texts must be to become training data, as a contract's word `curate` says it; what is empty asks nothing.

    Args:
        rules: family → threshold → what stands in the place of the published one; `core.contract.curation.RULES`.
        by_language: language → the same for texts of that language.
        languages: what texts may be written in, and `least_sure` how sure (0 to 1) that has to be.
        exact: whether of equal texts the first one stays alone.
        near: how alike (Jaccard, 0 to 1) a text goes beside an earlier one; 0 looks for none. `shingle`: of how many
            words each of the compared pieces is.
        contamination: the file of texts that nothing may share a run of `contamination_words` words with.
        signals: column → the values that keep a row.
        line: where it stands.
    """

    rules: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    by_language: Mapping[str, Mapping[str, Mapping[str, object]]] = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    least_sure: float = 0.0
    exact: bool = False
    near: float = 0.0
    shingle: int = 5
    contamination: str = ""
    contamination_words: int = 13
    signals: Mapping[str, tuple[str | bool | int, ...]] = field(default_factory=dict)
    line: int = 0


@dataclass(frozen=True, slots=True)
class LegalBasis:
    """On what a purpose rests: a word of GDPR Art. 6(1), and of Art. 9(2) for special categories, or an empty text."""

    basis: str
    special: str = ""

    def __str__(self) -> str:
        return f"{self.basis} and {self.special}" if self.special else self.basis


@dataclass(frozen=True, slots=True)
class Retention:
    """How long a row is kept, by the time that its column `path` tells: so many days, weeks, months or years (`unit`:
    `d, w, m, y`).
    """

    path: str
    amount: int
    unit: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Contract:
    """One data set: where it comes from, its columns, its rules, and what it may be used for.

    `name` is the table's name in each zone, of which the properties give the usual ones. `fingerprint` is
    the SHA-256 of the parsed file in canonical JSON. `quarantine_limit` is the largest share of bad rows (0 to 1) that
    may pass the gate, or None for no limit. `curation` is what `curate` keeps, None where nobody has said it, and
    `retention` likewise how long rows are kept. `legal_basis` is purpose → what it rests on, empty where nobody said.
    `notes` is what the contract says and nobody runs, `said` where each of our words about the whole stands.
    """

    id: str
    name: str
    version: str
    file: str
    fingerprint: str
    sources: tuple[Source, ...]
    columns: tuple[Column, ...]
    rules: tuple[Rule, ...] = ()
    set_rules: tuple[SetRule, ...] = ()
    purposes: tuple[str, ...] = ()
    label: str = ""
    description: str = ""
    quarantine_limit: float | None = None
    curation: Curation | None = None
    legal_basis: Mapping[str, LegalBasis] = field(default_factory=dict)
    retention: Retention | None = None
    notes: tuple[Note, ...] = ()
    said: Mapping[str, str] = field(default_factory=dict)

    def place(self, part: Source | Protect) -> str:
        """`file:line` of a part that an overlay may have given."""
        return f"{part.file or self.file}:{part.line}"

    @property
    def training(self) -> str:
        """The table that readers get."""
        return f"training.{self.name}"

    @property
    def quarantine(self) -> str:
        """The table of rows set aside."""
        return f"quarantine.{self.name}"

    @property
    def features(self) -> str:
        """The table of features made of it."""
        return f"features.{self.name}"

    @property
    def curated(self) -> str:
        """The table of rows that are fit to train on."""
        return f"curated.{self.name}"

    @property
    def corrections(self) -> str:
        """The table of what people had put right."""
        return f"corrections.{self.name}"

    @property
    def dropped(self) -> str:
        """The table of those that are not: whose they are, and why, never what they say."""
        return f"dropped.{self.name}"

    @property
    def holding(self) -> tuple[str, ...]:
        """The tables that hold columns of the training table as they lie there, this one first."""
        return (self.training, self.curated, self.dropped, self.features)

    def leaves(self) -> Iterator[Column]:
        """Every scalar column and field, in the contract's order."""
        for column in self.columns:
            yield from column.leaves()

    @property
    def as_read(self) -> Contract:
        """The contract of the rows as they come: without columns that hold the originals of others."""
        if not any(leaf.original_of for leaf in self.leaves()):
            return self
        return replace(self, columns=_as_read(self.columns))

    def role(self, word: str) -> Column | None:
        """The first column with that role, or None."""
        return next((column for column in self.columns if column.role == word), None)


def _as_read(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    kept = (column for column in columns if not column.original_of)
    return tuple(
        replace(column, type=replace(column.type, fields=_as_read(column.type.fields)))
        if column.type.fields
        else column
        for column in kept
    )
