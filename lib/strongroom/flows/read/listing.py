"""Which tables somebody may read, for which purpose, and what each gives: what `read_table` would, asked before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from strongroom.core.policy.decision import Decision, Request
from strongroom.core.run import Run
from strongroom.core.settings import Settings
from strongroom.flows.foundation.authorise import engine_of
from strongroom.flows.foundation.known_tables import known_tables
from strongroom.flows.read import answer_to
from strongroom.govern.review.matrix import purposes_of


@dataclass(frozen=True, slots=True)
class Readable:
    """A table of the lake that you may read for a purpose, as the policy gives it.

    Args:
        name: for example `training.reviews`.
        purpose: what it is given for; empty when any purpose will do, or none.
        columns: what `read` shows, in the table's order.
        masks: column → how its values are masked; the others are shown as they lie.
        rows: row expressions, of which any must be true; empty is every row.
        conditions: column → row expressions; where none is true, the column is null.
    """

    name: str
    purpose: str
    columns: tuple[str, ...]
    masks: Mapping[str, str] = field(default_factory=dict)
    rows: tuple[str, ...] = ()
    conditions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def readable(settings: Settings, run: Run) -> Iterator[Readable]:
    """Every table of the lake that the run's principal may read, by name; for each purpose, unless the run has one."""
    engine = engine_of(settings.policy)
    asked = (run.purpose,) if run.purpose else purposes_of(engine.policy)
    for table in sorted(known_tables(settings).tables, key=lambda each: each.name):
        if table.state or not table.columns or table.name.startswith("raw."):
            continue
        for_any: Readable | None = None
        for purpose in asked:
            request = Request(
                run.principal, "read", table.name, run.started, table.columns, purpose, run.actor,
                classifications=table.classifications, tags=table.tags,
            )  # fmt: skip
            decision = answer_to(request, engine, settings, lies=True).decision
            if not decision.allowed:
                continue
            found = _readable(table.name, decision)
            if for_any is not None and replace(found, purpose="") == for_any:
                continue  # it is given for that purpose since it is given for any
            for_any = found if not purpose else for_any
            yield found


def _readable(name: str, decision: Decision) -> Readable:
    return Readable(
        name, decision.request.purpose, decision.columns, dict(decision.masks), decision.rows, dict(decision.conditions)
    )
