"""What the tables of a data set are to be: columns, comments, properties and constraints, from the contract alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import pyarrow as pa

from strongroom.core.contract import Column, Contract, LegalBasis, Rule
from strongroom.core.contract.legal_basis import articles
from strongroom.core.contract.protection import is_kept, leaves_out
from strongroom.core.contract.subject import TAG, domain_of, subject_of
from strongroom.core.sql_text import identifier
from strongroom.govern.engine.selectors import classification_of, tags_of
from strongroom.govern.table import methods_of
from strongroom.protect import output_type, subject_tags
from strongroom.protect.methods.method import options_of
from strongroom.stores.table_plan import TablePlan

CLASSIFICATION, TAGS, PROTECTION = "strongroom.classification", "strongroom.tags", "strongroom.protection"
"""Keys of a column's metadata in the Delta schema; the last names the methods that made its values."""
LEGAL_BASIS = "strongroom.legal_basis"
"""The property of a table that says on what each purpose rests: JSON of purpose → `[basis, special]`; or empty."""
MADE = "strongroom.made"
"""The same, with all that decides what its values are made of."""
QUARANTINE = pa.schema(
    [
        pa.field("run_id", pa.string(), metadata={"comment": "the run that set the row aside"}),
        pa.field("batch", pa.int64(), metadata={"comment": "the batch it was read in"}),
        pa.field("reasons", pa.list_(pa.string()), metadata={"comment": "every rule the row broke"}),
        pa.field("source_file", pa.string(), metadata={"comment": "the file it was read from"}),
        pa.field("source_position", pa.string(), metadata={"comment": "where in that file it stands"}),
        pa.field("row", pa.binary(), metadata={"comment": "the row as it was read, as JSON, sealed; see docs"}),
    ]
)


def training(contract: Contract) -> TablePlan:
    """The table readers get: the contract's columns in order, protected, dropped ones left out, and whose row it is."""
    kept = [(column, kind) for column in contract.columns if (kind := output_type(column)) is not None]
    fields = [
        pa.field(column.name, kind, nullable=not column.required, metadata=_notes(column)) for column, kind in kept
    ]
    if (subject := subject_of(contract)) is not None:
        fields.append(_tag(subject, table=contract.training))
    return TablePlan(
        schema=pa.schema(fields),
        description=contract.description or f"{contract.name}, protected by contract {contract.id} {contract.version}",
        properties=properties(contract, "training"),
        stats=tuple(column.name for column, _ in kept if _is_open(column) and column.type.name in _ORDERED),
        checks=dict(_checks(contract)),
    )


def _tag(subject: Column, *, table: str) -> pa.Field:
    """The column that says whose row it is, to those whom a grant names it."""
    made = {TAG: ["binary", "subject", {"column": subject.path, "within": domain_of(subject, table=table)}]}
    notes = {
        "comment": f"tag of the data subject, {subject.path}; only a grant that names it gives it",
        CLASSIFICATION: subject.classification or "personal",
        MADE: json.dumps(made, sort_keys=True, separators=(",", ":")),
        PROTECTION: "hash",
    }
    return pa.field(TAG, subject_tags.TYPE, metadata=notes)


def quarantine(contract: Contract) -> TablePlan:
    """The table of rows set aside: reasons and place in clear, the row itself sealed."""
    what = f"rows of {contract.name} that broke a rule; the row is sealed under a key of its own"
    return TablePlan(
        schema=QUARANTINE, description=what, properties=properties(contract, "quarantine"), stats=("batch",)
    )


def properties(contract: Contract, zone: str) -> dict[str, str]:
    """What a table of the data set says of itself: the zone, and the contract it was made by."""
    return {
        "strongroom.zone": zone,
        "strongroom.contract": contract.id,
        "strongroom.contract_version": contract.version,
        "strongroom.contract_fingerprint": contract.fingerprint,
        "strongroom.label": contract.label,
        "strongroom.purposes": ",".join(contract.purposes),
        LEGAL_BASIS: _bases(contract.legal_basis),
    }


