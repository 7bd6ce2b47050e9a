"""Every option does something in what its job is asked to do, or is refused: nothing typed is passed over."""

import ast
import json
from itertools import chain

import pytest

from strongroom import run_job
from strongroom.core.jobs import JOBS
from strongroom.core.options import ALWAYS, USES, name_of
from support.lakes import ROOT

PARSERS = {job: run_job.parser_of(job, run_job.flow_of(job)) for job in JOBS}
ACTIONS = {job: {name_of(action): action for action in parser._actions} for job, parser in PARSERS.items()}
VALUES = {"--older-than": "3", "--limit": "3", "--from-version": "3", "--rows": "3", "--seed": "3", "--action": "read"}
VALUES |= {"--to": "ranger"}


def typed(action, name, value=""):
    """The words of an option, as somebody types them."""
    value = [] if action.nargs == 0 else [value or VALUES.get(name, "word")]
    return value if not action.option_strings else [name, *value]


def words(job, line):
    """A command line that asks for what a line of the table says."""
    found = []
    for word in line.split():
        name, _, value = word.partition("=")
        action = ACTIONS[job].get(name)
        found += [name] if action is None else typed(action, name, value)
    needed = [
        name
        for name, action in ACTIONS[job].items()
        if action.required and action.nargs != "*" and name not in ("verb", *line.split())
    ]
    return [*found, *chain.from_iterable(typed(ACTIONS[job][name], name) for name in needed)]


def cases():
    """Each option beside each line that does not use it."""
    for job, lines in USES.items():
        asking = {word.partition("=")[0] for line in lines for word in line.split()}
        for line, used in lines.items():
            for name in sorted(ACTIONS[job].keys() - {*used.split(), *asking, *ALWAYS, "verb"}):
                yield pytest.param(job, line, name, id=f"{job} {line} {name}")


def test_the_table_knows_every_job_and_every_option_of_it_and_no_other():
    assert set(USES) == set(JOBS)
    for job, lines in USES.items():
        there = ACTIONS[job].keys() - ALWAYS - {"verb"}
        verbs = set(ACTIONS[job]["verb"].choices) if "verb" in there | ACTIONS[job].keys() else set()
        used = {word for told in lines.values() for word in told.split()}
        common = {"--as", "--purpose", "--contract", "--server"}  # of every job, and refused by those that have no use
        assert used <= there, job
        assert there - used <= common, job
        assert {line.split()[0] for line in lines if line} - there - used >= verbs - used, job


def test_every_option_is_looked_up_somewhere():
    trees = [ast.parse(path.read_text()) for path in (ROOT / "lib/strongroom").rglob("*.py")]
    looked = {node.attr for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    looked |= {node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    for job in JOBS:
        assert {action.dest for action in ACTIONS[job].values()} - {"help"} <= looked, job


@pytest.mark.parametrize(("job", "line", "name"), [*cases()])
def test_an_option_that_would_do_nothing_is_refused(job, line, name, capsys):
    argv = [*words(job, line), *typed(ACTIONS[job][name], name), "--json"]
    assert run_job.run(run_job.flow_of(job), argv) == 2, argv
    (problem,) = json.loads(capsys.readouterr().out)["problems"]
    assert (problem["code"], problem["where"]) == ("usage.unused", name)


def test_what_is_meant_of_several_is_the_first_that_fits(capsys):
    argv = ["discard", "--run", "r1", "--reason", "email.pattern", "--json"]
    assert run_job.run(run_job.flow_of("quarantine"), argv) == 2, "all rows of that run would be gone"
    assert json.loads(capsys.readouterr().out)["problems"][0]["where"] == "--reason"
