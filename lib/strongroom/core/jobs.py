"""The table of jobs: what each is called, what it does in a line, and when it needs Spark. Nothing else lists them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_DRY = {"--dry-run", "--help", "-h", "--jupyter"}
"""With one of these a job touches no table."""


@dataclass(frozen=True, slots=True)
class JobEntry:
    """A job. Its flow is the module `strongroom.flows.NAME`, its button `jobs/NAME.py`.

    Args:
        title: what it does; one line of `--help`.
        spark: whether it needs Spark: `always`, `never`, or the one verb that does.
        local: whether `prepare.engine` may let it do without.
        writes: the zones of the lake that it writes to.
    """

    title: str
    spark: str = "never"
    local: bool = False
    writes: tuple[str, ...] = ()

    def needs_spark(self, options: Sequence[str]) -> bool:
        """Whether it needs Spark when it is run with these options."""
        return self.spark != "never" and not _DRY.intersection(options) and self.spark in ("always", *options)


JOBS: Mapping[str, JobEntry] = {
    "access": JobEntry("Ask the policy, see all of it, compare two policies"),
    "audit": JobEntry("Check, search, prove and report the audit log"),
    "check": JobEntry("Check settings, policy and contracts before they are run"),
    "consent": JobEntry(
        "Tend what people have said: who consents, objects, is restricted",
        spark="import",
        local=True,
        writes=("training", "quarantine", "strongroom"),
    ),
    "contract": JobEntry("Compare two contracts: what the new one breaks, and for whom"),
    "curate": JobEntry(
        "Keep the rows of a training table that are fit to train on", spark="always", writes=("curated", "dropped")
    ),
    "doctor": JobEntry("Check the machine: Python, Java, jars, packages, folders, disk; and say what mends it"),
    "init": JobEntry("Make a folder to start in: settings, an example policy, contracts"),
    "keys": JobEntry("List, rotate, move and destroy keys"),
    "lineage": JobEntry("Show what everything in the lake was made from, and whose its rows are"),
    "notebook": JobEntry("Run a notebook and keep what it shows as one page", spark="always"),
    "person": JobEntry(
        "Answer a person: show and export what is held of them, put right what is wrong",
        writes=("training", "corrections"),
    ),
    "prepare": JobEntry(
        "Make a protected, checked, governed training table of raw files",
        spark="always",
        local=True,
        writes=("training", "quarantine", "strongroom"),
    ),
    "profile": JobEntry("Propose a first contract of raw files, a raw table, or another system's schema"),
    "project": JobEntry("Give roles what they may read in files of their own", spark="always", writes=("projected",)),
    "quarantine": JobEntry(
        "Work with rows that were set aside: list, show, retry, discard",
        spark="retry",
        local=True,
        writes=("training", "quarantine", "strongroom"),
    ),
    "reveal": JobEntry("Open encrypted columns for who may see them", spark="always", writes=("revealed",)),
    "sample": JobEntry("Make an invented lake to try everything on"),
    "vectorize": JobEntry(
        "Turn the texts of a training table into TF-IDF features", spark="always", writes=("features", "models")
    ),
}


_OF_RAW_FILES = ("prepare", "quarantine", "consent", "person")
"""Jobs that make tables of raw files or change their rows, and none that is made from another table alone."""


def job_of(zone: str) -> str:
    """The job that derives what lies in a zone; empty where none does, or what it makes comes from no table."""
    made = (name for name, entry in JOBS.items() if zone in entry.writes and name not in _OF_RAW_FILES)
    return next(made, "")
