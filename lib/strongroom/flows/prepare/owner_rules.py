"""What the owner of a training table asks of its rows is judged as a rule of the contract, before readers see any."""

from __future__ import annotations

from collections.abc import Sequence

from deltalake import DeltaTable
from deltalake.transaction import AddAction

from strongroom.core.contract import Contract
from strongroom.flows.foundation import table_plans
from strongroom.quality.counts.tally import Tally
from strongroom.quality.gate import SetVerdict
from strongroom.stores.lake import Lake, owners

PREFIX = "constraint "
"""What the ids of such verdicts begin with."""


def judge_owners(
    contract: Contract, lake: Lake, *, onto: DeltaTable, files: Sequence[AddAction], tally: Tally
) -> tuple[SetVerdict, ...]:
    """A verdict on each constraint that the table's owner has set: how many of the good rows break it.

    Raises:
        StoreError: one cannot be judged; nothing is published.
    """
    asked = owners.conditions(onto)
    if not asked or not tally.kept:
        return ()
    name = contract.training
    counts = owners.broken(lake, name, files, schema=table_plans.training(contract).schema, asked=asked)
    return tuple(_verdict(name, rule, count) for rule, count in counts.items())


def _verdict(table: str, rule: str, count: int) -> SetVerdict:
    sentence = f"{count:,} rows break the constraint {rule!r}, which the owner of {table} has set; none may."
    return SetVerdict(f"{PREFIX}{rule}", float(count), not count, "error", table, sentence)
