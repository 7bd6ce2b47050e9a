"""Reads a contract: plain ODCS v3, first held against the standard's JSON schema, then against what we run."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, reduce
from operator import or_
from pathlib import Path

from strongroom.core.contract.columns import ROLES, ColumnReader, described, within
from strongroom.core.contract.contradictions import contradictions
from strongroom.core.contract.curation import read_curation
from strongroom.core.contract.editions import in_one_edition
from strongroom.core.contract.head import read_head
from strongroom.core.contract.legal_basis import read_legal_basis
from strongroom.core.contract.metrics import Place
from strongroom.core.contract.model import Column, Contract, Rule, SetRule
from strongroom.core.contract.overlay import Described, Overlay, check_beaten, check_named, read_overlay
from strongroom.core.contract.quality import read_quality, rule_names
from strongroom.core.contract.redaction import check_known, with_originals
from strongroom.core.contract.references import read_references
from strongroom.core.contract.retention import read_retention
from strongroom.core.contract.row_key import check_row_keys
from strongroom.core.contract.rules import column_rules
from strongroom.core.contract.servers import check_sources, read_sources, system_of
from strongroom.core.contract.service_levels import read_service_levels
from strongroom.core.contract.standard import schema_problems
from strongroom.core.contract.vocabulary import check_words, custom_properties, flag, text, whole
from strongroom.core.contract_files import files_in, misnamed, name_of, named_part, overlay_of, overlays_of_parts
from strongroom.core.errors import ConfigError, Problem
from strongroom.core.findings import Findings
from strongroom.core.suggest import did_you_mean
from strongroom.core.yaml import Node, parse, read_text

_TABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TAKEN = ("quarantine_limit", "row.parse")
"""Ids that reports give to what is no rule of the contract."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a file: one of its schema objects, one of its servers, and with which overlay.

    Empty is its only object, all of its servers, and none.
    """

    part: str = ""
    server: str = ""
    overlay: Overlay | None = None


ASKED = Asked()
"""Of a file with one data set, all of it."""


def load_contract(path: str, part: str = "", folders: Iterable[str | Path] = (), asked: Asked = ASKED) -> Contract:
    """Read and check a contract file, or one schema object of it, with the overlay that lies beside it, if one does.

    Another object of a file is read as `asked` says of the one that refers to it, where it has no overlay of its own.

    Raises:
        ConfigError: every problem of the file, each with its line.
    """
    overlay = overlay_beside(path, part, folders)
    if part and overlay is None:
        overlay = asked.overlay
    return _sound(*read_contract(read_text(path), str(path), Asked(part, asked.server if part else "", overlay)))


def overlay_beside(path: str | Path, part: str = "", folders: Iterable[str | Path] = ()) -> Overlay | None:
    """The overlay of a contract's file, or of its object, in the folder `protection` beside its own or one of these.

    Raises:
        ConfigError: it is not sound, two are called so, or one is called after a data set that the file does not have.
    """
    folders = tuple(folders)
    if problems := list(_of_no_part(path, folders)):
        raise ConfigError(problems)
    file = overlay_of(path, part, folders)
    return read_overlay(read_text(str(file)), str(file)) if file is not None else None


def _of_no_part(path: str | Path, folders: Iterable[str | Path]) -> Iterator[Problem]:
    """Overlays of data sets that a file does not have: whoever slips in a name protects nothing."""
    strays = overlays_of_parts(path, folders)
    names = _names(_parsed(read_text(str(path)), str(path))[0]) if strays else ()
    for overlay, part in strays.items():
        if len(names) == 1:
            todo = f"{path} has one data set: rename the overlay to {name_of(path)}.yaml."
            yield Problem(f"{part!r} is no data set of several.", str(overlay), todo, "contract.unknown-name")
        elif part not in names:
            what = f"There is no data set {part!r} in {path}."
            yield Problem(what, str(overlay), did_you_mean(part, names), "contract.unknown-name")


def contracts_in(folder: str | Path) -> list[Contract]:
    """Every contract, read: of a file with several schema objects those with an overlay of their own, or else all.

    Raises:
        ConfigError: one is not sound, or two files have one name.
    """
    if problems := misnamed(folder):
        raise ConfigError(problems)
    return [load_contract(str(file), part) for file in files_in(folder) for part in lakes_parts(file)]


def lakes_parts(file: str | Path, text: str | None = None, folders: Iterable[str | Path] = ()) -> tuple[str, ...]:
    """Those schema objects of a file that are this lake's: with an overlay of their own, or else all; see `parts_of`.

    Raises:
        ConfigError: it cannot be read.
    """
    parts, own = parts_of(file, text), overlays_of_parts(file, folders).values()
    return tuple(part for part in parts if part in own) or parts


def parts_of(file: str | Path, text: str | None = None) -> tuple[str, ...]:
    """The names of the schema objects of a file with several; of a file with one, an empty name.

    One that names no column is none of them, where another does: nothing can be made of it.

    Raises:
        ConfigError: it cannot be read.
    """
    root, _ = _parsed(read_text(str(file)) if text is None else text, str(file))
    names = _names(root)
    if len(names) < 2:
        return ("",)
    empty = _empty(root)
    return tuple(name for name in names if name not in empty) or names


def _empty(root: Node) -> list[str]:
    """The schema objects that name no column."""
    tables = root.get("schema")
    return [text(table, "name") or "" for table in (tables.items if tables else ()) if not _has_columns(table)]


def _has_columns(table: Node) -> bool:
    return "properties" in table and bool(table["properties"].items)


def parse_contract(text: str, file: str, asked: Asked = ASKED) -> Contract:
    """`load_contract` of a text; `file` is for messages only."""
    return _sound(*read_contract(text, file, asked))


def _sound(contract: Contract | None, problems: Sequence[Problem]) -> Contract:
    if problems or contract is None:
        raise ConfigError(problems)
    return contract


def read_contract(text: str, file: str, asked: Asked = ASKED) -> tuple[Contract | None, list[Problem]]:
    """What a contract's text holds, as far as it can be read, and every problem of it.

    Raises:
        ConfigError: it is no YAML, or no mapping.
    """
    root, schema = _parsed(text, file)
    if not isinstance(root.value, dict):
        raise ConfigError([root.problem("A contract is a mapping of fields to values.", code="contract.wrong-type")])
    findings = Findings()
    system = system_of(root, asked.server or (asked.overlay.server if asked.overlay else ""))
    contract = _Reader(
        in_one_edition(root, system, findings, rename=asked.overlay is not None), findings, asked, system
    ).contract()
    if contract is not None:
        contract = replace(contract, fingerprint=fingerprint(root, asked), notes=tuple(findings.notes))
    ours = {problem.where for problem in findings.problems}  # where both complain, our words are the better ones
    problems = findings.problems + [problem for problem in schema if problem.where not in ours]
    return contract, _ordered(problems if contract is not None else problems or list(schema))


@lru_cache(maxsize=2)
def _parsed(text: str, file: str) -> tuple[Node, tuple[Problem, ...]]:
    """A file and what the standard's schema has against it: read once for all of its schema objects."""
    root = parse(text, file)
    return root, tuple(schema_problems(root)) if isinstance(root.value, dict) else ()


