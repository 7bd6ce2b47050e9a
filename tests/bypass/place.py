"""A small lake with a secret of every kind in it, and what each attacker of it can reach."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from deltalake import DeltaTable

from strongroom.flows import keys, prepare, project
from support.lakes import Installation, install

SOURCE = "training.reviews"
OWN, OTHER = "projected.science.model_training.training.reviews", "projected.sales.any.training.reviews"
LEFT, RIGHT = "projected.left.any.training.reviews", "projected.right.any.training.reviews"
FORMER = "projected.former.any.training.reviews"
LATE = "projected.late.any.training.letters"
GROUPS = {"science": 62_001, "sales": 62_002, "left": 62_003, "right": 62_004, "former": 62_005}
EVE = 61_001
"""The attacker's number; no user of this system need have it."""

SECRETS = {
    "column": "quillfeather",  # in text_content, which science is not given
    "row": "r-777001",  # a neutral review, and science is not given those
    "mask": "v31337.271828",  # model_version, masked for science
    "email": "planted.person@secret.example",  # encrypted in the table
    "gone": "r-888001",  # given once, then erased
    "taken": "withdrawnword",  # in tags, which science was given once
    "bad": "badrowmarker",  # in a row that broke a rule
    "late": "closedletter",  # in a table that science was given until its grant ended
    "job": "jobtokenmarker",  # in the environment of a process that is at work
    "name": "filenamemarker",  # in the name of a raw file
}
"""What is planted, by what withholds it. More is found out once the lake is made: tokens and keys."""

_POLICY = """
roles:
  engineer: {members: [user:engineer]}
  science:  {members: [user:eve, group:lab], os_group: "62001"}
  late:     {members: [user:eve], os_group: "62001"}
  sales:    {members: [user:sam], os_group: "62002"}
  left:     {members: [user:both], os_group: "62003"}
  right:    {members: [user:both, user:ria], os_group: "62004"}
  former:   {members: [user:fred], os_group: "62005"}
  steward:  {members: [user:noor]}
  support:  {members: [user:ada], key: "file:support.kek"}
  mail:     {members: [user:mo], key: "file:mail.kek"}
  left_us:  {members: [user:ole], key: "file:left_us.kek"}
groups:
  lab: {members: [user:lee]}
grants:
  - role: engineer
    actions: [read, write, delete]
    tables: [raw.*, training.*, quarantine.*, projected.*, strongroom.*]
  - role: science
    actions: [read]
    tables: [training.reviews]
    purposes: [model_training]
    columns: {deny: [text_content, email@TAKEN@], mask: {model_version: mask-alphanum}}
    rows: label <> 'neutral'
    enforce: physical
  - {role: late, actions: [read], tables: [training.letters], until: @UNTIL@, enforce: physical}
  - role: sales
    actions: [read]
    tables: [training.reviews]
    columns: {allow: [user_id, email, text_content, label, model_version], mask: {model_version: sha-256-global}}
    enforce: physical
  - {role: left, actions: [read], tables: [training.reviews], columns: {deny: [text_content]}, enforce: physical}
  - {role: right, actions: [read], tables: [training.reviews], enforce: physical}
  - {role: former, actions: [read], tables: [training.reviews], columns: {allow: [text_content]}, enforce: physical}
  - {role: support, actions: [read], tables: [training.reviews], columns: {allow: [email]}, enforce: cryptographic}
  - {role: mail, actions: [read], tables: [training.letters], columns: {allow: [seal]}, enforce: cryptographic}
  - role: left_us
    actions: [read]
    tables: [training.reviews]
    columns: {allow: [email]}
    until: @LEFT@
    enforce: cryptographic
  - {role: steward, actions: [grant, read], tables: ["*"]}
denies:
  - {role: science, actions: [read], tables: [training.letters], columns: [letter_id]}
"""
_LETTERS = """
apiVersion: v3.1.0
kind: DataContract
id: letters
name: letters
version: 1.0.0
status: active
servers:
  - {server: raw, type: local, path: raw/letters/*.json, format: json}
schema:
  - name: letters
    properties:
      - {name: letter_id, logicalType: string, customProperties: [{property: protect, value: {method: keep}}]}
      - {name: body, logicalType: string, customProperties: [{property: protect, value: {method: keep}}]}
      - {name: seal, logicalType: string, customProperties: [{property: protect, value: {method: encrypt}}]}
customProperties:
  - {property: purposes, value: [model_training]}
"""


def _review(number: int, **more: object) -> dict[str, object]:
    return {
        "review_id": f"r-{number}", "user_id": 5_000_000 + number % 7, "email": f"person{number}@people.example",
        "text_content": f"{SECRETS['column']} number {number}", "rating": 4, "label": "positive",
        "model_version": SECRETS["mask"], "training_date": "2025-01-02", "created_at": "2025-01-02T00:00:00Z",
        "device": {"ip": f"203.0.113.{number % 7}", "app": "web"}, "tags": [SECRETS["taken"]],
    } | more  # fmt: skip


def _reviews() -> list[dict[str, object]]:
    return [
        *(_review(100_001 + number) for number in range(20)),
        *(_review(777_001 + number, label="neutral") for number in range(5)),
        _review(888_001), _review(100_050, email=SECRETS["email"]),
        _review(100_060, rating=99, text_content=f"{SECRETS['bad']} here"),
    ]  # fmt: skip


def _letters() -> list[dict[str, object]]:
    return [
        {"letter_id": f"l-{number}", "body": f"{SECRETS['late']} {number}", "seal": f"seal {number}"}
        for number in range(5)
    ]


