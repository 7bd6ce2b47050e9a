"""The kernels of `protect/` as columns, for people who write their own Spark.

    from strongroom.functions import decrypt, encrypt, keys_of, keys_of_role, token

    keys = keys_of("conf/local.yaml")
    mine = mine.withColumn("user_id", token("user_id", domain="person", keys=keys))
    mine.join(spark.read.format("delta").load("lake/training/reviews"), on="user_id", how="inner")

Values are those that `prepare` writes: the same domain, table, column, type and key make the same bytes. Keys travel by
reference only; each worker unwraps the ring through its provider, so it must reach that and import this package. To a
Spark Connect server the package goes by itself.

No policy is asked here and nothing goes to the audit log: whoever can use the provider's key can open everything, which
is what keeping it from them is for. `./spark-submit.sh reveal` opens columns under both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
from pyspark.sql.functions import arrow_udf  # type: ignore[attr-defined]  # its stub is missing
from pyspark.sql.functions import col as column_named

from strongroom.arrow.types import arrow_type, type_of
from strongroom.core import workers
from strongroom.core.contract import Column, Protect, Type
from strongroom.core.errors import UsageError
from strongroom.core.keys.ring import KeyHandle, Keys, RoleHandle
from strongroom.core.no_values import no_values
from strongroom.core.policy.file import load_policy
from strongroom.core.settings.file import load_settings
from strongroom.core.suggest import did_you_mean
from strongroom.protect import opener, protector
from strongroom.protect.methods.encrypt import encryption_info
from strongroom.protect.methods.row_key import RowKeys
from strongroom.stores.keys import keyring_of, open_keyring
from strongroom.stores.keys.role_files import file_of, names_in, open_role, role_keys_of
from strongroom.stores.spark import connect

MODES, PROFILES = ("deterministic", "randomised"), ("aes-cmac", "hmac-sha256")


def keys_of(settings: str = "conf/local.yaml") -> KeyHandle:
    """The keyring of an installation, as a reference that may travel: wrapped, and useless without its provider.

    Raises:
        ConfigError: the settings are not sound.
        KeyFault: there is no keyring, or its provider does not open it.
    """
    found = load_settings(settings)
    return open_keyring(found.keys, found.keyring, create=False).handle


def keys_of_role(role: str, *, settings: str = "conf/local.yaml", provider: str = "", file: str = "") -> RoleHandle:
    """The keys that `keys wrap` gave to a role, as a reference that may travel: for `decrypt`, and these columns only.

    Args:
        role: its name in the policy.
        settings: their policy and folder tell provider and file, unless both are given here. No keyring is touched.
        provider: who holds the role's key-encryption key: `file:PATH`, `env:NAME`, …
        file: the role's file, wherever a copy of it lies.

    Raises:
        ConfigError: the settings or the policy are not sound.
        UsageError: the policy knows no such role, or gives it no key.
        KeyFault: there is no such file, or the provider does not open it as this role's.
    """
    if not (provider and file):
        found = load_settings(settings)
        policy = load_policy(found.policy)
        known = {each.name: each.key for each in policy.roles if each.key}
        if role not in known:
            what = f"the policy knows no role {role!r} with a key"
            raise UsageError(what, where=policy.file, todo=did_you_mean(role, known))
        provider, file = provider or known[role], file or str(file_of(found.role_keys, role))
    return open_role(role, provider, file)


def token(col: Any, *, keys: KeyHandle, domain: str, profile: str = "aes-cmac") -> Any:
    """The keyed token of each value, as `protect: {method: hash, domain: …}` makes it: 28 letters; null stays null.

    Args:
        col: a column or its name; of a scalar type. A number and its text have one token.
        keys: made by `keys_of`.
        domain: the contract's. A column without one shares tokens with no other.
        profile: `aes-cmac`, or `hmac-sha256` for exchange.

    Raises:
        UsageError: there is no such profile, or no domain.
    """
    _only_opens(keys)
    _check("domain", domain)
    _check("profile", profile, PROFILES)
    return _udf("token", "string", _closing(Protect("hash", {"domain": domain, "profile": profile}), "", "", keys))(
        *_columns(col)
    )


def encrypt(
    col: Any, *, keys: KeyHandle, table: str, column: str, domain: str = "", classification: str = "",
    mode: str = "deterministic", row_key: Any = None,
) -> Any:  # fmt: skip
    """Each value encrypted as `protect: {method: encrypt}` does, bound to its place: binary; null stays null.

    Args:
        col: a column or its name, of the type that the contract says: the type is part of what a value is bound to.
        keys: made by `keys_of`.
        table: where the values will lie, for example `training.reviews`.
        column: their column's path, for example `address.city`.
        domain: names the key; without one it is the column's alone, as in a contract.
        classification: names the key instead, as `key: classification` does in a contract.
        mode: `deterministic`, or `randomised` so that equal values differ.
        row_key: a column or its name, as it will lie in the table: a token when the contract hashes it. Each value is
            bound to it, as by `rowKey` in a contract. A row with a value and no key stops the query.

    Raises:
        UsageError: a name is empty, or there is no such mode.
    """
    _only_opens(keys)
    protect = _encryption(table, column, domain, classification, mode, bound=row_key is not None)
    work = _closing(protect, table, column, keys, classification)
    return _udf("encrypt", "binary", work, bound=row_key is not None)(*_columns(col, row_key))


def decrypt(
    col: Any, *, keys: KeyHandle | RoleHandle, table: str, column: str, type: str = "string", domain: str = "",
    classification: str = "", mode: str = "deterministic", row_key: Any = None,
) -> Any:  # fmt: skip
    """What was encrypted, in clear; null where it was null, and where the value does not open.

    Args:
        col: a binary column, or its name.
        keys: made by `keys_of`, or `keys_of_role`, which opens only the columns that the role was given.
        table: the table that the values are bound to, wherever they lie now.
        column: likewise the column's path.
        type: the type of the clear values, in the words of Spark SQL: `string`, `bigint`, `decimal(10,2)`.
        domain: as when they were encrypted.
        classification: likewise.
        mode: likewise.
        row_key: likewise, from the row that the value lies in; null where that is null.

    Raises:
        UsageError: a name is empty, or there is no such mode or type.
        KeyFault: the keys are a role's, and this column's is not among them. A changed file is found by the worker.
    """
    protect, kind = _encryption(table, column, domain, classification, mode, bound=row_key is not None), _type(type)
    described = Column(column, column, kind, protect=protect, classification=classification)
    info = encryption_info(described, table=table)
    if isinstance(keys, RoleHandle) and info not in names_in(keys):
        role_keys_of(keys).opening(info)
    return _udf("decrypt", kind.ddl, _opening(described, table, keys), bound=row_key is not None)(
        *_columns(col, row_key)
    )


Work = Callable[[pa.Array, RowKeys], pa.Array]


def _ring(keys: KeyHandle | RoleHandle) -> Keys:
    return role_keys_of(keys) if isinstance(keys, RoleHandle) else keyring_of(keys)


def _only_opens(keys: KeyHandle | RoleHandle) -> None:
    if isinstance(keys, RoleHandle):
        todo = "Give the installation's keys, made by keys_of."
        raise UsageError("a role's keys open values, and make none", where="keys=", todo=todo)


def _closing(protect: Protect, table: str, path: str, keys: KeyHandle, classification: str = "") -> Work:
    def work(array: pa.Array, row_keys: RowKeys) -> pa.Array:
        with no_values(protect.method):
            kind = type_of(array.type)
            column = Column(path, path, kind, protect=protect, classification=classification)
            return protector(column, table=table, keyring=keyring_of(keys))(array.cast(arrow_type(kind)), row_keys)

    return work


def _opening(column: Column, table: str, keys: KeyHandle | RoleHandle) -> Work:
    def work(array: pa.Array, row_keys: RowKeys) -> pa.Array:
        with no_values("decrypt"):
            return opener(column, table=table, keyring=_ring(keys))(array.cast(pa.binary()), row_keys)[0]

    return work


def _udf(name: str, ddl: str, work: Work, *, bound: bool = False) -> Any:
    from pyspark.sql import SparkSession

    def alone(array: pa.Array) -> pa.Array:
        workers.settle()
        return work(array, {})

    def with_key(array: pa.Array, key: pa.Array) -> pa.Array:
        workers.settle()
        return work(array, {_ROW_KEY: key})

    made = with_key if bound else alone
    made.__name__ = name  # what a query plan shows
    session = SparkSession.getActiveSession()
    if session is not None:  # the workers of a Spark Connect server do not have this package otherwise
        connect.send_package(session)
    return arrow_udf(made, returnType=ddl)


def _columns(*cols: Any) -> list[Any]:
    return [column_named(col) if isinstance(col, str) else col for col in cols if col is not None]


_ROW_KEY = "row_key"  # a name for the one key column that a call has; nothing is bound to the name


def _encryption(table: str, column: str, domain: str, classification: str, mode: str, *, bound: bool) -> Protect:
    if domain and classification:
        raise UsageError("two names for one key", where="classification=", todo="Give it or domain=, as the contract.")
    for what, name in (("table", table), ("column", column)):
        _check(what, name)
    _check("mode", mode, MODES)
    named = "classification" if classification else ""
    options = {"mode": mode, "domain": domain, "key": named, "rowKey": _ROW_KEY if bound else ""}
    return Protect("encrypt", {name: value for name, value in options.items() if value})


def _check(what: str, given: str, known: tuple[str, ...] = ()) -> None:
    if not given:
        raise UsageError(f"no {what} is named", where=f"{what}=", todo="Values and keys are bound to it.")
    if known and given not in known:
        raise UsageError(f"there is no {what} {given!r}", where=f"{what}=", todo=f"Give one of {', '.join(known)}.")


def _type(text: str) -> Type:
    from pyspark.errors import PySparkException
    from pyspark.sql.pandas.types import to_arrow_type
    from pyspark.sql.types import DataType

    try:
        return type_of(to_arrow_type(DataType.fromDDL(text)))
    except (PySparkException, TypeError):
        raise UsageError("this is no scalar type of Spark SQL", where="type=", todo="For example bigint.") from None
