"""Watches a job while it runs: pages of Spark's UI, and every file it ever has in its local and temporary folders."""

import hashlib
import json
import os
import re
import shutil
import socket
import tempfile
import threading
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

PAUSE = 0.05
PAGES = ("jobs/", "stages/", "storage/", "environment/", "executors/", "SQL/", "connect/")  # the last is not everywhere
REST = (
    "jobs", "stages?details=true&withSummaries=true", "storage/rdd", "environment", "allexecutors",
    "sql?details=true&planDescription=true&length=1000",
)  # fmt: skip


class Watch:
    """Keeps what it sees under `folder`: `ui`, `events` and, by links that outlive the files, `local` and `tmp`."""

    def __init__(self, folder: Path, *, pause: float = PAUSE):
        self.folder = folder
        # Short, since sockets lie there, too, and their addresses have to be; on the disk of `folder`, for the links.
        self.scratch = Path(tempfile.mkdtemp(prefix="w-", dir="/tmp"))
        self.events, self.ui = folder / "events", folder / "ui"
        for made in (self.events, self.ui, *(self.scratch / name for name in ("local", "tmp", "java"))):
            made.mkdir(parents=True, exist_ok=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.ended = threading.Event()
        works = ((self.link, PAUSE), (self.look, pause))
        self.threads = [threading.Thread(target=self.every, args=work) for work in works]
        self.opener = build_opener(ProxyHandler({}))

    @property
    def spark(self) -> dict[str, str]:
        """Settings of a Spark that shows all it can."""
        found = {
            "eventLog.enabled": "true", "eventLog.dir": self.events.as_uri(), "eventLog.compress": "false",
            "eventLog.rolling.enabled": "false", "eventLog.logStageExecutorMetrics": "true",
            "ui.enabled": "true", "ui.port": str(self.port), "sql.maxPlanStringLength": "1000000",
            "sql.debug.maxToStringFields": "1000",
            # What is packed by Spark's own kind of LZ4 is not unpacked by the search, so nothing is packed.
            "shuffle.compress": "false", "shuffle.spill.compress": "false", "rdd.compress": "false",
            "broadcast.compress": "false",
        }  # fmt: skip
        return {f"spark.{name}": value for name, value in found.items()}

    @property
    def options(self) -> list[str]:
        """The same for a job."""
        return [word for name, value in self.spark.items() for word in ("--set", f"{name}={value}")]

    @property
    def environment(self) -> dict[str, str]:
        return {
            "SPARK_LOCAL_DIRS": str(self.scratch / "local"), "TMPDIR": str(self.scratch / "tmp"),
            "JAVA_TOOL_OPTIONS": f"-Djava.io.tmpdir={self.scratch / 'java'}",
        }  # fmt: skip

    def every(self, work, pause: float) -> None:
        while not self.ended.wait(pause):
            work()
        work()

    def link(self) -> None:
        """A second name for each file: whatever is written to it later, and after it is deleted, is kept too."""
        found = [Path(folder, name) for folder, _, names in os.walk(self.scratch) for name in names]
        for path in found:
            kept = self.folder / "scratch" / str(path.relative_to(self.scratch)).replace("/", "!")
            if not kept.exists() and path.suffix not in (".so", ".jar", ".jnilib"):
                kept.parent.mkdir(parents=True, exist_ok=True)
                with suppress(OSError):
                    os.link(path, kept)

    def look(self) -> None:
        """Every page of the UI as it is now, those of a Connect server with each of its sessions."""
        address = f"http://127.0.0.1:{self.port}"
        with suppress(OSError, HTTPException, ValueError):  # not up yet, or gone already
            app = json.loads(self.page(f"{address}/api/v1/applications"))[0]["id"]
            for rest in REST:
                self.page(f"{address}/api/v1/applications/{app}/{rest}")
            for page in PAGES:
                shown = self.page(f"{address}/{page}").decode(errors="replace")
            for session in sorted(set(re.findall(r"connect/session/\?id=([\w-]+)", shown))):
                self.page(f"{address}/connect/session/?id={session}")

    def page(self, address: str) -> bytes:
        with self.opener.open(address, timeout=5) as answer:
            data = answer.read()
        (self.ui / f"{hashlib.sha256(data).hexdigest()[:20]}.txt").write_bytes(address.encode() + b"\n" + data)
        return data

    def __enter__(self) -> "Watch":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        for thread in self.threads:
            thread.join()
        shutil.rmtree(self.scratch, ignore_errors=True)
