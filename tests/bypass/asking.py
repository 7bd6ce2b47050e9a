"""Attempts on `read_table`, by asking: names that are none, names of others, other purposes, other times."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

from bypass.place import OTHER, Reach
from stores.identity import tokens
from strongroom import run_job
from strongroom.core.errors import Refused, StoreError
from strongroom.core.run import Job, Outcome
from strongroom.core.settings.file import load_settings
from strongroom.flows.read import read_as, read_table

Found = Iterator[object]
TABLE, EVE, PURPOSE = "training.reviews", "user:eve", "model_training"


def ask(
    at: Reach, table: str = TABLE, who: str = EVE, purpose: str = PURPOSE, *, when: datetime | None = None, by: str = ""
) -> object:
    """The DataFrame that `read_table` gives."""
    settings = load_settings(by or f"{at.home}/advisory.yaml")
    return read_table(at.session, table, who, purpose, settings=settings, at=when)


def shown(at: Reach, *words: str, **more: object) -> Found:
    found = ask(at, *words, **more)
    yield found.columns, [row.asDict(recursive=True) for row in found.collect()]


def plainly(at: Reach) -> Found:
    """What every attempt here could have had: the table by its name, as somebody who may have all of it."""
    yield from shown(at, TABLE, "user:engineer", "")


def letters_plainly(at: Reach) -> Found:
    yield from shown(at, "training.letters", "user:engineer", "")


def name(text: str, who: str = EVE, purpose: str = PURPOSE):
    """Asks for a table by this text."""

    def attempt(at: Reach) -> Found:
        yield from shown(at, text.replace("LAKE", at.lake), who, purpose)

    return attempt


def as_somebody(who: str, purpose: str = PURPOSE):
    return name(TABLE, who, purpose)


def with_the_clock_set_back(at: Reach) -> Found:
    yield from shown(at, "training.letters", when=datetime(2019, 1, 1, tzinfo=UTC))


def with_a_policy_of_ones_own(at: Reach) -> Found:
    mine = Path(tempfile.mkdtemp(dir=at.mine))
    (mine / "own-policy.yaml").write_text(
        f"roles: {{me: {{members: [{EVE}]}}}}\ngrants: [{{role: me, actions: [read], tables: ['*']}}]\n"
    )
    text = (Path(at.home) / "advisory.yaml").read_text().replace("given.yaml", str(mine / "own-policy.yaml"))
    for key in ("lake", "contracts"):
        text = text.replace(f"{key}: {key}\n", f"{key}: {at.home}/{key}\n")
    text = text.replace("audit: lake/strongroom/audit", f"audit: {mine}/audit").replace(
        "file:keys", f"file:{at.home}/keys"
    )
    (mine / "own.yaml").write_text(text)
    try:
        yield from shown(at, by=str(mine / "own.yaml"))
    except StoreError:  # who may not look is told that nothing is there; this is what the system says
        Path(at.source).stat()
        raise


def acting_for_another(at: Reach) -> Found:
    """Where the system proves who asks, another's name is not one's own."""
    text = (
        (Path(at.home) / "advisory.yaml")
        .read_text()
        .replace("principal: user:engineer\n", "identity: {provider: system}\n")
    )
    proven = Path(at.home) / "proven.yaml"
    proven.write_text(text)
    yield from shown(at, TABLE, "user:engineer", "", by=str(proven))


NAMES = (
    ("backquoted path", "delta.`LAKE/training/reviews`", "a path is no name"),
    ("path", "LAKE/training/reviews", "a path is no name"),
    ("path with dots", "projected.science/../../training.reviews", "a path is no name"),
    ("empty part", "training..reviews", "an empty part makes no name"),
    ("pattern", "training.*", "a pattern is no name"),
    ("question mark", "training.review?", "a pattern is no name"),
    ("full-width letter", "training.ｒeviews", "Unicode would write it in another form"),
    ("zero-width space", "training.re\u200bviews", "no letter"),
    ("soft hyphen", "training.re\u00adviews", "no letter"),
    ("right-to-left mark", "training.\u200freviews", "no letter"),
    ("Cyrillic look-alike", "training.rеviews", "another letter, another table, and no grant of it"),
    ("dotless i", "training.revıews", "another letter, another table, and no grant of it"),
    ("combining mark", "training.reviews\u0301", "not in the form that is compared"),
    ("trailing space", "training.reviews ", "no letter"),
    ("line break", "training.reviews\n", "no letter"),
    ("NUL byte", "training.reviews\0", "no letter"),
    ("SQL in the name", "training.reviews; SELECT 1", "no letter"),
    ("version in the name", "training.reviews@v1", "no letter"),
    ("version clause", "training.reviews VERSION AS OF 1", "no letter"),
    ("partition in the name", "training.reviews/stage-000001", "a path is no name"),
)  # fmt: skip
"""Names that are none, or others: all refused."""

OTHERS = (
    ("another role's projection", OTHER, "no grant of it"),
    ("quarantine", "quarantine.reviews", "no grant of it"),
    ("raw files", "raw.reviews", "no grant of it"),
    ("audit log", "strongroom.audit", "no grant of it"),
    ("run records", "strongroom.runs", "no grant of it"),
    ("metrics", "strongroom.metrics", "no grant of it"),
    ("manifest", "strongroom.manifest", "no grant of it"),
)
PEOPLE = (
    ("name in another case", "user:ENGINEER", "principals keep their case"),
    ("name with a space", "user:engineer ", "no principal"),
    ("full-width name", "user:ｅngineer", "another letter, another person"),
    ("star", "user:*", "a pattern is no principal"),
    ("role", "role:engineer", "a role is no principal"),
    ("several names", "user:eve,user:engineer", "one name at a time"),
    ("nobody", "", "no principal"),
)


def started(at: Reach, token: str) -> Found:
    """A job that shows the table, started by whoever has this token."""
    settings = (Path(at.home) / "advisory.yaml").read_text().replace("principal: user:engineer\n", "")
    keys = Path(at.home) / "issuer.json"  # where nobody else writes
    keys.write_text(tokens.key_set())
    proven = Path(at.home) / "tokens.yaml"
    identity = f"{{provider: token, keys: {keys}, issuer: '{tokens.ISSUER}', audience: strongroom}}"
    proven.write_text(f"{settings}\nidentity: {identity}\n")
    seen: list[object] = []

    def run(job: Job) -> Outcome:
        seen.extend(read_as(job, TABLE).collect())
        return Outcome()

    said, before = io.StringIO(), os.environ.get(tokens.NAME)
    os.environ[tokens.NAME] = token
    try:
        with redirect_stdout(said), redirect_stderr(said):
            code = run_job.run(SimpleNamespace(__name__="show", run=run), ["--config", str(proven)])
    finally:
        del os.environ[tokens.NAME]
        if before is not None:
            os.environ[tokens.NAME] = before
    if code == Refused.exit_code:
        raise Refused(said.getvalue())
    yield code, said.getvalue(), seen


def with_forged_tokens(at: Reach) -> Found:
    """Each of the forged and foreign tokens that `stores/test_identity.py` knows, at the start of a job."""
    refused = []
    for token, _, why in tokens.forged():
        try:
            yield from started(at, token)
        except Refused as no:
            refused.append(f"{why}: {no}")
    if len(refused) == len(tokens.forged()):
        raise Refused(f"all {len(refused)} forged tokens")


def with_a_good_token(at: Reach) -> Found:
    yield from started(at, tokens.signed(tokens.claims(sub="engineer")))
