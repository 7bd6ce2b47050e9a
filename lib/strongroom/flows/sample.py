"""`sample`: an invented lake to try everything on, with known faults in it. Needs no Java."""

from __future__ import annotations

import argparse
from typing import cast

from strongroom.core.escaping import joined
from strongroom.core.run import Job, Outcome
from strongroom.sample.lake import DATA_SETS, make_sample


def arguments(parser: argparse.ArgumentParser) -> None:
    """The job's own options."""
    parser.add_argument("--rows", type=int, default=20_000, help="reviews to make (default 20000)")
    parser.add_argument("--seed", type=int, default=7, help="another seed, another sample (default 7)")


def run(job: Job) -> Outcome:
    """Make raw/reviews and raw/customers in the settings' lake; what is there already is never touched."""
    lake = job.settings.lake.rstrip("/")
    tables = {f"raw.{name}": f"{lake}/raw/{name}" for name in DATA_SETS}
    if job.args.dry_run:
        return Outcome(
            tables=tables,
            answer={"made": False},
            summary=f"Would make {job.args.rows:,} reviews under {lake}/raw; nothing is touched.",
        )
    job.say(f"making a sample of {job.args.rows:,} reviews")
    facts = make_sample(lake, rows=job.args.rows, seed=job.args.seed)
    if not facts:
        there = f"There is raw data in {lake}/raw already: it is as it was. Move it away, or choose another lake."
        return Outcome(
            tables=tables, rows={"read": 0, "written": 0, "quarantined": 0}, summary=there, answer={"made": False}
        )
    planted = cast("dict[str, int]", facts["planted"])
    summary = [
        f"{facts['reviews']:,} reviews ({facts['lines']:,} lines) and {facts['customers']:,} customers in {lake}/raw.",
        "Planted among the reviews, one fault a row:",
        *(f"  {count:>6,}  {kind.replace('_', ' ')}" for kind, count in planted.items()),
        "",
        "next: ./spark-submit.sh prepare --contract reviews",
    ]
    written = cast("int", facts["lines"]) + cast("int", facts["customers"])
    return Outcome(
        tables=tables,
        rows={"read": 0, "written": written, "quarantined": 0},
        summary=joined(summary),
        facts=facts,
        answer={"made": True, **facts},
    )
