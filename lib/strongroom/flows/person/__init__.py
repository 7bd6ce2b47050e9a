"""Answer a person: what is held of them and why, as data to take along; and put right what is wrong. No Java.

person show       where rows of the person lie, what for, on which basis, until when; --values: with what they say
person export --out FOLDER   the same with all values: answer.json for programs (Art. 20), answer.html to read (Art. 15)
person rectify --columns A,B  new values for these columns of all the person's rows in training (Art. 16)

The person is named at a prompt, or by --subject-from FILE, - for standard input: one line, as the raw data write it.
Where a name counts in several domains it may be several people: --domain WORD says which (may be given twice).
Needs a purpose, and for each table the right to `reveal` it; for raw files the right to `read` them; to say who read,
the right to read strongroom.audit; to rectify, the right to `reveal` and to `write` the table. What is not granted is
named and left out: then the answer is not whole, and the job ends with exit 5. Where something cannot be looked into
it ends with exit 7, and so it does where nobody of that name is found. More: docs/person.md.
"""

from __future__ import annotations

import argparse

from strongroom.core.errors import UsageError
from strongroom.core.run import Job, Outcome
from strongroom.flows.foundation import subjects
from strongroom.flows.person import answering, rectify

VERBS = {"show": answering.show, "export": answering.export, "rectify": rectify.rectify}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The job's own options."""
    parser.add_argument("verb", choices=tuple(VERBS))
    subjects.argument(parser)
    parser.add_argument("--domain", metavar="WORD", action="append", default=[], help="only the person of this domain")
    parser.add_argument("--values", action="store_true", help="show: what the rows say, too")
    parser.add_argument("--out", metavar="FOLDER", default="", help="export: a new folder for it, closed to others")
    parser.add_argument(
        "--whole-texts", metavar="REASON", default="", help="leave others in texts, and why that is right"
    )
    parser.add_argument("--columns", metavar="A,B", default="", help="rectify: which columns get a new value")
    parser.add_argument(
        "--withdraw", action="store_true", help="rectify: what raw data say of the columns counts again"
    )
    parser.add_argument(
        "--values-from", metavar="FILE", default="", help="rectify: JSON of column → new value (default: a prompt)"
    )


def run(job: Job) -> Outcome:
    """Does what the verb says.

    Raises:
        UsageError: no purpose, nobody, or several people are named.
        Refused: the policy gives nothing of this person.
        StoreError: nobody of that name is found, or a table cannot be read or written.
    """
    if not job.run.purpose:
        raise UsageError(f"person {job.args.verb} needs a purpose", todo="Give --purpose WORD, as the policy names it.")
    return VERBS[job.args.verb](job)
