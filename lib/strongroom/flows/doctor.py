"""Check the machine: Python, packages, Java, jars, folders, disk, loopback and the settings file.

One line each, `ok` or `fail`; a line that fails ends with the command that mends it. It changes nothing, starts no
Spark, and runs when the settings are broken. Exit code 4 when something fails.
"""

from __future__ import annotations

from pathlib import Path

from strongroom.core.errors import ConfigError, EnvironmentFault, UsageError
from strongroom.core.run import Job, Outcome
from strongroom.core.settings_file import load_settings
from strongroom.stores.home import Home
from strongroom.stores.machine import Finding, ours_alone, probe
from strongroom.stores.trust import sources

BARE = True


def run(job: Job) -> Outcome:
    """Probes the machine and the folders that the settings name.

    Raises:
        EnvironmentFault: at least one probe failed.
    """
    settings, folders, files = _settings(job)
    home = Home.named()
    findings = [*probe(home, folders), settings, ours_alone([str(home.venv), str(home.jars), *files])]
    failed = sum(bool(finding.mend) for finding in findings)
    if failed:
        for finding in findings:
            job.say(str(finding))
        raise EnvironmentFault(f"{failed} of {len(findings)} checks failed", todo="Run the commands after the arrows.")
    return Outcome(summary="\n".join(map(str, findings)), facts={"checks": len(findings)})


def _settings(job: Job) -> tuple[Finding, dict[str, str], list[str]]:
    """Whether the settings file can be read, the folders it names, and the files that nobody else may write."""
    file = job.args.config
    try:
        settings = load_settings(file, job.args.overrides)
    except (ConfigError, UsageError) as error:
        count = len(error.problems) if isinstance(error, ConfigError) else 1
        return Finding("settings", f"{file}: {count} problem(s)", f"./spark-submit.sh check --config {file}"), {}, []
    folders = {"lake": settings.lake, "keyring": str(Path(settings.keyring).parent), "audit": settings.audit}
    kind, _, place = settings.keys.partition(":")
    if kind == "file":
        folders["keys"] = str(Path(place).parent)
    held = [*sources(settings).values(), settings.keyring, *([place] if kind == "file" else [])]
    return Finding("settings", file), folders, held
