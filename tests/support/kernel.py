"""A kernel of Jupyter's, in an environment of its own; ours come by the path, since pip would bring Spark twice."""

import os
import subprocess
import sysconfig
from pathlib import Path

from support.environments import environment
from support.lakes import ROOT

_RUN = """
import sys, nbformat
from nbclient import NotebookClient
file, folder = sys.argv[1:]
found = nbformat.read(file, 4)
nbformat.validate(found)
NotebookClient(found, timeout=500, kernel_name="python3", resources={"metadata": {"path": folder}}).execute()
nbformat.write(found, file)
"""


def execute(file: Path) -> None:
    """Runs every cell of an .ipynb in the notebook's folder, and keeps in it what they show."""
    programs = environment("nbclient==0.11.0", "ipykernel==7.4.0")
    path = os.pathsep.join([str(ROOT / "lib"), sysconfig.get_path("purelib")])
    done = subprocess.run(
        [programs / "python", "-c", _RUN, file, file.parent], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
