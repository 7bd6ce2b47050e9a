"""Whether the Spark that we start reaches the kind of storage that the lake lies in."""

from __future__ import annotations

import re

from strongroom.core.errors import Problem
from strongroom.core.settings import Settings
from strongroom.setup.home import Home

_JARS = {
    "s3a": ("hadoop-aws", "org.apache.hadoop:hadoop-aws:3.4.2"),
    "abfs": ("hadoop-azure", "org.apache.hadoop:hadoop-azure:3.4.2"),
    "abfss": ("hadoop-azure", "org.apache.hadoop:hadoop-azure:3.4.2"),
    "gs": ("gcs-connector", "com.google.cloud.bigdataoss:gcs-connector:hadoop3-2.2.26"),
}
"""Scheme → name of the jar that serves it, and its Maven coordinates. Spark brings none of them."""

_OTHERS = {"s3": "s3a", "s3n": "s3a", "wasb": "abfs", "wasbs": "abfss"}
"""Schemes of before, and what Spark calls them today."""


def connector_fault(settings: Settings) -> Problem | None:
    """What is wrong with the lake's address for a Spark of our own; of a cluster's nobody can see it from here."""
    scheme = re.match(r"([A-Za-z0-9+.-]+)://?", settings.lake)
    if scheme is None or scheme[1] in ("file", "hdfs", "viewfs"):
        return None
    where = settings.file
    if newer := _OTHERS.get(scheme[1]):
        return Problem(
            f"Spark has no file system called '{scheme[1]}'.", where, f"Write {newer}:// in 'lake'.", "settings.lake"
        )
    if not settings.spark.get("spark.master", "").startswith("local"):
        return None
    if scheme[1] not in _JARS:
        known = ", ".join(f"{name}://" for name in _JARS)
        return Problem(
            f"Nothing here reads '{scheme[1]}://'.",
            where,
            f"A lake is a folder, or begins with {known}.",
            "settings.lake",
        )
    jar, coordinates = _JARS[scheme[1]]
    named = any(
        jar in settings.spark.get(f"spark.{key}", "") for key in ("jars", "jars.packages", "driver.extraClassPath")
    )
    there = any(
        jar in file.name for folder in (Home.named().spark / "jars", Home.named().jars) for file in folder.glob("*.jar")
    )
    if named or there:
        return None
    todo = f"Add 'spark.jars.packages: {coordinates}' under 'spark', or put its jars into {Home.named().jars}."
    return Problem(f"Spark has no jar for a lake on {scheme[1]}://.", where, todo, "settings.lake")
