"""The front page of a lake: what it says of each table, and that its links lead to reports."""

import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from strongroom.core.policy.file import parse_policy
from strongroom.core.report.front import FrontPage, Limits, PastState, Reader, TableState
from strongroom.flows import prepare
from strongroom.flows.foundation import front_page
from strongroom.govern.engine.engine import compile_policy
from strongroom.govern.review.readers import limited, readers
from strongroom.govern.table import Table
from strongroom.reports.page.front import page
from strongroom.stores.lake import Lake
from support.hostile import TEXTS
from support.lakes import install

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)


class Cells(HTMLParser):
    """The text of each cell of each line, and where its links lead, as a browser would have them."""

    def __init__(self, text):
        super().__init__()
        self.lines, self.links, self.tags, self.inside = [], [], set(), False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag == "tr":
            self.lines.append([])
        if tag in ("td", "th"):
            self.lines[-1].append("")
            self.inside = True
        self.links += [value for name, value in attrs if name == "href" and value[0] != "#"]

    def handle_endtag(self, tag):
        self.inside = self.inside and tag not in ("td", "th")

    def handle_data(self, data):
        if self.inside:
            self.lines[-1][-1] += data


def test_a_line_tells_version_runs_quarantine_and_readers_and_unmeasured_is_no_zero():
    past = [PastState("r2", NOW, "gate closed", "training.t/r2.html"), PastState("r1", NOW, "done")]
    told = TableState("training.t", tuple(past), 4, past[1], 10, 3, (Reader("a", "p", NOW), Reader("b")))
    found = Cells(page(FrontPage((told, TableState("features.t", (past[1],))), NOW)))
    assert found.links == ["training.t/r2.html"]
    heads, training, _, features = found.lines
    assert len(heads) == len(training) == len(features) == 5
    assert training[1].startswith("version 4")
    assert "10 rows" in training[1]
    assert [word in training[2] for word in ("gate closed", "done")] == [True, True]
    assert training[3:] == ["3", "a for p, until 2026-06-15T12:00:00+00:00b for any purpose, without end"]
    assert features[1:] == ["nothing yet", "✓ done 2026-06-15 12:00", "–", "nobody"]


@pytest.mark.parametrize(("text", "why"), TEXTS)
def test_any_name_stays_a_name(text, why):
    state = TableState(f"training.{text}", (PastState("r", NOW, text, "a.html"),), readers=(Reader(text, text),))
    found = Cells(page(FrontPage((state,), NOW)))
    assert found.links == ["a.html"], why
    assert "script" not in found.tags
    assert "img" not in found.tags


POLICY = """
roles:
  now: {members: [user:a]}
  later: {members: [user:a]}
  past: {members: [user:a]}
  barred: {members: [user:b]}
  some: {members: [user:b, user:c]}
  none: {members: [user:c]}
  other: {members: [user:d]}
grants:
  - {role: now, actions: [read], tables: [training.*], purposes: [p, q], until: 2026-07-01, reason: r}
  - {role: now, actions: [read], tables: [training.t], purposes: [p], until: 2026-09-01, reason: r}
  - {role: later, actions: [read], tables: [training.*], from: 2026-07-01, reason: r}
  - {role: past, actions: [read], tables: [training.*], until: 2026-06-01, reason: r}
  - {role: barred, actions: [read], tables: [training.*], reason: r}
  - {role: none, actions: [read], tables: [training.*], columns: {deny: ["*"]}, purposes: [x], reason: r}
  - {role: other, actions: [read], tables: [training.*], columns: {allow: [not_there]}, reason: r}
  - {role: some, actions: [read], tables: [training.*], columns: {allow: [n]}, reason: r}
denies:
  - {role: barred, actions: [read], tables: [training.t], reason: r}
"""


def test_readers_are_those_whose_grant_holds_now_and_whom_no_deny_keeps_away():
    found = readers(compile_policy(parse_policy(POLICY, "p.yaml")), Table("training.t", ("n", "m")), at=NOW)
    assert [(each.role, each.purpose, each.until and each.until.date().isoformat()) for each in found] == [
        ("now", "p", "2026-09-02"), ("now", "q", "2026-07-02"), ("some", "", None),
    ]  # fmt: skip


LIMITED = """
roles:
  whole: {members: [user:a]}
  part: {members: [user:a]}
  away: {members: [user:b]}
  none: {members: [user:a]}
grants:
  - {role: whole, actions: [read], tables: [training.*], purposes: [p], reason: r}
  - {role: part, actions: [read], tables: [training.*], columns: {deny: ["classification:personal"], mask: {m: "null"}},
     rows: m > 3, until: 2026-07-01, enforce: physical, reason: r}
  - {role: away, actions: [read], tables: [training.*], reason: r}
  - {role: none, actions: [read], tables: [training.*], columns: {allow: [not_there]}, reason: r}
denies:
  - {role: away, actions: [read], tables: [training.t], reason: r}
"""


