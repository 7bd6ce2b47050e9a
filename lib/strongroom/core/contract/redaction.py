"""The options of `protect: {method: redact}`, and which columns of a row are looked for in its texts.

The words are those of `strongroom.text`, which this room does not know: a test holds them equal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from strongroom.core.contract.model import Column, Contract, source_name
from strongroom.core.findings import Findings
from strongroom.core.suggest import did_you_mean
from strongroom.core.yaml import Node

REDACT = "redact"
ALL = "all"
ENTITIES = (
    "email", "url", "profile", "ip", "mac", "username", "secret", "wallet", "card", "iban", "bank_account", "phone",
    "national_id", "tax_id", "passport", "driving_licence", "medical_record", "vehicle_plate", "address",
    "case_number", "coordinates", "date", "date_of_birth", "age", "nationality", "religion", "politics", "sex",
    "person", "place", "organisation", "institution",
)  # fmt: skip
COURT = (*ENTITIES, "quantity", "occupation", "family", "health", "offence", "other_name")
"""With what describes a person, which is looked for where it is asked for by name."""
SETS: Mapping[str, tuple[str, ...]] = {ALL: ENTITIES, "court": COURT}
"""Words for several entities, alone or in a list."""
LANGUAGES = ("en", "es", "de", "fr")
REPLACEMENTS = ("label", "token", "mask", "remove")
KNOWN_TYPES = ("string", "tinyint", "smallint", "int", "bigint", "date")
"""Types of columns whose values may stand in a text as they are."""
_ONE_FINDER = ("languages", "model")
"""Options that all redacted columns of a contract share: a row's texts are looked at together."""
_NAMES: Mapping[str, str] = {
    "mail": "email", "e_mail": "email", "tel": "phone", "telephone": "phone", "mobile": "phone", "street": "address",
    "postcode": "address", "zip": "address", "city": "place", "town": "place", "country": "place",
    "company": "organisation", "employer": "organisation", "login": "username", "ssn": "national_id",
    "birth_date": "date_of_birth", "birthdate": "date_of_birth", "birthday": "date_of_birth", "dob": "date_of_birth",
    "born": "date_of_birth",
}  # fmt: skip
"""What columns are called that hold an entity by another name."""


def is_listed(value: object) -> bool:
    """Whether a value is `all` or a list of words; which words, `check_redact` and `check_known` say."""
    words = isinstance(value, list) and bool(value) and all(isinstance(word, str) and word for word in value)
    return value == ALL or words


def is_sought(value: object) -> bool:
    """Whether a value is a word for several entities, or a list of words."""
    return is_listed(value) or (isinstance(value, str) and value in SETS)


def check_redact(node: Node, options: Mapping[str, object], findings: Findings, *, path: str) -> None:
    """Report words that nobody knows, and options of which one means nothing beside another.

    Args:
        node: the value of `protect`.
        options: those of the right form.
        findings: where problems go.
        path: the column's.
    """
    for name, known in (("find", (*COURT, *SETS)), ("languages", LANGUAGES)):
        listed = options.get(name)
        if isinstance(listed, list):
            for item in node[name].items:
                if item.value not in known:
                    findings.unknown_name(item, f"Unknown word {item.value!r}.", did_you_mean(str(item.value), known))
                elif listed.count(item.value) > 1:
                    findings.twice(item, f"{item.value!r} stands here twice.")
    if "domain" in options and options.get("replace") != "token":
        findings.contradicts(
            node["domain"], f"{path!r} has a domain and writes no tokens.", "Say replace: token, or leave it out."
        )


def check_known(columns: Sequence[Column], named: Mapping[str, Node], findings: Findings) -> None:
    """Report what `known` names that cannot be looked for, and redacted columns that are to be looked at differently.

    Args:
        columns: the contract's.
        named: path of a redacted leaf → its `protect`.
        findings: where problems go.
    """
    leaves = {leaf.path: leaf for column in columns for leaf in column.leaves()}
    fit = [path for path, leaf in leaves.items() if leaf.type.name in KNOWN_TYPES and leaf.method != REDACT]
    for node in named.values():
        known = node.get("known")
        for item in known.items if known is not None and isinstance(known.value, list) else ():
            leaf = leaves.get(str(item.value)) or leaves.get(f"{item.value}[]")
            if leaf is None:
                findings.unknown_name(item, f"There is no column {item.value!r}.", did_you_mean(str(item.value), fit))
            elif leaf.method == REDACT:
                findings.misfit(item, f"{item.value!r} is redacted itself.", "What is found in it is carried anyway.")
            elif leaf.type.name not in KNOWN_TYPES:
                findings.misfit(item, f"{item.value!r} is {leaf.type.name}.", "Name texts, whole numbers or dates.")
    first: dict[str, tuple[str, object]] = {}
    for path, node in named.items():
        protect = leaves[path].protect if path in leaves else None
        options = protect.options if protect is not None else {}
        for word in (word for word in _ONE_FINDER if word in options):
            other, said = first.setdefault(word, (path, options[word]))
            if said != options[word]:
                what = f"{path!r} and {other!r} differ in {word!r}."
                todo = "Say the same of each: the texts of a row are looked at together."
                findings.contradicts(node.get(word) or node, what, todo)


