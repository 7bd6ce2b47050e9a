"""The figures as Prometheus itself reads them: `promtool`, and a real Pushgateway on loopback (Debian's packages)."""

from __future__ import annotations

import dataclasses
import re
import shutil
import socket
import subprocess
import time
from urllib.request import Request, urlopen

import pytest

from browser.report_demo import DEMOS, closed, demo
from strongroom.reports.feeds.prometheus import document as render_prometheus
from strongroom.reports.send import Delivery, push_message


@pytest.mark.parametrize("word", DEMOS)
def test_promtool_finds_nothing_wrong(word):
    tool = shutil.which("promtool")
    if tool is None:
        pytest.skip("NOT CHECKED BY PROMETHEUS: apt-get install prometheus")
    told = subprocess.run(
        [tool, "check", "metrics"], input=render_prometheus(DEMOS[word]()).encode(), capture_output=True, check=False
    )
    assert (told.returncode, told.stdout.decode() + told.stderr.decode()) == (0, "")


@pytest.fixture
def gateway(tmp_path):
    program = shutil.which("prometheus-pushgateway")
    if program is None:
        pytest.skip("NOT TESTED WITH A PUSHGATEWAY: apt-get install prometheus-pushgateway")
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with (tmp_path / "gateway.log").open("wb") as log:
        # Debian's gateway keeps what it has in /var/lib unless it is told not to.
        options = [f"--web.listen-address={address}", "--persistence.file="]
        process = subprocess.Popen([program, *options], stdout=log, stderr=log)
    try:
        _wait_for(f"http://{address}/-/ready", process)
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(url, process):
    for _ in range(100):
        assert process.poll() is None, "the gateway ended"
        try:
            with urlopen(Request(url), timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the gateway did not start")


def scraped(url):
    """The samples of ours that a Prometheus would get from it now: name and labels → value."""
    with urlopen(f"{url}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    found = {}
    for line in lines:
        if line.startswith("strongroom_"):
            name, labels, value = re.fullmatch(r"(\w+)\{(.*)\} (\S+)", line).groups()
            kept = sorted(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels))
            found[(name, *(pair for pair in kept if pair[0] not in ("instance", "job")))] = float(value)
    return found


def push(url, report):
    message = push_message(url, render_prometheus(report), group={"table": report.table})
    return Delivery([message], token="", seconds=10).outcome()


def test_a_real_pushgateway_takes_the_figures_and_hands_them_on(gateway):
    assert push(gateway, demo()) == ""
    found = scraped(gateway)
    table = ("table", "training.reviews")
    assert found["strongroom_gate_passed", table] == 1
    assert found["strongroom_rows", ("kind", "quarantined"), table] == 6_000
    assert found["strongroom_rule_failures", ("rule", "email.pattern"), ("severity", "error"), table] == 2_961
    ours = [line for line in render_prometheus(demo()).splitlines() if not line.startswith("#")]
    assert len(found) == len(ours), "every sample, and none twice"


def test_the_next_run_replaces_the_figures_of_its_table_and_of_no_other(gateway):
    other = dataclasses.replace(demo(), table="training.customers")
    assert [push(gateway, demo()), push(gateway, other)] == ["", ""]
    fewer = dataclasses.replace(closed(), rules=closed().rules[:1])
    assert push(gateway, fewer) == ""
    found = scraped(gateway)
    rules = [key for key in found if key[0] == "strongroom_rule_failures"]
    assert [key[1] for key in rules if ("table", "training.reviews") in key] == [("rule", "email.pattern")]
    assert len([key for key in rules if ("table", "training.customers") in key]) == len(demo().rules)
    assert found["strongroom_gate_passed", ("table", "training.reviews")] == 0
    assert found["strongroom_gate_passed", ("table", "training.customers")] == 1


@pytest.mark.parametrize("word", DEMOS)
def test_no_report_is_refused(gateway, word):
    assert push(gateway, DEMOS[word]()) == ""
