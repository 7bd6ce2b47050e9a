"""A record of processing activities (GDPR Art. 30): nouns, of names, counts and texts that contracts and settings say.

What is empty nobody has said; `Record.missing` tells where to say it. Nothing is ever made up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from strongroom.core.errors import Problem


@dataclass(frozen=True, slots=True)
class Datum:
    """A column that holds personal data: its path, classification, Art. 9 category, and how it is protected."""

    path: str
    classification: str
    special: str
    protected: str


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who is given it inside of the house: a role, of which table, until when (empty: no end)."""

    role: str
    table: str
    until: str


@dataclass(frozen=True, slots=True)
class Activity:
    """A data set's processing for one purpose.

    Args:
        contract: its name; `file` where it stands, `version` which it is.
        purpose: a word; empty where the contract names none.
        basis: the legal basis with its articles.
        description: what the contract says of it.
        subjects: categories of data subjects.
        data: columns of personal data.
        recipients: roles that the policy lets read it.
        retention: how long rows are kept.
        tables: where it lies: every table, model and copy that is made of it.
        sources: where it comes from.
    """

    contract: str
    version: str
    file: str
    purpose: str
    basis: str
    description: str
    subjects: tuple[str, ...]
    data: tuple[Datum, ...]
    recipients: tuple[Recipient, ...]
    retention: str
    tables: tuple[str, ...]
    sources: tuple[str, ...]

    @property
    def special(self) -> tuple[str, ...]:
        """The special categories of Art. 9 among the data."""
        return tuple(dict.fromkeys(each.special for each in self.data if each.special))


@dataclass(frozen=True, slots=True)
class Record:
    """The whole record.

    Args:
        controller: word → what the settings say: name, contact, representative, officer, joint controllers, recipients
            outside of the house, transfers to other countries, measures of the house.
        activities: of every contract with personal data.
        beside: contracts without any.
        given: who was given files, keys or exports, by the audit log: role or principal, what, when last.
        measures: what Strongroom does itself, as settings and policy have it.
        policy: fingerprint of the policy.
        written: when.
        missing: what nobody has said.
    """

    controller: Mapping[str, str]
    activities: tuple[Activity, ...]
    beside: tuple[str, ...]
    given: tuple[tuple[str, str, str], ...]
    measures: tuple[str, ...]
    policy: str
    written: datetime
    missing: tuple[Problem, ...]