def _bases(bases: Mapping[str, LegalBasis]) -> str:
    told = {purpose: [basis.basis, basis.special] for purpose, basis in bases.items()}
    return json.dumps(told, sort_keys=True, separators=(",", ":")) if told else ""


def bases_said(properties: Mapping[str, str]) -> dict[str, LegalBasis]:
    """The legal bases that a table's properties tell; a word that is none of ours raises KeyError."""
    told = json.loads(properties.get(LEGAL_BASIS) or "{}")
    found = {str(purpose): LegalBasis(str(basis), str(special)) for purpose, (basis, special) in told.items()}
    for basis in found.values():
        articles(basis)
    return found


def _notes(column: Column) -> dict[str, str]:
    """What the table's schema says of a column; classification and tags are kept for the policy's sake.

    Tags of a struct whose fields have tags of their own are left out: unknown is what the policy must take them for.
    """
    notes = {"comment": _comment(column), CLASSIFICATION: classification_of(column), MADE: made_of(column)}
    notes[PROTECTION] = ",".join(methods_of(column))
    tags = tags_of(column)
    return notes if tags is None else {**notes, TAGS: ",".join(tags)}


def made_of(column: Column) -> str:
    """What a column's values are made of, for a later contract to be held against: canonical JSON of each leaf's type,
    method, and the options that say how values look.
    """
    found = {}
    for leaf in column.leaves():
        method, options = leaf.method, options_of(leaf)
        for rule in ("minDistinct", "maxLeaks", "maxMissRate"):
            options.pop(rule, None)
        options.pop("reversible", None)  # the other column says so
        if options.get("key") == "classification":
            options["classification"] = leaf.classification
        if not leaves_out(leaf):
            found[leaf.path] = [leaf.type.ddl, method, options]
    return json.dumps(found, sort_keys=True, separators=(",", ":"))


def _comment(column: Column) -> str:
    """What a reader of the table should know of the column; always in the same words."""
    words = [column.description] if column.description else []
    words.append(f"classification: {column.classification or 'none'}")
    ways = {leaf.protect.method for leaf in column.leaves() if leaf.protect}
    if ways - {"keep"}:
        words.append(f"protected: {', '.join(sorted(ways - {'keep'}))}")
    return "; ".join(words)


_ORDERED = ("tinyint", "smallint", "int", "bigint", "float", "double", "decimal", "date", "timestamp", "timestamp_ntz")
"""Types whose minima and maxima help a reader skip files. Text is not among them: its beginning may name somebody."""


def _is_open(column: Column) -> bool:
    """Whether minima and maxima of the column may stand in the Delta log."""
    return not column.personal and all(map(is_kept, column.leaves()))


def _checks(contract: Contract) -> Iterator[tuple[str, str]]:
    """CHECK constraints for what survives protection: bounds of open numbers.

    Delta takes what is unknown for a violation, and asks again whenever somebody deletes or updates any row.
    """
    for rule in contract.rules:
        column = _open_number(contract, rule)
        sign = {"minimum": ">=", "maximum": "<=", "exclusiveMinimum": ">", "exclusiveMaximum": "<"}.get(rule.check)
        if column is not None and sign and rule.severity == "error":
            condition = f"{identifier(column.name)} {sign} {rule.argument}"
            missing = "" if column.required else f"{identifier(column.name)} IS NULL OR "
            yield f"{column.name}_{rule.check}", missing + condition


def _open_number(contract: Contract, rule: Rule) -> Column | None:
    numbers = ("tinyint", "smallint", "int", "bigint")
    column = next((column for column in contract.columns if (column.path,) == rule.columns), None)
    plain = column is not None and column.type.name in numbers and _is_open(column) and column.name.isidentifier()
    return column if plain and isinstance(rule.argument, int) else None
