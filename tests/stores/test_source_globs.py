"""Globs of a contract's server: which files they mean, and that none takes long."""

# ruff: noqa: E501 - a case is a line
import pytest

from strongroom.core.contract import Source
from strongroom.stores.sources import list_files

FILES = (
    "raw/a/x.csv",
    "raw/a/y.json",
    "raw/a/b/z.csv",
    "raw/ac/w.csv",
    "raw/a/_tmp/t.csv",
    "raw/a/.h.csv",
    "raw/a+b/p.csv",
)
CASES = [
    ("raw/a", ("raw/a/b/z.csv", "raw/a/x.csv", "raw/a/y.json"), "a folder, without what is hidden"),
    ("raw/a/*.csv", ("raw/a/x.csv",), "a star stays in its folder"),
    ("raw/a/**/*.csv", ("raw/a/b/z.csv", "raw/a/x.csv"), "two stars are any folders, or none"),
    ("raw/*/x.csv", ("raw/a/x.csv",), "a star for a folder"),
    ("raw/a*", ("raw/a+b/p.csv", "raw/a/b/z.csv", "raw/a/x.csv", "raw/a/y.json", "raw/ac/w.csv"), "folders that match, with all in them"),
    ("raw/a+b/*", ("raw/a+b/p.csv",), "a plus is a plus"),
    ("raw/a/*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", ("raw/a/" + "a" * 200 + "b",), "many stars, where backtracking would not end"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "meant", "why"), CASES)
def test_a_glob_means(tmp_path, path, meant, why):
    for name in (*FILES, "raw/a/" + "a" * 200 + "b", "raw/a/" + "a" * 240):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")
    if "a*a*" not in path:
        for name in ("a" * 200 + "b", "a" * 240):
            (tmp_path / "raw/a" / name).unlink()
    found = list_files(Source("s", "csv", path), str(tmp_path))
    assert tuple(file.path.removeprefix(f"{tmp_path}/") for file in found) == meant, why
