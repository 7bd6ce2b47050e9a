"""What another user of the operating system can open of a lake with projections: their own, and nothing else.

Each probe is a process that has become that user: it walks every folder it may enter and opens every file it may open.
"""

import grp
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from strongroom.flows import prepare, project
from support.lakes import install

pytestmark = pytest.mark.spark
USERS = {"science": (61_001, 62_001), "sales": (61_002, 62_002), "nobody": (61_003, 62_003)}
"""Who asks: a user and a group that this system need not know by name."""
POLICY = """
roles:
  engineer: {members: [user:engineer]}
  science:  {members: [user:ada], os_group: "62001"}
  sales:    {members: [user:grace], os_group: "62002"}
  inside:   {members: [user:ina]}
grants:
  - {role: engineer, actions: [read, write], tables: [raw.*, training.*, quarantine.*, projected.*]}
  - {role: science, actions: [read], tables: [training.*], columns: {deny: [email]}, enforce: physical}
  - {role: sales, actions: [read], tables: [training.*], columns: {allow: [label, rating]}, enforce: physical}
  - {role: inside, actions: [read], tables: [training.*], enforce: physical}
"""
PROBE = """
import json, os, sys
import deltalake, pyarrow as pa
from pathlib import Path
root, uid, gid = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
os.setgroups([]); os.setgid(gid); os.setuid(uid)
opened, listed, tables = [], [], {}
guesses = [Path(root, *words) for words in json.loads(sys.argv[4])]
ahead = [Path(root), *guesses]
while ahead:
    folder = ahead.pop()
    try:
        inside = sorted(folder.iterdir()) if folder.is_dir() else [folder]
        listed.append(str(folder.relative_to(root)))
    except OSError:
        continue
    for path in inside:
        try:
            if path.is_dir():
                ahead.append(path)
            else:
                path.read_bytes()
                opened.append(str(path.relative_to(root)))
        except OSError:
            pass
for path in guesses:
    try:
        rows = pa.table(deltalake.DeltaTable(str(path)).scan())
        tables[str(path.relative_to(root))] = [rows.num_rows, rows.column_names]
    except Exception:
        pass
try:
    Path(root, sys.argv[5], "planted").write_text("x")
    opened.append("written")
except OSError:
    pass
print(json.dumps({"opened": sorted(set(opened)), "listed": sorted(set(listed)), "tables": tables}))
"""


@pytest.fixture
def place(capsys, spark):
    if os.geteuid() != 0:
        pytest.skip("NOT SHOWN HERE: only root can become other users; run this test as root")
    folder = Path(tempfile.mkdtemp(prefix="strongroom-users-"))
    folder.chmod(0o755)  # what lies above a lake is not ours to open
    made = install(folder / "x", capsys, sample=200)
    (made.root / "policy.yaml").write_text(POLICY)
    done = made.run(prepare)
    assert done.code == 0, done.err
    yield made
    shutil.rmtree(folder)


def probe(place, who):
    """All that a user can list, open, and read as a table; they know the path of everything."""
    everything = [path.relative_to(place.root).parts for path in place.root.rglob("*")]
    own = f"lake/projected/{who}/any/training/reviews"
    words = [sys.executable, "-c", PROBE, str(place.root), *map(str, USERS[who]), json.dumps(everything), own]
    done = subprocess.run(words, capture_output=True, text=True, cwd="/", timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_user_reads_their_own_projection_and_nothing_else_of_the_lake(place):
    before = probe(place, "nobody")
    assert any(path.startswith("lake/training/") for path in before["opened"]), "else this test would show nothing"
    done = place.run(project)
    assert done.code == 0, done.err
    assert "closed to other users: " in done.err
    for who, columns in (("science", 10), ("sales", 2)):
        found, own = probe(place, who), f"lake/projected/{who}/any/training/reviews"
        inside = [path for path in found["opened"] if path.startswith("lake/")]
        assert inside, who
        assert [path for path in inside if not path.startswith(own + "/")] == [], "source, quarantine, logs, stages, …"
        assert [path for path in found["opened"] if path.startswith("keys/")] == []
        assert {path: len(names) for path, (_, names) in found["tables"].items()} == {own: columns}
        assert found["tables"][own][0] == len(place.rows("training.reviews"))
        assert "written" not in found["opened"]
        assert not {"lake", "lake/projected", "lake/projected/inside"} & set(found["listed"]), "names are not told"
    nobody = probe(place, "nobody")
    assert [path for path in nobody["opened"] if path.startswith("lake/")] == []
    assert nobody["tables"] == {}


def test_a_refresh_keeps_the_bits_and_the_end_of_a_grant_closes_the_path(place):
    assert place.run(project).code == 0
    old = os.umask(0o000)
    try:
        assert place.run(prepare, "--set", "prepare.mode=overwrite").code == 0
    finally:
        os.umask(old)
    assert place.run(project).code == 0
    found = probe(place, "sales")
    assert [path for path in found["opened"] if path.startswith("lake/") and "projected/sales" not in path] == []
    place.edit("policy.yaml", "columns: {allow: [label, rating]}, enforce", "until: 2020-01-01, enforce")
    assert place.run(project).code == 0
    assert [path for path in probe(place, "sales")["opened"] if path.startswith("lake/")] == []
    assert probe(place, "science")["tables"], "another role's stays"


def test_a_group_that_is_not_there_stops_the_run_before_anything_is_given(place):
    place.edit("policy.yaml", '"62002"', "no_such_group_0zq")
    assert "no_such_group_0zq" not in {group.gr_name for group in grp.getgrall()}
    refused = place.run(project)
    assert (refused.code, "this system has no such group" in refused.err) == (4, True), refused.err
    assert list((place.lake / "projected").glob("*/*/*/*")) == []


def test_who_may_not_give_files_to_the_group_is_told_so(place, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 61_009)
    refused = place.run(project)
    assert (refused.code, "may not give files to the group" in refused.err) == (4, True), refused.err
