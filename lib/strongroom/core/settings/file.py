"""Reads a settings file and refuses what it does not know, all problems at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from strongroom.core.errors import ConfigError, UsageError
from strongroom.core.escaping import is_plain
from strongroom.core.findings import Findings
from strongroom.core.settings import proven, storage, values
from strongroom.core.settings.model import IDENTITY, JOBS, KNOWN, STORAGE, Setting, Settings
from strongroom.core.suggest import did_you_mean
from strongroom.core.yaml import Node, parse, read_text

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
SECTIONS: Mapping[str, Mapping[str, Setting]] = {"identity": IDENTITY, "storage": STORAGE, **JOBS}
_SECRET = re.compile(r"(?i)(secret|password|token|key|kek)$|(secret|access)_?key|_key_")
_CREDENTIAL = re.compile(
    r"(?i)(secret|password|token|(secret|access)[.]?key)$"
    r"|[.](account|encryption|private|secret)[.]key([.]|$)|client[.]secret|[.]sas[.]"  # as Hadoop's clouds call them
)


_handed_on: ContextVar[tuple[str, ...]] = ContextVar("handed_on", default=())
_for_good: list[str] = []


@contextmanager
def handing_on(overrides: Sequence[str]) -> Iterator[None]:
    """In here, each settings file that is read gets these overrides, before those of whoever reads it."""
    before = _handed_on.set((*_handed_on.get(), *overrides))
    try:
        yield
    finally:
        _handed_on.reset(before)


def hand_on(overrides: Sequence[str]) -> None:
    """The same until the process ends, instead of what it was told so before."""
    _for_good[:] = overrides


def load_settings(path: str, overrides: Sequence[str] = ()) -> Settings:
    """Read and check a settings file.

    Args:
        path: the file.
        overrides: `key=value` or `section.key=value`, each of which replaces what the file says.

    Raises:
        ConfigError: every problem of the file and of the overrides.
        UsageError: an override without `=`.
    """
    text = read_text(path, "Name another file with --config.")
    return parse_settings(text, str(path), [*_for_good, *_handed_on.get(), *overrides])


def parse_settings(text: str, file: str, overrides: Sequence[str] = ()) -> Settings:
    """`load_settings` of a text; `file` gives the folder where relative paths start."""
    root = parse(text, file)
    return _Reader(file).read(root, [_override(entry) for entry in overrides])


def _override(entry: str) -> tuple[str, Node]:
    name, equals, value = entry.partition("=")
    if not equals or not name.strip():
        raise UsageError(
            "--set wants section.key=value.", where=f"--set {name}", todo="For example --set prepare.mode=append."
        )
    return name.strip(), Node(value, f"--set {name.strip()}", 0)


class _Reader(Findings):
    """One reading of one file; collects problems and stops at the end only."""

    area = "settings"

    def __init__(self, file: str) -> None:
        super().__init__()
        self.file = file
        self.folder = Path(file).absolute().parent

    def read(self, root: Node, overrides: Sequence[tuple[str, Node]]) -> Settings:
        if not isinstance(root.value, dict):
            raise ConfigError(
                [root.problem("A settings file is a mapping of keys to values.", code="settings.wrong-type")]
            )
        top: dict[str, Any] = {name: key.default for name, key in KNOWN.items()}
        sections: dict[str, dict[str, Any]] = {
            name: {key: each.default for key, each in keys.items()} for name, keys in SECTIONS.items()
        }
        spark: dict[str, str] = {}
        environment: dict[str, str | None] = {}
        for name, node in root.fields.items():
            if name in KNOWN:
                top[name] = self.value(node, name, KNOWN[name], typed=True)
            elif name == "spark":
                self.section(name, node, lambda key, child: self.spark(spark, key, child))
            elif name == "environment":
                self.section(name, node, lambda key, child: self.variable(environment, key, child))
            elif name in SECTIONS:
                self.section(name, node, lambda key, child, at=name: self.one(sections, at, key, child, typed=True))
            else:
                named = f"Unknown setting {name!r}." if _NAME.fullmatch(name) else "This is no setting."  # nor a name
                self.unknown_field(node, named, did_you_mean(name, [*KNOWN, "spark", "environment", *SECTIONS]))
        masters = (spark.get("spark.master", "local[*]"), *top["masters"])
        for name, node in overrides:
            section, dot, key = name.partition(".")
            if "identity" in root.fields and (fault := proven.refusal(name, str(node.value), masters))[0]:
                self.add(node, *fault, kind="command-line")
            elif name in KNOWN:
                top[name] = self.value(node, name, KNOWN[name], typed=False)
            elif section == "identity":
                self.add(
                    node,
                    "Who proves who is asking is not for the command line.",
                    "Write it into the file.",
                    "command-line",
                )
            elif section == "storage":
                self.add(
                    node, "Where the lake lives is not for the command line.", "Write it into the file.", "command-line"
                )
            elif section == "spark" and dot:  # `spark.spark.sql.…` by the rule, and `spark.sql.…` as everybody types it
                self.spark(spark, key if key.startswith("spark.") else name, node)
            elif section in JOBS and dot:
                self.one(sections, section, key, node, typed=False)
            else:
                known = [*KNOWN, "spark.KEY", *(f"{job}.{word}" for job, keys in JOBS.items() for word in keys)]
                self.unknown_field(node, f"Unknown setting {name!r}.", did_you_mean(name, known))
        set_here = {*root.fields, *(name for name, _ in overrides)}
        identity, place = sections.pop("identity"), sections.pop("storage")
        self.identity(root, identity, asserted=next((node for name, node in overrides if name == "principal"), None))
        for name in KNOWN:
            if KNOWN[name].required and name not in set_here:
                self.missing(root, f"The setting {name!r} is missing.", "Add it.")
        self.fill(root, top, sections)
        read = Settings(
            file=str(Path(self.file).absolute()), identity=identity, storage=place, spark=spark,
            environment=environment, jobs=sections, **top,
        )  # fmt: skip
        self.storage(root, read)
        if self.problems:
            raise ConfigError(self.problems)
        return read

    def section(self, name: str, node: Node, each: Any) -> None:
        if not isinstance(node.value, dict):
            self.wrong_type(node, f"{name!r} is a mapping of keys to values.")
        for key, child in node.fields.items():
            each(key, child)

    def one(self, found: Mapping[str, dict[str, Any]], section: str, name: str, node: Node, *, typed: bool) -> None:
        """One setting of a section."""
        known = SECTIONS[section]
        if name in known:
            found[section][name] = self.value(node, f"{section}.{name}", known[name], typed=typed)
        else:
            self.unknown_field(node, f"Unknown setting '{section}.{name}'.", did_you_mean(name, known))

    def identity(self, root: Node, found: Mapping[str, str], *, asserted: Node | None) -> None:
        """A name that is proven is not also asserted, by the file or on the command line; a token needs its keys."""
        node = root.get("identity")
        if node is None:
            return
        if not found["provider"]:
            self.missing(node, "'identity' names no provider.", f"One of: {', '.join(IDENTITY['provider'].choices)}.")
        asserted = asserted or root.get("principal")
        if asserted is not None:
            self.add(asserted, "'principal' asserts what 'identity' is there to prove.", "Leave it out.", "contradicts")
        missing = [name for name in ("keys", "issuer") if found["provider"] == "token" and not found[name]]
        if missing:
            self.missing(node, f"'identity' with the provider 'token' needs {' and '.join(missing)}.")

    def storage(self, root: Node, read: Settings) -> None:
        """One place says where the lake lives, and what it says goes with the lake."""
        node = root.get("storage")
        if node is None or not read.lake:
            return
        if (fault := storage.storage_fault(read.lake, read.storage))[0]:
            self.add(node, *fault, kind="contradicts")
            return
        twice = storage.spark(read, {}).keys() & read.spark.keys()
        twice |= storage.variables(read).keys() & {
            name for name, value in read.environment.items() if value is not None
        }
        for name in sorted(twice):
            self.add(
                node,
                f"'storage' and {name!r} say the same for half of a job each.",
                f"Leave {name} out.",
                "contradicts",
            )

    def spark(self, spark: dict[str, str], name: str, node: Node) -> None:
        value = node.value
        if not name.startswith("spark."):
            self.unknown_field(
                node, f"Spark's settings start with 'spark.', not {name!r}.", f"Did you mean 'spark.{name}'?"
            )
        elif _CREDENTIAL.search(name):
            self.add(
                node,
                f"{name!r} is a credential: Spark's settings show up in plans, logs and the UI.",
                "Remove it and let the environment or a credentials provider carry it.",
                "credential",
            )
        elif name == "spark.master" and (fault := values.master_fault(str(value)))[0]:
            self.add(node, *fault, kind="master")
        elif not is_plain(f"{name} {value}"):
            self.add(node, "A setting of Spark has a sign in it that nobody sees.", "Type it anew.", "name")
        elif isinstance(value, bool):
            spark[name] = str(value).lower()
        elif isinstance(value, (str, int, float)):
            spark[name] = str(value)
        else:
            self.wrong_type(node, f"{name!r} is one text, number or boolean.")

    def variable(self, found: dict[str, str | None], name: str, node: Node) -> None:
        if not _NAME.fullmatch(name):
            self.add(node, "This is no variable's name.", kind="name")  # nor is it shown
        elif node.value is not None and not isinstance(node.value, str):
            self.wrong_type(
                node, f"'environment.{name}' is a text, or nothing at all for the caller's own.", "Quote it."
            )
        elif node.value is not None and _SECRET.search(name):
            todo = "Leave the value out: the caller's own passes."
            self.add(node, f"'environment.{name}' is a credential, which stands in no file.", todo, "credential")
        else:
            found[name] = node.value

    def value(self, node: Node, name: str, key: Setting, *, typed: bool) -> object:
        """The checked value; `typed` says whether it came from YAML (else it is text from the command line)."""
        try:
            return values.read(node.value, name, key, typed=typed, folder=self.folder)
        except values.Unfit as unfit:
            self.add(node, unfit.what, unfit.todo, unfit.kind)
            return ""  # stands in for the value until the reading stops

    def fill(self, root: Node, top: dict[str, Any], jobs: Mapping[str, Mapping[str, object]]) -> None:
        """The defaults that follow from other settings, and what two settings may not be together."""
        for name in ("openlineage", "pushgateway"):
            parts = urlsplit(str(jobs["prepare"][name]))
            open_way = parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "localhost", "::1")
            if jobs["prepare"][f"{name}_token"] and open_way:
                self.add(
                    root,
                    f"'prepare.{name}' would get its token unencrypted.",
                    "Write https://…, or leave the token out.",
                    "credential",
                )
        keys, lake = top["keys"], top["lake"]
        if not top["keyring"]:
            home = Path(keys.removeprefix("file:")).parent if keys.startswith("file:") else self.folder
            top["keyring"] = str(home / "keyring.json")
        if not top["audit"]:
            top["audit"] = f"{lake.rstrip('/')}/strongroom/audit"
        if not top["erasures"]:
            top["erasures"] = str(Path(top["keyring"]).parent / "erasures")
        if not top["role_keys"]:
            near = str(Path(top["keyring"]).parent) if "://" in lake else f"{lake.rstrip('/')}/strongroom"
            top["role_keys"] = f"{near}/role-keys"
