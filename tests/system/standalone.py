"""A real cluster on this machine: Spark's standalone master and workers, each a JVM of its own."""

import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pyspark

from system.processes import environment, gone, members

SPARK = Path(pyspark.__file__).parent


class Cluster:
    """A master and its workers; their environment knows nothing of the project."""

    def __init__(self, folder: Path, *, workers: int = 2, memory: str = "700m"):
        self.folder, self.started = folder, []
        folder.mkdir(parents=True)
        try:
            self.start("master", "master.Master", "--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
            self.master = self.said("master", r"Starting Spark master at (spark://\S+)")
            for number in range(workers):
                self.start(
                    f"worker-{number}", "worker.Worker", "--host", "127.0.0.1", "--cores", "1", "--memory", memory,
                    "--webui-port", "0", "--work-dir", str(self.work / str(number)), self.master,
                )  # fmt: skip
            for number in range(workers):
                self.said(f"worker-{number}", "(Successfully registered with master)")
        except BaseException:
            self.stop()
            raise

    @property
    def work(self) -> Path:
        """Where executors run, and leave what they print."""
        return self.folder / "work"

    def start(self, name: str, kind: str, *options: str) -> None:
        more = {
            "SPARK_HOME": str(SPARK), "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_DAEMON_MEMORY": "256m",
            "SPARK_LOCAL_DIRS": str(self.folder / "local" / name),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }  # fmt: skip
        clean = environment(**more)
        clean.pop("STRONGROOM_HOME", None)
        with (self.folder / f"{name}.log").open("wb") as log:
            words = [str(SPARK / "bin/spark-class"), f"org.apache.spark.deploy.{kind}", *options]
            self.started.append(
                subprocess.Popen(
                    words, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=self.folder, env=clean,
                    start_new_session=True,
                )
            )  # fmt: skip

    def said(self, name: str, pattern: str) -> str:
        """What a process said in its log, once it has."""
        log, found = self.folder / f"{name}.log", []

        def spoken() -> bool:
            found.extend(re.findall(pattern, log.read_text(errors="replace")))
            return bool(found)

        gone(spoken, what=f"{name} to say {pattern!r}")
        return found[0]

    def stop(self) -> None:
        """Ends what was started here, workers first, and waits until it is gone."""
        for process in reversed(self.started):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        for process in reversed(self.started):
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            gone(lambda group=process.pid: not members(group), what="a stopped process of the cluster")

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
