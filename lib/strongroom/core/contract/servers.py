"""From the servers of ODCS to sources, with the options of Spark's readers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from strongroom.core.contract.formats import FORMATS
from strongroom.core.contract.model import Column, Source
from strongroom.core.contract.overlay import Overlay
from strongroom.core.contract.physical import is_system
from strongroom.core.contract.vocabulary import check_keys, check_words, custom_properties, text
from strongroom.core.escaping import is_plain
from strongroom.core.findings import Findings
from strongroom.core.suggest import did_you_mean
from strongroom.core.yaml import Node

_PLACES = {"local": "path", "s3": "location", "azure": "location", "custom": "location"}
"""Server type → the field that says where the files are."""


def read_sources(
    root: Node, findings: Findings, *, server: str = "", overlay: Overlay | None = None
) -> tuple[Source, ...]:
    """Every server as a source; their rows are read together.

    One that is named is the only one, and those of an overlay are there instead of the contract's.
    """
    servers = root.get("servers")
    if overlay is not None and overlay.servers is not None and not server:
        for node in servers.items if servers else ():
            findings.note(node, f"The server {text(node, 'server')!r} is not read: {overlay.root.file} names others.")
        servers = overlay.servers
    elif name := server or (overlay.server if overlay else ""):
        return _one(servers or root, name, findings)
    if servers is None or servers.value == []:
        findings.missing(servers or root, "'servers' is missing.", "Say where the raw data lies.")
    sources = []
    seen: dict[str, int] = {}
    for node in servers.items if servers else ():
        if text(node, "type") in _PLACES:  # another server has other fields, and is refused as a whole
            check_words(node, "server", findings)
        name = text(node, "server") or ""
        if name in seen:
            findings.twice(
                node["server"], f"The server {name!r} stands here twice.", f"It is on line {seen[name]} too."
            )
        elif name:
            seen[name] = node["server"].line
        source = _source(node, name, findings)
        if source is not None:
            sources.append(source)
    _one_environment(servers.items if servers else (), findings)
    return tuple(
        replace(source, file=servers.file) if servers and servers.file != root.file else source for source in sources
    )


def _one(servers: Node, name: str, findings: Findings) -> tuple[Source, ...]:
    """The server of a name alone."""
    node = next((node for node in servers.items if text(node, "server") == name), None)
    if node is None:
        known = [text(each, "server") or "" for each in servers.items]
        findings.unknown_name(servers, f"There is no server {name!r}.", did_you_mean(name, known))
        return ()
    for other in servers.items:
        if other is not node:
            findings.note(other, f"The server {text(other, 'server')!r} is not read: {name!r} is named.")
    if text(node, "type") in _PLACES:
        check_words(node, "server", findings)
    source = _source(node, name, findings)
    return (source,) if source is not None else ()


def system_of(root: Node, server: str = "") -> str:
    """The type of the server whose types a contract names: the one that is named, or the only one of such a system."""
    servers = root["servers"].items if "servers" in root else ()
    kinds = [(text(node, "server"), text(node, "type") or "") for node in servers]
    named = [kind for name, kind in kinds if name == server and is_system(kind)]
    known = named or sorted({kind for _, kind in kinds if is_system(kind)})
    return known[0] if len(known) == 1 else ""


def _one_environment(servers: Sequence[Node], findings: Findings) -> None:
    """Report servers of several environments: their rows would become one table."""
    first = next((text(node, "environment") for node in servers if text(node, "environment")), None)
    for node in servers:
        if (other := text(node, "environment")) and other != first:
            what = f"Servers of the environments {first!r} and {other!r} would be read into one table."
            findings.not_run(node["environment"], what, "Write one contract for each, or remove the other's servers.")


def check_sources(sources: Sequence[Source], columns: Sequence[Column], file: str, findings: Findings) -> None:
    """Report sources that cannot be read together, or not with these columns."""
    nested = next((column for column in columns if column.type.name in ("struct", "array")), None)
    for source in sources:
        node = Node(None, source.file or file, source.line)
        if not FORMATS[source.format].nested and nested is not None:
            what = f"{source.format.upper()} has no nested columns, and {nested.name!r} is one."
            findings.misfit(node, what, "Use JSON or Parquet.")
        if FORMATS[source.format].typed != FORMATS[sources[0].format].typed:
            what = (
                f"{source.format!r} and {sources[0].format!r} cannot be one data set: one is text, the other is typed."
            )
            findings.not_run(node, what, "Write one contract for each.")


def _source(node: Node, name: str, findings: Findings) -> Source | None:
    custom = custom_properties(node, "server", findings)
    kind = text(node, "type")
    if kind is None:
        return None
    if kind not in _PLACES:
        todo = (
            f"{did_you_mean(kind, _PLACES)} Tables of other systems are read once they lie in files, which --server or "
        )
        todo += "an overlay may name."
        findings.not_run(node["type"], f"A server of type {kind!r} is not read.", todo)
        return None
    place = "path" if kind == "custom" and "path" in node else _PLACES[kind]
    path = text(node, place)
    format_ = text(node, "format")
    if not path or not path.strip():
        findings.missing(node.get(place) or node, f"{place!r} is missing.", "Say where the files are.")
    elif not is_plain(path):
        findings.add(node[place], "A path with a sign in it that nobody sees.", "Type it anew.", "name")
    elif re.search(r"[{}]", path):
        findings.not_run(node[place], "Nothing is filled in for braces in a path.", "Use '*', or several servers.")
    if "path" in node and "location" in node:
        findings.contradicts(node["location"], "'path' and 'location' together.", "Keep one.")
    if format_ is None or format_ not in FORMATS:
        what = f"The format {format_!r} is not read." if format_ else "'format' is missing."
        findings.not_run(node.get("format") or node, what, did_you_mean(format_ or "", FORMATS))
        return None
    if node.get("delimiter") is not None and node["delimiter"].value != "new_line":
        findings.not_run(
            node["delimiter"], "JSON is read one object a line.", "Use 'new_line', or the option 'sep' for CSV."
        )
    options = _options(custom.get("options"), format_, findings)
    return Source(name, format_, path or "", options=options, line=node.line)


def _options(node: Node | None, format_: str, findings: Findings) -> dict[str, str | bool]:
    known = FORMATS[format_].options
    options: dict[str, str | bool] = {}
    if node is None or not check_keys(node, tuple(known), f"'options' of {format_}", findings):
        return options
    for name, child in node.fields.items():
        if name in known and not known[name][0](child.value):
            findings.wrong_type(child, f"{name!r} is {known[name][1]}.")
        elif name in known:
            options[name] = child.value
    FORMATS[format_].together(node, options, findings)
    return options
