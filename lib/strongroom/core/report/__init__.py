"""What a report of one run is made from: plain numbers and names, and no value of a personal column by construction."""

from strongroom.core.report.model import (
    ContractFacts,
    PastRun,
    Readable,
    ReasonCount,
    Report,
    RuleFacts,
    SetRuleFacts,
    SourceFacts,
    bound_in_words,
    rule_in_words,
    share,
)

__all__ = [
    "ContractFacts",
    "PastRun",
    "Readable",
    "ReasonCount",
    "Report",
    "RuleFacts",
    "SetRuleFacts",
    "SourceFacts",
    "bound_in_words",
    "rule_in_words",
    "share",
]
