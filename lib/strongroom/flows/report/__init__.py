"""Papers for those who must answer: what is processed, for what and by whom, with all that nobody has said.

report ropa                                the record of processing activities (GDPR Art. 30)
report ropa --out ropa.csv --out ropa.html … to files: .csv, .json, .md, or .html to print
report dpia training.reviews --out dpia.md a draft of an impact assessment (Art. 35): facts filled in, questions open
report card training.reviews --out card.md the data set's card; --out card.json: Croissant, with what it says of people

What contracts and settings do not say is listed with file and line, and never made up. Needs the right to read
strongroom.runs and strongroom.audit. No row is read; cards and assessments count the tags of data subjects.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import asdict

from strongroom.core.errors import UsageError
from strongroom.core.escaping import joined, json_text
from strongroom.core.report.paper import Paper
from strongroom.core.run import Job, Outcome
from strongroom.core.suggest import counted
from strongroom.flows.foundation.authorise import permit
from strongroom.flows.foundation.run_rows import RUNS
from strongroom.flows.report import card, croissant, dpia, ropa
from strongroom.flows.report.facts import Facts
from strongroom.flows.report.tables import Described, described
from strongroom.reports.page.paper import page
from strongroom.reports.paper import markdown
from strongroom.stores.artefacts.matrix_files import write_cells, write_lines

_AUDIT = "strongroom.audit"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `report` takes besides the options of every job."""
    parser.add_argument("verb", choices=("ropa", "dpia", "card"))
    parser.add_argument("table", metavar="TABLE", nargs="?", default="", help="dpia, card: which table")
    parser.add_argument(
        "--out", metavar="FILE", action="append", default=[], help="write it there: .csv, .json, .md or .html"
    )


def run(job: Job) -> Outcome:
    """Makes the paper.

    Raises:
        Refused: the policy does not let this principal read what runs and the audit log say.
        UsageError: there is no such table, or a file of a kind that this paper has no form for.
    """
    if job.args.verb != "ropa" and not job.args.table:
        raise UsageError("Of which table?", todo="Give it, for example training.reviews.")
    permit(job, "read", RUNS, shows=True)
    permit(job, "read", _AUDIT, shows=True)
    facts = Facts.of(job)
    if job.args.verb == "ropa":
        record = facts.record()
        forms = _forms(ropa.paper(record)) | {
            ".csv": lambda file: write_cells(ropa.cells(record), file),
            ".json": lambda file: write_lines(json_text(ropa.plain(record), indent=1), file),
        }
        return _told(job, ropa.paper(record), forms, ropa.plain(record))
    table = described(job, facts)
    return _assessment(job, facts, table) if job.args.verb == "dpia" else _card(job, facts, table)


def _assessment(job: Job, facts: Facts, table: Described) -> Outcome:
    paper = dpia.paper(facts, table)
    answer = {"table": table.name, "missing": [asdict(each) for each in paper.missing], "text": markdown(paper)}
    return _told(job, paper, _forms(paper), answer)


def _card(job: Job, facts: Facts, table: Described) -> Outcome:
    paper, document = card.paper(facts, table), croissant.document(facts, table)
    text = card.markdown_of(table, paper)
    forms = _forms(paper) | {
        ".md": lambda file: write_lines(text, file),
        ".json": lambda file: write_lines(json_text(document, indent=1), file),
    }
    missing = [asdict(each) for each in paper.missing]
    answer = {"table": table.name, "missing": missing, "croissant": document, "text": text}
    return _told(job, paper, forms, answer)


def _forms(paper: Paper) -> dict[str, Callable[[str], None]]:
    return {
        ".md": lambda file: write_lines(markdown(paper).rstrip("\n"), file),
        ".html": lambda file: write_lines(page(paper).rstrip("\n"), file),
    }


def _told(job: Job, paper: Paper, forms: dict[str, Callable[[str], None]], answer: Mapping[str, object]) -> Outcome:
    """Writes the files that are asked for, or shows the paper; nothing is written where one of them has no form."""
    wrong = [file for file in job.args.out if f".{file.rpartition('.')[2]}" not in forms]
    if wrong:
        raise UsageError(f"{wrong[0]!r} is of no form of this paper", where="--out", todo=f"One of {', '.join(forms)}.")
    for file in () if job.args.dry_run else job.args.out:
        forms[f".{file.rpartition('.')[2]}"](file)
    open_ = sum(len(part.open) for part in paper.parts)
    facts: dict[str, object] = {"paper": paper.title, "missing": len(paper.missing), "open": open_}
    lacks = [f"not said  {each}" for each in paper.missing]
    counts = f"{counted(len(paper.missing), 'thing')} nobody has said; {counted(open_, 'question')} for people"
    if not job.args.out:
        return Outcome(summary=f"{markdown(paper)}\n{counts}", facts=facts, answer=answer)
    told = joined([f"{paper.title}: {', '.join(job.args.out)}", *lacks, counts])
    return Outcome(report=job.args.out[0], summary=told, facts=facts, answer=answer)
