"""The settings of one installation: where the lake, the keys, the policy and the contracts are, how Spark is set."""

from strongroom.core.settings.model import IDENTITY, JOBS, KNOWN, STORAGE, Settings

__all__ = ["IDENTITY", "JOBS", "KNOWN", "STORAGE", "Settings"]
