"""Attempts on encrypted columns with settings and a policy of one's own, which say yes to everything."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from bypass.asking import shown
from bypass.place import Reach
from strongroom import run_job
from strongroom.flows import keys as keys_job
from strongroom.flows import reveal
from strongroom.functions import decrypt, keys_of, keys_of_role

Found = Iterator[object]
TABLE, ME = "training.reviews", "user:mo"
_POLICY = """
roles:
  mail: {{members: [{me}], key: "file:{home}/mail.kek"}}
grants:
  - {{role: mail, actions: [read], tables: [training.*], {columns} enforce: {level}, {dates}}}
  - {{role: mail, actions: [reveal, write], tables: ["*"]}}
"""
_SETTINGS = """
lake: {home}/lake
keys: {keys}
keyring: {home}/keyring.json
policy: {mine}/policy.yaml
contracts: {home}/contracts
role_keys: {home}/lake/strongroom/role-keys
audit: {mine}/audit
principal: {me}
"""
BEFORE = datetime(2019, 6, 1, tzinfo=UTC)


def settings(at: Reach, level: str = "advisory", *, columns: str = "", dates: str = "", keys: str = "none") -> str:
    """The file of settings whose policy gives one what one wants."""
    mine = Path(tempfile.mkdtemp(dir=at.mine))
    words = {"home": at.home, "mine": mine, "me": ME, "keys": keys, "level": level, "columns": columns, "dates": dates}
    (mine / "policy.yaml").write_text(_POLICY.format(**words).replace(", }", "}"))
    (mine / "settings.yaml").write_text(_SETTINGS.format(**words))
    return str(mine / "settings.yaml")


def given(level: str, *, columns: str = "", dates: str = "", when: datetime | None = None) -> Callable[[Reach], Found]:
    """What `read_table` gives when one's own policy gives everything at that level."""

    def attempt(at: Reach) -> Found:
        yield from shown(at, TABLE, ME, "", by=settings(at, level, columns=columns, dates=dates), when=when)

    return attempt


def another_name(text: str) -> Callable[[Reach], Found]:
    """The guarded table by another name, where one's own policy gives everything."""

    def attempt(at: Reach) -> Found:
        yield from shown(at, text.replace("LAKE", at.lake), ME, "", by=settings(at))

    return attempt


def job(flow: object, *words: str, keys: str) -> Callable[[Reach], Found]:
    """What a job leaves and prints, with one's own settings and some key-encryption key."""

    def attempt(at: Reach) -> Found:
        file = settings(at, keys=keys.replace("HOME", at.home))
        out = Path(file).with_name("out")
        code = run_job.run(flow, [*(word.replace("OUT", str(out)) for word in words), "--config", file])
        yield f"exit {code}"
        for left in Path(file).parent.rglob("*"):
            if left.is_file():
                yield left.read_bytes()

    return attempt


revealed = job(reveal, "--contract", "reviews", "--columns", "email", "--purpose", "x", keys="file:HOME/mail.kek")
exported = job(keys_job, "export", "OUT", "--contract", "reviews", "--column", "email", keys="file:HOME/mail.kek")


def _opened(at: Reach, keys: object) -> Found:
    rows = at.session.read.format("delta").load(at.source)
    for row in rows.select(decrypt("email", table=TABLE, column="email", domain="email", keys=keys)).collect():
        yield row[0]


def functions_with_my_role(at: Reach) -> Found:
    """Our functions, by the keys of one's own role."""
    mine = keys_of_role("mail", provider=f"file:{at.home}/mail.kek", file=f"{at.lake}/strongroom/role-keys/mail.json")
    yield from _opened(at, mine)


def functions_with_their_role(at: Reach) -> Found:
    theirs = f"{at.lake}/strongroom/role-keys/support.json"
    yield from _opened(at, keys_of_role("support", provider=f"file:{at.home}/mail.kek", file=theirs))


def functions_with_the_keyring(at: Reach) -> Found:
    yield from _opened(at, keys_of(settings(at, keys=f"file:{at.home}/mail.kek")))
