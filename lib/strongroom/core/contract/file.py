"""Reads a contract: plain ODCS v3.1, first held against the standard's JSON schema, then against what we run."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from strongroom.core.contract.columns import ROLES, ColumnReader
from strongroom.core.contract.contradictions import contradictions
from strongroom.core.contract.head import read_head
from strongroom.core.contract.metrics import Place
from strongroom.core.contract.model import Column, Contract, Rule, SetRule
from strongroom.core.contract.quality import read_quality
from strongroom.core.contract.references import read_references
from strongroom.core.contract.row_key import check_row_keys
from strongroom.core.contract.rules import column_rules
from strongroom.core.contract.servers import check_sources, read_sources
from strongroom.core.contract.service_levels import read_service_levels
from strongroom.core.contract.standard import schema_problems
from strongroom.core.contract.vocabulary import check_words, custom_properties, flag, text, whole
from strongroom.core.contract_files import files_in
from strongroom.core.errors import ConfigError, Problem
from strongroom.core.findings import Findings
from strongroom.core.yaml import Node, parse, read_text

_TABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TAKEN = ("quarantine_limit", "row.parse")
"""Ids that reports give to what is no rule of the contract."""


def load_contract(path: str) -> Contract:
    """Read and check a contract file.

    Raises:
        ConfigError: every problem of the file, each with its line.
    """
    return parse_contract(read_text(path), str(path))


def contracts_in(folder: str | Path) -> list[Contract]:
    """Every contract, read.

    Raises:
        ConfigError: one is not sound.
    """
    return [load_contract(str(file)) for file in files_in(folder)]


def parse_contract(text: str, file: str) -> Contract:
    """`load_contract` of a text; `file` is for messages only."""
    contract, problems = read_contract(text, file)
    if problems or contract is None:
        raise ConfigError(problems)
    return contract


def read_contract(text: str, file: str) -> tuple[Contract | None, list[Problem]]:
    """What a contract's text holds, as far as it can be read, and every problem of it.

    Raises:
        ConfigError: it is no YAML, or no mapping.
    """
    root = parse(text, file)
    if not isinstance(root.value, dict):
        raise ConfigError([root.problem("A contract is a mapping of fields to values.", code="contract.wrong-type")])
    findings = Findings()
    contract = _Reader(root, findings).contract()
    ours = {problem.where for problem in findings.problems}  # where both complain, our words are the better ones
    schema = schema_problems(root)
    problems = findings.problems + [problem for problem in schema if problem.where not in ours]
    return contract, _ordered(problems if contract is not None else problems or schema)


def _ordered(problems: Sequence[Problem]) -> list[Problem]:
    return sorted(dict.fromkeys(problems), key=lambda problem: int(problem.where.rpartition(":")[2]))


class _Reader:
    """Puts a contract together from its parts."""

    def __init__(self, root: Node, findings: Findings) -> None:
        self.root, self.findings = root, findings

    def contract(self) -> Contract | None:
        root, findings = self.root, self.findings
        head = read_head(root, findings)
        sources = read_sources(root, findings)
        table = self.table()
        if table is None:
            return None
        name = text(table, "name") or ""
        described = root.get("description")
        reader = ColumnReader(findings)
        columns = reader.columns(table)
        self.roles(columns)
        check_row_keys(columns, reader.row_keys, findings)
        check_sources(sources, columns, root.file, findings)
        rules, set_rules = self.rules(table, name, columns, reader.nodes)
        by_path = {column.path: column for column in _inside(columns)}
        findings.problems += contradictions(rules, set_rules, by_path, file=root.file)
        return Contract(
            id=text(root, "id") or "",
            name=name,
            version=text(root, "version") or "",
            file=root.file,
            fingerprint=fingerprint(root),
            sources=sources,
            columns=columns,
            rules=rules,
            set_rules=set_rules,
            purposes=head.purposes,
            label=head.label,
            description=text(table, "description") or (text(described, "purpose") if described else None) or "",
            quarantine_limit=head.quarantine_limit,
        )

    def table(self) -> Node | None:
        """The one schema object: one data set per contract."""
        schema = self.root.get("schema")
        tables = schema.items if schema else ()
        if not tables:
            self.findings.missing(schema or self.root, "'schema' is missing.", "Describe the data set.")
            return None
        if len(tables) > 1:
            names = ", ".join(str(text(table, "name")) for table in tables)
            self.findings.not_run(tables[1], f"More than one data set: {names}.", "Write one contract for each.")
        check_words(tables[0], "schema", self.findings)
        custom_properties(tables[0], "schema", self.findings)
        name = text(tables[0], "name")
        if name is not None and not _TABLE.fullmatch(name):
            self.findings.add(
                tables[0]["name"], f"{name!r} cannot name a table.", "Use letters, digits and '_'.", "name"
            )
        return tables[0]

    def rules(
        self, table: Node, name: str, columns: Sequence[Column], nodes: dict[str, Node]
    ) -> tuple[tuple[Rule, ...], tuple[SetRule, ...]]:
        """Every rule, column by column, then those of the table; each with an id of its own."""
        by_path = {column.path: column for column in _inside(columns)}
        found: list[Rule | SetRule] = []
        for path, column in by_path.items():
            found += column_rules(column, nodes[path], self.findings)
            place = Place(name, by_path, column)
            found += read_quality(nodes[path], place, self.findings)
            found += read_references(nodes[path], place, self.findings)
        found += self.primary_key(name, columns, nodes)
        found += read_quality(table, Place(name, by_path), self.findings)
        found += read_references(table, Place(name, by_path), self.findings)
        found += read_service_levels(self.root, self.findings, table=name, columns=by_path)
        found = _numbered(found)
        return (
            tuple(rule for rule in found if isinstance(rule, Rule)),
            tuple(rule for rule in found if isinstance(rule, SetRule)),
        )

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
        if keys and sorted(positions) != list(range(1, len(keys) + 1)) and any(positions):
            what = f"The positions in the primary key are not 1 to {len(keys)}."
            self.findings.add(nodes[keys[0][1].path]["primaryKey"], what, "Number each of its columns.", "primary-key")
        if len(keys) < 2:
            return []
        paths = tuple(column.path for _, column in sorted(keys, key=lambda key: key[0]))
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


def fingerprint(root: Node) -> str:
    """SHA-256 of the parsed file in canonical JSON: layout and comments do not count."""
    canonical = json.dumps(root.value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


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