def redacted_leaves(contract: Contract) -> tuple[Column, ...]:
    """The contract's redacted columns and fields."""
    return tuple(leaf for leaf in contract.leaves() if leaf.method == REDACT)


def with_originals(columns: Sequence[Column], named: Mapping[str, Node], findings: Findings) -> tuple[Column, ...]:
    """The columns, and beside each that is redacted and `reversible` one more, `NAME_original`, which is encrypted.

    Args:
        columns: those side by side.
        named: path of a redacted leaf → its `protect`.
        findings: where problems go: a column of that name, and items of a list, which have no place beside them.
    """
    names = {column.name.lower() for column in columns}
    found: list[Column] = []
    for column in columns:
        inside = column.type.fields
        if inside:
            fields = with_originals(inside, named, findings)
            column = column if fields == inside else replace(column, type=replace(column.type, fields=fields))
        for leaf in column.leaves() if column.type.item is not None else ():
            if _reversible(leaf):
                what = f"{leaf.path!r} is inside a list, which has no place beside its items for their originals."
                findings.misfit(named[leaf.path]["reversible"], what, "Leave 'reversible' out.")
        found.append(column)
        if not inside and column.type.item is None and _reversible(column):
            name = f"{column.name}_original"
            if name.lower() in names:
                what = f"{name!r} is what the original of {column.path!r} is called."
                findings.twice(named[column.path]["reversible"], what, "Give that column another name.")
                continue
            found.append(_original(column, name))
    return tuple(found)


def _reversible(leaf: Column) -> bool:
    return leaf.method == REDACT and leaf.protect is not None and leaf.protect.options.get("reversible") is True


def _original(column: Column, name: str) -> Column:
    protect = column.protect and replace(column.protect, method="encrypt", options={"mode": "randomised"}, why="")
    return Column(
        name,
        column.path.removesuffix(column.name) + name,
        column.type,
        line=column.line,
        classification=column.classification,
        description=f"{column.path} as it came",
        tags=column.tags,
        protect=protect,
        source=source_name(column),
        original_of=column.path,
    )


def writes_tokens(leaf: Column) -> bool:
    """Whether a leaf's texts hold pseudonyms, made by a key."""
    return leaf.method == REDACT and leaf.protect is not None and leaf.protect.options.get("replace") == "token"


def known_leaves(contract: Contract) -> tuple[Column, ...]:
    """The columns whose values are looked for in the texts of their row: those of all its redacted columns together.

    `all` is every text, whole number or date that is somebody's: personal by its classification, the subject, or
    protected.
    """
    wanted = [leaf.protect.options["known"] for leaf in redacted_leaves(contract) if leaf.protect]
    named = {path for known in wanted if isinstance(known, list) for path in known}
    every = ALL in wanted
    return tuple(
        leaf
        for leaf in contract.leaves()
        if leaf.method != REDACT
        and not leaf.original_of
        and leaf.type.name in KNOWN_TYPES
        and ((every and _somebodys(leaf)) or leaf.path in named or leaf.path.removesuffix("[]") in named)
    )


def watched_leaves(contract: Contract) -> tuple[Column, ...]:
    """Texts that leave as they came beside redacted ones: what should not stand there is looked for in them, too.

    Keys and other words that tell rows apart are none, nor is what is kept although it is somebody's.
    """
    known = {leaf.path for leaf in known_leaves(contract)}
    return tuple(
        leaf
        for leaf in contract.leaves()
        if leaf.method == "keep"
        and leaf.type.name == "string"
        and leaf.path not in known
        and not leaf.unique
        and leaf.role not in ("key", "label")
    )


def _somebodys(leaf: Column) -> bool:
    return leaf.personal or leaf.subject or leaf.method != "keep"


def entity_of(leaf: Column) -> str:
    """What the values of a known column are, by its name; else a person, a day, or of numbers somebody's id."""
    word = leaf.path.removesuffix("[]").rpartition(".")[2].lower().replace("-", "_")
    named = word if word in ENTITIES else _NAMES.get(word, "")
    return named or _ending(word) or _OF_TYPE.get(leaf.type.name, "username")


_OF_TYPE: Mapping[str, str] = {"string": "person", "date": "date"}


def _ending(word: str) -> str:
    """The entity that the last part of a name says: `contact_email`."""
    last = word.rpartition("_")[2]
    return last if last in ENTITIES else _NAMES.get(last, "")


def find_of(leaf: Column) -> tuple[str, ...]:
    """The entities that a redacted column is to be without."""
    said = leaf.protect.options["find"] if leaf.protect else ALL
    words = said if isinstance(said, list) else [said]
    wanted = {entity for word in words for entity in SETS.get(str(word), (word,))}
    return tuple(entity for entity in COURT if entity in wanted)


def languages_of(leaf: Column) -> tuple[str, ...]:
    """The languages whose lists are used for a redacted column."""
    said = leaf.protect.options["languages"] if leaf.protect else ALL
    return tuple(word for word in LANGUAGES if not isinstance(said, list) or word in said)
