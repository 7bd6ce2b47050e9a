"""Azurite, Azure's own emulator of its blobs: fetched by npm once, into the folder of the set-up."""

import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from system.standalone import HOME, Servers

VERSION = "3.37.0"
"""Before, a listing that starts behind the newest entry of a log comes back empty, so that no third version is made."""
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""Both are public: each Azurite has them."""


def program() -> Path:
    folder = HOME / f"azurite-{VERSION}"
    found = folder / "node_modules/.bin/azurite-blob"
    if not found.exists():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("NOT TESTED ON AZURE'S BLOBS: npm is not here")
        folder.mkdir(exist_ok=True)
        words = [npm, "install", "--no-fund", "--no-audit", "--no-save", f"azurite@{VERSION}"]
        subprocess.run(words, cwd=folder, check=True, capture_output=True)
    return found


def start(server: Servers) -> str:
    """An Azurite among the servers; returns its endpoint once it answers."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = [str(program()), "--blobHost", "127.0.0.1", "--blobPort", str(port), "--inMemoryPersistence"]
    server.start("azurite", [*words, "--skipApiVersionCheck", "--disableTelemetry"])
    server.said("azurite", r"successfully listens on (http://\S+)")
    return f"http://127.0.0.1:{port}"
