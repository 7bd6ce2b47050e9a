"""Real servers on this machine: Spark's standalone master with workers, and a Spark Connect server, each a JVM."""

import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pyspark

from system.processes import environment, gone, members

SPARK = Path(pyspark.__file__).parent
HOME = Path(os.environ.get("STRONGROOM_HOME") or Path(__file__).parents[2] / ".strongroom")


class Servers:
    """Processes that stay until they are stopped; their environment knows nothing of the project."""

    def __init__(self, folder: Path):
        self.folder, self.started = folder, []
        folder.mkdir(parents=True)

    def start(self, name: str, words: list[str], **more: str) -> None:
        more = {
            "SPARK_HOME": str(SPARK), "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_DAEMON_MEMORY": "256m",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", **more,
        }  # fmt: skip
        clean = environment(**more)
        clean.pop("STRONGROOM_HOME", None)
        with (self.folder / f"{name}.log").open("wb") as log:
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

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Ends what was started here, last things first, and waits until it is gone."""
        for process in reversed(self.started):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)
        for process in reversed(self.started):
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            gone(lambda group=process.pid: not members(group), what="a stopped server")

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class Cluster(Servers):
    """A master and its workers."""

    def __init__(self, folder: Path, *, workers: int = 2, memory: str = "700m"):
        super().__init__(folder)
        try:
            self.daemon("master", "master.Master", "--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
            self.master = self.said("master", r"Starting Spark master at (spark://\S+)")
            for number in range(workers):
                self.daemon(
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

    def daemon(self, name: str, kind: str, *options: str) -> None:
        words = [str(SPARK / "bin/spark-class"), f"org.apache.spark.deploy.{kind}", *options]
        self.start(name, words, SPARK_LOCAL_DIRS=str(self.folder / "local" / name))


SERVER = {
    "spark.master": "local[2]",
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.io.encryption.enabled": "true",
    "spark.authenticate": "true",
    "spark.python.unix.domain.socket.enabled": "true",
    "spark.driver.memory": "1g",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.databricks.delta.snapshotPartitions": "2",
}
"""What docs/install.md starts a server with, and what a small machine needs."""


class ConnectServer(Servers):
    """A Spark Connect server; its Python has the packages of requirements.txt and none of our own modules."""

    def __init__(self, folder: Path, **settings: str):
        super().__init__(folder)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.master = f"sc://127.0.0.1:{self.port}"
        self.settings = {
            **SERVER, "spark.connect.grpc.binding.port": str(self.port),
            "spark.driver.extraClassPath": ":".join(map(str, sorted((HOME / "jars").glob("*.jar")))),
            "spark.sql.warehouse.dir": str(folder / "warehouse"),
            **{name: value for name, value in settings.items() if value},
        }  # fmt: skip

    def up(self, **more: str) -> "ConnectServer":
        """Starts it, and waits until it listens."""
        conf = [word for name, value in self.settings.items() for word in ("--conf", f"{name}={value}")]
        kind = "org.apache.spark.sql.connect.service.SparkConnectServer"
        words = [str(SPARK / "bin/spark-submit"), "--class", kind, *conf, "spark-internal"]
        try:
            self.start("server", words, **{"PYSPARK_PYTHON": sys.executable, "SPARK_DAEMON_MEMORY": "1g", **more})
            gone(self.listens, what="the Connect server to listen", seconds=240)
        except BaseException:
            self.stop()
            raise
        return self

    def listens(self) -> bool:
        assert self.started[0].poll() is None, (self.folder / "server.log").read_text()[-2000:]
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False

    def __enter__(self) -> "ConnectServer":
        return self if self.started else self.up()