def test_each_role_is_told_with_its_own_limits_whatever_else_its_members_are():
    table = Table("training.t", ("n", "m", "_subject"), {"n": "personal", "m": "internal", "_subject": "personal"})
    found = limited(compile_policy(parse_policy(LIMITED, "p.yaml")), table, purposes=("p", "q"), at=NOW)
    until = datetime(2026, 7, 2, tzinfo=UTC)
    less = Limits(1, ("n",), {"m": "replace-with-null"}, ("m > 3",), "physical")
    assert found == (
        Reader("whole", "p", None, Limits(2, level="advisory")), Reader("part", "p", until, less),
        Reader("part", "q", until, less),
    )  # fmt: skip


def test_purposes_that_end_on_the_same_day_share_a_line():
    readers = (Reader("a", "p"), Reader("a", "q"), Reader("a", "s", NOW))
    told = TableState("training.t", (PastState("r1", NOW, "done"),), readers=readers)
    cell = Cells(page(FrontPage((told,), NOW))).lines[-1][-1]
    assert cell == "a for p or q, without enda for s, until 2026-06-15T12:00:00+00:00"


def test_each_run_brings_it_up_to_date_and_its_links_lead_to_reports(tmp_path, capsys):
    place = install(tmp_path / "a b", capsys, sample=200)
    options = ("--contract", "reviews", "--set", "prepare.engine=local")
    index = place.lake / "reports/index.html"
    assert place.run(prepare, *options).code == 0
    (first,) = Cells(index.read_text()).links
    assert (index.parent / first).is_file()
    place.edit("contracts/reviews.yaml", "mustBeGreaterThan: 0", "mustBeGreaterThan: 100000")
    assert place.run(prepare, *options).code == 6
    found = Cells(index.read_text())
    assert len(found.links) == 2
    assert all((index.parent / link).is_file() for link in found.links)
    assert found.lines[-1][1].startswith("version 1"), "readers keep what they had"
    assert re.search("gate closed.*done", found.lines[-1][2], re.DOTALL)


def test_a_run_opens_for_it_what_was_published_since_and_no_other_table(tmp_path, capsys, monkeypatch):
    place = install(tmp_path / "x", capsys, sample=400)
    opened, original = [], Lake.open
    monkeypatch.setattr(front_page.Lake, "open", lambda lake, table: opened.append(table) or original(lake, table))

    def run():
        opened.clear()
        assert place.run(prepare, "--contract", "reviews", "--set", "prepare.engine=local").code == 0
        return opened.count("training.customers"), Cells((place.lake / "reports/index.html").read_text()).lines

    assert place.run(prepare, "--contract", "customers", "--set", "prepare.engine=local").code == 0
    times, lines = run()
    assert times == 0
    (place.lake / "reports/index.json").write_text("[]")
    again, anew = run()
    assert again == 1, "what is beside the page is no more than a note"
    assert [line[-1] for line in anew] == [line[-1] for line in lines], "the same readers"


def test_who_reads_by_classification_is_asked_with_it_also_when_the_table_is_not_opened(tmp_path, capsys):
    place = install(tmp_path / "x", capsys, sample=200)
    assert place.run(prepare, "--contract", "reviews", "--set", "prepare.engine=local").code == 0
    known = json.loads((place.lake / "reports/index.json").read_text())
    (version,) = {told["version"] for name, told in known.items() if name == "training.reviews"}
    table = front_page._Tables(Lake("/nowhere"), known).of("training.reviews", version)
    role = "{members: [user:a]}"
    grant = "{role: r, actions: [read], tables: [training.*], columns: {allow: ['classification:internal']}, reason: r}"
    engine = compile_policy(parse_policy(f"roles: {{r: {role}}}\ngrants: [{grant}]\n", "p.yaml"))
    assert [each.role for each in readers(engine, table, at=NOW)] == ["r"]
    assert readers(engine, Table(table.name, table.columns), at=NOW) == ()


def test_a_page_that_cannot_be_written_is_a_note_and_the_run_is_done(tmp_path, capsys):
    place = install(tmp_path / "x", capsys, sample=200)
    (place.lake / "reports/index.html").mkdir(parents=True)
    done = place.run(prepare, "--contract", "reviews", "--set", "prepare.engine=local")
    assert done.code == 0, done.err
    assert "front page" in done.err
