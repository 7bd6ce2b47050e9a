"""Protected columns with few different values: a warning, or a closed gate where the contract demands more."""

from __future__ import annotations

from strongroom.core.contract import Column, Contract
from strongroom.quality.counts.kmv import Distinct
from strongroom.quality.counts.tally import Tally
from strongroom.quality.gate import SetVerdict


def minimum_of(leaf: Column) -> int:
    """How many different values the contract demands of a protected leaf; 0 for none."""
    wanted = leaf.protect.options.get("minDistinct") if leaf.protect else None
    return wanted if isinstance(wanted, int) else 0


def frequency_rule(leaf: Column) -> str:
    """The id under which the verdict on a leaf is given."""
    return f"{leaf.path}.{'minDistinct' if minimum_of(leaf) else 'distinct'}"


def judge_frequencies(contract: Contract, tally: Tally) -> tuple[SetVerdict, ...]:
    """A verdict on each leaf that demands a number of different values, and a warning on others that have too few.

    A leaf without any value has nothing to tell, so it passes.
    """
    found = []
    for leaf in contract.leaves():
        have, least = tally.distinct.get(leaf.path, Distinct()), minimum_of(leaf)
        if least:
            found.append(_verdict(leaf, contract, have, least=least))
        elif have.few:
            found.append(_warning(leaf, contract, have))
    return tuple(found)


def _verdict(leaf: Column, contract: Contract, have: Distinct, *, least: int) -> SetVerdict:
    passed = have.count >= least or not have.values
    sentence = f"{leaf.path} has {have.count:,} different values; its protection asks for at least {least:,}."
    return SetVerdict(frequency_rule(leaf), have.count, passed, "error", _where(leaf, contract), sentence)


def _warning(leaf: Column, contract: Contract, have: Distinct) -> SetVerdict:
    sentence = (
        f"{leaf.path} has only {have.count:,} different values: how often each comes tells what it is. "
        "Randomise, generalise or drop it."
    )
    return SetVerdict(frequency_rule(leaf), have.count, False, "warning", _where(leaf, contract), sentence)


def _where(leaf: Column, contract: Contract) -> str:
    return contract.place(leaf.protect) if leaf.protect else f"{contract.file}:{leaf.line}"
