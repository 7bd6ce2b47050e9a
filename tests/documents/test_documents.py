"""Every block and command of README, CONTRIBUTING and docs runs as it stands, and prints what the page says."""

from __future__ import annotations

import pytest

from documents.pages import REASONS, pages, steps_of
from documents.sandbox import Sandbox

FIRST = "README.md"
LONG = {
    "docs/encryption.md",
    "docs/first-day.md",
    "docs/install.md",
    "docs/notebooks.md",
    "docs/operations.md",
    "docs/python.md",
}
"""Pages whose jobs take half a minute and more."""


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory):
    folder = tmp_path_factory.mktemp("documents")
    return Sandbox(folder / "strongroom", folder / "kept")


@pytest.fixture(scope="session")
def prepared(sandbox):
    """After the first job of the README, which every other page takes as done; a tenth of its rows will do."""
    if not sandbox.kept.exists():
        sandbox.clone()
        for job in ("sample --rows 2000", "prepare --set prepare.engine=local"):
            done = sandbox.run(f"./spark-submit.sh {job}")
            assert done.returncode == 0, done.stderr
        sandbox.keep()
    return sandbox


@pytest.mark.parametrize("page", pages())
def test_what_is_only_shown_says_why(page):
    for step in steps_of(page):
        assert not step.shown or step.shown in REASONS, f"{step.where}: {step.shown}"
        assert step.kind in ("sh", "", "yaml", "python", "sql"), f"{step.where}: {step.kind}"


@pytest.mark.spark
@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=pytest.mark.slow) if page in LONG else page
        for page in pages()
        if any(step.runs for step in steps_of(page))
    ],
)
def test_a_page_s_commands_run_as_they_stand(page, request, sandbox):
    if page == FIRST:
        sandbox.clone()
    else:
        request.getfixturevalue("prepared").restore()
    for step in steps_of(page):
        if step.runs:
            sandbox.take(step)
