"""The settings of one installation: where the lake, the keys, the policy and the contracts are, how Spark is set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Settings:
    """One settings file, read and checked. Relative paths in it start at the file's own folder; here they are absolute.

    Args:
        file: the settings file itself.
        lake: root folder or URI of the lake, or `catalog:NAME`.
        keys: reference of the provider that holds the key-encryption key: `file:PATH`, `env:NAME`, …
        keyring: file with the wrapped data keys; safe to copy, useless without the provider.
        policy: the policy file.
        contracts: folder of the contracts.
        principal: who runs a job when nobody else is named; empty means the operating system's user.
        audit: folder of the audit log.
        spark: Spark SQL settings, and `spark.master`.
        jobs: settings of single jobs, section → key → value; for example `prepare.mode`, `vectorize.max_features`.
    """

    file: str
    lake: str
    keys: str
    keyring: str
    policy: str
    contracts: str
    principal: str = ""
    audit: str = ""
    spark: Mapping[str, str] = field(default_factory=dict)
    jobs: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
