"""Every job, and every failure that can be brought about, on an installation of `planted.py`.

`job(name, *options, code=0)` runs one as its user would, and checks its exit code.
"""

import base64
from pathlib import Path

from support.lakes import ROOT
from system.planted import AGE, COUNT, PERSONAL_TIME, PURPOSES, QUERY, TIME, Raw, damaged, keys, lines

ARN = "arn:aws:kms:eu-west-1:123456789012:key/1"
AMAZON = {
    "AWS_ENDPOINT_URL_KMS": "http://127.0.0.1:1", "AWS_ACCESS_KEY_ID": "someone",
    "AWS_SECRET_ACCESS_KEY": "awsmarker-8d2f61c0a97be453",
}  # fmt: skip
ENV_KEY = bytes(range(160, 192))
IN_ENV = {"KEY_IN_ENV": base64.b64encode(ENV_KEY).decode()}
OPEN_GATE = ("--set", "prepare.quarantine_limit=1")
PIA = ("--set", "principal=user:pia", "--purpose", "requests")
KIM = ("--set", "principal=user:kim")
PATTERN = "pattern: '^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$'"
OWN_SPARK = """# Databricks notebook source
dbutils.widgets.text("config", "", "Settings file")

# COMMAND ----------

from strongroom.functions import decrypt, encrypt, keys_of, token

keys = keys_of(dbutils.widgets.get("config"))
place = {"table": "training.reviews", "column": "email", "domain": "email", "keys": keys}
raw = spark.read.schema("user_id bigint, email string").json("RAW")
user, email = token("user_id", domain="person", keys=keys), encrypt("email", **place)
mine = raw.select(user.alias("user_id"), email.alias("email"))
mine.write.mode("overwrite").parquet("COPY")
opened = spark.read.parquet("COPY").select(decrypt("email", **place).alias("opened"))
opened.explain("extended")
print(opened.where("opened is not null").count() > 100)
"""
"""What somebody does who writes their own Spark: the kernels as columns, over the same raw files."""


def with_spark(place, job):
    """The jobs that run on Spark, as they end well."""
    job("prepare", *OPEN_GATE)
    job("prepare", "--contract", "customers", *OPEN_GATE)
    job("curate")
    job("vectorize", "--set", "vectorize.max_features=5000")
    job("reveal", "--columns", "email,review_id", *PIA)
    job("project")
    notebooks(place, job)
    place.edit("contracts/reviews.yaml", PATTERN, "pattern: '.'")
    job("quarantine", "retry")
    place.edit("contracts/reviews.yaml", "pattern: '.'", PATTERN)


def notebooks(place, job):
    own = place.root / "own.py"
    own.write_text(OWN_SPARK.replace("RAW", str(place.lake / "raw/reviews")).replace("COPY", str(place.root / "copy")))
    for file in (own, ROOT / "notebooks/02_explore.py"):
        job("notebook", str(file))


def failing(place, job, *, fault: Path):
    """One run of each kind that ends badly; the lake's raw data is as before afterwards.

    Returns the secrets of providers other than the usual one.
    """
    job("prepare", "--set", "prepare.quarantine_limit=0", code=6)
    with Raw(place, "reviews/part-9100.json", lines({"json.key@marker.example": 1}).encode()):
        job("prepare", *OPEN_GATE, code=3)
    with Raw(place, "customers/part-9100.parquet", b"PAR1 corruptmarker-9 PAR1"):
        job("prepare", "--contract", "customers", code=7)
    with Raw(place, "customers/part-9200.parquet", damaged()):
        job("prepare", "--contract", "customers", *OPEN_GATE, code=7)
    with Raw(place, "people/no-header.csv", b"csv.row@marker.example,Csvmarker\nx@y.example,Bob\n"):
        job("prepare", "--contract", "people", code=3)
    kek, aside = place.root / "keys/local.kek", place.root / "keys/aside.kek"
    kek.rename(aside)
    kek.touch(0o600)
    kek.write_bytes(base64.b64encode(bytes(32)))
    job("prepare", *OPEN_GATE, code=7)
    job("reveal", "--columns", "email", *PIA, code=7)
    aside.replace(kek)
    job("prepare", "--set", f"keys=aws-kms:{ARN}", code=7, **AMAZON)
    env = ("--set", "keys=env:KEY_IN_ENV", "--set", "keyring=other/env.json")
    job("keys", "rotate", *KIM, *env, "--set", "lake=other", **IN_ENV)
    job("prepare", *env, "--set", "prepare.quarantine_limit=0", code=6, **IN_ENV)
    (fault / "on").touch()
    job("prepare", *OPEN_GATE, code=1, PYTHONPATH=str(fault))
    (fault / "on").unlink()
    job("reveal", "--columns", "email", "--purpose", "fun", code=5)
    job("vectorize", "--set", "vectorize.min_df=100000", code=7)
    place.edit("contracts/reviews.yaml", COUNT, QUERY)
    job("prepare", *OPEN_GATE, code=6)
    for old, new in ((QUERY, COUNT), (TIME, PERSONAL_TIME), (PURPOSES, AGE)):
        place.edit("contracts/reviews.yaml", old, new)
    job("prepare", *OPEN_GATE)
    return [("AWS secret", AMAZON["AWS_SECRET_ACCESS_KEY"].encode()), ("key in a variable", ENV_KEY)]


