"""Compare two contracts of a data set: what the new one breaks, and for whom. No Java, no data.

contract diff OLD NEW               NAME, FILE or FILE#OBJECT each
contract diff OLD NEW --exit-code   … and end with 3 when something breaks

It says what becomes of the training table, what each principal of the policy reads no more or otherwise, which rules
rows meet from now on, what raw data has to be, which other contracts refer to what is no more; and then every field
that is otherwise, as breaks-readers, breaks-runs, harmless, or changes, of which the field alone does not tell.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from strongroom.core.contract import Contract
from strongroom.core.contract.file import contracts_in, overlay_beside
from strongroom.core.contract_files import named_part
from strongroom.core.errors import ConfigError, Problem, UsageError
from strongroom.core.escaping import joined
from strongroom.core.run import Job, Outcome
from strongroom.core.suggest import counted
from strongroom.flows.contract.differences import differences
from strongroom.flows.foundation.authorise import engine_of
from strongroom.flows.foundation.contracts import contract_at, must_exist, named


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `contract` takes besides the options of every job."""
    parser.add_argument("verb", choices=("diff",))
    parser.add_argument("files", metavar="OLD NEW", nargs="*", help="the two contracts")
    parser.add_argument("--exit-code", action="store_true", help="end with 3 when something breaks")


def run(job: Job) -> Outcome:
    """Says what differs. A contract is not secret, so asking needs no grant.

    Raises:
        UsageError: not two contracts are named, or one is not there.
        ConfigError: one is not sound; or, with `--exit-code`, something breaks.
    """
    if len(job.args.files) != 2:
        raise UsageError("Which two contracts?", todo="Give the old one and the new one.")
    old, new = _contracts(job, *job.args.files)
    others = contracts_in(job.settings.contracts)
    engine = engine_of(job.settings.policy)
    found = list(differences(old, new, engine=engine, others=others, at=job.run.started))
    broken = [difference for difference in found if difference.kind.breaks]
    lines = [str(difference) for difference in found] or ["Nothing changes."]
    facts = {"differences": len(found), "breaks": len(broken)}
    answer = {"differences": [difference.answer() for difference in found]}
    outcome = Outcome(summary=joined(lines), facts=facts, answer=answer)
    if broken and job.args.exit_code:
        for line in lines:
            job.say(line)
        what = f"{counted(len(broken), 'thing')} that worked would not."
        fault = ConfigError([Problem(what, new.file, "Tell those it concerns, or change it.", "contract.breaks")])
        fault.outcome = outcome
        raise fault
    return outcome


def _contracts(job: Job, old: str, new: str) -> tuple[Contract, Contract]:
    """Both, each with the overlay that lies beside it; a new one that has none, with the old one's."""
    found, overlay = list[Contract](), None
    folder = Path(job.settings.contracts)
    for name in (old, new):
        file, part = named(folder, name), named_part(name)[1]
        must_exist(file, name, folder)
        folders = (file.parent, folder)
        overlay = overlay_beside(file, part, folders) or overlay
        found.append(contract_at(file, part, folders, server=job.args.server, overlay=overlay))
    return found[0], found[1]
