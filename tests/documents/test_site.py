"""The documentation as a site: it builds, every link of it leads somewhere, and a broken one would stop it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path):
    """What the site is made of; what its links name besides is there as it is."""
    root = tmp_path / "strongroom"
    root.mkdir()
    for each in ROOT.iterdir():
        if each.name == "docs":
            shutil.copytree(each, root / each.name)
        elif each.name in ("deploy", "mkdocs.yml") or each.suffix == ".md":
            (shutil.copytree if each.is_dir() else shutil.copy)(each, root / each.name)
        elif each.name[0] != ".":
            (root / each.name).symlink_to(each)
    return root


def built(project):
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(project.parent / "site")]
    return subprocess.run(words, cwd=project, capture_output=True, text=True, check=False)


def test_it_builds_with_every_page_and_no_broken_link(project):
    done = built(project)
    assert done.returncode == 0, done.stderr
    site = project.parent / "site"
    assert "Strongroom makes raw tables" in (site / "index.html").read_text()
    pages = {file.stem for file in (ROOT / "docs").glob("*.md")}
    assert pages <= {file.parent.name for file in site.rglob("index.html")}
    assert 'id="servers"' in (site / "contract/index.html").read_text(), "its headings stand behind code blocks"


@pytest.mark.parametrize("link", ["gone.md", "policy.md#nowhere", "../conf/gone.yaml"])
def test_a_link_that_leads_nowhere_stops_it(project, link):
    with (project / "docs/jobs.md").open("a") as page:
        page.write(f"\n[there]({link})\n")
    done = built(project)
    assert done.returncode != 0
    assert link in done.stderr
