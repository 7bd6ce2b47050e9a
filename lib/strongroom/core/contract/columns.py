"""From the properties of an ODCS schema object to columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from strongroom.core.contract.legal_basis import read_special
from strongroom.core.contract.model import Column, Protect, Read, Type, source_name
from strongroom.core.contract.overlay import Described, Overlay
from strongroom.core.contract.protection import DATES, leaves_out, read_protect
from strongroom.core.contract.redaction import REDACT
from strongroom.core.contract.subject import TAG, read_about
from strongroom.core.contract.types import (
    holds_bits,
    holds_nested,
    is_money,
    logical_type,
    number_signs,
    read_format,
    read_type,
    time_of_day,
)
from strongroom.core.contract.vocabulary import (
    CLASSIFICATIONS,
    check_keys,
    check_words,
    custom_properties,
    flag,
    text,
)
from strongroom.core.escaping import is_plain
from strongroom.core.findings import Findings
from strongroom.core.suggest import did_you_mean
from strongroom.core.yaml import Node

ROLES = ("key", "text", "label", "time")
READ = ("trim", "removeSuffix", "missing", "decimal", "thousands")
_NAME = re.compile(r"\w[\w-]*")  # Delta refuses ` ,;{}()=` and line ends; dots and brackets would blur paths


@dataclass(frozen=True, slots=True)
class _From:
    """What a field or item takes over from what it is inside of.

    `array` is what is said of the list that it is an item of, `levels` of all else that it is inside of, nearest first.
    """

    path: str = ""
    classification: str = ""
    special: str = ""
    about: str = ""
    required: tuple[str, ...] = ()
    protect: Node | None = None
    keys: int = 0
    in_array: bool = False
    array: Described | None = None
    levels: tuple[Described, ...] = ()


def within(*around: Node) -> _From:
    """What the columns at the top are inside of, from the inside out: their schema object and the contract."""
    return _From(levels=tuple(map(described, around)))


@dataclass(slots=True)
class ColumnReader:
    """Reads the columns of one schema object; `nodes` tells afterwards where each path stands.

    So does `row_keys` of each `rowKey`, and `redacted` of each `protect` that redacts; `say` and `hold` tell which
    rules of the overlay say something of a column, and hold for one. `system` is the type of the server that their
    physical types are of.
    """

    findings: Findings
    overlay: Overlay | None = None
    system: str = ""
    nodes: dict[str, Node] = field(default_factory=dict)
    row_keys: dict[str, Node] = field(default_factory=dict)
    redacted: dict[str, Node] = field(default_factory=dict)
    say: set[str] = field(default_factory=set)
    hold: set[str] = field(default_factory=set)

    def columns(self, node: Node, above: _From = _From()) -> tuple[Column, ...]:
        """The columns of a schema object, or the fields of a struct."""
        properties = node.get("properties")
        if properties is None or properties.value == []:
            self.findings.missing(node, "'properties' is missing.", "Name everything that is inside.")
            return ()
        if not above.path:
            above = replace(above, keys=sum(flag(child, "primaryKey") for child in properties.items))
        columns = []
        seen: dict[str, int] = {}
        for child in properties.items:
            name = text(child, "name")
            if name is None:
                continue  # the JSON schema says so
            if not _NAME.fullmatch(name):
                self.findings.add(
                    child["name"], f"{name!r} cannot name a column.", "Use letters, digits, '_' and '-'.", "name"
                )
            elif TAG in (name.lower(), (text(child, "physicalName") or "").lower()) and not above.path:
                todo = "Give it another name, in the source too: a tag is made of the subject's column, and never read."
                self.findings.add(
                    child["name"], f"{name!r} is what tables call the tag of the data subject.", todo, "name"
                )
            elif name.lower() in seen:
                what = f"The column {name!r} stands here twice."
                self.findings.twice(child["name"], what, f"It is on line {seen[name.lower()]} too.")
            seen.setdefault(name.lower(), child["name"].line)
            columns.append(self.column(child, name, f"{above.path}.{name}" if above.path else name, above))
        self.check_sources(columns)
        return tuple(columns)

    def check_sources(self, columns: Sequence[Column]) -> None:
        """Report columns, side by side, that one name of the source would fill."""
        seen: dict[str, Column] = {}
        for column in columns:
            name = source_name(column)
            other = seen.setdefault(name.lower(), column)
            if other is not column and other.name.lower() != column.name.lower():
                node = self.nodes[column.path]
                what = f"The source's {name!r} would be {other.path!r} and {column.path!r}."
                todo = f"Give each a physicalName of its own; the other is on line {other.line}."
                self.findings.twice(node.get("physicalName") or node["name"], what, todo)

    def column(self, node: Node, name: str, path: str, above: _From) -> Column:
        """One column, field or array item."""
        findings = self.findings
        self.nodes.setdefault(path, node)
        check_words(node, "property", findings)
        custom = custom_properties(node, "property", findings)
        self.take_words(path, node, custom)
        if above.protect is not None and "protect" in custom:
            findings.twice(custom["protect"], f"{path!r} is protected twice.", "Say it on the array or on its items.")
        protect = custom.get("protect") or above.protect
        classification = self.classification(node) or above.classification
        special = read_special(custom.get("specialCategory"), findings) or above.special
        about = read_about(custom.get("about"), findings) or above.about
        mine = described(node, path, self.overlay)
        mine = mine if above.array is None else above.array | mine
        levels = (mine, *above.levels)
        inside = _From(
            path=path,
            classification=classification,
            special=special,
            about=about,
            required=_named(node),
            in_array=above.in_array,
            levels=levels,
        )
        type_ = self.type(node, inside, protect)
        column = Column(
            name,
            path,
            type_,
            line=(node.get("name") or node).line,
            required=flag(node, "required") or flag(node, "primaryKey") or name in above.required,
            unique=flag(node, "unique") or (flag(node, "primaryKey") and above.keys == 1),
            classification=classification,
            description=text(node, "description") or "",
            tags=_tags(node),
            read=self.read(node, custom.get("read"), type_),
            subject="subject" in custom and custom["subject"].value is True,
            role=str(custom["role"].value) if "role" in custom else "",
            about=about,
            source=self.source(node, name),
            special=special,
        )
        if type_.name not in ("struct", "array"):
            column = replace(column, protect=self.protect(node, column, protect, levels=levels))
        if is_money(node, type_, self.system) and not leaves_out(column):
            what = f"{path!r} is written with the sign of a currency, and read as a number: export it as numeric."
            findings.note(node["physicalType"], what, warning="money")
        self.check(node, column, custom, above)
        return column

    def source(self, node: Node, name: str) -> str:
        """What the source calls a column, or an empty text where that is its name."""
        child, found = node.get("physicalName"), text(node, "physicalName")
        if child is None or found is None or found == name:
            return ""
        if "name" not in node:
            self.findings.not_run(child, "Items have no name in the source.", "Remove it.")
        elif not found or not is_plain(found):
            what = f"{found!r} cannot name a column of the source." if found else "An empty name of a column."
            self.findings.add(child, what, "Type it anew, as it stands in the source.", "name")
        return found

    def type(self, node: Node, inside: _From, protect: Node | None) -> Type:
        """The type of a property with all that is inside it."""
        findings, logical = self.findings, logical_type(node, self.system)
        if self.overlay is not None and _closed(node, logical):
            findings.note(node, f"Nothing says what is inside {inside.path!r}: one value, read as text.")
            return Type("string")
        if self.overlay is not None and logical == "time":
            return time_of_day(node, findings)
        if logical == "object":
            if protect is not None:
                findings.misfit(protect, f"{inside.path!r} is an object.", "Protect its properties, each by name.")
            return read_type(node, findings, system=self.system, fields=self.columns(node, inside))
        if logical == "array":
            items = node.get("items")
            if items is None or not isinstance(items.value, dict):
                findings.missing(node, f"{inside.path!r} has no 'items'.", "Say what its items are.")
                return Type("string")
            inside = replace(inside, protect=protect, in_array=True, array=inside.levels[0], levels=inside.levels[1:])
            item = self.column(items, "item", f"{inside.path}[]", inside)
            return read_type(node, findings, system=self.system, item=item)
        for name in ("properties", "items"):
            if name in node:
                findings.misfit(node[name], f"{name!r} does not fit the logical type {logical!r}.")
        return read_type(node, findings, system=self.system)

    def take_words(self, path: str, node: Node, custom: dict[str, Node]) -> None:
        """Add what the overlay says of this very column, and note what the contract says of its source's tables."""
        for word, value in (self.overlay.columns.get(path, {}) if self.overlay else {}).items():
            if word in custom:
                self.findings.twice(value, f"{word!r} of {path!r} stands in the contract, too.", "Say it once.")
            custom[word] = value
        if flag(node, "partitioned"):
            self.findings.note(
                node["partitioned"], f"The source is partitioned by {path!r}; what is made of it is not."
            )
        if (sealed := node.get("encryptedName")) is not None:
            self.findings.note(sealed, f"The source also has {path!r} encrypted, as {sealed.value!r}: it is not read.")

    def protect(
        self, node: Node, column: Column, protect: Node | None, *, levels: Sequence[Described]
    ) -> Protect | None:
        """How a leaf is protected; nothing is kept by default, and nothing personal without a reason."""
        by = "its name"
        if self.overlay is not None:
            say, hold = self.overlay.rules_of(levels)
            self.say |= say
            self.hold |= hold if protect is None else say  # who names a column has thought of what else is said of it
        if protect is None and self.overlay is not None:
            at = node.get("name") or node
            said = self.overlay.protect_of(column.path, levels=levels, at=at, findings=self.findings)
            protect, by = said or (None, "")
        if protect is None:
            todo = "Add the custom property 'protect'; {method: keep} leaves the column as it is."
            if self.overlay is not None:
                todo = f"Say in {self.overlay.root.file} how it leaves."
            self.findings.add(node.get("name") or node, f"{column.path!r} has no 'protect'.", todo, "unprotected")
            return None
        read = read_protect(protect, self.findings, path=column.path, type_=column.type)
        if read is not None and "rowKey" in read.options:
            self.row_keys[column.path] = protect["rowKey"]
        if read is not None and read.method == REDACT:
            self.redacted[column.path] = protect
        if read is not None and "key" in read.options and not column.classification:
            what = f"{column.path!r} has no classification that could name its key."
            self.findings.missing(protect["key"], what, "Add 'classification', or leave 'key' out.")
        if read is not None and read.method == "keep" and column.personal and not read.why:
            what = f"{column.path!r} is {column.classification} and kept as it is."
            self.findings.add(protect, what, "Protect it, or say 'why' beside 'method'.", "personal-kept")
        return read if read is None or protect.file == node.file else replace(read, file=protect.file, by=by)

    def classification(self, node: Node) -> str:
        """The classification, one of `CLASSIFICATIONS`, or an empty text."""
        word = text(node, "classification")
        if word is not None and self.overlay is not None:
            word = self.overlay.meaning(word)
        if word is not None and word not in CLASSIFICATIONS:
            what, todo = f"Unknown classification {word!r}.", did_you_mean(word, CLASSIFICATIONS)
            if self.overlay is not None:
                todo += f" {self.overlay.root.file} may say what it means: means: {{{word}: personal}}."
            self.findings.unknown_name(node["classification"], what, todo)
        return word or ""

    def read(self, node: Node, read: Node | None, type_: Type) -> Read:
        """How text becomes a value of this column."""
        format_ = read_format(node, type_, self.findings)
        bits, nested = holds_bits(node, type_, self.system), holds_nested(node, type_, self.system)
        if read is None or not check_keys(read, READ, "'read'", self.findings):
            return Read(format=format_, bits=bits, nested=nested)
        trim, suffix, missing = read.get("trim"), read.get("removeSuffix"), read.get("missing")
        if type_.name in ("struct", "array"):
            self.findings.misfit(read, f"'read' does not fit {type_.name}.", "Say it where the values are.")
        if trim is not None and not isinstance(trim.value, bool):
            self.findings.wrong_type(trim, "'trim' is true or false.")
        if suffix is not None and not (isinstance(suffix.value, str) and suffix.value):
            self.findings.wrong_type(suffix, "'removeSuffix' is a text.", "Put it in quotes.")
        words = missing.value if missing is not None else []
        if missing is not None and not (isinstance(words, list) and words and all(isinstance(w, str) for w in words)):
            self.findings.wrong_type(missing, "'missing' is a list of texts.", "Put each in quotes.")
            words = []
        elif missing is not None and len(set(words)) < len(words):
            self.findings.twice(missing, "A text that means missing stands here twice.")
        return Read(
            trim=flag(read, "trim"),
            remove_suffix=str(suffix.value) if suffix is not None else "",
            missing=tuple(words),
            format=format_,
            bits=bits,
            nested=nested,
            **number_signs(read, type_, self.findings),
        )

    def check(self, node: Node, column: Column, custom: dict[str, Node], above: _From) -> None:
        """What `primaryKey`, `unique`, `subject` and `role` ask of a column."""
        if column.protect is not None and "normalise" in column.protect.options and (column.unique or column.subject):
            what = f"{column.path!r} tells {'subjects' if column.subject else 'rows'} apart, and spellings leave alike."
            at = custom["subject"] if column.subject and "subject" in custom else node
            self.findings.contradicts(at, what, "Leave 'normalise' out, or say it of another column.")
        add, path, type_ = self.findings.add, column.path, column.type
        leaf, top = type_.name not in ("struct", "array"), "." not in path and not above.in_array
        method = column.protect.method if column.protect else ""
        for word, place in (("primaryKey", top), ("unique", not above.in_array)):
            if flag(node, word) and not (leaf and place):
                self.findings.misfit(
                    node[word], f"{word!r} does not fit {path!r}.", "It wants a single value in each row."
                )
        if (subject := custom.get("subject")) is not None:
            if not isinstance(subject.value, bool):
                self.findings.wrong_type(subject, "'subject' is true or false.")
            elif column.subject and (not leaf or above.in_array):
                self.findings.misfit(
                    subject, f"{path!r} cannot name the data subject.", "It wants a single value in each row."
                )
            elif column.subject and not _findable(column):
                add(
                    subject,
                    f"Nobody can be found by {path!r} as it is protected.",
                    "Use hash, or encrypt deterministic without a row key.",
                    "subject-not-findable",
                )
        for word in ("precision", "scale"):
            if word in custom and type_.name != "decimal":
                self.findings.note(custom[word], f"{word!r} says nothing here: {path!r} is {type_.name}.")
        if (role := custom.get("role")) is not None:
            fits = {"text": ("string",), "time": DATES}.get(column.role, (type_.name,))
            if role.value not in ROLES:
                self.findings.unknown_name(role, f"Unknown role {role.value!r}.", did_you_mean(str(role.value), ROLES))
            elif column.protect is not None and "rowKey" in column.protect.options:
                self.findings.misfit(
                    role,
                    f"The role {column.role!r} does not fit {path!r}.",
                    "It is bound to its row, and roles leave it.",
                )
            elif not (leaf and top) or method == "drop" or type_.name not in fits:
                self.findings.misfit(
                    role, f"The role {column.role!r} does not fit {path!r}.", "It wants a column that stays."
                )


