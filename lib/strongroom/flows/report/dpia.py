"""A draft of a data protection impact assessment: facts filled in, and what people have to answer left open.

Steps and questions follow the sample template of the UK Information Commissioner's Office
(https://ico.org.uk/for-organisations/guide-to-data-protection/guide-to-the-general-data-protection-regulation-gdpr/
data-protection-impact-assessments-dpias/how-do-we-do-a-dpia/), put in our own words; each step names what of GDPR
Art. 35(7) it answers.
"""

from __future__ import annotations

from collections.abc import Iterator

from strongroom.core.contract.protection import METHODS
from strongroom.core.lineage import UNKNOWN
from strongroom.core.report.paper import Grid, Paper, Part
from strongroom.core.report.processing import Activity
from strongroom.flows.report.facts import Facts, data_of, missing
from strongroom.flows.report.ropa import UNSAID, recipients
from strongroom.flows.report.tables import Described

_MANY = 100_000
"""From how many people on a draft asks whether this is on a large scale; the law has no figure."""


def paper(facts: Facts, table: Described) -> Paper:
    """The draft."""
    activities = tuple(facts.activities(table.contract))
    said = facts.settings.jobs.get("report", {})
    lacks = (*facts.unsaid(), *missing(table.contract))
    return Paper(
        f"Data protection impact assessment of {table.name} (draft)",
        "GDPR Art. 35(7), by the steps of the ICO's sample template. Facts are filled in; a box is for people.",
        facts.at,
        (
            _need(table),
            _nature(facts, table),
            _scope(table, activities),
            Part(
                "Step 2: describe the processing: context", "Art. 35(7)(a)",
                (f"Data subjects: {', '.join(table.contract.data_subjects) or UNSAID}",),
                open=(
                    "How do you stand to these people, and would they expect this use?",
                    "Are there children or others among them who need protection?",
                    "What has been said against such processing, and what of it holds here?",
                ),
            ),
            Part(
                "Step 2: describe the processing: purposes", "Art. 35(7)(a)",
                tuple(f"{each.purpose or 'no purpose'}: {each.description or UNSAID}" for each in activities),
                open=("What is to be reached by it, for you and for the people?",),
            ),
            Part(
                "Step 3: consultation", "Art. 35(2) and (9)",
                (f"Data protection officer: {said.get('dpo') or UNSAID}",),
                open=("Whose views were sought, when and how; or why not?", "What did the officer advise?"),
            ),
            _necessity(table, activities),
            _risks(table, facts),
            _measures(facts),
            Part(
                "Step 7: sign off and record outcomes", "Art. 35(11), Art. 36",
                open=(
                    "Who approves the measures, and until when are they done?",
                    "Who accepts what risk is left? Where it stays high, the authority is asked before.",
                    "When is this looked at again?",
                ),
            ),
        ),
        lacks,
    )  # fmt: skip


def _need(table: Described) -> Part:
    special = [each.special for each in data_of(table.contract) if each.special]
    facts = [f"{table.name}, version {table.version}, contract {table.contract.name} {table.contract.version}"]
    facts += [f"Special categories of Art. 9: {', '.join(dict.fromkeys(special))}"] if special else []
    if table.people is not None and table.people >= _MANY:
        facts.append(f"{table.people:,} people: look whether this is on a large scale (Art. 35(3)(b))")
    return Part(
        "Step 1: identify the need", "Art. 35(1) and (3)", tuple(facts),
        open=(
            "What is the project, and why does it need an assessment?",
            "Is somebody evaluated, watched or decided about by a machine with it (Art. 35(3)(a), (c))?",
            "Is such processing on your authority's list (Art. 35(4), (5))?",
        ),
    )  # fmt: skip


