"""Strict YAML with positions: YAML 1.2 with JSON's types only, and nothing that can surprise.

A plain scalar is a number only as JSON writes it, and a boolean or null only as the core schema of YAML 1.2 does
(https://yaml.org/spec/1.2.2/#103-core-schema); everything else is text. So `NO`, `on`, `2024-01-31`, `1:30`, `017`,
`0x1F` and `+49` are text.
Refused, with file and line: doubled keys, keys that are not text, anchors and aliases, tags, merge keys, a second
document, and the characters that YAML 1.1 and 1.2 count as line ends differently.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from strongroom.core.errors import INVALID, ConfigError, Problem
from strongroom.core.escaping import is_unicode

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml where it is built in: twenty times faster
_DEEPEST = 64
_WORDS = {"": None, "~": None} | {
    form: value
    for word, value in {"null": None, "true": True, "false": False}.items()
    for form in (word, word.capitalize(), word.upper())
}
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,37})")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]{1,4})?")
_UNREADABLE = re.compile(r"[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Node:
    """A value and the line it stands on; of a mapping's entry, the line of its key.

    `value` is plain Python (dict, list, str, int, float, bool, None) all the way down. `fields` are a mapping's entries
    and `items` a sequence's; both are empty for anything else.
    """

    value: Any
    file: str
    line: int
    fields: Mapping[str, Node] = field(default_factory=dict)
    items: tuple[Node, ...] = ()

    @property
    def where(self) -> str:
        """`file:line`, as a Problem wants it; of what came from the command line, where it stands there."""
        return f"{self.file}:{self.line}" if self.line else self.file

    def __getitem__(self, key: str | int) -> Node:
        return self.items[key] if isinstance(key, int) else self.fields[key]

    def __contains__(self, key: str) -> bool:
        return key in self.fields

    def get(self, key: str) -> Node | None:
        """The entry of a mapping, or None when there is none (or this is no mapping)."""
        return self.fields.get(key)

    def at(self, path: Iterable[str | int]) -> Node:
        """The deepest node that exists on the way along `path`: the best line for a problem found there."""
        node = self
        for step in path:
            if isinstance(step, int):
                if not 0 <= step < len(node.items):
                    break
                node = node.items[step]
            elif step in node.fields:
                node = node.fields[step]
            else:
                break
        return node

    def problem(self, what: str, todo: str = "", code: str = INVALID) -> Problem:
        """A Problem at this place."""
        return Problem(what, self.where, todo, code)


def parse(text: str, file: str) -> Node:
    """Read one YAML document.

    Args:
        text: the file's text.
        file: its name, for messages only.

    Raises:
        ConfigError: every problem of the text; a syntax error ends the search.
    """
    text = text.removeprefix("\ufeff")
    problems = [
        Problem(
            f"The character U+{ord(match[0]):04X} may not stand in a YAML file.",
            f"{file}:{text.count(chr(10), 0, match.start()) + 1}",
            "Write it as an escape in double quotes, or remove it.",
            "yaml.character",
        )
        for match in _UNREADABLE.finditer(text)
    ]
    if problems:
        raise ConfigError(problems)
    reader = _Reader(file, problems)
    root = None
    try:
        root = reader.read(text)
    except yaml.MarkedYAMLError as error:
        problems.append(_syntax_problem(error, file))
    except yaml.YAMLError:
        problems.append(Problem("This is not YAML.", f"{file}:1", code="yaml.syntax"))
    if problems or root is None:
        raise ConfigError(problems or [Problem("The file is empty.", f"{file}:1", code="yaml.empty")])
    return root


def read_text(path: str, todo: str = "") -> str:
    """The text of a file that a person wrote.

    Raises:
        ConfigError: it cannot be read, or is not UTF-8.
    """
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError([Problem(f"Cannot be read: {error.strerror}.", str(path), todo, "file.unreadable")]) from None
    except UnicodeDecodeError:
        raise ConfigError([Problem("Not UTF-8 text.", f"{path}:1", code="file.encoding")]) from None


class _Reader:
    """Builds the tree from the parser's events, so that nothing is resolved behind our back."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self.file, self.problems = file, problems

    def read(self, text: str) -> Node | None:
        events = iter(yaml.parse(text, Loader=_LOADER))
        root: Node | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if event.version not in (None, (1, 2)):
                    self.add(event, "Another version of YAML.", "Files are read as YAML 1.2: remove the directive.")
                if root is not None:
                    self.add(event, "A second document in one file.", "Keep one document a file.")
                    break
                root = self.node(next(events), events, depth=0)
        return root

    def node(self, event: Any, events: Iterator[Any], *, depth: int) -> Node:
        self.refuse_indirection(event)
        line = event.start_mark.line + 1
        if depth > _DEEPEST:
            self.add(event, f"More than {_DEEPEST} levels.", kind="depth")
            raise ConfigError(self.problems)
        if isinstance(event, yaml.MappingStartEvent):
            return self.mapping(events, line=line, depth=depth)
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not isinstance(event := next(events), yaml.SequenceEndEvent):
                items.append(self.node(event, events, depth=depth + 1))
            return Node([item.value for item in items], self.file, line, items=tuple(items))
        return Node(self.scalar(event), self.file, line)

    def mapping(self, events: Iterator[Any], *, line: int, depth: int) -> Node:
        fields: dict[str, Node] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key, start = self.node(event, events, depth=depth + 1), event
            child = self.node(next(events), events, depth=depth + 1)
            if not isinstance(key.value, str):
                self.add(start, "A key that is not text.", "Put it in quotes.", "key")
            elif key.value == "<<" and start.implicit[0]:
                self.add(start, "Merge keys ('<<') are not part of YAML 1.2.", "Write the entries out.", "key")
            elif key.value in fields:
                self.add(
                    start,
                    f"The key {key.value!r} stands here twice.",
                    f"It is on line {fields[key.value].line} too.",
                    "twice",
                )
            else:
                fields[key.value] = Node(child.value, self.file, key.line, child.fields, child.items)
        return Node({name: child.value for name, child in fields.items()}, self.file, line, fields=fields)

    def scalar(self, event: Any) -> Any:
        if isinstance(event, yaml.AliasEvent):
            return None
        text: str = event.value
        if not is_unicode(text):
            self.add(
                event, "Half of a character.", "Write the whole of it as one escape: \\U and eight digits.", "character"
            )
        if not event.implicit[0]:  # quoted or a block
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            return int(text)
        if _NUMBER.fullmatch(text):
            number = float(text)
            if number in (float("inf"), float("-inf")) or ("." not in text and "e" not in text.lower()):
                self.add(event, "A number too large to keep exactly.", "Put it in quotes if it is text.", "number")
            return number
        return text

    def refuse_indirection(self, event: Any) -> None:
        if isinstance(event, yaml.AliasEvent):
            self.add(event, f"The alias '*{event.anchor}'.", "Write the value out: aliases are not read.")
        elif event.anchor is not None:
            self.add(event, f"The anchor '&{event.anchor}'.", "Remove it: anchors are not read.")
        if getattr(event, "tag", None) is not None:
            self.add(event, f"The tag {event.tag!r}.", "Remove it: types come from JSON's own forms.")

    def add(self, event: Any, what: str, todo: str = "", kind: str = "not-run") -> None:
        self.problems.append(Problem(what, f"{self.file}:{event.start_mark.line + 1}", todo, f"yaml.{kind}"))


def _syntax_problem(error: yaml.MarkedYAMLError, file: str) -> Problem:
    """The parser's own words, which quote single characters at most."""
    mark = error.problem_mark or error.context_mark
    what = error.problem or error.context or "this is not YAML"
    todo = "Indent with spaces, and put texts that start with a special character in quotes." if "token" in what else ""
    return Problem(f"YAML: {what}.", f"{file}:{mark.line + 1 if mark else 1}", todo, "yaml.syntax")
