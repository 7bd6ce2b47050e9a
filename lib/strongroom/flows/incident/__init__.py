"""An incident: stop reading at once, keep evidence, say who was affected, and let reading go on.

incident open --table training.reviews --reason TEXT     nobody reads it, nor what was made from it
incident open --table training.reviews --columns email   … just these columns
incident open --zone training,quarantine | --everything  whole zones; every table but Strongroom's own
incident assess ID --since 2026-05-01 --out breach.md    subjects by count, tables, columns, who read; for the authority
incident assess ID --notified 2026-05-03T12:00:00Z       … and that the authority was told
incident close ID --reason TEXT                          reading goes on; by another person than who opened it
incident list                                            each incident, and what is left of the 72 hours

Needs the right to write strongroom.incidents for open and assess, to delete it for close, to read it for list.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from strongroom.audit.incidents import incidents
from strongroom.core.errors import UsageError
from strongroom.core.escaping import joined
from strongroom.core.run import Job, Outcome
from strongroom.core.suggest import counted
from strongroom.flows.foundation.authorise import permit
from strongroom.flows.foundation.incidents import INCIDENTS, plain
from strongroom.flows.foundation.thawed import thawed
from strongroom.flows.incident.assessing import assess
from strongroom.flows.incident.closing import close
from strongroom.flows.incident.opening import open_


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `incident` takes besides the options of every job."""
    parser.add_argument("verb", choices=("open", "assess", "close", "list"))
    parser.add_argument("incident", metavar="ID", nargs="?", default="", help="assess, close: which one, as list shows")
    parser.add_argument("--table", metavar="NAME", default="", help="open: this table, and what was made from it")
    parser.add_argument("--columns", metavar="A,B", default="", help="open: with --table, only these columns")
    parser.add_argument("--zone", metavar="A,B", default="", help="open: zones, and what was made of their tables")
    parser.add_argument("--everything", action="store_true", help="open: every table but those of Strongroom itself")
    parser.add_argument("--reason", metavar="TEXT", default="", help="open, close: what happened, for the record")
    parser.add_argument("--aware", metavar="MOMENT", default="", help="open: when you became aware; default now")
    parser.add_argument("--since", metavar="MOMENT", default="", help="assess: the first moment of it; default all")
    parser.add_argument("--until", metavar="MOMENT", default="", help="assess: the end; default when it was opened")
    parser.add_argument("--notified", metavar="MOMENT", default="", help="assess, close: the authority was told then")
    parser.add_argument("--not-notified", metavar="TEXT", default="", help="close: why the authority is not told")
    parser.add_argument("--out", metavar="FILE", default="", help="assess: write it as Markdown there")


def run(job: Job) -> Outcome:
    """Does what the verb says."""
    if job.args.verb == "open":
        return open_(job, aware=_moment(job, "aware") or job.run.started)
    if job.args.verb == "list":
        return _list(job)
    if not job.args.incident:
        raise UsageError("Which incident?", todo="Give its ID, as incident list shows it.")
    notified = _moment(job, "notified")
    if job.args.verb == "close":
        return close(job, notified=notified)
    return assess(job, since=_moment(job, "since"), until=_moment(job, "until"), notified=notified)


def _list(job: Job) -> Outcome:
    permit(job, "read", INCIDENTS, shows=True)
    found = incidents(job.settings)
    open_to_all = thawed(job.settings)
    lines = []
    for each in found:
        state = f"closed by {each.closed_by}" if each.closed is not None else "open"
        beside = " · NOT FROZEN: its freeze is not beside the policy as it was set" if each.id in open_to_all else ""
        lines.append(f"{each.id}  {state} · {each.scope} · {each.clock(job.run.started)}{beside}")
    lost = sorted(open_to_all - {each.id for each in found})
    lines += [f"{name}  NOT FROZEN: the audit log has it, nobody closed it, and its record is gone" for name in lost]
    still = [each for each in found if each.closed is None]
    lines.append(f"{counted(len(found), 'incident')}, {len(still)} of them open")
    answer = {
        "incidents": [plain(each, at=job.run.started, frozen=each.id not in open_to_all) for each in found],
        "lost": lost,
    }
    return Outcome(summary=joined(lines), facts={"incidents": len(found), "open": len(still)}, answer=answer)


def _moment(job: Job, name: str) -> datetime | None:
    text = getattr(job.args, name)
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        todo = "Write it as 2026-05-31 or 2026-05-31T12:00:00Z."
        raise UsageError(f"--{name} is no moment.", where=f"--{name}", todo=todo) from None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    if found > job.run.started:
        raise UsageError(f"--{name} lies ahead.", where=f"--{name}", todo="Give a moment that has been.")
    return found
