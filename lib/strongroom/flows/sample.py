"""`sample`: an invented lake to try everything on, with known faults in it. Needs no Java."""

from __future__ import annotations

import argparse
from typing import cast

from strongroom.core.run import Job, Outcome
from strongroom.stores.sample import make_sample


def arguments(parser: argparse.ArgumentParser) -> None:
    """The job's own options."""
    parser.add_argument("--rows", type=int, default=20_000, help="reviews to make (default 20000)")
    parser.add_argument("--seed", type=int, default=7, help="another seed, another sample (default 7)")


def run(job: Job) -> Outcome:
    """Make raw/reviews and raw/customers in the settings' lake; what is there already is never overwritten."""
    lake = job.settings.lake.rstrip("/")
    job.say(f"making a sample of {job.args.rows} reviews")
    facts = make_sample(lake, rows=job.args.rows, seed=job.args.seed)
    planted = cast("dict[str, int]", facts["planted"])
    summary = [
        f"{facts['reviews']} reviews ({facts['lines']} lines) and {facts['customers']} customers in {lake}/raw.",
        "Planted among the reviews, one fault a row:",
        *(f"  {count:>6}  {kind.replace('_', ' ')}" for kind, count in planted.items()),
    ]
    return Outcome(
        tables={"raw.reviews": f"{lake}/raw/reviews", "raw.customers": f"{lake}/raw/customers"},
        rows={"written": cast("int", facts["lines"]) + cast("int", facts["customers"])},
        summary="\n".join(summary),
        facts=facts,
    )