@dataclass(frozen=True)
class Reach:
    """What an attacker knows and has. They know the path of everything; whether it opens is another matter.

    Args:
        home: folder of the installation.
        table: folder of the table that the attacker's role is given: the source where the level is advisory, a
            projection where files are what is given.
        source: folder of the table that is guarded.
        mine: a folder that the attacker can write.
        hats: folders that a second pair of roles is given.
        owner: folder of the installation itself, where the attacker holds a copy of some of it.
        files: every file of the installation.
        sizes: their sizes.
        jobs: a running process of the jobs' user, which holds the source open and a token in its environment.
        given: a word that the attacker is given anyway.
    """

    home: str
    table: str
    source: str
    mine: str
    hats: tuple[str, ...] = ()
    owner: str = ""
    files: tuple[str, ...] = ()
    sizes: tuple[int, ...] = ()
    jobs: int = 0
    given: str = "positive"
    session: object = field(default=None, compare=False)

    @property
    def lake(self) -> str:
        return f"{self.home}/lake"

    def folder(self, table: str) -> str:
        return f"{self.lake}/{table.replace('.', '/')}"

    def below(self, folder: str, end: str = ".parquet") -> list[str]:
        """The files of a folder as somebody knows them who has seen it."""
        return [file for file in self.files if file.startswith(f"{folder}/") and file.endswith(end)]


def build(folder: Path, capsys: object) -> Installation:
    """The lake, twice projected: what science was given at first is more than it is given now."""
    made = install(folder, capsys)
    for file in (made.root / "contracts").glob("customers*"):
        file.unlink()
    (made.root / "contracts" / "letters.yaml").write_text(_LETTERS)
    made.edit("local.yaml", "audit: audit", "audit: lake/strongroom/audit")
    made.edit("contracts/reviews.yaml", "percent: 20", "percent: 50")
    for data_set, rows in (("reviews", _reviews()), ("letters", _letters())):
        raw = made.lake / "raw" / data_set
        raw.mkdir(parents=True)
        (raw / f"{SECRETS['name']}.json").write_text("\n".join(map(json.dumps, rows)))
    policy(made)
    for data_set in ("reviews", "letters"):
        done = made.run(prepare, "--contract", data_set)
        assert done.code == 0, done.err
    hand_out_keys(made)
    projected(made)
    assert (made.lake / LATE.replace(".", "/")).exists(), "what is dropped below was there"
    assert SECRETS["gone"] in str(made.rows(OWN)), "so was the row that is erased below"
    assert SECRETS["taken"] in str(made.rows(OWN)), "and the column that is taken back"
    made.delta(SOURCE).delete(f"review_id = '{SECRETS['gone']}'")
    policy(made, taken=", tags", until="2020-01-01", left="2020-01-01")
    projected(made)
    extract = made.lake / "extracts"
    extract.mkdir()
    (extract / "table.csv").write_text(SECRETS["column"])
    # The last change of the policy, which no `project` has carried out.
    made.edit("policy.yaml", "{allow: [text_content]}, enforce", "{allow: [text_content]}, until: 2020-01-01, enforce")
    (made.root / "advisory.yaml").write_text(made.settings.read_text().replace("policy: policy", "policy: given"))
    given = (made.root / "policy.yaml").read_text().replace("enforce: physical", "enforce: advisory")
    (made.root / "given.yaml").write_text(given)
    return made


def folder_of(role: str) -> str:
    """The projection of `SOURCE` that a role is given, as a table's name."""
    return {"science": OWN, "sales": OTHER, "left": LEFT, "right": RIGHT, "former": FORMER}[role]


def policy(made: Installation, *, taken: str = "", until: str = "2099-01-01", left: str = "2099-01-01") -> None:
    text = _POLICY.replace("@TAKEN@", taken).replace("@UNTIL@", until).replace("@LEFT@", left)
    (made.root / "policy.yaml").write_text(text)


def hand_out_keys(made: Installation) -> None:
    """The keys of roles. One role keeps what it had, is given no more, and the keys are rotated."""
    done = made.run(keys, "wrap")
    assert done.code == 0, done.err
    (made.root / "kept").mkdir()
    shutil.copy(made.root / "left_us.kek", made.root / "kept")
    shutil.copy(made.lake / "strongroom/role-keys/left_us.json", made.root / "kept")
    policy(made, left="2020-01-01")
    done = made.run(keys, "wrap", "--rotate")
    assert done.code == 0, done.err


def held(made: Installation, folder: Path) -> str:
    """What somebody holds who has a role's keys and every file of the lake but raw ones, and the keyring."""
    shutil.copytree(made.lake, folder / "lake", ignore=lambda at, _: ["raw"] if Path(at) == made.lake else [])
    for name in ("contracts", "kept"):
        shutil.copytree(made.root / name, folder / name)
    for name in ("keys/keyring.json", "keys/keyring.handed.json", "mail.kek"):
        shutil.copy(made.root / name, folder)
    return str(folder)


def projected(made: Installation) -> None:
    done = made.run(project)
    assert done.code == 0, done.err


def secrets(made: Installation) -> dict[str, list[str]]:
    """Every form of every secret; tokens and keys as they turned out."""
    table = DeltaTable(str(made.lake / SOURCE.replace(".", "/"))).to_pyarrow_table()
    other = DeltaTable(str(made.lake / OTHER.replace(".", "/"))).to_pyarrow_table()
    return {
        **{name: [text] for name, text in SECRETS.items()},
        "token": sorted({row for row in table["user_id"].to_pylist() if row}),
        "other token": sorted({row for row in other["user_id"].to_pylist() if row}),
        "key": [(made.root / "keys" / "local.kek").read_text().strip()],
        "path": [str(made.lake / "training")],
        "layout": ["quarantine"],
        "given": ["positive"],
        "kept": ["r-100001"],
        "count": [f"{made.delta(OWN).to_pyarrow_table().num_rows} rows in "],
    }
