"""Where the lake lives, as both halves understand it: Arrow and deltalake by variables, Spark by settings of Hadoop.

The section `storage` says which endpoint and region, and who knows the credentials. A credential itself is in none of
what is made here: Spark's settings show up in plans, logs and the UI. Why this way: docs/decisions/object-stores.md.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from strongroom.core.settings.model import Settings

CLOUDS: Mapping[str, str] = {"s3": "s3", "s3a": "s3", "abfss": "azure", "gs": "gcs"}
"""Scheme of a lake → its cloud, by which its jars are called in `conf/jars.lock`."""

_TODO = {
    "hdfs": "mount it (NFS gateway, FUSE) and write the path",
    "dbfs": "write the path of a volume, /Volumes/CATALOG/SCHEMA/NAME",
    "catalog": "write the path or URI of the lake's root",
    "abfs": "write abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/PATH",
    "s3n": "write s3a://BUCKET/PATH",
}
_TODO |= {"viewfs": _TODO["hdfs"], "az": _TODO["abfs"], "wasb": _TODO["abfs"], "wasbs": _TODO["abfs"]}

ACCOUNT_KEY = "AZURE_STORAGE_ACCOUNT_KEY"
_KEYS = {
    "s3": ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"),
    "azure": (ACCOUNT_KEY, "AZURE_STORAGE_SAS_TOKEN", "AZURE_CLIENT_SECRET"),
    "gcs": ("GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_SERVICE_ACCOUNT", "GOOGLE_SERVICE_ACCOUNT_KEY"),
}
"""Variables that every library takes for credentials, before it looks for a file or a role."""
_LOOSE = ("AWS_S3_ALLOW_UNSAFE_RENAME", "AWS_CONDITIONAL_PUT", "AWS_COPY_IF_NOT_EXISTS")
"""Variables by which deltalake would commit in another way than by a conditional put, or not at all."""
_ELSEWHERE = (
    "AWS_ENDPOINT", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_CONFIG_FILE", "AWS_PROFILE", "AWS_ALLOW_HTTP",
    "AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT", "AZURE_ALLOW_HTTP", "AZURE_USE_EMULATOR", "AZURE_STORAGE_USE_EMULATOR",
    "GOOGLE_BASE_URL", "STORAGE_EMULATOR_HOST",
)  # fmt: skip
"""Variables that say where the store is: where who asks is proven, the settings alone do."""
_SDK = "software.amazon.awssdk.auth.credentials"
_S3_PROVIDERS = {
    "": f"{_SDK}.DefaultCredentialsProvider",
    "environment": f"{_SDK}.EnvironmentVariableCredentialsProvider",
    "role": f"{_SDK}.WebIdentityTokenFileCredentialsProvider,"
    "org.apache.hadoop.fs.s3a.auth.IAMInstanceCredentialsProvider",
    "file": f"{_SDK}.ProfileCredentialsProvider",
}
_OAUTH = "org.apache.hadoop.fs.azurebfs.oauth2"


def lake_fault(lake: str) -> str:
    """What to do about a lake that is not served where it lies; empty when it is."""
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):", lake)
    if scheme is None or scheme[1] == "file" or (scheme[1] in CLOUDS and "://" in lake):
        return ""
    return _TODO.get(scheme[1], "write a path, or begin with s3a://, s3://, abfss:// or gs://")


def cloud_of(lake: str) -> str:
    """The cloud that a lake lies in; empty for a lake of this machine."""
    return CLOUDS.get(lake.partition("://")[0], "")


def storage_fault(lake: str, storage: Mapping[str, str]) -> tuple[str, str]:
    """What of the section does not go with the lake, and what to do; empty texts when all does.

    For a lake that is a folder it says nothing: that is how one tries a cluster's settings.
    """
    cloud, endpoint, file = cloud_of(lake), storage["endpoint"], _file(storage)
    if not cloud:
        return "", ""
    if endpoint and cloud == "gcs":
        return "A lake at gs:// has no other endpoint than Google's.", "Leave 'storage.endpoint' out."
    if storage["region"] and cloud != "s3":
        return "Only a lake at s3a:// or s3:// has a region.", "Leave 'storage.region' out."
    parts = urlsplit(endpoint)
    if cloud == "azure" and parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        return "'storage.endpoint' would get a token unencrypted.", "Write https://HOST."
    if cloud == "azure" and re.search(r"\s", file):
        return "'storage.credentials' has a blank in its path.", "Give the file a path without it."
    return "", ""


def variables(settings: Settings) -> dict[str, str]:
    """What Arrow, deltalake and the SDKs go by, on each node. A credential is not among it."""
    cloud, storage, found = cloud_of(settings.lake), settings.storage, dict[str, str]()
    endpoint, file = storage.get("endpoint", ""), _file(storage)
    if cloud == "s3":
        if endpoint:
            found["AWS_ENDPOINT_URL_S3"] = endpoint  # and not AWS_ENDPOINT_URL, which is the KMS's, too
        if endpoint.startswith("http:"):
            found["AWS_ALLOW_HTTP"] = "true"
        if region := storage.get("region", ""):
            found |= {"AWS_REGION": region, "AWS_DEFAULT_REGION": region}
        if file or _provider(storage) == "role":
            found["AWS_SHARED_CREDENTIALS_FILE"] = file or os.devnull
    elif cloud == "azure" and endpoint:
        found["AZURE_STORAGE_ENDPOINT"] = f"{endpoint}/{_account(settings.lake).partition('.')[0]}"
        if endpoint.startswith("http:"):
            found["AZURE_ALLOW_HTTP"] = "true"
    elif cloud == "gcs" and file:
        found["GOOGLE_APPLICATION_CREDENTIALS"] = file
    return found


def unwanted(settings: Settings) -> list[str]:
    """The variables that would say something else than the settings, to one of the libraries or to all."""
    cloud, storage = cloud_of(settings.lake), settings.storage
    if not cloud:
        return []
    found = {*_LOOSE, *(("AWS_ENDPOINT",) if storage.get("endpoint") else ())}
    if settings.identity.get("provider"):
        found |= {*_ELSEWHERE} - settings.environment.keys()  # what the settings say or pass on is theirs
    if _provider(storage) in ("role", "file"):
        found |= {*_KEYS[cloud]}
    return sorted(found - variables(settings).keys())


def key_file(settings: Settings) -> str:
    """The file whose content is the account's key, which no library reads by itself; empty where there is none."""
    return _file(settings.storage) if cloud_of(settings.lake) == "azure" else ""