def _nature(facts: Facts, table: Described) -> Part:
    above, below = facts.known.above(table.name), facts.known.below(table.name)
    return Part(
        "Step 2: describe the processing: nature", "Art. 35(7)(a)",
        (
            f"Made from: {', '.join(above) or UNSAID}",
            f"Made from it: {', '.join(below) or 'nothing yet'}",
            f"Rules that a row must keep: {len(table.contract.rules)}; rows that break one are sealed and set aside",
            f"Last run: {table.run.get('run_id', 'none')}",
        ),
        open=(
            "How is it collected, and who gives it to you?",
            "Who processes it for you, under which contract (Art. 28)?",
        ),
    )  # fmt: skip


def _scope(table: Described, activities: tuple[Activity, ...]) -> Part:
    people = f"{table.people:,}" if table.people is not None else "cannot be counted: no tags"
    lines = tuple(
        (each.path, each.classification or "–", each.special or "–", each.protected) for each in data_of(table.contract)
    )
    return Part(
        "Step 2: describe the processing: scope", "Art. 35(7)(a)",
        (
            f"Rows: {table.rows:,}",
            f"Data subjects: {people}",
            f"Kept: {activities[0].retention or UNSAID}",
        ),
        Grid(("Column", "Classification", "Special category", "How it leaves"), lines),
        ("Which area and time does it cover, and how often is it collected?",),
    )  # fmt: skip


def _necessity(table: Described, activities: tuple[Activity, ...]) -> Part:
    left_out = [leaf.path for leaf in table.contract.leaves() if not METHODS[leaf.method].lies]
    return Part(
        "Step 4: assess necessity and proportionality", "Art. 35(7)(b)",
        (
            *(f"{each.purpose or 'no purpose'} rests on {each.basis or UNSAID}" for each in activities),
            f"Left out of the table: {', '.join(left_out) or 'no column'}",
            *(
                f"Read for {each.purpose or 'any purpose'} by: {', '.join(recipients(each)) or 'nobody'}"
                for each in activities
            ),
            *(["A person's rows are found by tags of data subjects"] if table.people is not None else []),
        ),
        open=(
            "Is there a way to the same purpose with less data, or with less of each person?",
            "How is it kept from being used for something else?",
            "How are people told, and how do they use their rights?",
            "What safeguards are there for other countries?",
        ),
    )  # fmt: skip


def _risks(table: Described, facts: Facts) -> Part:
    """Sources of risk that the facts show; how likely and how grave is for people to say."""
    lines = [(risk, "☐", "☐", "☐") for risk in _seen(table, facts)]
    return Part(
        "Step 5: identify and assess risks", "Art. 35(7)(c)",
        grid=Grid(("Source of risk, as far as facts show it", "Likely", "Grave", "Overall"), tuple(lines)),
        open=("What harm may come to people, by whom, from what is not in this list?",),
    )  # fmt: skip


def _seen(table: Described, facts: Facts) -> Iterator[str]:
    for each in data_of(table.contract):
        leaf = next(leaf for leaf in table.contract.leaves() if leaf.path == each.path)
        if leaf.method == "keep" and (leaf.personal or leaf.special):
            yield f"{each.path} lies in clear"
        elif METHODS[leaf.method].opens:
            yield f"{each.path} opens for who has keyring and key-encryption key"
        elif METHODS[leaf.method].keyed:
            yield f"{each.path} is pseudonymous: who has the keys can try known values"
        elif leaf.method == "redact":
            yield f"{each.path}: what redaction misses stays in the text (the report of a run says how much)"
    if facts.settings.identity.get("provider", "") == "":
        yield "Identity is asserted, not proven: who has the jobs' machine reads as anybody"
    if table.node.whose.answer == UNKNOWN or table.people is None:
        yield "Rows carry no tag of their subject: a person cannot be found in them"
    copies = [name for name in facts.known.below(table.name) if name.startswith(("projected.", "revealed.", "models."))]
    if copies:
        yield f"Copies and models: {', '.join(copies)}"


def _measures(facts: Facts) -> Part:
    said = facts.settings.jobs.get("report", {})
    return Part(
        "Step 6: identify measures to reduce risk", "Art. 35(7)(d)",
        (*facts.measures(), f"Measures of the house: {said.get('measures') or UNSAID}"),
        open=("Which measure answers which risk, and what risk is left?",),
    )  # fmt: skip
