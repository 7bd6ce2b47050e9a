"""The report of a real run of the sample, in a real headless Chromium."""

from __future__ import annotations

from pathlib import Path

import pytest

from browser.chromium import Browser, binary
from strongroom.flows import prepare
from support.lakes import install

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        binary() is None, reason="NOT TESTED IN A BROWSER: chromium is missing; apt-get install chromium"
    ),
]


def test_the_report_of_a_run_opens_whole_and_says_what_the_run_said(tmp_path, capsys) -> None:
    place = install(tmp_path / "a b", capsys, sample=400)
    done = place.run(prepare)
    assert done.code == 0, done.err
    file = Path(done.line["report"])
    assert file.stat().st_size < 1_000_000
    with Browser() as browser:
        browser.open(file)
        assert [event["request"]["url"] for event in browser.seen("Network.requestWillBeSent")] == [file.as_uri()]
        assert browser.seen("Log.entryAdded") == []
        assert browser.seen("Runtime.exceptionThrown") == []
        text = str(browser.run("document.body.innerText")).replace("\u202f", " ")
        assert browser.run("document.querySelector('h1').textContent") == "training.reviews"
        nodes = browser.ask("Accessibility.getFullAXTree")["nodes"]
        browser.picture(tmp_path / "report.png")
    rows = done.line["rows"]
    for count in rows.values():
        assert f"{count:,}" in text
    told = [node.get("name", {}).get("value", "") for node in nodes if not node["ignored"]]
    assert any(name.startswith(f"{rows['read']:,} rows read: {rows['written']:,} written") for name in told)
    broken = {reason for row in place.rows("quarantine.reviews") for reason in row["reasons"]}
    assert broken
    assert [reason for reason in broken if reason not in text] == []
