"""Every job's attempt leaves figures, whatever ends it, and nothing that they meet changes how it ends."""

from __future__ import annotations

import re
import types

import pytest

from strongroom.core.errors import (
    ConfigError,
    EnvironmentFault,
    GateClosed,
    Problem,
    Refused,
    StoreError,
    Terminated,
    UsageError,
)
from strongroom.core.run import Outcome
from strongroom.flows import access, prepare
from support.lakes import install
from support.receiver import receiving, silence, status

REVIEWS = 'command="prepare",contract="reviews"'


@pytest.fixture
def place(tmp_path, capsys):
    return install(tmp_path / "x", capsys)


def flow(ending):
    """A flow of prepare's name that ends like this."""
    made = types.ModuleType("strongroom.flows.prepare", "a flow")

    def run(job):
        if ending is not None:
            raise ending
        return Outcome()

    made.run = run
    return made


def figures(place):
    found = {}
    for file in (place.lake / "reports/prometheus").glob("attempt.*.prom"):
        found |= dict(re.findall(r"^strongroom_(.+) (\S+)$", file.read_text(), re.MULTILINE))
    return {name: float(value) for name, value in found.items()}


ENDS = [
    (None, 0), (UsageError("x"), 2), (ConfigError([Problem("x")]), 3), (EnvironmentFault("x"), 4), (Refused("x"), 5),
    (GateClosed("x"), 6), (StoreError("x"), 7), (RuntimeError("x"), 1), (KeyboardInterrupt(), 130),
    (Terminated(), 143),
]  # fmt: skip


@pytest.mark.parametrize(("ending", "code"), ENDS, ids=[str(code) for _, code in ENDS])
def test_every_exit_code_is_told_and_is_that_of_the_job(place, ending, code):
    assert place.run(flow(ending)).code == code
    told = figures(place)
    assert told[f"attempt_exit_code{{{REVIEWS}}}"] == code
    assert told[f'attempts_total{{{REVIEWS},exit_code="{code}"}}'] == 1
    assert told[f"attempt_running{{{REVIEWS}}}"] == 0
    assert told[f"attempt_ended_seconds{{{REVIEWS}}}"] >= told[f"attempt_started_seconds{{{REVIEWS}}}"] > 1.7e9
    assert (f"success_seconds{{{REVIEWS}}}" in told) == (code == 0), "no success is no success at time zero"


def test_a_failure_leaves_when_it_last_went_well_and_counts_on(place):
    place.run(flow(None))
    before = figures(place)
    for ending in (StoreError("x"), StoreError("x"), Refused("x")):
        place.run(flow(ending))
    after = figures(place)
    assert after[f"success_seconds{{{REVIEWS}}}"] == before[f"success_seconds{{{REVIEWS}}}"]
    assert [after[f'attempts_total{{{REVIEWS},exit_code="{code}"}}'] for code in (0, 5, 7)] == [1, 1, 2]
    place.run(flow(None))
    assert figures(place)[f"attempt_exit_code{{{REVIEWS}}}"] == 0
    assert figures(place)[f"success_seconds{{{REVIEWS}}}"] > before[f"success_seconds{{{REVIEWS}}}"]


def test_while_it_runs_it_says_so(place):
    seen = []
    looking = types.ModuleType("strongroom.flows.prepare", "a flow")
    looking.run = lambda job: seen.append(figures(place)) or Outcome()
    place.run(looking)
    assert seen[0][f"attempt_running{{{REVIEWS}}}"] == 1
    assert f"attempt_exit_code{{{REVIEWS}}}" not in seen[0]


def test_a_real_refusal_before_anything_is_read_is_told(place):
    done = place.run(prepare, "--set", "principal=user:grace")
    assert done.code == 5
    assert figures(place)[f"attempt_exit_code{{{REVIEWS}}}"] == 5


def test_verbs_and_data_sets_are_told_apart(place):
    place.run(access, "explain", "--table", "training.reviews")
    place.edit("policy.yaml", "tables: [training.reviews]", "tables: [training.rewiews]")
    assert place.run(access, "lint").code == 3
    place.run(flow(None), "--contract", "customers")
    place.run(flow(UsageError("x")), "--contract", "no-such")
    codes = {name: code for name, code in figures(place).items() if name.startswith("attempt_exit_code")}
    assert codes == {
        'attempt_exit_code{command="access explain"}': 0,
        'attempt_exit_code{command="access lint"}': 3,
        'attempt_exit_code{command="prepare",contract="customers"}': 0,
        'attempt_exit_code{command="prepare"}': 2,
    }  # fmt: skip  what is no contract here is no label


def test_a_rehearsal_is_no_attempt(place):
    place.run(flow(None), "--dry-run")
    assert not (place.lake / "reports").exists()


@pytest.mark.parametrize(("ending", "code"), [(None, 0), (StoreError("x"), 7)])
def test_figures_that_cannot_be_written_cost_a_note(place, ending, code):
    (place.lake / "reports").parent.mkdir()
    (place.lake / "reports").write_text("a file where the folder should be")
    done = place.run(flow(ending))
    assert done.code == code
    assert "note: no figures of this attempt (" in done.err


def test_a_file_that_somebody_spoiled_is_begun_anew(place):
    place.run(flow(None))
    (file,) = (place.lake / "reports/prometheus").glob("attempt.*.prom")
    file.write_bytes(b'\xff\x00 strongroom_attempts_total{exit_code="0"} many\nstrongroom_success_seconds{} x\n')
    assert place.run(flow(None)).code == 0
    assert figures(place)[f'attempts_total{{{REVIEWS},exit_code="0"}}'] == 1


def test_a_gateway_gets_the_beginning_and_the_end_in_a_group_of_the_command(place):
    with receiving(status(200)) as receiver:
        assert place.run(flow(Refused("x")), "--set", f"prepare.pushgateway={receiver.url}").code == 5
    assert [told.path for told in receiver.told] == ["/metrics/job/strongroom/command/prepare/contract/reviews"] * 2
    begun, ended = (told.body.decode() for told in receiver.told)
    assert f"strongroom_attempt_running{{{REVIEWS}}} 1.0\n" in begun
    (file,) = (place.lake / "reports/prometheus").glob("attempt.*.prom")
    assert ended == file.read_text()


@pytest.mark.parametrize(("ending", "code"), [(None, 0), (GateClosed("x"), 6)])
def test_a_gateway_that_is_silent_costs_seconds_and_a_note(place, ending, code):
    with receiving(silence) as receiver:
        options = [f"pushgateway={receiver.url}", "send_seconds=0.3"]
        done = place.run(flow(ending), *(word for option in options for word in ("--set", f"prepare.{option}")))
    assert done.code == code
    assert done.line["seconds"] < 5
    assert "note: not sent to pushgateway: no answer within 0.3 s" in done.err


def test_an_audit_log_that_cannot_be_sealed_is_told_with_the_end(place):
    place.run(flow(None))
    assert figures(place)[f"audit_sealed{{{REVIEWS}}}"] == 1
    log = place.root / "audit/entries.jsonl"
    log.write_bytes(log.read_bytes().replace(b"user:engineer", b"user:engineeR", 1))
    assert place.run(flow(None)).code == 0
    assert figures(place)[f"audit_sealed{{{REVIEWS}}}"] == 0