def _ordered(problems: Sequence[Problem]) -> list[Problem]:
    def place(problem: Problem) -> tuple[str, int]:
        file, _, line = problem.where.rpartition(":")
        return file, int(line)

    return sorted(dict.fromkeys(problems), key=place)


def _names(root: Node) -> tuple[str, ...]:
    tables = root.get("schema")
    return tuple(name for table in (tables.items if tables else ()) if (name := text(table, "name")))


class _Reader:
    """Puts a contract together from its parts."""

    def __init__(self, root: Node, findings: Findings, asked: Asked, system: str) -> None:
        self.root, self.findings, self.asked, self.system = root, findings, asked, system

    def contract(self) -> Contract | None:
        root, findings, overlay = self.root, self.findings, self.asked.overlay
        head = read_head(root, findings, overlay)
        sources = read_sources(root, findings, server=self.asked.server, overlay=overlay)
        table = self.table()
        if table is None:
            return None
        name = self.name(table)
        if overlay is not None:
            check_named(overlay, self.known(overlay, table), findings)
        described = root.get("description")
        reader = ColumnReader(findings, overlay, self.system)
        columns = reader.columns(table, within(table, root))
        if overlay is not None:
            check_beaten(overlay, reader.say, reader.hold, findings)
        self.roles(columns)
        check_row_keys(columns, reader.row_keys, findings)
        check_known(columns, reader.redacted, findings)
        check_sources(sources, columns, root.file, findings)
        rules, set_rules = self.rules(table, name, columns, reader.nodes)
        by_path = {column.path: column for column in _inside(columns)}
        findings.problems += contradictions(rules, set_rules, by_path, file=root.file)
        columns = with_originals(columns, reader.redacted, findings)
        return Contract(
            id=text(root, "id") or "",
            name=name,
            version=text(root, "version") or "",
            file=root.file,
            fingerprint="",
            sources=sources,
            columns=columns,
            rules=rules,
            set_rules=set_rules,
            purposes=head.purposes,
            data_subjects=head.data_subjects,
            limitations=(text(described, "limitations") if described else None) or "",
            label=head.label,
            description=text(table, "description") or (text(described, "purpose") if described else None) or "",
            quarantine_limit=head.quarantine_limit,
            curation=read_curation(head.curate, columns, findings),
            legal_basis=read_legal_basis(head.legal_basis, head.purposes, _inside(columns), findings),
            retention=read_retention(
                root,
                findings,
                table=text(table, "name") or name,
                columns=by_path,
                leave=overlay.leave.get("levels", ()) if overlay else (),
            ),
            said=head.said,
        )

    def known(self, overlay: Overlay, table: Node) -> dict[str, Described]:
        """All that an overlay may mean, by path: of its one schema object where it is called so, or of the file."""
        alone = named_part(name_of(overlay.root.file))[1] == self.asked.part != ""
        tables = [table] if alone else self.root["schema"].items
        whole = [described(each) for each in (self.root, *tables)]
        found = {"": reduce(or_, whole)}
        for path, node in (each for one in tables for each in _paths(one)):
            found[path] = found.get(path, Described()) | described(node, path, overlay)
        return found

    def table(self) -> Node | None:
        """The schema object that is asked for: one data set per contract."""
        schema = self.root.get("schema")
        tables = schema.items if schema else ()
        if not tables:
            self.findings.missing(schema or self.root, "'schema' is missing.", "Describe the data set.")
            return None
        named, part = _names(self.root), self.asked.part
        if part and part not in named:
            self.findings.unknown_name(tables[0], f"There is no schema object {part!r}.", did_you_mean(part, named))
            return None
        table = next((table for table in tables if text(table, "name") == part), tables[0])
        if len(tables) > 1 and not part:
            what = f"More than one data set: {', '.join(named)}."
            self.findings.not_run(tables[1], what, f"Name one: --contract {name_of(self.root.file)}#{named[0]}.")
        for other in tables if _has_columns(table) else ():
            if not _has_columns(other):
                what = f"The data set {text(other, 'name')!r} names no column: nothing is made of it."
                self.findings.note(other, what)
        check_words(table, "schema", self.findings)
        custom_properties(table, "schema", self.findings)
        return table

    def name(self, table: Node) -> str:
        """What the table is called here: as the contract says, or its overlay, where no table can be called so."""
        said, overlay = text(table, "name"), self.asked.overlay
        name = (overlay.name if overlay else "") or said
        if overlay is not None and name is not None and re.fullmatch(r"[0-9]\w*", name, re.ASCII):
            name = f"table_{name}"
        if name is not None and not _TABLE.fullmatch(name):
            todo = "Use letters, digits and '_'; an overlay may give it another 'name'."
            self.findings.add(table["name"], f"{name!r} cannot name a table.", todo, "name")
        elif name != said:
            self.findings.note(table["name"], f"{said!r} is called {name!r} here.")
        return name or ""

    def rules(
        self, table: Node, name: str, columns: Sequence[Column], nodes: dict[str, Node]
    ) -> tuple[tuple[Rule, ...], tuple[SetRule, ...]]:
        """Every rule, column by column, then those of the table; each with an id of its own."""
        by_path = {column.path: column for column in _inside(columns)}
        leave = self.asked.overlay.leave if self.asked.overlay else {}
        found: list[Rule | SetRule] = []
        for path, column in by_path.items():
            found += column_rules(column, nodes[path], self.findings)
            place = Place(name, by_path, column)
            found += read_quality(nodes[path], place, self.findings, leave)
            found += read_references(nodes[path], place, self.findings, leave.get("references", ()))
        found += self.primary_key(name, columns, nodes)
        found += read_quality(table, Place(name, by_path), self.findings, leave)
        found += read_references(table, Place(name, by_path), self.findings, leave.get("references", ()))
        self.check_left(
            [(table, Place(name, by_path)), *((nodes[path], Place(name, by_path, by_path[path])) for path in by_path)]
        )
        said = text(table, "name") or name
        found += read_service_levels(
            self.root,
            self.findings,
            table=said,
            columns=by_path,
            others=[other for other in _names(self.root) if other != said],
            leave=leave.get("levels", ()),
        )
        found = _numbered(found)
        return (
            tuple(rule for rule in found if isinstance(rule, Rule)),
            tuple(rule for rule in found if isinstance(rule, SetRule)),
        )

    def check_left(self, places: Sequence[tuple[Node, Place]]) -> None:
        """Report rules that the overlay leaves and a contract of one data set does not have."""
        overlay = self.asked.overlay
        if overlay is None or len(_names(self.root)) > 1 or "rules" not in overlay.leave:
            return
        known = [name for node, place in places for name in rule_names(node, place)]
        for node in overlay.root["leave"]["rules"].items:
            if node.value not in known:
                self.findings.unknown_name(node, f"There is no rule {node.value!r}.", did_you_mean(node.value, known))

    def primary_key(self, name: str, columns: Sequence[Column], nodes: dict[str, Node]) -> list[Rule]:
        """The rule of a primary key of several columns, in the order of their positions."""
        keys: list[tuple[int, Column]] = []
        for column in columns:
            node = nodes[column.path]
            position = node.get("primaryKeyPosition")
            if flag(node, "primaryKey"):
                keys.append((whole(position.value) or 0 if position else 0, column))
        own = {column.path for _, column in keys}
        for path, node in nodes.items():
            position = node.get("primaryKeyPosition")
            if position is not None and path not in own and position.value != -1:
                todo = "Add primaryKey: true." if path in {column.path for column in columns} else "Remove it."
                self.findings.add(position, f"{path!r} is no part of the primary key.", todo, "primary-key")
        positions = [position for position, _ in keys]
        given = [position for position in positions if position]
        if len(set(given)) < len(given) or any(not 1 <= position <= len(keys) for position in given):
            what = f"The positions in the primary key are not 1 to {len(keys)}."
            self.findings.add(nodes[keys[0][1].path]["primaryKey"], what, "Number each of its columns.", "primary-key")
        if len(keys) < 2:
            return []
        paths = tuple(column.path for _, column in sorted(keys, key=lambda key: key[0] or len(keys)))
        return [Rule(f"{name}.primaryKey", "unique", paths, line=nodes[paths[0]]["primaryKey"].line)]

    def roles(self, columns: Sequence[Column]) -> None:
        for role in ROLES:
            for column in [column for column in columns if column.role == role][1:]:
                self.findings.problems.append(
                    Problem(
                        f"A second column with the role {role!r}.",
                        f"{self.root.file}:{column.line}",
                        "Keep one.",
                        "contract.twice",
                    )
                )


