"""What a contract says of itself: version, status, description, purposes, label, and how many bad rows it bears."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from strongroom.core.contract.editions import EDITIONS
from strongroom.core.contract.overlay import Overlay
from strongroom.core.contract.vocabulary import (
    check_keys,
    check_words,
    custom_properties,
    is_number,
    text,
)
from strongroom.core.findings import Findings
from strongroom.core.suggest import slip_of
from strongroom.core.yaml import Node

STATUSES = ("proposed", "draft", "active", "deprecated", "retired")
"""The standard's examples. Another word is somebody else's; by a contract that is retired nothing is run."""

DESCRIPTION = ("purpose", "usage", "limitations", "authoritativeDefinitions", "customProperties")
_WORD = re.compile(r"[A-Za-z_][\w-]*")


@dataclass(frozen=True, slots=True)
class Head:
    """Purposes, subjects, label and limit as a contract has them, curation and legal bases as written, and where each
    stands.
    """

    purposes: tuple[str, ...]
    data_subjects: tuple[str, ...]
    label: str
    quarantine_limit: float | None
    curate: Node | None
    legal_basis: Node | None
    said: Mapping[str, str]


def read_head(root: Node, findings: Findings, overlay: Overlay | None = None) -> Head:
    """Check the fields of the contract itself and read our custom properties, or the overlay's."""
    check_words(root, "contract", findings)
    version, status, description = text(root, "apiVersion"), text(root, "status"), root.get("description")
    if version is not None and version not in EDITIONS:
        findings.not_run(root["apiVersion"], f"{version!r} is not run.", f"Write apiVersion: {EDITIONS[0]}.")
    if status is not None and status not in STATUSES[:-1]:
        meant = slip_of(status, STATUSES)
        if "retired" in (status, meant):
            todo = "Nothing is prepared by it any more."
            findings.not_run(root["status"], f"The status {status!r} is not run.", todo)
        elif meant:
            findings.not_run(root["status"], f"The status {status!r} is not run.", f"Did you mean {meant!r}?")
        else:
            findings.note(root["status"], f"The status {status!r} is somebody else's word.")
    if description is not None and isinstance(description.value, dict):  # the JSON schema leaves it open
        check_keys(description, DESCRIPTION, "'description'", findings)
    custom = custom_properties(root, "contract", findings)
    for word, value in overlay.head.items() if overlay else ():
        if word in custom:
            findings.twice(value, f"{word!r} stands in the contract, too.", "Say it once.")
        custom[word] = value
    return Head(
        _purposes(custom.get("purposes"), findings),
        _data_subjects(custom.get("dataSubjects"), findings),
        _label(custom.get("label"), findings),
        _limit(custom.get("quarantineLimit"), findings),
        custom.get("curate"),
        custom.get("legalBasis"),
        {word: value.where for word, value in custom.items()},
    )


def _purposes(node: Node | None, findings: Findings) -> tuple[str, ...]:
    if node is None:
        return ()
    words = [item.value for item in node.items]
    if not words or not all(isinstance(word, str) and _WORD.fullmatch(word) for word in words):
        findings.wrong_type(node, "'purposes' is a list of words.", "For example [model_training].")
        return ()
    if len(set(words)) < len(words):
        findings.twice(node, "A purpose stands here twice.")
    return tuple(words)


def _data_subjects(node: Node | None, findings: Findings) -> tuple[str, ...]:
    if node is None:
        return ()
    words = [item.value for item in node.items]
    if not words or not all(isinstance(word, str) and word.strip() for word in words):
        findings.wrong_type(node, "'dataSubjects' is a list of texts.", "For example [customers, reviewers].")
        return ()
    return tuple(words)


def _label(node: Node | None, findings: Findings) -> str:
    if node is not None and not (isinstance(node.value, str) and _WORD.fullmatch(node.value)):
        findings.wrong_type(node, "'label' is one word.", "For example training_data.")
    return str(node.value) if node is not None else ""


def _limit(node: Node | None, findings: Findings) -> float | None:
    """The largest share of bad rows: a share from 0 to 1, or `{percent: n}`."""
    if node is None:
        return None
    value, most = node.value, 1
    if isinstance(value, dict) and check_keys(node, ("percent",), "'quarantineLimit'", findings):
        value, most = value.get("percent"), 100
    if not is_number(value) or not 0 <= value <= most:
        findings.wrong_type(node, "'quarantineLimit' is a share from 0 to 1.", "Or write {percent: 5}.")
        return None
    return float(value) / most