def described(node: Node, path: str = "", overlay: Overlay | None = None) -> Described:
    """What is said of a column, or of what columns are inside of, for an overlay to go by."""
    name, word = text(node, "name") if path else None, text(node, "classification")
    words = (word, overlay.meaning(word) if overlay else word) if word else ()
    return Described(
        tuple(dict.fromkeys((path, name or path))) if path else (), tuple(dict.fromkeys(words)), _tags(node)
    )


def _tags(node: Node) -> tuple[str, ...]:
    tags = node.get("tags")
    return tuple(tag.value for tag in tags.items if isinstance(tag.value, str)) if tags is not None else ()


def _closed(node: Node, logical: str | None) -> bool:
    """Whether a property is an object or a list of which the contract does not say what is inside."""
    inside = node.get({"object": "properties", "array": "items"}.get(logical or "", ""))
    return logical == "map" or (logical in ("object", "array") and (inside is None or not inside.value))


def _named(node: Node) -> tuple[str, ...]:
    """The fields that an object's `logicalTypeOptions` demand."""
    options = node.get("logicalTypeOptions")
    required = options.get("required") if options else None
    return tuple(str(item.value) for item in required.items) if required else ()


def _findable(column: Column) -> bool:
    """Whether the same person has the same value in the protected column, always."""
    if column.protect is None:
        return True
    options = column.protect.options
    return column.protect.method in ("keep", "hash") or (
        options.get("mode") == "deterministic" and "rowKey" not in options
    )
