"""Show what everything in the lake was made from, what was made from it, and whose its rows are. No Java, no rows read.

lineage                       every table, model and report: a tree that begins at the raw files
lineage training.reviews      what that was made from, and everything made from it
lineage --html lineage.html   the same as one page with a picture
lineage --openlineage         … as events of OpenLineage, one a line

Needs the right to read strongroom.runs, which says the same run by run. What cannot be read, or does not say what it
was made from, is named with a code; where something cannot be read the map has a hole, and the job ends with exit 7.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict

from strongroom.core.errors import StoreError, UsageError
from strongroom.core.escaping import joined, json_text
from strongroom.core.lineage import NOBODY, PEOPLE, Edge, LakeMap, Node
from strongroom.core.run import Job, Outcome
from strongroom.core.suggest import counted, did_you_mean
from strongroom.flows.foundation.authorise import permit
from strongroom.flows.foundation.lake_map import map_of
from strongroom.flows.foundation.run_rows import RUNS
from strongroom.reports.feeds.openlineage import map_events
from strongroom.reports.page.lineage import page
from strongroom.stores.artefacts.matrix_files import write_lines


def arguments(parser: argparse.ArgumentParser) -> None:
    """The job's own options."""
    parser.add_argument("table", metavar="TABLE", nargs="?", default="", help="only what this was made from and into")
    parser.add_argument("--openlineage", action="store_true", help="events of OpenLineage, one a line")
    parser.add_argument("--html", metavar="FILE", default="", help="write it as one page with a picture")


def run(job: Job) -> Outcome:
    """Draws the map.

    Raises:
        Refused: the policy does not let this principal read `strongroom.runs`.
        UsageError: there is no such table on the map.
        StoreError: the lake cannot be looked into, or the page cannot be written.
    """
    permit(job, "read", RUNS, shows=True)
    whole = map_of(job.settings)
    found = _asked(whole, job.args.table)
    holes = [gap for gap in found.gaps if gap.code == "lineage.unread"]
    code, status = (StoreError.exit_code, StoreError.__name__) if holes else (0, "done")
    answer: dict[str, object] = {
        "table": job.args.table,
        "nodes": [asdict(node) for node in found.nodes],
        "edges": [_plain(found, edge) for edge in found.edges],
        "gaps": [asdict(gap) for gap in found.gaps],
    }
    facts: dict[str, object] = {
        "nodes": len(found.nodes),
        "edges": len(found.edges),
        "gaps": len(found.gaps),
        "of": job.args.table,
    }
    if job.args.openlineage:
        events = list(map_events(found, at=job.run.started))
        text = "\n".join(json_text(event, ascii_only=True) for event in events)
        return Outcome(summary=text, facts=facts, answer=answer, lines=events, exit_code=code, status=status)
    told = [*_tree(found), "", *(f"not known  {gap}" for gap in found.gaps), _counted(found)]
    if job.args.html and not job.args.dry_run:
        write_lines(page(found, of=job.args.table, at=job.run.started), job.args.html)
        told.append(f"page: {job.args.html}")
    return Outcome(
        report=job.args.html, summary=joined(told), facts=facts, answer=answer, exit_code=code, status=status
    )


def _asked(whole: LakeMap, table: str) -> LakeMap:
    """The map, or the part of it that a table is in."""
    if not table:
        return whole
    node = whole.node(table)
    if node is None:
        raise UsageError(
            f"there is no {table!r} on the map", todo=did_you_mean(table, [node.name for node in whole.nodes])
        )
    return whole.around(node.name)


def _plain(found: LakeMap, edge: Edge) -> dict[str, object]:
    """An edge for programs, with all that the target says of how it was made."""
    node = found.node(edge.target)
    return {**asdict(edge), **(asdict(node.made) | {"whose": asdict(node.whose)} if node is not None else {})}


def _tree(found: LakeMap) -> Iterator[str]:
    """A line for each node below what it was made from; one that several lead to is told whole at the first."""
    told: set[str] = set()
    linked = {name for edge in found.edges for name in (edge.source, edge.target)}
    for root in found.roots():
        if root.name in linked:
            yield from _below(found, root, None, "", "", told)
    beside = [node for node in found.nodes if node.name not in linked]
    if beside:
        yield from ("", "beside them:", *(f"  {_line(node, None)}" for node in beside))


def _below(found: LakeMap, node: Node, edge: Edge | None, lead: str, rest: str, told: set[str]) -> Iterator[str]:
    if node.name in told:
        yield f"{lead}{node.name}  (see above)"
        return
    told.add(node.name)
    yield f"{lead}{_line(node, edge)}"
    edges = list(found.out_of(node.name))
    for place, each in enumerate(edges, 1):
        last = place == len(edges)
        if (child := found.node(each.target)) is not None:
            leads = f"{rest}└─ " if last else f"{rest}├─ "
            yield from _below(found, child, each, leads, f"{rest}   " if last else f"{rest}│  ", told)


def _line(node: Node, edge: Edge | None) -> str:
    parts = [
        f"version {node.version}" if node.version is not None else "",
        f"from version {edge.version}" if edge is not None and edge.version is not None else "",
        node.holds,
        whose_told(node),
        f"for {', '.join(node.made.purposes())}" if node.made.purpose else "",
        f"run {node.made.run}" if node.made.run else "",
    ]
    return f"{node.name}  {' · '.join(filter(None, parts))}"


def whose_told(node: Node) -> str:
    """Whose the rows of a node are, in words."""
    if node.whose.answer == NOBODY:
        return "nobody's"
    if node.whose.answer != PEOPLE:
        return "nobody can tell whose"
    by = f"tag {node.whose.tag}" if node.whose.tag else "no tag"
    return f"of {node.whose.column} ({' '.join(node.whose.within)}), {by}"


def _counted(found: LakeMap) -> str:
    people = sum(node.whose.answer == PEOPLE for node in found.nodes)
    gaps = f"; {counted(len(found.gaps), 'gap')}" if found.gaps else ""
    return f"{counted(len(found.nodes), 'place')}, {people} of them with rows of people{gaps}"
