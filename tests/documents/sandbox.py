"""A copy of the project in a folder of its own, where a page's commands are typed as they stand."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from documents.pages import ROOT, Step

HOME = Path(os.environ.get("STRONGROOM_HOME") or ROOT / ".strongroom")
_KEEPS = ("lake", ".strongroom")
_PROGRAM = Path(__file__).with_name("program.py")


@dataclass
class Sandbox:
    """Runs steps; `said` is what the last block's commands printed.

    Args:
        root: the copy's folder.
        kept: where the state of after the first job is kept.
    """

    root: Path
    kept: Path
    said: str = ""
    program: list[str] = field(default_factory=list)

    def clone(self) -> None:
        """The project's files anew, and nothing else."""
        shutil.rmtree(self.root, ignore_errors=True)
        names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
        for name in filter(None, names.split("\0")):
            source = ROOT / name
            if source.exists():
                (self.root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, self.root / name)
        self.program.clear()

    def keep(self) -> None:
        """The lake and the keys as they are now: what the other pages start from."""
        for name in _KEEPS:
            shutil.copytree(self.root / name, self.kept / name, symlinks=True)

    def restore(self) -> None:
        """A new clone with the lake and the keys that were kept."""
        self.clone()
        for name in _KEEPS:
            shutil.copytree(self.kept / name, self.root / name, symlinks=True)

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """One command in a shell, from the project's root, as somebody with a plain environment."""
        environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "JAVA_HOME") if name in os.environ}
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.root,
            env=environment | self._places(),
            capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        self.said += done.stdout + done.stderr
        return done

    def _places(self) -> dict[str, str]:
        return {"STRONGROOM_HOME": str(HOME), "PYTHONPATH": str(self.root / "lib")}

    def take(self, step: Step) -> None:
        """Does what a step says, and fails when that ends otherwise than the page says."""
        if step.kind == "":
            assert (missing := self._missing(step.text)) is None, f"{step.where}: nothing printed reads {missing!r}"
            return
        self.said = ""
        if step.kind == "sh":
            for command, code in step.commands():
                done = self.run(command)
                assert done.returncode == code, f"{step.where}: {command}\n{done.stdout}{done.stderr}"
        elif step.kind == "yaml":
            self._put(step)
        elif step.kind == "python" and step.target:
            (self.root / step.target).write_text(step.text + "\n", encoding="utf-8")
        elif step.kind in ("python", "sql"):
            self._program(step)
        else:
            raise AssertionError(f"{step.where}: nobody knows how to run {step.kind!r}")

    def _missing(self, shown: str) -> str | None:
        """The first line of an output that was not printed after the ones before it; `…` stands for anything."""
        printed, at = [" ".join(line.split()) for line in self.said.splitlines()], 0
        for line in filter(str.strip, shown.splitlines()):
            words = re.compile(".*".join(re.escape(part) for part in " ".join(line.split()).split("…")))
            at = next((place + 1 for place in range(at, len(printed)) if words.fullmatch(printed[place])), -1)
            if at < 0:
                return line
        return None

    def _put(self, step: Step) -> None:
        """A YAML block: a part of a file that is there, or what is added to a file; then the whole must be sound."""
        name, _, how = step.target.partition(" ")
        found = yaml.safe_load(textwrap.dedent(step.text))
        file = self.root / name
        old = yaml.safe_load(file.read_text(encoding="utf-8")) if file.exists() else None
        if how == "part":
            assert contains(old, found), f"{step.where}: {name} has no such part"
            return
        assert name, f"{step.where}: which file is this?"
        file.parent.mkdir(exist_ok=True)
        file.write_text(yaml.safe_dump(merged(old, found), sort_keys=False, allow_unicode=True), encoding="utf-8")
        about = "" if name.startswith("conf/") and "contracts" not in name else f" {name}"
        done = self.run(f"./spark-submit.sh check{about}")
        assert done.returncode == 0, f"{step.where}: {done.stdout}{done.stderr}"

    def _program(self, step: Step) -> None:
        """Python or SQL of somebody with a session: all of a page's blocks until here, in one process."""
        self.program.append(f"{step.kind}\n{step.text}")
        text = "\0".join(self.program)
        done = subprocess.run(
            [sys.executable, str(_PROGRAM)], input=text, cwd=self.root, capture_output=True, text=True, check=False,
            env=os.environ | self._places() | {"PYSPARK_PYTHON": sys.executable},
        )  # fmt: skip
        self.said = done.stdout
        assert done.returncode == 0, f"{step.where}: {done.stdout}{done.stderr[-3000:]}"


def merged(old: object, new: object) -> object:
    """What a reader makes of a file and a block: mappings join, items of one name are one, other items are added."""
    if isinstance(old, dict) and isinstance(new, dict):
        return old | {key: merged(old.get(key), value) for key, value in new.items()}
    if isinstance(old, list) and isinstance(new, list) and all(isinstance(item, dict) for item in (*old, *new)):
        out = list(old)
        for item in new:
            key = next((key for key in ("name", "property") if key in item), "")
            at = next((at for at, each in enumerate(out) if key and each.get(key) == item[key]), None)
            if at is None:
                out.append(item)
            else:
                out[at] = merged(out[at], item)
        return out
    return new


def contains(whole: object, part: object) -> bool:
    """Whether a part stands somewhere in a file, with all that the part says."""
    return _covers(whole, part) or (
        any(contains(each, part) for each in (whole.values() if isinstance(whole, dict) else whole))
        if isinstance(whole, dict | list)
        else False
    )


def _covers(whole: object, part: object) -> bool:
    if isinstance(whole, dict) and isinstance(part, dict):
        return all(key in whole and _covers(whole[key], value) for key, value in part.items())
    if isinstance(whole, list) and isinstance(part, list):
        return all(any(_covers(each, item) for each in whole) for item in part)
    return whole == part