def fingerprint(root: Node, asked: Asked = ASKED) -> str:
    """SHA-256 of the parsed file in canonical JSON, with its overlay and server: layout and comments do not count."""
    said = root.value
    if asked.overlay is not None or asked.server:
        said = {"contract": said, "protection": asked.overlay and asked.overlay.root.value, "server": asked.server}
    canonical = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def _paths(node: Node, path: str = "") -> Iterator[tuple[str, Node]]:
    """The paths of what is inside a schema object or property, and where each stands."""
    for child in node["properties"].items if "properties" in node else ():
        name = f"{path}.{text(child, 'name')}" if path else str(text(child, "name"))
        yield name, child
        yield from _paths(child, name)
    if "items" in node:
        yield f"{path}[]", node["items"]
        yield from _paths(node["items"], f"{path}[]")


def _inside(columns: Sequence[Column]) -> Iterator[Column]:
    """Every column, each followed by what is inside it."""
    for column in columns:
        yield column
        yield from _inside(column.type.fields)
        if column.type.item is not None:
            yield from _inside((column.type.item,))


def _numbered(rules: Sequence[Rule | SetRule]) -> list[Rule | SetRule]:
    """The rules with `#2`, `#3` … after an id that is taken."""
    seen: Counter[str] = Counter(_TAKEN)
    numbered: list[Rule | SetRule] = []
    for rule in rules:
        seen[rule.id] += 1
        numbered.append(rule if seen[rule.id] == 1 else replace(rule, id=f"{rule.id}#{seen[rule.id]}"))
    return numbered
