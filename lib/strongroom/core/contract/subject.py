"""The data subject of a contract's rows, and the column that tags them: what it is called, and whose tags agree."""

from __future__ import annotations

from strongroom.core.contract.model import Column, Contract
from strongroom.core.findings import Findings
from strongroom.core.suggest import did_you_mean
from strongroom.core.yaml import Node

TAG = "_subject"
"""The column of a table whose rows belong to a subject; no contract may have one of that name."""

ASIDE = "_whose"
"""The same in a quarantine, under a key of its own: a row set aside joins with none that passed."""


def subject_of(contract: Contract) -> Column | None:
    """The column that names whose row it is, the first one that says `subject: true`; None where rows are nobody's."""
    return next((leaf for leaf in contract.leaves() if leaf.subject), None)


def people_of(contract: Contract) -> tuple[str, ...] | None:
    """Within what people of a data set are one; None where its rows are nobody's."""
    subject = subject_of(contract)
    return None if subject is None else domain_of(subject, table=contract.training)


def domain_of(column: Column, *, table: str) -> tuple[str, ...]:
    """Within what equal values are the same person: the column's domain, or else this very column of this table."""
    domain = str(column.protect.options.get("domain", "")) if column.protect else ""
    return ("domain", domain) if domain else ("column", table, column.path)


OTHERS = "others"
"""The column's word `about`: its values tell of somebody else than the row's data subject."""


def read_about(node: Node | None, findings: Findings) -> str:
    """The column's word `about`, or an empty text."""
    if node is None:
        return ""
    if node.value != OTHERS:
        findings.unknown_name(node, f"Unknown word {node.value!r}.", did_you_mean(str(node.value), (OTHERS,)))
        return ""
    return OTHERS


def of_others(contract: Contract) -> tuple[Column, ...]:
    """The leaves that tell of others than whose row it is: what says so, and whoever else is named as a subject."""
    subject = subject_of(contract)
    return tuple(leaf for leaf in contract.leaves() if leaf.about or (leaf.subject and leaf is not subject))
