"""The words of a contract: what a data set holds, what must be true of it, and how each column is protected."""

from strongroom.core.contract.model import (
    ACROSS,
    PERSONAL,
    Column,
    Contract,
    Curation,
    LegalBasis,
    Protect,
    Read,
    Reference,
    Retention,
    Rule,
    SetRule,
    Source,
    Type,
    raw_table,
    source_name,
)

__all__ = [
    "ACROSS",
    "PERSONAL",
    "Column",
    "Contract",
    "Curation",
    "LegalBasis",
    "Protect",
    "Read",
    "Reference",
    "Retention",
    "Rule",
    "SetRule",
    "Source",
    "Type",
    "raw_table",
    "source_name",
]
