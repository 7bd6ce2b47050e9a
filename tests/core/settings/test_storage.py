"""The section `storage`: one setting for both halves, and a credential in neither."""

import pytest

from strongroom.core.errors import ConfigError
from strongroom.core.settings import storage
from strongroom.core.settings.file import parse_settings
from strongroom.core.settings.proven import environment

FILE = "/home/x/conf/s.yaml"
AZURE = "abfss://c@acc.dfs.core.windows.net/l"
SDK = "software.amazon.awssdk.auth.credentials"
SHELL = "org.apache.hadoop.fs.azurebfs.services.ShellDecryptionKeyProvider"
HOST = "acc.dfs.core.windows.net"


def settings(lake, section="", more=""):
    least = f"lake: {lake}\nkeys: env:KEK\npolicy: p\ncontracts: c\naudit: /audit\n"
    return parse_settings(least + (f"storage: {{{section}}}\n" if section else "") + more, FILE)


def hadoop(found):
    return {
        name.removeprefix("spark.hadoop.fs."): value for name, value in found.items() if name.startswith("spark.hadoop")
    }


BOTH = [
    # lake, section, environment, variables, some of Hadoop's keys, why
    ("/lake", "", {}, {}, {}, "a folder needs none"),
    ("/lake", "region: r, credentials: role", {}, {}, {}, "and is told nothing"),
    (
        "s3a://b/l", "endpoint: 'https://s3.example', region: eu-west-1, credentials: role", {},
        {
            "AWS_ENDPOINT_URL_S3": "https://s3.example", "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        },
        {
            "s3a.endpoint": "https://s3.example", "s3a.endpoint.region": "eu-west-1", "s3a.path.style.access": "true",
            "s3a.connection.ssl.enabled": "true",
            "s3a.aws.credentials.provider": f"{SDK}.WebIdentityTokenFileCredentialsProvider,"
            "org.apache.hadoop.fs.s3a.auth.IAMInstanceCredentialsProvider",
        },
        "an instance's role",
    ),
    (
        "s3://b/l", "endpoint: 'http://127.0.0.1:9000', credentials: 'file:aws'", {},
        {
            "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9000", "AWS_ALLOW_HTTP": "true",
            "AWS_SHARED_CREDENTIALS_FILE": "/home/x/conf/aws",
        },
        {
            "s3a.connection.ssl.enabled": "false", "s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
            "s3a.aws.credentials.provider": f"{SDK}.ProfileCredentialsProvider",
        },
        "a server of one's own",
    ),
    (
        "s3a://b/l", "", {"AWS_ENDPOINT_URL": "https://mine", "AWS_REGION": "r"}, {},
        {
            "s3a.endpoint": "https://mine", "s3a.endpoint.region": "r",
            "s3a.aws.credentials.provider": f"{SDK}.DefaultCredentialsProvider",
        },
        "without a section Spark goes by the variables that Arrow goes by",
    ),
    (
        "s3a://b/l", "endpoint: 'https://s3.example', credentials: environment", {"AWS_ENDPOINT_URL_S3": "https://mine"},
        {"AWS_ENDPOINT_URL_S3": "https://s3.example"},
        {
            "s3a.endpoint": "https://s3.example",
            "s3a.aws.credentials.provider": f"{SDK}.EnvironmentVariableCredentialsProvider",
        },
        "a section beats them",
    ),
    (
        AZURE, "credentials: environment", {"AZURE_STORAGE_ACCOUNT_KEY": "MARKER"}, {},
        {
            f"azure.account.keyprovider.{HOST}": SHELL, f"azure.account.key.{HOST}": "AAAA",
            "azure.shellkeyprovider.script": "sh -c printenv${IFS}AZURE_STORAGE_ACCOUNT_KEY",
        },
        "Azure's driver is told where the key is, and not the key",
    ),
    (
        AZURE, "credentials: 'file:key'", {}, {},
        {f"azure.account.keyprovider.{HOST}": SHELL, "azure.shellkeyprovider.script": "sh -c cat</home/x/conf/key"},
        "the same of a file",
    ),
    (
        AZURE, "endpoint: 'http://127.0.0.1:10000', credentials: role", {"AZURE_CLIENT_ID": "id"},
        {"AZURE_STORAGE_ENDPOINT": "http://127.0.0.1:10000/acc", "AZURE_ALLOW_HTTP": "true"},
        {
            f"azure.account.auth.type.{HOST}": "OAuth", f"azure.account.oauth2.client.id.{HOST}": "id",
            f"azure.account.oauth.provider.type.{HOST}": "org.apache.hadoop.fs.azurebfs.oauth2.MsiTokenProvider",
        },
        "a managed identity",
    ),
    (
        "gs://b/l", "credentials: 'file:/sa.json'", {}, {"GOOGLE_APPLICATION_CREDENTIALS": "/sa.json"},
        {"gs.auth.service.account.json.keyfile": "/sa.json"}, "a service account",
    ),
    (
        "gs://b/l", "credentials: role", {"GOOGLE_APPLICATION_CREDENTIALS": "/mine"}, {},
        {"gs.impl": "com.google.cloud.hadoop.fs.gcs.GoogleHadoopFileSystem"}, "the machine's own",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("lake", "section", "around", "variables", "keys", "why"), BOTH, ids=[r[-1] for r in BOTH])
def test_both_halves_hear_the_same(lake, section, around, variables, keys, why):
    read = settings(lake, section)
    assert storage.variables(read) == variables
    spark = storage.spark(read, around)
    assert hadoop(spark).items() >= keys.items()
    assert {name: value for name, value in spark.items() if "executorEnv" in name} == {
        f"spark.executorEnv.{name}": value for name, value in variables.items()
    }
    assert "MARKER" not in str(spark)
    assert not (why.startswith("the machine") and "gs.auth.service.account.json.keyfile" in hadoop(spark))


REFUSED = [
    # lake, section, more, part of what is said, code, why
    ("gs://b/l", "endpoint: 'https://x'", "", "no other endpoint", "settings.contradicts", "Spark's half has one"),
    (AZURE, "region: x", "", "has a region", "settings.contradicts", "Azure's account has it"),
    (AZURE, "endpoint: 'http://far'", "", "unencrypted", "settings.contradicts", "a bearer token would be read"),
    (AZURE, "credentials: 'file:a b'", "", "a blank", "settings.contradicts", "Hadoop splits the command there"),
    ("s3a://b/l", "credentials: AKIAMARKER", "", "who knows the cred", "settings.wrong-type", "a key itself"),
    ("s3a://b/l", "credentials: 'file:'", "", "who knows the cred", "settings.wrong-type", "no file"),
    ("s3a://b/l", "region: 'a b'", "", "a word", "settings.name", "no region"),
    ("s3a://b/l", "endpoint: 'https://me:MARKER@x'", "", "a password", "settings.credential", "a secret in an address"),
    ("s3a://b/l", "secret_key: MARKER", "", "Unknown setting", "settings.unknown-field", "there is no such"),
    (
        "s3a://b/l", "region: r", "spark: {spark.hadoop.fs.s3a.endpoint.region: q}\n", "half of a job",
        "settings.contradicts", "two places, two answers",
    ),
    (
        "s3a://b/l", "endpoint: 'https://x'", "environment: {AWS_ENDPOINT_URL_S3: 'https://y'}\n", "half of a job",
        "settings.contradicts", "the same of a variable",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("lake", "section", "more", "what", "code", "why"), REFUSED, ids=[r[-1] for r in REFUSED])
def test_what_does_not_go_with_the_lake_is_refused(lake, section, more, what, code, why):
    with pytest.raises(ConfigError, match=what) as caught:
        settings(lake, section, more)
    assert [each.code for each in caught.value.problems] == [code], why
    assert "MARKER" not in str(caught.value), "what was typed may be a secret"


@pytest.mark.parametrize(
    "name",
    [
        "spark.hadoop.fs.azure.account.key.acc.dfs.core.windows.net",
        "spark.hadoop.fs.azure.account.oauth2.client.secret.acc.dfs.core.windows.net",
        "spark.hadoop.fs.azure.sas.fixed.token.acc.dfs.core.windows.net",
        "spark.hadoop.fs.s3a.bucket.lake.secret.key",
        "spark.hadoop.fs.s3a.encryption.key",
        "spark.hadoop.fs.gs.auth.service.account.private.key",
    ],
)
def test_no_credential_of_a_cloud_stands_among_sparks_settings(name):
    with pytest.raises(ConfigError) as caught:
        settings("/lake", "", f"spark: {{{name}: MARKER}}\n")
    assert [each.code for each in caught.value.problems] == ["settings.credential"]
    assert "MARKER" not in str(caught.value)


def test_the_command_line_never_says_where_the_lake_lives():
    with pytest.raises(ConfigError) as caught:
        parse_settings("lake: s3a://b/l\nkeys: env:K\npolicy: p\ncontracts: c\naudit: /a\n", FILE, ["storage.region=x"])
    assert [each.code for each in caught.value.problems] == ["settings.command-line"]


@pytest.mark.parametrize(
    ("section", "kept"),
    [("credentials: environment", True), ("", True), ("credentials: role", False), ("credentials: 'file:c'", False)],
)
def test_where_identity_is_proven_endpoints_come_from_the_settings_alone(section, kept):
    section = ", ".join(["endpoint: 'https://s3.example'", *([section] if section else [])])
    read = settings("s3a://b/l", section, "identity: {provider: system}\n")
    caller = {
        "AWS_ENDPOINT_URL": "https://mine", "AWS_ENDPOINT_URL_S3": "https://mine", "AWS_ENDPOINT": "https://mine",
        "AWS_ACCESS_KEY_ID": "me", "AWS_SHARED_CREDENTIALS_FILE": "/mine", "AWS_ALLOW_HTTP": "true",
        "AWS_CONDITIONAL_PUT": "disabled", "AWS_PROFILE": "mine", "AWS_CONFIG_FILE": "/mine",
    }  # fmt: skip
    found = environment(read, caller, home="/home/ada")
    assert found["AWS_ENDPOINT_URL_S3"] == "https://s3.example"
    assert ("AWS_ACCESS_KEY_ID" in found) is kept
    assert "mine" not in str(found)
    assert storage.spark(read, found)["spark.hadoop.fs.s3a.endpoint"] == "https://s3.example"


def test_where_identity_is_proven_a_process_at_work_takes_no_address_either_but_the_settings_own():
    more = "identity: {provider: system}\nenvironment: {AWS_ENDPOINT_URL: 'https://kms.example', AWS_PROFILE: }\n"
    found = storage.unwanted(settings("s3a://b/l", more=more))
    assert {"AWS_ENDPOINT_URL_S3", "AWS_CONFIG_FILE", "STORAGE_EMULATOR_HOST"} <= {*found}
    assert not {"AWS_ENDPOINT_URL", "AWS_PROFILE"} & {*found}
    kept = environment(settings("s3a://b/l", more=more), {"AWS_PROFILE": "theirs"}, home="/home/ada")
    assert (kept["AWS_ENDPOINT_URL"], kept["AWS_PROFILE"]) == ("https://kms.example", "theirs")
    assert "AWS_ENDPOINT_URL" not in storage.unwanted(settings("s3a://b/l")), "else it is the caller's to say"
