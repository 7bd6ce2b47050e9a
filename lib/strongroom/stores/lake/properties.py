"""A table's properties and CHECK constraints: those that a plan makes follow it, those that the owner set stay."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from deltalake import CommitProperties, DeltaTable
from deltalake.exceptions import DeltaError

from strongroom.core.suggest import counted
from strongroom.stores.lake import commits
from strongroom.stores.lake.lake import Lake, name_features
from strongroom.stores.table_plan import KEPT, OURS, TablePlan

_PREFIX = "delta.constraints."
_VERSIONS = ("delta.minReaderVersion", "delta.minWriterVersion")
_MADE = re.compile(r"`?(\w+)`? (>=|<=|>|<) -?\d+")
"""What plans made constraints of before tables said, by `OURS`, whose each is."""
_CHECKED = 3
"""The first version of Delta's protocol whose writers look at constraints."""
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")


def constraints(configuration: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """A table's CHECK constraints, name → SQL condition: first ours, then the owner's."""
    found = {key.removeprefix(_PREFIX): text for key, text in configuration.items() if key.startswith(_PREFIX)}
    listed = configuration.get(OURS)
    mine = set(listed.split(",")) if listed is not None else {name for name in found if _is_made(name, found[name])}
    return (
        {name: found[name] for name in sorted(found.keys() & mine)},
        {name: found[name] for name in sorted(found.keys() - mine)},
    )


def bring(lake: Lake, table: str, plan: TablePlan, *, say: Callable[[str], None]) -> None:
    """Brings a table's properties and constraints to the plan, in one commit where there is anything to do.

    Constraints and properties that the owner set stay; but what erasure stands on (no deletion vectors, no statistics
    of protected columns) is set back. A constraint of the plan that older rows break is not made.

    Args:
        lake: where the table is.
        table: its name; when it is not there, nothing is done.
        plan: what it is to be.
        say: is told what of the owner's was changed, and what of the plan could not be made.

    Raises:
        StoreError: the storage refused.
    """
    if lake.open(table) is None:
        return
    notes: list[str] = []

    def act(now: DeltaTable, props: CommitProperties) -> None:
        notes[:] = _brought(now, plan, props)

    commits.altered(lake, table, act)
    for note in notes:
        say(f"note: {table}: {note}")


def _brought(found: DeltaTable, plan: TablePlan, props: CommitProperties) -> Iterator[str]:
    have = dict(found.metadata().configuration)
    mine, owners = constraints(have)
    checks, notes = _checks(found, plan, mine, owners)
    for name in sorted(mine.keys() - checks.keys()):
        found.alter.drop_constraint(name, commit_properties=props)
    want = {key: value for key, value in plan.configuration().items() if not key.startswith(_PREFIX)}
    want = {key: value for key, value in want.items() if key not in _VERSIONS and (key not in KEPT or key not in have)}
    if checks or OURS in have:
        want[OURS] = ",".join(sorted(checks))
    want |= {f"{_PREFIX}{name}": condition for name, condition in checks.items()}
    if checks and found.protocol().min_writer_version < _CHECKED:
        want["delta.minWriterVersion"] = str(_CHECKED)
    changed = {key: value for key, value in want.items() if have.get(key, "") != value}
    if changed:
        # Not add_constraint: it writes the condition anew, without the quotes that a column called `order` needs.
        found.alter.set_table_properties(changed, raise_if_not_exists=False, commit_properties=props)
    name_features(found, props)
    if plan.description and found.metadata().description != plan.description:
        found.alter.set_table_description(plan.description, commit_properties=props)
    yield from notes
    for key in sorted(changed):
        if key.startswith("delta.") and not key.startswith(_PREFIX) and key in have:
            yield f"the property {key} is set back to what the contract asks"


def _checks(
    found: DeltaTable, plan: TablePlan, mine: Mapping[str, str], owners: Mapping[str, str]
) -> tuple[dict[str, str], list[str]]:
    """The constraints that the plan may have here, and a note on each that it may not."""
    checks, notes = dict[str, str](), []
    for name, condition in plan.checks.items():
        if name in owners:
            notes.append(f"the constraint {name} is its owner's and stays; the contract's is not made")
        elif mine.get(name) == condition:
            checks[name] = condition
        elif rows := breaking(found, condition):
            notes.append(f"{counted(rows, 'older row')} would break the constraint {name}, so it is not made")
            if name in mine and not breaking(found, mine[name]):
                checks[name] = mine[name]
        else:
            checks[name] = condition
    return checks, notes


def breaking(table: DeltaTable, condition: str) -> int:
    """How many rows of a table a condition does not hold for; unknown is not holding, as Delta has it.

    Raises:
        DeltaError: the condition cannot be evaluated.
    """
    first = table.schema().fields[0].name
    rows = table.scan(columns=[first], predicate=f"NOT coalesce(({condition}), false)")
    try:
        return sum(batch.num_rows for batch in rows)
    except Exception as error:
        if type(error) is not Exception:  # what comes through Arrow's C interface has no kind
            raise
        raise DeltaError("a file cannot be scanned") from None


def _is_made(name: str, condition: str) -> bool:
    column, _, bound = name.rpartition("_")
    made = _MADE.fullmatch(condition)
    return made is not None and made[1] == column and bound in _BOUNDS
