"""The house rules of ARCHITECTURE.md, read off the code itself: imports point one way, and each word has one path."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LIB = ROOT / "lib" / "strongroom"
ROOMS = ("core", "protect", "quality", "learn", "govern", "stores", "flows")
MAY = {
    "core": set(),
    "protect": {"core"},
    "quality": {"core"},
    "learn": {"core"},
    "govern": {"core"},
    "stores": {"core"},
    "flows": {"core", "protect", "quality", "learn", "govern", "stores"},
    "telling": {"core"},
    "launch": {"core", "stores", "telling", "flows.seal"},  # every job ends with a signed checkpoint
    "notebook": {"core", "stores", "launch", "telling"},
    "functions": {"core", "protect", "stores"},
    "submit": {"core", "stores", "telling"},
    "jobs": {"flows", "launch"},
    "notebooks": {"flows", "notebook", "core", "stores"},
}
NO_JVM = ("core", "protect", "quality", "govern")
NAMES_THAT_SAY_NOTHING = {"utils", "util", "common", "helpers", "manager", "base", "misc"}
CONNECT_HAS_NONE = re.compile(r"\.rdd\b|sparkContext|\b_jvm\b|\b_jdf\b|\b_jsc\b|\.broadcast\(")


def code():
    return [*LIB.rglob("*.py"), *(ROOT / "jobs").glob("*.py"), *(ROOT / "notebooks").glob("*.py")]


def room_of(path: Path) -> str:
    if path.is_relative_to(LIB):
        inside = path.relative_to(LIB).parts
        return inside[0].removesuffix(".py")
    return path.relative_to(ROOT).parts[0]


def imports(path: Path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "strongroom":
                yield from ((node.lineno, f"strongroom.{alias.name}") for alias in node.names)
            else:
                yield node.lineno, node.module


def wrong_imports(path: Path, room: str) -> list[str]:
    found = []
    for line, name in imports(path):
        parts = name.split(".")
        may = {"__version__", room, *MAY.get(room, ())}
        if parts[0] == "strongroom" and len(parts) > 1 and not {parts[1], ".".join(parts[1:3])} & may:
            found.append(f"{path.relative_to(ROOT)}:{line}: {room} imports {name}")
        if room in NO_JVM and parts[0] in ("pyspark", "delta", "py4j"):
            found.append(f"{path.relative_to(ROOT)}:{line}: {room} imports {name}")
        if room == "core" and parts[0] in ("pyarrow", "numpy", "pandas", "deltalake"):
            found.append(f"{path.relative_to(ROOT)}:{line}: core imports {name}")
    return found


def test_imports_point_one_way():
    assert [wrong for path in code() for wrong in wrong_imports(path, room_of(path))] == []


@pytest.mark.parametrize(
    ("room", "text", "why"),
    [
        ("core", "from strongroom.stores import lake", "core knows nothing of ours"),
        ("core", "import pyarrow", "core holds words, no data"),
        ("protect", "from strongroom.quality import judge", "two rooms beside each other"),
        ("quality", "import pyspark.sql", "kernels run without a JVM"),
        ("stores", "from strongroom.flows import prepare", "upwards"),
        ("launch", "from strongroom.protect import hash", "the entry holds no logic"),
        ("launch", "from strongroom.flows.prepare import run", "nor does it know a flow, but for the seal"),
    ],
)
def test_a_wrong_import_would_be_found(tmp_path, monkeypatch, room, text, why):
    monkeypatch.setattr("test_house.ROOT" if __name__ == "test_house" else f"{__name__}.ROOT", tmp_path)
    file = tmp_path / "wrong.py"
    file.write_text(text)
    assert wrong_imports(file, room), why


def test_nothing_outside_the_entry_uses_what_spark_connect_lacks():
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in code()
        if path.name != "launch.py"
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1)
        if CONNECT_HAS_NONE.search(line)
    ]
    assert found == []


def test_each_word_has_one_path():
    jobs = {path.stem for path in (ROOT / "jobs").glob("*.py")}
    flows = {path.stem for path in (LIB / "flows").glob("*.py")}
    assert jobs - flows == set(), "every job is a flow of the same name"
    assert {path.stem for path in code()} & NAMES_THAT_SAY_NOTHING == set()


def test_jobs_hold_no_logic():
    long = {path.name: len(path.read_text().splitlines()) for path in (ROOT / "jobs").glob("*.py")}
    assert {name: lines for name, lines in long.items() if lines > 16} == {}
