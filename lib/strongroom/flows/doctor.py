"""Check the machine: Python, packages, Java, jars, folders, disk, loopback and the settings file.

One line each, `ok` or `fail`; a line that fails ends with the command that mends it. It changes nothing, starts no
Spark, and runs when the settings are broken. Exit code 4 when something fails.
"""

from __future__ import annotations

from pathlib import Path

from strongroom.core.errors import ConfigError, EnvironmentFault, UsageError
from strongroom.core.escaping import joined, shell_word
from strongroom.core.run import Job, Outcome
from strongroom.core.settings_file import load_settings
from strongroom.stores.home import Home
from strongroom.stores.machine import Finding, probe

BARE = True


def run(job: Job) -> Outcome:
    """Probes the machine and the folders that the settings name.

    Raises:
        EnvironmentFault: at least one probe failed.
    """
    settings, folders = _settings(job)
    findings = [*probe(Home.named(), folders), settings]
    failed = sum(bool(finding.mend) for finding in findings)
    if failed:
        for finding in findings:
            job.say(str(finding))
        raise EnvironmentFault(f"{failed} of {len(findings)} checks failed", todo="Run the commands after the arrows.")
    return Outcome(summary=joined(map(str, findings)), facts={"checks": len(findings)})


def _settings(job: Job) -> tuple[Finding, dict[str, str]]:
    """Whether the settings file can be read, and the folders it names."""
    file = job.args.config
    try:
        settings = load_settings(file, job.args.overrides)
    except (ConfigError, UsageError) as error:
        count = len(error.problems) if isinstance(error, ConfigError) else 1
        return Finding(
            "settings", f"{file}: {count} problem(s)", f"./spark-submit.sh check --config {shell_word(file)}"
        ), {}
    folders = {"lake": settings.lake, "keyring": str(Path(settings.keyring).parent), "audit": settings.audit}
    kind, _, place = settings.keys.partition(":")
    if kind == "file":
        folders["keys"] = str(Path(place).parent)
    return Finding("settings", file), folders
