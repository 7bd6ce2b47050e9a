"""What keeping projections up to date costs: ten of one table after a hundredth of it changed, beside one made anew.

Ten roles: four see every row and column, three some rows and a mask, three some columns only; every one has tokens of
its own. Each round appends a file of a hundredth of the rows and removes the one before, so both a coming and a going
are measured. The job runs whole: policy, plans, pass, commits, sweep, audit events.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable, write_deltalake
from deltalake.transaction import RemoveAction

from benchmarks import shop
from benchmarks.measure import interleaved, main, ratio, show, silent
from benchmarks.session import session

TEN, ONE, ALL, IDLE = "refresh ten, 1 % changed", "make one anew", "make ten anew", "nothing to do"
GRANTS = (
    *["columns: {allow: [id, city, text]}"] * 4,
    *["columns: {allow: [id, city, text], mask: {text: show-first-4}}, rows: \"text <> 'alpha'\""] * 3,
    *["columns: {allow: [id, text]}"] * 3,
)
TABLE = "training.protected"


def run(*, rows: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="strongroom-bench-") as folder, session():
        place = Path(folder)
        shop.write(place / "lake/raw/bench", rows)
        settings = shop.install(place, {"protected": shop.contract("protected")})
        silent(shop.job("prepare", settings, "--contract", "protected"))
        policy(place, range(len(GRANTS)))
        silent(shop.job("project", settings))
        ways = {
            "change": lambda: change(place, rows),
            TEN: shop.job("project", settings),
            IDLE: shop.job("project", settings),
            "forget one": lambda: forget(place, 1),
            ONE: shop.job("project", settings),
            "forget ten": lambda: forget(place, len(GRANTS)),
            ALL: shop.job("project", settings),
        }
        costs = interleaved(ways, rounds=rounds)
    for name in (TEN, ONE, ALL, IDLE):
        show(name, rows=rows, **costs[name].medians())
    show(f"{TEN} ÷ {ONE}, CPU", aim="<= 0.5", **ratio(costs[TEN].cpu, costs[ONE].cpu))
    show(f"{ALL} ÷ {ONE}, CPU", **ratio(costs[ALL].cpu, costs[ONE].cpu))


def policy(place: Path, roles: range) -> None:
    """One role a grant, with one member."""
    names = "".join(f"  r{number}: {{members: [user:u{number}]}}\n" for number in roles)
    grants = "".join(
        f"  - {{role: r{number}, actions: [read], tables: [{TABLE}], enforce: physical, {GRANTS[number]}}}\n"
        for number in roles
    )
    text = shop.POLICY.replace("grants:\n", f"{names}grants:\n") + grants
    (place / "policy.yaml").write_text(text)


def change(place: Path, rows: int) -> None:
    """A hundredth of the rows comes as a file of its own, and the one that came before goes."""
    folder = str(place / "lake" / TABLE.replace(".", "/"))
    found = DeltaTable(folder)
    small = [uri for uri in found.file_uris() if "/verdict=good/" not in uri]
    if small:
        path = small[0].removeprefix(folder).lstrip("/")
        gone = RemoveAction(path, True, 0, Path(small[0]).stat().st_size, {})
        found.create_write_transaction([gone], "append", found.schema(), partition_by=[])
    some = next(uri for uri in found.file_uris() if "/verdict=good/" in uri)
    part = pq.read_table(some, columns=[field.name for field in found.schema().fields]).slice(0, max(1, rows // 100))
    write_deltalake(folder, pa.table(part), mode="append")


def forget(place: Path, count: int) -> None:
    """So many projections are gone, as if they had never been."""
    for number in range(count):
        shutil.rmtree(place / "lake/projected" / f"r{number}")


if __name__ == "__main__":
    main(run)
