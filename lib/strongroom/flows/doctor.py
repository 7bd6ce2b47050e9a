"""Check the machine (Python, packages, Java, jars, folders, disk, loopback), the settings file and the tables' files.

One line each, `ok` or `fail`; a line that fails ends with the command that mends it. It changes nothing, starts no
Spark, and runs when the settings are broken. Exit code 4 when something fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from strongroom.core.errors import ConfigError, EnvironmentFault, StoreError, UsageError
from strongroom.core.run import Job, Outcome
from strongroom.core.settings_file import load_settings
from strongroom.core.words import counted
from strongroom.stores.home import Home
from strongroom.stores.keys_coverage import tables_of
from strongroom.stores.lake import Lake
from strongroom.stores.machine import Finding, probe
from strongroom.stores.old_timestamps import old_files

BARE = True
_FOOTERS = 50
"""Files of a table that are asked at most."""


def run(job: Job) -> Outcome:
    """Probes the machine and the folders that the settings name.

    Raises:
        EnvironmentFault: at least one probe failed.
    """
    settings, folders = _settings(job)
    findings = [*probe(Home.named(), folders), settings, *_tables(folders.get("lake", ""))]
    failed = sum(bool(finding.mend) for finding in findings)
    if failed:
        for finding in findings:
            job.say(str(finding))
        raise EnvironmentFault(f"{failed} of {len(findings)} checks failed", todo="Run the commands after the arrows.")
    return Outcome(summary="\n".join(map(str, findings)), facts={"checks": len(findings)})


def _tables(lake: str) -> Iterator[Finding]:
    """Whether published tables hold timestamps that other readers and writers take for other moments."""
    if not lake or lake.startswith("catalog:"):
        return
    old, asked = dict[str, str](), 0
    try:
        for table in tables_of(Lake(lake)):
            files, looked = old_files(Lake(lake), table, most=_FOOTERS)
            asked += looked
            if files:
                old[table] = f"{table} ({len(files)} of {counted(looked, 'file')})"
    except StoreError as error:
        yield Finding("tables", f"{error.where}: {error.what}; not probed")
        return
    if old:
        what = f"timestamps that only Spark reads right: {', '.join(old.values())}"
        yield Finding("tables", what, "./spark-submit.sh prepare --mend-timestamps")
    elif asked:
        yield Finding("tables", f"timestamps in {counted(asked, 'file')} as Delta demands them")


def _settings(job: Job) -> tuple[Finding, dict[str, str]]:
    """Whether the settings file can be read, and the folders it names."""
    file = job.args.config
    try:
        settings = load_settings(file, job.args.overrides)
    except (ConfigError, UsageError) as error:
        count = len(error.problems) if isinstance(error, ConfigError) else 1
        return Finding("settings", f"{file}: {count} problem(s)", f"./spark-submit.sh check --config {file}"), {}
    folders = {"lake": settings.lake, "keyring": str(Path(settings.keyring).parent), "audit": settings.audit}
    kind, _, place = settings.keys.partition(":")
    if kind == "file":
        folders["keys"] = str(Path(place).parent)
    return Finding("settings", file), folders