def cut_short(place, job, killed):
    """A run that finds no more room, and one that is killed with its rows half staged."""
    full = {
        "before": ("prlimit", "--fsize=8192"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }  # Python would cut its own caches short
    job("prepare", *OPEN_GATE, code=7, **full)
    table = place.lake / "training/reviews"
    before = set(table.glob("_stage-*"))
    killed("prepare", *OPEN_GATE, when=lambda: bool(set(table.glob("_stage-*")) - before))


def without_spark(place, job):
    """The jobs that need no Spark, well and badly ended; returns every key that there ever was."""
    job("check")
    job("contract", "diff", "reviews", "reviews")
    job("doctor", code=None)
    job("sample", "--rows", "100", "--set", "lake=other")
    job("prepare", "--dry-run")
    job("quarantine", "list")
    job("quarantine", "show", "--limit", "10000", *PIA)
    job("quarantine", "show", code=5)
    secrets = tended(place, job)
    job("quarantine", "discard", "--contract", "customers", "--older-than", "0")
    job("access", "explain", "--as", "user:pia", "--table", "training.reviews")
    job("access", "matrix", "--out", str(place.root / "matrix.html"))
    job("access", "diff", str(place.root / "policy.yaml"), str(ROOT / "conf/policy.yaml"))
    job("access", "lint", code=None)
    job("access", "export", "--to", "unity-catalog", "--out", str(place.root / "unity"), "--dry-run", code=None)
    (place.root / "who").write_text("no reviewer\n")
    job("consent", "show", "--subject-from", str(place.root / "who"), "--set", "principal=user:pia", "--dry-run")
    job("audit", "verify")
    job("audit", "search", "outcome=allowed")
    job("audit", "prove", "1", "--out", str(place.root / "proof.txt"))
    job("audit", "report", "--month", "2026-01", code=None)
    job("audit", "verify", "--proof", str(place.root / "proof.txt"), "--entry", str(place.settings), code=None)
    return secrets


def tended(place, job):
    """The keyring: listed, rotated, counted, rewrapped, written out and read in, and one key destroyed."""
    job("keys", "list")
    job("keys", "rotate", *KIM)
    second = primary(job)
    job("keys", "rotate", *KIM)
    job("keys", "coverage")
    job("keys", "rewrap", *KIM)
    for verb in ("disable", "enable"):
        job("keys", verb, second, *KIM)
    job("keys", "wrap", *KIM)
    job("keys", "export", str(place.root / "exported.json"), *KIM)
    job("keys", "export", str(place.root / "exported-column.json"), "--column", "email", *KIM)
    other = ("--set", "keys=file:other/local.kek", "--set", "keyring=other/keyring.json", "--set", "lake=other")
    job("keys", "rotate", *KIM, *other)
    job("keys", "import", str(place.root / "exported.json"), *KIM, *other)
    job("keys", "import", str(place.settings), *KIM, code=None)
    secrets = [*keys(place), *keys(place, "other")]
    job("keys", "destroy", second, *KIM)
    job("keys", "destroy", primary(job), *KIM, code=2)
    return secrets


def primary(job):
    """The id of the key that is used now."""
    return job("keys", "list").line["answer"]["primary"]
