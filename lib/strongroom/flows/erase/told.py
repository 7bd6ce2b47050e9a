"""What is said of a request: to people, to programs, and to the audit log; never a value or a tag."""

from __future__ import annotations

from datetime import date

from strongroom.core.erasure import Request
from strongroom.core.suggest import counted


def line_of(request: Request, *, at: date) -> str:
    """One line of `erase list`."""
    late = "  LATE" if request.due < at else ""
    people = counted(request.people, "subject")
    return f"{request.id}  {request.state}  {people}  {request.contract}  due {request.due}{late}"


def row_of(request: Request) -> dict[str, object]:
    """The same for programs."""
    return {
        "request": request.id,
        "state": request.state,
        "contract": request.contract,
        "people": request.people,
        "received": request.received.isoformat(),
        "due": request.due.isoformat(),
        "by": request.by,
        "approved": request.approved or None,
        "kept": dict(request.kept),
        "certificate": request.certificate or None,
    }


def facts_of(request: Request) -> dict[str, object]:
    """The same for the audit log."""
    return {"request": request.id, "state": request.state, "people": request.people, "due": request.due.isoformat()}
