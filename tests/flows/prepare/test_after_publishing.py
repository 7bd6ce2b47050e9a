"""What fails once a version is published is told as that: nobody is to read that readers still see what was before."""

import sys
from pathlib import Path

from strongroom import run_job
from strongroom.flows import prepare
from support.lakes import install


def test_a_report_that_cannot_be_written_is_all_that_failed(tmp_path, capsys):
    place = install(tmp_path, capsys, sample=200)
    (place.lake / "reports").write_text("a file")
    done = place.run(prepare)
    version = place.delta("training.reviews").version()
    assert done.code == 7
    assert done.line["problems"][0]["code"] == "output.unwritable"
    assert f"version {version} of training.reviews is published" in done.err
    assert done.line["answer"]["versions"]["training.reviews"] == version
    assert len(place.rows("training.reviews")) == done.line["rows"]["written"]


def test_so_is_an_answer(tmp_path, capsys, monkeypatch):
    place = install(tmp_path, capsys, sample=200)
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        code = run_job.run(prepare, ["--config", str(place.settings)])
        monkeypatch.undo()
    told = capsys.readouterr().err
    version = place.delta("training.reviews").version()
    assert code == 7
    assert f"training.reviews is at version {version}" in told
    assert "readers see the last whole version" not in told
