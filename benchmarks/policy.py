"""What a decision costs: 1,000 grants, random requests, against Cedar and Casbin on the same cases in the same run.

Decisions per CPU second after compiling, the median of interleaved rounds, and how often all agree. There is a request
for every ten ROWS; each names another principal, table, purpose and column; Cedar gets its policies and entities parsed
beforehand. Casbin is asked fewer times, since it reads every line of its policy for each answer. Also: the access
matrix of 1,000 principals × 5,000 columns × 5 purposes.
"""

from __future__ import annotations

import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import casbin
import cedarpy

from benchmarks.measure import main, ratio, rounded, show
from govern import cedar
from strongroom.core.policy import Columns, Deny, Grant, Policy, Role
from strongroom.core.policy.decision import Request
from strongroom.govern.engine.engine import Engine
from strongroom.govern.review.matrix import views
from strongroom.govern.review.matrix_table import cells
from strongroom.govern.table import Table

AT, NEVER = datetime(2026, 6, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
NAMES = [f"zone{number % 5}.t{number}" for number in range(200)]
PURPOSES = [f"p{number}" for number in range(5)]
COLUMNS = ("id", "email", "name")
MODEL = """
[request_definition]
r = sub, act, obj, purpose, at, column
[policy_definition]
p = sub, act, obj, purpose, until, hidden, eft
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = g(r.sub, p.sub) && r.act == p.act && keyMatch(r.obj, p.obj) && (p.purpose == "*" || r.purpose == p.purpose) && \
    r.at < p.until && (p.hidden == "*" || p.hidden == r.column)
"""


def policy(rng: random.Random) -> Policy:
    """1,000 grants over 100 roles and 200 tables; a fifth of them withhold a column, a third use patterns."""
    roles = tuple(Role(f"r{n}", tuple({f"user:u{rng.randrange(500)}" for _ in range(20)})) for n in range(100))
    grants = tuple(
        Grant(
            role=f"r{rng.randrange(100)}",
            actions=rng.choice([("read",), ("read", "write")]),
            tables=tuple(rng.sample(NAMES, 3)) if rng.random() < 0.7 else (f"zone{rng.randrange(5)}.*",),
            purposes=(rng.choice(PURPOSES),),
            columns=Columns(deny=("email",)) if rng.random() < 0.2 else Columns(),
            until=datetime(2027, 1, 1, tzinfo=UTC) if rng.random() < 0.5 else None,
            where=f"p.yaml:{number}",
        )
        for number in range(1_000)
    )
    denies = tuple(Deny(f"r{rng.randrange(100)}", ("write",), ("*",), where="p.yaml:0") for _ in range(20))
    return Policy("p.yaml", "", roles, (), grants, denies)


def requests(rng: random.Random, count: int) -> list[Request]:
    """Random requests for one column."""
    found = []
    for _ in range(count):
        who, what, table = f"user:u{rng.randrange(500)}", rng.choice(("read", "write")), rng.choice(NAMES)
        column = rng.choice(COLUMNS)
        found.append(Request(who, what, table, AT, (column,), rng.choice(PURPOSES), "", {column: ""}, {column: ()}))
    return found


def casbin_enforcer(made: Policy) -> casbin.Enforcer:
    """The same policy as lines of Casbin: a grant's withheld column is a line that denies it."""
    lines = [f"g, {member}, {role.name}" for role in made.roles for member in role.members]
    for grant in made.grants:
        until = (grant.until or NEVER).isoformat()
        for action in grant.actions:
            for table in grant.tables:
                start = f"p, {grant.role}, {action}, {table}, {grant.purposes[0]}, {until}"
                lines.append(f"{start}, *, allow")
                lines += [f"{start}, {name}, deny" for name in grant.columns.deny]
    lines += [f"p, {deny.role}, {deny.actions[0]}, *, *, {NEVER.isoformat()}, *, deny" for deny in made.denies]
    with tempfile.TemporaryDirectory() as folder:
        model, policy_file = Path(folder) / "model.conf", Path(folder) / "policy.csv"
        model.write_text(MODEL)
        policy_file.write_text("\n".join(lines))
        return casbin.Enforcer(str(model), str(policy_file))


def rate(work: Callable[[], list[bool]], count: int) -> tuple[float, list[bool]]:
    """Answers per CPU second."""
    start = time.process_time()
    found = work()
    return count / (time.process_time() - start), found


def run(*, rows: int, rounds: int) -> None:
    count, rng = max(1, rows // 10), random.Random(1)
    made = policy(rng)
    asked = requests(rng, count)
    few = asked[: max(20, count // 2_000)]
    some = asked[: max(100, count // 50)]
    policies = cedarpy.PolicySet.from_str(cedar.policies(made))
    people = [f"user:u{number}" for number in range(500)]
    entities = cedarpy.Entities.from_json_str(json.dumps(cedar.entities(made, NAMES, people)))
    theirs = [cedar.request(each) for each in some]
    enforcer = casbin_enforcer(made)
    rates: dict[str, list[float]] = {"strongroom": [], "cedarpy": [], "casbin": []}
    for _ in range(rounds):
        engine = Engine(made)  # nothing remembered from the run before
        speed, ours = rate(lambda engine=engine: [engine.decide(each).allowed for each in asked], len(asked))
        rates["strongroom"].append(speed)
        speed, others = rate(
            lambda: [answer.allowed for answer in cedarpy.is_authorized_batch(theirs, policies, entities)], len(some)
        )
        rates["cedarpy"].append(speed)
        agree = sum(one == two for one, two in zip(ours, others, strict=False))
        speed, third = rate(
            lambda: [
                enforcer.enforce(each.principal, each.action, each.table, each.purpose, AT.isoformat(), each.columns[0])
                for each in few
            ],
            len(few),
        )
        rates["casbin"].append(speed)
        agree_too = sum(one == two for one, two in zip(ours, third, strict=False))
    for name, found in rates.items():
        aim = ">= 50000" if name == "strongroom" else ""
        show(name, aim=aim, value=rounded(statistics.median(found)), unit="decisions per CPU second")
    show("same answers", cedarpy=f"{agree} of {len(some)}", casbin=f"{agree_too} of {len(few)}", allowed=sum(ours))
    faster = max(("cedarpy", "casbin"), key=lambda name: statistics.median(rates[name]))
    times = ratio(rates["strongroom"], rates[faster])
    show(f"strongroom ÷ {faster}, the faster of the two", aim=">= 5", **times)
    matrix(rng)


def matrix(rng: random.Random) -> None:
    """The matrix of 1,000 principals × 100 tables of 50 columns × 5 purposes, as one Arrow table."""
    columns = tuple(f"c{number}" for number in range(50))
    words = {name: rng.choice(("personal", "internal", "")) for name in columns}
    tables = [Table(name, columns, words, dict.fromkeys(columns, ())) for name in NAMES[:100]]
    people = [f"user:u{number}" for number in range(1_000)]
    start = time.process_time()
    found = cells(views(Engine(policy(rng)), tables, principals=people, purposes=PURPOSES, at=AT))
    seconds = time.process_time() - start
    show("access matrix", cells=found.num_rows, of=25_000_000, value=rounded(seconds), unit="CPU s")


if __name__ == "__main__":
    main(run)
