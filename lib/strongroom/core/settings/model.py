"""The settings of one installation: where the lake, the keys, the policy and the contracts are, how Spark is set.

`KNOWN`, `IDENTITY`, `STORAGE` and `JOBS` are the whole vocabulary: a new setting is one line there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Setting:
    """What one setting may hold.

    Args:
        kind: `text`; `word` (letters, digits, dashes); `path` (a file, folder or URI); `masters` (Spark's, a list);
            `provider` (`file:PATH`, `env:NAME`, …); `address` (`http://…` or `https://…`, nothing secret in it);
            `token` (`env:NAME` or `file:PATH`: where a token is); `credentials` (`environment`, `role`, `file:PATH`);
            `name` (a contract's or column's); `principal` (`user:NAME`); `choice`; `integer`; `number`; `share` (0 to
            1); `flag`.
        default: its value when the file does not name it; None where that means "not set".
        required: whether a file without it is refused.
        choices: the words of a `choice`.
        least: the smallest value of an `integer` or `number`.
    """

    kind: str
    default: object = ""
    required: bool = False
    choices: tuple[str, ...] = ()
    least: float | None = None


KNOWN: Mapping[str, Setting] = {
    "lake": Setting("lake", required=True),  # root folder or URI of the lake
    "keys": Setting("provider", required=True),  # who holds the key-encryption key; `none` for who only reads
    "keyring": Setting("path"),  # the wrapped data keys; default: beside the key file, else beside the settings
    "policy": Setting("path", required=True),  # the policy file
    "contracts": Setting("path", required=True),  # folder of the contracts
    "principal": Setting("principal"),  # who runs a job where nothing proves it; default: the system's user
    # what `keys wrap` gives to roles; default: LAKE/strongroom/role-keys; beside the keyring when the lake is no folder
    "role_keys": Setting("path"),
    # folder of requests for erasure and of tombstones, on a disk; default: `erasures` beside the keyring
    "erasures": Setting("path"),
    "audit": Setting("path"),  # folder of the audit log, on a disk; default: LAKE/strongroom/audit
    "masters": Setting("masters", default=()),  # besides spark.master, where `identity` is set; elsewhere any will do
}
"""The settings of the whole installation; besides them there are two mappings, `spark` of Spark's settings and
`environment` of variables."""

IDENTITY: Mapping[str, Setting] = {
    "provider": Setting("choice", default="", choices=("system", "databricks", "token")),  # what proves who is asking
    "host": Setting("address"),  # of `databricks`: the workspace to ask; without it only its clusters can tell
    "keys": Setting("path"),  # of `token`: a JSON Web Key Set
    "issuer": Setting("text"),  # of `token`: who must have issued it
    "audience": Setting("text", default="strongroom"),  # of `token`: whom it must be for
    "claim": Setting("text", default="sub"),  # of `token`: the claim that names the user
    "token": Setting("token", default="env:STRONGROOM_TOKEN"),  # of `token`: where the caller's is
}
"""The section `identity`: who proves who is asking (`stores/identity/who.py`). Never settable on the command line."""

STORAGE: Mapping[str, Setting] = {
    "endpoint": Setting("address"),  # of a server that is not the cloud's own
    "region": Setting("word"),
    "credentials": Setting("credentials"),  # who knows them; without it whatever the SDKs find first
}
"""The section `storage`: where the lake's object store is (`core/settings/storage.py`). Never on the command line."""

JOBS: Mapping[str, Mapping[str, Setting]] = {
    "prepare": {
        "contract": Setting("name"),  # of a job that is told none
        "mode": Setting("choice", default="overwrite", choices=("overwrite", "append")),  # all files, or just new ones
        "engine": Setting("choice", default="spark", choices=("spark", "auto", "local")),  # who does the work
        "quarantine_limit": Setting("share", default=None),  # more set aside closes the gate; beats the contract's
        "widenLimit": Setting("number", default=10.0, least=0.0),  # GB that an increment writes anew for wider columns
        "sql_seconds": Setting("number", default=600.0, least=0.1),  # how long the query of a rule may take
        "sketches": Setting("flag", default=True),  # remember how values spread; docs/quality.md, section 6
        "sample": Setting("flag", default=False),  # make the sample lake when the lake has no raw data yet
        "openlineage": Setting("address"),  # events go there too; the report's file is written whatever becomes of them
        "openlineage_token": Setting("token"),  # where the token for it is
        "pushgateway": Setting("address"),  # the same for the figures
        "pushgateway_token": Setting("token"),  # where the token for it is
        "send_seconds": Setting("number", default=5.0, least=0.1),  # how long a receiver is waited for
    },
    "curate": {
        "contract": Setting("name"),  # of a job that is told none
    },
    "erase": {
        "contract": Setting("name"),  # of a job that is told none
        # what becomes of raw files: written anew, or only named, where others own them
        "raw": Setting("choice", default="report", choices=("rewrite", "report")),
        "retrain_days": Setting("integer", default=30, least=0),  # how long a model trained on an erased person is used
    },
    "report": {  # what the law wants to be told and no contract knows; what is empty is listed as missing
        "controller": Setting("text"),  # who decides why and how data is processed: name and address
        "contact": Setting("text"),  # how to reach them
        "representative": Setting("text"),  # in the Union, of a controller outside of it; "none" where there is none
        "dpo": Setting("text"),  # the data protection officer: name and contact; "none" where there is none
        "joint": Setting("text"),  # joint controllers; "none" where there is none
        "recipients": Setting("text"),  # outside of the house who data is given to; "none" where nobody is
        "transfers": Setting("text"),  # other countries it goes to, with the safeguard; "none" where there is none
        "measures": Setting("text"),  # security of the house besides what Strongroom does itself
    },
    "vectorize": {
        "contract": Setting("name"),  # of a job that is told none
        "text": Setting("name"),  # the column with the texts; default: the contract's role `text`
        "label": Setting("name"),  # likewise the label
        "key": Setting("name"),  # likewise the row's key
        "time": Setting("name"),  # likewise the moment that it is of
        "max_features": Setting("integer", default=100, least=1),  # terms of the vocabulary, at most
        # by what terms are ranked; not set: as the profile has it
        "rank": Setting("choice", default=None, choices=("documents", "terms")),
        "profile": Setting("choice", default="spark", choices=("spark", "sklearn")),  # whose formulas for weights
        "ngram": Setting("integer", default=1, least=1),  # terms of up to so many words
        # texts that a term stands in, at least; not set: as the profile has it
        "min_df": Setting("integer", default=None, least=1),
        # different people that use a term, at least; not set: 5 where the contract names a subject
        "min_subjects": Setting("integer", default=None, least=1),
    },
}
"""The settings of single jobs: section → key. A section bears the name of its job."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One settings file, read and checked. Relative paths in it start at the file's own folder; here they are absolute.

    Args:
        file: the settings file itself.
        lake: root folder or URI of the lake.
        keys: reference of the provider that holds the key-encryption key: `file:PATH`, `env:NAME`, …; or `none`, for
            readers who hold at most a role's keys.
        keyring: file with the wrapped data keys; safe to copy, useless without the provider.
        policy: the policy file.
        contracts: folder of the contracts.
        principal: who runs a job when nobody else is named, where nothing proves it; empty: the system's user.
        audit: folder of the audit log.
        role_keys: folder of what `keys wrap` gives to roles: wrapped, safe to copy, and for readers to reach.
        erasures: folder of requests for erasure, and of the tombstones that stay of them.
        masters: Spark's masters that `--master` may name besides that of `spark`, where `identity` is set.
        environment: variables of each job; None stands for the caller's own value.
        identity: the section of that name, defaults filled in; its `provider` is empty where the file names none.
        storage: the section of that name, an empty text for what the file leaves out.
        spark: Spark SQL settings, and `spark.master`.
        jobs: settings of single jobs, section → key → value, defaults filled in; for example `prepare.mode`.
    """

    file: str
    lake: str
    keys: str
    keyring: str
    policy: str
    contracts: str
    principal: str = ""
    audit: str = ""
    role_keys: str = ""
    erasures: str = ""
    masters: tuple[str, ...] = ()
    environment: Mapping[str, str | None] = field(default_factory=dict)
    identity: Mapping[str, str] = field(default_factory=dict)
    storage: Mapping[str, str] = field(default_factory=dict)
    spark: Mapping[str, str] = field(default_factory=dict)
    jobs: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
