"""Check the machine (Python, packages, Java, jars, folders, disk, loopback), settings, keyring, audit log and tables.

The keyring has to open with its key; each table needs a readable log at the version that its last run published, and
the files it names (50 of each table are asked).
One line each, `ok` or `fail`; a line that fails ends with the command that mends it. It runs when the settings are
broken, and changes nothing; of a lake in an object store both halves, Arrow and Spark, write, commit, read and delete
a probe (not with --dry-run). Exit code 4 when something fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

from strongroom.audit.key_file import is_kept_from_us
from strongroom.audit.log import AuditLog
from strongroom.audit.signing import waiting
from strongroom.core.errors import ConfigError, EnvironmentFault, StoreError, UsageError
from strongroom.core.escaping import joined, shell_word
from strongroom.core.run import Job, Outcome
from strongroom.core.settings import Settings
from strongroom.core.settings.file import load_settings
from strongroom.core.settings.storage import cloud_of
from strongroom.setup.home import Home
from strongroom.setup.probes import Finding, ours_alone, probe
from strongroom.stores import storage
from strongroom.stores.identity.settings_file import USUAL
from strongroom.stores.identity.trust import sources

BARE = True


def run(job: Job) -> Outcome:
    """Probes the machine and the folders that the settings name.

    Raises:
        EnvironmentFault: at least one probe failed.
    """
    told, settings = _settings(job)
    home = Home.named()
    cloud = cloud_of(settings.lake) if settings else ""
    findings = [*probe(home, _folders(settings) if settings else {}, cloud=cloud), told]
    if cloud:  # whose jars a set-up fetches only when it is told of the lake
        here = f" doctor --config {shell_word(job.args.config)}"
        findings = [
            replace(each, mend=f"{each.mend}{here}") if each.mend.endswith("--setup-only") else each
            for each in findings
        ]
    findings += _looked("writers", lambda: [_writers(home, settings)])
    if settings:
        with storage.settled(settings):
            findings += _looked("storage", lambda: _tried(job, settings))
            findings += _looked("sealing", lambda: [_audit(job, settings)])
            findings += _looked("tables", lambda: _lake(settings))
    failed = sum(bool(finding.mend) for finding in findings)
    answer = {"checks": [{"ok": not finding.mend, **asdict(finding)} for finding in findings]}
    if failed:
        for finding in findings:
            job.say(str(finding))
        todo = "Run the commands after the arrows."
        fault = EnvironmentFault(f"{failed} of {len(findings)} checks failed", todo=todo, code="doctor.failed")
        fault.outcome = Outcome(answer=answer)
        raise fault
    return Outcome(summary=joined(map(str, findings)), facts={"checks": len(findings)}, answer=answer)


def _looked(name: str, probe: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """What a probe says; where it may not even look, that: the others still tell theirs."""
    try:
        return [*probe()]
    except OSError as error:
        place = shell_word(str(error.filename or ""))
        return [Finding(name, f"{place} cannot be looked at: {error.strerror}", f"ls -ld {place}")]


def _writers(home: Home, settings: Settings | None) -> Finding:
    return ours_alone([str(home.venv), str(home.jars), *(_held(settings) if settings else [])])


def _tried(job: Job, settings: Settings) -> Iterator[Finding]:
    """Whether a lake in an object store can be used by both halves; of a folder other probes tell."""
    if cloud_of(settings.lake) and not job.args.dry_run:
        from strongroom.flows.doctor.object_store import tried  # what opens tables takes a while to load

        yield from tried(job, settings)


def _lake(settings: Settings) -> Iterator[Finding]:
    """The keyring, and the lake's tables."""
    from strongroom.flows.doctor.lake import looked  # what opens tables takes a while to load

    yield from looked(settings)


def _settings(job: Job) -> tuple[Finding, Settings | None]:
    """Whether the settings file can be read, and what it says."""
    file = job.args.config
    if file == USUAL and not Path(file).exists():
        return Finding("settings", "none here, nor in a folder above", "./spark-submit.sh init FOLDER"), None
    try:
        settings = load_settings(file, job.args.overrides)
    except (ConfigError, UsageError) as error:
        count = len(error.problems) if isinstance(error, ConfigError) else 1
        mend = f"./spark-submit.sh check --config {shell_word(file)}"
        return Finding("settings", f"{file}: {count} problem(s)", mend), None
    return Finding("settings", file), settings


def _folders(settings: Settings) -> dict[str, str]:
    """The folders that the settings want to write to, by name."""
    folders = {"lake": settings.lake, "keyring": str(Path(settings.keyring).parent), "audit": settings.audit}
    kind, _, place = settings.keys.partition(":")
    if kind == "file":
        folders["keys"] = str(Path(place).parent)
    return folders


def _held(settings: Settings) -> list[str]:
    """The files that nobody else may write."""
    kind, _, place = settings.keys.partition(":")
    return [*sources(settings).values(), settings.keyring, *([place] if kind == "file" else [])]


def _audit(job: Job, settings: Settings) -> Finding:
    """Whether the audit log can be signed: what a job only warns of."""
    if not Path(settings.audit).is_dir():
        return Finding("sealing", f"nothing is in {settings.audit} yet")
    if is_kept_from_us(settings):
        return Finding("sealing", "the signing key is another user's; not probed")
    try:
        entries = waiting(AuditLog.open(settings), settings)
    except StoreError as error:
        mend = f"./spark-submit.sh audit verify --config {shell_word(job.args.config)}"
        return Finding("sealing", str(error.what), mend)
    return Finding("sealing", f"{settings.audit} can be signed; {entries} entries wait for it")