def credentials_file(settings: Settings) -> str:
    """The file that holds the credentials; empty where something else does."""
    return _file(settings.storage)


def spark(settings: Settings, environment: Mapping[str, str]) -> dict[str, str]:
    """What Spark's half goes by: the same in Hadoop's words, and for executors the variables.

    Args:
        settings: name the lake and its storage.
        environment: the job's, where the settings leave something to it.
    """
    cloud = cloud_of(settings.lake)
    if not cloud:
        return {}
    keys = {"s3": _s3, "azure": _azure, "gcs": _gcs}[cloud](settings, environment)
    workers = {f"spark.executorEnv.{name}": value for name, value in variables(settings).items()}
    return {**{f"spark.hadoop.fs.{name}": value for name, value in keys.items()}, **workers}


def _s3(settings: Settings, environment: Mapping[str, str]) -> dict[str, str]:
    storage = settings.storage
    named = [environment.get(name, "") for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")]
    endpoint = next((each for each in (storage.get("endpoint", ""), *named) if each), "")
    region = storage.get("region", "") or environment.get("AWS_REGION", "")
    found = {
        "s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        "AbstractFileSystem.s3.impl": "org.apache.hadoop.fs.s3a.S3A",
        "s3a.aws.credentials.provider": _S3_PROVIDERS[_provider(storage)],
    }
    if endpoint:
        found |= {"s3a.endpoint": endpoint, "s3a.path.style.access": "true"}
        found["s3a.connection.ssl.enabled"] = str(not endpoint.startswith("http:")).lower()
    if region:
        found["s3a.endpoint.region"] = region
    return found


def _azure(settings: Settings, environment: Mapping[str, str]) -> dict[str, str]:
    """Azure's driver asks no variable but a command for the key, to which it hands a word that looks like one."""
    account, file = _account(settings.lake), _file(settings.storage)
    if file or (_provider(settings.storage) in ("", "environment") and ACCOUNT_KEY in environment):
        command = f"cat<{shlex.quote(file)}" if file else f"printenv${{IFS}}{ACCOUNT_KEY}"
        return {
            f"azure.account.key.{account}": "AAAA",
            f"azure.account.keyprovider.{account}": "org.apache.hadoop.fs.azurebfs.services.ShellDecryptionKeyProvider",
            "azure.shellkeyprovider.script": f"sh -c {command}",
        }
    found = {f"azure.account.auth.type.{account}": "OAuth"}
    client = environment.get("AZURE_CLIENT_ID", "")
    kind = "MsiTokenProvider"
    if token := environment.get("AZURE_FEDERATED_TOKEN_FILE", ""):
        kind = "WorkloadIdentityTokenProvider"
        found[f"azure.account.oauth2.token.file.{account}"] = token
    if tenant := environment.get("AZURE_TENANT_ID", ""):
        found[f"azure.account.oauth2.msi.tenant.{account}"] = tenant
    if client:
        found[f"azure.account.oauth2.client.id.{account}"] = client
    return {**found, f"azure.account.oauth.provider.type.{account}": f"{_OAUTH}.{kind}"}


def _gcs(settings: Settings, environment: Mapping[str, str]) -> dict[str, str]:
    file = _file(settings.storage)
    if not file and _provider(settings.storage) != "role":
        file = environment.get("GOOGLE_APPLICATION_CREDENTIALS", "")
    found = {
        "gs.impl": "com.google.cloud.hadoop.fs.gcs.GoogleHadoopFileSystem",
        "AbstractFileSystem.gs.impl": "com.google.cloud.hadoop.fs.gcs.GoogleHadoopFS",
    }
    return {**found, "gs.auth.service.account.json.keyfile": file} if file else found


def _provider(storage: Mapping[str, str]) -> str:
    return storage.get("credentials", "").partition(":")[0]


def _file(storage: Mapping[str, str]) -> str:
    return storage.get("credentials", "").removeprefix("file:") if _provider(storage) == "file" else ""


def _account(lake: str) -> str:
    """`ACCOUNT.dfs.core.windows.net` of `abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/PATH`."""
    return urlsplit(lake).netloc.rpartition("@")[2]
